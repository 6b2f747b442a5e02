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
        if (!visit(context, &payout))
            break;
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
    return pm_store_next_id(store->sql, "withdrawal", &withdrawal->id, error) &&
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

bool pm_store_withdrawal_pending(struct pm_pool_store *store, const char *hotkey,
                                 struct pm_pool_withdrawal *out, bool *found,
                                 struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    *found = false;
    bool ok = pm_sql_select(store->sql,
                            "SELECT id, rao, requested_ms, hotkey, recipient_coldkey"
                            " FROM withdrawals WHERE hotkey = $1 AND state = 0",
                            PM_SQL_VALUES(pm_sql_text(hotkey)), &cursor, error) &&
              pm_sql_next(cursor, found, error);
    if (ok && *found) {
        out->id = pm_sql_column_integer(cursor, 0);
        out->rao = pm_sql_column_integer(cursor, 1);
        out->requested_ms = pm_sql_column_integer(cursor, 2);
        out->state = PM_WITHDRAWAL_PENDING;
        ok = pm_store_copy_text(cursor, 3, out->hotkey, sizeof out->hotkey, error) &&
             pm_store_copy_text(cursor, 4, out->coldkey, sizeof out->coldkey, error);
    }
    pm_sql_end(cursor);
    return ok;
}
