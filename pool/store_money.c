#include "pool/store_internal.h"

bool pm_store_payout_add(struct pm_pool_store *store, const char *hotkey,
                         const struct pm_pool_payout *payout, struct pm_error *error)
{
    return pm_sql_execute(
        store->sql, "INSERT INTO payouts (epoch, hotkey, reputation, rao) VALUES ($1, $2, $3, $4)",
        PM_SQL_VALUES(pm_sql_integer(payout->epoch), pm_sql_text(hotkey),
                      pm_sql_integer(payout->reputation), pm_sql_integer(payout->rao)),
        error);
}

bool pm_store_payouts_visit(struct pm_pool_store *store, const char *hotkey, int64_t limit,
                            pm_store_visit_payout *visit, void *context, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT p.epoch, p.reputation, p.rao, e.settled_ms"
                      " FROM payouts p JOIN epochs e ON e.number = p.epoch"
                      " WHERE p.hotkey = $1 ORDER BY p.epoch DESC LIMIT $2",
                      PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(limit)), &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        const struct pm_pool_payout payout = {
            .epoch = pm_sql_column_integer(cursor, 0),
            .reputation = pm_sql_column_integer(cursor, 1),
            .rao = pm_sql_column_integer(cursor, 2),
            .settled_ms = pm_sql_column_integer(cursor, 3),
        };
        if (!visit(context, &payout)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_balance(struct pm_pool_store *store, const char *hotkey, struct pm_pool_balance *out,
                      struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT (SELECT CAST(COALESCE(SUM(rao), 0) AS BIGINT) FROM payouts"
                      "         WHERE hotkey = $1),"
                      " (SELECT CAST(COALESCE(SUM(rao), 0) AS BIGINT) FROM withdrawals"
                      "   WHERE hotkey = $1 AND state = $2),"
                      " (SELECT CAST(COALESCE(SUM(rao), 0) AS BIGINT) FROM withdrawals"
                      "   WHERE hotkey = $1 AND state = $3)",
                      PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(PM_WITHDRAWAL_APPROVED),
                                    pm_sql_integer(PM_WITHDRAWAL_PENDING)),
                      &cursor, error) &&
        pm_sql_next(cursor, &row, error);
    if (ok) {
        out->lifetime_rao = pm_sql_column_integer(cursor, 0);
        out->withdrawn_rao = pm_sql_column_integer(cursor, 1);
        out->pending_rao = pm_sql_column_integer(cursor, 2);
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_withdrawal_add(struct pm_pool_store *store, struct pm_pool_withdrawal *withdrawal,
                             struct pm_error *error)
{
    return pm_store_next_id(store, "withdrawal", &withdrawal->id, error) &&
           pm_sql_execute(
               store->sql,
               "INSERT INTO withdrawals (id, hotkey, rao, recipient_coldkey, requested_ms, state)"
               " VALUES ($1, $2, $3, $4, $5, $6)",
               PM_SQL_VALUES(pm_sql_integer(withdrawal->id), pm_sql_text(withdrawal->hotkey),
                             pm_sql_integer(withdrawal->rao), pm_sql_text(withdrawal->coldkey),
                             pm_sql_integer(withdrawal->requested_ms),
                             pm_sql_integer(PM_WITHDRAWAL_PENDING)),
               error);
}

#define WITHDRAWAL_COLUMNS "id, rao, requested_ms, decided_ms, state, hotkey, recipient_coldkey"

static bool read_withdrawal(struct pm_sql_cursor *cursor, struct pm_pool_withdrawal *out,
                            struct pm_error *error)
{
    out->id = pm_sql_column_integer(cursor, 0);
    out->rao = pm_sql_column_integer(cursor, 1);
    out->requested_ms = pm_sql_column_integer(cursor, 2);
    out->decided_ms = pm_sql_column_integer(cursor, 3);
    out->state = (enum pm_withdrawal_state)pm_sql_column_integer(cursor, 4);
    return pm_store_copy_text(cursor, 5, out->hotkey, sizeof out->hotkey, error) &&
           pm_store_copy_text(cursor, 6, out->coldkey, sizeof out->coldkey, error);
}

/* The one row that a query gives; ends the cursor. */
static bool read_one(struct pm_sql_cursor *cursor, bool ok, struct pm_pool_withdrawal *out,
                     bool *found, struct pm_error *error)
{
    *found = false;
    ok =
        ok && pm_sql_next(cursor, found, error) && (!*found || read_withdrawal(cursor, out, error));
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_withdrawal_pending(struct pm_pool_store *store, const char *hotkey,
                                 struct pm_pool_withdrawal *out, bool *found,
                                 struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok = pm_sql_select(store->sql,
                            "SELECT " WITHDRAWAL_COLUMNS
                            " FROM withdrawals WHERE hotkey = $1 AND state = 0",
                            PM_SQL_VALUES(pm_sql_text(hotkey)), &cursor, error);
    return read_one(cursor, ok, out, found, error);
}

bool pm_store_withdrawal_get(struct pm_pool_store *store, int64_t id,
                             struct pm_pool_withdrawal *out, bool *found, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok =
        pm_sql_select(store->sql, "SELECT " WITHDRAWAL_COLUMNS " FROM withdrawals WHERE id = $1",
                      PM_SQL_VALUES(pm_sql_integer(id)), &cursor, error);
    return read_one(cursor, ok, out, found, error);
}

bool pm_store_withdrawals_visit(struct pm_pool_store *store, pm_store_visit_withdrawal *visit,
                                void *context, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok =
        pm_sql_select(store->sql, "SELECT " WITHDRAWAL_COLUMNS " FROM withdrawals ORDER BY id",
                      PM_SQL_NO_VALUES, &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        struct pm_pool_withdrawal withdrawal;
        ok = read_withdrawal(cursor, &withdrawal, error);
        if (ok && !visit(context, &withdrawal)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_withdrawal_decide(struct pm_pool_store *store, int64_t id,
                                enum pm_withdrawal_state state, int64_t now_ms,
                                struct pm_error *error)
{
    return pm_sql_execute(
        store->sql,
        "UPDATE withdrawals SET state = $2, decided_ms = $3 WHERE id = $1 AND state = 0",
        PM_SQL_VALUES(pm_sql_integer(id), pm_sql_integer(state), pm_sql_integer(now_ms)), error);
}
