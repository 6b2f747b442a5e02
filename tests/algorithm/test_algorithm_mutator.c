/* The random generator, profiles, mutations and simplification. */
#include "algorithm/crossover.h"
#include "tests/cmocka_include.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/liveness.h>
#include <poolminer/mutator.h>
#include <poolminer/profile.h>
#include <poolminer/random.h>
#include <poolminer/random_program.h>
#include <poolminer/simplify.h>
#include <poolminer/suite.h>

static const char EMPTY[] = "def Predict():\n  NoOp()\n";

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

/* The outputs that the generator's reference implementation gives from the state 1, 2, 3, 4. */
static void test_random_is_xoshiro256(void **state)
{
    static const uint64_t EXPECTED[] = {
        11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600};
    struct pm_random random = {.state = {1, 2, 3, 4}};
    (void)state;
    for (size_t i = 0; i < sizeof EXPECTED / sizeof *EXPECTED; i++) {
        assert_int_equal(pm_random_u64(&random), EXPECTED[i]);
    }
}

static uint64_t first_draw(uint64_t seed, uint64_t stream, uint64_t index)
{
    struct pm_random random;
    pm_random_seed(&random, seed, stream, index);
    return pm_random_u64(&random);
}

static void test_streams_differ_in_each_coordinate(void **state)
{
    (void)state;
    assert_int_equal(first_draw(1, 2, 3), first_draw(1, 2, 3));
    assert_int_not_equal(first_draw(1, 2, 3), first_draw(2, 1, 3));
    assert_int_not_equal(first_draw(1, 2, 3), first_draw(1, 3, 2));
    assert_int_not_equal(first_draw(1, 2, 3), first_draw(1, 2, 4));
    assert_int_not_equal(first_draw(0, 0, 0), 0);
}

static void test_below_covers_its_range_evenly(void **state)
{
    enum { BOUND = 7, DRAWS = 70000 };
    int counts[BOUND] = {0};
    struct pm_random random;
    (void)state;
    pm_random_seed(&random, 1, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        const uint32_t drawn = pm_random_below(&random, BOUND);
        assert_in_range(drawn, 0, BOUND - 1);
        counts[drawn]++;
    }
    for (int i = 0; i < BOUND; i++) { /* five standard deviations */
        assert_in_range(counts[i], DRAWS / BOUND - 470, DRAWS / BOUND + 470);
    }
    assert_int_equal(pm_random_below(&random, 1), 0);
}

static void test_unit_is_within_zero_and_one(void **state)
{
    struct pm_random random;
    double sum = 0.0;
    (void)state;
    pm_random_seed(&random, 2, 0, 0);
    for (int i = 0; i < 10000; i++) {
        const double drawn = pm_random_unit(&random);
        assert_true(drawn >= 0.0 && drawn < 1.0);
        sum += drawn;
    }
    assert_true(fabs(sum / 10000 - 0.5) < 0.015);
    assert_false(pm_random_chance(&random, 0.0));
    assert_true(pm_random_chance(&random, 1.0));
}

static void check_bounds(const struct pm_profile *profile, const struct pm_algorithm *algorithm)
{
    assert_int_equal(algorithm->meta.scalar_count, profile->scalar_count);
    assert_int_equal(algorithm->meta.vector_count, profile->vector_count);
    assert_int_equal(algorithm->meta.matrix_count, profile->matrix_count);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        assert_in_range(algorithm->length[phase], 0, profile->max_ops[phase]);
        for (int i = 0; i < algorithm->length[phase]; i++) {
            const struct pm_instruction *instruction = &algorithm->phase[phase][i];
            assert_true(
                pm_profile_allows(profile, &algorithm->meta, (enum pm_phase)phase, instruction));
            assert_true(isfinite(instruction->c0) && isfinite(instruction->c1));
        }
    }
}

static void check_reads_back(const struct pm_algorithm *algorithm)
{
    char *text = pm_algorithm_write(algorithm, NULL);
    assert_non_null(text);
    struct pm_algorithm *back = parse(text, algorithm->input_dim);
    assert_true(pm_algorithm_equal(algorithm, back));
    pm_algorithm_destroy(back);
    free(text);
}

/* A long line of descent: every mutant is within its profile and accepted by the strictest reader.
 */
