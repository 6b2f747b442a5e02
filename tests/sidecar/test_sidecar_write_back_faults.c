/* Faults and deaths while a thread and a connection of their own write the log back: at each write
 * and sync in turn, of that thread and of the one that works, whichever comes to it. The log is let
 * grow to a few pages only, so that it is written back every other step. Every sixth point is
 * tried, or with POOLMINER_FAULTS_STRIDE=1 each. */
#include "asked_number.h"
#include "crash_vfs.h"
#include "sidecar/sidecar_test.h"
#include "sidecar/store_sqlite.h"
#include "sidecar/store_thread.h"
#include "sidecar/story_faults.h"

#include <sys/stat.h>

enum {
    LOG_PAGES = 12,
    LOG_BYTES_MAX = 4 * 1024 * 1024, /* what is laid out counts too */
    WRITE_BACKS_MIN = 10,
    OPERATIONS_MAX = 10000,
    STRIDE = 6 * CRASH_STRIDE, /* of all points, unless more are asked for */
};

/* When the thread is waited for: after each step; or only when it is asked again, so that it works
 * beside the next steps. */
enum pace { BY_TURNS, BESIDE };

static struct pm_error error;
static struct pm_queue queue;
static struct pm_store *store;
static struct pm_store_thread *keeper;
static int write_backs, write_backs_failed;
static bool suffered; /* what was armed has happened */
static int64_t stride;

static bool take_step(size_t step)
{
    return scenario_step(&queue, step, true, &error);
}

/* The end of a write-back that has one. What fails may fail: it is tried again. */
static void look_after(enum pace pace)
{
    struct pm_error why = {0};
    bool ended = true;
    if (pm_store_thread_is_busy(keeper) &&
        !pm_store_thread_end(keeper, pace == BY_TURNS, &ended, &why)) {
        write_backs_failed++;
        assert_int_equal(why.code, PM_ERROR_IO);
        assert_non_null(strstr(why.message, "writing back its log"));
    }
}

/* As the broker does between two transactions. */
static void keep_log(enum pace pace)
{
    look_after(BESIDE);
    if (!pm_store_thread_is_busy(keeper) && store->verbs->wants_write_back(store)) {
        pm_store_thread_begin(keeper);
        write_backs++;
        look_after(pace);
    }
}

static bool start(void)
{
    keeper = NULL;
    if (!story_open(&store, &queue, &error)) {
        return false;
    }
    ((struct pm_sqlite_store *)store)->checkpoint_pages = LOG_PAGES;
    store->writes_back_apart = true;
    keeper = pm_store_thread_create(store, store->verbs->write_back, &error);
    assert_non_null(keeper);
    return true;
}

static void stop(void)
{
    pm_store_thread_destroy(keeper);
    if (store != NULL) {
        store->verbs->close(store);
    }
}

/* ---- deaths ---- */

static bool die(enum crash_kind kind, enum pace pace, int64_t at)
{
    size_t acknowledged = 0;
    pm_test_clean();
    crash_vfs_arm(kind, at);
    if (start()) {
        while (acknowledged < SCENARIO_STEPS && take_step(acknowledged)) {
            acknowledged++;
            keep_log(pace);
        }
    }
    stop();
    const bool happened = crash_vfs_happened();
    crash_vfs_recover();
    story_go_on(acknowledged);
    return happened;
}

static void die_everywhere(enum crash_kind kind)
{
    for (enum pace pace = BY_TURNS; pace <= BESIDE; pace++) {
        int64_t at = 1 + (int64_t)kind % stride;
        write_backs = 0;
        while (die(kind, pace, at)) {
            at += stride;
        }
        assert_in_range(at, 100, OPERATIONS_MAX); /* there were that many operations */
        assert_true(write_backs >= WRITE_BACKS_MIN);
    }
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
    die_everywhere(CRASH_POWER_PARTLY);
}

/* ---- failures ---- */

