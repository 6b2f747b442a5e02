/* The write-ahead log: written back into the file in time, so that it stays small (by a connection
 * and a thread of its own where there is one, so that nobody waits for it), and early on a
 * disk that is nearly full, so that what is in the log always has a place to go to. A log that has
 * taken the last of a disk could neither be written back nor grow to delete anything. */
#include "sidecar/store_sqlite.h"

#include <string.h>
#include <sys/statvfs.h>

enum {
    PAGE_BYTES = 4096,           /* SQLite's own since 2016; only bounds hang on it */
    CHECKPOINT_PAGES = 4000,     /* a log of so many is written back; of twice as many, first */
    FRAME_BYTES = 24,            /* before each page in the log */
    LAID_OUT_BYTES = 512 * 1024, /* at first, and then as much as is there: seldom */
    LAID_OUT_PAGES = 64,         /* ahead of the last one, at least */
    LAID_OUT_PIECE = 64 * 1024,  /* SQLite's files take less than 128 KiB at once */
    LOOK_PAGES = 256,            /* the disk is looked at when the log has grown by so much */
    FEW_PAGES = 64,      /* written back between two transactions, they keep nobody for long */
    WRITE_BACKS_MAX = 4, /* of a log that grows as quickly as it is written back */

    KEPT_PAGES = 3 * CHECKPOINT_PAGES, /* cutting a file off keeps a commit waiting: seldom */
};
static const int64_t PLENTY_BYTES = (int64_t)1 << 30; /* so much room cannot be gone in a moment */

/* What the disk has left for us; INT64_MAX when that is unknown. */
static int64_t disk_left(const struct pm_sqlite_store *store)
{
    struct statvfs disk;
    if (store->path == NULL || statvfs(store->path, &disk) != 0) {
        return INT64_MAX;
    }
    return (int64_t)(disk.f_bavail * disk.f_frsize);
}

static void begin_anew(struct pm_sqlite_store *store)
{
    store->written_back_pages = store->write_backs = 0;
    store->logs++;
}

/* One connection at a time, and none after a sync that failed: what was written to the file before
 * it may be gone, SQLite would not write it once more, and the next sync would succeed. Then the
 * log has to stay as it is, for the next start writes all of it back. */
static int checkpoint(struct pm_sqlite_store *store, sqlite3 *connection, int mode, int *pages)
{
    if (atomic_load(&store->base.lost)) {
        return SQLITE_IOERR_FSYNC;
    }
    const int result = sqlite3_wal_checkpoint_v2(connection, NULL, mode, NULL, pages);
    if (result != SQLITE_OK && sqlite3_extended_errcode(connection) == SQLITE_IOERR_FSYNC) {
        atomic_store(&store->base.lost, true);
    }
    if (pages != NULL && *pages < 0) {
        *pages = 0; /* nothing could be looked at */
    }
    return result;
}

/* Writes back as much of the log as there is; *pages of it are written back then. When those are
 * all, the next transaction begins the log anew. */
static void write_back_part(struct pm_sqlite_store *store, int *pages)
{
    pthread_mutex_lock(&store->keeping);
    checkpoint(store, store->database, SQLITE_CHECKPOINT_PASSIVE, pages);
    pthread_mutex_unlock(&store->keeping);
}

/* Writes the log back and cuts it off. */
static bool write_back(struct pm_sqlite_store *store)
{
    pthread_mutex_lock(&store->keeping);
    const bool good =
        checkpoint(store, store->database, SQLITE_CHECKPOINT_TRUNCATE, NULL) == SQLITE_OK;
    pthread_mutex_unlock(&store->keeping);
    if (good) {
        begin_anew(store);
        store->wal_pages = store->looked_at_pages = 0;
        store->laid_out = 0;
        store->disk_left = disk_left(store);
    }
    return good;
}

/* Writes zeros behind the end of the log before it gets there: a sync of a file that has grown also
 * syncs the file system's own journal, which takes the disk twice as long. SQLite takes zeros for
 * the end of the log. Without them all is well too, so nothing here can fail. */
