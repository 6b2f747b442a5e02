#include "pool/admin.h"

#include "pool/withdrawal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

static const char *state_name(enum pm_withdrawal_state state)
{
    switch (state) {
    case PM_WITHDRAWAL_PENDING:
        return "pending";
    case PM_WITHDRAWAL_APPROVED:
        return "approved";
    case PM_WITHDRAWAL_REJECTED:
        break;
    }
    return "rejected";
}

static bool print_withdrawal(void *context, const struct pm_pool_withdrawal *withdrawal)
{
    char requested[PM_CLOCK_ISO_SIZE];
    pm_clock_format_iso(withdrawal->requested_ms, requested);
    fprintf(context, "%6" PRId64 "  %-8s  %s  %15" PRId64 "  %s -> %s\n", withdrawal->id,
            state_name(withdrawal->state), requested, withdrawal->rao, withdrawal->hotkey,
            withdrawal->coldkey);
    return true;
}

static enum pm_pool_outcome list(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    fprintf(context, "%6s  %-8s  %-24s  %15s  %s\n", "id", "state", "requested", "RAO",
            "hotkey -> recipient coldkey");
    return pm_store_withdrawals_visit(store, print_withdrawal, context, error) ? PM_POOL_ROLLBACK
                                                                               : PM_POOL_FAILED;
}

struct decision {
    int64_t id;
    bool approve;
    struct pm_refusal refusal;
};

static enum pm_pool_outcome decide(struct pm_pool_store *store, void *context,
                                   struct pm_error *error)
{
    struct decision *decision = context;
    return pm_withdrawal_decide(store, pm_clock_unix_ms(), decision->id, decision->approve,
                                &decision->refusal, error)
               ? PM_POOL_COMMIT
               : PM_POOL_FAILED;
}

static bool decide_by_word(struct pm_pool_store *store, const char *word, bool approve, FILE *out,
                           struct pm_error *error)
{
    char *end;
    struct decision decision = {.id = strtoll(word, &end, 10), .approve = approve};
    if (end == word || *end) {
        return pm_fail(error, PM_ERROR_INVALID, "admin payouts: \"%s\" is no withdrawal's id",
                       word);
    }
    if (!pm_pool_store_run(store, decide, &decision, error)) {
        return false;
    }
    if (decision.refusal.status) {
        return pm_fail(error, PM_ERROR_REFUSED, "%s", decision.refusal.detail);
    }
    fprintf(out, "withdrawal %" PRId64 " %s\n", decision.id, approve ? "approved" : "rejected");
    return true;
}

bool pm_admin_run(struct pm_pool_store *store, const char *const *words, size_t count, FILE *out,
                  struct pm_error *error)
{
    if (count >= 2 && strcmp(words[0], "payouts") == 0) {
        if (count == 2 && strcmp(words[1], "list") == 0) {
            return pm_pool_store_run(store, list, out, error);
        }
        if (count == 3 && strcmp(words[1], "approve") == 0) {
            return decide_by_word(store, words[2], true, out, error);
        }
        if (count == 3 && strcmp(words[1], "reject") == 0) {
            return decide_by_word(store, words[2], false, out, error);
        }
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "admin: expected payouts list, payouts approve ID or payouts reject ID");
}
