/* /health and /api/v1/monitor: the pool itself. */
#include "pool/api_call.h"
#include "pool/ledger.h"

enum { BLOCK_MS = 12000 }; /* a block of the network: this pool has no chain, only its rhythm */

int64_t pm_api_seconds_left(const struct pm_pool_epoch *epoch, int64_t now_ms)
{
    return epoch->end_ms > now_ms ? (epoch->end_ms - now_ms + 999) / 1000 : 0;
}

bool pm_api_health(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    if (!pm_ledger_epoch_seen(store, &call->pool->rules, call->now_ms, &epoch, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "status", "healthy");
    pm_api_add_integer(call, json, "window_number", epoch.number);
    pm_api_add_integer(call, json, "current_block", call->now_ms / BLOCK_MS);
    pm_api_add_integer(call, json, "time_remaining_s", pm_api_seconds_left(&epoch, call->now_ms));
    if (call->pool->dataset_fingerprint != NULL) {
        pm_api_add_text(call, json, "dataset_fingerprint", call->pool->dataset_fingerprint);
    }
    if (call->pool->suite != NULL) {
        pm_api_add_text(call, json, "suite", call->pool->suite);
    }
    return true;
}

bool pm_api_monitor(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    struct pm_pool_totals totals;
    int64_t active, reputation, rewarded, waiting, best_id;
    double best = 0;
    bool any;
    if (!pm_ledger_epoch(store, &call->pool->rules, call->now_ms, &epoch, error) ||
        !pm_store_totals(store, &totals, error) ||
        !pm_store_miners_active(store, call->now_ms - call->pool->rules.epoch_ms, &active, error) ||
        !pm_store_reputation_sum(store, epoch.number, &reputation, &rewarded, error) ||
        !pm_store_algorithms_summary(store, &waiting, &best, &best_id, &any, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_integer(call, json, "epoch", epoch.number);
    pm_api_add_integer(call, json, "epoch_seconds_left", pm_api_seconds_left(&epoch, call->now_ms));
    pm_api_add_integer(call, json, "miners_registered", totals.miners);
    pm_api_add_integer(call, json, "miners_active", active);
    pm_api_add_integer(call, json, "leases_live", totals.leases_live);
    pm_api_add_integer(call, json, "algorithms", totals.algorithms);
    pm_api_add_integer(call, json, "algorithms_waiting", waiting);
    pm_api_add_integer(call, json, "population", totals.population);
    pm_api_add_integer(call, json, "evaluations", totals.evaluations);
    pm_api_add_number(call, json, "best_score", best);
    pm_api_add_reputation(call, json, "total_reputation", reputation);
    pm_api_add_integer(call, json, "epochs_settled", totals.epochs_settled);
    pm_api_add_integer(call, json, "paid_rao", totals.paid_rao);
    pm_api_add_integer(call, json, "pool_rao", totals.pool_rao);
    pm_api_add_integer(call, json, "withdrawals_pending", totals.withdrawals_pending);
    pm_api_add_integer(call, json, "withdrawals_pending_rao", totals.withdrawals_pending_rao);
    return true;
}
