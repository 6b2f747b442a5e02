/* Lane programs: what the fast executor runs. Private to algorithm/.
 *
 * Sixteen tasks run side by side, one in each lane: a register of n elements is n times 16 floats,
 * element by element, the tasks of one element next to each other. A step is one instruction, or a
 * few fused ones, on all lanes of one or more instances. Instances are independent copies of the
 * same work: several groups of 16 tasks, or several examples where predict carries no state. Their
 * data lie a fixed stride apart, and 0 bytes apart when they share it. */
#ifndef POOLMINER_LANE_PROGRAM_H
#define POOLMINER_LANE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/lanes.h>

enum { PM_LANE_VECTOR_SIZE = PM_LANES * sizeof(float) }; /* bytes of one element */

enum pm_lane_base {
    PM_LANE_OWN,    /* registers of an instance */
    PM_LANE_SHARED, /* registers that all instances only read */
    PM_LANE_INPUT,  /* the example's features */
    PM_LANE_LABEL,  /* and its label */
    PM_LANE_RIGHT,  /* how many predictions were right, an integer a lane */
    PM_LANE_BASE_COUNT
};

/* What random draws of one group depend on: each lane's task, and the number of the example that
 * the running section calls 0. */
struct pm_lane_keys {
    _Alignas(PM_LANE_VECTOR_SIZE) uint32_t low[PM_LANES];
    uint32_t high[PM_LANES];
    uint32_t first_example[PM_LANES];
};

/* A text, hashed (BLAKE2b-64) up to its last whole block. */
enum { PM_BLAKE2B_BLOCK = 128 };
struct pm_lane_text {
    uint64_t hash[8];
    uint64_t hashed;               /* bytes */
    size_t rest;                   /* bytes that are left: */
    uint8_t end[PM_BLAKE2B_BLOCK]; /* they, and zeros */
};

struct pm_lane_frame {
    unsigned char *base[PM_LANE_BASE_COUNT];
    size_t stride[PM_LANE_BASE_COUNT]; /* bytes from one instance to the next */
    size_t instances;
    const struct pm_lane_keys *keys; /* of the first instance's random draws */
    size_t key_stride;               /* in keys, from one instance to the next */
    uint32_t example;                /* of the first instance; added to its lanes' first examples */
    uint32_t example_stride;
};

struct pm_lane_place {
    uint32_t offset; /* bytes from the base */
    uint8_t base;    /* enum pm_lane_base */
};

/* ---- operations ---- */

enum pm_lane_op {
    PM_LANE_BINARY,        /* out = a op b, element by element */
    PM_LANE_UNARY,         /* out = f(a) */
    PM_LANE_FUSED_EACH,    /* out = c op a * b */
    PM_LANE_FUSED_SCALAR,  /* the same, a one element for all */
    PM_LANE_FUSED_OUTER,   /* out = c op outer(a, b); count rows */
    PM_LANE_CONSTANT,      /* out = c0 */
    PM_LANE_SPREAD_SCALAR, /* every element of out = a */
    PM_LANE_SPREAD_ROW,    /* every row of out = a; count rows */
    PM_LANE_DOT,           /* sums over count elements */
    PM_LANE_NORM,
    PM_LANE_MEAN,
    PM_LANE_DEVIATION,
    PM_LANE_MATRIX_VECTOR, /* products of count rows; out is no operand */
    PM_LANE_MATRIX_MATRIX,
    PM_LANE_OUTER,
    PM_LANE_GAUSSIAN,
    PM_LANE_UNIFORM,
    PM_LANE_OP_COUNT
};

/* How the operands of a binary operation are laid over the result. */
enum pm_lane_shape {
    PM_LANE_EACH,         /* element by element */
    PM_LANE_SCALAR_LEFT,  /* a is one element for all */
    PM_LANE_SCALAR_RIGHT, /* b is */
    PM_LANE_ROW_LEFT,     /* a is a vector, the same for every row; count rows */
    PM_LANE_ROW_RIGHT,    /* b is */
    PM_LANE_SHAPE_COUNT
};

