/* Every call of the store fails once, every write of SQLite fails once, and the process and the
 * machine die at every write: what was acknowledged is there, what was not is there wholly or not
 * at all, and the sidecar goes on. */
#include "crash_vfs.h"
#include "sidecar/call_faults.h"
#include "sidecar/queue_scenario.h"
#include "sidecar/sidecar_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What looks at memory takes ten times as long, and sees the same at every fourth point. */
#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 4 };
#else
enum { STRIDE = 1 };
#endif

static struct pm_error error;
static struct pm_queue queue;
static const struct pm_queue_time START = {.steady_ms = 0, .unix_ms = 1700000000000};
static char *expected[SCENARIO_STEPS + 1]; /* the store's content after so many steps */
static bool apart;                         /* commits are synced after them, as the broker does */

static bool take_step(size_t step)
{
    return scenario_step(&queue, step, apart, &error);
}

static bool open_store(struct pm_store **out, struct pm_error *why)
{
    return pm_store_sqlite_open(pm_test_path("store.db"), true, out, why);
}

static void expect_content(struct pm_store *store, size_t steps)
{
    char *found = scenario_dump(store);
    assert_string_equal(found, expected[steps]);
    free(found);
}

static int tell_the_story_once(void **state)
{
    (void)state;
    struct pm_store *store;
    assert_done(open_store(&store, &error), error);
    assert_done(pm_queue_open(&queue, store, &SCENARIO_CONFIG, START, &error), error);
    expected[0] = scenario_dump(store);
    for (size_t step = 0; step < SCENARIO_STEPS; step++) {
        assert_done(take_step(step), error);
        expected[step + 1] = scenario_dump(store);
    }
    store->verbs->close(store);
    return 0;
}

/* ---- the store's interface ---- */

static void any_call_may_fail_and_the_step_be_tried_again(void **state)
{
    (void)state;
    const struct call_faults synced_in_commits = {.open = open_store, .erase = pm_test_clean};
    const struct call_faults synced_apart = {
        .open = open_store, .erase = pm_test_clean, .apart = true};
    call_faults_run(&synced_in_commits);
    call_faults_run(&synced_apart);
}

/* ---- SQLite's writes ---- */

/* Plays the story until a step fails; the number of steps that were acknowledged. */
static size_t play(struct pm_store **store)
{
    size_t step = 0;
    *store = NULL;
    if (open_store(store, &error) &&
        pm_queue_open(&queue, *store, &SCENARIO_CONFIG, START, &error)) {
        while (step < SCENARIO_STEPS && take_step(step)) {
            step++;
        }
    }
    return step;
}

/* Opens the store anew: the step that was not acknowledged has happened or not; from there on. */
static void go_on_anew(size_t acknowledged)
{
    struct pm_store *store;
    assert_done(open_store(&store, &error), error);
    char *found = scenario_dump(store);
    bool as_before = strcmp(found, expected[acknowledged]) == 0;
    bool as_after = acknowledged < SCENARIO_STEPS && strcmp(found, expected[acknowledged + 1]) == 0;
    if (!as_before && !as_after) {
        fail_msg("%zu steps acknowledged; found:\n%s\nexpected:\n%s", acknowledged, found,
                 expected[acknowledged]);
    }
    free(found);
    assert_done(pm_queue_open(&queue, store, &SCENARIO_CONFIG, START, &error), error);
    for (size_t step = as_before ? acknowledged : acknowledged + 1; step < SCENARIO_STEPS; step++) {
        assert_done(take_step(step), error);
    }
    expect_content(store, SCENARIO_STEPS);
    store->verbs->close(store);
}

/* One death: at operation `at`, then what the next process finds. False: it never came to it. */
static bool die(enum crash_kind kind, int64_t at)
{
    struct pm_store *store;
    pm_test_clean();
    crash_vfs_arm(kind, at);
    size_t acknowledged = play(&store);
    if (store != NULL) {
        store->verbs->close(store);
    }
    bool happened = crash_vfs_happened();
    crash_vfs_recover();
    go_on_anew(acknowledged);
    return happened;
}

