/* Evolution: reproducible, within its bounds, stopped when asked, and better than nothing. */
#include "algorithm/search.h"
#include "tests/cmocka_include.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>
#include <poolminer/profile.h>

static const char EMPTY[] = "def Predict():\n  NoOp()\n";
static const char CONSTANT[] = "def Predict():\n  s0 = 1\n";
static const char LINEAR[] = "def Setup():\n  s2 = 0.05\n"
                             "def Predict():\n  s0 = dot(v0, v1)\n"
                             "def Learn():\n  s3 = s1 - s0\n  s3 = s3 * s2\n"
                             "  v2 = s3 * v0\n  v1 = v1 + v2\n";
static const char OTHER_LINEAR[] = "def Setup():\n  s2 = 0.5\n"
                                   "def Predict():\n  s0 = dot(v0, v1)\n  s0 = s0 + s2\n"
                                   "def Learn():\n  s3 = s1 - s2\n  v2 = s3 * v0\n"
                                   "  v1 = v1 + v2\n";
static const char DEAR[] =
    "# meta: vector_dim=128\n"
    "def Predict():\n  m0 = outer(v0, v1)\n  m1 = matmul(m0, m0)\n  m2 = matmul(m1, m1)\n"
    "  m3 = matmul(m2, m2)\n  m4 = matmul(m3, m3)\n  m1 = matmul(m4, m4)\n  s0 = mean(m1)\n"
    "def Learn():\n  v1 = s1 * v0\n";
/* More registers and other operations than `baseline` has. */
static const char WILD[] =
    "# meta: scalar_count=30 vector_count=20 matrix_count=9\n"
    "def Setup():\n  s29 = 0.5\n  v19 = gaussian(0.0, 0.1)\n  m8 = uniform(-0.1, 0.1)\n"
    "def Predict():\n  v18 = dot(m8, v0)\n  v18 = sin(v18)\n  s2 = dot(v18, v19)\n"
    "  s0 = s2 + s29\n  s0 = exp(s0)\n"
    "def Learn():\n  s3 = s1 - s0\n  v2 = s3 * v0\n  v19 = v19 + v2\n  m8 = m8 * s29\n";
static const char NOT_A_NUMBER[] = "def Predict():\n  v1 = v0 / s5\n  v1 = v1 * v1\n"
                                   "  v1 = v1 * v1\n  s3 = mean(v1)\n  s4 = s3 * s3\n"
                                   "  s0 = s4 - s4\n  s0 = s0 + s6\n"
                                   "def Learn():\n  s6 = s1\n";

enum { DIM = 16, TASKS = 8, SEEDS = 2 };

struct fixture {
    struct pm_dataset *dataset;
    struct pm_suite *suite;
    struct pm_algorithm *nothing[SEEDS], *linear;
};

static struct pm_algorithm *parse(const char *text, int input_dim)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    if (!pm_algorithm_parse(text, strlen(text), input_dim, PM_PARSE_STRICT, NULL, NULL, &algorithm,
                            &error)) {
        fail_msg("%s\n%s", error.message, text);
    }
    return algorithm;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    if (!pm_dataset_synthetic(1, 600, &fixture.dataset, NULL) ||
        !pm_suite_search(fixture.dataset, PM_EDITION_FIRST2000, DIM, 0, TASKS, NULL, &fixture.suite,
                         NULL)) {
        return -1;
    }
    fixture.nothing[0] = parse(CONSTANT, DIM);
    fixture.nothing[1] = parse(EMPTY, DIM);
    fixture.linear = parse(LINEAR, DIM);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    pm_algorithm_destroy(fixture->nothing[0]);
    pm_algorithm_destroy(fixture->nothing[1]);
    pm_algorithm_destroy(fixture->linear);
    pm_suite_destroy(fixture->suite);
    pm_dataset_destroy(fixture->dataset);
    return 0;
}

static struct pm_evolution_config small_config(int generations)
{
    struct pm_evolution_config config = pm_evolution_config_default();
    config.generations = generations;
    config.population = 40;
    config.budget = 6;
    return config;
}

