/* Writes of the pool's store fail, are torn, or are the last ones before the process or the machine
 * dies: what was answered is there, what was not is there wholly or not at all, and the pool goes
 * on. Of the deaths, which are processes each, every 11th is tried; POOLMINER_FAULTS_EVERY=1 tries
 * all; with sanitizers fewer. */
#include "asked_number.h"
#include "cmocka_include.h"
#include "crash_vfs.h"
#include "pool/scenario.h"
#include "pool/store_internal.h"
#include "run_program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STORY = 1003, STEPS = 40, JOBS = 12, EVERY = CRASH_STRIDE > 1 ? 29 : 11 };

static char directory[64], path[96];
static int64_t *lived_through; /* operations, of the child that came to the end of the story */

static int set_up(void **state)
{
    (void)state;
    make_directory(directory, sizeof directory);
    lived_through = mmap(NULL, sizeof *lived_through, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(lived_through != MAP_FAILED);
    snprintf(path, sizeof path, "%s/pool.db", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_directory(directory);
    munmap(lived_through, sizeof *lived_through);
    return 0;
}

static void remove_store(void)
{
    static const char *const SUFFIXES[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        char file[sizeof path + 16];
        snprintf(file, sizeof file, "%s%s", path, SUFFIXES[i]);
        unlink(file);
    }
}

/* ---- death ---- */

/* The child: lives the story from the very beginning, and writes a byte after the opening and after
 * each step, until it meets its end. */
static void live(enum crash_kind kind, int64_t at, int acknowledged)
{
    static struct scenario scenario;
    struct virtual_pool pool = {0};
    struct step step;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    crash_vfs_die_in_earnest();
    crash_vfs_arm(kind, at);
    scenario_create(&scenario, STORY);
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, path);
    model_apply(&scenario.model, &(struct step){.kind = STEP_ADVANCE});
    for (int i = 0; i < STEPS; i++) {
        scenario_next(&scenario, &step);
        scenario_prepare(&scenario, &pool);
        struct expectation expected = model_apply(&scenario.model, &step);
        scenario_perform(&pool, &step, &expected);
        if (write(acknowledged, "", 1) != 1) {
            _exit(1);
        }
    }
    *lived_through = crash_vfs_operations();
    _exit(0);
}

/* Returns how many steps were acknowledged. */
static int live_and_die(enum crash_kind kind, int64_t at, bool *finished)
{
    int ends[2], status, count = 0;
    char bytes[STEPS];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        live(kind, at, ends[1]);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], bytes, sizeof bytes)) > 0;) {
        count += (int)got;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) ||
        (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != CRASH_EXIT_STATUS)) {
        fail_msg("kind %d, operation %lld: the child failed after step %d", kind, (long long)at,
                 count);
    }
    *finished = WEXITSTATUS(status) == 0;
    return count;
}

/* What the next process finds is what was acknowledged, or one step more. */
static void compare(enum crash_kind kind, int64_t at, int acknowledged)
{
    static struct scenario scenario;
    struct virtual_pool pool = {0};
    struct step step;
    scenario_create(&scenario, STORY);
    model_apply(&scenario.model, &(struct step){.kind = STEP_ADVANCE});
    for (int i = 0; i < acknowledged; i++) {
        scenario_next(&scenario, &step);
        model_apply(&scenario.model, &step);
    }
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, path);
    const char *different = scenario_difference(&scenario, &pool);
    if (different != NULL) {
        scenario_next(&scenario, &step);
        model_apply(&scenario.model, &step);
        different = scenario_difference(&scenario, &pool);
    }
    virtual_pool_close(&pool);
    if (different != NULL) {
        fail_msg("kind %d, operation %lld, after step %d: %s", kind, (long long)at, acknowledged,
                 different);
    }
}

/* A life at whose operation `at` it ends, if it comes to that. */
static bool dies_at(enum crash_kind kind, int64_t at)
{
    bool finished;
    remove_store();
    const int acknowledged = live_and_die(kind, at, &finished);
    compare(kind, at, acknowledged);
    return !finished;
}

static void die_everywhere(enum crash_kind kind)
{
    const int64_t stride = pm_test_asked_number("POOLMINER_FAULTS_EVERY", 1, EVERY);
    assert_false(dies_at(kind, 0));
    const int64_t operations = *lived_through;
    assert_true(operations > STEPS);
    for (int64_t at = 1 + (int64_t)kind % stride; at <= operations; at += stride) {
        assert_true(dies_at(kind, at));
    }
    assert_false(dies_at(kind, operations + 1)); /* there is none after the last */
    print_message("%lld places to die at, every %lldth was one\n", (long long)operations,
                  (long long)stride);
}

static void the_process_may_die_at_any_write(void **state)
{
    (void)state;
    die_everywhere(CRASH_KILL);
}

static void a_write_may_be_torn(void **state)
{
    (void)state;
    die_everywhere(CRASH_TORN);
}

static void the_power_may_go_at_any_write(void **state)
{
    (void)state;
    die_everywhere(CRASH_POWER);
}

/* ---- errors ---- */

