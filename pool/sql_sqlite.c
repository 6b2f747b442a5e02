#include "pool/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <poolminer/sqlite_log.h>
#include <poolminer/sqlite_setup.h>

enum {
    STATEMENTS_MAX = 256, /* a power of two, well above the number of statements in the pool */
    PARAMETERS_MAX = 16,
    BUSY_TIMEOUT_MS = 10000,    /* for another process on the same file */
    CHECKPOINT_PAGES = 4000,    /* 16 MiB of log: a page changed again and again goes back once */
    SPARE_PAGES = 64,           /* of the next transaction */
    ATTENDING = 0x40001000,     /* a byte of the file behind those that SQLite locks */
    PAGE_BYTES = 4096,          /* SQLite's own since 2016; only bounds hang on it */
    APPLICATION_ID = 0x706d706c /* "pmpl" in the file's header: a pool's ledger */
};

struct sqlite_cursor {
    struct pm_sql_cursor base;
    const char *text; /* NULL: a free place */
    sqlite3_stmt *statement;
    int places[PARAMETERS_MAX]; /* of $1, $2, ..., 0: not in the text */
};

struct sqlite {
    struct pm_sql base;
    sqlite3 *database;
    enum pm_sql_access access;
    int attending;                                /* holds the lock of who is at work; -1: not */
    bool short_of_room;                           /* something could not be written */
    struct sqlite_cursor cursors[STATEMENTS_MAX]; /* hashed by the address of the text */
};

/* Writes back what of the log can be. When the sync of that fails, what an earlier part has written
 * to the file may be gone from it, SQLite takes it for kept, and the next sync would succeed: so
 * nothing may come into this log any more, nor be written back out of it. The next process that
 * opens it alone writes all of it back anew. */
