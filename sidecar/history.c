#include "sidecar/history.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x504d4849, /* "PMHI" */
    VERSION = 1,
    THIN_EVERY = 60, /* samples between two looks for what is too old to be kept so densely */
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
#define SERIES_COLUMNS                                                                             \
    "reputation, reputation_total, reputation_per_hour, accuracy, success_rate, balance_rao, "     \
    "lifetime_rao, best_score, pool_best_score, evaluations, evolutions"

static const char SCHEMA[] =
    "BEGIN;"
    "CREATE TABLE lines (number INTEGER PRIMARY KEY AUTOINCREMENT, unix_ms INTEGER NOT NULL,"
    " level INTEGER NOT NULL, program TEXT NOT NULL, id TEXT NOT NULL, message TEXT NOT NULL);"
    "CREATE TABLE samples (account TEXT NOT NULL, unix_ms INTEGER NOT NULL, " SERIES_COLUMNS
    ", PRIMARY KEY (account, unix_ms)) WITHOUT ROWID;"
    "PRAGMA application_id = 1347242057;" /* APPLICATION_ID */
    "PRAGMA user_version = 1;"            /* VERSION */
    "COMMIT;";

struct pm_history {
    sqlite3 *database;
    pthread_mutex_t mutex;
    int64_t last_line;
    unsigned samples_added;
};

static bool fail(const struct pm_history *history, const char *doing, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_IO, "history: %s: %s", doing, sqlite3_errmsg(history->database));
}

