/* Evolution: reproducible, within its bounds, stopped when asked, and better than nothing. */
#include "algorithm/functional_cache.h"
#include "tests/algorithm/evolution_case.h"
#include "tests/cmocka_include.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>

static const char OTHER_LINEAR[] = "def Setup():\n  s2 = 0.5\n"
                                   "def Predict():\n  s0 = dot(v0, v1)\n  s0 = s0 + s2\n"
                                   "def Learn():\n  s3 = s1 - s2\n  v2 = s3 * v0\n"
                                   "  v1 = v1 + v2\n";

static void assert_same(const struct pm_evolution_result *a, const struct pm_evolution_result *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->generations, b->generations);
    assert_int_equal(a->candidates, b->candidates);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(pm_algorithm_equal(a->items[i].algorithm, b->items[i].algorithm));
        assert_true(a->items[i].fitness == b->items[i].fitness);
        assert_int_equal(a->items[i].behaviour, b->items[i].behaviour);
        assert_int_equal(a->items[i].parents[0], b->items[i].parents[0]);
        assert_int_equal(a->items[i].lineage_count, b->items[i].lineage_count);
        for (size_t k = 0; k < a->items[i].lineage_count; k++) {
            const struct pm_lineage_step *left = &a->items[i].lineage[k];
            const struct pm_lineage_step *right = &b->items[i].lineage[k];
            assert_int_equal(left->generation, right->generation);
            assert_int_equal(left->change, right->change);
            assert_true(left->fitness == right->fitness);
        }
    }
}

static void check_threads(const struct evolution_case *the_case, const char *engine)
{
    static const int THREADS[] = {1, 2, 4};
    struct pm_algorithm *seeds[] = {the_case->linear, the_case->nothing[0]};
    struct pm_evolution_config config = evolution_case_config(6);
    struct pm_evolution_result results[3];
    const int before = omp_get_max_threads();
    config.engine = engine;
    config.seed = 11;
    for (int i = 0; i < 3; i++) {
        omp_set_num_threads(THREADS[i]);
        results[i] = evolution_case_run(the_case, &config, seeds, 2);
    }
    omp_set_num_threads(before);
    assert_true(results[0].count > 1);
    assert_int_equal(results[0].candidates, 6 * 40);
    assert_same(&results[0], &results[1]);
    assert_same(&results[0], &results[2]);

    config.seed = 12;
    struct pm_evolution_result other = evolution_case_run(the_case, &config, seeds, 2);
    assert_true(other.count != results[0].count ||
                !pm_algorithm_equal(other.items[0].algorithm, results[0].items[0].algorithm));
    pm_evolution_result_clear(&other);
    for (int i = 0; i < 3; i++) {
        pm_evolution_result_clear(&results[i]);
    }
}

static void test_same_for_any_number_of_threads(void **state)
{
    const struct evolution_case *the_case = *state;
    const char *engine;
    size_t count = 0;
    while ((engine = pm_evolution_engine_name(count)) != NULL) {
        check_threads(the_case, engine);
        count++;
    }
    assert_int_equal(count, 3);
}

struct climb {
    double first, last;
    int calls;
};

static bool watch(void *context, const struct pm_evolution_progress *progress)
{
    struct climb *climb = context;
    climb->calls++;
    assert_int_equal(progress->generation, climb->calls);
    assert_true(progress->best >= climb->last);
    if (climb->calls == 1) {
        climb->first = progress->best;
    }
    climb->last = progress->best;
    return true;
}

/* From a constant predictor and an empty program to one that has learned something: above what
 * guessing reaches on these tasks. So small a population needs luck for it, seldom more than three
 * times. */
static void test_rises_from_nothing(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_evolution_config config = evolution_case_config(30);
    double best = 0.0;
    for (config.seed = 1; config.seed <= 3; config.seed++) {
        struct pm_evolution_result result;
        struct climb climb = {0};
        assert_true(pm_evolution_run(&config, (const struct pm_algorithm *const *)the_case->nothing,
                                     CASE_SEEDS, the_case->suite, watch, &climb, &result, NULL));
        assert_int_equal(climb.calls, 30);
        assert_true(result.count > 0);
        for (size_t i = 0; i < result.count; i++) {
            assert_true(result.items[i].fitness <= climb.last);
        }
        best = climb.last > best ? climb.last : best;
        pm_evolution_result_clear(&result);
    }
    assert_true(best > 0.65);
}

/* Fewer candidates in a generation than there are islands. */
static void test_tiny_populations(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *seeds[] = {the_case->linear, the_case->nothing[0]};
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        struct pm_evolution_config config = evolution_case_config(12);
        config.engine = engine;
        config.population = 2;
        struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 2);
        assert_int_equal(result.generations, 12);
        assert_int_equal(result.candidates, 24);
        pm_evolution_result_clear(&result);
    }
}

