#include "algorithm/functional_cache.h"
#include "algorithm/value_graph.h"

#include <string.h>

/* What a program means is what its predictions are made of: the graph of s0 after predict, whose
 * leaves are the input, numbers, and what registers held when the example began; and then, for each
 * of those registers, what training leaves in it, and what setup left. Setup sees no data, so it is
 * mostly numbers; and a register that every example leaves as it was is the number it began with.
 * Registers are named in the order in which the graph leads to them. */

struct registers {
    uint16_t of[PM_KIND_NONE][PM_REGISTER_COUNT_MAX]; /* values; PM_VALUE_NONE: not touched yet */
};

struct set {
    uint64_t bits[PM_KIND_NONE];
};

struct meaning {
    const struct pm_algorithm *algorithm;
    const struct pm_liveness *liveness;
    struct pm_value_graph graph;
    struct set constant;  /* registers that hold one number whenever an example begins, */
    struct set assumed;   /* and those of them where that was made use of */
    struct set predicted; /* registers that predict writes */
    struct registers setup, training, validation; /* what is left at the end of each */
};

static bool is_alive(uint8_t flags)
{
    return (flags & (PM_LIVE_TRAINING | PM_LIVE_VALIDATION)) != 0;
}

static bool has(const struct set *set, enum pm_kind kind, unsigned index)
{
    return (set->bits[kind] >> index & 1) != 0;
}

static void clear(struct registers *registers)
{
    memset(registers, 0xFF, sizeof *registers);
}

/* ---- running through the phases ---- */

static uint16_t held_first(struct meaning *meaning, enum pm_kind kind, unsigned index)
{
    uint16_t *value = &meaning->setup.of[kind][index];
    if (*value == PM_VALUE_NONE) {
        *value = pm_value_constant(&meaning->graph, 0.0f);
    }
    return *value;
}

/* What the register holds at this point of a phase that began with `source`. */
static uint16_t read(struct meaning *meaning, struct registers *registers,
                     enum pm_value_source source, enum pm_kind kind, unsigned index)
{
    uint16_t *value = &registers->of[kind][index];
    if (*value != PM_VALUE_NONE) {
        return *value;
    }
    const uint16_t first = held_first(meaning, kind, index);
    if (registers == &meaning->setup) {
        *value = first;
    } else if (has(&meaning->constant, kind, index)) {
        meaning->assumed.bits[kind] |= UINT64_C(1) << index;
        *value = first;
    } else {
        if (source == PM_VALUE_VALIDATED && !has(&meaning->predicted, kind, index)) {
            source = PM_VALUE_TRAINED;
        }
        *value = pm_value_held(&meaning->graph, source, kind, index, first);
    }
    return *value;
}

/* Dead instructions are no part of the graph. What is alive in one of the loops runs in both: where
 * it is dead it only shows that training leaves a register as it was. */
static void run_phase(struct meaning *meaning, struct registers *registers,
                      enum pm_value_source source, enum pm_phase phase)
{
    const struct pm_algorithm *algorithm = meaning->algorithm;
    const uint8_t *flags = meaning->liveness->flags[phase];
    for (int i = 0; i < algorithm->length[phase]; i++) {
        if (!is_alive(flags[i])) {
            continue;
        }
        const struct pm_instruction *at = &algorithm->phase[phase][i];
        const uint8_t arity = pm_op_info((enum pm_op)at->op)->arity;
        uint16_t a = PM_VALUE_NONE, b = PM_VALUE_NONE, held = PM_VALUE_NONE;
        if (arity > 0) {
            a = read(meaning, registers, source, (enum pm_kind)at->a.kind, at->a.index);
        }
        if (arity > 1) {
            b = read(meaning, registers, source, (enum pm_kind)at->b.kind, at->b.index);
        }
        if (at->op == PM_OP_CONST_VEC) {
            held = read(meaning, registers, source, (enum pm_kind)at->out.kind, at->out.index);
        }
        registers->of[at->out.kind][at->out.index] =
            pm_value_result(&meaning->graph, at, a, b, held);
    }
}

static void take_input(struct meaning *meaning, struct registers *registers,
                       enum pm_value_source source)
{
    uint16_t *v0 = &registers->of[PM_KIND_VECTOR][0];
    *v0 = meaning->algorithm->meta.vector_dim == meaning->algorithm->input_dim
              ? pm_value_given(&meaning->graph, PM_VALUE_INPUT)
              : pm_value_input_part(&meaning->graph,
                                    read(meaning, registers, source, PM_KIND_VECTOR, 0));
}

static void train(struct meaning *meaning)
{
    struct registers *registers = &meaning->training;
    uint16_t *s1 = &registers->of[PM_KIND_SCALAR][1];
    const bool has_label = meaning->algorithm->meta.scalar_count > 1;
    clear(registers);
    take_input(meaning, registers, PM_VALUE_CARRIED);
    run_phase(meaning, registers, PM_VALUE_CARRIED, PM_PHASE_PREDICT);
    if (has_label) {
        *s1 = pm_value_given(&meaning->graph, PM_VALUE_LABEL);
    }
    run_phase(meaning, registers, PM_VALUE_CARRIED, PM_PHASE_LEARN);
    if (has_label) {
        *s1 = pm_value_constant(&meaning->graph, 0.0f);
    }
}

