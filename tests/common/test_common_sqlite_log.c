/* The VFS that gathers the log's frames: transactions larger than SQLite's cache, pages written
 * twice in one of them, savepoints and rollbacks. After each commit the files are what another
 * process would find after kill -9: SQLite's own VFS reads in them what was committed. */
#include "cmocka_include.h"
#include "crash_vfs.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/sqlite_log.h>

enum { TRANSACTIONS = 150, ROWS = 400, CHANGES_MAX = 200 };

static unsigned seed;

static int below(int bound)
{
    seed = seed * 1103515245U + 12345U;
    return (int)(seed >> 8) % bound;
}

static void run(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    }
}

static sqlite3 *open_database(const char *name, const char *vfs)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open_v2(pm_test_path(name), &database,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs),
                     SQLITE_OK);
    return database;
}

/* ---- what is in it ---- */

static void first_text(sqlite3 *database, const char *sql, char out[64])
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    snprintf(out, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
}

static void digest(sqlite3 *database, char out[64])
{
    first_text(database,
               "SELECT count(*) || ' ' || ifnull(sum(id * length(data) % 1000003), 0) || ' ' ||"
               " ifnull(sum(id * stamp % 1000003), 0) FROM row",
               out);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[64 * 1024];
    const int in = open(pm_test_path(from), O_RDONLY | O_CLOEXEC);
    const int out = open(pm_test_path(to), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t size;
    assert_true(in >= 0 && out >= 0);
    while ((size = read(in, bytes, sizeof bytes)) > 0) {
        assert_int_equal(write(out, bytes, (size_t)size), size);
    }
    close(in);
    close(out);
}

/* As after kill -9; before anything reads, which would have what is held handed on. */
static void copy_files(void)
{
    copy_file("log.db", "copy.db");
    copy_file("log.db-wal", "copy.db-wal");
}

static void expect_in_the_copy(const char *expected)
{
    char found[64], whole[64];
    sqlite3 *copy = open_database("copy.db", NULL);
    run(copy, "PRAGMA synchronous = OFF"); /* nobody needs the copy after this */
    digest(copy, found);
    first_text(copy, "PRAGMA integrity_check", whole);
    sqlite3_close(copy);
    assert_string_equal(found, expected);
    assert_string_equal(whole, "ok");
}

/* ---- what is done to it ---- */

static void change(sqlite3 *database)
{
    char sql[160];
    const int id = below(ROWS);
    if (below(5) == 0) {
        snprintf(sql, sizeof sql, "DELETE FROM row WHERE id = %d", id);
    } else {
        snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO row VALUES(%d, %d, randomblob(%d))", id,
                 below(1000000), below(10) == 0 ? below(20000) : below(900));
    }
    run(database, sql);
}

static void carry_out(sqlite3 *database)
{
    const int changes = 1 + below(below(4) == 0 ? CHANGES_MAX : 8);
    run(database, "BEGIN IMMEDIATE");
    for (int i = 0; i < changes; i++) {
        const bool saves = below(8) == 0;
        if (saves) {
            run(database, "SAVEPOINT here");
        }
        change(database);
        if (saves) {
            change(database);
            run(database, below(2) == 0 ? "ROLLBACK TO here; RELEASE here" : "RELEASE here");
        }
    }
    run(database, below(4) == 0 ? "ROLLBACK" : "COMMIT");
}

