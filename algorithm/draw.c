#include "algorithm/draw.h"

#include <math.h>

/* Constants stay between these magnitudes: far from where float32 loses digits. */
static const double CONSTANT_LEAST = 1e-6, CONSTANT_MOST = 1e6;

/* How often an instruction is made to fit in: its destination taken from the registers that the
 * program reads, its operands from those that the program or the run writes, rather than from all.
 * By pure chance among 20 + 10 + 5 registers instructions would hardly ever meet. */
static const double FITTING_REGISTER = 0.7;

static const double SLOW_AGAIN = 2.0 / 3.0;

static void note(struct pm_registers *set, struct pm_operand operand)
{
    set->of[operand.kind] |= UINT64_C(1) << operand.index;
}

struct pm_scene pm_scene_of(const struct pm_profile *profile, const struct pm_algorithm *algorithm,
                            struct pm_random *random)
{
    struct pm_scene scene = {.profile = profile, .meta = &algorithm->meta, .random = random};
    note(&scene.read, (struct pm_operand){PM_KIND_SCALAR, 0});
    note(&scene.written, (struct pm_operand){PM_KIND_SCALAR, 1});
    note(&scene.written, (struct pm_operand){PM_KIND_VECTOR, 0});
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_instruction *instruction = &algorithm->phase[phase][i];
            const int arity = pm_op_info((enum pm_op)instruction->op)->arity;
            note(&scene.written, instruction->out);
            if (arity > 0) {
                note(&scene.read, instruction->a);
            }
            if (arity > 1) {
                note(&scene.read, instruction->b);
            }
        }
    }
    return scene;
}

static uint32_t register_count(const struct pm_algorithm_meta *meta, enum pm_kind kind)
{
    const int counts[PM_KIND_NONE] = {meta->scalar_count, meta->vector_count, meta->matrix_count};
    return (uint32_t)counts[kind];
}

static uint32_t bit_count(uint64_t bits)
{
    return (uint32_t)__builtin_popcountll(bits);
}

static uint32_t nth_set_bit(uint64_t bits, uint32_t n)
{
    while (n-- > 0) {
        bits &= bits - 1;
    }
    return (uint32_t)__builtin_ctzll(bits);
}

struct pm_operand pm_draw_register(const struct pm_scene *scene, enum pm_kind kind,
                                   const struct pm_registers *fitting)
{
    if (kind == PM_KIND_NONE) {
        return (struct pm_operand){.kind = PM_KIND_NONE};
    }
    const uint64_t choices = fitting->of[kind];
    uint32_t index;
    if (choices != 0 && pm_random_chance(scene->random, FITTING_REGISTER)) {
        index = nth_set_bit(choices, pm_random_below(scene->random, bit_count(choices)));
    } else {
        index = pm_random_below(scene->random, register_count(scene->meta, kind));
    }
    return (struct pm_operand){.kind = (uint8_t)kind, .index = (uint16_t)index};
}

struct pm_operand pm_draw_among(const struct pm_scene *scene, enum pm_kind kind,
                                const struct pm_registers *among)
{
    const uint64_t choices = among->of[kind];
    const uint32_t index =
        choices != 0 ? nth_set_bit(choices, pm_random_below(scene->random, bit_count(choices)))
                     : pm_random_below(scene->random, register_count(scene->meta, kind));
    return (struct pm_operand){.kind = (uint8_t)kind, .index = (uint16_t)index};
}