/* Upwards, in the order of time, to what the item is worth at most. */
static void check_lineage(const struct pm_evolved *item)
{
    assert_in_range(item->lineage_count, 1, PM_LINEAGE_STEPS_MAX);
    for (size_t i = 0; i < item->lineage_count; i++) {
        const struct pm_lineage_step *step = &item->lineage[i];
        assert_in_range(step->generation, 1, 5);
        assert_int_not_equal(step->change, PM_CHANGE_NONE);
        if (i > 0) {
            assert_true(step->fitness > item->lineage[i - 1].fitness);
            assert_true(step->generation >= item->lineage[i - 1].generation);
        }
    }
    assert_true(item->lineage[item->lineage_count - 1].fitness >= item->fitness);
}

/* The score of a text, and the mean that results are ordered by. */
static double score_text(const struct evolution_case *the_case, const char *text, double *mean)
{
    struct pm_algorithm *algorithm = evolution_case_parse(text, CASE_DIM);
    double score, tasks[CASE_TASKS];
    assert_true(pm_suite_score(the_case->suite, (const struct pm_algorithm *const *)&algorithm, 1,
                               &score, tasks, NULL, NULL));
    *mean = 0.0;
    for (int i = 0; i < CASE_TASKS; i++) {
        *mean += tasks[i] / CASE_TASKS;
    }
    pm_algorithm_destroy(algorithm);
    return score;
}

static void test_results_keep_the_rules(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *seeds[] = {the_case->linear, the_case->nothing[1]};
    const struct pm_evolution_config config = evolution_case_config(5);
    struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 2);
    double last_mean = 1.0;
    assert_int_equal(result.count, config.budget);
    for (size_t i = 0; i < result.count; i++) {
        const struct pm_evolved *item = &result.items[i];
        const uint64_t meaning = pm_functional_key(item->algorithm);
        char *text = pm_algorithm_write(item->algorithm, NULL);
        double mean;
        assert_true(score_text(the_case, text, &mean) == item->fitness);
        assert_true(mean <= last_mean + 1e-12); /* best first */
        last_mean = mean;
        free(text);
        assert_int_equal(item->parent_count, 1);
        assert_in_range(item->parents[0], 0, 1);
        check_lineage(item);
        assert_int_not_equal(meaning, pm_functional_key(the_case->linear));
        assert_int_not_equal(meaning, pm_functional_key(the_case->nothing[1]));
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(meaning, pm_functional_key(result.items[j].algorithm));
            assert_int_not_equal(result.items[j].behaviour, item->behaviour);
        }
    }
    pm_evolution_result_clear(&result);
}

/* The final choice puts what does best on other tasks first and keeps as many as asked for. */
static void test_choice_is_made_on_other_tasks(void **state)
{
    const struct evolution_case *the_case = *state;
    const struct pm_evolution_config config = evolution_case_config(6);
    struct pm_algorithm *seeds[] = {the_case->linear, the_case->nothing[1]};
    struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 2);
    struct pm_suite *other = NULL;
    double scores[6];
    assert_int_equal(result.count, 6);
    assert_true(pm_suite_search(the_case->dataset, PM_EDITION_FIRST2000, CASE_DIM, 1, CASE_TASKS,
                                NULL, &other, NULL));
    for (size_t i = 0; i < result.count; i++) {
        const struct pm_algorithm *one = result.items[i].algorithm;
        assert_true(pm_suite_score(other, &one, 1, &scores[i], NULL, NULL, NULL));
    }
    double best = scores[0];
    for (size_t i = 1; i < result.count; i++) {
        best = scores[i] > best ? scores[i] : best;
    }
    assert_true(pm_evolution_choose(&result, other, 3, NULL, NULL));
    assert_int_equal(result.count, 3);
    assert_true(result.items[0].choice == best);
    assert_true(result.items[1].choice >= result.items[2].choice);
    pm_evolution_result_clear(&result);
    pm_suite_destroy(other);
}

static void test_passed_deadline_ends_at_once(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_evolution_config config = evolution_case_config(1000);
    config.deadline_ms = pm_clock_unix_ms() - 1;
    struct pm_evolution_result result =
        evolution_case_run(the_case, &config, the_case->nothing, CASE_SEEDS);
    assert_int_equal(result.generations, 0);
    assert_int_equal(result.count, 0);
    assert_true(pm_evolution_choose(&result, the_case->suite, 1, NULL, NULL)); /* of nothing */
    assert_int_equal(result.count, 0);
    pm_evolution_result_clear(&result);
}

static void test_deadline_returns_the_best_so_far(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_evolution_config config = evolution_case_config(PM_EVOLUTION_GENERATIONS_MAX);
    struct pm_algorithm *seeds[] = {the_case->linear};
    const int64_t start_ms = pm_clock_monotonic_ms();
    config.deadline_ms = pm_clock_unix_ms() + 500;
    struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 1);
    assert_in_range(pm_clock_monotonic_ms() - start_ms, 400, 10000);
    assert_true(result.generations < config.generations);
    assert_true(result.count > 0);
    pm_evolution_result_clear(&result);
}

static void test_stop_flag_ends_at_once(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_evolution_config config = evolution_case_config(1000);
    const atomic_bool stop = true;
    config.stop = &stop;
    struct pm_evolution_result result =
        evolution_case_run(the_case, &config, the_case->nothing, CASE_SEEDS);
    assert_int_equal(result.generations, 0);
    pm_evolution_result_clear(&result);
}

