/* The store suite over SQLite, and what is SQLite's own: the lock, the file, damage. */
#include "sidecar/sidecar_test.h"
#include "sidecar/store_sqlite_fresh.h"
#include "sidecar/store_suite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool open_file(struct pm_store **out, struct pm_error *error)
{
    return pm_store_sqlite_open(pm_test_path("store.db"), false, out, error);
}

static void file_is_private(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    struct stat status;
    pm_test_clean();
    umask(022);
    assert_done(open_file(&store, &error), error);
    assert_int_equal(stat(pm_test_path("store.db"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    store->verbs->close(store);
}

/* POSIX locks do not bind the process that holds them, so another one must try; one that was there
 * before, as a fork would inherit what SQLite knows of its locks. */
static void a_second_sidecar_is_refused(void **state)
{
    (void)state;
    struct pm_store *store, *second;
    struct pm_error error = {0};
    int turn[2];
    char byte = 0;
    pm_test_clean();
    assert_int_equal(pipe(turn), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const bool may = read(turn[0], &byte, 1) == 1;
        bool opened = open_file(&second, &error);
        _exit(may && !opened && error.code == PM_ERROR_REFUSED &&
                      strstr(error.message, "in use by another program") != NULL
                  ? 0
                  : 1);
    }
    assert_done(open_file(&store, &error), error);
    assert_int_equal(write(turn[1], &byte, 1), 1);
    close(turn[0]);
    close(turn[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    store->verbs->close(store);
    assert_done(open_file(&second, &error), error); /* and free again */
    second->verbs->close(second);
}

static void write_file(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(pm_test_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void what_is_no_store_is_refused(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    char garbage[5000];
    memset(garbage, 'x', sizeof garbage);
    pm_test_clean();
    write_file("store.db", garbage, sizeof garbage);
    assert_refused(open_file(&store, &error), error, PM_ERROR_INVALID,
                   "damaged or no store at all");
    assert_non_null(strstr(error.message, "move it away"));
}

static void a_damaged_store_is_refused(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    char noise[4096];
    pm_test_clean();
    assert_done(open_file(&store, &error), error);
    store->verbs->close(store);
    memset(noise, 0xa5, sizeof noise);
    int file = open(pm_test_path("store.db"), O_WRONLY);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, noise, sizeof noise, 100), sizeof noise); /* the schema's page */
    close(file);
    assert_refused(open_file(&store, &error), error, PM_ERROR_INVALID, "damaged");
}

static void stamp(const char *pragma)
{
    char command[512];
    snprintf(command, sizeof command, "%s", pragma);
    struct pm_store *store;
    struct pm_error error;
    pm_test_clean();
    assert_done(open_file(&store, &error), error);
    store->verbs->close(store);
    /* Both numbers stand in the file's header (SQLite file format, offsets 60 and 68). */
    int file = open(pm_test_path("store.db"), O_WRONLY);
    assert_true(file >= 0);
    const unsigned char number[4] = {0, 0, 0, 77};
    assert_int_equal(pwrite(file, number, 4, strcmp(command, "version") == 0 ? 60 : 68), 4);
    close(file);
}

static void another_version_or_program_is_refused(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    stamp("version");
    assert_refused(open_file(&store, &error), error, PM_ERROR_INVALID, "its version is 77");
    stamp("application");
    assert_refused(open_file(&store, &error), error, PM_ERROR_INVALID, "another program");
}

/* Looks at the file, or changes it, behind the store's back. */
static int64_t ask_file(const char *sql)
{
    sqlite3 *file;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(pm_test_path("store.db"), &file), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(file, sql, -1, &statement, NULL), SQLITE_OK);
    int result = sqlite3_step(statement);
    assert_true(result == SQLITE_ROW || result == SQLITE_DONE);
    int64_t answer = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(file), SQLITE_OK);
    return answer;
}

static void what_is_refused_is_left_as_it_was(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    pm_test_clean();
    ask_file("CREATE TABLE theirs(x)");
    assert_refused(open_file(&store, &error), error, PM_ERROR_INVALID, "another program");
    assert_int_equal(ask_file("SELECT journal_mode = 'delete' FROM pragma_journal_mode"), 1);
}

static int64_t first_in_line(struct pm_store *store)
{
    struct pm_error error;
    struct pm_store_job job;
    bool found;
    assert_done(store->verbs->begin(store, false, &error), error);
    assert_done(store->verbs->job_next(store, 0, &job, &found, &error), error);
    store->verbs->rollback(store);
    return found ? job.id : 0;
}

static void put_job(struct pm_store *store, const char *key)
{
    struct pm_error error;
    struct pm_store_job job = {.created_ms = 1000, .bytes = 3};
    const struct pm_wire_frame body = {"abc", 3};
    snprintf(job.key, sizeof job.key, "%s", key);
    assert_done(store->verbs->begin(store, false, &error), error);
    assert_done(store->verbs->run_find(store, "run", true, &job.run, &error), error);
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    assert_done(store->verbs->commit(store, &error), error);
}

/* Until another one needs its place. */
static void a_job_just_put_is_queued_without_a_row(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    char key[32];
    pm_test_clean();
    assert_done(open_file(&store, &error), error);
    put_job(store, "first");
    store->verbs->close(store);
    assert_int_equal(ask_file("SELECT count(*) FROM queued"), 0);
    assert_done(open_file(&store, &error), error);
    assert_int_equal(first_in_line(store), 1);
    for (int i = 0; i < PM_SQLITE_FRESH_MAX; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        put_job(store, key);
    }
    assert_int_equal(first_in_line(store), 1);
    store->verbs->close(store);
    assert_int_equal(ask_file("SELECT count(*) FROM queued"), 1);
    assert_int_equal(ask_file("SELECT id FROM queued"), 1);
}

/* There every queued job has a row; whoever knows only that version must not open the file again.
 */
static void a_store_of_the_version_before_is_taken_over(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    pm_test_clean();
    assert_done(open_file(&store, &error), error);
    put_job(store, "first");
    store->verbs->close(store);
    ask_file("INSERT INTO queued SELECT run, rank, turn, id, 0, 0, 0, 0, 3 FROM job");
    ask_file("PRAGMA user_version = 1");
    assert_done(open_file(&store, &error), error);
    put_job(store, "second");
    assert_int_equal(first_in_line(store), 1);
    store->verbs->close(store);
    assert_int_equal(ask_file("PRAGMA user_version"), 2);
    assert_int_equal(ask_file("SELECT count(*) FROM queued"), 1);
}

static void put_record(struct pm_store *store, const char *key, const char *state)
{
    struct pm_error error;
    int64_t run;
    struct pm_store_record record = {.updated_ms = 1};
    const struct pm_wire_frame body = {"12345", 5};
    snprintf(record.key, sizeof record.key, "%s", key);
    snprintf(record.state, sizeof record.state, "%s", state);
    assert_done(store->verbs->run_find(store, "a", true, &run, &error), error);
    assert_done(store->verbs->record_put(store, run, &record, &body, &error), error);
}

static int64_t closed_bytes(struct pm_store *store)
{
    return store->verbs->counted(store, 0, PM_COUNTER_BYTES_CLOSED);
}

static void a_store_from_before_the_counter_of_closed_bytes_gets_it(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    char forget[128];
    snprintf(forget, sizeof forget, "DELETE FROM counter WHERE counter = %d",
             PM_COUNTER_BYTES_CLOSED);
    pm_test_clean();
    assert_done(open_file(&store, &error), error);
    assert_done(store->verbs->begin(store, true, &error), error);
    put_record(store, "1", "submitted");
    put_record(store, "2", "submitted");
    put_record(store, "3", "open");
    assert_done(store->verbs->commit(store, &error), error);
    assert_int_equal(closed_bytes(store), 10);
    store->verbs->close(store);
    ask_file(forget);
    assert_done(open_file(&store, &error), error);
    assert_int_equal(closed_bytes(store), 10);
    assert_done(store->verbs->begin(store, true, &error), error);
    put_record(store, "3", "submitted");
    store->verbs->rollback(store);
    assert_int_equal(closed_bytes(store), 10);
    assert_done(store->verbs->begin(store, true, &error), error);
    put_record(store, "3", "submitted");
    assert_done(store->verbs->commit(store, &error), error);
    store->verbs->close(store);
    assert_done(open_file(&store, &error), error);
    assert_int_equal(closed_bytes(store), 15);
    store->verbs->close(store);
}

/* What a killed predecessor has left in the log is in the file, and the log is cut off. */
static void opening_writes_the_log_back(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    struct stat log;
    pm_test_clean();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool good = open_file(&store, &error) && store->verbs->begin(store, true, &error);
        if (good) {
            put_record(store, "1", "open");
            good = store->verbs->commit(store, &error);
        }
        _exit(good ? 0 : 1); /* without closing */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(stat(pm_test_path("store.db-wal"), &log), 0);
    assert_true(log.st_size > 0);
    assert_done(open_file(&store, &error), error);
    assert_int_equal(stat(pm_test_path("store.db-wal"), &log), 0);
    assert_int_equal(log.st_size, 0);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_RECORDS_OPEN), 1);
    store->verbs->close(store);
}

static void a_name_that_is_no_file_is_refused_when_durable(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    assert_refused(pm_store_sqlite_open("", true, &store, &error), error, PM_ERROR_INVALID,
                   "name a file with --store");
    assert_refused(pm_store_sqlite_open(":memory:", true, &store, &error), error, PM_ERROR_INVALID,
                   "name a file with --store");
}

static void what_is_no_regular_file_is_refused(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    assert_refused(pm_store_sqlite_open("/dev/null", true, &store, &error), error, PM_ERROR_INVALID,
                   "/dev/null is no regular file");
    assert_refused(pm_store_sqlite_open("/tmp", false, &store, &error), error, PM_ERROR_INVALID,
                   "/tmp is no regular file");
}

static void a_missing_directory_is_named(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    assert_refused(pm_store_sqlite_open(pm_test_path("none/store.db"), false, &store, &error),
                   error, PM_ERROR_IO, "none/store.db");
}

static bool open_memory(struct pm_store **out, struct pm_error *error)
{
    return pm_store_sqlite_open(":memory:", false, out, error);
}

static void a_store_in_memory_works(void **state)
{
    (void)state;
    struct pm_store *store;
    struct pm_error error;
    int64_t run;
    assert_done(open_memory(&store, &error), error);
    assert_done(store->verbs->begin(store, true, &error), error);
    assert_done(store->verbs->run_find(store, "a", true, &run, &error), error);
    assert_done(store->verbs->commit(store, &error), error);
    store->verbs->close(store);
}

int main(void)
{
    const struct pm_store_backend sqlite = {"sqlite", open_file, pm_test_clean};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_is_private),
        cmocka_unit_test(a_second_sidecar_is_refused),
        cmocka_unit_test(what_is_no_store_is_refused),
        cmocka_unit_test(a_damaged_store_is_refused),
        cmocka_unit_test(another_version_or_program_is_refused),
        cmocka_unit_test(what_is_refused_is_left_as_it_was),
        cmocka_unit_test(a_store_from_before_the_counter_of_closed_bytes_gets_it),
        cmocka_unit_test(a_job_just_put_is_queued_without_a_row),
        cmocka_unit_test(a_store_of_the_version_before_is_taken_over),
        cmocka_unit_test(opening_writes_the_log_back),
        cmocka_unit_test(a_name_that_is_no_file_is_refused_when_durable),
        cmocka_unit_test(what_is_no_regular_file_is_refused),
        cmocka_unit_test(a_missing_directory_is_named),
        cmocka_unit_test(a_store_in_memory_works),
    };
    int failed = pm_store_suite_run(&sqlite);
    failed += cmocka_run_group_tests_name("sqlite file", tests, NULL, NULL);
    pm_test_remove_directory();
    return failed;
}
