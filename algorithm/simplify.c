#include <poolminer/liveness.h>
#include <poolminer/simplify.h>

struct pm_algorithm *pm_simplify(const struct pm_algorithm *algorithm, struct pm_error *error)
{
    struct pm_algorithm *simple = pm_algorithm_clone(algorithm);
    if (simple == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "simplifying an algorithm: out of memory");
        return NULL;
    }
    struct pm_liveness liveness;
    pm_liveness_analyse(algorithm, &liveness);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        int kept = 0;
        for (int i = 0; i < algorithm->length[phase]; i++) {
            if (liveness.flags[phase][i] & (PM_LIVE_TRAINING | PM_LIVE_VALIDATION)) {
                simple->phase[phase][kept++] = algorithm->phase[phase][i];
            }
        }
        simple->length[phase] = kept;
    }
    return simple;
}

static bool reads(const struct pm_instruction *instruction, enum pm_kind kind, unsigned index)
{
    const int arity = pm_op_info((enum pm_op)instruction->op)->arity;
    const struct pm_operand a = instruction->a, b = instruction->b;
    return (arity > 0 && a.kind == kind && a.index == index) ||
           (arity > 1 && b.kind == kind && b.index == index);
}

/* Whether a live instruction of the phase reads the register. */
static bool is_read(const struct pm_algorithm *algorithm, const struct pm_liveness *liveness,
                    enum pm_phase phase, enum pm_live where, enum pm_kind kind, unsigned index)
{
    for (int i = 0; i < algorithm->length[phase]; i++) {
        if ((liveness->flags[phase][i] & where) &&
            reads(&algorithm->phase[phase][i], kind, index)) {
            return true;
        }
    }
    return false;
}

enum pm_insight pm_algorithm_insight(const struct pm_algorithm *algorithm)
{
    struct pm_liveness liveness;
    pm_liveness_analyse(algorithm, &liveness);
    if (!is_read(algorithm, &liveness, PM_PHASE_PREDICT, PM_LIVE_VALIDATION, PM_KIND_VECTOR, 0)) {
        return PM_INSIGHT_NONE;
    }
    if (!is_read(algorithm, &liveness, PM_PHASE_LEARN, PM_LIVE_TRAINING, PM_KIND_SCALAR, 1)) {
        return PM_INSIGHT_LOOKS;
    }
    return PM_INSIGHT_LEARNS;
}