enum pm_lane_binary {
    PM_LANE_ADD,
    PM_LANE_SUB,
    PM_LANE_MUL,
    PM_LANE_DIV,
    PM_LANE_MIN,
    PM_LANE_MAX,
    PM_LANE_BINARY_COUNT
};

enum pm_lane_unary {
    PM_LANE_COPY,
    PM_LANE_ABS,
    PM_LANE_HEAVISIDE,
    PM_LANE_EXP,
    PM_LANE_LOG,
    PM_LANE_SIN,
    PM_LANE_COS,
    PM_LANE_TAN,
    PM_LANE_UNARY_COUNT
};

/* What becomes of a product p and the third operand c. */
enum pm_lane_fused {
    PM_LANE_PLUS_PRODUCT,  /* c + p, and p + c: the same bits */
    PM_LANE_MINUS_PRODUCT, /* c - p */
    PM_LANE_PRODUCT_MINUS, /* p - c */
    PM_LANE_FUSED_COUNT
};

struct pm_lane_operation {
    uint8_t op;    /* enum pm_lane_op */
    uint8_t which; /* enum pm_lane_binary, pm_lane_unary or pm_lane_fused */
    uint8_t shape; /* enum pm_lane_shape, of a binary operation */
};

/* ---- steps ---- */

/* What an operand names: register i of a kind is kind * 64 + i; then what is no register. */
enum {
    PM_SLOT_INPUT = PM_KIND_NONE * PM_REGISTER_COUNT_MAX, /* the example, read where it lies */
    PM_SLOT_LABEL,
    PM_SLOT_SCRATCH, /* one of each kind */
    PM_SLOT_COUNT = PM_SLOT_SCRATCH + PM_KIND_NONE,
    PM_SLOT_NONE = 255
};
_Static_assert(PM_SLOT_COUNT < PM_SLOT_NONE, "a slot is a byte");

/* A set of slots. */
struct pm_lane_slots {
    uint64_t bits[4];
};

static inline bool pm_lane_slots_has(const struct pm_lane_slots *set, uint8_t slot)
{
    return (set->bits[slot / 64] >> slot % 64 & 1) != 0;
}

static inline void pm_lane_slots_add(struct pm_lane_slots *set, uint8_t slot)
{
    set->bits[slot / 64] |= UINT64_C(1) << slot % 64;
}

