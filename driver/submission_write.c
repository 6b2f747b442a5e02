/* A submission as the JSON that the pool's calls take. */
#include "driver/submission.h"

#include <poolminer/json.h>

static bool write_evaluations(cJSON *array, const struct pm_submission *submission)
{
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        const struct pm_submitted_evaluation *evaluation = &submission->evaluations[i];
        cJSON *item = pm_json_append_object(array);
        if (!pm_json_add_integer(item, "algorithm_id", evaluation->id) ||
            !pm_json_add_number(item, "score", evaluation->score)) {
            return false;
        }
    }
    return true;
}

static bool write_evolution(cJSON *item, const struct pm_submitted_evolution *evolution)
{
    cJSON *parents = cJSON_AddArrayToObject(item, "parent_algorithm_ids");
    for (size_t i = 0; parents != NULL && i < evolution->parent_count; i++) {
        if (!pm_json_append(parents, cJSON_CreateNumber((double)evolution->parents[i]))) {
            return false;
        }
    }
    return parents != NULL && pm_json_add_string(item, "algorithm_dsl", evolution->text);
}

static bool write_evolutions(cJSON *array, const struct pm_submission *submission)
{
    for (size_t i = 0; i < submission->evolution_count; i++) {
        if (!write_evolution(pm_json_append_object(array), &submission->evolutions[i])) {
            return false;
        }
    }
    return true;
}

static bool write_lease(cJSON *object, const struct pm_submission *submission)
{
    cJSON *evaluations = cJSON_AddArrayToObject(object, "evaluations");
    cJSON *evolutions = cJSON_AddArrayToObject(object, "evolutions");
    double iterations = (double)pm_submission_iterations(submission);
    return evaluations != NULL && evolutions != NULL &&
           write_evaluations(evaluations, submission) && write_evolutions(evolutions, submission) &&
           pm_json_add_number(object, "iterations", iterations) &&
           pm_json_add_null(object, "gossip");
}

static bool write_evaluate_task(cJSON *object, const struct pm_submission *submission)
{
    cJSON *evaluations = cJSON_AddArrayToObject(object, "evaluations");
    return evaluations != NULL && write_evaluations(evaluations, submission);
}

static bool write_evolve_task(cJSON *object, const struct pm_submission *submission)
{
    const struct pm_submitted_evolution *best = &submission->evolutions[0];
    cJSON *parents = cJSON_AddArrayToObject(object, "parent_functions");
    for (size_t i = 0; parents != NULL && i < best->parent_count; i++) {
        cJSON *parent = pm_json_append_object(parents);
        if (!pm_json_add_integer(parent, "id", best->parents[i])) {
            return false;
        }
    }
    return parents != NULL && pm_json_add_string(object, "evolved_function", best->text);
}

static bool write_content(cJSON *object, const struct pm_submission *submission)
{
    switch (submission->lease->kind) {
    case PM_LEASE_BOTH:
        return write_lease(object, submission);
    case PM_LEASE_EVALUATE:
        return write_evaluate_task(object, submission);
    case PM_LEASE_EVOLVE:
        return pm_submission_is_empty_evolution(submission) ||
               write_evolve_task(object, submission);
    }
    return false;
}

cJSON *pm_submission_write(const struct pm_submission *submission)
{
    cJSON *object = cJSON_CreateObject();
    if (object != NULL && write_content(object, submission)) {
        return object;
    }
    cJSON_Delete(object);
    return NULL;
}
