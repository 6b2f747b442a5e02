#include <string.h>

#include <poolminer/liveness.h>

static bool is_copy_to_itself(const struct pm_instruction *i)
{
    return i->op == PM_OP_COPY && i->out.kind == i->a.kind && i->out.index == i->a.index;
}

static bool is_inert(const struct pm_instruction *i, const struct pm_algorithm_meta *meta)
{
    return pm_instruction_inertness(i, meta) != PM_ACTIVE || is_copy_to_itself(i);
}

struct pm_instruction_effect pm_instruction_effect(const struct pm_instruction *instruction,
                                                   const struct pm_algorithm_meta *meta)
{
    const struct pm_instruction *i = instruction;
    if (is_inert(i, meta)) {
        return (struct pm_instruction_effect){.inert = true};
    }
    const uint8_t arity = pm_op_info((enum pm_op)i->op)->arity;
    return (struct pm_instruction_effect){
        .partial = i->op == PM_OP_CONST_VEC && meta->vector_dim > 1,
        .result = pm_op_result_kind(
            (enum pm_op)i->op, arity > 0 ? (enum pm_kind)i->a.kind : PM_KIND_NONE,
            arity > 1 ? (enum pm_kind)i->b.kind : PM_KIND_NONE, (enum pm_kind)i->out.kind),
    };
}

static void add(struct pm_register_set *set, struct pm_operand r)
{
    set->bits[r.kind] |= UINT64_C(1) << r.index;
}

static void drop(struct pm_register_set *set, enum pm_kind kind, unsigned index)
{
    set->bits[kind] &= ~(UINT64_C(1) << index);
}

static void merge(struct pm_register_set *set, const struct pm_register_set *other)
{
    for (int kind = 0; kind < PM_KIND_NONE; kind++) {
        set->bits[kind] |= other->bits[kind];
    }
}

static bool equal(const struct pm_register_set *a, const struct pm_register_set *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The run's loops, walked backwards until the sets stop growing. */
struct walk {
    const struct pm_algorithm *algorithm;
    struct pm_liveness *out;
};

/* Turns the set live after a phase into the set live before it, marking what is alive. A live
 * instruction keeps a partially written destination alive; a full write ends it. */
static void walk_phase(struct walk *walk, enum pm_phase phase, enum pm_live mark,
                       struct pm_register_set *live)
{
    const struct pm_algorithm *algorithm = walk->algorithm;
    for (int i = algorithm->length[phase] - 1; i >= 0; i--) {
        const struct pm_instruction *instruction = &algorithm->phase[phase][i];
        uint8_t *flags = &walk->out->flags[phase][i];
        if ((*flags & PM_LIVE_INERT) != 0 || !pm_register_set_has(live, instruction->out)) {
            continue;
        }
        *flags |= (uint8_t)mark;
        if (instruction->op != PM_OP_CONST_VEC || algorithm->meta.vector_dim == 1) {
            drop(live, (enum pm_kind)instruction->out.kind, instruction->out.index);
        }
        uint8_t arity = pm_op_info((enum pm_op)instruction->op)->arity;
        if (arity > 0) {
            add(live, instruction->a);
        }
        if (arity > 1) {
            add(live, instruction->b);
        }
    }
}

/* Before predict runs, the input replaces v0, unless v0 is longer than the input. */
static struct pm_register_set before_input(const struct walk *walk, struct pm_register_set live)
{
    if (walk->algorithm->meta.vector_dim == walk->algorithm->input_dim) {
        drop(&live, PM_KIND_VECTOR, 0);
    }
    return live;
}

static void walk_validation(struct walk *walk)
{
    struct pm_register_set *entry = &walk->out->validation;
    struct pm_register_set live, last;
    do {
        last = *entry;
        live = before_input(walk, *entry);
        add(&live, (struct pm_operand){.kind = PM_KIND_SCALAR, .index = 0});
        walk_phase(walk, PM_PHASE_PREDICT, PM_LIVE_VALIDATION, &live);
        merge(entry, &live);
    } while (!equal(&last, entry));
}

static void walk_training(struct walk *walk)
{
    struct pm_register_set *entry = &walk->out->training;
    struct pm_register_set after = before_input(walk, walk->out->validation);
    struct pm_register_set live, last;
    do {
        last = *entry;
        live = before_input(walk, *entry);
        merge(&live, &after);
        drop(&live, PM_KIND_SCALAR, 1); /* zeroed after learn */
        walk_phase(walk, PM_PHASE_LEARN, PM_LIVE_TRAINING, &live);
        drop(&live, PM_KIND_SCALAR, 1); /* the label, before learn */
        walk_phase(walk, PM_PHASE_PREDICT, PM_LIVE_TRAINING, &live);
        merge(entry, &live);
    } while (!equal(&last, entry));
}

void pm_liveness_analyse(const struct pm_algorithm *algorithm, struct pm_liveness *out)
{
    struct walk walk = {.algorithm = algorithm, .out = out};
    out->at_start = out->training = out->validation = (struct pm_register_set){0};
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const bool inert = is_inert(&algorithm->phase[phase][i], &algorithm->meta);
            out->flags[phase][i] = inert ? PM_LIVE_INERT : 0;
        }
    }
    walk_validation(&walk);
    walk_training(&walk);

    /* A task may have no training example left to run: validation then follows setup. */
    struct pm_register_set live = before_input(&walk, out->training);
    struct pm_register_set untrained = before_input(&walk, out->validation);
    merge(&live, &untrained);
    walk_phase(&walk, PM_PHASE_SETUP, PM_LIVE_TRAINING, &live);
    out->at_start = live;
}
