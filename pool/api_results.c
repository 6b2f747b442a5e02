/* /api/v1/results: algorithms at consensus. */
#include "pool/api_call.h"

#include <stdlib.h>
#include <string.h>

enum { RESULTS_DEFAULT = 50, RESULTS_MAX = 1000, RESULT_DIGITS_MAX = 18 };

static bool add_result(void *context, const struct pm_pool_algorithm *algorithm)
{
    const struct pm_api_list *list = context;
    struct pm_api_call *call = list->call;
    cJSON *item = pm_api_add_item(call, list->array);
    pm_api_add_integer(call, item, "result_id", algorithm->id);
    pm_api_add_integer(call, item, "algorithm_id", algorithm->id);
    pm_api_add_text(call, item, "task_type", PM_TASK_TYPE);
    pm_api_add_text(call, item, "algorithm_dsl", algorithm->dsl);
    pm_api_add_integer(call, item, "input_dim", algorithm->input_dim);
    pm_api_add_number(call, item, "score", algorithm->score);
    pm_api_add_text(call, item, "hotkey", algorithm->author);
    pm_api_add_time(call, item, "agreed_at", algorithm->agreed_ms);
    pm_api_add_time(call, item, "verified_at", algorithm->verified_ms);
    return !call->incomplete;
}

bool pm_api_results(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_result_filter filter = {.limit = RESULTS_DEFAULT, .verified_only = true};
    if (!pm_api_query_integer(call, "limit", 1, RESULTS_MAX, &filter.limit) ||
        !pm_api_query_number(call, "min_score", &filter.minimum_score) ||
        !pm_api_query_task_type(call)) {
        return true;
    }
    cJSON *json = pm_api_answer(call);
    struct pm_api_list results = {call, pm_api_add_array(call, json, "results")};
    return pm_store_results_visit(store, &filter, add_result, &results, error);
}

bool pm_api_sota(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    int64_t waiting, best_id;
    double best;
    bool any;
    if (!pm_api_query_task_type(call)) {
        return true;
    }
    if (!pm_store_algorithms_summary(store, &waiting, &best, &best_id, &any, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "task_type", PM_TASK_TYPE);
    if (any) {
        pm_api_add_number(call, json, "sota_score", best);
        pm_api_add_integer(call, json, "result_id", best_id);
    } else {
        pm_api_add_text(call, json, "sota_score", NULL);
        pm_api_add_text(call, json, "result_id", NULL);
    }
    return true;
}

/* What decides whether a result may be marked; texts of a visit do not outlive it. */
struct verdict {
    bool agreed, own;
    const char *hotkey;
    int64_t verified_ms;
};

static bool look(void *context, const struct pm_pool_algorithm *algorithm)
{
    struct verdict *verdict = context;
    verdict->agreed = algorithm->agreed;
    verdict->own = algorithm->author != NULL && strcmp(algorithm->author, verdict->hotkey) == 0;
    verdict->verified_ms = algorithm->verified_ms;
    return false;
}

/* As the pool writes it: digits, and no other way to say the same. */
static bool read_result_id(const char *text, int64_t *id)
{
    size_t digits = strspn(text, "0123456789");
    if (text[0] == '0' || digits == 0 || digits > RESULT_DIGITS_MAX || text[digits] != '\0') {
        return false;
    }
    *id = strtoll(text, NULL, 10);
    return true;
}

bool pm_api_verify(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct verdict verdict = {.hotkey = call->hotkey};
    bool found = false;
    int64_t id = 0;
    if (read_result_id(call->parameter, &id) &&
        !pm_store_algorithm_visit(store, id, look, &verdict, &found, error)) {
        return false;
    }
    if (!found) {
        pm_refuse(&call->refusal, 404, "Result not found");
    } else if (!verdict.agreed) {
        pm_refuse(&call->refusal, 400, "Result is not completed: its consensus is still missing");
    } else if (verdict.own) {
        pm_refuse(&call->refusal, 403, "A miner cannot verify its own result");
    } else {
        if (!pm_store_result_verify(store, id, call->now_ms, error)) {
            return false;
        }
        cJSON *json = pm_api_answer(call);
        int64_t verified_ms = verdict.verified_ms ? verdict.verified_ms : call->now_ms;
        pm_api_add_text(call, json, "status", "verified");
        pm_api_add_integer(call, json, "result_id", id);
        pm_api_add_time(call, json, "verified_at", verified_ms);
    }
    return true;
}
