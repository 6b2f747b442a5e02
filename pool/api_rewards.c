/* /api/v1/rewards: what a miner has earned, and asking for it. */
#include "pool/api_call.h"
#include "pool/ledger.h"
#include "pool/withdrawal.h"

#include <string.h>

#include <poolminer/payout.h>

enum { HISTORY_DEFAULT = 100, HISTORY_MAX = 10000 };

/* Money is shown to its owner only. */
static bool is_own(struct pm_api_call *call)
{
    if (strcmp(call->parameter, call->hotkey) == 0) {
        return true;
    }
    pm_refuse(&call->refusal, 403, "This is another miner's; sign with that hotkey");
    return false;
}

bool pm_api_balance(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    const struct pm_pool_rules *rules = &call->pool->rules;
    struct pm_pool_epoch epoch;
    struct pm_pool_balance balance;
    int64_t reputation, total, miners;
    if (!is_own(call)) {
        return true;
    }
    if (!pm_ledger_epoch(store, rules, call->now_ms, &epoch, error) ||
        !pm_store_balance(store, call->hotkey, &balance, error) ||
        !pm_store_reputation(store, epoch.number, call->hotkey, &reputation, error) ||
        !pm_store_reputation_sum(store, epoch.number, &total, &miners, error)) {
        return false;
    }
    int64_t available = pm_ledger_available_rao(&balance);
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "hotkey", call->hotkey);
    pm_api_add_integer(call, json, "balance_rao", available);
    pm_api_add_integer(call, json, "lifetime_rao", balance.lifetime_rao);
    pm_api_add_integer(call, json, "withdrawn_rao", balance.withdrawn_rao);
    pm_api_add_integer(call, json, "pending_withdrawal_rao", balance.pending_rao);
    pm_api_add_reputation(call, json, "pending_reputation", reputation);
    pm_api_add_integer(call, json, "estimated_pending_rao",
                       pm_payout_estimate(&rules->payout, reputation, total));
    pm_api_add_integer(call, json, "minimum_withdrawal_rao", rules->minimum_withdrawal_rao);
    pm_api_add_bool(call, json, "can_withdraw",
                    available > 0 && available >= rules->minimum_withdrawal_rao);
    return true;
}

static bool add_payout(void *context, const struct pm_pool_payout *payout)
{
    const struct pm_api_list *list = context;
    struct pm_api_call *call = list->call;
    cJSON *item = pm_api_add_item(call, list->array);
    pm_api_add_integer(call, item, "epoch", payout->epoch);
    pm_api_add_reputation(call, item, "reputation", payout->reputation);
    pm_api_add_integer(call, item, "amount_rao", payout->rao);
    pm_api_add_time(call, item, "settled_at", payout->settled_ms);
    return !call->incomplete;
}

bool pm_api_history(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    int64_t limit = HISTORY_DEFAULT;
    if (!is_own(call) || !pm_api_query_integer(call, "limit", 1, HISTORY_MAX, &limit)) {
        return true;
    }
    if (!pm_ledger_epoch(store, &call->pool->rules, call->now_ms, &epoch, error)) {
        return false;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "hotkey", call->hotkey);
    struct pm_api_list payouts = {call, pm_api_add_array(call, json, "payouts")};
    return pm_store_payouts_visit(store, call->hotkey, limit, add_payout, &payouts, error);
}

bool pm_api_withdraw(struct pm_pool_store *store, struct pm_api_call *call, struct pm_error *error)
{
    struct pm_pool_withdrawal withdrawal;
    struct pm_error reason = {0};
    int64_t amount_rao;
    if (!is_own(call)) {
        return true;
    }
    if (!pm_body_withdrawal(call->body, &amount_rao, &reason)) {
        return pm_api_refuse(call, 422, &reason);
    }
    if (!pm_withdrawal_request(store, &call->pool->rules, call->now_ms, call->hotkey, amount_rao,
                               &withdrawal, &call->refusal, error)) {
        return false;
    }
    if (call->refusal.status) {
        return true;
    }
    cJSON *json = pm_api_answer(call);
    pm_api_add_text(call, json, "status", "pending");
    pm_api_add_integer(call, json, "withdrawal_id", withdrawal.id);
    pm_api_add_integer(call, json, "amount_rao", withdrawal.rao);
    pm_api_add_text(call, json, "recipient_coldkey", withdrawal.coldkey);
    pm_api_add_time(call, json, "requested_at", withdrawal.requested_ms);
    return true;
}
