#include <math.h>
#include <string.h>

#include <poolminer/random.h>
#include <poolminer/random_program.h>

/* Streams of a seed, so that a shape and its instructions are drawn independently. */
enum { STREAM_SHAPE = 1, STREAM_INSTRUCTIONS = 2 };

static int between(struct pm_random *random, int low, int high)
{
    return low + (int)pm_random_below(random, (uint32_t)(high - low + 1));
}

static bool one_in(struct pm_random *random, uint32_t n)
{
    return pm_random_below(random, n) == 0;
}

struct pm_random_program pm_random_program_shape(int input_dim, bool wild, uint64_t seed)
{
    enum { TAME_LENGTH = 30, WILD_LENGTH = 60 };
    struct pm_random_program shape = {
        .input_dim = input_dim,
        .meta = pm_algorithm_meta_default(input_dim),
        .wild = wild,
        .seed = seed,
    };
    struct pm_random random;
    pm_random_seed(&random, seed, STREAM_SHAPE, 0);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        shape.length[phase] = between(&random, 0, wild ? WILD_LENGTH : TAME_LENGTH);
    }
    if (!wild) {
        return shape;
    }
    shape.meta.scalar_count = between(&random, 1, one_in(&random, 4) ? PM_REGISTER_COUNT_MAX : 8);
    shape.meta.vector_count = between(&random, 1, one_in(&random, 4) ? PM_REGISTER_COUNT_MAX : 8);
    shape.meta.matrix_count = between(&random, 0, one_in(&random, 4) ? PM_REGISTER_COUNT_MAX : 4);
    if (one_in(&random, 2)) {
        int most = one_in(&random, 4) ? PM_DIM_MAX : input_dim + 4;
        shape.meta.vector_dim = between(&random, input_dim, most < PM_DIM_MAX ? most : PM_DIM_MAX);
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        shape.meta.max_ops[phase] = between(&random, shape.length[phase], PM_PHASE_LENGTH_MAX);
    }
    return shape;
}

/* Any float but NaN: every exponent is as likely as every other. */
static float any_constant(struct pm_random *random)
{
    float value;
    do {
        uint32_t bits = (uint32_t)(pm_random_u64(random) >> 32);
        memcpy(&value, &bits, sizeof value);
    } while (isnan(value));
    return value;
}

/* Around 1, in steps that a person would write. */
static float ordinary_constant(struct pm_random *random)
{
    return (float)between(random, -2000, 2000) / 1000.0F;
}

static float constant(struct pm_random *random, bool wild)
{
    return wild && !one_in(random, 4) ? any_constant(random) : ordinary_constant(random);
}

static struct pm_operand any_register(struct pm_random *random,
                                      const struct pm_algorithm_meta *meta, bool wild)
{
    const int counts[PM_KIND_NONE] = {meta->scalar_count, meta->vector_count, meta->matrix_count};
    int kind = between(random, 0, PM_KIND_NONE - 1);
    struct pm_operand operand = {.kind = (uint8_t)kind};
    if (wild && one_in(random, 50)) {
        operand.index = (uint16_t)between(random, 0, UINT16_MAX);
    } else {
        operand.index = (uint16_t)between(random, 0, counts[kind] > 0 ? counts[kind] - 1 : 0);
    }
    return operand;
}

static struct pm_instruction any_instruction(struct pm_random *random,
                                             const struct pm_algorithm_meta *meta, bool wild)
{
    const struct pm_operand none = {.kind = PM_KIND_NONE};
    enum pm_op op = (enum pm_op)between(random, PM_OP_NOOP + 1, PM_OP_COUNT - 1);
    const struct pm_op_info *info = pm_op_info(op);
    struct pm_instruction instruction = {
        .op = (uint8_t)op, .out = any_register(random, meta, wild), .a = none, .b = none};
    if (info->arity > 0) {
        instruction.a = any_register(random, meta, wild);
    }
    if (info->arity > 1) {
        instruction.b = any_register(random, meta, wild);
    }
    if (op == PM_OP_CONST_VEC) {
        instruction.element = (uint16_t)between(random, 0, meta->vector_dim - (wild ? 0 : 1));
    }
    if (info->form == PM_FORM_CONST || info->form == PM_FORM_CONST_VEC ||
        info->form == PM_FORM_RANDOM) {
        instruction.c0 = constant(random, wild);
    }
    if (info->form == PM_FORM_RANDOM) {
        instruction.c1 = constant(random, wild);
    }
    return instruction;
}

/* Normal form (algorithm.h): what can be written and read back. */
static bool is_written(const struct pm_instruction *instruction)
{
    if (instruction->op == PM_OP_CONST_VEC) {
        return instruction->out.kind == PM_KIND_VECTOR;
    }
    return !(instruction->op == PM_OP_DOT && instruction->a.kind == PM_KIND_MATRIX &&
             instruction->b.kind != PM_KIND_SCALAR);
}

static struct pm_instruction wanted_instruction(struct pm_random *random,
                                                const struct pm_algorithm_meta *meta, bool wild)
{
    for (;;) {
        struct pm_instruction instruction = any_instruction(random, meta, wild);
        if (!is_written(&instruction)) {
            continue;
        }
        if (wild && one_in(random, 4)) {
            return instruction;
        }
        if (pm_instruction_inertness(&instruction, meta) == PM_ACTIVE) {
            return instruction;
        }
    }
}

struct pm_algorithm *pm_random_program_create(const struct pm_random_program *shape)
{
    int longest = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        if (shape->length[phase] > longest) {
            longest = shape->length[phase];
        }
    }
    struct pm_algorithm *algorithm = pm_algorithm_create(shape->input_dim, &shape->meta, longest);
    if (algorithm == NULL) {
        return NULL;
    }
    struct pm_random random;
    pm_random_seed(&random, shape->seed, STREAM_INSTRUCTIONS, 0);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        algorithm->length[phase] = shape->length[phase];
        for (int i = 0; i < shape->length[phase]; i++) {
            algorithm->phase[phase][i] = wanted_instruction(&random, &shape->meta, shape->wild);
        }
    }
    return algorithm;
}