static void validate(struct meaning *meaning)
{
    clear(&meaning->validation);
    take_input(meaning, &meaning->validation, PM_VALUE_VALIDATED);
    run_phase(meaning, &meaning->validation, PM_VALUE_VALIDATED, PM_PHASE_PREDICT);
}

/* Leaves out of the constants what an example changes. Returns whether it had been made use of that
 * one of those is constant. */
static bool drop_changed(struct meaning *meaning, const struct registers *after)
{
    bool wrong = false;
    for (unsigned kind = 0; kind < PM_KIND_NONE; kind++) {
        for (uint64_t left = meaning->constant.bits[kind]; left != 0; left &= left - 1) {
            const unsigned index = (unsigned)__builtin_ctzll(left);
            const uint16_t value = after->of[kind][index];
            if (value != PM_VALUE_NONE &&
                !pm_value_is_constant(&meaning->graph, value, meaning->setup.of[kind][index])) {
                meaning->constant.bits[kind] &= ~(UINT64_C(1) << index);
                wrong = wrong || has(&meaning->assumed, (enum pm_kind)kind, index);
            }
        }
    }
    return wrong;
}

/* Registers that hold a number after setup are taken to keep it until an example that begins so
 * ends otherwise: what is left then is true of all examples, by induction. */
static void run_all(struct meaning *meaning)
{
    const struct pm_liveness *liveness = meaning->liveness;
    clear(&meaning->setup);
    run_phase(meaning, &meaning->setup, PM_VALUE_CARRIED, PM_PHASE_SETUP);
    for (unsigned kind = 0; kind < PM_KIND_NONE; kind++) {
        for (uint64_t left = liveness->training.bits[kind] | liveness->validation.bits[kind];
             left != 0; left &= left - 1) {
            const unsigned index = (unsigned)__builtin_ctzll(left);
            const uint16_t value = held_first(meaning, (enum pm_kind)kind, index);
            const bool is_input = kind == PM_KIND_VECTOR && index == 0;
            if (meaning->graph.values[value].source == PM_VALUE_CONSTANT && !is_input) {
                meaning->constant.bits[kind] |= UINT64_C(1) << index;
            }
        }
    }
    const int kept = meaning->graph.count;
    bool wrong = true;
    while (wrong && !meaning->graph.full) {
        meaning->graph.count = kept;
        memset(&meaning->assumed, 0, sizeof meaning->assumed);
        train(meaning);
        wrong = drop_changed(meaning, &meaning->training);
        if (!wrong) {
            validate(meaning);
            wrong = drop_changed(meaning, &meaning->validation);
        }
    }
}

/* ---- the key ---- */

/* Registers in the order in which they are met. */
struct order {
    uint8_t number[PM_KIND_NONE][PM_REGISTER_COUNT_MAX]; /* from 1 on; 0: not met */
    struct pm_operand list[PM_KIND_NONE * PM_REGISTER_COUNT_MAX];
    int count, done;
};

struct traversal {
    struct meaning *meaning;
    struct order trained, validated;
    uint64_t *key; /* [value]: with registers by their numbers; 0: not met */
};

static uint64_t number_of(struct order *order, enum pm_kind kind, unsigned index)
{
    uint8_t *number = &order->number[kind][index];
    if (*number == 0) {
        order->list[order->count] =
            (struct pm_operand){.kind = (uint8_t)kind, .index = (uint16_t)index};
        *number = (uint8_t)++order->count;
    }
    return *number;
}

static uint64_t key_of(struct traversal *traversal, uint16_t index)
{
    const struct pm_value *value = &traversal->meaning->graph.values[index];
    uint64_t *key = &traversal->key[index];
    if (*key != 0) {
        return *key;
    }
    switch ((enum pm_value_source)value->source) {
    case PM_VALUE_CARRIED:
    case PM_VALUE_TRAINED:
        *key = pm_value_fold(
            value->source, number_of(&traversal->trained, (enum pm_kind)value->kind, value->index));
        break;
    case PM_VALUE_VALIDATED:
        *key = pm_value_fold(value->source, number_of(&traversal->validated,
                                                      (enum pm_kind)value->kind, value->index));
        break;
    case PM_VALUE_RESULT:
        *key = value->hash;
        if (value->a != PM_VALUE_NONE) {
            *key = pm_value_fold(*key, key_of(traversal, value->a));
        }
        if (value->b != PM_VALUE_NONE) {
            *key = pm_value_fold(*key, key_of(traversal, value->b));
        }
        break;
    default:
        *key = value->hash;
    }
    return *key;
}

/* What a register that training carries is made of. */
static uint64_t add_trained(struct traversal *traversal, uint64_t hash, struct pm_operand r)
{
    struct meaning *meaning = traversal->meaning;
    const uint16_t first = held_first(meaning, (enum pm_kind)r.kind, r.index);
    const uint16_t after = meaning->training.of[r.kind][r.index];
    hash = pm_value_fold(hash, r.kind);
    hash = pm_value_fold(hash, key_of(traversal, first));
    return pm_value_fold(hash, after == PM_VALUE_NONE ? 0 : key_of(traversal, after));
}

