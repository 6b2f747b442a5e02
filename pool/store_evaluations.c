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

bool pm_store_candidates_visit(struct pm_pool_store *store, const char *hotkey,
                               pm_store_visit_candidate *visit, void *context,
                               struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok = pm_sql_select(
        store->sql,
        "SELECT a.id, a.evaluation_count,"
        " (SELECT COUNT(*) FROM assignments s WHERE s.algorithm_id = a.id),"
        " CASE WHEN a.author = $1 THEN 1 ELSE 0 END,"
        " (SELECT COUNT(*) FROM evaluations e WHERE e.algorithm_id = a.id AND e.hotkey = $1),"
        " (SELECT COUNT(*) FROM assignments s JOIN leases l ON l.id = s.lease_id"
        "   WHERE s.algorithm_id = a.id AND l.hotkey = $1)"
        " FROM algorithms a WHERE a.agreed_ms = 0 ORDER BY a.evaluation_count DESC, a.id",
        PM_SQL_VALUES(pm_sql_text(hotkey)), &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        const struct pm_pool_candidate candidate = {
            .algorithm_id = pm_sql_column_integer(cursor, 0),
            .judged_count = pm_sql_column_integer(cursor, 1),
            .assigned_count = pm_sql_column_integer(cursor, 2),
            .own = pm_sql_column_integer(cursor, 3) != 0,
            .judged = pm_sql_column_integer(cursor, 4) != 0,
            .assigned = pm_sql_column_integer(cursor, 5) != 0,
        };
        if (!visit(context, &candidate)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}
