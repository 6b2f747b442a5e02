/* Suites: which tasks, and how scores come of them. */
#include "algorithm/suite_plan.h"
#include "tests/algorithm/run.h"
#include "tests/cmocka_include.h"
#include "tests/common/vectors.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/suite.h>

static int open_dataset(void **state)
{
    struct pm_dataset *dataset = NULL;
    if (!pm_dataset_open("synthetic", &dataset, NULL)) {
        return -1;
    }
    *state = dataset;
    return 0;
}

static int close_dataset(void **state)
{
    pm_dataset_destroy(*state);
    return 0;
}

static struct pm_suite *evaluation(const struct pm_dataset *dataset, int input_dim, size_t limit)
{
    struct pm_suite *suite = NULL;
    struct pm_error error = {0};
    if (!pm_suite_evaluation(dataset, PM_EDITION_FIRST2000, input_dim, limit, NULL, &suite,
                             &error)) {
        fail_msg("%s", error.message);
    }
    return suite;
}

static void check_ids(const struct pm_suite *suite, const cJSON *ids, size_t count)
{
    assert_int_equal(suite->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(suite->tasks[i].id, cJSON_GetArrayItem(ids, (int)i)->valueint);
        assert_int_equal(suite->tasks[i].input_dim, suite->input_dim);
        assert_true(suite->tasks[i].train_count > 0 && suite->tasks[i].validation_count > 0);
    }
}

static void evaluation_tasks_are_the_networks(void **state)
{
    cJSON *file = vectors_load("numpy_rng.json");
    const cJSON *choice;
    int checked = 0;
    cJSON_ArrayForEach(choice, vectors_at(file, "choice"))
    {
        int input_dim = vectors_at(choice, "n_components")->valueint;
        bool whole = input_dim == 16;
        struct pm_suite *suite = evaluation(*state, input_dim, whole ? 0 : 5);
        check_ids(suite, vectors_at(choice, "values"), whole ? PM_SUITE_EVALUATION_TASKS : 5);
        assert_string_equal(suite->fingerprint,
                            "fe140bf34db622c8c4e421ebc1b49177e661e90e467098bcff613fadc4e339a0");
        pm_suite_destroy(suite);
        checked++;
    }
    assert_true(checked > 1);
    cJSON_Delete(file);
}

static void search_tasks_are_the_networks(void **state)
{
    cJSON *file = vectors_load("numpy_rng.json");
    const cJSON *search;
    int checked = 0;
    cJSON_ArrayForEach(search, vectors_at(file, "search_suite"))
    {
        struct pm_suite *suite = NULL;
        assert_true(pm_suite_search(
            *state, PM_EDITION_FIRST2000, vectors_at(search, "n_components")->valueint,
            (uint64_t)vectors_at(search, "seed")->valuedouble, 0, NULL, &suite, NULL));
        check_ids(suite, vectors_at(search, "task_ids"), PM_SUITE_SEARCH_TASKS);
        pm_suite_destroy(suite);
        checked++;
    }
    assert_true(checked > 0);
    cJSON_Delete(file);
}

/* With 16 inputs, a pool's usual number, no task of the search is one that scores are taken on;
 * with others few are: of 128 at most 4 (docs/evolution.md says so). */
static void search_and_evaluation_share_hardly_a_task(void **state)
{
    for (int dim = 1; dim <= PM_DIM_MAX; dim++) {
        struct pm_suite_plan evaluated, searched;
        int shared = 0;
        assert_true(
            pm_suite_plan_evaluation(*state, PM_EDITION_FIRST2000, dim, 0, &evaluated, NULL));
        assert_true(pm_suite_plan_search(PM_EDITION_FIRST2000, dim, 0, 0, &searched, NULL));
        for (size_t i = 0; i < evaluated.count; i++) {
            for (size_t k = 0; k < searched.count; k++) {
                shared += evaluated.ids[i] == searched.ids[k] ? 1 : 0;
            }
        }
        assert_in_range(shared, 0, dim == 16 ? 0 : 4);
    }
}

static void dimensions_have_limits(void **state)
{
    static const int dimensions[] = {0, -1, 129};
    for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++) {
        struct pm_suite *suite = NULL;
        struct pm_error error = {0};
        assert_false(pm_suite_evaluation(*state, PM_EDITION_FIRST2000, dimensions[i], 1, NULL,
                                         &suite, &error));
        assert_int_equal(error.code, PM_ERROR_LIMIT);
        assert_false(pm_suite_search(*state, PM_EDITION_FIRST2000, dimensions[i], 0, 1, NULL,
                                     &suite, &error));
    }
}