static uint64_t add_validated(struct traversal *traversal, uint64_t hash, struct pm_operand r)
{
    const uint16_t after = traversal->meaning->validation.of[r.kind][r.index];
    hash = pm_value_fold(hash, number_of(&traversal->trained, (enum pm_kind)r.kind, r.index));
    return pm_value_fold(hash, key_of(traversal, after));
}

static uint64_t key_of_predictions(struct meaning *meaning)
{
    const uint16_t s0 = read(meaning, &meaning->validation, PM_VALUE_VALIDATED, PM_KIND_SCALAR, 0);
    uint64_t keys[PM_VALUES_MAX];
    struct traversal traversal = {.meaning = meaning, .key = keys};
    struct order *trained = &traversal.trained, *validated = &traversal.validated;
    memset(keys, 0, (size_t)meaning->graph.count * sizeof *keys);
    uint64_t hash = pm_value_fold((uint64_t)meaning->algorithm->input_dim,
                                  (uint64_t)meaning->algorithm->meta.vector_dim);
    hash = pm_value_fold(hash, key_of(&traversal, s0));
    while (validated->done < validated->count || trained->done < trained->count) {
        if (validated->done < validated->count) {
            hash = add_validated(&traversal, hash, validated->list[validated->done++]);
        } else {
            hash = add_trained(&traversal, hash, trained->list[trained->done++]);
        }
    }
    return hash;
}

static bool is_random(const struct pm_instruction *instruction)
{
    return instruction->op == PM_OP_GAUSSIAN || instruction->op == PM_OP_UNIFORM;
}

static bool prepare(struct meaning *meaning, const struct pm_algorithm *algorithm,
                    const struct pm_liveness *liveness)
{
    meaning->algorithm = algorithm;
    meaning->liveness = liveness;
    meaning->graph.dim = algorithm->meta.vector_dim;
    meaning->graph.count = 0;
    meaning->graph.full = false;
    memset(&meaning->constant, 0, sizeof meaning->constant);
    memset(&meaning->predicted, 0, sizeof meaning->predicted);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_instruction *at = &algorithm->phase[phase][i];
            if (!is_alive(liveness->flags[phase][i])) {
                continue;
            }
            if (is_random(at)) {
                return false;
            }
            if (phase == PM_PHASE_PREDICT) {
                meaning->predicted.bits[at->out.kind] |= UINT64_C(1) << at->out.index;
            }
        }
    }
    return true;
}

/* ---- programs that draw, or are long ---- */

static uint64_t operand_bits(struct pm_operand operand)
{
    return operand.kind | (uint64_t)operand.index << 8;
}

/* Draws depend on the text, so nothing is renamed there. */
static uint64_t fold_written(uint64_t hash, const struct pm_instruction *instruction)
{
    const uint8_t arity = pm_op_info((enum pm_op)instruction->op)->arity;
    const uint64_t none = PM_KIND_NONE;
    uint32_t numbers[2];
    memcpy(&numbers[0], &instruction->c0, sizeof numbers[0]);
    memcpy(&numbers[1], &instruction->c1, sizeof numbers[1]);
    hash = pm_value_fold(hash, (uint64_t)instruction->op | (uint64_t)instruction->element << 8);
    hash = pm_value_fold(hash, operand_bits(instruction->out));
    hash = pm_value_fold(hash, arity > 0 ? operand_bits(instruction->a) : none);
    hash = pm_value_fold(hash, arity > 1 ? operand_bits(instruction->b) : none);
    return pm_value_fold(hash, numbers[0] | (uint64_t)numbers[1] << 32);
}

uint64_t pm_written_key(const struct pm_algorithm *algorithm, const struct pm_liveness *liveness)
{
    uint64_t hash =
        pm_value_fold((uint64_t)algorithm->input_dim, (uint64_t)algorithm->meta.vector_dim);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        hash = pm_value_fold(hash, (uint64_t)phase);
        for (int i = 0; i < algorithm->length[phase]; i++) {
            if (is_alive(liveness->flags[phase][i])) {
                hash = fold_written(hash, &algorithm->phase[phase][i]);
            }
        }
    }
    return pm_value_fold(hash, UINT64_MAX); /* no key of a graph */
}

uint64_t pm_functional_key_of(const struct pm_algorithm *algorithm,
                              const struct pm_liveness *liveness)
{
    struct meaning meaning;
    if (!prepare(&meaning, algorithm, liveness)) {
        return pm_written_key(algorithm, liveness);
    }
    run_all(&meaning);
    const uint64_t key = key_of_predictions(&meaning);
    return meaning.graph.full ? pm_written_key(algorithm, liveness) : key;
}

uint64_t pm_functional_key(const struct pm_algorithm *algorithm)
{
    struct pm_liveness liveness;
    pm_liveness_analyse(algorithm, &liveness);
    return pm_functional_key_of(algorithm, &liveness);
}
