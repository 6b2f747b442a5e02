#include <poolminer/liveness.h>
#include <poolminer/simplify.h>

struct pm_algorithm *pm_simplify(const struct pm_algorithm *algorithm, struct pm_error *error)
{
    struct pm_algorithm *simple = pm_algorithm_clone(algorithm);
    if (!simple) {
        pm_fail(error, PM_ERROR_MEMORY, "simplifying an algorithm: out of memory");
        return NULL;
    }
    struct pm_liveness liveness;
    pm_liveness_analyse(algorithm, &liveness);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        int kept = 0;
        for (int i = 0; i < algorithm->length[phase]; i++) {
            if (liveness.flags[phase][i] & (PM_LIVE_TRAINING | PM_LIVE_VALIDATION))
                simple->phase[phase][kept++] = algorithm->phase[phase][i];
        }
        simple->length[phase] = kept;
    }
    return simple;
}

static bool is_input(struct pm_operand operand)
{
    return operand.kind == PM_KIND_VECTOR && operand.index == 0;
}

bool pm_algorithm_blind(const struct pm_algorithm *algorithm)
{
    for (int phase = PM_PHASE_PREDICT; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_instruction *instruction = &algorithm->phase[phase][i];
            const int arity = pm_op_info((enum pm_op)instruction->op)->arity;
            if ((arity > 0 && is_input(instruction->a)) || (arity > 1 && is_input(instruction->b)))
                return false;
        }
    }
    return true;
}
