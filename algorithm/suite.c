#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/numpy_random.h>
#include <poolminer/suite.h>

enum {
    EVALUATION_SEED = 1337,
    SEED_PER_DIMENSION = 7919,
    SEARCH_SEED_LIMIT = 2147483647, /* 2^31 - 1, exclusive */
};

/* What several threads do together, and the first thing that went wrong. */
struct effort {
    atomic_bool failed;
    struct pm_error first_error;
};

static void give_up(struct effort *effort, const struct pm_error *error)
{
#pragma omp critical(pm_suite_effort)
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

static bool choose_evaluation_tasks(const struct pm_dataset *dataset, int input_dim,
                                    uint32_t ids[PM_SUITE_EVALUATION_TASKS])
{
    struct pm_numpy_random random;
    if (pm_task_family_of(dataset) == PM_FAMILY_SCALAR_LINEAR) {
        for (uint32_t i = 0; i < PM_SUITE_EVALUATION_TASKS; i++) {
            ids[i] = i;
        }
        return true;
    }
    pm_numpy_random_seed(&random,
                         EVALUATION_SEED + (uint64_t)SEED_PER_DIMENSION * (uint64_t)input_dim);
    return pm_numpy_random_choice(&random, PM_TASK_CIFAR10_BINARY_COUNT, PM_SUITE_EVALUATION_TASKS,
                                  ids);
}

static void choose_search_tasks(int input_dim, uint64_t seed, uint32_t ids[PM_SUITE_SEARCH_TASKS])
{
    struct pm_numpy_random seeds;
    pm_numpy_random_seed(&seeds, seed + (uint64_t)SEED_PER_DIMENSION * (uint64_t)input_dim);
    for (int i = 0; i < PM_SUITE_SEARCH_TASKS; i++) {
        struct pm_numpy_random random;
        pm_numpy_random_seed(&random,
                             (uint64_t)pm_numpy_random_integer(&seeds, 0, SEARCH_SEED_LIMIT));
        ids[i] = (uint32_t)pm_numpy_random_integer(&random, 0, PM_TASK_CIFAR10_BINARY_COUNT);
    }
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

/* A suite of the first `task_limit` (0: all) of `count` tasks. */
static bool build_suite(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                        int input_dim, const uint32_t *ids, size_t count, size_t task_limit,
                        const struct pm_until *until, struct pm_suite **out, struct pm_error *error)
{
    if (task_limit > 0 && task_limit < count) {
        count = task_limit;
    }
    struct pm_suite *suite = calloc(1, sizeof *suite);
    struct pm_task *tasks = calloc(count, sizeof *tasks);
    if (suite == NULL || tasks == NULL) {
        free(suite);
        free(tasks);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a suite of %zu tasks", count);
    }
    *suite = (struct pm_suite){
        .edition = edition, .input_dim = input_dim, .count = count, .tasks = tasks};
    suite->simd_level = pm_simd_level_best();
    if (!pm_dataset_fingerprint(dataset, pm_suite_edition_records(edition), suite->fingerprint,
                                error) ||
        !build_tasks(dataset, ids, until, suite, error) ||
        !pm_lane_tasks_create(suite->tasks, suite->count, &suite->lanes, error)) {
        pm_suite_destroy(suite);
        return false;
    }
    *out = suite;
    return true;
}

static bool check_dimension(int input_dim, struct pm_error *error)
{
    if (input_dim < 1 || input_dim > PM_DIM_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "input_dim is %d; the limits are 1 to %d", input_dim,
                       PM_DIM_MAX);
    }
    return true;
}

bool pm_suite_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         int input_dim, size_t task_limit, const struct pm_until *until,
                         struct pm_suite **out, struct pm_error *error)
{
    uint32_t ids[PM_SUITE_EVALUATION_TASKS];
    if (!check_dimension(input_dim, error)) {
        return false;
    }
    if (!choose_evaluation_tasks(dataset, input_dim, ids)) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for choosing tasks");
    }
    return build_suite(dataset, edition, input_dim, ids, PM_SUITE_EVALUATION_TASKS, task_limit,
                       until, out, error);
}

bool pm_suite_search(const struct pm_dataset *dataset, enum pm_suite_edition edition, int input_dim,
                     uint64_t seed, size_t task_limit, const struct pm_until *until,
                     struct pm_suite **out, struct pm_error *error)
{
    uint32_t ids[PM_SUITE_SEARCH_TASKS];
    if (!check_dimension(input_dim, error)) {
        return false;
    }
    choose_search_tasks(input_dim, seed, ids);
    return build_suite(dataset, edition, input_dim, ids, PM_SUITE_SEARCH_TASKS, task_limit, until,
                       out, error);
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
    slice->tasks = suite->tasks + first;
    slice->count = count;
    if (!pm_lane_tasks_create(slice->tasks, count, &slice->lanes, error)) {
        free(slice);
        return false;
    }
    *out = slice;
    return true;
}

void pm_suite_destroy(struct pm_suite *suite)
{
    if (suite == NULL) {
        return;
    }
    for (size_t i = 0; i < suite->count && !suite->slice; i++) {
        pm_task_clear(&suite->tasks[i]);
    }
    if (!suite->slice) {
        free(suite->tasks);
    }
    pm_lane_tasks_destroy(suite->lanes);
    free(suite);
}
