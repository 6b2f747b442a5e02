#include "algorithm/idiom.h"

/* The part that a register plays in an idiom. One part is one register throughout the idiom. */
enum part {
    NOTHING,
    PREDICTION, /* s0 */
    LABEL,      /* s1 */
    S_READ,     /* a scalar that the program reads */
    S_WRITTEN,  /* a scalar that the program or the run writes */
    S_ANY,      /* any but s0 and s1 */
    S_NEW,      /* one that the program does not use yet, if there is one */
    S_NEW_2,
    V_READ,    /* as above, any but v0 */
    V_WRITTEN, /* may be v0 */
    V_WRITTEN_2,
    V_ANY, /* any but v0 */
    V_NEW,
    V_NEW_2,
    M_READ,
    M_ANY,
    M_NEW,
    M_NEW_2,
    PART_COUNT
};

struct step {
    enum pm_phase phase;
    enum pm_op op;
    enum part out, a, b;
};

struct idiom {
    int weight; /* how often it is drawn */
    int length;
    struct step steps[PM_IDIOM_LENGTH_MAX];
};

#define SETUP(...)                                                                                 \
    {                                                                                              \
        PM_PHASE_SETUP, __VA_ARGS__                                                                \
    }
#define PREDICT(...)                                                                               \
    {                                                                                              \
        PM_PHASE_PREDICT, __VA_ARGS__                                                              \
    }
#define LEARN(...)                                                                                 \
    {                                                                                              \
        PM_PHASE_LEARN, __VA_ARGS__                                                                \
    }

/* What learning programs are made of, in pieces too small to be one: each has to find its place
 * among the others. */