static void lay_out(struct pm_sqlite_store *store, int pages)
{
    static const char zeros[LAID_OUT_PIECE];
    const sqlite3_int64 wanted =
        (sqlite3_int64)(pages + LAID_OUT_PAGES) * (PAGE_BYTES + FRAME_BYTES);
    if (!store->durable || store->laid_out >= wanted || store->disk_left < PLENTY_BYTES) {
        return;
    }
    sqlite3_file *log = pm_sqlite_log_file(store->database);
    sqlite3_int64 size = 0;
    if (log == NULL || log->pMethods->xFileSize(log, &size) != SQLITE_OK) {
        return;
    }
    const sqlite3_int64 more = size > LAID_OUT_BYTES ? size : LAID_OUT_BYTES;
    const sqlite3_int64 end = size < wanted ? size + more : size;
    while (size < end && log->pMethods->xWrite(log, zeros, (int)sizeof zeros, size) == SQLITE_OK) {
        size += (sqlite3_int64)sizeof zeros;
    }
    store->laid_out = size;
}

/* After a commit. What fails here fails again, with a sentence, before the next transaction. */
static int commit_hook(void *context, sqlite3 *database, const char *schema, int pages)
{
    (void)schema;
    struct pm_sqlite_store *store = context;
    sqlite3_file *log = pm_sqlite_log_file(database);
    if (log != NULL && pm_sqlite_log_flush(log) != SQLITE_OK) {
        return SQLITE_IOERR_WRITE;
    }
    if (pages < store->wal_pages) {
        begin_anew(store);
    }
    store->wal_pages = pages;
    if (pages < store->looked_at_pages || pages >= store->looked_at_pages + LOOK_PAGES) {
        store->looked_at_pages = pages;
        store->disk_left = disk_left(store);
    }
    if (store->disk_left < 2 * (int64_t)(pages + LOOK_PAGES) * PAGE_BYTES) {
        write_back(store);
    } else if (pages >= store->checkpoint_pages && !store->base.writes_back_apart) {
        write_back_part(store, NULL);
    } else {
        lay_out(store, pages);
    }
    return SQLITE_OK;
}

/* The second handle of the log; and once the first one is synced, with which SQLite also syncs the
 * directory that the log was made in. */
static bool set_up_sync(struct pm_sqlite_store *store, struct pm_error *error)
{
    store->log = pm_sqlite_log_open(store->database, &store->base.lost);
    if (store->log == NULL) {
        return pm_fail(error, PM_ERROR_IO, "the store: opening its log failed");
    }
    sqlite3_file *log = pm_sqlite_log_file(store->database);
    store->base.syncs_apart = store->durable;
    return !store->durable || log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK ||
           pm_fail(error, PM_ERROR_IO, "the store: syncing its log failed");
}

/* The connection that writes the log back. It reads nothing but the log, and has no cache. */
static bool set_up_keeper(struct pm_sqlite_store *store, struct pm_error *error)
{
    const bool good =
        sqlite3_open_v2(store->path, &store->keeper, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        pm_sqlite_log_vfs(PM_SQLITE_LOG_ALONE)) == SQLITE_OK &&
        sqlite3_exec(store->keeper,
                     "PRAGMA synchronous = NORMAL; PRAGMA cache_size = 1;"
                     "SELECT count(*) FROM sqlite_schema", /* opens the log */
                     NULL, NULL, NULL) == SQLITE_OK &&
        pm_sqlite_log_watch(store->keeper, &store->base.lost) &&
        pm_sqlite_log_write_back_in_steps(store->keeper);
    return good || pm_fail(error, PM_ERROR_IO, "the store: opening it once more: %s",
                           sqlite3_errmsg(store->keeper));
}