/* A failing task fails the suite: ten records are too few for any pair of classes. */
static void too_small_a_dataset_is_an_error(void **state)
{
    (void)state;
    struct pm_dataset *small = NULL;
    struct pm_suite *suite = NULL;
    struct pm_error error = {0};
    assert_true(pm_dataset_synthetic(1, 10, &small, NULL));
    assert_false(pm_suite_evaluation(small, PM_EDITION_FIRST2000, 16, 0, NULL, &suite, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_null(suite);
    pm_dataset_destroy(small);
}

enum { PROGRAMS = 5, TASKS = 3 };

static const char linear[] =
    "setup:\n s2 = 0.01\n s4 = 0.5\npredict:\n s3 = dot(v0, v1)\n s0 = s3 + s4\n"
    "learn:\n s5 = s1 - s0\n s5 = s5 * s2\n v2 = s5 * v0\n v1 = v1 + v2\n s4 = s4 + s5\n";

static void read_programs(struct pm_algorithm *programs[PROGRAMS])
{
    static const char *const texts[PROGRAMS] = {
        "predict:\n s0 = mean(v0)",
        "predict:\n s0 = gaussian(0.5, 1)",
        linear,
        "NoOp()",
        "predict:\n s0 = s2\nlearn:\n s2 = s1\n",
    };
    for (int i = 0; i < PROGRAMS; i++) {
        programs[i] = read_program(texts[i], 16);
    }
}

/* The same as running each program on each task by hand; whatever the number of threads. */
static void scores_are_medians_of_task_scores(void **state)
{
    struct pm_suite *suite = evaluation(*state, 16, TASKS);
    struct pm_algorithm *programs[PROGRAMS];
    read_programs(programs);
    double expected[PROGRAMS][TASKS], medians[PROGRAMS];
    struct pm_executor *executor = pm_executor_create();
    for (int p = 0; p < PROGRAMS; p++) {
        double sorted[TASKS];
        for (int t = 0; t < TASKS; t++) {
            float predictions[2000];
            assert_true(
                pm_executor_run(executor, programs[p], &suite->tasks[t], predictions, NULL));
            sorted[t] = expected[p][t] = pm_task_accuracy(&suite->tasks[t], predictions);
        }
        medians[p] = pm_median(sorted, TASKS);
    }
    pm_executor_destroy(executor);

    int most_threads = omp_get_max_threads();
    for (int threads = 1; threads <= 8; threads *= 2) {
        double scores[PROGRAMS] = {0}, task_scores[PROGRAMS][TASKS] = {0};
        struct pm_error error = {0};
        omp_set_num_threads(threads);
        assert_true(pm_suite_score(suite, (const struct pm_algorithm *const *)programs, PROGRAMS,
                                   scores, &task_scores[0][0], NULL, &error));
        assert_memory_equal(task_scores, expected, sizeof expected);
        assert_memory_equal(scores, medians, sizeof medians);
        assert_true(pm_suite_score(suite, (const struct pm_algorithm *const *)programs, PROGRAMS,
                                   scores, NULL, NULL, &error));
        assert_memory_equal(scores, medians, sizeof medians);
    }
    omp_set_num_threads(most_threads);
    for (int p = 0; p < PROGRAMS; p++) {
        pm_algorithm_destroy(programs[p]);
    }
    pm_suite_destroy(suite);
}

static void scoring_stops_when_asked(void **state)
{
    struct pm_suite *suite = evaluation(*state, 16, TASKS);
    const struct pm_algorithm *program = read_program("predict:\n s0 = mean(v0)", 16);
    struct pm_error error = {0};
    double score = -1;
    atomic_bool stop = false;
    const struct pm_until until = {.stop = &stop};
    assert_true(pm_suite_score(suite, &program, 1, &score, NULL, &until, &error));
    assert_true(score >= 0);
    atomic_store(&stop, true);
    assert_false(pm_suite_score(suite, &program, 1, &score, NULL, &until, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    assert_true(isnan(score));
    pm_algorithm_destroy((struct pm_algorithm *)program);
    pm_suite_destroy(suite);
}

static void building_stops_when_asked(void **state)
{
    const atomic_bool stop = true;
    const struct pm_until until = {.stop = &stop};
    struct pm_suite *suite = NULL;
    struct pm_error error = {0};
    assert_false(pm_suite_evaluation(*state, PM_EDITION_FIRST2000, 16, 2, &until, &suite, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    assert_false(pm_suite_search(*state, PM_EDITION_FIRST2000, 16, 0, 2, &until, &suite, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    assert_null(suite);
}

static void algorithms_must_fit_the_suite(void **state)
{
    struct pm_suite *suite = evaluation(*state, 16, 1);
    struct pm_algorithm *programs[] = {read_program("NoOp()", 16), read_program("NoOp()", 8)};
    struct pm_error error = {0};
    double scores[2];
    assert_false(pm_suite_score(suite, (const struct pm_algorithm *const *)programs, 2, scores,
                                NULL, NULL, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_non_null(strstr(error.message, "algorithm 1 takes 8 inputs"));
    assert_true(pm_suite_score(suite, NULL, 0, NULL, NULL, NULL, &error));
    pm_algorithm_destroy(programs[0]);
    pm_algorithm_destroy(programs[1]);
    pm_suite_destroy(suite);
}

static void median_is_in_the_middle(void **state)
{
    (void)state;
    double one[] = {3}, two[] = {4, 1}, three[] = {9, 1, 5}, four[] = {8, 2, 6, 4};
    assert_true(pm_median(one, 1) == 3);
    assert_true(pm_median(two, 2) == 2.5);
    assert_true(pm_median(three, 3) == 5);
    assert_true(pm_median(four, 4) == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluation_tasks_are_the_networks),
        cmocka_unit_test(search_tasks_are_the_networks),
        cmocka_unit_test(search_and_evaluation_share_hardly_a_task),
        cmocka_unit_test(dimensions_have_limits),
        cmocka_unit_test(too_small_a_dataset_is_an_error),
        cmocka_unit_test(scores_are_medians_of_task_scores),
        cmocka_unit_test(scoring_stops_when_asked),
        cmocka_unit_test(building_stops_when_asked),
        cmocka_unit_test(algorithms_must_fit_the_suite),
        cmocka_unit_test(median_is_in_the_middle),
    };
    return cmocka_run_group_tests(tests, open_dataset, close_dataset);
}
