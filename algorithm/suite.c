#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/executor.h>
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
    if (!atomic_exchange(&effort->failed, true))
        effort->first_error = *error;
}

static bool conclude(struct effort *effort, struct pm_error *error)
{
    if (!atomic_load(&effort->failed))
        return true;
    if (error)
        *error = effort->first_error;
    return false;
}

static bool choose_evaluation_tasks(int input_dim, uint32_t ids[PM_SUITE_EVALUATION_TASKS])
{
    struct pm_numpy_random random;
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

static bool build_tasks(const struct pm_dataset *dataset, const uint32_t *ids,
                        struct pm_suite *suite, struct pm_error *error)
{
    struct effort effort = {0};
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < suite->count; i++) {
        struct pm_error task_error = {0};
        if (!atomic_load(&effort.failed) &&
            !pm_task_build(dataset, suite->edition, ids[i], suite->input_dim, &suite->tasks[i],
                           &task_error))
            give_up(&effort, &task_error);
    }
    return conclude(&effort, error);
}

/* A suite of the first `task_limit` (0: all) of `count` tasks. */
static bool build_suite(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                        int input_dim, const uint32_t *ids, size_t count, size_t task_limit,
                        struct pm_suite **out, struct pm_error *error)
{
    if (task_limit > 0 && task_limit < count)
        count = task_limit;
    struct pm_suite *suite = calloc(1, sizeof *suite);
    struct pm_task *tasks = calloc(count, sizeof *tasks);
    if (!suite || !tasks) {
        free(suite);
        free(tasks);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a suite of %zu tasks", count);
    }
    *suite = (struct pm_suite){
        .edition = edition, .input_dim = input_dim, .count = count, .tasks = tasks};
    if (!pm_dataset_fingerprint(dataset, pm_suite_edition_records(edition), suite->fingerprint,
                                error) ||
        !build_tasks(dataset, ids, suite, error)) {
        pm_suite_destroy(suite);
        return false;
    }
    *out = suite;
    return true;
}

static bool check_dimension(int input_dim, struct pm_error *error)
{
    if (input_dim < 1 || input_dim > PM_DIM_MAX)
        return pm_fail(error, PM_ERROR_LIMIT, "input_dim is %d; the limits are 1 to %d", input_dim,
                       PM_DIM_MAX);
    return true;
}

bool pm_suite_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         int input_dim, size_t task_limit, struct pm_suite **out,
                         struct pm_error *error)
{
    uint32_t ids[PM_SUITE_EVALUATION_TASKS];
    if (!check_dimension(input_dim, error))
        return false;
    if (!choose_evaluation_tasks(input_dim, ids))
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for choosing tasks");
    return build_suite(dataset, edition, input_dim, ids, PM_SUITE_EVALUATION_TASKS, task_limit, out,
                       error);
}

bool pm_suite_search(const struct pm_dataset *dataset, enum pm_suite_edition edition, int input_dim,
                     uint64_t seed, size_t task_limit, struct pm_suite **out,
                     struct pm_error *error)
{
    uint32_t ids[PM_SUITE_SEARCH_TASKS];
    if (!check_dimension(input_dim, error))
        return false;
    choose_search_tasks(input_dim, seed, ids);
    return build_suite(dataset, edition, input_dim, ids, PM_SUITE_SEARCH_TASKS, task_limit, out,
                       error);
}

void pm_suite_destroy(struct pm_suite *suite)
{
    if (!suite)
        return;
    for (size_t i = 0; i < suite->count; i++)
        pm_task_clear(&suite->tasks[i]);
    free(suite->tasks);
    free(suite);
}

/* Scoring: every pair of an algorithm and a task is a piece of work, so that few algorithms keep
 * many threads busy and no thread waits for the last big algorithm. */
struct scoring {
    const struct pm_suite *suite;
    const struct pm_algorithm *const *algorithms;
    size_t count;
    double *task_scores; /* count x suite->count */
    const atomic_bool *stop;
    uint32_t most_predictions;
    struct effort effort;
};