static struct pm_evolution_result run(const struct fixture *fixture,
                                      const struct pm_evolution_config *config,
                                      struct pm_algorithm *const *seeds, size_t seed_count)
{
    struct pm_evolution_result result;
    struct pm_error error = {0};
    if (!pm_evolution_run(config, (const struct pm_algorithm *const *)seeds, seed_count,
                          fixture->suite, NULL, NULL, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

static void assert_same(const struct pm_evolution_result *a, const struct pm_evolution_result *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->generations, b->generations);
    assert_int_equal(a->candidates, b->candidates);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(pm_algorithm_equal(a->items[i].algorithm, b->items[i].algorithm));
        assert_true(a->items[i].fitness == b->items[i].fitness);
        assert_int_equal(a->items[i].parents[0], b->items[i].parents[0]);
    }
}

static void check_threads(const struct fixture *fixture, const char *engine)
{
    static const int THREADS[] = {1, 2, 4};
    struct pm_algorithm *seeds[] = {fixture->linear, fixture->nothing[0]};
    struct pm_evolution_config config = small_config(6);
    struct pm_evolution_result results[3];
    const int before = omp_get_max_threads();
    config.engine = engine;
    config.seed = 11;
    for (int i = 0; i < 3; i++) {
        omp_set_num_threads(THREADS[i]);
        results[i] = run(fixture, &config, seeds, 2);
    }
    omp_set_num_threads(before);
    assert_true(results[0].count > 1);
    assert_int_equal(results[0].candidates, 6 * 40);
    assert_same(&results[0], &results[1]);
    assert_same(&results[0], &results[2]);

    config.seed = 12;
    struct pm_evolution_result other = run(fixture, &config, seeds, 2);
    assert_true(other.count != results[0].count ||
                !pm_algorithm_equal(other.items[0].algorithm, results[0].items[0].algorithm));
    pm_evolution_result_clear(&other);
    for (int i = 0; i < 3; i++) {
        pm_evolution_result_clear(&results[i]);
    }
}

static void test_same_for_any_number_of_threads(void **state)
{
    const struct fixture *fixture = *state;
    const char *engine;
    size_t count = 0;
    while ((engine = pm_evolution_engine_name(count)) != NULL) {
        check_threads(fixture, engine);
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
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = small_config(30);
    double best = 0.0;
    for (config.seed = 1; config.seed <= 3; config.seed++) {
        struct pm_evolution_result result;
        struct climb climb = {0};
        assert_true(pm_evolution_run(&config, (const struct pm_algorithm *const *)fixture->nothing,
                                     SEEDS, fixture->suite, watch, &climb, &result, NULL));
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
    const struct fixture *fixture = *state;
    struct pm_algorithm *seeds[] = {fixture->linear, fixture->nothing[0]};
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i)) != NULL; i++) {
        struct pm_evolution_config config = small_config(12);
        config.engine = engine;
        config.population = 2;
        struct pm_evolution_result result = run(fixture, &config, seeds, 2);
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
static double score_text(const struct fixture *fixture, const char *text, double *mean)
{
    struct pm_algorithm *algorithm = parse(text, DIM);
    double score, tasks[TASKS];
    assert_true(pm_suite_score(fixture->suite, (const struct pm_algorithm *const *)&algorithm, 1,
                               &score, tasks, NULL, NULL));
    *mean = 0.0;
    for (int i = 0; i < TASKS; i++) {
        *mean += tasks[i] / TASKS;
    }
    pm_algorithm_destroy(algorithm);
    return score;
}

static void test_results_keep_the_rules(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_algorithm *seeds[] = {fixture->linear, fixture->nothing[1]};
    const struct pm_evolution_config config = small_config(5);
    struct pm_evolution_result result = run(fixture, &config, seeds, 2);
    double last_mean = 1.0;
    assert_int_equal(result.count, config.budget);
    for (size_t i = 0; i < result.count; i++) {
        const struct pm_evolved *item = &result.items[i];
        const uint64_t meaning = pm_program_meaning(item->algorithm);
        char *text = pm_algorithm_write(item->algorithm, NULL);
        double mean;
        assert_true(score_text(fixture, text, &mean) == item->fitness);
        assert_true(mean <= last_mean + 1e-12); /* best first */
        last_mean = mean;
        free(text);
        assert_int_equal(item->parent_count, 1);
        assert_in_range(item->parents[0], 0, 1);
        check_lineage(item);
        assert_int_not_equal(meaning, pm_program_meaning(fixture->linear));
        assert_int_not_equal(meaning, pm_program_meaning(fixture->nothing[1]));
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(meaning, pm_program_meaning(result.items[j].algorithm));
            assert_int_not_equal(result.items[j].behaviour, item->behaviour);
        }
    }
    pm_evolution_result_clear(&result);
}

static void assert_legal(const struct pm_profile *profile, const struct pm_algorithm *algorithm)
{
    assert_int_equal(algorithm->meta.scalar_count, profile->scalar_count);
    assert_int_equal(algorithm->meta.vector_count, profile->vector_count);
    assert_int_equal(algorithm->meta.matrix_count, profile->matrix_count);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        assert_in_range(algorithm->length[phase], 0, profile->max_ops[phase]);
        for (int k = 0; k < algorithm->length[phase]; k++) {
            assert_true(pm_profile_allows(profile, &algorithm->meta, (enum pm_phase)phase,
                                          &algorithm->phase[phase][k]));
        }
    }
}

