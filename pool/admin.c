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

static bool show_table(struct pm_pool_store *reader, const char *name, FILE *out,
                       struct pm_error *error)
{
    struct showing showing = {.table = pm_table_find(name), .format = PM_TABLE_TEXT, .out = out};
    return pm_pool_store_run(reader, show, &showing, error);
}

static bool export_table(struct pm_pool_store *reader, const char *name, const char *format,
                         FILE *out, struct pm_error *error)
{
    struct showing showing = {.table = pm_table_find(name), .out = out};
    if (showing.table == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "admin export: \"%.40s\" is none of %s", name,
                       pm_table_names);
    }
    return pm_table_format_parse(format, &showing.format, error) &&
           pm_pool_store_run(reader, show, &showing, error);
}

static bool is_shown(const char *name)
{
    return strcmp(name, "miners") == 0 || strcmp(name, "epochs") == 0 ||
           strcmp(name, "algorithms") == 0;
}

/* *known: it was a command about payouts. */
static bool run_payouts(struct pm_pool_store *store, struct pm_pool_store *reader,
                        const char *const *words, size_t count, FILE *out, bool *known,
                        struct pm_error *error)
{
    *known = true;
    if (count == 2 && strcmp(words[1], "list") == 0) {
        return pm_pool_store_run(reader, list, out, error);
    }
    if (count == 3 && strcmp(words[1], "approve") == 0) {
        return decide_by_word(store, words[2], true, out, error);
    }
    if (count == 3 && strcmp(words[1], "reject") == 0) {
        return decide_by_word(store, words[2], false, out, error);
    }
    *known = false;
    return false;
}

bool pm_admin_run(struct pm_pool_store *store, struct pm_pool_store *reader,
                  const char *const *words, size_t count, FILE *out, struct pm_error *error)
{
    bool known = false, ok = false;
    if (count >= 2 && strcmp(words[0], "payouts") == 0) {
        ok = run_payouts(store, reader, words, count, out, &known, error);
    } else if (count == 1 && is_shown(words[0])) {
        known = true;
        ok = show_table(reader, words[0], out, error);
    } else if (count == 3 && strcmp(words[0], "export") == 0) {
        known = true;
        ok = export_table(reader, words[1], words[2], out, error);
    }
    if (known) {
        return ok;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "admin: expected payouts list, payouts approve ID, payouts reject ID, miners,"
                   " epochs, algorithms or export TABLE csv|json");
}