/* Before a connection is closed, with which SQLite writes back what is left; see checkpoint(). */
static void leave_lost_log(struct pm_sqlite_store *store, sqlite3 *connection)
{
    if (connection != NULL && atomic_load(&store->base.lost)) {
        sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
}

void pm_sqlite_wal_close(struct pm_sqlite_store *store)
{
    leave_lost_log(store, store->keeper);
    leave_lost_log(store, store->database);
    sqlite3_close(store->keeper);
    pm_sqlite_log_close(store->log);
}

bool pm_sqlite_wal_set_up(struct pm_sqlite_store *store, struct pm_error *error)
{
    char sql[160];
    store->checkpoint_pages = CHECKPOINT_PAGES;
    sqlite3_snprintf(sizeof sql, sql,
                     "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = %d; "
                     "SELECT count(*) FROM sqlite_schema", /* the first look opens the log */
                     KEPT_PAGES * (PAGE_BYTES + FRAME_BYTES));
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return pm_sqlite_fail(store, "setting up", error);
    }
    if (store->path != NULL && (!set_up_sync(store, error) || !set_up_keeper(store, error))) {
        return false;
    }
    sqlite3_wal_hook(store->database, commit_hook, store);
    write_back(store); /* what a predecessor has left; on a full disk later */
    return true;
}

bool pm_sqlite_sync(struct pm_store *base, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    int result = pm_sqlite_log_sync(store->log);
    return result == SQLITE_OK ||
           pm_fail(error, PM_ERROR_IO, "the store: syncing its log: %s", sqlite3_errstr(result));
}

bool pm_sqlite_wants_write_back(struct pm_store *base)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (store->asked_log == store->logs) { /* the keeper has ended; or else the log is another */
        store->write_backs++;
        store->written_back_pages = store->kept_pages;
    }
    store->asked_log = -1;
    const int left = store->wal_pages - store->written_back_pages;
    if (store->keeper == NULL || store->wal_pages < store->checkpoint_pages || left <= 0) {
        return false;
    }
    if (store->write_backs > 0 && (left <= FEW_PAGES || store->write_backs == WRITE_BACKS_MAX)) {
        write_back_part(store, &store->written_back_pages);
        return false;
    }
    store->asked_log = store->logs;
    return true;
}

bool pm_sqlite_write_back(struct pm_store *base, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    pthread_mutex_lock(&store->keeping);
    int result = checkpoint(store, store->keeper, SQLITE_CHECKPOINT_PASSIVE, &store->kept_pages);
    /* SQLite syncs the file only when all of the log is written back; so that then little is left
     * to be synced. */
    if (result == SQLITE_OK) {
        result = pm_sqlite_log_sync_written_back(store->keeper);
    }
    pthread_mutex_unlock(&store->keeping);
    return result == SQLITE_OK || pm_fail(error, PM_ERROR_IO, "the store: writing back its log: %s",
                                          sqlite3_errstr(result));
}

bool pm_sqlite_wal_check(struct pm_sqlite_store *store, struct pm_error *error)
{
    if (atomic_load(&store->base.lost)) {
        return pm_fail(
            error, PM_ERROR_IO,
            "the store: its log could not be synced; only a new start tells what is kept");
    }
    return store->wal_pages <= 2 * store->checkpoint_pages || write_back(store) ||
           pm_sqlite_fail(store, "writing back the log", error);
}

void pm_sqlite_wal_relieve(struct pm_sqlite_store *store)
{
    if (store->disk_full && !store->stuck) {
        store->stuck = !write_back(store);
    }
    store->disk_full = false;
}

bool pm_sqlite_room(struct pm_store *base, int64_t *bytes, struct pm_error *error)
{
    struct pm_sqlite_store *store = (struct pm_sqlite_store *)base;
    if (store->disk_left > PLENTY_BYTES) {
        *bytes = store->disk_left;
        return true;
    }
    if (store->room < 0) {
        int64_t left = disk_left(store);
        sqlite3_stmt *statement = pm_sqlite_statement(store, PM_SQL_FREE_PAGES, error);
        bool row;
        if (statement == NULL || !pm_sqlite_step(store, statement, &row, error)) {
            return false;
        }
        int64_t free_bytes =
            row ? sqlite3_column_int64(statement, 0) * sqlite3_column_int64(statement, 1) : 0;
        sqlite3_reset(statement);
        store->room = left > INT64_MAX - free_bytes ? INT64_MAX : left + free_bytes;
    }
    *bytes = store->room;
    return true;
}
