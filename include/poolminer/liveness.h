/* Liveness: which instructions of an algorithm can change a prediction, in training or in
 * validation. The fast executor leaves out instructions that cannot, `poolminer check` shows them,
 * and evolution removes them.
 *
 * Exact for whole registers over the run order of docs/algorithm.md section 3 (setup; then predict
 * and learn once per training example; then predict once per validation example; s0 read after
 * each of the latter). It does not look into registers or at values: `s1 = s1 - s1` counts as
 * reading s1. */
#ifndef POOLMINER_LIVENESS_H
#define POOLMINER_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/instruction.h>

/* What one instruction does to registers in the memory its algorithm runs in. */
struct pm_instruction_effect {
    bool inert;          /* does nothing at all; the rest is then unset */
    bool partial;        /* writes only some elements of the destination (CONST_VEC) */
    enum pm_kind result; /* the kind computed, before widening to the destination */
};
struct pm_instruction_effect pm_instruction_effect(const struct pm_instruction *instruction,
                                                   const struct pm_algorithm_meta *meta);

/* A set of registers; bit i of bits[kind] is register i of that kind. */
struct pm_register_set {
    uint64_t bits[PM_KIND_NONE];
};

static inline bool pm_register_set_has(const struct pm_register_set *set, struct pm_operand r)
{
    return (set->bits[r.kind] >> r.index & 1) != 0;
}

enum pm_live {
    PM_LIVE_TRAINING = 1,   /* what it writes is read later, from where training runs it */
    PM_LIVE_VALIDATION = 2, /* the same for validation; predict only */
    PM_LIVE_INERT = 4,      /* can do nothing by its kinds, indices or form */
};

struct pm_liveness {
    /* enum pm_live flags of instruction i of a phase. Setup uses PM_LIVE_TRAINING. 0: dead. */
    uint8_t flags[PM_PHASE_COUNT][PM_PHASE_LENGTH_MAX];
    struct pm_register_set at_start;   /* read while they still hold their initial zeros */
    struct pm_register_set training;   /* live when an example's predict begins, in training */
    struct pm_register_set validation; /* the same in validation */
};

void pm_liveness_analyse(const struct pm_algorithm *algorithm, struct pm_liveness *out);

#endif
