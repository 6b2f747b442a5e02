/* Figures over time: kept more thinly as they age. */
#include "sidecar/history_internal.h"

#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>

enum {
    THIN_EVERY = 60, /* samples between two looks for what is too old to be kept so densely */
    SETTLED = 60,
};

#define DAY_MS 86400000LL
#define DENSE_MS DAY_MS          /* up to this age every sample is kept, */
#define MIDDLE_MS (30 * DAY_MS)  /* up to this one in ten minutes, */
#define SPARSE_MS (730 * DAY_MS) /* and up to this one in six hours */
#define MIDDLE_STEP_MS 600000LL
#define SPARSE_STEP_MS 21600000LL

static const char *const SERIES[PM_SERIES_COUNT] = {
    [PM_SERIES_REPUTATION] = "reputation",
    [PM_SERIES_REPUTATION_TOTAL] = "reputation_total",
    [PM_SERIES_REPUTATION_PER_HOUR] = "reputation_per_hour",
    [PM_SERIES_ACCURACY] = "accuracy",
    [PM_SERIES_SUCCESS_RATE] = "success_rate",
    [PM_SERIES_BALANCE_RAO] = "balance_rao",
    [PM_SERIES_LIFETIME_RAO] = "lifetime_rao",
    [PM_SERIES_BEST_SCORE] = "best_score",
    [PM_SERIES_POOL_BEST_SCORE] = "pool_best_score",
    [PM_SERIES_EVALUATIONS] = "evaluations",
    [PM_SERIES_EVOLUTIONS] = "evolutions",
};

static bool insert_sample(const struct pm_history *history, const char *account, int64_t unix_ms,
                          const double values[PM_SERIES_COUNT], struct pm_error *error)
{
    sqlite3_stmt *statement =
        pm_history_prepare(history,
                           "INSERT OR IGNORE INTO samples (account, unix_ms, " PM_HISTORY_COLUMNS
                           ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           error);
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_text(statement, 1, account, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(statement, 2, unix_ms);
    for (int i = 0; i < PM_SERIES_COUNT; i++) {
        if (isfinite(values[i])) { /* else it stays NULL */
            sqlite3_bind_double(statement, 3 + i, values[i]);
        }
    }
    bool done = sqlite3_step(statement) == SQLITE_DONE ||
                pm_history_fail(history, "adding a sample", error);
    sqlite3_finalize(statement);
    return done;
}

/* Of the samples older than `age_ms` one in `step_ms` stays, the last. */
static bool thin_older(const struct pm_history *history, int64_t now_ms, int64_t age_ms,
                       int64_t step_ms, struct pm_error *error)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "DELETE FROM samples WHERE unix_ms < %lld AND (account, unix_ms) NOT IN "
             "(SELECT account, max(unix_ms) FROM samples WHERE unix_ms < %lld "
             "GROUP BY account, unix_ms / %lld)",
             (long long)(now_ms - age_ms), (long long)(now_ms - age_ms), (long long)step_ms);
    return pm_history_execute(history, sql, error);
}

static bool thin(const struct pm_history *history, int64_t now_ms, struct pm_error *error)
{
    char sql[256];
    if (!thin_older(history, now_ms, DENSE_MS, MIDDLE_STEP_MS, error) ||
        !thin_older(history, now_ms, MIDDLE_MS, SPARSE_STEP_MS, error)) {
        return false;
    }
    snprintf(sql, sizeof sql, "DELETE FROM samples WHERE unix_ms < %lld",
             (long long)(now_ms - SPARSE_MS));
    if (!pm_history_execute(history, sql, error)) {
        return false;
    }
    snprintf(sql, sizeof sql,
             "DELETE FROM samples WHERE account NOT IN (SELECT account FROM samples "
             "GROUP BY account ORDER BY max(unix_ms) DESC LIMIT %d)",
             PM_HISTORY_ACCOUNTS_MAX);
    return pm_history_execute(history, sql, error);
}

/* What ages are counted from: not the newest sample, which a clock that is wrong for a moment may
 * have put years ahead of all others, but the one that SETTLED newer ones have confirmed. 0: there
 * are not so many. */