/* Whatever the engine, and from seeds that go beyond the profile themselves. */
static void test_results_stay_in_their_profile(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_algorithm *wild = parse(WILD, DIM);
    struct pm_algorithm *seeds[] = {fixture->linear, wild};
    static const char *const PROFILES[] = {"baseline", "full"};
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i / 2)) != NULL; i++) {
        struct pm_evolution_config config = small_config(8);
        config.engine = engine;
        config.profile = PROFILES[i % 2];
        config.idiom_probability = 0.3;
        struct pm_evolution_result result = run(fixture, &config, seeds, 2);
        assert_true(result.count > 0);
        for (size_t k = 0; k < result.count; k++) {
            assert_legal(pm_profile_find(config.profile, NULL), result.items[k].algorithm);
        }
        pm_evolution_result_clear(&result);
    }
    pm_algorithm_destroy(wild);
}

/* Candidates come about in three ways, and in long lines: each is legal as it is bred, and as it is
 * scored. */
static void check_line(const struct pm_search *search, uint64_t seed)
{
    struct pm_random random;
    struct pm_candidate parent;
    pm_random_seed(&random, seed, 0, 0);
    assert_true(pm_candidate_copy(&parent, &search->seeds[0], NULL));
    for (int generation = 0; generation < 60; generation++) {
        struct pm_candidate child;
        const uint32_t way = pm_random_below(&random, 3);
        const struct pm_candidate *other = &search->seeds[pm_random_below(&random, 2)];
        assert_true(way == 0   ? pm_search_tune(search, &parent, &random, &child, NULL)
                    : way == 1 ? pm_search_cross(search, &parent, other, &random, &child, NULL)
                               : pm_search_mutate(search, &parent, &random, &child, NULL));
        assert_legal(search->profile, child.program);
        assert_legal(search->profile, child.simple);
        pm_candidate_clear(&parent);
        parent = child;
    }
    pm_candidate_clear(&parent);
}

static void test_candidates_stay_in_their_profile(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_algorithm *wild = parse(WILD, DIM);
    const struct pm_algorithm *seeds[] = {fixture->linear, wild};
    static const char *const PROFILES[] = {"baseline", "full"};
    for (size_t i = 0; i < 2; i++) {
        struct pm_evolution_config config = small_config(1);
        struct pm_search search;
        config.profile = PROFILES[i];
        config.idiom_probability = 0.3;
        assert_true(pm_search_init(&search, &config, seeds, 2, fixture->suite, NULL));
        for (uint64_t seed = 1; seed <= 20; seed++) {
            check_line(&search, seed);
        }
        pm_search_clear(&search);
    }
    pm_algorithm_destroy(wild);
}

/* The final choice puts what does best on other tasks first and keeps as many as asked for. */
static void test_choice_is_made_on_other_tasks(void **state)
{
    const struct fixture *fixture = *state;
    const struct pm_evolution_config config = small_config(6);
    struct pm_algorithm *seeds[] = {fixture->linear, fixture->nothing[1]};
    struct pm_evolution_result result = run(fixture, &config, seeds, 2);
    struct pm_suite *other = NULL;
    double scores[6];
    assert_int_equal(result.count, 6);
    assert_true(
        pm_suite_search(fixture->dataset, PM_EDITION_FIRST2000, DIM, 1, TASKS, NULL, &other, NULL));
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
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = small_config(1000);
    config.deadline_ms = pm_clock_unix_ms() - 1;
    struct pm_evolution_result result = run(fixture, &config, fixture->nothing, SEEDS);
    assert_int_equal(result.generations, 0);
    assert_int_equal(result.count, 0);
    pm_evolution_result_clear(&result);
}

