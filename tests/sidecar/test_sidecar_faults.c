/* Every call of the store fails once, every write of SQLite fails once, and the process and the
 * machine die at every write: what was acknowledged is there, what was not is there wholly or not
 * at all, and the sidecar goes on. */
#include "crash_vfs.h"
#include "sidecar/call_faults.h"
#include "sidecar/sidecar_test.h"
#include "sidecar/story_faults.h"

static struct pm_error error;
static struct pm_queue queue;
static bool apart; /* commits are synced after them, as the broker does */

/* What is nearly the same is looked at less closely. */
static int64_t stride_of(enum crash_kind kind)
{
    return kind == CRASH_SHORT || kind == CRASH_POWER_PARTLY ? 4 * CRASH_STRIDE : CRASH_STRIDE;
}

static bool take_step(size_t step)
{
    return scenario_step(&queue, step, apart, &error);
}

/* ---- the store's interface ---- */

static void any_call_may_fail_and_the_step_be_tried_again(void **state)
{
    (void)state;
    const struct call_faults synced_in_commits = {.open = story_open_store, .erase = pm_test_clean};
    const struct call_faults synced_apart = {
        .open = story_open_store, .erase = pm_test_clean, .apart = true};
    call_faults_run(&synced_in_commits);
    call_faults_run(&synced_apart);
}

/* ---- SQLite's writes ---- */

/* Plays the story until a step fails; the number of steps that were acknowledged. */
static size_t play(struct pm_store **store)
{
    size_t step = 0;
    if (story_open(store, &queue, &error)) {
        while (step < SCENARIO_STEPS && take_step(step)) {
            step++;
        }
    }
    return step;
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
    story_go_on(acknowledged);
    return happened;
}

static void die_everywhere(enum crash_kind kind, bool synced_apart)
{
    int64_t at = 1;
    apart = synced_apart;
    while (die(kind, at)) {
        at += stride_of(kind);
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
    die_everywhere(CRASH_POWER_PARTLY, true);
    die_everywhere(CRASH_POWER_PARTLY, false);
}

/* After a failed sync nothing is done any more, whoever asks. */
static void expect_lost(struct pm_store *store, size_t step)
{
    assert_true(atomic_load(&store->lost));
    assert_refused(take_step(step), error, PM_ERROR_IO, "a new start");
    store->verbs->close(store);
    crash_vfs_recover();
    story_go_on(step);
}

/* One I/O error, or a full disk until somebody makes room: the step is refused, nothing of it
 * stays, and the same process goes on afterwards; but not when what failed was a sync of the log.
 */
static bool suffer(enum crash_kind kind, int64_t at, int *losses)
{
    struct pm_store *store;
    pm_test_clean();
    assert_done(story_open(&store, &queue, &error), error);
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
            story_expect(store, step);
            assert_done(take_step(step), error);
        }
    }
    story_expect(store, SCENARIO_STEPS);
    happened = happened || crash_vfs_happened();
    store->verbs->close(store);
    crash_vfs_recover();
    return happened;
}

static void any_write_may_fail(void **state)
{
    (void)state;
    for (int way = 0; way < 6; way++) {
        static const enum crash_kind KINDS[] = {CRASH_ERROR, CRASH_SHORT, CRASH_FULL};
        const enum crash_kind kind = KINDS[way % 3];
        int64_t at = 1;
        int losses = 0;
        apart = way >= 3;
        while (suffer(kind, at, &losses)) {
            at += stride_of(kind);
        }
        assert_in_range(at, 30, 10000);
        assert_in_range(losses, stride_of(kind) == 1 ? SCENARIO_STEPS - 4 : 1,
                        200); /* some only look */
    }
    apart = false;
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
    crash_vfs_install();
    return cmocka_run_group_tests(tests, story_tell_once, story_forget);
}