static const struct idiom IDIOMS[] = {
    /* Start somewhere else than at zero. */
    {2, 1, {SETUP(PM_OP_CONST, S_READ, NOTHING, NOTHING)}},
    {2, 1, {SETUP(PM_OP_GAUSSIAN, V_READ, NOTHING, NOTHING)}},
    {2, 1, {SETUP(PM_OP_GAUSSIAN, M_READ, NOTHING, NOTHING)}},
    /* Weigh, add a bias. */
    {2, 1, {PREDICT(PM_OP_DOT, S_READ, V_WRITTEN, V_ANY)}},
    {2, 1, {PREDICT(PM_OP_ADD, S_READ, S_READ, S_ANY)}},
    /* A layer, rectified. */
    {2,
     2,
     {PREDICT(PM_OP_MATMUL, V_READ, M_ANY, V_WRITTEN), PREDICT(PM_OP_MAX, V_READ, V_READ, V_ANY)}},
    /* How wrong it was, and how much of that to heed. */
    {2, 1, {LEARN(PM_OP_SUB, S_ANY, LABEL, PREDICTION)}},
    {2, 1, {LEARN(PM_OP_MUL, S_WRITTEN, S_WRITTEN, S_ANY)}},
    /* Move weights along what they weighed. */
    {2,
     2,
     {LEARN(PM_OP_MUL, V_ANY, S_WRITTEN, V_WRITTEN), LEARN(PM_OP_ADD, V_READ, V_READ, V_ANY)}},
    {2, 1, {LEARN(PM_OP_ADD, S_READ, S_READ, S_WRITTEN)}},
    {2,
     2,
     {LEARN(PM_OP_OUTER, M_ANY, V_WRITTEN, V_WRITTEN_2), LEARN(PM_OP_ADD, M_READ, M_READ, M_ANY)}},
    /* Pass a gradient back through a rectifier. */
    {2,
     2,
     {LEARN(PM_OP_HEAVISIDE, V_ANY, V_WRITTEN, NOTHING), LEARN(PM_OP_MUL, V_READ, V_READ, V_ANY)}},
    /* A rate that changes as learning goes on. */
    {1, 2, {SETUP(PM_OP_CONST, S_NEW, NOTHING, NOTHING), LEARN(PM_OP_MUL, S_READ, S_READ, S_NEW)}},
    /* A factor where nothing weighed before. */
    {1,
     2,
     {SETUP(PM_OP_CONST, S_NEW, NOTHING, NOTHING), PREDICT(PM_OP_MUL, S_READ, S_READ, S_NEW)}},
    /* A term w x that adds to a result, and the step of gradient descent on the squared error that
     * learns its weights, with a rate of its own. */
    {3,
     7,
     {SETUP(PM_OP_CONST, S_NEW, NOTHING, NOTHING), PREDICT(PM_OP_DOT, S_NEW_2, V_WRITTEN, V_NEW),
      PREDICT(PM_OP_ADD, S_READ, S_READ, S_NEW_2), LEARN(PM_OP_SUB, S_NEW_2, LABEL, PREDICTION),
      LEARN(PM_OP_MUL, S_NEW_2, S_NEW_2, S_NEW), LEARN(PM_OP_MUL, V_NEW_2, S_NEW_2, V_WRITTEN),
      LEARN(PM_OP_ADD, V_NEW, V_NEW, V_NEW_2)}},
    /* The same for products of two elements: x M x, the weights being a matrix. */
    {3,
     9,
     {SETUP(PM_OP_CONST, S_NEW, NOTHING, NOTHING), PREDICT(PM_OP_MATMUL, V_NEW, M_NEW, V_WRITTEN),
      PREDICT(PM_OP_DOT, S_NEW_2, V_NEW, V_WRITTEN), PREDICT(PM_OP_ADD, S_READ, S_READ, S_NEW_2),
      LEARN(PM_OP_SUB, S_NEW_2, LABEL, PREDICTION), LEARN(PM_OP_MUL, S_NEW_2, S_NEW_2, S_NEW),
      LEARN(PM_OP_MUL, V_NEW, S_NEW_2, V_WRITTEN), LEARN(PM_OP_OUTER, M_NEW_2, V_NEW, V_WRITTEN),
      LEARN(PM_OP_ADD, M_NEW, M_NEW, M_NEW_2)}},
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

/* A register that is neither read nor written, other than `not_this`; any where all are in use. */
static struct pm_operand draw_new(const struct pm_scene *scene, enum pm_kind kind,
                                  struct pm_operand not_this)
{
    struct pm_registers unused = {{0}};
    unused.of[kind] =
        ~(scene->read.of[kind] | scene->written.of[kind]) & pm_all_registers(scene, kind);
    if (not_this.kind == kind) {
        unused.of[kind] &= ~(UINT64_C(1) << not_this.index);
    }
    return pm_draw_among(scene, kind, &unused);
}

static struct pm_operand cast(const struct pm_scene *scene, enum part part,
                              const struct pm_operand parts[PART_COUNT])
{
    static const struct pm_registers NO_MATTER = {{0}};
    const struct pm_operand none = named(PM_KIND_NONE, 0);
    switch (part) {
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
    case S_NEW:
        return draw_new(scene, PM_KIND_SCALAR, none);
    case S_NEW_2:
        return draw_new(scene, PM_KIND_SCALAR, parts[S_NEW]);
    case V_READ:
        return draw_from(scene, PM_KIND_VECTOR, 1, scene->read);
    case V_WRITTEN:
    case V_WRITTEN_2:
        return draw_from(scene, PM_KIND_VECTOR, 0, scene->written);
    case V_ANY:
        return draw_from(scene, PM_KIND_VECTOR, 1, NO_MATTER);
    case V_NEW:
        return draw_new(scene, PM_KIND_VECTOR, none);
    case V_NEW_2:
        return draw_new(scene, PM_KIND_VECTOR, parts[V_NEW]);
    case M_READ:
        return draw_from(scene, PM_KIND_MATRIX, 0, scene->read);
    case M_ANY:
        return draw_from(scene, PM_KIND_MATRIX, 0, NO_MATTER);
    case M_NEW:
        return draw_new(scene, PM_KIND_MATRIX, none);
    case M_NEW_2:
        return draw_new(scene, PM_KIND_MATRIX, parts[M_NEW]);
    default:
        return none;
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
        instruction.c0 = pm_draw_rate(scene->random);
    }
    pm_order_bounds(&instruction);
    return instruction;
}

static const struct idiom *choose(struct pm_random *random)
{
    int all = 0;
    for (int i = 0; i < IDIOM_COUNT; i++) {
        all += IDIOMS[i].weight;
    }
    int drawn = (int)pm_random_below(random, (uint32_t)all);
    const struct idiom *idiom = IDIOMS;
    while (drawn >= idiom->weight) {
        drawn -= idiom->weight;
        idiom++;
    }
    return idiom;
}

int pm_draw_idiom(const struct pm_scene *scene, struct pm_idiom_step out[PM_IDIOM_LENGTH_MAX])
{
    const struct idiom *idiom = choose(scene->random);
    struct pm_operand parts[PART_COUNT];
    for (int part = 0; part < PART_COUNT; part++) {
        parts[part] = cast(scene, (enum part)part, parts);
    }
    int length = 0;
    for (int i = 0; i < idiom->length; i++) {
        const struct step *step = &idiom->steps[i];
        out[length] = (struct pm_idiom_step){step->phase, perform(scene, step, parts)};
        if (pm_profile_allows(scene->profile, scene->meta, step->phase, &out[length].instruction)) {
            length++;
        }
    }
    return length;
}
