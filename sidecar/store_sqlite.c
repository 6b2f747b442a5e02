/* Opening the file, its schema, statements and transactions. */
#include "sidecar/store_sqlite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x504d5343, /* "PMSC" */
    SCHEMA_VERSION = 1,
    LOCK_WAIT_MS = 1000, /* a predecessor may still be closing */
    CHECKPOINT_PAGES = 4000,
};

/* A job is one row that never changes, and one small row in the table of the state it is in, which
 * is what moves. So putting, leasing, finishing and collecting touch few pages, and none of them
 * copies a body. `rank` is minus the priority, so that every order ascends. */
static const char SCHEMA[] =
    "CREATE TABLE run(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE counter(run INTEGER NOT NULL, counter INTEGER NOT NULL, value INTEGER NOT NULL,"
    " PRIMARY KEY(run, counter)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE job(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, rank INTEGER NOT NULL,"
    " turn INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL,"
    " collected INTEGER NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL)"
    " STRICT;"
    "CREATE UNIQUE INDEX job_key ON job(run, key) WHERE collected = 0;"
    "CREATE TABLE queued(run INTEGER NOT NULL, rank INTEGER NOT NULL, turn INTEGER NOT NULL,"
    " id INTEGER NOT NULL, deadline_ms INTEGER NOT NULL, token INTEGER NOT NULL,"
    " failures INTEGER NOT NULL, ended_token INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " PRIMARY KEY(run, rank, turn, id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX queued_any ON queued(rank, turn, id);"
    "CREATE INDEX queued_deadline ON queued(deadline_ms) WHERE deadline_ms > 0;"
    "CREATE TABLE lease(id INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL,"
    " token INTEGER NOT NULL, failures INTEGER NOT NULL, ended_token INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, request INTEGER NOT NULL, holder TEXT NOT NULL) STRICT;"
    "CREATE TABLE outcome(place INTEGER PRIMARY KEY, id INTEGER NOT NULL, state INTEGER NOT NULL,"
    " collected INTEGER NOT NULL, token INTEGER NOT NULL, failures INTEGER NOT NULL,"
    " ended_token INTEGER NOT NULL, bytes INTEGER NOT NULL, holder TEXT NOT NULL,"
    " reason TEXT NOT NULL, result BLOB) STRICT;"
    "CREATE INDEX outcome_set_aside ON outcome(id) WHERE state = 4;"
    "CREATE TABLE checkpoint(id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"
    "CREATE TABLE record(sequence INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL,"
    " key TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, updated_ms INTEGER NOT NULL,"
    " body BLOB NOT NULL, UNIQUE(run, key)) STRICT;"
    "CREATE INDEX record_run ON record(run, sequence);"
    "CREATE INDEX record_state ON record(run, state, sequence);"
    "CREATE TABLE record_total(run INTEGER NOT NULL, state TEXT NOT NULL, total INTEGER NOT NULL,"
    " PRIMARY KEY(run, state)) STRICT, WITHOUT ROWID;";

static const char *const SQL[PM_SQL_COUNT] = {
    [PM_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [PM_SQL_COMMIT] = "COMMIT",
    [PM_SQL_ROLLBACK] = "ROLLBACK",
    [PM_SQL_SYNC_FULL] = "PRAGMA synchronous = FULL",
    [PM_SQL_SYNC_NORMAL] = "PRAGMA synchronous = NORMAL",
    [PM_SQL_RUN_INSERT] = "INSERT INTO run(name) VALUES(?1)",
    [PM_SQL_RUN_DELETE] = "DELETE FROM run WHERE id = ?1",
    [PM_SQL_RUN_DELETE_COUNTERS] = "DELETE FROM counter WHERE run = ?1",
    [PM_SQL_RUN_DELETE_RECORDS] = "DELETE FROM record WHERE run = ?1",
    [PM_SQL_RUN_DELETE_TOTALS] = "DELETE FROM record_total WHERE run = ?1",
    [PM_SQL_COUNTER_SET] = "INSERT OR REPLACE INTO counter VALUES(?1, ?2, ?3)",
    [PM_SQL_NEXT_TURN] =
        "SELECT max(ifnull((SELECT turn + 1 FROM queued WHERE run = ?1 AND rank = ?2"
        " ORDER BY turn DESC LIMIT 1), 0), ifnull((SELECT turn FROM queued INDEXED BY queued_any"
        " WHERE rank = ?2 ORDER BY turn LIMIT 1), 0))",
    [PM_SQL_JOB_INSERT] = "INSERT INTO job VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9)",
    [PM_SQL_JOB_GET] = "SELECT run, rank, turn, deadline_ms, created_ms, collected, key, kind"
                       " FROM job WHERE id = ?1",
    [PM_SQL_JOB_FIND] = "SELECT id FROM job WHERE run = ?1 AND key = ?2 AND collected = 0",
    [PM_SQL_JOB_SET_COLLECTED] = "UPDATE job SET collected = ?2 WHERE id = ?1",
    [PM_SQL_JOB_DELETE] = "DELETE FROM job WHERE id = ?1",
    [PM_SQL_BODY_GET] = "SELECT body FROM job WHERE id = ?1",
    [PM_SQL_QUEUED_INSERT] = "INSERT INTO queued VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [PM_SQL_QUEUED_GET] = "SELECT token, failures, ended_token, bytes FROM queued WHERE run = ?1"
                          " AND rank = ?2 AND turn = ?3 AND id = ?4",
    [PM_SQL_QUEUED_NEXT] = "SELECT id FROM queued INDEXED BY queued_any ORDER BY rank, turn, id"
                           " LIMIT 1",
    [PM_SQL_QUEUED_NEXT_OF_RUN] = "SELECT id FROM queued WHERE run = ?1 ORDER BY rank, turn, id"
                                  " LIMIT 1",
    [PM_SQL_QUEUED_DELETE] =
        "DELETE FROM queued WHERE run = ?1 AND rank = ?2 AND turn = ?3 AND id = ?4",
    [PM_SQL_LEASE_INSERT] = "INSERT INTO lease VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [PM_SQL_LEASE_GET] = "SELECT token, failures, ended_token, bytes, until_ms, request, holder"
                         " FROM lease WHERE id = ?1",
    [PM_SQL_LEASE_RENEW] = "UPDATE lease SET until_ms = ?2 WHERE id = ?1",
    [PM_SQL_LEASE_RENEW_ALL] = "UPDATE lease SET until_ms = ?1",
    [PM_SQL_LEASE_DELETE] = "DELETE FROM lease WHERE id = ?1",
    [PM_SQL_OUTCOME_INSERT] =
        "INSERT INTO outcome VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [PM_SQL_OUTCOME_GET] = "SELECT token, failures, ended_token, bytes, state, holder, reason"
                           " FROM outcome WHERE place = ?1",
    [PM_SQL_OUTCOME_SET_COLLECTED] = "UPDATE outcome SET collected = ?2 WHERE place = ?1",
    [PM_SQL_OUTCOME_DELETE] = "DELETE FROM outcome WHERE place = ?1",
    [PM_SQL_RESULT_GET] = "SELECT result FROM outcome WHERE place = ?1",
    [PM_SQL_CHECKPOINT_SET] = "INSERT OR REPLACE INTO checkpoint VALUES(?1, ?2)",
    [PM_SQL_CHECKPOINT_GET] = "SELECT data FROM checkpoint WHERE id = ?1",
    [PM_SQL_CHECKPOINT_DELETE] = "DELETE FROM checkpoint WHERE id = ?1",
    [PM_SQL_LIST_LEASED] = "SELECT id FROM lease WHERE id > ?1 ORDER BY id LIMIT ?2",
    [PM_SQL_LIST_LEASES_DUE] =
        "SELECT id FROM lease WHERE until_ms <= ?1 ORDER BY until_ms LIMIT ?2",
    [PM_SQL_LIST_LEASES_OF] = "SELECT id FROM lease WHERE holder = ?1 ORDER BY id LIMIT ?2",
    [PM_SQL_LIST_DEADLINES_DUE] = "SELECT id FROM queued WHERE deadline_ms > 0 AND"
                                  " deadline_ms <= ?1 ORDER BY deadline_ms LIMIT ?2",
    [PM_SQL_LIST_OUTCOMES] =
        "SELECT outcome.id FROM outcome CROSS JOIN job ON job.id = outcome.id WHERE place > ?1"
        " AND place < ?2 AND outcome.collected = 0 AND key >= ?3 AND key < ?4"
        " ORDER BY place LIMIT ?5",
    [PM_SQL_LIST_ACTIVE] =
        "SELECT id FROM job INDEXED BY job_key WHERE collected = 0 AND run = ?1 AND key >= ?2 AND"
        " key < ?3 AND key > ?4 AND NOT EXISTS (SELECT 1 FROM outcome WHERE place = ?5 + job.id)"
        " ORDER BY key LIMIT ?6",
    [PM_SQL_LIST_SET_ASIDE] = "SELECT id FROM outcome INDEXED BY outcome_set_aside WHERE state = 4"
                              " ORDER BY id DESC LIMIT ?1",
    [PM_SQL_LIST_SET_ASIDE_COLLECTED] =
        "SELECT id FROM outcome INDEXED BY outcome_set_aside WHERE state = 4 AND collected = 1"
        " ORDER BY id LIMIT ?1",
    [PM_SQL_RECORD_GET] =
        "SELECT sequence, state, length(body) FROM record WHERE run = ?1 AND key = ?2",
    [PM_SQL_RECORD_DELETE] = "DELETE FROM record WHERE sequence = ?1",
    [PM_SQL_RECORD_INSERT] = "INSERT INTO record(run, key, state, reason, updated_ms, body)"
                             " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [PM_SQL_RECORD_OLDEST] = "SELECT sequence, length(body), run FROM record WHERE"
                             " state <> 'open' ORDER BY sequence LIMIT 1",
    [PM_SQL_RECORD_OLDEST_OF_RUN] =
        "SELECT sequence, length(body), run FROM record WHERE run = ?1 AND"
        " state <> 'open' ORDER BY sequence LIMIT 1",
    [PM_SQL_RECORDS] =
        "SELECT sequence, updated_ms, key, state, reason, body FROM record WHERE run = ?1 AND"
        " sequence < ?2 ORDER BY sequence DESC LIMIT ?3",
    [PM_SQL_RECORDS_OF_STATE] =
        "SELECT sequence, updated_ms, key, state, reason, body FROM record WHERE run = ?1 AND"
        " sequence < ?2 AND state = ?4 ORDER BY sequence DESC LIMIT ?3",
    [PM_SQL_TOTAL_ADD] = "INSERT INTO record_total VALUES(?1, ?2, ?3) ON CONFLICT(run, state) DO"
                         " UPDATE SET total = total + ?3",
    [PM_SQL_TOTALS] = "SELECT state, total FROM record_total WHERE run = ?1 ORDER BY state",
};

bool pm_sqlite_fail(struct pm_sqlite_store *store, const char *doing, struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_IO, "the store: %s: %s", doing, sqlite3_errmsg(store->database));
}

sqlite3_stmt *pm_sqlite_statement(struct pm_sqlite_store *store, enum pm_sqlite_statement which,
                                  struct pm_error *error)
{
    sqlite3_stmt **statement = &store->statements[which];
    if (*statement == NULL &&
        sqlite3_prepare_v3(store->database, SQL[which], -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL) != SQLITE_OK) {
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

void pm_sqlite_text(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    snprintf(out, size, "%s", text == NULL ? "" : (const char *)text);
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
    return run_statement(store, PM_SQL_BEGIN, error);
}

static void sqlite_rollback(struct pm_store *base)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (sqlite3_get_autocommit(store->database) == 0) { /* SQLite may have rolled back by itself */
        run_statement(store, PM_SQL_ROLLBACK, NULL);
    }
    pm_sqlite_runs_rolled_back(store);
}

static bool sqlite_commit(struct pm_store *base, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (!pm_sqlite_runs_flush(store, error) || !run_statement(store, PM_SQL_COMMIT, error)) {
        return false;
    }
    pm_sqlite_runs_committed(store);
    return true;
}

static void sqlite_close(struct pm_store *base)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    for (size_t i = 0; i < PM_SQL_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
    }
    sqlite3_close(store->database);
    free(store->runs);
    free(store);
}

/* ---- opening ---- */

static const struct pm_store_verbs VERBS = {
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
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

/* Takes the lock on the file for good (locking_mode before the first access to a WAL file also
 * spares the shared-memory file), and makes or checks the schema. */
static bool set_up(struct pm_sqlite_store *store, struct pm_error *error)
{
    int application, version, tables;
    if (!execute(store,
                 "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                 "PRAGMA temp_store = MEMORY; PRAGMA synchronous = NORMAL;"
                 "BEGIN EXCLUSIVE",
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
        return execute(store, SCHEMA, error) && execute(store, stamp, error) &&
               execute(store, "COMMIT", error);
    }
    if (application != APPLICATION_ID) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "it is a database of another program; name another file with --store");
    }
    if (version != SCHEMA_VERSION) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "its version is %d and this program knows %d; use the program that made it, "
                       "or name another file with --store",
                       version, SCHEMA_VERSION);
    }
    return execute(store, "COMMIT", error);
}