/* The step is taken, if need be once more when there is room again. False: the store is lost. */
static bool take_step_in_the_end(enum crash_kind kind, size_t step)
{
    if (take_step(step)) {
        return true;
    }
    assert_int_equal(error.code, PM_ERROR_IO);
    assert_true(crash_vfs_happened());
    suffered = true;
    look_after(BY_TURNS);
    if (atomic_load(&store->lost)) {
        return false;
    }
    crash_vfs_arm(kind, 0);
    story_expect(store, step);
    assert_done(take_step(step), error);
    return true;
}

/* One I/O error, one short write, or a full disk until somebody makes room. The same process goes
 * on, unless what failed was a sync; and then as before it says that only a new start helps. In the
 * end the power goes, for what a failed sync has lost is seen only then. */
static bool suffer(enum crash_kind kind, enum pace pace, int64_t at, int *losses)
{
    size_t step = 0;
    suffered = false;
    pm_test_clean();
    crash_vfs_arm(kind, 0);
    assert_true(start());
    crash_vfs_arm(kind, at);
    while (step < SCENARIO_STEPS && take_step_in_the_end(kind, step)) {
        step++;
        keep_log(pace);
        suffered = suffered || crash_vfs_happened();
    }
    if (step < SCENARIO_STEPS) {
        ++*losses;
        assert_refused(take_step(step), error, PM_ERROR_IO, "a new start");
    }
    crash_vfs_arm(kind, 0);
    stop();
    crash_vfs_lose_power();
    story_go_on(step);
    return suffered;
}

static void any_write_may_fail(void **state)
{
    (void)state;
    for (enum crash_kind kind = CRASH_ERROR; kind <= CRASH_FULL; kind++) {
        for (enum pace pace = BY_TURNS; pace <= BESIDE; pace++) {
            /* Where not every operation is tried, chance says whether a sync beside the work is. */
            const int least = pace == BESIDE && stride > 1 ? 0 : 2;
            int losses = 0;
            int64_t at = 1 + (int64_t)kind % stride;
            write_backs_failed = 0;
            while (suffer(kind, pace, at, &losses)) {
                at += stride;
            }
            assert_in_range(at, 100, OPERATIONS_MAX);
            assert_in_range(losses, least, OPERATIONS_MAX);
            assert_true(write_backs_failed > 0);
        }
    }
}

/* The file takes nothing, the log still does: as when the file cannot grow. */
static void a_log_that_cannot_be_written_back_is_told_of_at_its_bound(void **state)
{
    size_t step = 0;
    struct stat log;
    (void)state;
    pm_test_clean();
    crash_vfs_only("store.db");
    crash_vfs_arm(CRASH_FULL, 0);
    write_backs_failed = 0;
    assert_true(start());
    crash_vfs_arm(CRASH_FULL, 1);
    while (take_step(step)) {
        step++;
        keep_log(BY_TURNS);
    }
    assert_in_range(step, 1, SCENARIO_STEPS / 2);
    assert_int_equal(error.code, PM_ERROR_IO);
    assert_non_null(strstr(error.message, "writing back the log"));
    assert_non_null(strstr(error.message, "free some room on its disk"));
    assert_true(write_backs_failed > 0);
    assert_false(atomic_load(&store->lost));
    assert_int_equal(stat(pm_test_path("store.db-wal"), &log), 0);
    assert_true(log.st_size < LOG_BYTES_MAX);
    assert_false(take_step(step)); /* still not */
    crash_vfs_arm(CRASH_FULL, 0);
    for (; step < SCENARIO_STEPS; step++) {
        assert_done(take_step(step), error);
        keep_log(BY_TURNS);
    }
    crash_vfs_only(NULL);
    stop();
    crash_vfs_lose_power();
    story_go_on(SCENARIO_STEPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_process_may_die_at_any_write),
        cmocka_unit_test(a_write_may_be_torn),
        cmocka_unit_test(the_power_may_go_at_any_write),
        cmocka_unit_test(any_write_may_fail),
        cmocka_unit_test(a_log_that_cannot_be_written_back_is_told_of_at_its_bound),
    };
    stride = pm_test_asked_number("POOLMINER_FAULTS_STRIDE", 1, STRIDE);
    crash_vfs_install();
    return cmocka_run_group_tests(tests, story_tell_once, story_forget);
}