static void test_deadline_returns_the_best_so_far(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = small_config(PM_EVOLUTION_GENERATIONS_MAX);
    struct pm_algorithm *seeds[] = {fixture->linear};
    const int64_t start_ms = pm_clock_monotonic_ms();
    config.deadline_ms = pm_clock_unix_ms() + 500;
    struct pm_evolution_result result = run(fixture, &config, seeds, 1);
    assert_in_range(pm_clock_monotonic_ms() - start_ms, 400, 10000);
    assert_true(result.generations < config.generations);
    assert_true(result.count > 0);
    pm_evolution_result_clear(&result);
}

static void test_stop_flag_ends_at_once(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = small_config(1000);
    const atomic_bool stop = true;
    config.stop = &stop;
    struct pm_evolution_result result = run(fixture, &config, fixture->nothing, SEEDS);
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
    const struct fixture *fixture = *state;
    const struct pm_evolution_config config = small_config(50);
    const struct pm_algorithm *seeds[] = {fixture->linear};
    struct pm_evolution_result result;
    assert_true(
        pm_evolution_run(&config, seeds, 1, fixture->suite, stop_at_third, NULL, &result, NULL));
    assert_int_equal(result.generations, 3);
    assert_true(result.count > 0);
    pm_evolution_result_clear(&result);
}

