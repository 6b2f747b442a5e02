/* /api/v1/tasks: leases and submissions. */
#include "pool/api_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Chance for one lease: its id, which nobody can guess, and its choice of seeds. */
struct chance {
    unsigned char id[(PM_LEASE_ID_SIZE - 1) / 2];
    uint64_t seeds;
};

static bool draw(struct chance *chance, char lease_id[PM_LEASE_ID_SIZE], struct pm_error *error)
{
    if (getrandom(chance, sizeof *chance, 0) != (ssize_t)sizeof *chance) {
        return pm_fail(error, PM_ERROR_IO, "getrandom: %m");
    }
    for (size_t i = 0; i < sizeof chance->id; i++) {
        snprintf(lease_id + 2 * i, 3, "%02x", chance->id[i]);
    }
    return true;
}

static bool add_algorithm(cJSON *array, const struct pm_granted *algorithm, bool with_score)
{
    cJSON *item = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(array, item)) {
        cJSON_Delete(item);
        return false;
    }
    return pm_api_add_integer(item, "id", algorithm->id) &&
           cJSON_AddStringToObject(item, "algorithm_dsl", algorithm->dsl) != NULL &&
           pm_api_add_integer(item, "input_dim", algorithm->input_dim) &&
           (!with_score || !algorithm->agreed ||
            cJSON_AddNumberToObject(item, "score", algorithm->score) != NULL);
}

static bool add_algorithms(cJSON *json, const char *name, const struct pm_granted *items,
                           size_t count, bool with_score)
{
    cJSON *array = cJSON_AddArrayToObject(json, name);
    for (size_t i = 0; array != NULL && i < count; i++) {
        if (!add_algorithm(array, &items[i], with_score)) {
            return false;
        }
    }
    return array != NULL;
}

static bool answer_lease(struct pm_api_call *call, const struct pm_grant *grant,
                         struct pm_error *error)
{
    cJSON *json = pm_api_answer(call);
    bool complete =
        cJSON_AddStringToObject(json, "lease_id", grant->lease.id) != NULL &&
        cJSON_AddStringToObject(json, "task_type", PM_TASK_TYPE) != NULL &&
        pm_api_add_integer(json, "window_number", grant->lease.window) &&
        pm_api_add_time(json, "timeout_at", grant->lease.timeout_ms) &&
        pm_api_add_integer(json, "evolve_budget", grant->lease.evolve_budget) &&
        add_algorithms(json, "evaluate_algorithms", grant->evaluate, grant->evaluate_count,
                       false) &&
        add_algorithms(json, "seed_algorithms", grant->seeds, grant->seed_count, true) &&
        cJSON_AddNullToObject(json, "gossip") != NULL;
    return pm_api_complete(complete, error);
}

static bool answer_task(struct pm_api_call *call, const struct pm_grant *grant,
                        struct pm_error *error)
{
    bool evolve = grant->lease.kind == PM_LEASE_EVOLVE;
    cJSON *json = pm_api_answer(call);
    bool complete =
        cJSON_AddStringToObject(json, "batch_id", grant->lease.id) != NULL &&
        cJSON_AddStringToObject(json, "task_type", evolve ? "evolve" : "evaluate") != NULL &&
        pm_api_add_integer(json, "window_number", grant->lease.window) &&
        pm_api_add_time(json, "timeout_at", grant->lease.timeout_ms) &&
        (evolve
             ? add_algorithms(json, "algorithms", grant->seeds, grant->seed_count, true)
             : add_algorithms(json, "algorithms", grant->evaluate, grant->evaluate_count, false));
    return pm_api_complete(complete, error);
}

bool pm_api_lease(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_body_lease body;
    struct chance chance;
    struct pm_grant grant;
    struct pm_error reason = {0};
    char lease_id[PM_LEASE_ID_SIZE];
    if (!pm_body_lease(call->body, &body, &reason)) {
        return pm_api_refuse(call, 422, &reason);
    }
    if (!draw(&chance, lease_id, error)) {
        return false;
    }
    const struct pm_lease_wish wish = {
        .hotkey = call->hotkey,
        .kind = PM_LEASE_BOTH,
        .evaluate_max = body.evaluate_max,
        .seed_max = body.seed_max,
        .random = chance.seeds,
        .lease_id = lease_id,
    };
    if (!pm_lease_issue(store, &call->pool->rules, call->now_ms, &wish, &grant, &call->refusal,
                        error)) {
        return false;
    }
    bool ok = call->refusal.status || answer_lease(call, &grant, error);
    pm_grant_clear(&grant);
    return ok;
}

bool pm_api_task(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    enum pm_lease_kind kind;
    struct chance chance;
    struct pm_grant grant;
    struct pm_error reason = {0};
    char lease_id[PM_LEASE_ID_SIZE];
    if (!pm_body_task(call->body, &kind, &reason)) {
        return pm_api_refuse(call, 422, &reason);
    }
    if (!draw(&chance, lease_id, error)) {
        return false;
    }
    struct pm_lease_wish wish = {
        .hotkey = call->hotkey,
        .kind = kind == PM_LEASE_BOTH ? PM_LEASE_EVALUATE : kind,
        .evaluate_max = PM_EVALUATE_DEFAULT,
        .seed_max = PM_SEED_DEFAULT,
        .random = chance.seeds,
        .lease_id = lease_id,
    };
    if (!pm_lease_issue(store, &call->pool->rules, call->now_ms, &wish, &grant, &call->refusal,
                        error)) {
        return false;
    }
    /* A miner that leaves the choice to us judges first, and evolves when nothing waits. */
    if (kind == PM_LEASE_BOTH && call->refusal.status == 404) {
        wish.kind = PM_LEASE_EVOLVE;
        if (!pm_lease_issue(store, &call->pool->rules, call->now_ms, &wish, &grant, &call->refusal,
                            error)) {
            return false;
        }
    }
    bool ok = call->refusal.status || answer_task(call, &grant, error);
    pm_grant_clear(&grant);
    return ok;
}

bool pm_api_pending(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    int64_t count;
    if (!pm_lease_pending(store, &call->pool->rules, call->hotkey, &count, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    cJSON_AddBoolToObject(json, "has_pending_evaluations", count > 0);
    pm_api_add_integer(json, "count", count);
    return true;
}

static bool submit(struct pm_pool_store *store, struct pm_api_call *call, enum pm_lease_kind kind,
                   struct pm_error *error)
{
    struct pm_error reason = {0};
    struct pm_pool_submission *submission = malloc(sizeof *submission);
    if (submission == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "a submission: out of memory");
    }
    bool ok = true;
    if (!pm_body_submission(call->body, kind, submission, &reason)) {
        pm_api_refuse(call, 422, &reason);
    } else {
        ok = pm_pool_submission_take(store, &call->pool->rules, call->now_ms, call->hotkey,
                                     call->parameter, submission, &call->text, &call->refusal,
                                     error);
    }
    free(submission);
    return ok;
}

bool pm_api_submit_lease(struct pm_pool_store *store, struct pm_api_call *call,
                         struct pm_error *error)
{
    return submit(store, call, PM_LEASE_BOTH, error);
}

bool pm_api_submit_evolution(struct pm_pool_store *store, struct pm_api_call *call,
                             struct pm_error *error)
{
    return submit(store, call, PM_LEASE_EVOLVE, error);
}

bool pm_api_submit_evaluation(struct pm_pool_store *store, struct pm_api_call *call,
                              struct pm_error *error)
{
    return submit(store, call, PM_LEASE_EVALUATE, error);
}
