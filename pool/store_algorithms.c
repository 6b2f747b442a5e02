#include "pool/store_internal.h"

bool pm_store_next_place(struct pm_pool_store *store, int64_t *place, struct pm_error *error)
{
    bool good = pm_store_next_id(store, "population", place, error);
    --*place;
    return good;
}

bool pm_store_algorithm_add(struct pm_pool_store *store, const struct pm_pool_algorithm *algorithm,
                            const int64_t *parents, size_t parent_count, int64_t *id,
                            struct pm_error *error)
{
    char list[PM_STORE_LIST_SIZE];
    int64_t place = 0;
    pm_store_list_write(parents, parent_count, list);
    return pm_store_next_id(store, "algorithm", id, error) &&
           (!algorithm->in_population || pm_store_next_place(store, &place, error)) &&
           pm_sql_execute(
               store->sql,
               "INSERT INTO algorithms"
               " (id, digest, dsl, input_dim, author, in_population, created_ms, place, parents)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
               PM_SQL_VALUES(
                   pm_sql_integer(*id), pm_sql_text(algorithm->digest), pm_sql_text(algorithm->dsl),
                   pm_sql_integer(algorithm->input_dim), pm_sql_text(algorithm->author),
                   pm_sql_integer(algorithm->in_population), pm_sql_integer(algorithm->created_ms),
                   algorithm->in_population ? pm_sql_integer(place) : pm_sql_null(),
                   pm_sql_text(list)),
               error);
}

bool pm_store_algorithm_find(struct pm_pool_store *store, const char *digest, int64_t *id,
                             bool *found, struct pm_error *error)
{
    return pm_sql_select_integer(store->sql, "SELECT id FROM algorithms WHERE digest = $1",
                                 PM_SQL_VALUES(pm_sql_text(digest)), id, found, error);
}

/* Of the population; what is agreed on is in it. The index is in the same words. */
#define BEST_FIRST " ORDER BY COALESCE(score, -1) DESC, id"

#define ALGORITHM_COLUMNS                                                                          \
    "a.id, a.input_dim, a.dsl, a.digest, a.author, a.in_population, a.agreed_ms, a.score,"         \
    " a.evaluation_count, a.created_ms, a.verified_ms"

/* Hands each row to the visitor, and ends the cursor (which may be NULL when `ok` is false). */
static bool visit_rows(struct pm_sql_cursor *cursor, bool ok, pm_store_visit_algorithm *visit,
                       void *context, struct pm_error *error)
{
    bool row = false;
    while (ok && (ok = pm_sql_next(cursor, &row, error)) && row) {
        const struct pm_pool_algorithm algorithm = {
            .id = pm_sql_column_integer(cursor, 0),
            .input_dim = (int)pm_sql_column_integer(cursor, 1),
            .dsl = pm_sql_column_text(cursor, 2),
            .digest = pm_sql_column_text(cursor, 3),
            .author = pm_sql_column_text(cursor, 4),
            .in_population = pm_sql_column_integer(cursor, 5) != 0,
            .agreed_ms = pm_sql_column_integer(cursor, 6),
            .agreed = pm_sql_column_integer(cursor, 6) != 0,
            .score = pm_sql_column_real(cursor, 7),
            .evaluation_count = pm_sql_column_integer(cursor, 8),
            .created_ms = pm_sql_column_integer(cursor, 9),
            .verified_ms = pm_sql_column_integer(cursor, 10),
        };
        if (!visit(context, &algorithm)) {
            break;
        }
    }
    pm_sql_end(cursor);
    return ok;
}

/* Passes one algorithm on and remembers that there was one. */
struct watched_visit {
    pm_store_visit_algorithm *visit;
    void *context;
    bool seen;
};

static bool watch(void *context, const struct pm_pool_algorithm *algorithm)
{
    struct watched_visit *watched = context;
    watched->seen = true;
    return watched->visit(watched->context, algorithm);
}

bool pm_store_algorithm_visit(struct pm_pool_store *store, int64_t id,
                              pm_store_visit_algorithm *visit, void *context, bool *found,
                              struct pm_error *error)
{
    struct watched_visit watched = {.visit = visit, .context = context};
    struct pm_sql_cursor *cursor;
    bool ok =
        pm_sql_select(store->sql, "SELECT " ALGORITHM_COLUMNS " FROM algorithms a WHERE id = $1",
                      PM_SQL_VALUES(pm_sql_integer(id)), &cursor, error);
    ok = visit_rows(cursor, ok, watch, &watched, error);
    *found = watched.seen;
    return ok;
}

bool pm_store_algorithm_exists(struct pm_pool_store *store, int64_t id, bool *exists,
                               struct pm_error *error)
{
    int64_t one;
    return pm_sql_select_integer(store->sql, "SELECT 1 FROM algorithms WHERE id = $1",
                                 PM_SQL_VALUES(pm_sql_integer(id)), &one, exists, error);
}

