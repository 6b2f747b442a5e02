/* The self test: both executors, every SIMD level, 1 to 8 threads. scripts/check-agreement.sh
 * compares compilers and processors by it. */
#include "tests/cmocka_include.h"

#include <omp.h>
#include <string.h>

#include <poolminer/lanes.h>
#include <poolminer/selftest.h>

static void assert_agrees(pm_selftest_runner *runner, void *context)
{
    char hash[PM_SELFTEST_HEX_SIZE] = "";
    struct pm_error error = {0};
    if (!pm_selftest_hash(runner, context, hash, &error)) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(hash, PM_SELFTEST_HASH);
}

static void the_reference_executor_agrees(void **state)
{
    (void)state;
    assert_agrees(pm_selftest_reference, NULL);
}

/* Every SIMD level there is, and the machine code where it is written. */
static void every_way_agrees(void **state)
{
    (void)state;
    struct pm_selftest_way ways[PM_SELFTEST_WAYS_MAX];
    size_t count = pm_selftest_ways(ways);
    size_t levels = 0;
    for (size_t i = 0; i < count; i++) {
        levels += !ways[i].machine_code;
        print_message("%s%s\n", pm_simd_level_name(ways[i].level),
                      ways[i].machine_code ? ", machine code" : "");
        assert_agrees(pm_selftest_lanes, &ways[i]);
    }
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        levels -= pm_simd_level_available((enum pm_simd_level)level);
    }
    assert_int_equal(levels, 0);
}

static void any_number_of_threads_agrees(void **state)
{
    (void)state;
    int most_threads = omp_get_max_threads();
    struct pm_selftest_way ways[PM_SELFTEST_WAYS_MAX];
    size_t count = pm_selftest_ways(ways);
    for (int threads = 1; threads <= 8; threads++) {
        omp_set_num_threads(threads);
        assert_agrees(pm_selftest_lanes, &ways[count - 1]);
    }
    omp_set_num_threads(most_threads);
}

/* Zeros; with a context, but for one bit of one prediction of the programs whose setup has that
 * length. */
static bool run_zeros(void *context, const struct pm_algorithm *algorithm,
                      const struct pm_task *tasks, size_t count, float *const *predictions,
                      struct pm_error *error)
{
    (void)error;
    for (size_t t = 0; t < count; t++) {
        memset(predictions[t], 0, tasks[t].validation_count * sizeof *predictions[t]);
    }
    if (context != NULL && algorithm->length[PM_PHASE_SETUP] == *(const int *)context) {
        predictions[count - 1][tasks[count - 1].validation_count - 1] = 0x1p-149F;
    }
    return true;
}

/* A hash that did not notice a changed bit would be worth nothing. */
static void one_changed_bit_changes_the_hash(void **state)
{
    (void)state;
    char zero[PM_SELFTEST_HEX_SIZE], changed[PM_SELFTEST_HEX_SIZE];
    int length = 17;
    assert_true(pm_selftest_hash(run_zeros, NULL, zero, NULL));
    assert_true(pm_selftest_hash(run_zeros, &length, changed, NULL));
    assert_string_not_equal(zero, changed);
}

static bool run_badly(void *context, const struct pm_algorithm *algorithm,
                      const struct pm_task *tasks, size_t count, float *const *predictions,
                      struct pm_error *error)
{
    (void)context;
    (void)algorithm;
    (void)tasks;
    (void)count;
    (void)predictions;
    return pm_fail(error, PM_ERROR_MEMORY, "no room");
}

static void a_failing_run_is_an_error(void **state)
{
    (void)state;
    char hash[PM_SELFTEST_HEX_SIZE];
    struct pm_error error = {0};
    assert_false(pm_selftest_hash(run_badly, NULL, hash, &error));
    assert_string_equal(error.message, "no room");
}

/* The corpus is worth its name: every operation runs, in every phase, on every kind. */
static void programs_cover_the_language(void **state)
{
    (void)state;
    bool seen[PM_PHASE_COUNT][PM_OP_COUNT][PM_KIND_NONE] = {0};
    for (size_t i = 0; i < PM_SELFTEST_PROGRAMS; i++) {
        struct pm_algorithm *algorithm = pm_selftest_program(i);
        assert_non_null(algorithm);
        for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
            for (int j = 0; j < algorithm->length[phase]; j++) {
                const struct pm_instruction *instruction = &algorithm->phase[phase][j];
                if (pm_instruction_inertness(instruction, &algorithm->meta) == PM_ACTIVE) {
                    seen[phase][instruction->op][instruction->out.kind] = true;
                }
            }
        }
        pm_algorithm_destroy(algorithm);
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int op = PM_OP_NOOP + 1; op < PM_OP_COUNT; op++) {
            for (int kind = 0; kind < PM_KIND_NONE; kind++) {
                bool possible = !(op == PM_OP_CONST_VEC && kind != PM_KIND_VECTOR) &&
                                !(op == PM_OP_OUTER && kind != PM_KIND_MATRIX) &&
                                !(op == PM_OP_MATMUL && kind == PM_KIND_SCALAR);
                if (possible && !seen[phase][op][kind]) {
                    fail_msg("no %s into kind %c in %s", pm_op_info((enum pm_op)op)->name,
                             pm_kind_letter((enum pm_kind)kind),
                             pm_phase_name((enum pm_phase)phase));
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_executor_agrees),
        cmocka_unit_test(every_way_agrees),
        cmocka_unit_test(any_number_of_threads_agrees),
        cmocka_unit_test(one_changed_bit_changes_the_hash),
        cmocka_unit_test(a_failing_run_is_an_error),
        cmocka_unit_test(programs_cover_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