static void die_everywhere(enum crash_kind kind, bool synced_apart)
{
    int64_t at = 1;
    apart = synced_apart;
    while (die(kind, at)) {
        at += STRIDE;
    }
    apart = false;
    assert_in_range(at, 60, 10000); /* there were that many operations */
}

static void the_process_may_die_at_any_write(void **state)
{
    (void)state;
    die_everywhere(CRASH_KILL, true);
    die_everywhere(CRASH_KILL, false);
}

static void a_write_may_be_torn(void **state)
{
    (void)state;
    die_everywhere(CRASH_TORN, true);
    die_everywhere(CRASH_TORN, false);
}

static void the_power_may_go_at_any_write(void **state)
{
    (void)state;
    die_everywhere(CRASH_POWER, true);
    die_everywhere(CRASH_POWER, false);
}

/* After a failed sync nothing is done any more, whoever asks. */
static void expect_lost(struct pm_store *store, size_t step)
{
    assert_true(atomic_load(&store->lost));
    assert_refused(take_step(step), error, PM_ERROR_IO, "a new start");
    store->verbs->close(store);
    crash_vfs_recover();
    go_on_anew(step);
}

/* One I/O error, or a full disk until somebody makes room: the step is refused, nothing of it
 * stays, and the same process goes on afterwards; but not when what failed was a sync of the log.
 */
static bool suffer(enum crash_kind kind, int64_t at, int *losses)
{
    struct pm_store *store;
    pm_test_clean();
    assert_done(open_store(&store, &error), error);
    assert_done(pm_queue_open(&queue, store, &SCENARIO_CONFIG, START, &error), error);
    bool happened = false;
    crash_vfs_arm(kind, at);
    for (size_t step = 0; step < SCENARIO_STEPS; step++) {
        if (!take_step(step)) {
            assert_int_equal(error.code, PM_ERROR_IO);
            assert_true(crash_vfs_happened());
            happened = true;
            crash_vfs_arm(kind, 0);
            if (atomic_load(&store->lost)) {
                ++*losses;
                expect_lost(store, step);
                return true;
            }
            expect_content(store, step);
            assert_done(take_step(step), error);
        }
    }
    expect_content(store, SCENARIO_STEPS);
    happened = happened || crash_vfs_happened();
    store->verbs->close(store);
    crash_vfs_recover();
    return happened;
}

static void any_write_may_fail(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        const enum crash_kind kind = way % 2 == 0 ? CRASH_ERROR : CRASH_FULL;
        int64_t at = 1;
        int losses = 0;
        apart = way >= 2;
        while (suffer(kind, at, &losses)) {
            at += STRIDE;
        }
        assert_in_range(at, 30, 10000);
        assert_in_range(losses, STRIDE == 1 ? SCENARIO_STEPS - 4 : 1, 200); /* some only look */
    }
    apart = false;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i <= SCENARIO_STEPS; i++) {
        free(expected[i]);
    }
    pm_test_remove_directory();
    return 0;
}

/* Thousands of stores are written: in memory, where there is such a place. */
static void look_for_memory(void)
{
    static const char MEMORY[] = "/dev/shm";
    enum { ENOUGH_BYTES = 256 << 20 };
    struct statvfs disk;
    if (access(MEMORY, W_OK) == 0 && statvfs(MEMORY, &disk) == 0 &&
        disk.f_bavail * disk.f_frsize >= ENOUGH_BYTES) {
        setenv("TMPDIR", MEMORY, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_call_may_fail_and_the_step_be_tried_again),
        cmocka_unit_test(the_process_may_die_at_any_write),
        cmocka_unit_test(a_write_may_be_torn),
        cmocka_unit_test(the_power_may_go_at_any_write),
        cmocka_unit_test(any_write_may_fail),
    };
    look_for_memory();
    crash_vfs_install();
    return cmocka_run_group_tests(tests, tell_the_story_once, tear_down);
}
