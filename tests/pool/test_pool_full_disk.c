/* A disk that is full: the pool's own log has taken it, and gives it back. */
#include "cmocka_include.h"
#include "pool/store_internal.h"
#include "run_program.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { PATH_SIZE = 128, LOG_BYTES = 512 * 1024, JOBS = 600 };

static fsblkcnt_t pages_left = 1 << 20;

/* In the place of the system's. */
int statvfs(const char *path, struct statvfs *out)
{
    (void)path;
    *out = (struct statvfs){.f_frsize = 4096, .f_bavail = pages_left};
    return 0;
}

static void limit_files(rlim_t bytes)
{
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static enum pm_pool_outcome count(struct pm_pool_store *store, void *context,
                                  struct pm_error *error)
{
    return pm_store_next_id(store, "jobs", context, error) ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

/* Many small changes make a long log and a small file: whenever the log cannot grow, one piece of
 * work fails, and the next one finds the log written back. */
static void test_the_log_gives_its_room_back(void **state)
{
    (void)state;
    char directory[64], path[PATH_SIZE];
    struct pm_pool_store *store;
    int64_t last = 0, done = 0, failures = 0, in_a_row = 0;
    make_directory(directory, sizeof directory);
    snprintf(path, sizeof path, "%s/pool.db", directory);
    assert_true(pm_pool_store_open(path, &store, NULL));
    signal(SIGXFSZ, SIG_IGN);
    limit_files(LOG_BYTES);
    for (int i = 0; i < JOBS; i++) {
        bool ok = pm_pool_store_run(store, count, &last, NULL);
        done += ok;
        failures += !ok;
        in_a_row = ok ? 0 : in_a_row + 1;
        assert_in_range(in_a_row, 0, 1);
    }
    limit_files(RLIM_INFINITY);
    assert_true(failures > 1); /* the log was as long as it can be, and more than once */
    assert_true(pm_pool_store_run(store, count, &last, NULL));
    assert_int_equal(last, done + 1);
    pm_pool_store_close(store);
    remove_directory(directory);
}

/* On a disk that is nearly full the log is written back before it has taken the rest. */
static void test_the_log_leaves_the_file_its_room(void **state)
{
    (void)state;
    char directory[64], path[PATH_SIZE], log[PATH_SIZE + 8];
    struct pm_pool_store *store;
    struct stat status;
    int64_t last;
    make_directory(directory, sizeof directory);
    snprintf(path, sizeof path, "%s/pool.db", directory);
    snprintf(log, sizeof log, "%s-wal", path);
    pages_left = 200;
    assert_true(pm_pool_store_open(path, &store, NULL));
    for (int i = 0; i < JOBS; i++) {
        assert_true(pm_pool_store_run(store, count, &last, NULL));
        assert_int_equal(stat(log, &status), 0);
        assert_in_range(status.st_size, 0, 100 * 4120);
    }
    pages_left = 1 << 20;
    pm_pool_store_close(store);
    remove_directory(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_log_gives_its_room_back),
                                       cmocka_unit_test(test_the_log_leaves_the_file_its_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
