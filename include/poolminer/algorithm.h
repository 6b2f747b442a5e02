/* Algorithms: text <-> instructions. The grammar, its lenient readings and the limits are those of
 * docs/algorithm.md. */
#ifndef POOLMINER_ALGORITHM_H
#define POOLMINER_ALGORITHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/instruction.h>

enum {
    PM_ALGORITHM_TEXT_MAX = 64 * 1024, /* bytes */
    PM_PHASE_LENGTH_MAX = 512,         /* instructions a phase */
    PM_DIM_MAX = 128,                  /* input_dim, vector_dim: 1..128 */
    PM_REGISTER_COUNT_MAX = 64,        /* scalars, vectors: 1..64; matrices: 0..64 */
};

/* Sizes of the memory an algorithm runs in, and the soft bounds its meta line states. */
struct pm_algorithm_meta {
    int scalar_count, vector_count, matrix_count;
    int vector_dim;              /* input_dim..PM_DIM_MAX */
    int max_ops[PM_PHASE_COUNT]; /* 0..PM_PHASE_LENGTH_MAX */
};

/* In normal form, which reading yields and writing expects: no PM_OP_NOOP, no NaN constant, no
 * CONST_VEC but into a vector, no DOT of a matrix with a vector or a matrix (that is MATMUL), every
 * phase's max_ops at least its length. */
struct pm_algorithm {
    int input_dim;
    struct pm_algorithm_meta meta;
    int length[PM_PHASE_COUNT];
    struct pm_instruction *phase[PM_PHASE_COUNT]; /* each `length` long */
};

/* 20/10/5 registers, vector_dim = input_dim, 30 instructions a phase. */
struct pm_algorithm_meta pm_algorithm_meta_default(int input_dim);

/* An empty algorithm with room for `capacity` instructions (0..PM_PHASE_LENGTH_MAX) in each phase;
 * one allocation. NULL when memory is out. */
struct pm_algorithm *pm_algorithm_create(int input_dim, const struct pm_algorithm_meta *meta,
                                         int capacity);
/* The same with a room for each phase. */
struct pm_algorithm *pm_algorithm_create_exact(int input_dim, const struct pm_algorithm_meta *meta,
                                               const int capacity[PM_PHASE_COUNT]);
/* Makes `to`, which has room for all instructions of `from`, equal to it. */
void pm_algorithm_copy(const struct pm_algorithm *from, struct pm_algorithm *to);
/* A copy with room for exactly its instructions. NULL when memory is out. */
struct pm_algorithm *pm_algorithm_clone(const struct pm_algorithm *algorithm);
void pm_algorithm_destroy(struct pm_algorithm *algorithm);
/* Instructions of all phases. */
int pm_algorithm_length(const struct pm_algorithm *algorithm);
/* Same instructions and meta, bit for bit in the constants; members that an operation does not use
 * do not count. */
bool pm_algorithm_equal(const struct pm_algorithm *a, const struct pm_algorithm *b);

/* Why an instruction can do nothing in this memory. */
enum pm_inertness {
    PM_ACTIVE,
    PM_INERT_NOOP,
    PM_INERT_REGISTER, /* a register is at or past its count */
    PM_INERT_KINDS,    /* the operation does not take operands of these kinds */
    PM_INERT_NARROW,   /* the result is of a bigger kind than the destination */
    PM_INERT_ELEMENT,  /* the element is outside the vector */
};

static inline bool pm_register_exists(struct pm_operand operand,
                                      const struct pm_algorithm_meta *meta)
{
    const int counts[] = {meta->scalar_count, meta->vector_count, meta->matrix_count};
    return operand.kind < PM_KIND_NONE && operand.index < counts[operand.kind];
}

static inline enum pm_inertness pm_instruction_inertness(const struct pm_instruction *instruction,
                                                         const struct pm_algorithm_meta *meta)
{
    const struct pm_op_info *info = pm_op_info((enum pm_op)instruction->op);
    if (info->op == PM_OP_NOOP) {
        return PM_INERT_NOOP;
    }
    if (!pm_register_exists(instruction->out, meta) ||
        (info->arity > 0 && !pm_register_exists(instruction->a, meta)) ||
        (info->arity > 1 && !pm_register_exists(instruction->b, meta))) {
        return PM_INERT_REGISTER;
    }
    if (info->op == PM_OP_CONST_VEC && instruction->element >= meta->vector_dim) {
        return PM_INERT_ELEMENT;
    }
    const enum pm_kind out = (enum pm_kind)instruction->out.kind;
    const enum pm_kind result = pm_op_result_kind(info->op, (enum pm_kind)instruction->a.kind,
                                                  (enum pm_kind)instruction->b.kind, out);
    if (result == PM_KIND_NONE) {
        return PM_INERT_KINDS;
    }
    return result > out ? PM_INERT_NARROW : PM_ACTIVE;
}

enum pm_parse_mode {
    PM_PARSE_LENIENT, /* as the network's miners read: a line that is no statement is skipped */
    PM_PARSE_STRICT   /* such a line, and an instruction that can do nothing, is an error */
};

/* Called for each line that lenient reading skips or finds strange; `line` counts from 1. */
typedef void pm_parse_warning(void *context, int line, const char *reason);

/* Reads an algorithm of `length` bytes. `warn` may be NULL. Errors name the line. Limits are
 * checked before anything is allocated for what they limit. A text without a single statement (a
 * NoOp() is one) is an error. */
bool pm_algorithm_parse(const char *text, size_t length, int input_dim, enum pm_parse_mode mode,
                        pm_parse_warning *warn, void *context, struct pm_algorithm **out,
                        struct pm_error *error);

/* The written form, NUL-terminated, in malloc'd memory (the caller frees); reads back to an equal
 * program. NULL with the error set when memory is out or the program is not in normal form. */
char *pm_algorithm_write(const struct pm_algorithm *algorithm, struct pm_error *error);

enum { PM_STATEMENT_SIZE = 64 }; /* room for any instruction's written form and its NUL */

/* One instruction's written form, without indentation: "v2 = s3 * v0". */
void pm_instruction_write(const struct pm_instruction *instruction, char out[PM_STATEMENT_SIZE]);

/* BLAKE2b-64 of the written form, its bytes read as a little-endian number: the key of caches. */
bool pm_algorithm_hash(const struct pm_algorithm *algorithm, uint64_t *out, struct pm_error *error);

#endif
