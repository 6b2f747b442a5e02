#include "pool/store_internal.h"

bool pm_store_subject_get(struct pm_pool_store *store, int64_t algorithm_id,
                          struct pm_pool_subject *out, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool row = false;
    bool ok = pm_sql_select(
                  store->sql,
                  "SELECT author, agreed_ms, score, evaluation_count FROM algorithms WHERE id = $1",
                  PM_SQL_VALUES(pm_sql_integer(algorithm_id)), &cursor, error) &&
              pm_sql_next(cursor, &row, error);
    if (ok && row) {
        out->agreed = pm_sql_column_integer(cursor, 1) != 0;
        out->score = pm_sql_column_real(cursor, 2);
        out->evaluation_count = pm_sql_column_integer(cursor, 3);
        ok = pm_store_copy_text(cursor, 0, out->author, sizeof out->author, error);
    } else if (ok) {
        ok = pm_fail(error, PM_ERROR_IO, "store: algorithm %lld is gone", (long long)algorithm_id);
    }
    pm_sql_end(cursor);
    return ok;
}

static struct pm_sql_value epoch_of(int64_t epoch, int64_t micro)
{
    return micro != 0 ? pm_sql_integer(epoch) : pm_sql_null();
}

static bool add_reputation(struct pm_pool_store *store, const char *hotkey, int64_t epoch,
                           int64_t micro, struct pm_error *error)
{
    return micro == 0 || pm_store_reputation_add(store, hotkey, epoch, micro, error);
}

bool pm_store_evaluation_add(struct pm_pool_store *store, int64_t algorithm_id,
                             const struct pm_pool_evaluation *evaluation,
                             const struct pm_pool_verdict *verdict, int64_t now_ms,
                             struct pm_error *error)
{
    const struct pm_pool_verdict none = {.micro = 0};
    const struct pm_pool_verdict *earned = verdict != NULL ? verdict : &none;
    return pm_sql_execute(
               store->sql,
               "INSERT INTO evaluations (algorithm_id, hotkey, score, submitted_ms, accurate,"
               " reward_epoch, reward_micro) VALUES ($1, $2, $3, $4, $5, $6, $7)",
               PM_SQL_VALUES(pm_sql_integer(algorithm_id), pm_sql_text(evaluation->hotkey),
                             pm_sql_real(evaluation->score), pm_sql_integer(now_ms),
                             verdict != NULL ? pm_sql_integer(verdict->accurate) : pm_sql_null(),
                             epoch_of(earned->epoch, earned->micro), pm_sql_integer(earned->micro)),
               error) &&
           add_reputation(store, evaluation->hotkey, earned->epoch, earned->micro, error);
}

/* A second verdict is neither 0 nor 1, which the table's check refuses. */
bool pm_store_evaluation_judge(struct pm_pool_store *store, int64_t algorithm_id,
                               const char *hotkey, const struct pm_pool_verdict *verdict,
                               struct pm_error *error)
{
    return pm_sql_execute(store->sql,
                          "UPDATE evaluations SET accurate = COALESCE(accurate + 2, $3),"
                          " reward_epoch = $4, reward_micro = $5"
                          " WHERE algorithm_id = $1 AND hotkey = $2",
                          PM_SQL_VALUES(pm_sql_integer(algorithm_id), pm_sql_text(hotkey),
                                        pm_sql_integer(verdict->accurate),
                                        epoch_of(verdict->epoch, verdict->micro),
                                        pm_sql_integer(verdict->micro)),
                          error) &&
           add_reputation(store, hotkey, verdict->epoch, verdict->micro, error);
}

/* What was in the miner's hands becomes one of its evaluations, so `engaged` stays as it is. */
bool pm_store_evaluations_count(struct pm_pool_store *store, int64_t algorithm_id, int64_t count,
                                struct pm_error *error)
{
    return pm_sql_execute(store->sql, "UPDATE algorithms SET evaluation_count = $2 WHERE id = $1",
                          PM_SQL_VALUES(pm_sql_integer(algorithm_id), pm_sql_integer(count)),
                          error);
}

bool pm_store_algorithm_agree(struct pm_pool_store *store, int64_t id, const char *author,
                              const struct pm_pool_consensus *consensus, struct pm_error *error)
{
    const bool evolved = author[0] != '\0';
    int64_t place = 0;
    if (evolved && !pm_store_next_place(store, &place, error)) {
        return false;
    }
    return pm_sql_execute(
               store->sql,
               "UPDATE algorithms SET score = $2, evaluation_count = $3, in_population = 1,"
               " agreed_ms = CASE WHEN agreed_ms = 0 THEN $4 ELSE CAST(-1 AS BIGINT) END,"
               " place = COALESCE(place, $5), reward_epoch = $6, reward_micro = $7 WHERE id = $1",
               PM_SQL_VALUES(pm_sql_integer(id), pm_sql_real(consensus->score),
                             pm_sql_integer(consensus->evaluation_count),
                             pm_sql_integer(consensus->agreed_ms),
                             evolved ? pm_sql_integer(place) : pm_sql_null(),
                             epoch_of(consensus->epoch, consensus->micro),
                             pm_sql_integer(consensus->micro)),
               error) &&
           (!evolved || add_reputation(store, author, consensus->epoch, consensus->micro, error));
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

bool pm_store_unpaid_visit(struct pm_pool_store *store, const char *hotkey,
                           const struct pm_pool_unpaid_place *after, int64_t limit,
                           pm_store_visit_unpaid *visit, void *context, struct pm_error *error)
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
        "  WHERE a.author = $1 AND a.agreed_ms > 0 AND a.reward_micro = 0) u"
        " WHERE judged_ms >= $2 AND (judged_ms > $2 OR evolution > $4"
        "  OR (evolution = $4 AND algorithm_id > $5))"
        " ORDER BY judged_ms, evolution, algorithm_id LIMIT $3",
        PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(after->judged_ms), pm_sql_integer(limit),
                      pm_sql_integer(after->is_evolution), pm_sql_integer(after->algorithm_id)),
        &cursor, error);
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        const struct pm_pool_unpaid unpaid = {
            .place = {.judged_ms = pm_sql_column_integer(cursor, 4),
                      .is_evolution = pm_sql_column_integer(cursor, 0) == 1,
                      .algorithm_id = pm_sql_column_integer(cursor, 1)},
            .score = pm_sql_column_real(cursor, 2),
            .median = pm_sql_column_real(cursor, 3),
        };
        if (!visit(context, &unpaid)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_judgeable_count(struct pm_pool_store *store, const char *hotkey, int64_t *count,
                              struct pm_error *error)
{
    bool found;
    return pm_sql_select_integer(store->sql, "SELECT COUNT(*)" PM_STORE_JUDGEABLE,
                                 PM_SQL_VALUES(pm_sql_text(hotkey)), count, &found, error);
}

bool pm_store_judgeable_renew(struct pm_pool_store *store, int quorum, struct pm_error *error)
{
    return pm_sql_execute(
        store->sql,
        "UPDATE algorithms SET is_open = CASE WHEN engaged < $1 THEN 1 ELSE 0 END"
        " WHERE agreed_ms = 0 AND is_open <> CASE WHEN engaged < $1 THEN 1 ELSE 0 END",
        PM_SQL_VALUES(pm_sql_integer(quorum)), error);
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
