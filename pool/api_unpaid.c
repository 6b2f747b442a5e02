/* /api/v1/miners/unpaid: why a miner's results earned nothing. */
#include "pool/api_call.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNPAID_DEFAULT = 100, UNPAID_MAX = 1000 };

static const char EVALUATION[] = "evaluation", EVOLUTION[] = "evolution";

struct page {
    struct pm_api_list list;
    struct pm_pool_unpaid_place last;
};

static const char *kind_of(const struct pm_pool_unpaid_place *place)
{
    return place->is_evolution ? EVOLUTION : EVALUATION;
}

static bool add_unpaid(void *context, const struct pm_pool_unpaid *unpaid)
{
    struct page *page = context;
    struct pm_api_call *call = page->list.call;
    cJSON *item = pm_api_add_item(call, page->list.array);
    page->last = unpaid->place;
    pm_api_add_text(call, item, "kind", kind_of(&unpaid->place));
    pm_api_add_integer(call, item, "algorithm_id", unpaid->place.algorithm_id);
    pm_api_add_number(call, item, "score", unpaid->score);
    pm_api_add_number(call, item, "median", unpaid->median);
    pm_api_add_integer(call, item, "judged_ms", unpaid->place.judged_ms);
    return !call->incomplete;
}

void pm_api_place_write(const struct pm_pool_unpaid_place *place, char out[PM_API_PLACE_SIZE])
{
    snprintf(out, PM_API_PLACE_SIZE, "%" PRId64 "-%s-%" PRId64, place->judged_ms, kind_of(place),
             place->algorithm_id);
}

bool pm_api_place_read(const char *text, struct pm_pool_unpaid_place *out)
{
    char again[PM_API_PLACE_SIZE];
    const char *kind = strchr(text, '-');
    const char *id = strrchr(text, '-');
    if (kind == NULL) {
        return false;
    }
    *out = (struct pm_pool_unpaid_place){
        .judged_ms = strtoll(text, NULL, 10),
        .is_evolution = strncmp(kind + 1, EVOLUTION, strlen(EVOLUTION)) == 0,
        .algorithm_id = strtoll(id + 1, NULL, 10),
    };
    pm_api_place_write(out, again);
    return strcmp(text, again) == 0;
}

/* Where the page begins; false: the call has its refusal. */
static bool read_start(struct pm_api_call *call, struct pm_pool_unpaid_place *out)
{
    const char *after = pm_http_server_query(call->request, "after");
    if (!pm_api_query_integer(call, "since_ms", 0, INT64_MAX, &out->judged_ms)) {
        return false;
    }
    if (after != NULL && !pm_api_place_read(after, out)) {
        pm_refuse(&call->refusal, 422, "after: expected what an answer of this call gave as next");
        return false;
    }
    return true;
}

bool pm_api_unpaid(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_unpaid_place after = {0};
    int64_t limit = UNPAID_DEFAULT;
    if (!read_start(call, &after) || !pm_api_query_integer(call, "limit", 1, UNPAID_MAX, &limit)) {
        return true;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_number(call, json, "tolerance", call->pool->rules.tolerance);
    pm_api_add_number(call, json, "reward_threshold", call->pool->rules.reward_threshold);
    struct page page = {.list = {call, pm_api_add_array(call, json, "unpaid")}};
    if (!pm_store_unpaid_visit(store, call->hotkey, &after, limit, add_unpaid, &page, error)) {
        return false;
    }
    char next[PM_API_PLACE_SIZE];
    pm_api_place_write(&page.last, next);
    pm_api_add_text(call, json, "next", page.last.algorithm_id != 0 ? next : NULL);
    return true;
}
