/* Programs that take minutes can be stopped within one task, by whichever executor, and do not keep
 * others from being scored. */
#include "tests/cmocka_include.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <poolminer/executor.h>
#include <poolminer/lanes.h>
#include <poolminer/random_program.h>
#include <poolminer/suite.h>

enum { INPUT_DIM = 16, TASKS = 4, QUICK = 6, LONGEST_MS = 120000 };

struct fixture {
    struct pm_dataset *dataset;
    struct pm_suite *suite;
    struct pm_algorithm *chain; /* products of matrices: hours in lanes */
    struct pm_algorithm *wide;  /* too many matrices for lanes: hours in the reference executor */
};

/* `count` matrices of 128 x 128; predict and learn as long as they may be. */
static struct pm_algorithm *long_program(int count)
{
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(INPUT_DIM);
    meta.vector_dim = PM_DIM_MAX;
    meta.matrix_count = count;
    struct pm_algorithm *algorithm = pm_algorithm_create(INPUT_DIM, &meta, PM_PHASE_LENGTH_MAX);
    assert_non_null(algorithm);
    for (int phase = PM_PHASE_PREDICT; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < PM_PHASE_LENGTH_MAX - 1; i++) {
            const struct pm_operand product = {PM_KIND_MATRIX, 1};
            const struct pm_operand b = {PM_KIND_MATRIX, (uint16_t)(i % count)};
            algorithm->phase[phase][i] =
                (struct pm_instruction){.op = PM_OP_MATMUL, .out = product, .a = product, .b = b};
        }
        algorithm->phase[phase][PM_PHASE_LENGTH_MAX - 1] =
            (struct pm_instruction){.op = PM_OP_MEAN,
                                    .out = {PM_KIND_SCALAR, 0},
                                    .a = {PM_KIND_MATRIX, 1},
                                    .b = {PM_KIND_NONE, 0}};
        algorithm->length[phase] = PM_PHASE_LENGTH_MAX;
    }
    return algorithm;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    if (!pm_dataset_synthetic(1, 400, &fixture.dataset, NULL) ||
        !pm_suite_evaluation(fixture.dataset, PM_EDITION_FIRST2000, INPUT_DIM, TASKS, NULL,
                             &fixture.suite, NULL)) {
        return -1;
    }
    fixture.chain = long_program(2);
    fixture.wide = long_program(64);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    pm_algorithm_destroy(fixture->chain);
    pm_algorithm_destroy(fixture->wide);
    pm_suite_destroy(fixture->suite);
    pm_dataset_destroy(fixture->dataset);
    return 0;
}

static struct pm_until in_a_moment(int64_t ms)
{
    return (struct pm_until){.deadline_ms = pm_clock_unix_ms() + ms};
}

static void the_reference_executor_stops_within_a_task(void **state)
{
    const struct fixture *fixture = *state;
    enum { PROGRAMS = 2 };
    const struct pm_algorithm *programs[PROGRAMS] = {fixture->chain, fixture->wide};
    const struct pm_task *task = &fixture->suite->tasks[0];
    struct pm_executor *executor = pm_executor_create();
    float *predictions = calloc(task->validation_count, sizeof *predictions);
    for (int i = 0; i < PROGRAMS; i++) {
        const struct pm_until until = in_a_moment(50);
        struct pm_error error = {0};
        pm_executor_set_until(executor, &until);
        assert_false(pm_executor_run(executor, programs[i], task, predictions, &error));
        assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    }
    free(predictions);
    pm_executor_destroy(executor);
}

static void lanes_stop_within_an_example_at_every_level(void **state)
{
    const struct fixture *fixture = *state;
    double accuracy[TASKS];
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (!pm_simd_level_available((enum pm_simd_level)level)) {
            continue;
        }
        struct pm_lanes *lanes = pm_lanes_create();
        struct pm_lane_program *program = pm_lane_program_create((enum pm_simd_level)level);
        struct pm_error error = {0};
        assert_true(pm_lane_program_compile(program, fixture->chain, &error));
        const struct pm_until until = in_a_moment(50);
        const struct pm_lane_request request = {.until = &until, .accuracy = accuracy};
        assert_false(pm_lanes_run(lanes, program, fixture->suite->lanes, 0, 1, &request, &error));
        assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
        pm_lane_program_destroy(program);
        pm_lanes_destroy(lanes);
    }
}

/* Time grows until it is enough for the quick ones: how much that is depends on the machine. */
static void what_was_finished_is_kept(void **state)
{
    const struct fixture *fixture = *state;
    const struct pm_algorithm *programs[QUICK + 2] = {fixture->wide, fixture->chain};
    double scores[QUICK + 2], alone[QUICK], tasks[QUICK + 2][TASKS];
    for (int i = 0; i < QUICK; i++) {
        const struct pm_random_program shape =
            pm_random_program_shape(INPUT_DIM, false, (uint64_t)i);
        programs[2 + i] = pm_random_program_create(&shape);
        assert_non_null(programs[2 + i]);
    }
    assert_true(pm_suite_score(fixture->suite, programs + 2, QUICK, alone, NULL, NULL, NULL));

    int finished = 0;
    for (int64_t ms = 50; finished < QUICK && ms < LONGEST_MS; ms *= 2) {
        const struct pm_until until = in_a_moment(ms);
        struct pm_error error = {0};
        assert_false(pm_suite_score(fixture->suite, programs, QUICK + 2, scores, &tasks[0][0],
                                    &until, &error));
        assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
        finished = 0;
        for (int i = 2; i < QUICK + 2; i++) {
            finished += !isnan(scores[i]);
        }
    }
    assert_int_equal(finished, QUICK);
    assert_memory_equal(scores + 2, alone, sizeof alone);
    assert_true(isnan(scores[0]) && isnan(scores[1]));
    assert_true(isnan(tasks[0][TASKS - 1]));
    for (int i = 2; i < QUICK + 2; i++) {
        pm_algorithm_destroy((struct pm_algorithm *)programs[i]);
    }
}

/* With a reason to look at the clock, and none: the same bits. */
static void looking_at_the_time_changes_no_score(void **state)
{
    const struct fixture *fixture = *state;
    const struct pm_until until = {.deadline_ms = INT64_MAX};
    for (uint64_t seed = 0; seed < 30; seed++) {
        const struct pm_random_program shape = pm_random_program_shape(INPUT_DIM, true, seed);
        struct pm_algorithm *program = pm_random_program_create(&shape);
        const struct pm_algorithm *const one = program;
        double expected = 0, score = 0;
        assert_true(pm_suite_score(fixture->suite, &one, 1, &expected, NULL, NULL, NULL));
        assert_true(pm_suite_score(fixture->suite, &one, 1, &score, NULL, &until, NULL));
        assert_true(score == expected);
        pm_algorithm_destroy(program);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_executor_stops_within_a_task),
        cmocka_unit_test(lanes_stop_within_an_example_at_every_level),
        cmocka_unit_test(what_was_finished_is_kept),
        cmocka_unit_test(looking_at_the_time_changes_no_score),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
