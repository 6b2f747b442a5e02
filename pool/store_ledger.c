#include "pool/store_internal.h"

bool pm_store_reputation(struct pm_pool_store *store, int64_t epoch, const char *hotkey,
                         int64_t *out, struct pm_error *error)
{
    bool found;
    *out = 0;
    return pm_store_pending_write(store, error) &&
           pm_sql_select_integer(
               store->sql, "SELECT micro FROM reputation WHERE epoch = $1 AND hotkey = $2",
               PM_SQL_VALUES(pm_sql_integer(epoch), pm_sql_text(hotkey)), out, &found, error);
}

bool pm_store_rank(struct pm_pool_store *store, int64_t epoch, int64_t reputation, int64_t *out,
                   struct pm_error *error)
{
    bool found;
    return pm_store_pending_write(store, error) &&
           pm_sql_select_integer(
               store->sql, "SELECT 1 + COUNT(*) FROM reputation WHERE epoch = $1 AND micro > $2",
               PM_SQL_VALUES(pm_sql_integer(epoch), pm_sql_integer(reputation)), out, &found,
               error);
}

bool pm_store_reputation_sum(struct pm_pool_store *store, int64_t epoch, int64_t *sum,
                             int64_t *miners, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    if (!pm_store_pending_write(store, error)) {
        return false;
    }
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT CAST(COALESCE(SUM(micro), 0) AS BIGINT), COUNT(*) FROM reputation"
                      " WHERE epoch = $1 AND micro > 0",
                      PM_SQL_VALUES(pm_sql_integer(epoch)), &cursor, error) &&
        pm_sql_next(cursor, &row, error);
    if (ok) {
        *sum = pm_sql_column_integer(cursor, 0);
        *miners = pm_sql_column_integer(cursor, 1);
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_reputation_visit(struct pm_pool_store *store, int64_t epoch,
                               pm_store_visit_reputation *visit, void *context,
                               struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    if (!pm_store_pending_write(store, error)) {
        return false;
    }
    bool ok = pm_sql_select(store->sql,
                            "SELECT hotkey, micro FROM reputation"
                            " WHERE epoch = $1 AND micro > 0 ORDER BY hotkey",
                            PM_SQL_VALUES(pm_sql_integer(epoch)), &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        if (!visit(context, pm_sql_column_text(cursor, 0), pm_sql_column_integer(cursor, 1))) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_epoch_latest(struct pm_pool_store *store, struct pm_pool_epoch *out, bool *found,
                           struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    *found = store->pending.has_epoch;
    if (*found) {
        *out = store->pending.epoch;
        return true;
    }
    bool ok = pm_sql_select(store->sql,
                            "SELECT number, start_ms, end_ms, settled, settled_ms, reputation,"
                            " budget_rao, paid_rao, pool_rao FROM epochs"
                            " ORDER BY number DESC LIMIT 1",
                            PM_SQL_NO_VALUES, &cursor, error) &&
              pm_sql_next(cursor, found, error);
    if (ok && *found) {
        *out = (struct pm_pool_epoch){
            .number = pm_sql_column_integer(cursor, 0),
            .start_ms = pm_sql_column_integer(cursor, 1),
            .end_ms = pm_sql_column_integer(cursor, 2),
            .settled = pm_sql_column_integer(cursor, 3) != 0,
            .settled_ms = pm_sql_column_integer(cursor, 4),
            .reputation = pm_sql_column_integer(cursor, 5),
            .budget_rao = pm_sql_column_integer(cursor, 6),
            .paid_rao = pm_sql_column_integer(cursor, 7),
            .pool_rao = pm_sql_column_integer(cursor, 8),
        };
        store->pending.epoch = *out;
        store->pending.has_epoch = true;
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_epoch_add(struct pm_pool_store *store, const struct pm_pool_epoch *epoch,
                        struct pm_error *error)
{
    store->pending.has_epoch = false;
    return pm_sql_execute(
        store->sql, "INSERT INTO epochs (number, start_ms, end_ms) VALUES ($1, $2, $3)",
        PM_SQL_VALUES(pm_sql_integer(epoch->number), pm_sql_integer(epoch->start_ms),
                      pm_sql_integer(epoch->end_ms)),
        error);
}

bool pm_store_epoch_settle(struct pm_pool_store *store, const struct pm_pool_epoch *epoch,
                           struct pm_error *error)
{
    store->pending.has_epoch = false;
    return pm_sql_execute(
        store->sql,
        "UPDATE epochs SET settled = 1, settled_ms = $2, reputation = $3, budget_rao = $4,"
        " paid_rao = $5, pool_rao = $6 WHERE number = $1 AND settled = 0",
        PM_SQL_VALUES(pm_sql_integer(epoch->number), pm_sql_integer(epoch->settled_ms),
                      pm_sql_integer(epoch->reputation), pm_sql_integer(epoch->budget_rao),
                      pm_sql_integer(epoch->paid_rao), pm_sql_integer(epoch->pool_rao)),
        error);
}
