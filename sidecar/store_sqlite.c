/* Opening the file, statements and transactions. */
#include "sidecar/store_sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/sqlite_setup.h>

enum {
    APPLICATION_ID = 0x504d5343, /* "PMSC" */
    SCHEMA_VERSION = 2,
    OLDER_VERSION = 1,   /* each queued job has a row that says so: what it means is the same */
    LOCK_WAIT_MS = 1000, /* a predecessor may still be closing */
};

static const char *remedy(int code)
{
    switch (code) {
    case SQLITE_FULL:
        return "; free some room on its disk";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "; " PM_SQLITE_DAMAGED;
    default:
        return "";
    }
}

bool pm_sqlite_fail(struct pm_sqlite_store *store, const char *doing, struct pm_error *error)
{
    int code = sqlite3_errcode(store->database) & 0xff;
    store->disk_full = code == SQLITE_FULL;
    return pm_fail(error, PM_ERROR_IO, "the store: %s: %s%s", doing,
                   sqlite3_errmsg(store->database), remedy(code));
}

sqlite3_stmt *pm_sqlite_statement(struct pm_sqlite_store *store, enum pm_sqlite_statement which,
                                  struct pm_error *error)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(store->database, pm_sqlite_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                           statement, NULL) != SQLITE_OK) {
        pm_sqlite_fail(store, "preparing a statement", error);
    }
    return *statement;
}

bool pm_sqlite_step(struct pm_sqlite_store *store, sqlite3_stmt *statement, bool *row,
                    struct pm_error *error)
{
    int result = sqlite3_step(statement);
    *row = result == SQLITE_ROW;
    if (result == SQLITE_ROW) {
        return true;
    }
    bool good = result == SQLITE_DONE || pm_sqlite_fail(store, "a statement failed", error);
    sqlite3_reset(statement);
    return good;
}

bool pm_sqlite_run(struct pm_sqlite_store *store, sqlite3_stmt *statement, struct pm_error *error)
{
    bool row;
    bool good = pm_sqlite_step(store, statement, &row, error);
    sqlite3_reset(statement);
    return good;
}

/* Asked for as bytes, for as text SQLite would first make a copy that ends with a NUL. */
void pm_sqlite_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const void *text = sqlite3_column_blob(statement, column);
    size_t length = 0;
    if (text != NULL) {
        length = (size_t)sqlite3_column_bytes(statement, column);
        length = length < size ? length : size - 1;
        memcpy(out, text, length);
    }
    out[length] = '\0';
}

/* ---- transactions ---- */

static bool run_statement(struct pm_sqlite_store *store, enum pm_sqlite_statement which,
                          struct pm_error *error)
{
    sqlite3_stmt *statement = pm_sqlite_statement(store, which, error);
    return statement != NULL && pm_sqlite_run(store, statement, error);
}

static bool sqlite_begin(struct pm_store *base, bool durable, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    bool sync = durable && store->durable;
    if (sync != store->syncing) {
        if (!run_statement(store, sync ? PM_SQL_SYNC_FULL : PM_SQL_SYNC_NORMAL, error)) {
            return false;
        }
        store->syncing = sync;
    }
    if (store->stale && !pm_sqlite_runs_load(store, error)) {
        return false;
    }
    store->stale = false;
    if (store->fresh_stale && !pm_sqlite_queued_load(store, error)) {
        return false;
    }
    store->room = -1;
    return pm_sqlite_wal_check(store, error) && run_statement(store, PM_SQL_BEGIN, error);
}

static void sqlite_rollback(struct pm_store *base)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (sqlite3_get_autocommit(store->database) == 0) { /* SQLite may have rolled back by itself */
        run_statement(store, PM_SQL_ROLLBACK, NULL);
    }
    pm_sqlite_runs_rolled_back(store);
    pm_sqlite_queued_rolled_back(store);
    pm_sqlite_recent_forget_all(store->recent);
    pm_sqlite_wal_relieve(store);
}

