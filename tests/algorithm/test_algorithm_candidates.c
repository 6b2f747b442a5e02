/* Candidates of a search: legal, scored cheaply, of bounded cost, and not what no result may be. */
#include "algorithm/search.h"
#include "tests/algorithm/evolution_case.h"
#include "tests/cmocka_include.h"

#include <poolminer/profile.h>
#include <poolminer/random.h>

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
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *wild = evolution_case_parse(WILD, CASE_DIM);
    struct pm_algorithm *seeds[] = {the_case->linear, wild};
    static const char *const PROFILES[] = {"baseline", "full"};
    const char *engine;
    for (size_t i = 0; (engine = pm_evolution_engine_name(i / 2)) != NULL; i++) {
        struct pm_evolution_config config = evolution_case_config(8);
        config.engine = engine;
        config.profile = PROFILES[i % 2];
        config.idiom_probability = 0.3;
        struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 2);
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
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *wild = evolution_case_parse(WILD, CASE_DIM);
    const struct pm_algorithm *seeds[] = {the_case->linear, wild};
    static const char *const PROFILES[] = {"baseline", "full"};
    for (size_t i = 0; i < 2; i++) {
        struct pm_evolution_config config = evolution_case_config(1);
        struct pm_search search;
        config.profile = PROFILES[i];
        config.idiom_probability = 0.3;
        assert_true(pm_search_init(&search, &config, seeds, 2, the_case->suite, NULL));
        for (uint64_t seed = 1; seed <= 20; seed++) {
            check_line(&search, seed);
        }
        pm_search_clear(&search);
    }
    pm_algorithm_destroy(wild);
}

static struct pm_candidate candidate_of(const char *text)
{
    struct pm_candidate candidate;
    assert_true(pm_candidate_init(&candidate, evolution_case_parse(text, CASE_DIM), 0, NULL));
    return candidate;
}

static struct pm_candidate score_one(const struct evolution_case *the_case, const char *text,
                                     double bar)
{
    struct pm_scorer scorer;
    struct pm_candidate candidate = candidate_of(text);
    assert_true(pm_scorer_init(&scorer, the_case->suite, NULL, NULL));
    candidate.bar = bar;
    assert_true(pm_scorer_score(&scorer, &candidate, 1, false, NULL));
    pm_scorer_clear(&scorer);
    return candidate;
}

static void test_cheap_tests_come_first(void **state)
{
    const struct evolution_case *the_case = *state;
    struct pm_candidate good = score_one(the_case, EVOLUTION_CASE_LINEAR, 0.5);
    assert_true(good.complete);
    assert_true(good.merit > 0.55);
    struct pm_candidate below = score_one(the_case, EVOLUTION_CASE_LINEAR, 0.999);
    assert_false(below.complete);
    assert_int_equal(below.fitness.scored, PM_SCORED_QUICK);
    struct pm_candidate blind = score_one(the_case, EVOLUTION_CASE_CONSTANT, 0.0);
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
    const struct evolution_case *the_case = *state;
    struct pm_candidate candidate =
        score_one(the_case,
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
    const struct evolution_case *the_case = *state;
    struct pm_algorithm *dear = evolution_case_parse(DEAR, 16);
    struct pm_candidate candidate;
    struct pm_scorer scorer;
    assert_true(pm_candidate_init(&candidate, dear, 0, NULL));
    assert_true(pm_scorer_init(&scorer, the_case->suite, NULL, NULL));
    const double before = scorer.cost_limit;
    pm_scorer_admit(&scorer, &candidate);
    assert_true(scorer.cost_limit > before);
    assert_true(scorer.cost_limit <= 10 * before);
    /* Ten million multiply-adds an example: not run even where everything else is. */
    assert_true(pm_scorer_score(&scorer, &candidate, 1, true, NULL));
    assert_int_equal(candidate.fitness.scored, PM_SCORED_NOTHING);
    pm_scorer_clear(&scorer);

    const struct pm_evolution_config config = evolution_case_config(3);
    struct pm_algorithm *seeds[] = {candidate.program, the_case->linear};
    struct pm_evolution_result result = evolution_case_run(the_case, &config, seeds, 2);
    assert_int_equal(result.generations, 3);
    assert_true(result.count > 0);
    pm_evolution_result_clear(&result);
    pm_candidate_clear(&candidate);
}

/* Nor does liveness see that these predictions are always the same. */
static void test_constant_predictors_are_no_results(void **state)
{
    const struct evolution_case *the_case = *state;
    static const char *const TEXTS[] = {
        "def Predict():\n  s2 = norm(v0)\n  s0 = s2 + s3\ndef Learn():\n  s3 = s1 + s4\n  s4 = 9\n",
        "def Predict():\n  s2 = norm(v0)\n  s0 = s3 - s2\ndef Learn():\n  s3 = s1 - s4\n  s4 = 9\n",
    };
    const struct pm_algorithm *seeds[] = {the_case->linear};
    const struct pm_evolution_config config = evolution_case_config(1);
    struct pm_search search;
    assert_true(pm_search_init(&search, &config, seeds, 1, the_case->suite, NULL));
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
    const struct evolution_case *the_case = *state;
    const struct pm_algorithm *seeds[] = {the_case->linear};
    const struct pm_evolution_config config = evolution_case_config(1);
    struct pm_search search;
    struct pm_candidate candidate = candidate_of("def Setup():\n  s9 = 0.05\n  s8 = 3\n"
                                                 "def Predict():\n  s0 = dot(v0, v7)\n"
                                                 "def Learn():\n  s4 = s1 - s0\n  s4 = s9 * s4\n"
                                                 "  v3 = s4 * v0\n  v7 = v7 + v3\n");
    assert_true(pm_search_init(&search, &config, seeds, 1, the_case->suite, NULL));
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
    const struct evolution_case *the_case = *state;
    static const double BARS[] = {0.999, 0.0, 0.999, 0.5};
    struct pm_scorer scorer;
    assert_true(pm_scorer_init(&scorer, the_case->suite, NULL, NULL));
    for (size_t i = 0; i < sizeof BARS / sizeof *BARS; i++) {
        struct pm_candidate twins[2] = {candidate_of(EVOLUTION_CASE_LINEAR),
                                        candidate_of(EVOLUTION_CASE_LINEAR)};
        twins[0].bar = twins[1].bar = BARS[i];
        assert_true(pm_scorer_score(&scorer, twins, 2, false, NULL));
        struct pm_candidate fresh = score_one(the_case, EVOLUTION_CASE_LINEAR, BARS[i]);
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
    const struct evolution_case *the_case = *state;
    struct pm_candidate candidate = score_one(the_case, NOT_A_NUMBER, 0.0);
    assert_int_equal(candidate.fitness.scored, PM_SCORED_ALL);
    assert_true(candidate.fitness.score > 0.4 && candidate.fitness.score < 0.6);
    pm_candidate_clear(&candidate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_stay_in_their_profile),
        cmocka_unit_test(test_candidates_stay_in_their_profile),
        cmocka_unit_test(test_cheap_tests_come_first),
        cmocka_unit_test(test_expensive_programs_are_not_run),
        cmocka_unit_test(test_dear_seeds_do_not_stall_the_search),
        cmocka_unit_test(test_constant_predictors_are_no_results),
        cmocka_unit_test(test_seeds_in_other_words_are_no_results),
        cmocka_unit_test(test_cache_changes_nothing),
        cmocka_unit_test(test_nan_scores_like_guessing),
    };
    return cmocka_run_group_tests(tests, evolution_case_set_up, evolution_case_tear_down);
}