static bool execute(const struct pm_history *history, const char *sql, struct pm_error *error)
{
    return sqlite3_exec(history->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(history, "a statement", error);
}

static sqlite3_stmt *prepare(const struct pm_history *history, const char *sql,
                             struct pm_error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(history->database, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail(history, "preparing a statement", error);
    }
    return statement;
}

static bool read_integer(const struct pm_history *history, const char *sql, int64_t *out,
                         struct pm_error *error)
{
    sqlite3_stmt *statement = prepare(history, sql, error);
    bool done = statement != NULL &&
                (sqlite3_step(statement) == SQLITE_ROW || fail(history, "reading", error));
    if (done) {
        *out = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return done;
}

/* ---- opening ---- */

/* Made here, and not by SQLite, so that it is the user's alone. */
static bool create_file(const char *path, struct pm_error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return pm_fail(error, PM_ERROR_IO, "history: %s: %m", path);
    }
    close(file);
    return true;
}

static bool check_version(const struct pm_history *history, struct pm_error *error)
{
    int64_t application = 0, version = 0, tables = 0;
    if (!read_integer(history, "PRAGMA application_id", &application, error) ||
        !read_integer(history, "PRAGMA user_version", &version, error) ||
        !read_integer(history, "SELECT count(*) FROM sqlite_master", &tables, error)) {
        return false;
    }
    if (tables == 0) {
        return execute(history, SCHEMA, error);
    }
    return (application == APPLICATION_ID && version == VERSION) ||
           pm_fail(error, PM_ERROR_INVALID,
                   "history: the file is another program's, or of another version");
}

static bool set_up(struct pm_history *history, const char *path, struct pm_error *error)
{
    if (path != NULL && !create_file(path, error)) {
        return false;
    }
    if (sqlite3_open_v2(path != NULL ? path : ":memory:", &history->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        return fail(history, "opening", error);
    }
    sqlite3_busy_timeout(history->database, 2000);
    return execute(history, "PRAGMA journal_mode = WAL", error) &&
           execute(history, "PRAGMA synchronous = OFF", error) &&
           execute(history, "PRAGMA journal_size_limit = 1048576", error) &&
           check_version(history, error) &&
           read_integer(history, "SELECT coalesce(max(number), 0) FROM lines", &history->last_line,
                        error);
}

bool pm_history_open(const char *path, struct pm_history **out, struct pm_error *error)
{
    struct pm_history *history = calloc(1, sizeof *history);
    if (history == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "history: no memory");
    }
    pthread_mutex_init(&history->mutex, NULL);
    if (!set_up(history, path, error)) {
        pm_history_close(history);
        return false;
    }
    *out = history;
    return true;
}

void pm_history_close(struct pm_history *history)
{
    if (history == NULL) {
        return;
    }
    sqlite3_close(history->database);
    pthread_mutex_destroy(&history->mutex);
    free(history);
}

/* ---- lines ---- */

static bool insert_line(sqlite3_stmt *statement, const struct pm_history_line *line)
{
    sqlite3_reset(statement);
    sqlite3_bind_int64(statement, 1, line->unix_ms);
    sqlite3_bind_int(statement, 2, (int)line->level);
    sqlite3_bind_text(statement, 3, line->program, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 4, line->id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(statement, 5, line->message, -1, SQLITE_TRANSIENT);
    return sqlite3_step(statement) == SQLITE_DONE;
}

static bool insert_lines(struct pm_history *history, const struct pm_history_line *lines,
                         size_t count, struct pm_error *error)
{
    sqlite3_stmt *statement = prepare(
        history, "INSERT INTO lines (unix_ms, level, program, id, message) VALUES (?, ?, ?, ?, ?)",
        error);
    bool done = statement != NULL;
    for (size_t i = 0; done && i < count; i++) {
        done = insert_line(statement, &lines[i]) || fail(history, "adding a line", error);
    }
    sqlite3_finalize(statement);
    return done;
}

static bool drop_old_lines(const struct pm_history *history, struct pm_error *error)
{
    char sql[128];
    snprintf(sql, sizeof sql,
             "DELETE FROM lines WHERE number <= (SELECT max(number) FROM lines) - %d",
             PM_HISTORY_LINES_MAX);
    return execute(history, sql, error);
}

/* Ends the transaction, as `done` says. */
static bool end_transaction(const struct pm_history *history, bool done, struct pm_error *error)
{
    if (done && execute(history, "COMMIT", error)) {
        return true;
    }
    sqlite3_exec(history->database, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool pm_history_add_lines(struct pm_history *history, const struct pm_history_line *lines,
                          size_t count, struct pm_error *error)
{
    pthread_mutex_lock(&history->mutex);
    bool done = execute(history, "BEGIN", error) &&
                end_transaction(history,
                                insert_lines(history, lines, count, error) &&
                                    drop_old_lines(history, error),
                                error);
    if (done) {
        history->last_line = sqlite3_last_insert_rowid(history->database);
    }
    pthread_mutex_unlock(&history->mutex);
    return done;
}

static bool add_line(cJSON *list, sqlite3_stmt *row)
{
    cJSON *item = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        return false;
    }
    const enum pm_log_level level = (enum pm_log_level)sqlite3_column_int(row, 2);
    return cJSON_AddNumberToObject(item, "cursor", (double)sqlite3_column_int64(row, 0)) != NULL &&
           cJSON_AddNumberToObject(item, "time_ms", (double)sqlite3_column_int64(row, 1)) != NULL &&
           cJSON_AddStringToObject(item, "level", pm_log_level_name(level)) != NULL &&
           cJSON_AddStringToObject(item, "program", (const char *)sqlite3_column_text(row, 3)) !=
               NULL &&
           cJSON_AddStringToObject(item, "id", (const char *)sqlite3_column_text(row, 4)) != NULL &&
           cJSON_AddStringToObject(item, "message", (const char *)sqlite3_column_text(row, 5)) !=
               NULL;
}

static bool read_lines(const struct pm_history *history, cJSON *list, int64_t after,
                       enum pm_log_level least, size_t limit, struct pm_error *error)
{
    static const char *const sql[] = {
        "SELECT * FROM lines WHERE number > ?1 AND level >= ?2 ORDER BY number LIMIT ?3",
        "SELECT * FROM (SELECT * FROM lines WHERE number > ?1 AND level >= ?2 ORDER BY number DESC "
        "LIMIT ?3) ORDER BY number"};
    sqlite3_stmt *statement = prepare(history, sql[after < 0], error);
    bool done = statement != NULL;
    int step = SQLITE_DONE;
    if (done) {
        sqlite3_bind_int64(statement, 1, after);
        sqlite3_bind_int(statement, 2, (int)least);
        sqlite3_bind_int64(statement, 3, (int64_t)limit);
        while (done && (step = sqlite3_step(statement)) == SQLITE_ROW) {
            done =
                add_line(list, statement) || pm_fail(error, PM_ERROR_MEMORY, "history: no memory");
        }
        done = done && (step == SQLITE_DONE || fail(history, "reading lines", error));
    }
    sqlite3_finalize(statement);
    return done;
}

/* Where the next one who asks goes on: behind the last line given, or, where there was room for
 * more, behind the last there is. */
static int64_t next_cursor(const struct pm_history *history, const cJSON *list, size_t limit)
{
    size_t count = (size_t)cJSON_GetArraySize(list);
    if (count == 0 || count < limit) {
        return history->last_line;
    }
    const cJSON *last = cJSON_GetArrayItem(list, (int)count - 1);
    return (int64_t)cJSON_GetObjectItemCaseSensitive(last, "cursor")->valuedouble;
}

cJSON *pm_history_lines(struct pm_history *history, int64_t after, enum pm_log_level least,
                        size_t limit, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "lines");
    pthread_mutex_lock(&history->mutex);
    bool done = (list != NULL || pm_fail(error, PM_ERROR_MEMORY, "history: no memory")) &&
                read_lines(history, list, after, least, limit, error);
    int64_t cursor = done ? next_cursor(history, list, limit) : 0;
    pthread_mutex_unlock(&history->mutex);
    if (done && cJSON_AddNumberToObject(object, "cursor", (double)cursor) != NULL) {
        return object;
    }
    cJSON_Delete(object);
    return NULL;
}

int64_t pm_history_last_line(struct pm_history *history)
{
    pthread_mutex_lock(&history->mutex);
    int64_t last = history->last_line;
    pthread_mutex_unlock(&history->mutex);
    return last;
}

/* ---- samples ---- */

static bool insert_sample(const struct pm_history *history, const char *account, int64_t unix_ms,
                          const double values[PM_SERIES_COUNT], struct pm_error *error)
{
    sqlite3_stmt *statement =
        prepare(history,
                "INSERT OR IGNORE INTO samples (account, unix_ms, " SERIES_COLUMNS
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
    bool done = sqlite3_step(statement) == SQLITE_DONE || fail(history, "adding a sample", error);
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
    return execute(history, sql, error);
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
    if (!execute(history, sql, error)) {
        return false;
    }
    snprintf(sql, sizeof sql,
             "DELETE FROM samples WHERE account NOT IN (SELECT account FROM samples "
             "GROUP BY account ORDER BY max(unix_ms) DESC LIMIT %d)",
             PM_HISTORY_ACCOUNTS_MAX);
    return execute(history, sql, error);
}

bool pm_history_add_sample(struct pm_history *history, const char *account, int64_t unix_ms,
                           const double values[PM_SERIES_COUNT], struct pm_error *error)
{
    pthread_mutex_lock(&history->mutex);
    bool done = insert_sample(history, account, unix_ms, values, error);
    if (done && history->samples_added++ % THIN_EVERY == 0) {
        done = execute(history, "BEGIN", error) &&
               end_transaction(history, thin(history, unix_ms, error), error);
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
        done = cJSON_AddItemToArray(lists[i], item);
        if (!done) {
            cJSON_Delete(item);
        }
    }
    return done;
}

/* Every step-th moment, counted back from the newest, so that it is always among them. */
static bool read_series(const struct pm_history *history, const char *account, int64_t from_ms,
                        size_t points, cJSON *const lists[PM_SERIES_COUNT + 1],
                        struct pm_error *error)
{
    sqlite3_stmt *statement = prepare(
        history,
        "WITH numbered AS (SELECT *, row_number() OVER (ORDER BY unix_ms DESC) - 1 AS place, "
        "count(*) OVER () AS total FROM samples WHERE account = ?1 AND unix_ms >= ?2) "
        "SELECT unix_ms, " SERIES_COLUMNS
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
        done = done && (step == SQLITE_DONE || fail(history, "reading samples", error));
    }
    sqlite3_finalize(statement);
    return done;
}

cJSON *pm_history_series(struct pm_history *history, const char *account, int64_t from_ms,
                         size_t points, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *lists[PM_SERIES_COUNT + 1];
    bool done = cJSON_AddStringToObject(object, "account", account) != NULL;
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