static bool explain(struct pm_sqlite_store *store, const char *path, struct pm_error *error)
{
    switch (sqlite3_errcode(store->database) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return pm_fail(error, PM_ERROR_REFUSED,
                       "the store %s is in use by another sidecar; stop that one, or name another "
                       "file with --store",
                       path);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return pm_fail(
            error, PM_ERROR_INVALID,
            "the store %s is damaged or no store at all (%s); move it away to begin with "
            "an empty one",
            path, sqlite3_errmsg(store->database));
    default:
        return pm_fail_context(error, "opening the store %s", path);
    }
}

/* SQLite would make the file with the mode 0644. A file that exists is not touched: closing it
 * would drop the locks that this process may hold on it. */
static void make_private(const char *path)
{
    int file = strcmp(path, ":memory:") == 0
                   ? -1
                   : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
        close(file);
    }
}

bool pm_store_sqlite_open(const char *path, bool durable, struct pm_store **out,
                          struct pm_error *error)
{
    struct pm_error why = {0};
    struct pm_sqlite_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the store");
    }
    store->base.verbs = &VERBS;
    store->durable = durable;
    make_private(path);
    bool good = sqlite3_open_v2(path, &store->database,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                NULL) == SQLITE_OK ||
                pm_sqlite_fail(store, "cannot be opened", &why);
    if (good) {
        sqlite3_extended_result_codes(store->database, 1);
        sqlite3_busy_timeout(store->database, LOCK_WAIT_MS);
        sqlite3_wal_autocheckpoint(store->database, CHECKPOINT_PAGES);
        good = set_up(store, &why) && pm_sqlite_runs_load(store, &why);
    }
    if (!good) {
        explain(store, path, &why);
        sqlite_close(&store->base);
        return pm_fail(error, why.code, "%s", why.message);
    }
    *out = &store->base;
    return true;
}
