/* Scores do not depend on what computes them: the executor, the SIMD level, the cut of the suite.
 */
#include "tests/cmocka_include.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/random_program.h>
#include <poolminer/suite.h>

/* For sanitizers it matters what threads do, not how much of it; and an emulator is slow. */
#ifdef PM_TEST_QUICK
enum { TASKS = 21, PROGRAMS = 6, RECORDS = 100 };
#else
enum { TASKS = 21, PROGRAMS = 24, RECORDS = 400 };
#endif

struct fixture {
    struct pm_dataset *dataset;
    struct pm_suite *suite;
    struct pm_algorithm *programs[PROGRAMS];
    double expected[PROGRAMS][TASKS];
};

static const struct pm_algorithm *const *view(const struct fixture *fixture)
{
    return (const struct pm_algorithm *const *)fixture->programs;
}

/* Registers that take more memory in lanes than the fast executor gives: 24 matrices of 128 x 128.
 */
static struct pm_algorithm *big_program(void)
{
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(16);
    meta.vector_dim = 128;
    meta.matrix_count = 24;
    struct pm_algorithm *algorithm = pm_algorithm_create(16, &meta, meta.matrix_count);
    assert_non_null(algorithm);
    const struct pm_operand v0 = {PM_KIND_VECTOR, 0}, none = {PM_KIND_NONE, 0};
    struct pm_instruction *predict = algorithm->phase[PM_PHASE_PREDICT];
    predict[0] =
        (struct pm_instruction){.op = PM_OP_OUTER, .out = {PM_KIND_MATRIX, 0}, .a = v0, .b = v0};
    for (int i = 1; i < meta.matrix_count; i++) {
        predict[i] = (struct pm_instruction){.op = PM_OP_ADD,
                                             .out = {PM_KIND_MATRIX, (uint16_t)i},
                                             .a = {PM_KIND_MATRIX, (uint16_t)(i - 1)},
                                             .b = {PM_KIND_MATRIX, (uint16_t)i}};
    }
    algorithm->length[PM_PHASE_PREDICT] = meta.matrix_count;
    algorithm->phase[PM_PHASE_LEARN][0] =
        (struct pm_instruction){.op = PM_OP_MEAN,
                                .out = {PM_KIND_SCALAR, 0},
                                .a = {PM_KIND_MATRIX, (uint16_t)(meta.matrix_count - 1)},
                                .b = none};
    algorithm->length[PM_PHASE_LEARN] = 1;
    return algorithm;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    double scores[PROGRAMS];
    if (!pm_dataset_synthetic(1, RECORDS, &fixture.dataset, NULL) ||
        !pm_suite_evaluation(fixture.dataset, PM_EDITION_FIRST2000, 16, TASKS, NULL, &fixture.suite,
                             NULL)) {
        return -1;
    }
    for (int p = 0; p + 1 < PROGRAMS; p++) {
        const struct pm_random_program shape = pm_random_program_shape(16, false, (uint64_t)p);
        fixture.programs[p] = pm_random_program_create(&shape);
    }
    fixture.programs[PROGRAMS - 1] = big_program();
    fixture.suite->reference = true;
    const bool scored = pm_suite_score(fixture.suite, view(&fixture), PROGRAMS, scores,
                                       &fixture.expected[0][0], NULL, NULL);
    fixture.suite->reference = false;
    *state = &fixture;
    return scored ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (int p = 0; p < PROGRAMS; p++) {
        pm_algorithm_destroy(fixture->programs[p]);
    }
    pm_suite_destroy(fixture->suite);
    pm_dataset_destroy(fixture->dataset);
    return 0;
}

static void every_level_scores_like_the_reference(void **state)
{
    struct fixture *fixture = *state;
    double scores[PROGRAMS], found[PROGRAMS][TASKS];
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (!pm_simd_level_available((enum pm_simd_level)level)) {
            continue;
        }
        fixture->suite->simd_level = (enum pm_simd_level)level;
        fixture->suite->interpret = true;
        memset(found, 0, sizeof found);
        assert_true(pm_suite_score(fixture->suite, view(fixture), PROGRAMS, scores, &found[0][0],
                                   NULL, NULL));
        assert_memory_equal(found, fixture->expected, sizeof found);
    }
    fixture->suite->simd_level = pm_simd_level_best();
    fixture->suite->interpret = false;
}