static void expect_refusal(const struct fixture *fixture, const struct pm_evolution_config *config,
                           struct pm_algorithm *seed, size_t seed_count, const char *word)
{
    const struct pm_algorithm *seeds[] = {seed};
    struct pm_evolution_result result;
    struct pm_error error = {0};
    assert_false(
        pm_evolution_run(config, seeds, seed_count, fixture->suite, NULL, NULL, &result, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    if (strstr(error.message, word) == NULL) {
        fail_msg("\"%s\" does not name %s", error.message, word);
    }
    assert_int_equal(result.count, 0);
}

static void test_bad_settings_are_refused_by_name(void **state)
{
    const struct fixture *fixture = *state;
    const struct pm_evolution_config good = small_config(1);
    struct pm_evolution_config bad;
    struct pm_algorithm *wide = parse(EMPTY, 32);
    bad = good, bad.engine = "magic";
    expect_refusal(fixture, &bad, fixture->linear, 1, "magic");
    bad = good, bad.profile = "huge";
    expect_refusal(fixture, &bad, fixture->linear, 1, "huge");
    bad = good, bad.generations = 0;
    expect_refusal(fixture, &bad, fixture->linear, 1, "generations");
    bad = good, bad.population = 1;
    expect_refusal(fixture, &bad, fixture->linear, 1, "population");
    bad = good, bad.budget = 0;
    expect_refusal(fixture, &bad, fixture->linear, 1, "budget");
    bad = good, bad.idiom_probability = 1.5;
    expect_refusal(fixture, &bad, fixture->linear, 1, "probability");
    expect_refusal(fixture, &good, fixture->linear, 0, "seeds");
    expect_refusal(fixture, &good, wide, 1, "input_dim");
    pm_algorithm_destroy(wide);
}

/* The archive crosses: some of what it finds has two ancestors among the seeds. */
static void test_crossing_joins_seeds(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_evolution_config config = small_config(10);
    struct pm_algorithm *other = parse(OTHER_LINEAR, DIM);
    struct pm_algorithm *seeds[] = {fixture->linear, other};
    size_t joined = 0;
    config.engine = "archive";
    for (config.seed = 1; config.seed <= 5 && joined == 0; config.seed++) {
        struct pm_evolution_result result = run(fixture, &config, seeds, 2);
        for (size_t i = 0; i < result.count; i++) {
            joined += result.items[i].parent_count == 2 ? 1 : 0;
        }
        pm_evolution_result_clear(&result);
    }
    assert_true(joined > 0);
    pm_algorithm_destroy(other);
}

static struct pm_candidate candidate_of(const char *text)
{
    struct pm_candidate candidate;
    assert_true(pm_candidate_init(&candidate, parse(text, DIM), 0, NULL));
    return candidate;
}

static struct pm_candidate score_one(const struct fixture *fixture, const char *text, double bar)
{
    struct pm_scorer scorer;
    struct pm_candidate candidate = candidate_of(text);
    assert_true(pm_scorer_init(&scorer, fixture->suite, NULL, NULL));
    candidate.bar = bar;
    assert_true(pm_scorer_score(&scorer, &candidate, 1, false, NULL));
    pm_scorer_clear(&scorer);
    return candidate;
}

static void test_cheap_tests_come_first(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_candidate good = score_one(fixture, LINEAR, 0.5);
    assert_true(good.complete);
    assert_true(good.merit > 0.55);
    struct pm_candidate below = score_one(fixture, LINEAR, 0.999);
    assert_false(below.complete);
    assert_int_equal(below.fitness.scored, PM_SCORED_QUICK);
    struct pm_candidate blind = score_one(fixture, CONSTANT, 0.0);
    assert_false(blind.complete);
    assert_int_equal(blind.fitness.scored, PM_SCORED_NOTHING);
    assert_true(pm_candidate_better(&good, &below));
    assert_true(pm_candidate_better(&below, &blind));
    pm_candidate_clear(&good);
    pm_candidate_clear(&below);
    pm_candidate_clear(&blind);
}

/* Matrix products beyond the bound of what a candidate may cost. */
static void test_expensive_programs_are_not_run(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_candidate candidate =
        score_one(fixture,
                  "def Predict():\n  m0 = outer(v0, v1)\n  m1 = matmul(m0, m0)\n"
                  "  m2 = matmul(m1, m1)\n  m3 = matmul(m2, m2)\n  s0 = mean(m3)\n"
                  "def Learn():\n  v1 = s1 * v0\n",
                  0.0);
    assert_false(candidate.complete);
    assert_int_equal(candidate.fitness.scored, PM_SCORED_NOTHING);
    pm_candidate_clear(&candidate);
}

/* A seed may raise the bound for its descendants, but not so far that they stall the search. */
static void test_dear_seeds_do_not_stall_the_search(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_algorithm *dear = parse(DEAR, 16);
    struct pm_candidate candidate;
    struct pm_scorer scorer;
    assert_true(pm_candidate_init(&candidate, dear, 0, NULL));
    assert_true(pm_scorer_init(&scorer, fixture->suite, NULL, NULL));
    const double before = scorer.cost_limit;
    pm_scorer_admit(&scorer, &candidate);
    assert_true(scorer.cost_limit > before);
    assert_true(scorer.cost_limit <= 10 * before);
    /* Ten million multiply-adds an example: not run even where everything else is. */
    assert_true(pm_scorer_score(&scorer, &candidate, 1, true, NULL));
    assert_int_equal(candidate.fitness.scored, PM_SCORED_NOTHING);
    pm_scorer_clear(&scorer);

    const struct pm_evolution_config config = small_config(3);
    struct pm_algorithm *seeds[] = {candidate.program, fixture->linear};
    struct pm_evolution_result result = run(fixture, &config, seeds, 2);
    assert_int_equal(result.generations, 3);
    assert_true(result.count > 0);
    pm_evolution_result_clear(&result);
    pm_candidate_clear(&candidate);
}

/* Nor does liveness see that these predictions are always the same. */
static void test_constant_predictors_are_no_results(void **state)
{
    const struct fixture *fixture = *state;
    static const char *const TEXTS[] = {
        "def Predict():\n  s2 = norm(v0)\n  s0 = s2 + s3\ndef Learn():\n  s3 = s1 + s4\n  s4 = 9\n",
        "def Predict():\n  s2 = norm(v0)\n  s0 = s3 - s2\ndef Learn():\n  s3 = s1 - s4\n  s4 = 9\n",
    };
    const struct pm_algorithm *seeds[] = {fixture->linear};
    const struct pm_evolution_config config = small_config(1);
    struct pm_search search;
    assert_true(pm_search_init(&search, &config, seeds, 1, fixture->suite, NULL));
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct pm_candidate candidate = candidate_of(TEXTS[i]);
        assert_int_equal(candidate.insight, PM_INSIGHT_LEARNS);
        assert_true(pm_search_score(&search, &candidate, 1, NULL));
        assert_true(candidate.complete);
        pm_candidate_clear(&candidate);
    }
    assert_int_equal(search.elite.count, 0);
    pm_search_clear(&search);
}

/* A seed in other words: other registers, and something dead. */
static void test_seeds_in_other_words_are_no_results(void **state)
{
    const struct fixture *fixture = *state;
    const struct pm_algorithm *seeds[] = {fixture->linear};
    const struct pm_evolution_config config = small_config(1);
    struct pm_search search;
    struct pm_candidate candidate = candidate_of("def Setup():\n  s9 = 0.05\n  s8 = 3\n"
                                                 "def Predict():\n  s0 = dot(v0, v7)\n"
                                                 "def Learn():\n  s4 = s1 - s0\n  s4 = s9 * s4\n"
                                                 "  v3 = s4 * v0\n  v7 = v7 + v3\n");
    assert_true(pm_search_init(&search, &config, seeds, 1, fixture->suite, NULL));
    assert_int_equal(candidate.meaning, search.seeds[0].meaning);
    assert_true(pm_search_score(&search, &candidate, 1, NULL));
    assert_true(candidate.complete);
    assert_int_equal(search.elite.count, 0);
    pm_candidate_clear(&candidate);
    pm_search_clear(&search);
}

/* A candidate's outcome is a matter of itself and the bar, not of what the cache remembers. */
static void test_cache_changes_nothing(void **state)
{
    const struct fixture *fixture = *state;
    static const double BARS[] = {0.999, 0.0, 0.999, 0.5};
    struct pm_scorer scorer;
    assert_true(pm_scorer_init(&scorer, fixture->suite, NULL, NULL));
    for (size_t i = 0; i < sizeof BARS / sizeof *BARS; i++) {
        struct pm_candidate twins[2] = {candidate_of(LINEAR), candidate_of(LINEAR)};
        twins[0].bar = twins[1].bar = BARS[i];
        assert_true(pm_scorer_score(&scorer, twins, 2, false, NULL));
        struct pm_candidate fresh = score_one(fixture, LINEAR, BARS[i]);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(twins[k].complete, fresh.complete);
            assert_true(twins[k].fitness.quick == fresh.fitness.quick);
            if (fresh.complete) {
                assert_true(twins[k].fitness.score == fresh.fitness.score);
            }
            pm_candidate_clear(&twins[k]);
        }
        pm_candidate_clear(&fresh);
    }
    pm_scorer_clear(&scorer);
}

