/* The write-ahead log: written back into the file in time, so that it stays small, and early on a
 * disk that is nearly full, so that what is in the log always has a place to go to. A log that has
 * taken the last of a disk could neither be written back nor grow to delete anything. */
#include "sidecar/store_sqlite.h"

#include <string.h>
#include <sys/statvfs.h>

enum {
    PAGE_BYTES = 4096, /* SQLite's own since 2016; only bounds hang on it */
    CHECKPOINT_PAGES = 4000,
    WAL_PAGES_MAX = 2 * CHECKPOINT_PAGES,
};

/* What the disk has left for us; INT64_MAX when that is unknown. */
static int64_t disk_left(const struct pm_sqlite_store *store)
{
    struct statvfs disk;
    if (store->path == NULL || statvfs(store->path, &disk) != 0) {
        return INT64_MAX;
    }
    return (int64_t)(disk.f_bavail * disk.f_frsize);
}

/* Writes the log back and cuts it off. */
static bool write_back(struct pm_sqlite_store *store)
{
    bool good = sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                          NULL) == SQLITE_OK;
    if (good) {
        store->wal_pages = 0;
    }
    return good;
}

/* After a commit. What fails here fails again, with a sentence, before the next transaction. */
static int commit_hook(void *context, sqlite3 *database, const char *schema, int pages)
{
    struct pm_sqlite_store *store = context;
    store->wal_pages = pages;
    if (disk_left(store) < 2 * (int64_t)pages * PAGE_BYTES) {
        write_back(store);
    } else if (pages >= CHECKPOINT_PAGES) {
        sqlite3_wal_checkpoint_v2(database, schema, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

bool pm_sqlite_wal_set_up(struct pm_sqlite_store *store, struct pm_error *error)
{
    char sql[128];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = %d",
                     CHECKPOINT_PAGES * PAGE_BYTES);
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return pm_sqlite_fail(store, "setting up", error);
    }
    sqlite3_wal_hook(store->database, commit_hook, store);
    write_back(store); /* what a predecessor has left; on a full disk later */
    return true;
}

bool pm_sqlite_wal_check(struct pm_sqlite_store *store, struct pm_error *error)
{
    return store->wal_pages <= WAL_PAGES_MAX || write_back(store) ||
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