static void machine_code_scores_like_the_reference(void **state)
{
    struct fixture *fixture = *state;
    double scores[PROGRAMS], found[PROGRAMS][TASKS];
    assert_true(
        pm_suite_score(fixture->suite, view(fixture), PROGRAMS, scores, &found[0][0], NULL, NULL));
    assert_memory_equal(found, fixture->expected, sizeof found);
}

/* Fewer threads than algorithms, as many, and far more, which then wait for who compiles. */
static void any_number_of_threads_scores_alike(void **state)
{
    static const int numbers[] = {1, 2, 8, 64};
    enum { JOB = PROGRAMS < 8 ? PROGRAMS : 8 };
    const struct fixture *fixture = *state;
    const int before = omp_get_max_threads();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        double scores[JOB], found[JOB][TASKS];
        omp_set_num_threads(numbers[i]);
        assert_true(
            pm_suite_score(fixture->suite, view(fixture), JOB, scores, &found[0][0], NULL, NULL));
        assert_memory_equal(found, fixture->expected, sizeof found);
    }
    omp_set_num_threads(before);
}

static void slices_score_like_the_whole(void **state)
{
    struct fixture *fixture = *state;
    static const size_t cuts[][2] = {{0, 1}, {0, 8}, {8, 13}, {3, 17}, {0, TASKS}};
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        struct pm_suite *slice = NULL;
        double scores[PROGRAMS], found[PROGRAMS * TASKS];
        assert_true(pm_suite_slice(fixture->suite, cuts[c][0], cuts[c][1], &slice, NULL));
        assert_true(pm_suite_score(slice, view(fixture), PROGRAMS, scores, found, NULL, NULL));
        for (size_t p = 0; p < PROGRAMS; p++) {
            assert_memory_equal(&found[p * cuts[c][1]], &fixture->expected[p][cuts[c][0]],
                                cuts[c][1] * sizeof *found);
        }
        pm_suite_destroy(slice);
    }
}

static void regression_scores_like_the_reference(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_dataset *dataset = NULL;
    struct pm_suite *suite = NULL;
    static double scores[2][PROGRAMS], found[2][PROGRAMS][TASKS];
    assert_true(pm_dataset_open("scalar_linear", &dataset, NULL));
    assert_true(pm_suite_evaluation(dataset, PM_EDITION_FIRST2000, 16, 3, NULL, &suite, NULL));
    for (int reference = 0; reference < 2; reference++) {
        suite->reference = reference == 1;
        assert_true(pm_suite_score(suite, view(fixture), PROGRAMS - 1, scores[reference],
                                   &found[reference][0][0], NULL, NULL));
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
    pm_suite_destroy(suite);
    pm_dataset_destroy(dataset);
}

static void the_environment_forces_the_level_down(void **state)
{
    (void)state;
    assert_int_equal(setenv("POOLMINER_SIMD", "baseline", 1), 0);
    assert_int_equal(pm_simd_level_best(), PM_SIMD_BASELINE);
    assert_int_equal(setenv("POOLMINER_SIMD", "mmx", 1), 0);
    const enum pm_simd_level best = pm_simd_level_best();
    assert_int_equal(unsetenv("POOLMINER_SIMD"), 0);
    assert_int_equal(pm_simd_level_best(), best);
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        assert_true(level <= (int)best || !pm_simd_level_available((enum pm_simd_level)level));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_level_scores_like_the_reference),
        cmocka_unit_test(machine_code_scores_like_the_reference),
        cmocka_unit_test(any_number_of_threads_scores_alike),
        cmocka_unit_test(slices_score_like_the_whole),
        cmocka_unit_test(regression_scores_like_the_reference),
        cmocka_unit_test(the_environment_forces_the_level_down),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