static void what_is_committed_is_in_the_files(void **state)
{
    (void)state;
    const char *vfs = pm_sqlite_log_vfs(PM_SQLITE_LOG_SHARED);
    assert_non_null(vfs);
    sqlite3 *database = open_database("log.db", vfs);
    /* Ten pages of cache: nearly every transaction is written before it ends. */
    run(database, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                  "PRAGMA synchronous = NORMAL; PRAGMA cache_size = 10;"
                  "PRAGMA wal_autocheckpoint = 500;"
                  "CREATE TABLE row(id INTEGER PRIMARY KEY, stamp INTEGER, data BLOB);"
                  "CREATE INDEX row_stamp ON row(stamp)");
    for (int i = 0; i < TRANSACTIONS; i++) {
        char expected[64];
        carry_out(database);
        copy_files();
        digest(database, expected);
        expect_in_the_copy(expected);
    }
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* Should another SQLite write a frame in one piece, nothing tells which one commits: what is held
 * is handed on after the commit. */
static void what_is_held_is_handed_on_when_asked(void **state)
{
    (void)state;
    enum { HEADER = 32, FRAME = 24 + 4096 };
    static unsigned char bytes[FRAME];
    sqlite3_vfs *vfs = sqlite3_vfs_find(pm_sqlite_log_vfs(PM_SQLITE_LOG_SHARED));
    const char *path = pm_test_path("piece.db-wal");
    const char *name = sqlite3_create_filename(pm_test_path("piece.db"), "", path, 0, NULL);
    sqlite3_file *log = calloc(1, (size_t)vfs->szOsFile);
    struct stat file;
    bytes[7] = 1;                      /* as in the header of a frame that commits */
    FILE *database = fopen(name, "w"); /* whose mode the log gets */
    assert_non_null(database);
    fclose(database);
    assert_non_null(log);
    assert_int_equal(vfs->xOpen(vfs, sqlite3_filename_wal(name), log,
                                SQLITE_OPEN_WAL | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    assert_int_equal(log->pMethods->xWrite(log, bytes, HEADER, 0), SQLITE_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(log->pMethods->xWrite(log, bytes, FRAME, HEADER + (int64_t)i * FRAME),
                         SQLITE_OK);
    }
    assert_int_equal(pm_sqlite_log_flush(log), SQLITE_OK);
    assert_int_equal(stat(sqlite3_filename_wal(name), &file), 0);
    assert_int_equal(file.st_size, HEADER + 2 * FRAME);
    log->pMethods->xClose(log);
    free(log);
    sqlite3_free_filename((char *)name);
}

/* Where 255 pages are written the file's sync comes next. It fails, and with it the writing back,
 * which is not tried again; without steps there would be another write in its place. */
static void what_is_written_back_is_synced_in_steps(void **state)
{
    (void)state;
    enum { PAGE = 4096, PAGES_A_STEP = 1024 * 1024 / PAGE };
    atomic_bool lost = false;
    crash_vfs_install();
    crash_vfs_only("steps.db");
    sqlite3 *database = open_database("steps.db", pm_sqlite_log_vfs(PM_SQLITE_LOG_SHARED));
    run(database, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                  "CREATE TABLE row(id INTEGER PRIMARY KEY, data BLOB);"
                  "INSERT INTO row VALUES(1, randomblob(3000000))");
    sqlite3 *keeper = open_database("steps.db", pm_sqlite_log_vfs(PM_SQLITE_LOG_SHARED));
    run(keeper, "SELECT count(*) FROM sqlite_schema");
    assert_true(pm_sqlite_log_watch(keeper, &lost));
    assert_true(pm_sqlite_log_write_back_in_steps(keeper));
    crash_vfs_arm(CRASH_ERROR, PAGES_A_STEP);
    assert_int_equal(sqlite3_wal_checkpoint_v2(keeper, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL),
                     SQLITE_IOERR);
    assert_int_equal(sqlite3_extended_errcode(keeper), SQLITE_IOERR_FSYNC);
    assert_int_equal(crash_vfs_operations(), PAGES_A_STEP);
    assert_true(atomic_load(&lost));
    sqlite3_close(keeper);
    sqlite3_close(database);
    crash_vfs_recover();
}

static int tear_down(void **state)
{
    (void)state;
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_committed_is_in_the_files),
        cmocka_unit_test(what_is_held_is_handed_on_when_asked),
        cmocka_unit_test(what_is_written_back_is_synced_in_steps),
    };
    seed = 20260730;
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
