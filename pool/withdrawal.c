#include "pool/withdrawal.h"

#include "pool/ledger.h"

#include <inttypes.h>
#include <stdio.h>

static void check(const struct pm_pool_rules *rules, const struct pm_pool_miner *miner,
                  int64_t amount_rao, int64_t available_rao, bool pending,
                  struct pm_refusal *refusal)
{
    if (pending) {
        pm_refuse(refusal, 409, "A withdrawal already waits for the operator");
    } else if (amount_rao < rules->minimum_withdrawal_rao) {
        pm_refuse(refusal, 400, PM_DETAIL_MINIMUM);
    } else if (amount_rao <= 0) { /* where the rules know no minimum */
        pm_refuse(refusal, 400, "Cannot withdraw - there is nothing");
    } else if (amount_rao > available_rao) {
        pm_refuse(refusal, 400, "Cannot withdraw - the balance is %" PRId64 " RAO", available_rao);
    } else if (miner->recipient_coldkey[0] == '\0') {
        pm_refuse(refusal, 400, "Cannot withdraw - no recipient coldkey is set");
    }
}

bool pm_withdrawal_request(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                           int64_t now_ms, const char *hotkey, int64_t amount_rao,
                           struct pm_pool_withdrawal *out, struct pm_refusal *refusal,
                           struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    struct pm_pool_miner miner;
    struct pm_pool_balance balance;
    bool pending, found;
    *refusal = (struct pm_refusal){0};
    if (!pm_ledger_epoch(store, rules, now_ms, &epoch, error) ||
        !pm_store_miner_touch(store, hotkey, now_ms, error) ||
        !pm_store_miner_get(store, hotkey, &miner, &found, error) ||
        !pm_store_balance(store, hotkey, &balance, error) ||
        !pm_store_withdrawal_pending(store, hotkey, out, &pending, error)) {
        return false;
    }
    int64_t available_rao = pm_ledger_available_rao(&balance);
    if (amount_rao == 0) {
        amount_rao = available_rao;
    }
    check(rules, &miner, amount_rao, available_rao, pending, refusal);
    if (refusal->status) {
        return true;
    }
    *out = (struct pm_pool_withdrawal){.rao = amount_rao, .requested_ms = now_ms};
    snprintf(out->hotkey, sizeof out->hotkey, "%s", hotkey);
    snprintf(out->coldkey, sizeof out->coldkey, "%s", miner.recipient_coldkey);
    return pm_store_withdrawal_add(store, out, error);
}

bool pm_withdrawal_decide(struct pm_pool_store *store, int64_t now_ms, int64_t id, bool approve,
                          struct pm_refusal *refusal, struct pm_error *error)
{
    struct pm_pool_withdrawal withdrawal;
    bool found;
    *refusal = (struct pm_refusal){0};
    if (!pm_store_withdrawal_get(store, id, &withdrawal, &found, error)) {
        return false;
    }
    if (!found) {
        pm_refuse(refusal, 404, "There is no withdrawal %" PRId64, id);
    } else if (withdrawal.state != PM_WITHDRAWAL_PENDING) {
        pm_refuse(refusal, 409, "Withdrawal %" PRId64 " was decided before", id);
    }
    if (refusal->status) {
        return true;
    }
    return pm_store_withdrawal_decide(
        store, id, approve ? PM_WITHDRAWAL_APPROVED : PM_WITHDRAWAL_REJECTED, now_ms, error);
}
