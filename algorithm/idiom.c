#include "algorithm/idiom.h"

/* The part that a register plays in an idiom. One part is one register throughout the idiom. */
enum part {
    NOTHING,
    INPUT,      /* v0 */
    PREDICTION, /* s0 */
    LABEL,      /* s1 */
    S_READ,     /* a scalar that the program reads */
    S_WRITTEN,  /* a scalar that the program or the run writes */
    S_ANY,      /* any but s0 and s1 */
    V_READ,     /* as above, any but v0 */
    V_WRITTEN,  /* may be v0 */
    V_WRITTEN_2,
    V_ANY, /* any but v0 */
    M_READ,
    M_ANY,
    PART_COUNT
};

struct step {
    enum pm_op op;
    enum part out, a, b;
};

struct idiom {
    enum pm_phase phase;
    int length;
    struct step steps[PM_IDIOM_LENGTH_MAX];
};

/* What learning programs are made of, in pieces too small to be one: each has to find its place
 * among the others. */
static const struct idiom IDIOMS[] = {
    /* Start somewhere else than at zero. */
    {PM_PHASE_SETUP, 1, {{PM_OP_CONST, S_READ, NOTHING, NOTHING}}},
    {PM_PHASE_SETUP, 1, {{PM_OP_GAUSSIAN, V_READ, NOTHING, NOTHING}}},
    {PM_PHASE_SETUP, 1, {{PM_OP_GAUSSIAN, M_READ, NOTHING, NOTHING}}},
    /* Weigh, add a bias. */
    {PM_PHASE_PREDICT, 1, {{PM_OP_DOT, S_READ, V_WRITTEN, V_ANY}}},
    {PM_PHASE_PREDICT, 1, {{PM_OP_ADD, S_READ, S_READ, S_ANY}}},
    /* A layer, rectified. */
    {PM_PHASE_PREDICT,
     2,
     {{PM_OP_MATMUL, V_READ, M_ANY, V_WRITTEN}, {PM_OP_MAX, V_READ, V_READ, V_ANY}}},
    /* How wrong it was, and how much of that to heed. */
    {PM_PHASE_LEARN, 1, {{PM_OP_SUB, S_ANY, LABEL, PREDICTION}}},
    {PM_PHASE_LEARN, 1, {{PM_OP_MUL, S_WRITTEN, S_WRITTEN, S_ANY}}},
    /* Move weights along what they weighed. */
    {PM_PHASE_LEARN,
     2,
     {{PM_OP_MUL, V_ANY, S_WRITTEN, V_WRITTEN}, {PM_OP_ADD, V_READ, V_READ, V_ANY}}},
    {PM_PHASE_LEARN, 1, {{PM_OP_ADD, S_READ, S_READ, S_WRITTEN}}},
    {PM_PHASE_LEARN,
     2,
     {{PM_OP_OUTER, M_ANY, V_WRITTEN, V_WRITTEN_2}, {PM_OP_ADD, M_READ, M_READ, M_ANY}}},
    /* Pass a gradient back through a rectifier. */
    {PM_PHASE_LEARN,
     2,
     {{PM_OP_HEAVISIDE, V_ANY, V_WRITTEN, NOTHING}, {PM_OP_MUL, V_READ, V_READ, V_ANY}}},
};

enum { IDIOM_COUNT = sizeof IDIOMS / sizeof *IDIOMS };

static struct pm_operand named(enum pm_kind kind, unsigned index)
{
    return (struct pm_operand){.kind = (uint8_t)kind, .index = (uint16_t)index};
}

/* A register of the kind from number `first` on, by preference one of `fitting`. */
static struct pm_operand draw_from(const struct pm_scene *scene, enum pm_kind kind, unsigned first,
                                   struct pm_registers fitting)
{
    struct pm_operand operand;
    fitting.of[kind] &= ~((UINT64_C(1) << first) - 1);
    do {
        operand = pm_draw_register(scene, kind, &fitting);
    } while (operand.index < first);
    return operand;
}

static struct pm_operand cast(const struct pm_scene *scene, enum part part)
{
    static const struct pm_registers NO_MATTER = {{0}};
    switch (part) {
    case INPUT:
        return named(PM_KIND_VECTOR, 0);
    case PREDICTION:
        return named(PM_KIND_SCALAR, 0);
    case LABEL:
        return named(PM_KIND_SCALAR, 1);
    case S_READ:
        return draw_from(scene, PM_KIND_SCALAR, 0, scene->read);
    case S_WRITTEN:
        return draw_from(scene, PM_KIND_SCALAR, 0, scene->written);
    case S_ANY:
        return draw_from(scene, PM_KIND_SCALAR, 2, NO_MATTER);
    case V_READ:
        return draw_from(scene, PM_KIND_VECTOR, 1, scene->read);
    case V_WRITTEN:
    case V_WRITTEN_2:
        return draw_from(scene, PM_KIND_VECTOR, 0, scene->written);
    case V_ANY:
        return draw_from(scene, PM_KIND_VECTOR, 1, NO_MATTER);
    case M_READ:
        return draw_from(scene, PM_KIND_MATRIX, 0, scene->read);
    case M_ANY:
        return draw_from(scene, PM_KIND_MATRIX, 0, NO_MATTER);
    default:
        return named(PM_KIND_NONE, 0);
    }
}

static struct pm_instruction perform(const struct pm_scene *scene, const struct step *step,
                                     const struct pm_operand parts[PART_COUNT])
{
    struct pm_instruction instruction = {
        .op = (uint8_t)step->op, .out = parts[step->out], .a = parts[step->a], .b = parts[step->b]};
    if (step->op == PM_OP_GAUSSIAN) {
        instruction.c1 = pm_draw_constant(scene->random);
    } else if (pm_constant_count(step->op) > 0) {
        instruction.c0 = pm_draw_constant(scene->random);
    }
    pm_order_bounds(&instruction);
    return instruction;
}

int pm_draw_idiom(const struct pm_scene *scene, enum pm_phase *phase,
                  struct pm_instruction out[PM_IDIOM_LENGTH_MAX])
{
    const struct idiom *idiom = &IDIOMS[pm_random_below(scene->random, IDIOM_COUNT)];
    struct pm_operand parts[PART_COUNT];
    for (int part = 0; part < PART_COUNT; part++) {
        parts[part] = cast(scene, (enum part)part);
    }
    int length = 0;
    for (int i = 0; i < idiom->length; i++) {
        out[length] = perform(scene, &idiom->steps[i], parts);
        if (pm_profile_allows(scene->profile, scene->meta, idiom->phase, &out[length])) {
            length++;
        }
    }
    *phase = idiom->phase;
    return length;
}