static inline void pm_lane_slots_drop(struct pm_lane_slots *set, uint8_t slot)
{
    set->bits[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

struct pm_lane_step;
typedef void pm_lane_kernel(const struct pm_lane_step *step, const struct pm_lane_frame *frame);

struct pm_lane_step {
    pm_lane_kernel *kernel;
    struct pm_lane_place out, a, b, c;
    uint32_t count; /* elements, or rows = columns of a matrix */
    float c0, c1;
    uint16_t phase, index; /* of the instruction: where random draws begin */
    struct pm_lane_operation operation;
    uint8_t out_slot, a_slot, b_slot, c_slot;
    uint8_t kinds[3]; /* enum pm_kind of what is read of a, b, c */
};

/* Predictions of one group's examples and their labels, all lanes of an example beside each other.
 */
struct pm_lane_examples {
    const unsigned char *predictions, *labels;
    size_t prediction_stride, label_stride; /* bytes from one example to the next */
    size_t count;
};

/* Of a group's tasks. */
struct pm_lane_squares {
    _Alignas(PM_LANE_VECTOR_SIZE) double sum[PM_LANES]; /* of squared errors */
    int32_t odd[PM_LANES];                              /* -1: a prediction was not finite */
};

/* One SIMD level's kernels. */
struct pm_lane_kernels {
    pm_lane_kernel *binary[PM_LANE_BINARY_COUNT][PM_LANE_SHAPE_COUNT];
    pm_lane_kernel *unary[PM_LANE_UNARY_COUNT];
    pm_lane_kernel *fused[PM_LANE_OP_COUNT][PM_LANE_FUSED_COUNT]; /* of the fused operations */
    pm_lane_kernel *other[PM_LANE_OP_COUNT];                      /* of the rest */

    /* Counts (prediction > 0.5) == label for every instance; the step has them as a and b. A label
     * of neither 0 nor 1 never counts. */
    pm_lane_kernel *count_right;
    /* Adds a lane's first count[lane] examples, which may be more than there are, or less than 0.
     */
    void (*add_squares)(const struct pm_lane_examples *examples, const int32_t count[PM_LANES],
                        struct pm_lane_squares *squares);
    /* to[i] = from[i] in the lanes whose mask is -1, for count elements. */
    void (*blend)(float *to, const float *from, const int32_t mask[PM_LANES], size_t count);

    void (*hash_text)(struct pm_lane_text *out, const char *text, size_t length);
    /* The keys of the tasks with these ids, for draws from example 0 on. */
    void (*make_keys)(const struct pm_lane_text *text, const uint32_t ids[PM_LANES],
                      struct pm_lane_keys *out);

    /* What a machine can do at most: lane_probe_kernels.h. */
    void (*probe_arithmetic)(size_t rounds, bool multiply, bool add);
    double probe_chains; /* elements of all lanes that a round multiplies, or adds */
    void (*probe_read)(const float *data, size_t count);
    void (*probe_write)(float *data, size_t count);
};

enum pm_lane_section { PM_LANE_SETUP, PM_LANE_TRAIN, PM_LANE_VALIDATE, PM_LANE_SECTION_COUNT };

struct pm_lane_range {
    uint32_t offset, size; /* bytes */
};

/* What machine code runs: the instances of `all`, example after example. */
struct pm_lane_native_frame {
    struct pm_lane_frame all;
    struct pm_lane_frame single; /* what the kernels that it calls see: one instance at a time */
    size_t examples;
    size_t advance[PM_LANE_BASE_COUNT]; /* bytes from one example to the next */
    float one, half, shift;             /* 1, 0.5, 1e-8 */
    int32_t integer_one, magnitude;     /* 1; all bits but the sign */
};

/* A section as machine code. */
typedef void pm_lane_native_code(struct pm_lane_native_frame *frame);
struct pm_lane_native {
    pm_lane_native_code *run; /* NULL: the steps are interpreted */
    int turned;               /* steps to run before the first example: see lane_region.c */
};

struct pm_lane_program {
    const struct pm_lane_kernels *kernels;
    struct pm_lane_text text; /* of random draws: the written form */

    struct pm_lane_step *steps;   /* of all sections, one after another */
    struct pm_lane_draft *drafts; /* compilation's memory */
    size_t capacity;              /* of steps, and of drafts */
    struct pm_lane_native native[PM_LANE_SECTION_COUNT];

    struct pm_lane_slots live_out[PM_LANE_SECTION_COUNT]; /* what is read after a section's end */
    struct pm_lane_slots carried;                         /* what training hands to validation */
    struct pm_lane_slots uniform; /* whose elements are equal and never change after setup */

    size_t carried_bytes; /* at the front of the registers: what training hands to validation */
    size_t state_bytes;   /* registers of one group */
    size_t own_bytes;     /* of one validation example, where no example depends on another */
    size_t groups;        /* that train side by side */
    size_t examples;      /* that are validated side by side */
    double cost;          /* of a training and a validation example of one group, in about cycles */

    struct pm_lane_step output; /* a: where validation leaves the prediction; b: its label */
    struct pm_lane_range zeroed[3 * PM_REGISTER_COUNT_MAX]; /* before setup */
    int zeroed_count;
    int step_count[PM_LANE_SECTION_COUNT];
    enum pm_simd_level level;
    int input_dim;
    uint32_t dim;            /* elements of a vector register */
    bool examples_stateless; /* no validation example depends on another */
    bool random;
};

static inline const struct pm_lane_step *
pm_lane_section_steps(const struct pm_lane_program *program, enum pm_lane_section section)
{
    const struct pm_lane_step *steps = program->steps;
    for (int before = 0; before < (int)section; before++) {
        steps += program->step_count[before];
    }
    return steps;
}

#endif
