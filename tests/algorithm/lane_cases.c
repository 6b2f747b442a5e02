#include "tests/algorithm/lane_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void require(const void *memory)
{
    if (memory == NULL) {
        abort();
    }
}

static float ordinary(struct pm_random *random)
{
    return (float)(4.0 * pm_random_unit(random) - 2.0);
}

float lane_case_float(struct pm_random *random)
{
    static const float special[] = {
        0.0f,   -0.0f, INFINITY, -INFINITY, NAN,    1e-40f,         -1e-40f,
        1e-45f, 1e38f, -1e38f,   1e-30f,    1e30f,  0.5f,           1.0f,
        -1.0f,  10.0f, -10.0f,   88.0f,     125.0f, 0x1.921fb8p-1f, -0x1.921fbap-1f};
    if (pm_random_chance(random, 0.3)) {
        return special[pm_random_below(random, sizeof special / sizeof *special)];
    }
    if (pm_random_chance(random, 0.5)) {
        return ordinary(random);
    }
    const uint32_t bits = (uint32_t)pm_random_u64(random);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float constant(struct pm_random *random)
{
    const float x = pm_random_chance(random, 0.2) ? lane_case_float(random) : ordinary(random);
    return isnan(x) ? 0.25f : x; /* what cannot be written cannot be in a program */
}

static struct pm_operand operand(struct pm_random *random, const struct pm_algorithm_meta *meta)
{
    const int counts[PM_KIND_NONE] = {meta->scalar_count, meta->vector_count, meta->matrix_count};
    enum pm_kind kind = (enum pm_kind)pm_random_below(random, PM_KIND_NONE);
    if (counts[kind] == 0) {
        kind = PM_KIND_SCALAR;
    }
    /* Now and then a register that does not exist. */
    const uint32_t excess = pm_random_chance(random, 0.02) ? 2 : 0;
    return (struct pm_operand){
        .kind = (uint8_t)kind,
        .index = (uint16_t)pm_random_below(random, (uint32_t)counts[kind] + excess)};
}

/* What machine code does itself; the others are calls of the same kernels. */
static bool is_plain(enum pm_op op)
{
    return op != PM_OP_GAUSSIAN && op != PM_OP_UNIFORM && op != PM_OP_STD &&
           (op < PM_OP_EXP || op > PM_OP_TAN);
}

static struct pm_instruction instruction(struct pm_random *random,
                                         const struct pm_algorithm_meta *meta, bool plain)
{
    const struct pm_operand none = {.kind = PM_KIND_NONE};
    struct pm_instruction i;
    /* Few of the instructions that can do nothing, and matrix products are slow. */
    do {
        enum pm_op op;
        do {
            op = (enum pm_op)(1 + pm_random_below(random, PM_OP_COUNT - 1));
        } while (plain && !is_plain(op));
        const uint8_t arity = pm_op_info(op)->arity;
        i = (struct pm_instruction){
            .op = (uint8_t)op,
            .out = operand(random, meta),
            .a = arity > 0 ? operand(random, meta) : none,
            .b = arity > 1 ? operand(random, meta) : none,
        };
        if (op == PM_OP_CONST || op == PM_OP_CONST_VEC || op == PM_OP_GAUSSIAN ||
            op == PM_OP_UNIFORM) {
            i.c0 = constant(random);
        }
        if (op == PM_OP_GAUSSIAN || op == PM_OP_UNIFORM) {
            i.c1 = constant(random);
        }
        if (op == PM_OP_CONST_VEC) {
            i.out.kind = PM_KIND_VECTOR;
            i.out.index %= (uint16_t)meta->vector_count;
            i.element = (uint16_t)pm_random_below(random, (uint32_t)meta->vector_dim + 1);
        }
    } while (pm_instruction_inertness(&i, meta) != PM_ACTIVE && !pm_random_chance(random, 0.03));
    if (i.op == PM_OP_DOT && i.a.kind == PM_KIND_MATRIX) {
        i.op = PM_OP_MATMUL;
    }
    return i;
}

static int dimension(struct pm_random *random)
{
    return pm_random_chance(random, 0.4) ? 16 : 1 + (int)pm_random_below(random, 20);
}

static struct pm_algorithm *program(struct pm_random *random)
{
    const int input_dim = dimension(random);
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(input_dim);
    meta.scalar_count = 1 + (int)pm_random_below(random, 5);
    meta.vector_count = 1 + (int)pm_random_below(random, 4);
    meta.matrix_count = (int)pm_random_below(random, 3);
    if (pm_random_chance(random, 0.2)) {
        meta.vector_dim = input_dim + (int)pm_random_below(random, 5);
    }
    struct pm_algorithm *algorithm = pm_algorithm_create(input_dim, &meta, 30);
    require(algorithm);
    const uint32_t longest = 1 + pm_random_below(random, 30);
    const bool plain = pm_random_chance(random, 0.6);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        algorithm->length[phase] = (int)pm_random_below(random, longest + 1);
        for (int i = 0; i < algorithm->length[phase]; i++) {
            algorithm->phase[phase][i] = instruction(random, &meta, plain);
        }
    }
    return algorithm;
}

static struct pm_task task(struct pm_random *random, uint32_t id, int input_dim)
{
    struct pm_task t = {.id = id, .input_dim = input_dim};
    t.train_count = 1 + pm_random_below(random, 12);
    t.validation_count = pm_random_below(random, 20);
    const size_t examples = t.train_count + t.validation_count;
    t.features = malloc(examples * ((size_t)input_dim + 1) * sizeof *t.features);
    require(t.features);
    t.labels = t.features + examples * (size_t)input_dim;
    const double strange = pm_random_chance(random, 0.5) ? 0.0 : 0.1;
    for (size_t i = 0; i < examples * (size_t)input_dim; i++) {
        t.features[i] =
            pm_random_chance(random, strange) ? lane_case_float(random) : ordinary(random);
    }
    for (size_t i = 0; i < examples; i++) {
        t.labels[i] = pm_random_chance(random, 0.5) ? 1.0f : 0.0f;
    }
    return t;
}

struct lane_case lane_case_create(uint64_t seed)
{
    struct pm_random random;
    pm_random_seed(&random, seed, 0, 0);
    struct lane_case c = {.algorithm = program(&random)};
    c.task_count = 1 + pm_random_below(&random, 40);
    c.tasks = calloc(c.task_count, sizeof *c.tasks);
    require(c.tasks);
    for (size_t i = 0; i < c.task_count; i++) {
        c.tasks[i] = task(&random, pm_random_below(&random, 4500), c.algorithm->input_dim);
    }
    return c;
}

void lane_case_clear(struct lane_case *c)
{
    pm_algorithm_destroy(c->algorithm);
    for (size_t i = 0; i < c->task_count; i++) {
        free(c->tasks[i].features);
    }
    free(c->tasks);
}
