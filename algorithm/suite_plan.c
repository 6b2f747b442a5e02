#include "algorithm/suite_plan.h"

#include <stdlib.h>

#include <poolminer/numpy_random.h>

enum {
    EVALUATION_SEED = 1337,
    SEED_PER_DIMENSION = 7919,
    SEARCH_SEED_LIMIT = 2147483647, /* 2^31 - 1, exclusive */
};

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

static bool check_dimension(int input_dim, struct pm_error *error)
{
    if (input_dim < 1 || input_dim > PM_DIM_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "input_dim is %d; the limits are 1 to %d", input_dim,
                       PM_DIM_MAX);
    }
    return true;
}

static size_t limited(size_t count, size_t task_limit)
{
    return task_limit > 0 && task_limit < count ? task_limit : count;
}

bool pm_suite_plan_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                              int input_dim, size_t task_limit, struct pm_suite_plan *out,
                              struct pm_error *error)
{
    *out = (struct pm_suite_plan){.edition = edition,
                                  .input_dim = input_dim,
                                  .count = limited(PM_SUITE_EVALUATION_TASKS, task_limit)};
    if (!check_dimension(input_dim, error)) {
        return false;
    }
    if (!choose_evaluation_tasks(dataset, input_dim, out->ids)) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for choosing tasks");
    }
    return true;
}

bool pm_suite_plan_search(enum pm_suite_edition edition, int input_dim, uint64_t seed,
                          size_t task_limit, struct pm_suite_plan *out, struct pm_error *error)
{
    *out = (struct pm_suite_plan){.edition = edition,
                                  .input_dim = input_dim,
                                  .count = limited(PM_SUITE_SEARCH_TASKS, task_limit)};
    if (!check_dimension(input_dim, error)) {
        return false;
    }
    choose_search_tasks(input_dim, seed, out->ids);
    return true;
}

bool pm_suite_plan_allocate(const struct pm_suite_plan *plan, struct pm_suite **out,
                            struct pm_error *error)
{
    struct pm_suite *suite = calloc(1, sizeof *suite);
    struct pm_task *tasks = calloc(plan->count, sizeof *tasks);
    if (suite == NULL || tasks == NULL) {
        free(suite);
        free(tasks);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a suite of %zu tasks",
                       plan->count);
    }
    *suite = (struct pm_suite){.edition = plan->edition,
                               .input_dim = plan->input_dim,
                               .count = plan->count,
                               .tasks = tasks,
                               .simd_level = pm_simd_level_best()};
    *out = suite;
    return true;
}