static int checkpoint(struct sqlite *sqlite, int mode)
{
    const int result = sqlite3_wal_checkpoint_v2(sqlite->database, NULL, mode, NULL, NULL);
    if (result != SQLITE_OK && sqlite3_extended_errcode(sqlite->database) == SQLITE_IOERR_FSYNC) {
        atomic_store(&sqlite->base.lost, true);
        sqlite3_db_config(sqlite->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    return result;
}

static bool fail(struct sqlite *sqlite, const char *doing, struct pm_error *error)
{
    int code = sqlite3_extended_errcode(sqlite->database);
    enum pm_error_code kind = (code & 0xff) == SQLITE_BUSY ? PM_ERROR_UNAVAILABLE : PM_ERROR_IO;
    sqlite->short_of_room |= (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR;
    bool damaged = (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT;
    return pm_fail(error, kind, "store: %s: %s (SQLite error %d)%s", doing,
                   sqlite3_errmsg(sqlite->database), code,
                   damaged ? "; restore a copy of the file, or move it away to begin with an empty "
                             "store"
                           : "");
}

static void sqlite_close(struct pm_sql *sql)
{
    struct sqlite *sqlite = (struct sqlite *)sql;
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        sqlite3_finalize(sqlite->cursors[i].statement);
    }
    sqlite3_close(sqlite->database);
    if (sqlite->attending >= 0) {
        close(sqlite->attending); /* not before SQLite, whose locks on the file would go with it */
    }
    free(sqlite);
}

static bool sqlite_script(struct pm_sql *sql, const char *text, struct pm_error *error)
{
    struct sqlite *sqlite = (struct sqlite *)sql;
    if (sqlite3_exec(sqlite->database, text, NULL, NULL, NULL) != SQLITE_OK) {
        return fail(sqlite, "script", error);
    }
    return true;
}

/* SQLite numbers $1, $2, ... by first appearance in the text, PostgreSQL by name. */
static void find_parameters(struct sqlite_cursor *cursor)
{
    for (int i = 0; i < PARAMETERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "$%d", i + 1);
        cursor->places[i] = sqlite3_bind_parameter_index(cursor->statement, name);
    }
}

/* The place of a statement, prepared when it is used first; NULL with the error set. */
static struct sqlite_cursor *prepare(struct sqlite *sqlite, const char *text,
                                     struct pm_error *error)
{
    size_t place = ((uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15) >> 32) % STATEMENTS_MAX;
    for (size_t i = 0; i < STATEMENTS_MAX; i++, place = (place + 1) % STATEMENTS_MAX) {
        struct sqlite_cursor *cursor = &sqlite->cursors[place];
        if (cursor->text == text) {
            return cursor;
        }
        if (cursor->text != NULL) {
            continue;
        }
        if (sqlite3_prepare_v3(sqlite->database, text, -1, SQLITE_PREPARE_PERSISTENT,
                               &cursor->statement, NULL) != SQLITE_OK) {
            fail(sqlite, text, error);
            return NULL;
        }
        cursor->base.sql = &sqlite->base;
        cursor->text = text;
        find_parameters(cursor);
        return cursor;
    }
    pm_fail(error, PM_ERROR_LIMIT, "store: more than %d different statements", STATEMENTS_MAX);
    return NULL;
}

static int bind(sqlite3_stmt *statement, int at, const struct pm_sql_value *value)
{
    switch (value->type) {
    case PM_SQL_INTEGER:
        return sqlite3_bind_int64(statement, at, value->integer);
    case PM_SQL_REAL:
        return sqlite3_bind_double(statement, at, value->real);
    case PM_SQL_TEXT:
        return sqlite3_bind_text(statement, at, value->text, -1, SQLITE_STATIC);
    case PM_SQL_NULL:
        break;
    }
    return sqlite3_bind_null(statement, at);
}

static void sqlite_end(struct pm_sql_cursor *base)
{
    struct sqlite_cursor *cursor = (struct sqlite_cursor *)base;
    sqlite3_reset(cursor->statement);
    sqlite3_clear_bindings(cursor->statement);
}

static bool sqlite_select(struct pm_sql *sql, const char *text, const struct pm_sql_value *values,
                          size_t count, struct pm_sql_cursor **out, struct pm_error *error)
{
    struct sqlite *sqlite = (struct sqlite *)sql;
    struct sqlite_cursor *cursor = prepare(sqlite, text, error);
    if (cursor == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int at = i < PARAMETERS_MAX ? cursor->places[i] : 0;
        if (at == 0 || bind(cursor->statement, at, &values[i]) != SQLITE_OK) {
            sqlite_end(&cursor->base);
            return pm_fail(error, PM_ERROR_IO, "store: parameter $%zu of \"%s\" cannot be set",
                           i + 1, text);
        }
    }
    *out = &cursor->base;
    return true;
}

static bool sqlite_next(struct pm_sql_cursor *base, bool *row, struct pm_error *error)
{
    struct sqlite_cursor *cursor = (struct sqlite_cursor *)base;
    int result = sqlite3_step(cursor->statement);
    *row = result == SQLITE_ROW;
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return fail((struct sqlite *)base->sql, cursor->text, error);
    }
    return true;
}

/* A log that has taken the last of a disk cannot grow to take anything more; written back into the
 * file, where most of it goes over what is there already, it gives that room back. What fails here
 * fails again, with a sentence, in the transaction. */
static void make_room(struct sqlite *sqlite)
{
    sqlite->short_of_room = checkpoint(sqlite, SQLITE_CHECKPOINT_TRUNCATE) != SQLITE_OK;
}

static bool sqlite_begin(struct pm_sql *sql, struct pm_error *error)
{
    struct sqlite *sqlite = (struct sqlite *)sql;
    /* IMMEDIATE: two writers on one file queue up here instead of failing in the middle. */
    const char *begin = sqlite->access == PM_SQL_READ ? "BEGIN" : "BEGIN IMMEDIATE";
    if (sqlite->access == PM_SQL_WRITE && sqlite->short_of_room) {
        make_room(sqlite);
    }
    if (atomic_load(&sqlite->base.lost)) {
        return pm_fail(error, PM_ERROR_IO,
                       "store: the disk did not take what was written to it; only a new start of "
                       "the pool tells what is kept");
    }
    return pm_sql_execute(sql, begin, PM_SQL_NO_VALUES, error);
}

static void sqlite_rollback(struct pm_sql *sql)
{
    /* Some failures have rolled back already; then this one has nothing to do and says so. */
    pm_sql_execute(sql, "ROLLBACK", PM_SQL_NO_VALUES, NULL);
}

static bool sqlite_commit(struct pm_sql *sql, struct pm_error *error)
{
    if (pm_sql_execute(sql, "COMMIT", PM_SQL_NO_VALUES, error)) {
        return true;
    }
    sqlite_rollback(sql);
    return false;
}

static bool lock_attendance(int file, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = ATTENDING, .l_len = 1};
    return fcntl(file, F_OFD_SETLK, &lock) == 0;
}