static void check_descent(const char *name, double idiom_probability, int mutations)
{
    const struct pm_profile *profile = pm_profile_find(name, NULL);
    struct pm_algorithm *seed = parse(EMPTY, 16);
    struct pm_algorithm *algorithm = pm_profile_fit(profile, seed, NULL);
    bool full = false;
    for (int i = 0; i < mutations; i++) {
        struct pm_random random;
        pm_random_seed(&random, 3, 0, (uint64_t)i);
        struct pm_algorithm *child = pm_mutate(profile, algorithm, idiom_probability, &random);
        assert_non_null(child);
        check_bounds(profile, child);
        check_reads_back(child);
        full = full || child->length[PM_PHASE_PREDICT] == profile->max_ops[PM_PHASE_PREDICT];
        pm_algorithm_destroy(algorithm);
        algorithm = child;
    }
    assert_true(full); /* so that the bound was tested too */
    pm_algorithm_destroy(algorithm);
    pm_algorithm_destroy(seed);
}

static void test_mutants_of_full_are_legal(void **state)
{
    (void)state;
    check_descent("full", 0.4, 10000);
}

static void test_mutants_of_baseline_are_legal(void **state)
{
    (void)state;
    check_descent("baseline", 0.4, 5000);
    check_descent("baseline", 0.0, 5000);
}

/* Children of two long programs, which share nothing, are legal and take from both. */
static void test_crossed_programs_are_legal(void **state)
{
    static const char *const NAMES[] = {"full", "baseline"};
    (void)state;
    for (size_t n = 0; n < sizeof NAMES / sizeof *NAMES; n++) {
        const struct pm_profile *profile = pm_profile_find(NAMES[n], NULL);
        struct pm_algorithm *seed = parse(EMPTY, 16);
        struct pm_algorithm *parents[2];
        size_t mixed = 0;
        for (uint64_t i = 0; i < 2; i++) {
            parents[i] = pm_profile_fit(profile, seed, NULL);
            for (uint64_t k = 0; k < 500; k++) {
                struct pm_random random;
                pm_random_seed(&random, 7, i, k);
                struct pm_algorithm *child = pm_mutate(profile, parents[i], 0.4, &random);
                pm_algorithm_destroy(parents[i]);
                parents[i] = child;
            }
        }
        for (uint64_t i = 0; i < 1000; i++) {
            struct pm_random random;
            pm_random_seed(&random, 8, 0, i);
            struct pm_algorithm *child = pm_cross(profile, parents[0], parents[1], &random);
            assert_non_null(child);
            check_bounds(profile, child);
            check_reads_back(child);
            mixed +=
                !pm_algorithm_equal(child, parents[0]) && !pm_algorithm_equal(child, parents[1])
                    ? 1
                    : 0;
            pm_algorithm_destroy(child);
        }
        assert_in_range(mixed, 500, 1000);
        pm_algorithm_destroy(parents[0]);
        pm_algorithm_destroy(parents[1]);
        pm_algorithm_destroy(seed);
    }
}

/* Numbers move a little, nothing else does. */
static void test_tuning_moves_numbers_alone(void **state)
{
    const struct pm_profile *profile = pm_profile_find("full", NULL);
    struct pm_algorithm *seed = parse("def Setup():\n  s2 = 0.5\n  v2 = gaussian(0.25, 2.0)\n"
                                      "def Predict():\n  s0 = dot(v0, v2)\n",
                                      16);
    struct pm_algorithm *parent = pm_profile_fit(profile, seed, NULL);
    size_t moved = 0;
    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        struct pm_random random;
        pm_random_seed(&random, 9, 0, i);
        struct pm_algorithm *child = pm_tune(profile, parent, &random);
        assert_non_null(child);
        check_bounds(profile, child);
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            assert_int_equal(child->length[phase], parent->length[phase]);
            for (int k = 0; k < child->length[phase]; k++) {
                struct pm_instruction *tuned = &child->phase[phase][k];
                const struct pm_instruction *old = &parent->phase[phase][k];
                assert_true(fabsf(tuned->c0) >= fabsf(old->c0) / 1.5F &&
                            fabsf(tuned->c0) <= fabsf(old->c0) * 1.5F);
                moved += tuned->c0 != old->c0 ? 1 : 0;
                tuned->c0 = old->c0;
                tuned->c1 = old->c1;
            }
        }
        assert_true(pm_algorithm_equal(child, parent));
        pm_algorithm_destroy(child);
    }
    assert_true(moved > 50);
    pm_algorithm_destroy(parent);
    pm_algorithm_destroy(seed);
}

