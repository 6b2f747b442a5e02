#include "pool/request_body.h"

#include <math.h>
#include <string.h>

#include <poolminer/json.h>

bool pm_body_parse(const char *body, size_t length, cJSON **out, struct pm_error *error)
{
    *out = NULL;
    if (length == 0) {
        return true;
    }
    if (!pm_json_parse(body, length, PM_POOL_BODY_MAX, out, error)) {
        return pm_fail_context(error, "body");
    }
    if (cJSON_IsObject(*out)) {
        return true;
    }
    cJSON_Delete(*out);
    *out = NULL;
    return pm_fail(error, PM_ERROR_INVALID, "body: expected a JSON object");
}

bool pm_body_proof(const cJSON *json, struct pm_body_proof *out, struct pm_error *error)
{
    *out = (struct pm_body_proof){0};
    return json == NULL ||
           (pm_json_optional_string(json, "public_address", &out->public_address, error) &&
            pm_json_optional_string(json, "signature", &out->signature, error) &&
            pm_json_optional_string(json, "message", &out->message, error));
}

static bool read_batch_size(const cJSON *json, const char *key, int64_t *size,
                            struct pm_error *error)
{
    if (!pm_json_optional_integer(json, key, size, error)) {
        return false;
    }
    if (*size < 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected 0 or more", key);
    }
    if (*size > PM_BATCH_MAX) {
        *size = PM_BATCH_MAX;
    }
    return true;
}

bool pm_body_lease(const cJSON *json, struct pm_body_lease *out, struct pm_error *error)
{
    *out = (struct pm_body_lease){.evaluate_max = PM_EVALUATE_DEFAULT, .seed_max = PM_SEED_DEFAULT};
    const char *task_type = PM_TASK_TYPE;
    int64_t gossip_limit = 0;
    if (json == NULL) {
        return true;
    }
    if (!pm_json_optional_string(json, "task_type", &task_type, error) ||
        !read_batch_size(json, "eval_batch_size", &out->evaluate_max, error) ||
        !read_batch_size(json, "seed_batch_size", &out->seed_max, error) ||
        !read_batch_size(json, "gossip_limit", &gossip_limit, error) ||
        !pm_json_optional_bool(json, "resume", &out->resume, error)) {
        return false;
    }
    if (strcmp(task_type, PM_TASK_TYPE) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "task_type: this pool has only \"%s\"",
                       PM_TASK_TYPE);
    }
    return true;
}

bool pm_body_task(const cJSON *json, struct pm_body_task *out, struct pm_error *error)
{
    const char *task_type = NULL;
    *out = (struct pm_body_task){.kind = PM_POOL_LEASE_BOTH};
    if (json != NULL && (!pm_json_optional_string(json, "task_type", &task_type, error) ||
                         !pm_json_optional_bool(json, "resume", &out->resume, error))) {
        return false;
    }
    if (task_type == NULL) {
        return true;
    }
    if (strcmp(task_type, "evolve") == 0) {
        out->kind = PM_POOL_LEASE_EVOLVE;
    } else if (strcmp(task_type, "evaluate") == 0) {
        out->kind = PM_POOL_LEASE_EVALUATE;
    } else {
        return pm_fail(error, PM_ERROR_INVALID, "task_type: expected \"evolve\" or \"evaluate\"");
    }
    return true;
}

/* An array that may be missing, which is an empty one (*out NULL). Its size is checked before
 * anything in it is read. */
static bool read_array(const cJSON *json, const char *key, size_t maximum, const cJSON **out,
                       struct pm_error *error)
{
    *out = pm_json_optional(json, key);
    if (*out == NULL) {
        return true;
    }
    if (!cJSON_IsArray(*out)) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected an array", key);
    }
    size_t count = (size_t)cJSON_GetArraySize(*out);
    if (count > maximum) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: %zu given, at most %zu are allowed", key, count,
                       maximum);
    }
    return true;
}

static bool read_evaluation(const cJSON *json, struct pm_pool_submission *out,
                            struct pm_error *error)
{
    struct pm_pool_submitted_evaluation *evaluation = &out->evaluations[out->evaluation_count];
    if (!cJSON_IsObject(json)) {
        return pm_fail(error, PM_ERROR_INVALID, "expected an object");
    }
    if (!pm_json_integer(json, "algorithm_id", &evaluation->algorithm_id, error) ||
        !pm_json_number(json, "score", &evaluation->score, error)) {
        return false;
    }
    if (!(evaluation->score >= 0 && evaluation->score <= 1)) {
        return pm_fail(error, PM_ERROR_INVALID, "score: expected a number from 0 to 1");
    }
    evaluation->score = fabs(evaluation->score); /* -0 is 0, also where bits are compared */
    for (size_t i = 0; i < out->evaluation_count; i++) {
        if (out->evaluations[i].algorithm_id == evaluation->algorithm_id) {
            return pm_fail(error, PM_ERROR_INVALID, "algorithm_id: %lld is there twice",
                           (long long)evaluation->algorithm_id);
        }
    }
    out->evaluation_count++;
    return true;
}

