#include "algorithm/suite_plan.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* What several threads do together, and the first thing that went wrong. */
struct effort {
    atomic_bool failed;
    struct pm_error first_error;
};

static void give_up(struct effort *effort, const struct pm_error *error)
{
    if (!atomic_exchange(&effort->failed, true)) {
        effort->first_error = *error;
    }
}

static bool conclude(struct effort *effort, struct pm_error *error)
{
    if (!atomic_load(&effort->failed)) {
        return true;
    }
    if (error != NULL) {
        *error = effort->first_error;
    }
    return false;
}

static bool build_task(const struct pm_dataset *dataset, enum pm_suite_edition edition, uint32_t id,
                       int input_dim, const struct pm_until *until, struct pm_task *out,
                       struct pm_error *error)
{
    if (pm_until_over(until)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "building tasks was interrupted");
    }
    return pm_task_build(dataset, edition, id, input_dim, out, error);
}

static bool build_tasks(const struct pm_dataset *dataset, const uint32_t *ids,
                        const struct pm_until *until, struct pm_suite *suite,
                        struct pm_error *error)
{
    struct effort effort = {0};
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < suite->count; i++) {
        struct pm_error task_error = {0};
        if (!atomic_load(&effort.failed) &&
            !build_task(dataset, suite->edition, ids[i], suite->input_dim, until, &suite->tasks[i],
                        &task_error)) {
            give_up(&effort, &task_error);
        }
    }
    return conclude(&effort, error);
}

bool pm_suite_plan_build(const struct pm_suite_plan *plan, const struct pm_dataset *dataset,
                         const char fingerprint[PM_FINGERPRINT_HEX_SIZE],
                         const struct pm_until *until, struct pm_suite **out,
                         struct pm_error *error)
{
    struct pm_suite *suite;
    if (!pm_suite_plan_allocate(plan, &suite, error)) {
        return false;
    }
    suite->memory = pm_score_memory_create();
    memcpy(suite->fingerprint, fingerprint, PM_FINGERPRINT_HEX_SIZE);
    if (!build_tasks(dataset, plan->ids, until, suite, error) ||
        !pm_lane_tasks_create(suite->tasks, suite->count, &suite->lanes, error)) {
        pm_suite_destroy(suite);
        return false;
    }
    *out = suite;
    return true;
}

static bool build(const struct pm_suite_plan *plan, const struct pm_dataset *dataset,
                  const struct pm_until *until, struct pm_suite **out, struct pm_error *error)
{
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    return pm_dataset_fingerprint(dataset, pm_suite_edition_records(plan->edition), fingerprint,
                                  error) &&
           pm_suite_plan_build(plan, dataset, fingerprint, until, out, error);
}

bool pm_suite_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         int input_dim, size_t task_limit, const struct pm_until *until,
                         struct pm_suite **out, struct pm_error *error)
{
    struct pm_suite_plan plan;
    return pm_suite_plan_evaluation(dataset, edition, input_dim, task_limit, &plan, error) &&
           build(&plan, dataset, until, out, error);
}

bool pm_suite_search(const struct pm_dataset *dataset, enum pm_suite_edition edition, int input_dim,
                     uint64_t seed, size_t task_limit, const struct pm_until *until,
                     struct pm_suite **out, struct pm_error *error)
{
    struct pm_suite_plan plan;
    return pm_suite_plan_search(edition, input_dim, seed, task_limit, &plan, error) &&
           build(&plan, dataset, until, out, error);
}

bool pm_suite_slice(const struct pm_suite *suite, size_t first, size_t count, struct pm_suite **out,
                    struct pm_error *error)
{
    assert(count > 0 && first + count <= suite->count);
    struct pm_suite *slice = malloc(sizeof *slice);
    if (slice == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a suite of %zu tasks", count);
    }
    *slice = *suite;
    slice->slice = true;
    slice->mapping = NULL;
    slice->trace = NULL;
    slice->tasks = suite->tasks + first;
    slice->count = count;
    if (!pm_lane_tasks_create(slice->tasks, count, &slice->lanes, error)) {
        free(slice);
        return false;
    }
    slice->memory = pm_score_memory_create();
    *out = slice;
    return true;
}

void pm_suite_destroy(struct pm_suite *suite)
{
    if (suite == NULL) {
        return;
    }
    const bool own_examples = !suite->slice && !suite->borrowed;
    for (size_t i = 0; i < suite->count && own_examples; i++) {
        pm_task_clear(&suite->tasks[i]);
    }
    if (!suite->slice) {
        free(suite->tasks);
    }
    pm_lane_tasks_destroy(suite->lanes);
    pm_score_memory_destroy(suite->memory);
    if (suite->mapping != NULL) {
        munmap(suite->mapping, suite->mapping_bytes);
    }
    free(suite);
}