static bool has_op(const struct pm_algorithm *algorithm, enum pm_phase phase, enum pm_op op)
{
    for (int i = 0; i < algorithm->length[phase]; i++) {
        if (algorithm->phase[phase][i].op == op) {
            return true;
        }
    }
    return false;
}

/* Every operation of a profile, in each of its phases, comes up by mutation. */
static void test_mutations_reach_every_operation(void **state)
{
    const struct pm_profile *profile = pm_profile_find("full", NULL);
    uint32_t seen[PM_PHASE_COUNT] = {0};
    struct pm_algorithm *seed = parse(EMPTY, 16);
    struct pm_algorithm *algorithm = pm_profile_fit(profile, seed, NULL);
    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct pm_random random;
        pm_random_seed(&random, 4, 0, (uint64_t)i);
        struct pm_algorithm *child = pm_mutate(profile, algorithm, 0.0, &random);
        pm_algorithm_destroy(algorithm);
        algorithm = child;
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            for (int op = 0; op < PM_OP_COUNT; op++) {
                if (has_op(algorithm, (enum pm_phase)phase, (enum pm_op)op)) {
                    seen[phase] |= UINT32_C(1) << op;
                }
            }
        }
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        assert_int_equal(seen[phase], profile->ops[phase]);
    }
    pm_algorithm_destroy(algorithm);
    pm_algorithm_destroy(seed);
}