static bool find_now(const struct pm_history *history, int64_t *now_ms, struct pm_error *error)
{
    sqlite3_stmt *statement = pm_history_prepare(
        history, "SELECT unix_ms FROM samples ORDER BY unix_ms DESC LIMIT 1 OFFSET ?", error);
    *now_ms = 0;
    if (statement == NULL) {
        return false;
    }
    sqlite3_bind_int(statement, 1, SETTLED);
    const int step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        *now_ms = sqlite3_column_int64(statement, 0);
    }
    const bool done = step == SQLITE_ROW || step == SQLITE_DONE ||
                      pm_history_fail(history, "reading samples", error);
    sqlite3_finalize(statement);
    return done;
}

static bool thin_out(const struct pm_history *history, struct pm_error *error)
{
    int64_t now_ms;
    return find_now(history, &now_ms, error) && thin(history, now_ms, error);
}

bool pm_history_add_sample(struct pm_history *history, const char *account, int64_t unix_ms,
                           const double values[PM_SERIES_COUNT], struct pm_error *error)
{
    pthread_mutex_lock(&history->mutex);
    bool done = insert_sample(history, account, unix_ms, values, error);
    if (done && history->samples_added++ % THIN_EVERY == 0) {
        done = pm_history_execute(history, "BEGIN", error) &&
               pm_history_end(history, thin_out(history, error), error);
    }
    pthread_mutex_unlock(&history->mutex);
    return done;
}

/* One moment as another item of every list. */
static bool add_moment(cJSON *const lists[PM_SERIES_COUNT + 1], sqlite3_stmt *row)
{
    bool done = true;
    for (int i = 0; done && i <= PM_SERIES_COUNT; i++) {
        cJSON *item = sqlite3_column_type(row, i) == SQLITE_NULL
                          ? cJSON_CreateNull()
                          : cJSON_CreateNumber(sqlite3_column_double(row, i));
        done = pm_json_append(lists[i], item);
    }
    return done;
}

/* Every step-th moment, counted back from the newest, so that it is always among them. */
static bool read_series(const struct pm_history *history, const char *account, int64_t from_ms,
                        size_t points, cJSON *const lists[PM_SERIES_COUNT + 1],
                        struct pm_error *error)
{
    sqlite3_stmt *statement = pm_history_prepare(
        history,
        "WITH numbered AS (SELECT *, row_number() OVER (ORDER BY unix_ms DESC) - 1 AS place, "
        "count(*) OVER () AS total FROM samples WHERE account = ?1 AND unix_ms >= ?2) "
        "SELECT unix_ms, " PM_HISTORY_COLUMNS
        " FROM numbered WHERE place % ((total + ?3 - 1) / ?3) = 0 ORDER BY unix_ms",
        error);
    bool done = statement != NULL;
    int step = SQLITE_DONE;
    if (done) {
        sqlite3_bind_text(statement, 1, account, -1, SQLITE_TRANSIENT);
        sqlite3_bind_int64(statement, 2, from_ms);
        sqlite3_bind_int64(statement, 3, (int64_t)points);
        while (done && (step = sqlite3_step(statement)) == SQLITE_ROW) {
            done = add_moment(lists, statement) ||
                   pm_fail(error, PM_ERROR_MEMORY, "history: no memory");
        }
        done = done && (step == SQLITE_DONE || pm_history_fail(history, "reading samples", error));
    }
    sqlite3_finalize(statement);
    return done;
}

cJSON *pm_history_series(struct pm_history *history, const char *account, int64_t from_ms,
                         size_t points, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *lists[PM_SERIES_COUNT + 1];
    bool done = pm_json_add_string(object, "account", account);
    for (int i = 0; i <= PM_SERIES_COUNT; i++) {
        lists[i] = cJSON_AddArrayToObject(object, i == 0 ? "time_ms" : SERIES[i - 1]);
        done = done && lists[i] != NULL;
    }
    if (!done) {
        pm_fail(error, PM_ERROR_MEMORY, "history: no memory");
    } else {
        pthread_mutex_lock(&history->mutex);
        done = read_series(history, account, from_ms, points, lists, error);
        pthread_mutex_unlock(&history->mutex);
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}
