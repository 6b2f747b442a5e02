#include "pool/store_internal.h"

bool pm_store_evaluation_add(struct pm_pool_store *store, int64_t algorithm_id, const char *hotkey,
                             double score, int64_t now_ms, struct pm_error *error)
{
    return pm_sql_execute(store->sql,
                          "INSERT INTO evaluations (algorithm_id, hotkey, score, submitted_ms)"
                          " VALUES ($1, $2, $3, $4)",
                          PM_SQL_VALUES(pm_sql_integer(algorithm_id), pm_sql_text(hotkey),
                                        pm_sql_real(score), pm_sql_integer(now_ms)),
                          error) &&
           pm_sql_execute(
               store->sql,
               "UPDATE algorithms SET evaluation_count = evaluation_count + 1 WHERE id = $1",
               PM_SQL_VALUES(pm_sql_integer(algorithm_id)), error);
}

bool pm_store_evaluations_visit(struct pm_pool_store *store, int64_t algorithm_id,
                                pm_store_visit_evaluation *visit, void *context,
                                struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok = pm_sql_select(
        store->sql, "SELECT hotkey, score FROM evaluations WHERE algorithm_id = $1 ORDER BY hotkey",
        PM_SQL_VALUES(pm_sql_integer(algorithm_id)), &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        struct pm_pool_evaluation evaluation = {.score = pm_sql_column_real(cursor, 1)};
        ok = pm_store_copy_text(cursor, 0, evaluation.hotkey, sizeof evaluation.hotkey, error);
        if (ok && !visit(context, &evaluation)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_evaluation_judge(struct pm_pool_store *store, int64_t algorithm_id,
                               const char *hotkey, bool accurate, struct pm_error *error)
{
    return pm_sql_execute(
        store->sql, "UPDATE evaluations SET accurate = $3 WHERE algorithm_id = $1 AND hotkey = $2",
        PM_SQL_VALUES(pm_sql_integer(algorithm_id), pm_sql_text(hotkey), pm_sql_integer(accurate)),
        error);
}

bool pm_store_unpaid_visit(struct pm_pool_store *store, const char *hotkey, int64_t since_ms,
                           int64_t limit, pm_store_visit_unpaid *visit, void *context,
                           struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok = pm_sql_select(
        store->sql,
        "SELECT evolution, algorithm_id, score, median, judged_ms FROM ("
        " SELECT 0 AS evolution, e.algorithm_id AS algorithm_id, e.score AS score,"
        "  a.score AS median, CASE WHEN e.submitted_ms > a.agreed_ms THEN e.submitted_ms"
        "  ELSE a.agreed_ms END AS judged_ms"
        "  FROM evaluations e JOIN algorithms a ON a.id = e.algorithm_id"
        "  WHERE e.hotkey = $1 AND e.accurate = 0"
        " UNION ALL"
        " SELECT 1, a.id, a.score, a.score, a.agreed_ms FROM algorithms a"
        "  WHERE a.author = $1 AND a.agreed_ms > 0 AND NOT EXISTS (SELECT 1 FROM rewards r"
        "   WHERE r.kind = $4 AND r.algorithm_id = a.id AND r.hotkey = a.author)) u"
        " WHERE judged_ms >= $2 ORDER BY judged_ms, evolution, algorithm_id LIMIT $3",
        PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(since_ms), pm_sql_integer(limit),
                      pm_sql_integer(PM_REWARD_EVOLUTION)),
        &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        const struct pm_pool_unpaid unpaid = {
            .is_evolution = pm_sql_column_integer(cursor, 0) == 1,
            .algorithm_id = pm_sql_column_integer(cursor, 1),
            .score = pm_sql_column_real(cursor, 2),
            .median = pm_sql_column_real(cursor, 3),
            .judged_ms = pm_sql_column_integer(cursor, 4),
        };
        if (!visit(context, &unpaid)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

/* $1 is the miner, $2 the quorum. */
#define JUDGEABLE                                                                                  \
    " FROM algorithms a WHERE a.agreed_ms = 0 AND (a.author IS NULL OR a.author <> $1)"            \
    " AND NOT EXISTS (SELECT 1 FROM evaluations e WHERE e.algorithm_id = a.id AND e.hotkey = $1)"  \
    " AND NOT EXISTS (SELECT 1 FROM assignments s JOIN leases l ON l.id = s.lease_id"              \
    "   WHERE s.algorithm_id = a.id AND l.hotkey = $1)"                                            \
    " AND a.evaluation_count"                                                                      \
    "   + (SELECT COUNT(*) FROM assignments s WHERE s.algorithm_id = a.id) < $2"

bool pm_store_judgeable(struct pm_pool_store *store, const char *hotkey, int quorum, int64_t *ids,
                        int64_t limit, int64_t *count, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    *count = 0;
    bool ok = pm_sql_select(
        store->sql, "SELECT a.id" JUDGEABLE " ORDER BY a.evaluation_count DESC, a.id LIMIT $3",
        PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(quorum), pm_sql_integer(limit)), &cursor,
        error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        ids[(*count)++] = pm_sql_column_integer(cursor, 0);
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_judgeable_count(struct pm_pool_store *store, const char *hotkey, int quorum,
                              int64_t *count, struct pm_error *error)
{
    bool found;
    return pm_sql_select_integer(store->sql, "SELECT COUNT(*)" JUDGEABLE,
                                 PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(quorum)), count,
                                 &found, error);
}

bool pm_store_consensus_due(struct pm_pool_store *store, int quorum, int64_t *id, bool *found,
                            struct pm_error *error)
{
    return pm_sql_select_integer(store->sql,
                                 "SELECT id FROM algorithms"
                                 " WHERE agreed_ms = 0 AND evaluation_count >= $1"
                                 " ORDER BY evaluation_count DESC, id LIMIT 1",
                                 PM_SQL_VALUES(pm_sql_integer(quorum)), id, found, error);
}