static bool read_evaluations(const cJSON *json, struct pm_pool_submission *out,
                             struct pm_error *error)
{
    const cJSON *array, *item;
    size_t index = 0;
    if (!read_array(json, "evaluations", PM_BATCH_MAX, &array, error)) {
        return false;
    }
    cJSON_ArrayForEach(item, array)
    {
        if (!read_evaluation(item, out, error)) {
            return pm_fail_context(error, "evaluations[%zu]", index);
        }
        index++;
    }
    return true;
}

/* Parents are numbers in one call, objects with an id in another. */
static bool read_parents(const cJSON *json, const char *key, bool as_objects,
                         struct pm_pool_submitted_evolution *out, struct pm_error *error)
{
    const cJSON *array, *item;
    if (!read_array(json, key, PM_PARENTS_MAX, &array, error)) {
        return false;
    }
    cJSON_ArrayForEach(item, array)
    {
        int64_t *id = &out->parents[out->parent_count];
        bool ok = as_objects ? pm_json_integer(item, "id", id, error)
                             : pm_json_item_integer(item, id, error);
        if (!ok) {
            return pm_fail_context(error, "%s[%zu]", key, out->parent_count);
        }
        out->parent_count++;
    }
    return true;
}

static bool read_evolutions(const cJSON *json, struct pm_pool_submission *out,
                            struct pm_error *error)
{
    const cJSON *array, *item;
    if (!read_array(json, "evolutions", PM_EVOLVE_BUDGET_MAX, &array, error)) {
        return false;
    }
    cJSON_ArrayForEach(item, array)
    {
        struct pm_pool_submitted_evolution *evolution = &out->evolutions[out->evolution_count];
        bool ok = cJSON_IsObject(item)
                      ? pm_json_string(item, "algorithm_dsl", &evolution->dsl, error) &&
                            read_parents(item, "parent_algorithm_ids", false, evolution, error)
                      : pm_fail(error, PM_ERROR_INVALID, "expected an object");
        if (!ok) {
            return pm_fail_context(error, "evolutions[%zu]", out->evolution_count);
        }
        out->evolution_count++;
    }
    return true;
}

static bool read_lease_submission(const cJSON *json, struct pm_pool_submission *out,
                                  struct pm_error *error)
{
    if (!read_evaluations(json, out, error) || !read_evolutions(json, out, error) ||
        !pm_json_optional_integer(json, "iterations", &out->iterations, error)) {
        return false;
    }
    if (out->iterations < 0) {
        return pm_fail(error, PM_ERROR_INVALID, "iterations: expected 0 or more");
    }
    return true;
}

bool pm_body_submission(const cJSON *json, enum pm_pool_lease_kind kind,
                        struct pm_pool_submission *out, struct pm_error *error)
{
    const cJSON *evaluations;
    memset(out, 0, sizeof *out);
    out->kind = kind;
    if (json == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "body: missing");
    }
    switch (kind) {
    case PM_POOL_LEASE_EVALUATE:
        return pm_json_array(json, "evaluations", &evaluations, error) &&
               read_evaluations(json, out, error);
    case PM_POOL_LEASE_EVOLVE:
        out->evolution_count = 1;
        return pm_json_string(json, "evolved_function", &out->evolutions[0].dsl, error) &&
               read_parents(json, "parent_functions", true, &out->evolutions[0], error);
    case PM_POOL_LEASE_BOTH:
        break;
    }
    return read_lease_submission(json, out, error);
}

bool pm_body_recipient(const cJSON *json, const char **coldkey, struct pm_error *error)
{
    if (json == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "body: missing");
    }
    return pm_json_string(json, "recipient_coldkey", coldkey, error);
}

bool pm_body_withdrawal(const cJSON *json, int64_t *amount_rao, struct pm_error *error)
{
    *amount_rao = 0;
    if (pm_json_optional(json, "amount_rao") == NULL) {
        return true;
    }
    if (!pm_json_integer(json, "amount_rao", amount_rao, error)) {
        return false;
    }
    if (*amount_rao <= 0) { /* a 0 that is said is no wish for all there is */
        return pm_fail(error, PM_ERROR_INVALID, "amount_rao: expected more than 0");
    }
    return true;
}