static bool sqlite_commit(struct pm_store *base, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (!pm_sqlite_runs_flush(store, error) || !run_statement(store, PM_SQL_COMMIT, error)) {
        return false;
    }
    pm_sqlite_runs_committed(store);
    pm_sqlite_queued_committed(store);
    store->stuck = false;
    return true;
}

/* Nobody else works over the file. */
static bool sqlite_adopt(struct pm_store *base, int64_t until_ms, struct pm_error *error)
{
    (void)base;
    (void)until_ms;
    (void)error;
    return true;
}

static void sqlite_close(struct pm_store *base)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    for (size_t i = 0; i < PM_SQL_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    pm_sqlite_wal_close(store);
    sqlite3_close(store->database);
    pthread_mutex_destroy(&store->keeping);
    pm_sqlite_recent_destroy(store->recent);
    pm_sqlite_fresh_destroy(store->fresh);
    free(store->runs);
    free(store->path);
    free(store);
}

/* ---- opening ---- */

static const struct pm_store_verbs VERBS = {
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .sync = pm_sqlite_sync,
    .wants_write_back = pm_sqlite_wants_write_back,
    .write_back = pm_sqlite_write_back,
    .room = pm_sqlite_room,
    .run_find = pm_sqlite_run_find,
    .run_name = pm_sqlite_run_name,
    .run_at = pm_sqlite_run_at,
    .count = pm_sqlite_count,
    .counted = pm_sqlite_counted,
    .next_turn = pm_sqlite_next_turn,
    .job_insert = pm_sqlite_job_insert,
    .job_get = pm_sqlite_job_get,
    .job_find = pm_sqlite_job_find,
    .job_next = pm_sqlite_job_next,
    .job_move = pm_sqlite_job_move,
    .job_renew = pm_sqlite_job_renew,
    .renew_all = pm_sqlite_renew_all,
    .adopt = sqlite_adopt,
    .job_delete = pm_sqlite_job_delete,
    .list = pm_sqlite_list,
    .part_get = pm_sqlite_part_get,
    .checkpoint_set = pm_sqlite_checkpoint_set,
    .record_find = pm_sqlite_record_find,
    .record_put = pm_sqlite_record_put,
    .records = pm_sqlite_records,
    .record_drop_oldest = pm_sqlite_record_drop_oldest,
    .record_totals = pm_sqlite_record_totals,
};

static bool execute(struct pm_sqlite_store *store, const char *sql, struct pm_error *error)
{
    return sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK ||
           pm_sqlite_fail(store, "setting up", error);
}

static bool pragma_integer(struct pm_sqlite_store *store, const char *sql, int *out,
                           struct pm_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    if (good) {
        *out = sqlite3_column_int(statement, 0);
    } else {
        pm_sqlite_fail(store, sql, error);
    }
    sqlite3_finalize(statement);
    return good;
}

/* Deleting must not cost room (distributions switch secure_delete on, which writes zeros over what
 * is deleted). The VFS takes the lock on the file for good with the first access. Makes or checks
 * the schema. */
static bool set_up(struct pm_sqlite_store *store, struct pm_error *error)
{
    int application, version, tables;
    if (!execute(store,
                 "PRAGMA temp_store = MEMORY;"
                 "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = OFF; PRAGMA cache_size = "
                 "-8192; BEGIN EXCLUSIVE",
                 error) ||
        !pragma_integer(store, "PRAGMA application_id", &application, error) ||
        !pragma_integer(store, "PRAGMA user_version", &version, error) ||
        !pragma_integer(store, "SELECT count(*) FROM sqlite_schema", &tables, error)) {
        return false;
    }
    if (application == 0 && tables == 0) {
        char stamp[128];
        snprintf(stamp, sizeof stamp, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                 APPLICATION_ID, SCHEMA_VERSION);
        return execute(store, pm_sqlite_schema, error) && execute(store, stamp, error) &&
               execute(store, "COMMIT", error);
    }
    if (application != APPLICATION_ID) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "it is a database of another program; name another file with --store");
    }
    if (version != SCHEMA_VERSION && version != OLDER_VERSION) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "its version is %d and this program knows %d; use the program that made it, "
                       "or name another file with --store",
                       version, SCHEMA_VERSION);
    }
    char stamp[64];
    snprintf(stamp, sizeof stamp, "PRAGMA user_version = %d", SCHEMA_VERSION);
    return (version == SCHEMA_VERSION || execute(store, stamp, error)) &&
           execute(store, "COMMIT", error);
}