static void test_profiles_are_found_by_name(void **state)
{
    struct pm_error error = {0};
    (void)state;
    assert_non_null(pm_profile_find("full", NULL));
    assert_non_null(pm_profile_find("baseline", NULL));
    assert_null(pm_profile_find("fancy", &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_non_null(strstr(error.message, "fancy"));
}

/* What an instruction is written as in the tables below. */
static void name_shape(enum pm_op op, const struct pm_shape *shape, char *out, size_t size)
{
    static const char LETTERS[] = {[PM_KIND_NONE] = '-',
                                   [PM_KIND_SCALAR] = 's',
                                   [PM_KIND_VECTOR] = 'v',
                                   [PM_KIND_MATRIX] = 'm'};
    snprintf(out, size, "%s %c%c>%c", pm_op_info(op)->name, LETTERS[shape->a], LETTERS[shape->b],
             LETTERS[shape->out]);
}

/* Exactly the instructions listed, each once. */
static void expect_shapes(const struct pm_profile *profile, enum pm_phase phase,
                          const char *const *listed)
{
    size_t expected = 0, found = 0;
    while (listed[expected] != NULL) {
        expected++;
    }
    for (int op = 0; op < PM_OP_COUNT; op++) {
        struct pm_shape shapes[PM_SHAPES_MAX];
        const int count = pm_profile_shapes(profile, phase, (enum pm_op)op, shapes);
        for (int i = 0; i < count; i++) {
            char name[32];
            size_t k = 0;
            name_shape((enum pm_op)op, &shapes[i], name, sizeof name);
            while (k < expected && strcmp(listed[k], name) != 0) {
                k++;
            }
            if (k == expected) {
                fail_msg("%s is none of the profile's", name);
            }
            found++;
        }
    }
    assert_int_equal(found, expected);
}

/* The network's narrow backend, written down once more: no widening but s * v and s * m. */
static void test_baseline_is_the_networks(void **state)
{
    static const char *const SETUP[] = {
        "CONST -->s",    "CONST -->v",   "CONST -->m",   "GAUSSIAN -->s", "GAUSSIAN -->v",
        "GAUSSIAN -->m", "UNIFORM -->s", "UNIFORM -->v", "UNIFORM -->m",  NULL};
    static const char *const PREDICT[] = {"ADD ss>s",    "ADD vv>v", "ADD mm>m", "MAX ss>s",
                                          "MAX vv>v",    "MAX mm>m", "DOT vv>s", "MATMUL mv>v",
                                          "MATMUL mm>m", NULL};
    static const char *const LEARN[] = {
        "ADD ss>s",       "ADD vv>v",       "ADD mm>m",   "SUB ss>s", "SUB vv>v", "SUB mm>m",
        "MUL ss>s",       "MUL vv>v",       "MUL mm>m",   "MUL sv>v", "MUL sm>m", "HEAVISIDE s->s",
        "HEAVISIDE v->v", "HEAVISIDE m->m", "OUTER vv>m", NULL};
    const struct pm_profile *profile = pm_profile_find("baseline", NULL);
    struct pm_algorithm_meta meta;
    (void)state;
    assert_true(pm_profile_meta(profile, 8, &meta, NULL));
    assert_int_equal(meta.scalar_count, 5);
    assert_int_equal(meta.vector_count, 9);
    assert_int_equal(meta.matrix_count, 2);
    assert_int_equal(meta.vector_dim, 16);
    assert_int_equal(meta.max_ops[PM_PHASE_SETUP], 7);
    assert_int_equal(meta.max_ops[PM_PHASE_PREDICT], 11);
    assert_int_equal(meta.max_ops[PM_PHASE_LEARN], 23);
    expect_shapes(profile, PM_PHASE_SETUP, SETUP);
    expect_shapes(profile, PM_PHASE_PREDICT, PREDICT);
    expect_shapes(profile, PM_PHASE_LEARN, LEARN);
}

/* Every instruction everywhere. */
static void test_full_has_everything(void **state)
{
    const struct pm_profile *profile = pm_profile_find("full", NULL);
    struct pm_algorithm_meta meta;
    (void)state;
    assert_true(pm_profile_meta(profile, 16, &meta, NULL));
    assert_int_equal(meta.scalar_count, 20);
    assert_int_equal(meta.vector_count, 10);
    assert_int_equal(meta.matrix_count, 5);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        assert_int_equal(meta.max_ops[phase], 30);
        for (int op = 0; op < PM_OP_COUNT; op++) {
            struct pm_shape shapes[PM_SHAPES_MAX];
            const int count =
                pm_profile_shapes(profile, (enum pm_phase)phase, (enum pm_op)op, shapes);
            assert_true((count > 0) == (op != PM_OP_NOOP));
        }
    }
}

static void test_baseline_refuses_wide_input(void **state)
{
    struct pm_algorithm *seed = parse(EMPTY, 32);
    struct pm_error error = {0};
    (void)state;
    assert_null(pm_profile_fit(pm_profile_find("baseline", NULL), seed, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_non_null(strstr(error.message, "32"));
    pm_algorithm_destroy(seed);
}

static void test_fit_drops_what_baseline_lacks(void **state)
{
    const struct pm_profile *profile = pm_profile_find("baseline", NULL);
    struct pm_algorithm *seed = parse("def Setup():\n  s2 = 0.5\n"
                                      "def Predict():\n  s3 = dot(v0, v1)\n  s4 = sin(s3)\n"
                                      "  s0 = s3 + s4\n  s0 = s0 + s12\n"
                                      "def Learn():\n  v2 = s1 * v0\n  v1 = v1 + v2\n",
                                      16);
    struct pm_algorithm *fitted = pm_profile_fit(profile, seed, NULL);
    (void)state;
    assert_non_null(fitted);
    check_bounds(profile, fitted);
    assert_int_equal(fitted->length[PM_PHASE_SETUP], 0); /* s2 is never read */
    assert_int_equal(fitted->length[PM_PHASE_PREDICT], 2);
    assert_int_equal(fitted->length[PM_PHASE_LEARN], 2);
    pm_algorithm_destroy(fitted);
    pm_algorithm_destroy(seed);
}

static void test_fit_keeps_full_programs(void **state)
{
    const struct pm_profile *profile = pm_profile_find("full", NULL);
    struct pm_algorithm *seed = parse("# meta: vector_dim=24\ndef Predict():\n"
                                      "  v0[20] = 0.25\n  s0 = sin(s3)\n  s0 = mean(v0)\n",
                                      16);
    struct pm_algorithm *fitted = pm_profile_fit(profile, seed, NULL);
    (void)state;
    assert_int_equal(fitted->meta.vector_dim, 24);
    assert_int_equal(fitted->length[PM_PHASE_PREDICT], 2);
    pm_algorithm_destroy(fitted);
    pm_algorithm_destroy(seed);
}

static void test_simplify_keeps_scores(void **state)
{
    enum { PROGRAMS = 40 };
    struct pm_dataset *dataset;
    struct pm_suite *suite;
    int shorter = 0;
    (void)state;
    assert_true(pm_dataset_synthetic(1, 200, &dataset, NULL));
    assert_true(pm_suite_search(dataset, PM_EDITION_FIRST2000, 4, 0, 3, NULL, &suite, NULL));
    for (int i = 0; i < PROGRAMS; i++) {
        const struct pm_random_program shape = pm_random_program_shape(4, false, (uint64_t)i);
        struct pm_algorithm *pair[2] = {pm_random_program_create(&shape)};
        pair[1] = pm_simplify(pair[0], NULL);
        assert_non_null(pair[1]);
        bool random = false;
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            shorter += pair[1]->length[phase] < pair[0]->length[phase];
            random = random || has_op(pair[1], (enum pm_phase)phase, PM_OP_GAUSSIAN) ||
                     has_op(pair[1], (enum pm_phase)phase, PM_OP_UNIFORM);
        }
        double scores[2], tasks[6];
        assert_true(pm_suite_score(suite, (const struct pm_algorithm *const *)pair, 2, scores,
                                   tasks, NULL, NULL));
        if (!random) {
            assert_memory_equal(&tasks[0], &tasks[3], 3 * sizeof *tasks);
        }
        pm_algorithm_destroy(pair[0]);
        pm_algorithm_destroy(pair[1]);
    }
    assert_true(shorter > PROGRAMS / 2);
    pm_suite_destroy(suite);
    pm_dataset_destroy(dataset);
}

static enum pm_insight insight_of(const char *text)
{
    struct pm_algorithm *algorithm = parse(text, 16);
    const enum pm_insight insight = pm_algorithm_insight(algorithm);
    pm_algorithm_destroy(algorithm);
    return insight;
}

static void test_insight(void **state)
{
    (void)state;
    assert_int_equal(insight_of(EMPTY), PM_INSIGHT_NONE);
    assert_int_equal(insight_of("def Predict():\n  s0 = 1\n"), PM_INSIGHT_NONE);
    /* Looks at the input, then throws it away. */
    assert_int_equal(insight_of("def Predict():\n  s0 = mean(v0)\n  s0 = 1\n"), PM_INSIGHT_NONE);
    assert_int_equal(insight_of("def Predict():\n  s0 = mean(v0)\n"), PM_INSIGHT_LOOKS);
    /* The label is zero when predict runs. */
    assert_int_equal(insight_of("def Predict():\n  s2 = mean(v0)\n  s0 = s2 + s1\n"),
                     PM_INSIGHT_LOOKS);
    /* Only learn looks at the input: validation's predictions are all the same. */
    assert_int_equal(insight_of("def Predict():\n  s0 = s3\n"
                                "def Learn():\n  s2 = mean(v0)\n  s3 = s2 * s1\n"),
                     PM_INSIGHT_NONE);
    assert_int_equal(insight_of("def Predict():\n  s0 = dot(v0, v1)\n"
                                "def Learn():\n  v2 = s1 * v0\n  v1 = v1 + v2\n"),
                     PM_INSIGHT_LEARNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_is_xoshiro256),
        cmocka_unit_test(test_streams_differ_in_each_coordinate),
        cmocka_unit_test(test_below_covers_its_range_evenly),
        cmocka_unit_test(test_unit_is_within_zero_and_one),
        cmocka_unit_test(test_mutants_of_full_are_legal),
        cmocka_unit_test(test_mutants_of_baseline_are_legal),
        cmocka_unit_test(test_crossed_programs_are_legal),
        cmocka_unit_test(test_tuning_moves_numbers_alone),
        cmocka_unit_test(test_mutations_reach_every_operation),
        cmocka_unit_test(test_profiles_are_found_by_name),
        cmocka_unit_test(test_baseline_is_the_networks),
        cmocka_unit_test(test_full_has_everything),
        cmocka_unit_test(test_baseline_refuses_wide_input),
        cmocka_unit_test(test_fit_drops_what_baseline_lacks),
        cmocka_unit_test(test_fit_keeps_full_programs),
        cmocka_unit_test(test_simplify_keeps_scores),
        cmocka_unit_test(test_insight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
