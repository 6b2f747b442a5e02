#include "sidecar/story_faults.h"

#include "sidecar/sidecar_test.h"

#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const struct pm_queue_time START = {.steady_ms = 0, .unix_ms = 1700000000000};
static char *expected[SCENARIO_STEPS + 1]; /* the store's content after so many steps */

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

bool story_open_store(struct pm_store **out, struct pm_error *error)
{
    return pm_store_sqlite_open(pm_test_path("store.db"), true, out, error);
}

bool story_open(struct pm_store **store, struct pm_queue *queue, struct pm_error *error)
{
    *store = NULL;
    return story_open_store(store, error) &&
           pm_queue_open(queue, *store, &SCENARIO_CONFIG, START, error);
}

int story_tell_once(void **state)
{
    struct pm_store *store;
    struct pm_queue queue;
    struct pm_error error;
    (void)state;
    look_for_memory();
    assert_done(story_open(&store, &queue, &error), error);
    expected[0] = scenario_dump(store);
    for (size_t step = 0; step < SCENARIO_STEPS; step++) {
        assert_done(scenario_step(&queue, step, false, &error), error);
        expected[step + 1] = scenario_dump(store);
    }
    store->verbs->close(store);
    return 0;
}

int story_forget(void **state)
{
    (void)state;
    for (size_t i = 0; i <= SCENARIO_STEPS; i++) {
        free(expected[i]);
    }
    pm_test_remove_directory();
    return 0;
}

void story_expect(struct pm_store *store, size_t steps)
{
    char *found = scenario_dump(store);
    assert_string_equal(found, expected[steps]);
    free(found);
}

void story_go_on(size_t acknowledged)
{
    struct pm_store *store;
    struct pm_queue queue;
    struct pm_error error;
    assert_done(story_open_store(&store, &error), error);
    char *found = scenario_dump(store);
    const bool as_before = strcmp(found, expected[acknowledged]) == 0;
    const bool as_after =
        acknowledged < SCENARIO_STEPS && strcmp(found, expected[acknowledged + 1]) == 0;
    if (!as_before && !as_after) {
        fail_msg("%zu steps acknowledged; found:\n%s\nexpected:\n%s", acknowledged, found,
                 expected[acknowledged]);
    }
    free(found);
    assert_done(pm_queue_open(&queue, store, &SCENARIO_CONFIG, START, &error), error);
    for (size_t step = as_before ? acknowledged : acknowledged + 1; step < SCENARIO_STEPS; step++) {
        assert_done(scenario_step(&queue, step, false, &error), error);
    }
    story_expect(store, SCENARIO_STEPS);
    store->verbs->close(store);
}