uint64_t pm_all_registers(const struct pm_scene *scene, enum pm_kind kind)
{
    const uint32_t count = register_count(scene->meta, kind);
    return count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

bool pm_op_is_slow(enum pm_op op)
{
    return (op >= PM_OP_EXP && op <= PM_OP_TAN) || op == PM_OP_GAUSSIAN || op == PM_OP_UNIFORM;
}

float pm_draw_constant(struct pm_random *random)
{
    const int exponent = (int)pm_random_below(random, 10) - 8;
    const double magnitude = ldexp(1.0 + pm_random_unit(random), exponent);
    return (float)(pm_random_chance(random, 0.5) ? magnitude : -magnitude);
}

float pm_draw_rate(struct pm_random *random)
{
    const int exponent = (int)pm_random_below(random, 13) - 12;
    return (float)ldexp(1.0 + pm_random_unit(random), exponent);
}

float pm_nudge_constant(struct pm_random *random, float value)
{
    double nudged = (double)value * (0.5 + 1.5 * pm_random_unit(random));
    if (pm_random_chance(random, 0.1)) {
        nudged = -nudged;
    }
    const double magnitude = fabs(nudged);
    if (!(magnitude >= CONSTANT_LEAST && magnitude <= CONSTANT_MOST)) {
        return pm_draw_constant(random);
    }
    return (float)nudged;
}

float pm_tune_constant(struct pm_random *random, float value)
{
    /* The sum of two uniform numbers: small steps are likelier than big ones. */
    const double step = 0.4 * (pm_random_unit(random) + pm_random_unit(random) - 1.0);
    const double tuned = (double)value * (step > 0.0 ? 1.0 + step : 1.0 / (1.0 - step));
    const double magnitude = fabs(tuned);
    return magnitude >= CONSTANT_LEAST && magnitude <= CONSTANT_MOST ? (float)tuned : value;
}

int pm_constant_count(enum pm_op op)
{
    switch (pm_op_info(op)->form) {
    case PM_FORM_CONST:
    case PM_FORM_CONST_VEC:
        return 1;
    case PM_FORM_RANDOM:
        return 2;
    default:
        return 0;
    }
}

void pm_order_bounds(struct pm_instruction *instruction)
{
    if (instruction->op == PM_OP_GAUSSIAN) {
        instruction->c1 = fabsf(instruction->c1);
    } else if (instruction->op == PM_OP_UNIFORM && instruction->c0 > instruction->c1) {
        const float low = instruction->c1;
        instruction->c1 = instruction->c0;
        instruction->c0 = low;
    }
}

/* A destination: by preference a register that something reads, whatever its kind. */
static struct pm_operand draw_destination(const struct pm_scene *scene)
{
    const uint64_t *const read = scene->read.of;
    const uint32_t scalars = bit_count(read[PM_KIND_SCALAR]);
    const uint32_t vectors = bit_count(read[PM_KIND_VECTOR]);
    const uint32_t all = scalars + vectors + bit_count(read[PM_KIND_MATRIX]);
    struct pm_registers chosen = {{0}};
    enum pm_kind kind;
    if (pm_random_chance(scene->random, FITTING_REGISTER)) {
        const uint32_t nth = pm_random_below(scene->random, all);
        kind = nth < scalars             ? PM_KIND_SCALAR
               : nth < scalars + vectors ? PM_KIND_VECTOR
                                         : PM_KIND_MATRIX;
        chosen = scene->read;
    } else {
        kind = (enum pm_kind)pm_random_below(scene->random, PM_KIND_NONE);
    }
    return pm_draw_register(scene, kind, &chosen);
}

/* Elementary functions and random numbers take ten times as long as other operations and are of
 * use ten times as seldom: of three that are drawn, two are drawn again. */
static enum pm_op draw_op(const struct pm_scene *scene, enum pm_phase phase)
{
    const uint32_t ops = scene->profile->ops[phase];
    enum pm_op op;
    do {
        op = (enum pm_op)nth_set_bit(ops, pm_random_below(scene->random, bit_count(ops)));
    } while (pm_op_is_slow(op) && phase != PM_PHASE_SETUP &&
             pm_random_chance(scene->random, SLOW_AGAIN));
    return op;
}

/* The shapes of an operation whose destination is of this kind. */
static int shapes_into(const struct pm_scene *scene, enum pm_phase phase, enum pm_op op,
                       enum pm_kind out, struct pm_shape shapes[PM_SHAPES_MAX])
{
    const int count = pm_profile_shapes(scene->profile, phase, op, shapes);
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (shapes[i].out == out) {
            shapes[kept++] = shapes[i];
        }
    }
    return kept;
}

static void draw_numbers(const struct pm_scene *scene, struct pm_instruction *instruction)
{
    const enum pm_op op = (enum pm_op)instruction->op;
    if (op == PM_OP_CONST_VEC) {
        instruction->element =
            (uint16_t)pm_random_below(scene->random, (uint32_t)scene->meta->vector_dim);
    }
    if (pm_constant_count(op) > 0) {
        instruction->c0 = pm_draw_constant(scene->random);
    }
    if (pm_constant_count(op) > 1) {
        instruction->c1 = pm_draw_constant(scene->random);
    }
    pm_order_bounds(instruction);
}

struct pm_instruction pm_draw_instruction(const struct pm_scene *scene, enum pm_phase phase)
{
    /* Ends because every phase of every profile has operations for scalars, which are drawn soon.
     */
    for (;;) {
        struct pm_shape shapes[PM_SHAPES_MAX];
        const struct pm_operand out = draw_destination(scene);
        const enum pm_op op = draw_op(scene, phase);
        const int count = shapes_into(scene, phase, op, (enum pm_kind)out.kind, shapes);
        if (count == 0) {
            continue;
        }
        const struct pm_shape shape = shapes[pm_random_below(scene->random, (uint32_t)count)];
        struct pm_instruction instruction = {
            .op = (uint8_t)op,
            .out = out,
            .a = pm_draw_register(scene, shape.a, &scene->written),
            .b = pm_draw_register(scene, shape.b, &scene->written),
        };
        draw_numbers(scene, &instruction);
        /* A register copied to itself does nothing. */
        if (pm_profile_allows(scene->profile, scene->meta, phase, &instruction)) {
            return instruction;
        }
    }
}