/* NaN predictions count as "not above one half": about as good as guessing, never complete bliss.
 */
static void test_nan_scores_like_guessing(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_candidate candidate = score_one(fixture, NOT_A_NUMBER, 0.0);
    assert_int_equal(candidate.fitness.scored, PM_SCORED_ALL);
    assert_true(candidate.fitness.score > 0.4 && candidate.fitness.score < 0.6);
    pm_candidate_clear(&candidate);
}

static void test_savings_change_nothing(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_algorithm *seeds[] = {fixture->linear, fixture->nothing[0]};
    struct pm_evolution_config config = small_config(6);
    struct pm_evolution_result frugal = run(fixture, &config, seeds, 2);
    config.forgetful = true;
    struct pm_evolution_result forgetful = run(fixture, &config, seeds, 2);
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
        cmocka_unit_test(test_results_stay_in_their_profile),
        cmocka_unit_test(test_candidates_stay_in_their_profile),
        cmocka_unit_test(test_choice_is_made_on_other_tasks),
        cmocka_unit_test(test_passed_deadline_ends_at_once),
        cmocka_unit_test(test_deadline_returns_the_best_so_far),
        cmocka_unit_test(test_stop_flag_ends_at_once),
        cmocka_unit_test(test_observer_ends_the_run),
        cmocka_unit_test(test_bad_settings_are_refused_by_name),
        cmocka_unit_test(test_cheap_tests_come_first),
        cmocka_unit_test(test_expensive_programs_are_not_run),
        cmocka_unit_test(test_dear_seeds_do_not_stall_the_search),
        cmocka_unit_test(test_constant_predictors_are_no_results),
        cmocka_unit_test(test_seeds_in_other_words_are_no_results),
        cmocka_unit_test(test_cache_changes_nothing),
        cmocka_unit_test(test_savings_change_nothing),
        cmocka_unit_test(test_nan_scores_like_guessing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
