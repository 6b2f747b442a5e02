#include "pool/admin.h"

#include "pool/table_print.h"
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

/* ---- the command that the words are ---- */

enum action { LIST_PAYOUTS, APPROVE_PAYOUT, REJECT_PAYOUT, PRINT_TABLE };

struct command {
    enum action action;
    int64_t withdrawal_id;
    const struct pm_table *table;
    enum pm_table_format format;
};

static bool is(const char *const *words, size_t count, const char *first, size_t wanted)
{
    return count == wanted && strcmp(words[0], first) == 0;
}

static bool parse_decision(const char *verb, const char *word, struct command *out,
                           struct pm_error *error)
{
    char *end;
    out->action = strcmp(verb, "approve") == 0 ? APPROVE_PAYOUT : REJECT_PAYOUT;
    out->withdrawal_id = strtoll(word, &end, 10);
    return (end != word && *end == '\0') ||
           pm_fail(error, PM_ERROR_INVALID, "admin payouts: \"%.40s\" is no withdrawal's id", word);
}

static bool parse_export(const char *name, const char *format, struct command *out,
                         struct pm_error *error)
{
    out->action = PRINT_TABLE;
    out->table = pm_table_find(name);
    if (out->table == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "admin export: \"%.40s\" is none of %s", name,
                       pm_table_names);
    }
    return pm_table_format_parse(format, &out->format, error);
}

static bool parse(const char *const *words, size_t count, struct command *out,
                  struct pm_error *error)
{
    if (is(words, count, "payouts", 2) && strcmp(words[1], "list") == 0) {
        out->action = LIST_PAYOUTS;
        return true;
    }
    if (is(words, count, "payouts", 3) &&
        (strcmp(words[1], "approve") == 0 || strcmp(words[1], "reject") == 0)) {
        return parse_decision(words[1], words[2], out, error);
    }
    if (is(words, count, "miners", 1) || is(words, count, "epochs", 1) ||
        is(words, count, "algorithms", 1)) {
        out->action = PRINT_TABLE;
        out->table = pm_table_find(words[0]);
        out->format = PM_TABLE_TEXT;
        return true;
    }
    if (is(words, count, "export", 3)) {
        return parse_export(words[1], words[2], out, error);
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "admin%s%.40s: expected payouts list, payouts approve ID, payouts reject ID,"
                   " miners, epochs, algorithms or export TABLE csv|json",
                   count ? " " : "", count ? words[0] : "");
}

bool pm_admin_check(const char *const *words, size_t count, struct pm_error *error)
{
    struct command command;
    return parse(words, count, &command, error);
}

bool pm_admin_decides(const char *const *words, size_t count)
{
    struct command command = {.action = LIST_PAYOUTS};
    return parse(words, count, &command, NULL) &&
           (command.action == APPROVE_PAYOUT || command.action == REJECT_PAYOUT);
}

/* ---- what it does ---- */

static bool decide_payout(struct pm_pool_store *store, const struct command *command, FILE *out,
                          struct pm_error *error)
{
    struct decision decision = {.id = command->withdrawal_id,
                                .approve = command->action == APPROVE_PAYOUT};
    if (!pm_pool_store_run(store, decide, &decision, error)) {
        return false;
    }
    if (decision.refusal.status) {
        return pm_fail(error, PM_ERROR_REFUSED, "%s", decision.refusal.detail);
    }
    fprintf(out, "withdrawal %" PRId64 " %s\n", decision.id,
            decision.approve ? "approved" : "rejected");
    return true;
}

struct showing {
    const struct pm_table *table;
    enum pm_table_format format;
    FILE *out;
};

static enum pm_pool_outcome show(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    const struct showing *showing = context;
    return pm_table_print(store, showing->table, showing->format, showing->out, error)
               ? PM_POOL_ROLLBACK
               : PM_POOL_FAILED;
}

bool pm_admin_run(struct pm_pool_store *store, const char *const *words, size_t count, FILE *out,
                  struct pm_error *error)
{
    struct command command;
    if (!parse(words, count, &command, error)) {
        return false;
    }
    switch (command.action) {
    case LIST_PAYOUTS:
        return pm_pool_store_run(store, list, out, error);
    case APPROVE_PAYOUT:
    case REJECT_PAYOUT:
        return decide_payout(store, &command, out, error);
    case PRINT_TABLE:
        break;
    }
    struct showing showing = {command.table, command.format, out};
    return pm_pool_store_run(store, show, &showing, error);
}
