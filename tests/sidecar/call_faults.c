#include "sidecar/call_faults.h"

#include "sidecar/faulty_store.h"
#include "sidecar/queue_scenario.h"
#include "sidecar/sidecar_test.h"

#include <stdlib.h>

static const struct pm_queue_time START = {.steady_ms = 0, .unix_ms = 1700000000000};

enum { FAULTS_MIN = 250, FAULTS_MAX = 2000 };

struct play {
    const struct call_faults *faults;
    char *expected[SCENARIO_STEPS + 1]; /* the store's content after so many steps */
    struct pm_store *inner, *store;
    struct pm_queue queue;
    int failed, lost; /* calls, and stores */
};

static struct pm_error error;

static void open_store(struct play *play)
{
    assert_done(play->faults->open(&play->inner, &error), error);
    play->store = faulty_store_create(play->inner);
}

static void open_queue(struct play *play)
{
    assert_done(pm_queue_open(&play->queue, play->store, &SCENARIO_CONFIG, START, &error), error);
}

static bool holds(struct play *play, size_t steps)
{
    char *found = scenario_dump(play->inner);
    const bool same = strcmp(found, play->expected[steps]) == 0;
    free(found);
    return same;
}

static void expect_content(struct play *play, size_t steps)
{
    char *found = scenario_dump(play->inner);
    assert_string_equal(found, play->expected[steps]);
    free(found);
}

static void play_without_faults(struct play *play)
{
    play->faults->erase();
    open_store(play);
    open_queue(play);
    play->expected[0] = scenario_dump(play->inner);
    for (size_t step = 0; step < SCENARIO_STEPS; step++) {
        assert_done(scenario_step(&play->queue, step, play->faults->apart, &error), error);
        play->expected[step + 1] = scenario_dump(play->inner);
    }
    play->store->verbs->close(play->store);
}

static bool opens(struct play *play, int64_t fail_at)
{
    faulty_store_fail_at(play->store, fail_at);
    if (pm_queue_open(&play->queue, play->store, &SCENARIO_CONFIG, START, &error)) {
        return true;
    }
    assert_int_equal(error.code, PM_ERROR_IO);
    play->failed++;
    return false;
}

static void start(struct play *play)
{
    play->faults->erase();
    open_store(play);
    for (int64_t at = 1; !opens(play, at); at++) {
        expect_content(play, 0);
    }
    assert_in_range(play->failed, 3, 10); /* begin, what it does, commit */
}

/* True when the step has happened. */
static bool go_on_anew(struct play *play, size_t step)
{
    assert_refused(scenario_step(&play->queue, step, play->faults->apart, &error), error,
                   PM_ERROR_IO, "");
    play->store->verbs->close(play->store);
    open_store(play);
    open_queue(play);
    play->lost++;
    if (holds(play, step + 1)) {
        return true;
    }
    expect_content(play, step);
    return false;
}

/* False when the step failed, and has not happened. */
static bool take_step(struct play *play, size_t step, int64_t fail_at)
{
    faulty_store_fail_at(play->store, fail_at);
    if (scenario_step(&play->queue, step, play->faults->apart, &error)) {
        return true;
    }
    assert_int_equal(error.code, PM_ERROR_IO);
    play->failed++;
    faulty_store_fail_at(play->store, 0);
    if (atomic_load(&play->store->lost)) {
        return go_on_anew(play, step);
    }
    expect_content(play, step);
    return false;
}

void call_faults_run(const struct call_faults *faults)
{
    struct play play = {.faults = faults};
    play_without_faults(&play);
    start(&play);
    for (size_t step = 0; step < SCENARIO_STEPS; step++) {
        for (int64_t at = 1; !take_step(&play, step, at); at++) {
        }
        expect_content(&play, step + 1);
    }
    play.store->verbs->close(play.store);
    print_message("%d calls failed, %d stores were lost\n", play.failed, play.lost);
    assert_in_range(play.failed, FAULTS_MIN, FAULTS_MAX);
    /* all steps but the one that is not durable and the queue's start are synced */
    assert_int_equal(play.lost, faults->apart ? SCENARIO_STEPS - 2 : 0);
    for (size_t i = 0; i <= SCENARIO_STEPS; i++) {
        free(play.expected[i]);
    }
}
