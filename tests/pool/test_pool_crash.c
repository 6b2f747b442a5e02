/* kill -9 at random points: a child lives a story on a store in a file and says after each step
 * that it was done. Whatever moment it is killed at, what it said is there, and of the step it was
 * in the middle of there is all or nothing; so it is with steps that came together, unless one of
 * them fails: then of each.
 *
 * POOLMINER_CRASH_STEPS says how many steps, over all stories, POOLMINER_CRASH_STORY which is the
 * first of these; the store is in $TMPDIR. */
#include "asked_number.h"
#include "cmocka_include.h"
#include "pool/scenario.h"
#include "pool/test_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum {
    DEFAULT_STEPS = 1600,
    FIRST_STORY = 1000,
    STORY_STEPS = 800,
    LIFE_BATCHES_MAX = 30,
    LAST_MS_MAX = 4
};

/* What a child writes for a batch, and the least room of a pipe: it is never more than 64 of them
 * ahead of its killer, however seldom that gets a processor. */
enum { RECORD_BYTES = 64, PIPE_BYTES = 4096 };

static struct scenario scenario;
static char store[256];

static struct scenario_batch batch;

/* The child: lives from here on and writes a record into the pipe after each batch of steps. */
static void live(int acknowledged)
{
    static const char record[RECORD_BYTES];
    struct virtual_pool pool = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, store);
    while (scenario.steps < STORY_STEPS) {
        scenario_prepare(&scenario, &pool);
        scenario_next_batch(&scenario, &batch);
        scenario_perform_batch(&pool, &batch);
        if (write(acknowledged, record, sizeof record) != sizeof record) {
            _exit(1);
        }
    }
    _exit(0);
}

/* How many records are in the pipe, whose writer is gone. */
static int drain(int pipe)
{
    char bytes[PIPE_BYTES];
    ssize_t count = 0;
    for (ssize_t got; (got = read(pipe, bytes, sizeof bytes)) > 0;) {
        count += got;
    }
    return (int)(count / RECORD_BYTES);
}

/* Waits until the child has said `wanted` times that a batch is done, or has ended. */
static int wait_for_batches(int pipe, int wanted)
{
    char record[RECORD_BYTES];
    int count = 0;
    while (count < wanted && read(pipe, record, sizeof record) == sizeof record) {
        count++;
    }
    return count;
}

/* Lets a child live for some batches and then a moment, so that however slow it is it comes as far.
 * Returns how many it said were done; *finished tells that it came to the end of the story. */
static int live_and_be_killed(bool *finished)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES), PIPE_BYTES);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        live(ends[1]);
    }
    close(ends[1]);
    int before = wait_for_batches(ends[0], rand() % LIFE_BATCHES_MAX);
    pm_clock_sleep_ms(rand() % LAST_MS_MAX);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        fail_msg("after step %d the child failed %d batches further on", scenario.steps,
                 before + drain(ends[0]));
    }
    *finished = WIFEXITED(status);
    int done = before + drain(ends[0]);
    close(ends[0]);
    return done;
}

/* The store is where some of the batch's steps have been done, one after the other, and the rest
 * have not: does the rest. `before`: the story before the batch. */
static bool finish_batch(struct scenario *before, struct virtual_pool *pool)
{
    for (size_t i = 0; i < batch.count; i++) {
        model_apply(&before->model, &batch.steps[i]);
        if (scenario_difference(before, pool) != NULL) {
            continue;
        }
        while (++i < batch.count) {
            scenario_perform(pool, &batch.steps[i], &batch.expected[i]);
        }
        return true;
    }
    return false;
}

/* The store is where the model is, or one batch further; the model follows. */
static void compare(void)
{
    static struct scenario before;
    struct virtual_pool pool = {0};
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, store);
    if (scenario_difference(&scenario, &pool) != NULL) {
        before = scenario;
        scenario_next_batch(&scenario, &batch);
        const char *different = scenario_difference(&scenario, &pool);
        if (different != NULL && !(batch.one_by_one && finish_batch(&before, &pool))) {
            fail_msg("after the kill at step %d: %s", before.steps, different);
        }
    }
    virtual_pool_close(&pool);
}

static void remove_store(void)
{
    if (test_store_url() != NULL) {
        test_store_wipe();
        return;
    }
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char path[sizeof store + 8];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", store, suffixes[i]);
        unlink(path);
    }
}

static void name_store(void)
{
    const char *directory = getenv("TMPDIR");
    if (test_store_url() != NULL) {
        snprintf(store, sizeof store, "%s", test_store_url());
    } else {
        snprintf(store, sizeof store, "%s/test_pool_crash_%d.db",
                 directory != NULL ? directory : "/tmp", (int)getpid());
    }
}

/* Returns how often it was killed. */
static int tell_story(uint64_t seed)
{
    struct virtual_pool pool = {0};
    remove_store();
    scenario_create(&scenario, seed);
    scenario_prepare(&scenario, &pool);
    virtual_pool_open(&pool, store);
    virtual_pool_close(&pool);
    model_apply(&scenario.model, &(struct step){.kind = STEP_ADVANCE});
    bool finished = false;
    int kills = 0;
    for (; !finished; kills += !finished) {
        int done = live_and_be_killed(&finished);
        for (int i = 0; i < done; i++) {
            scenario_next_batch(&scenario, &batch);
        }
        compare();
    }
    assert_true(kills > 1);
    remove_store();
    return kills;
}

static void test_kill_at_random_points(void **state)
{
    (void)state;
    const long steps = pm_test_asked_number("POOLMINER_CRASH_STEPS", 1, DEFAULT_STEPS);
    const long first = pm_test_asked_number("POOLMINER_CRASH_STORY", 0, FIRST_STORY);
    long kills = 0;
    srand(3);
    name_store();
    for (long done = 0; done < steps; done += STORY_STEPS) {
        kills += tell_story((uint64_t)(first + done / STORY_STEPS));
    }
    print_message("%ld steps, killed %ld times\n", steps, kills);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_at_random_points)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