static enum pm_pool_outcome count(struct pm_pool_store *store, void *context,
                                  struct pm_error *error)
{
    return pm_store_next_id(store, "jobs", context, error) ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

static int64_t untroubled; /* operations of the last one to suffer; meaningful when it did not */

/* One I/O error, or a full disk until somebody makes room: that piece of work fails, nothing of it
 * stays, and the next one is done. In the end the power goes, for what a failed sync has lost is
 * seen only then. */
static bool suffer(enum crash_kind kind, int64_t at)
{
    struct pm_pool_store *store;
    int64_t last = 0;
    bool happened = false;
    remove_store();
    crash_vfs_arm(kind, 0);
    assert_true(pm_pool_store_open(path, &store, NULL));
    crash_vfs_arm(kind, at);
    for (int done = 0; done < JOBS;) {
        if (pm_pool_store_run(store, count, &last, NULL)) {
            assert_int_equal(last, ++done);
        } else {
            assert_true(crash_vfs_happened());
            assert_false(happened);
            happened = true;
            crash_vfs_arm(kind, 0);
        }
    }
    happened = happened || crash_vfs_happened();
    untroubled = crash_vfs_operations();
    pm_pool_store_close(store);
    crash_vfs_lose_power();
    assert_true(pm_pool_store_open(path, &store, NULL));
    assert_true(pm_pool_store_run(store, count, &last, NULL));
    assert_int_equal(last, JOBS + 1);
    pm_pool_store_close(store);
    return happened;
}

static void any_write_may_fail(void **state)
{
    (void)state;
    for (enum crash_kind kind = CRASH_ERROR; kind <= CRASH_FULL; kind++) {
        assert_false(suffer(kind, 0));
        const int64_t operations = untroubled;
        assert_true(operations >= JOBS);
        for (int64_t at = 1; at <= operations; at += CRASH_STRIDE) {
            assert_true(suffer(kind, at));
        }
        assert_false(suffer(kind, operations + 1));
    }
}

/* ---- the log cannot be written back ---- */

enum { JOBS_MAX = 20000, PAGES_MAX = 50 };

static bool do_job(struct pm_pool_store *store, int64_t *last)
{
    struct pm_error error = {0};
    const bool done = pm_pool_store_run(store, count, last, &error);
    assert_true(done || error.code == PM_ERROR_IO);
    return done;
}

/* Jobs are done while somebody reads, until the log was written back as far as the reader has read.
 * SQLite does not sync that. */
static enum pm_pool_outcome work_beside_reader(struct pm_pool_store *reader, void *context,
                                               struct pm_error *error)
{
    struct pm_pool_store *writer = context;
    int64_t number, jobs = 0;
    bool found;
    assert_true(pm_sql_select_integer(reader->sql, "SELECT COUNT(*) FROM counters",
                                      PM_SQL_NO_VALUES, &number, &found, error));
    crash_vfs_arm(CRASH_ERROR, 0);
    while (crash_vfs_operations() == 0) {
        assert_true(++jobs < JOBS_MAX && do_job(writer, &number));
    }
    return PM_POOL_COMMIT;
}

/* The log is written back in two parts. After the second, operation `at` fails: a write, or the
 * sync behind them; then what was written before it never reaches the disk, though a second sync
 * would succeed. Whatever failed, nothing that was committed is missed when the power has gone.
 * True when it was the sync, and the pool has to start anew. */
static bool fail_to_write_back(int64_t at)
{
    struct pm_pool_store *store, *reader;
    int64_t last = 0, next = 0, jobs = 0;
    remove_store();
    crash_vfs_only("pool.db");
    assert_true(pm_pool_store_open(path, &store, NULL));
    assert_true(do_job(store, &last));
    assert_true(pm_pool_store_open_reader(path, &reader, NULL));
    assert_true(pm_pool_store_run(reader, work_beside_reader, store, NULL));
    pm_pool_store_close(reader);
    crash_vfs_arm(CRASH_ERROR, at);
    while (!crash_vfs_happened()) {
        assert_true(++jobs < JOBS_MAX && do_job(store, &last));
    }
    for (int i = 0; i < JOBS && do_job(store, &next); i++) {
        last = next;
    }
    const bool lost = pm_pool_store_is_lost(store);
    assert_int_equal(do_job(store, &next), !lost);
    last += lost ? 0 : 1;
    pm_pool_store_close(store);
    crash_vfs_lose_power();
    crash_vfs_only(NULL);
    assert_true(pm_pool_store_open(path, &store, NULL));
    assert_true(do_job(store, &next));
    assert_int_equal(next, last + 1);
    pm_pool_store_close(store);
    return lost;
}

static void a_log_that_cannot_be_written_back_loses_nothing(void **state)
{
    int64_t at = 1;
    (void)state;
    while (!fail_to_write_back(at)) {
        assert_true(++at < PAGES_MAX);
    }
    assert_true(at > 1); /* there were writes before the sync */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_may_die_at_any_write),
        cmocka_unit_test(a_write_may_be_torn),
        cmocka_unit_test(the_power_may_go_at_any_write),
        cmocka_unit_test(any_write_may_fail),
        cmocka_unit_test(a_log_that_cannot_be_written_back_loses_nothing),
    };
    crash_vfs_install();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
