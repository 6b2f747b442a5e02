#include "pool/store_internal.h"

#include <stdio.h>

#define MINER_COLUMNS                                                                              \
    "m.hotkey, m.registered_ms, m.last_seen_ms, m.recipient_coldkey, m.recipient_signed_s,"        \
    " m.reputation_total, m.evaluations_submitted, m.evaluations_finalised,"                       \
    " m.evaluations_accurate, m.evolutions_submitted, m.evolutions_finalised,"                     \
    " m.evolutions_over_threshold, m.best_score"
enum { MINER_COLUMN_COUNT = 13 };

static bool read_miner(struct pm_sql_cursor *cursor, struct pm_pool_miner *out,
                       struct pm_error *error)
{
    out->registered_ms = pm_sql_column_integer(cursor, 1);
    out->last_seen_ms = pm_sql_column_integer(cursor, 2);
    out->recipient_signed_s = pm_sql_column_integer(cursor, 4);
    out->reputation_total = pm_sql_column_integer(cursor, 5);
    out->counts = (struct pm_pool_counts){
        .evaluations_submitted = pm_sql_column_integer(cursor, 6),
        .evaluations_finalised = pm_sql_column_integer(cursor, 7),
        .evaluations_accurate = pm_sql_column_integer(cursor, 8),
        .evolutions_submitted = pm_sql_column_integer(cursor, 9),
        .evolutions_finalised = pm_sql_column_integer(cursor, 10),
        .evolutions_over_threshold = pm_sql_column_integer(cursor, 11),
    };
    out->best_score = pm_sql_column_real(cursor, 12);
    return pm_store_copy_text(cursor, 0, out->hotkey, sizeof out->hotkey, error) &&
           pm_store_copy_text(cursor, 3, out->recipient_coldkey, sizeof out->recipient_coldkey,
                              error);
}

bool pm_store_miner_get(struct pm_pool_store *store, const char *hotkey, struct pm_pool_miner *out,
                        bool *found, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    *found = false;
    if (!pm_store_pending_write(store, error)) {
        return false;
    }
    bool ok = pm_sql_select(store->sql, "SELECT " MINER_COLUMNS " FROM miners m WHERE hotkey = $1",
                            PM_SQL_VALUES(pm_sql_text(hotkey)), &cursor, error) &&
              pm_sql_next(cursor, found, error) && (!*found || read_miner(cursor, out, error));
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_miner_set_recipient(struct pm_pool_store *store, const char *hotkey,
                                  const char *coldkey, int64_t signed_s, struct pm_error *error)
{
    return pm_sql_execute(
        store->sql,
        "UPDATE miners SET recipient_coldkey = $2, recipient_signed_s = $3 WHERE hotkey = $1",
        PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_text(coldkey), pm_sql_integer(signed_s)), error);
}

bool pm_store_miners_active(struct pm_pool_store *store, int64_t since_ms, int64_t *out,
                            struct pm_error *error)
{
    bool found;
    return pm_store_pending_write(store, error) &&
           pm_sql_select_integer(store->sql, "SELECT COUNT(*) FROM miners WHERE last_seen_ms >= $1",
                                 PM_SQL_VALUES(pm_sql_integer(since_ms)), out, &found, error);
}

bool pm_store_leaderboard(struct pm_pool_store *store, int64_t epoch, int64_t limit,
                          pm_store_visit_rank *visit, void *context, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    if (!pm_store_pending_write(store, error)) {
        return false;
    }
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT " MINER_COLUMNS ", COALESCE(r.micro, 0)"
                      " FROM miners m LEFT JOIN reputation r"
                      "  ON r.hotkey = m.hotkey AND r.epoch = $1"
                      " ORDER BY COALESCE(r.micro, 0) DESC, m.reputation_total DESC, m.hotkey"
                      " LIMIT $2",
                      PM_SQL_VALUES(pm_sql_integer(epoch), pm_sql_integer(limit)), &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        struct pm_pool_rank rank = {.reputation =
                                        pm_sql_column_integer(cursor, MINER_COLUMN_COUNT)};
        ok = read_miner(cursor, &rank.miner, error);
        if (ok && !visit(context, &rank)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}