bool pm_store_population_count(struct pm_pool_store *store, int64_t *out, struct pm_error *error)
{
    return pm_store_last_id(store, "population", out, error);
}

bool pm_store_population_visit_rank(struct pm_pool_store *store, int64_t rank,
                                    pm_store_visit_algorithm *visit, void *context,
                                    struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT " ALGORITHM_COLUMNS
                      " FROM algorithms a WHERE in_population = 1" BEST_FIRST " LIMIT 1 OFFSET $1",
                      PM_SQL_VALUES(pm_sql_integer(rank)), &cursor, error);
    return visit_rows(cursor, ok, visit, context, error);
}

bool pm_store_population_visit_place(struct pm_pool_store *store, int64_t place,
                                     pm_store_visit_algorithm *visit, void *context,
                                     struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok =
        pm_sql_select(store->sql, "SELECT " ALGORITHM_COLUMNS " FROM algorithms a WHERE place = $1",
                      PM_SQL_VALUES(pm_sql_integer(place)), &cursor, error);
    return visit_rows(cursor, ok, visit, context, error);
}

bool pm_store_judgeable_visit(struct pm_pool_store *store, const char *hotkey, int64_t limit,
                              pm_store_visit_algorithm *visit, void *context,
                              struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok =
        pm_sql_select(store->sql,
                      "SELECT " ALGORITHM_COLUMNS PM_STORE_JUDGEABLE
                      " ORDER BY a.evaluation_count DESC, a.id LIMIT $2",
                      PM_SQL_VALUES(pm_sql_text(hotkey), pm_sql_integer(limit)), &cursor, error);
    return visit_rows(cursor, ok, visit, context, error);
}

bool pm_store_algorithms_summary(struct pm_pool_store *store, int64_t *waiting, double *best,
                                 int64_t *best_id, bool *any, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool found;
    *any = false;
    bool ok =
        pm_sql_select_integer(store->sql, "SELECT COUNT(*) FROM algorithms WHERE agreed_ms = 0",
                              PM_SQL_NO_VALUES, waiting, &found, error);
    if (!ok) {
        return false;
    }
    ok = pm_sql_select(store->sql,
                       "SELECT id, score FROM algorithms"
                       " WHERE in_population = 1 AND agreed_ms > 0" BEST_FIRST " LIMIT 1",
                       PM_SQL_NO_VALUES, &cursor, error) &&
         pm_sql_next(cursor, any, error);
    if (ok && *any) {
        *best_id = pm_sql_column_integer(cursor, 0);
        *best = pm_sql_column_real(cursor, 1);
    }
    pm_sql_end(cursor);
    return ok;
}

bool pm_store_results_visit(struct pm_pool_store *store, const struct pm_result_filter *filter,
                            pm_store_visit_algorithm *visit, void *context, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok = pm_sql_select(
        store->sql,
        "SELECT " ALGORITHM_COLUMNS " FROM algorithms a WHERE in_population = 1 AND agreed_ms > 0"
        " AND COALESCE(score, -1) >= $1 AND verified_ms >= $2" BEST_FIRST " LIMIT $3",
        PM_SQL_VALUES(pm_sql_real(filter->minimum_score),
                      pm_sql_integer(filter->verified_only ? 1 : 0), pm_sql_integer(filter->limit)),
        &cursor, error);
    return visit_rows(cursor, ok, visit, context, error);
}

bool pm_store_result_verify(struct pm_pool_store *store, int64_t id, int64_t now_ms,
                            struct pm_error *error)
{
    return pm_sql_execute(
        store->sql, "UPDATE algorithms SET verified_ms = $2 WHERE id = $1 AND verified_ms = 0",
        PM_SQL_VALUES(pm_sql_integer(id), pm_sql_integer(now_ms)), error);
}

bool pm_store_relay_next(struct pm_pool_store *store, pm_store_visit_algorithm *visit,
                         void *context, struct pm_error *error)
{
    struct pm_sql_cursor *cursor;
    bool ok = pm_sql_select(
        store->sql,
        "SELECT " ALGORITHM_COLUMNS " FROM algorithms a"
        " WHERE in_population = 1 AND a.agreed_ms > 0 AND a.author IS NOT NULL"
        " AND COALESCE(score, -1) >"
        " COALESCE((SELECT b.score FROM algorithms b"
        "   JOIN counters c ON c.value = b.id WHERE c.name = 'relayed'), -1)" BEST_FIRST " LIMIT 1",
        PM_SQL_NO_VALUES, &cursor, error);
    return visit_rows(cursor, ok, visit, context, error);
}

bool pm_store_relay_done(struct pm_pool_store *store, int64_t id, struct pm_error *error)
{
    return pm_sql_execute(store->sql,
                          "INSERT INTO counters (name, value) VALUES ('relayed', $1)"
                          " ON CONFLICT (name) DO UPDATE SET value = $1",
                          PM_SQL_VALUES(pm_sql_integer(id)), error);
}