/* What a thread needs to run algorithms. */
struct bench {
    struct pm_executor *executor;
    float *predictions;
};

static bool set_up_bench(struct bench *bench, uint32_t predictions, struct pm_error *error)
{
    bench->executor = pm_executor_create();
    bench->predictions = malloc((predictions > 0 ? predictions : 1) * sizeof *bench->predictions);
    if (!bench->executor || !bench->predictions)
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for scoring");
    return true;
}

static void clear_bench(struct bench *bench)
{
    pm_executor_destroy(bench->executor);
    free(bench->predictions);
}

static bool score_pair(const struct scoring *scoring, size_t pair, struct bench *bench,
                       struct pm_error *error)
{
    if (scoring->stop && atomic_load(scoring->stop))
        return pm_fail(error, PM_ERROR_INTERRUPTED, "scoring was interrupted");
    const struct pm_algorithm *algorithm = scoring->algorithms[pair / scoring->suite->count];
    const struct pm_task *task = &scoring->suite->tasks[pair % scoring->suite->count];
    if (!pm_executor_run(bench->executor, algorithm, task, bench->predictions, error))
        return false;
    scoring->task_scores[pair] = pm_task_accuracy(task, bench->predictions);
    return true;
}

static void score_pairs(struct scoring *scoring)
{
    size_t pairs = scoring->count * scoring->suite->count;
#pragma omp parallel
    {
        struct bench bench = {0};
        struct pm_error error = {0};
        if (!set_up_bench(&bench, scoring->most_predictions, &error))
            give_up(&scoring->effort, &error);
#pragma omp for schedule(dynamic, 4)
        for (size_t pair = 0; pair < pairs; pair++)
            if (!atomic_load(&scoring->effort.failed) && !score_pair(scoring, pair, &bench, &error))
                give_up(&scoring->effort, &error);
        clear_bench(&bench);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double pm_median(double *values, size_t count)
{
    assert(count > 0);
    qsort(values, count, sizeof *values, compare_doubles);
    double upper = values[count / 2];
    return count % 2 == 1 ? upper : (values[count / 2 - 1] + upper) / 2;
}

static void take_medians(const struct scoring *scoring, double *scores)
{
    double values[PM_SUITE_EVALUATION_TASKS];
    size_t tasks = scoring->suite->count;
    for (size_t i = 0; i < scoring->count; i++) {
        memcpy(values, scoring->task_scores + i * tasks, tasks * sizeof *values);
        scores[i] = pm_median(values, tasks);
    }
}

static uint32_t most_validation_examples(const struct pm_suite *suite)
{
    uint32_t most = 0;
    for (size_t i = 0; i < suite->count; i++)
        if (suite->tasks[i].validation_count > most)
            most = suite->tasks[i].validation_count;
    return most;
}

static bool check_algorithms(const struct pm_suite *suite,
                             const struct pm_algorithm *const *algorithms, size_t count,
                             struct pm_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (algorithms[i]->input_dim != suite->input_dim)
            return pm_fail(error, PM_ERROR_INVALID,
                           "algorithm %zu takes %d inputs but the suite's tasks have %d", i,
                           algorithms[i]->input_dim, suite->input_dim);
    return true;
}

bool pm_suite_score(const struct pm_suite *suite, const struct pm_algorithm *const *algorithms,
                    size_t count, double *scores, double *task_scores, const atomic_bool *stop,
                    struct pm_error *error)
{
    if (count == 0)
        return true;
    if (!check_algorithms(suite, algorithms, count, error))
        return false;
    double *table = task_scores;
    if (!table)
        table = calloc(count, suite->count * sizeof *table);
    if (!table)
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the scores of %zu algorithms",
                       count);
    struct scoring scoring = {
        .suite = suite,
        .algorithms = algorithms,
        .count = count,
        .task_scores = table,
        .stop = stop,
        .most_predictions = most_validation_examples(suite),
    };
    score_pairs(&scoring);
    bool scored = conclude(&scoring.effort, error);
    if (scored)
        take_medians(&scoring, scores);
    if (!task_scores)
        free(table);
    return scored;
}