static bool sqlite_attend(struct pm_sql *sql, bool *alone, struct pm_error *error)
{
    struct sqlite *sqlite = (struct sqlite *)sql;
    const char *path = sqlite3_db_filename(sqlite->database, "main");
    *alone = true;
    if (path == NULL || path[0] == '\0') {
        return true; /* in memory, where nobody else comes */
    }
    if (sqlite->attending < 0) {
        sqlite->attending = open(path, O_RDWR | O_CLOEXEC);
    }
    if (sqlite->attending < 0) {
        return pm_fail(error, PM_ERROR_IO, "store: %s: %s", path, strerror(errno));
    }
    *alone = lock_attendance(sqlite->attending, F_WRLCK);
    return lock_attendance(sqlite->attending, F_RDLCK) ||
           pm_fail(error, PM_ERROR_IO, "store: %s cannot be locked: %s", path, strerror(errno));
}

static bool sqlite_is_null(struct pm_sql_cursor *cursor, int column)
{
    return sqlite3_column_type(((struct sqlite_cursor *)cursor)->statement, column) == SQLITE_NULL;
}

static int64_t sqlite_column_integer(struct pm_sql_cursor *cursor, int column)
{
    return sqlite3_column_int64(((struct sqlite_cursor *)cursor)->statement, column);
}

static double sqlite_column_real(struct pm_sql_cursor *cursor, int column)
{
    return sqlite3_column_double(((struct sqlite_cursor *)cursor)->statement, column);
}

static const char *sqlite_column_text(struct pm_sql_cursor *cursor, int column)
{
    return (const char *)sqlite3_column_text(((struct sqlite_cursor *)cursor)->statement, column);
}

static const struct pm_sql_driver sqlite_driver = {
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .attend = sqlite_attend,
    .script = sqlite_script,
    .select = sqlite_select,
    .next = sqlite_next,
    .end = sqlite_end,
    .is_null = sqlite_is_null,
    .column_integer = sqlite_column_integer,
    .column_real = sqlite_column_real,
    .column_text = sqlite_column_text,
};

bool pm_sql_is_sqlite(const struct pm_sql *sql)
{
    return sql->driver == &sqlite_driver;
}

/* What miners earn is nobody else's to read or change: the file is the owner's alone. SQLite gives
 * its -wal and -shm files the same mode. */
static bool create_private(const char *path, struct pm_error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "store %s: this is no regular file; name another one with --store", path);
    }
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return pm_fail(error, PM_ERROR_IO, "store %s: cannot be opened for writing: %m", path);
    }
    close(file);
    return true;
}

static bool read_integer(struct sqlite *sqlite, const char *text, int64_t *out,
                         struct pm_error *error)
{
    bool found;
    return pm_sql_select_integer(&sqlite->base, text, PM_SQL_NO_VALUES, out, &found, error);
}

/* Whether the file is a pool's, or empty so that it can become one. Pools of before the id was
 * written are known by their tables. Nothing is written to a file that is somebody else's. */