static bool explain(struct pm_sqlite_store *store, const char *path, struct pm_error *error)
{
    switch (sqlite3_errcode(store->database) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return pm_fail(error, PM_ERROR_REFUSED,
                       "the store %s is in use by another program, most likely a sidecar; stop "
                       "that one, or name another file with --store",
                       path);
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return pm_fail(error, PM_ERROR_IO,
                       "the store %s cannot be written (%s): this user must be able to write the "
                       "file and its directory, where its log stands beside it; or name another "
                       "file with --store",
                       path, sqlite3_errmsg(store->database));
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return pm_fail(
            error, PM_ERROR_INVALID,
            "the store %s is damaged or no store at all (%s); move it away to begin with "
            "an empty one, or copy a good one back",
            path, sqlite3_errmsg(store->database));
    default:
        return pm_fail_context(error, "opening the store %s", path);
    }
}

/* SQLite would make the file with the mode 0644. A file that exists is not touched: closing it
 * would drop the locks that this process may hold on it. */
static void make_private(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
    }
}

/* Names that SQLite does not take for a file, but for a database that ends with the program. */
static bool is_passing(const char *path)
{
    return path[0] == '\0' || path[0] == ':' || strncmp(path, "file:", 5) == 0;
}

/* SQLite takes /dev/null for an empty file, and leaves its journal beside it. */
static bool is_something_else(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

bool pm_store_sqlite_open(const char *path, bool durable, struct pm_store **out,
                          struct pm_error *error)
{
    struct pm_error why = {0};
    if (durable && is_passing(path)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the store \"%s\" would not outlive the sidecar: name a file with --store",
                       path);
    }
    if (!is_passing(path) && is_something_else(path)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the store %s is no regular file: name another one with --store", path);
    }
    struct pm_sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the store");
    }
    store->base.verbs = &VERBS;
    pthread_mutex_init(&store->keeping, NULL);
    store->durable = durable;
    store->asked_log = -1;
    store->recent = pm_sqlite_recent_create();
    store->fresh = pm_sqlite_fresh_create();
    store->path = is_passing(path) ? NULL : strdup(path);
    /* Without its path the room on the disk would not be looked after. */
    if (store->recent == NULL || store->fresh == NULL ||
        (store->path == NULL && !is_passing(path))) {
        sqlite_close(&store->base);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the store");
    }
    if (store->path != NULL) {
        make_private(path);
    }
    pm_sqlite_configure();
    const char *vfs = pm_sqlite_log_vfs(PM_SQLITE_LOG_ALONE);
    bool good = sqlite3_open_v2(path, &store->database,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                vfs) == SQLITE_OK ||
                pm_sqlite_fail(store, "cannot be opened", &why);
    if (good) {
        sqlite3_extended_result_codes(store->database, 1);
        sqlite3_busy_timeout(store->database, LOCK_WAIT_MS);
        good = set_up(store, &why) && pm_sqlite_wal_set_up(store, &why) &&
               pm_sqlite_runs_load(store, &why) && pm_sqlite_queued_load(store, &why);
    }
    if (!good) {
        explain(store, path, &why);
        sqlite_close(&store->base);
        return pm_fail(error, why.code, "%s", why.message);
    }
    *out = &store->base;
    return true;
}
