/* /api/v1/miners/unpaid: why a miner's results earned nothing. */
#include "pool/api_call.h"

enum { UNPAID_DEFAULT = 100, UNPAID_MAX = 1000 };

static bool add_unpaid(void *context, const struct pm_pool_unpaid *unpaid)
{
    const struct pm_api_list *list = context;
    struct pm_api_call *call = list->call;
    cJSON *item = pm_api_add_item(call, list->array);
    pm_api_add_text(call, item, "kind", unpaid->is_evolution ? "evolution" : "evaluation");
    pm_api_add_integer(call, item, "algorithm_id", unpaid->algorithm_id);
    pm_api_add_number(call, item, "score", unpaid->score);
    pm_api_add_number(call, item, "median", unpaid->median);
    pm_api_add_integer(call, item, "judged_ms", unpaid->judged_ms);
    return !call->incomplete;
}

bool pm_api_unpaid(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    int64_t since_ms = 0, limit = UNPAID_DEFAULT;
    if (!pm_api_query_integer(call, "since_ms", 0, INT64_MAX, &since_ms) ||
        !pm_api_query_integer(call, "limit", 1, UNPAID_MAX, &limit)) {
        return true;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_number(call, json, "tolerance", call->pool->rules.tolerance);
    pm_api_add_number(call, json, "reward_threshold", call->pool->rules.reward_threshold);
    struct pm_api_list list = {call, pm_api_add_array(call, json, "unpaid")};
    return pm_store_unpaid_visit(store, call->hotkey, since_ms, limit, add_unpaid, &list, error);
}