static bool check_owner(struct sqlite *sqlite, bool *unmarked, struct pm_error *error)
{
    int64_t id, tables, ours;
    if (!read_integer(sqlite, "PRAGMA application_id", &id, error) ||
        !read_integer(sqlite, "SELECT COUNT(*) FROM sqlite_master", &tables, error) ||
        !read_integer(sqlite,
                      "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
                      " AND name IN ('schema_versions', 'miners', 'epochs', 'payouts')",
                      &ours, error)) {
        return false;
    }
    *unmarked = id != APPLICATION_ID;
    if (id == APPLICATION_ID || (id == 0 && (tables == 0 || ours == 4))) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "this is the database of another program, and is left as it is; choose another"
                   " --store");
}

/* What the file's disk has left for us; INT64_MAX when that is unknown. */
static int64_t disk_left(sqlite3 *database)
{
    struct statvfs disk;
    const char *path = sqlite3_db_filename(database, "main");
    if (path == NULL || statvfs(path, &disk) != 0) {
        return INT64_MAX;
    }
    return (int64_t)(disk.f_bavail * disk.f_frsize);
}

/* After a commit: the log is written back in time to stay small, and early on a disk that is nearly
 * full, so that what is in the log always has a place in the file. What fails here fails again,
 * with a sentence, when the disk is full. */
static int on_commit(void *context, sqlite3 *database, const char *schema, int pages)
{
    struct sqlite *sqlite = context;
    (void)schema;
    if (disk_left(database) < 2 * (int64_t)(pages + SPARE_PAGES) * PAGE_BYTES) {
        checkpoint(sqlite, SQLITE_CHECKPOINT_TRUNCATE);
    } else if (pages >= CHECKPOINT_PAGES) {
        checkpoint(sqlite, SQLITE_CHECKPOINT_PASSIVE);
    }
    return SQLITE_OK;
}

static bool prepare_writer(struct sqlite *sqlite, struct pm_error *error)
{
    bool unmarked;
    if (!check_owner(sqlite, &unmarked, error)) {
        return false;
    }
    if (unmarked) {
        char mark[64];
        snprintf(mark, sizeof mark, "PRAGMA application_id = %d", APPLICATION_ID);
        if (!sqlite_script(&sqlite->base, mark, error)) {
            return false;
        }
    }
    return sqlite_script(&sqlite->base,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                         "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                         "PRAGMA cache_size = -65536;",
                         error);
}

static bool connect_file(struct sqlite *sqlite, const char *path, struct pm_error *error)
{
    bool writes = sqlite->access == PM_SQL_WRITE;
    int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX;
    /* A transaction in one write; who only reads never writes the log. */
    const char *vfs = writes ? pm_sqlite_log_vfs(PM_SQLITE_LOG_SHARED) : NULL;
    if (sqlite3_open_v2(path, &sqlite->database, flags, vfs) != SQLITE_OK ||
        sqlite3_busy_timeout(sqlite->database, BUSY_TIMEOUT_MS) != SQLITE_OK) {
        return fail(sqlite, "opening", error);
    }
    if (writes) {
        sqlite3_wal_hook(sqlite->database, on_commit, sqlite);
    }
    bool unmarked;
    return writes ? prepare_writer(sqlite, error)
                  : check_owner(sqlite, &unmarked, error) &&
                        sqlite_script(&sqlite->base, "PRAGMA trusted_schema = OFF;", error);
}

bool pm_sql_open_sqlite(const char *path, enum pm_sql_access access, struct pm_sql **out,
                        struct pm_error *error)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    pm_sqlite_configure();
    if (access == PM_SQL_WRITE && !in_memory && !create_private(path, error)) {
        return false;
    }
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (sqlite == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "store: out of memory");
    }
    sqlite->base.driver = &sqlite_driver;
    sqlite->base.connections = 1;
    sqlite->attending = -1;
    sqlite->access = access;
    if (!connect_file(sqlite, path, error)) {
        sqlite_close(&sqlite->base);
        return pm_fail_context(error, "%s", path);
    }
    *out = &sqlite->base;
    return true;
}
