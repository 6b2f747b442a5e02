/* The history's file: opening it, and what its other files share. */
#include "sidecar/history_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x504d4849, /* "PMHI" */
    VERSION = 1,
};

static const char SCHEMA[] =
    "BEGIN;"
    "CREATE TABLE lines (number INTEGER PRIMARY KEY AUTOINCREMENT, unix_ms INTEGER NOT NULL,"
    " level INTEGER NOT NULL, program TEXT NOT NULL, id TEXT NOT NULL, message TEXT NOT NULL);"
    "CREATE TABLE samples (account TEXT NOT NULL, unix_ms INTEGER NOT NULL, " PM_HISTORY_COLUMNS
    ", PRIMARY KEY (account, unix_ms)) WITHOUT ROWID;"
    "PRAGMA application_id = 1347242057;" /* APPLICATION_ID */
    "PRAGMA user_version = 1;"            /* VERSION */
    "COMMIT;";

bool pm_history_fail(const struct pm_history *history, const char *doing, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_IO, "history: %s: %s", doing, sqlite3_errmsg(history->database));
}

bool pm_history_execute(const struct pm_history *history, const char *sql, struct pm_error *error)
{
    return sqlite3_exec(history->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           pm_history_fail(history, "a statement", error);
}

sqlite3_stmt *pm_history_prepare(const struct pm_history *history, const char *sql,
                                 struct pm_error *error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(history->database, sql, -1, &statement, NULL) != SQLITE_OK) {
        pm_history_fail(history, "preparing a statement", error);
    }
    return statement;
}

static bool read_integer(const struct pm_history *history, const char *sql, int64_t *out,
                         struct pm_error *error)
{
    sqlite3_stmt *statement = pm_history_prepare(history, sql, error);
    bool done = statement != NULL && (sqlite3_step(statement) == SQLITE_ROW ||
                                      pm_history_fail(history, "reading", error));
    if (done) {
        *out = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return done;
}

bool pm_history_end(const struct pm_history *history, bool done, struct pm_error *error)
{
    if (done && pm_history_execute(history, "COMMIT", error)) {
        return true;
    }
    sqlite3_exec(history->database, "ROLLBACK", NULL, NULL, NULL);
    return false;
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
        return pm_history_execute(history, SCHEMA, error);
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
        return pm_history_fail(history, "opening", error);
    }
    sqlite3_busy_timeout(history->database, 2000);
    return pm_history_execute(history, "PRAGMA journal_mode = WAL", error) &&
           pm_history_execute(history, "PRAGMA synchronous = OFF", error) &&
           pm_history_execute(history, "PRAGMA journal_size_limit = 1048576", error) &&
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