static bool stop_at_third(void *context, const struct pm_evolution_progress *progress)
{
    (void)context;
    return progress->generation < 3;
}

static void test_observer_ends_the_run(void **state)
{
    const struct evolution_case *the_case = *state;
    const struct pm_evolution_config config = evolution_case_config(50);
    const struct pm_algorithm *seeds[] = {the_case->linear};
    struct pm_evolution_result result;
    assert_true(
        pm_evolution_run(&config, seeds, 1, the_case->suite, stop_at_third, NULL, &result, NULL));
    assert_int_equal(result.generations, 3);
    assert_true(result.count > 0);
    pm_evolution_result_clear(&result);
}

static void expect_refusal(const struct evolution_case *the_case,
                           const struct pm_evolution_config *config, struct pm_algorithm *seed,
                           size_t seed_count, const char *word)
{
    const struct pm_algorithm *seeds[] = {seed};
    struct pm_evolution_result result;
    struct pm_error error = {0};
    assert_false(
        pm_evolution_run(config, seeds, seed_count, the_case->suite, NULL, NULL, &result, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    if (strstr(error.message, word) == NULL) {
        fail_msg("\"%s\" does not name %s", error.message, word);
    }
    assert_int_equal(result.count, 0);
}

static void test_bad_settings_are_refused_by_name(void **state)
{
    const struct evolution_case *the_case = *state;
    const struct pm_evolution_config good = evolution_case_config(1);
    struct pm_evolution_config bad;
    struct pm_algorithm *wide = evolution_case_parse(EVOLUTION_CASE_EMPTY, 32);
    bad = good, bad.engine = "magic";
    expect_refusal(the_case, &bad, the_case->linear, 1, "magic");
    bad = good, bad.profile = "huge";
    expect_refusal(the_case, &bad, the_case->linear, 1, "huge");
    bad = good, bad.generations = 0;
    expect_refusal(the_case, &bad, the_case->linear, 1, "generations");
    bad = good, bad.population = 1;
    expect_refusal(the_case, &bad, the_case->linear, 1, "population");
    bad = good, bad.budget = 0;
    expect_refusal(the_case, &bad, the_case->linear, 1, "budget");
    bad = good, bad.idiom_probability = 1.5;
    expect_refusal(the_case, &bad, the_case->linear, 1, "probability");
    expect_refusal(the_case, &good, the_case->linear, 0, "seeds");
    expect_refusal(the_case, &good, wide, 1, "input_dim");
    pm_algorithm_destroy(wide);
}

/* The archive crosses: some of what it finds has two ancestors among the seeds. */
static void test_crossing_joins_seeds(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_evolution_config config = evolution_case_config(10);
    struct pm_algorithm *other = evolution_case_parse(OTHER_LINEAR, CASE_DIM);
    struct pm_algorithm *seeds[] = {the_case->linear, other};
    size_t joined = 0;
    config.engine = "archive";
    for (config.seed = 1; config.seed <= 5 && joined == 0; config.seed++) {
        struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 2);
        for (size_t i = 0; i < result.count; i++) {
            joined += result.items[i].parent_count == 2 ? 1 : 0;
        }
        pm_evolution_result_clear(&result);
    }
    assert_true(joined > 0);
    pm_algorithm_destroy(other);
}

static void test_savings_change_nothing(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *seeds[] = {the_case->linear, the_case->nothing[0]};
    struct pm_evolution_config config = evolution_case_config(6);
    struct pm_evolution_result frugal = evolution_case_run(the_case, &config, seeds, 2);
    config.forgetful = true;
    struct pm_evolution_result forgetful = evolution_case_run(the_case, &config, seeds, 2);
    assert_same(&frugal, &forgetful);
    const struct pm_evolution_savings *with = &frugal.savings, *without = &forgetful.savings;
    assert_int_equal(with->known + with->hopeless + with->quick + with->complete, 6 * 40 + 2);
    assert_int_equal(without->hopeless, with->hopeless);
    assert_int_equal(without->alive, with->alive);
    assert_true(with->known > without->known);
    assert_true(with->quick + with->complete < without->quick + without->complete);
    assert_in_range(with->alive, 1, with->instructions);
    pm_evolution_result_clear(&frugal);
    pm_evolution_result_clear(&forgetful);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_for_any_number_of_threads),
        cmocka_unit_test(test_rises_from_nothing),
        cmocka_unit_test(test_tiny_populations),
        cmocka_unit_test(test_results_keep_the_rules),
        cmocka_unit_test(test_crossing_joins_seeds),
        cmocka_unit_test(test_choice_is_made_on_other_tasks),
        cmocka_unit_test(test_passed_deadline_ends_at_once),
        cmocka_unit_test(test_deadline_returns_the_best_so_far),
        cmocka_unit_test(test_stop_flag_ends_at_once),
        cmocka_unit_test(test_observer_ends_the_run),
        cmocka_unit_test(test_bad_settings_are_refused_by_name),
        cmocka_unit_test(test_savings_change_nothing),
    };
    return cmocka_run_group_tests(tests, evolution_case_set_up, evolution_case_tear_down);
}
