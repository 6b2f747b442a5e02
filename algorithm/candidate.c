#include "algorithm/candidate.h"

#include <poolminer/simplify.h>

bool pm_candidate_init(struct pm_candidate *candidate, struct pm_algorithm *program, uint64_t seeds,
                       struct pm_error *error)
{
    *candidate = (struct pm_candidate){.program = program, .seeds = seeds};
    candidate->simple = pm_simplify(program, error);
    if (candidate->simple != NULL) {
        candidate->meaning = pm_functional_key(candidate->simple);
        candidate->insight = pm_algorithm_insight(candidate->simple);
        return true;
    }
    pm_candidate_clear(candidate);
    return false;
}

bool pm_candidate_copy(struct pm_candidate *candidate, const struct pm_candidate *from,
                       struct pm_error *error)
{
    *candidate = *from;
    candidate->program = pm_algorithm_clone(from->program);
    candidate->simple = pm_algorithm_clone(from->simple);
    candidate->lineage = pm_lineage_share(from->lineage);
    candidate->change = PM_CHANGE_NONE;
    if (candidate->program != NULL && candidate->simple != NULL) {
        return true;
    }
    pm_candidate_clear(candidate);
    return pm_fail(error, PM_ERROR_MEMORY, "copying an algorithm: out of memory");
}

void pm_candidate_clear(struct pm_candidate *candidate)
{
    pm_algorithm_destroy(candidate->program);
    pm_algorithm_destroy(candidate->simple);
    pm_lineage_release(candidate->lineage);
    *candidate = (struct pm_candidate){0};
}

int pm_candidate_length(const struct pm_candidate *candidate)
{
    return pm_algorithm_length(candidate->simple);
}

bool pm_candidate_better(const struct pm_candidate *a, const struct pm_candidate *b)
{
    if (a->complete != b->complete) {
        return a->complete;
    }
    if (!a->complete && a->insight != b->insight) {
        return a->insight > b->insight;
    }
    if (a->complete && a->merit != b->merit) {
        return a->merit > b->merit;
    }
    if (a->complete) {
        return pm_candidate_length(a) < pm_candidate_length(b);
    }
    return a->fitness.quick > b->fitness.quick;
}
