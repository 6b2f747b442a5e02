#include "pool/store_internal.h"

bool pm_store_totals(struct pm_pool_store *store, struct pm_pool_totals *out,
                     struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    if (!pm_store_pending_write(store, error)) {
        return false;
    }
    bool ok = pm_sql_select(store->sql,
                            "SELECT (SELECT COUNT(*) FROM miners),"
                            " (SELECT COUNT(*) FROM leases WHERE state = 0),"
                            " (SELECT COUNT(*) FROM algorithms),"
                            " (SELECT COUNT(*) FROM algorithms WHERE in_population = 1),"
                            " (SELECT COUNT(*) FROM evaluations),"
                            " (SELECT COUNT(*) FROM epochs WHERE settled = 1),"
                            " (SELECT CAST(COALESCE(SUM(paid_rao), 0) AS BIGINT) FROM epochs),"
                            " (SELECT CAST(COALESCE(SUM(pool_rao), 0) AS BIGINT) FROM epochs),"
                            " (SELECT COUNT(*) FROM withdrawals WHERE state = 0),"
                            " (SELECT CAST(COALESCE(SUM(rao), 0) AS BIGINT) FROM withdrawals"
                            "   WHERE state = 0)",
                            PM_SQL_NO_VALUES, &cursor, error) &&
              pm_sql_next(cursor, &row, error);
    if (ok) {
        *out = (struct pm_pool_totals){
            .miners = pm_sql_column_integer(cursor, 0),
            .leases_live = pm_sql_column_integer(cursor, 1),
            .algorithms = pm_sql_column_integer(cursor, 2),
            .population = pm_sql_column_integer(cursor, 3),
            .evaluations = pm_sql_column_integer(cursor, 4),
            .epochs_settled = pm_sql_column_integer(cursor, 5),
            .paid_rao = pm_sql_column_integer(cursor, 6),
            .pool_rao = pm_sql_column_integer(cursor, 7),
            .withdrawals_pending = pm_sql_column_integer(cursor, 8),
            .withdrawals_pending_rao = pm_sql_column_integer(cursor, 9),
        };
    }
    pm_sql_end(cursor);
    return ok;
}
