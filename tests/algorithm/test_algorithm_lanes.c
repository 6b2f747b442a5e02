/* The fast executor against the reference executor: the same bits at every SIMD level. */
#include "algorithm/lane_kernels.h"
#include "tests/algorithm/lane_cases.h"
#include "tests/cmocka_include.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/elementary.h>
#include <poolminer/executor.h>
#include <poolminer/lanes.h>

enum {
#ifdef PM_TEST_QUICK
    CASES = 300,
    ARGUMENTS = 1 << 14,
#else
    CASES = 3000,
    ARGUMENTS = 1 << 19,
#endif
};

/* Equal bits; a NaN is equal to a NaN, because nothing that a program can do tells them apart. */
static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

static float **predictions_create(const struct lane_case *c)
{
    float **predictions = calloc(c->task_count, sizeof *predictions);
    assert_non_null(predictions);
    for (size_t i = 0; i < c->task_count; i++) {
        predictions[i] = calloc(c->tasks[i].validation_count + 1, sizeof **predictions);
        assert_non_null(predictions[i]);
    }
    return predictions;
}

static void predictions_destroy(const struct lane_case *c, float **predictions)
{
    for (size_t i = 0; i < c->task_count; i++) {
        free(predictions[i]);
    }
    free(predictions);
}

static void compare(uint64_t seed, const char *level, const struct lane_case *c,
                    float *const *expected, float *const *found, const double *accuracy)
{
    for (size_t t = 0; t < c->task_count; t++) {
        for (uint32_t i = 0; i < c->tasks[t].validation_count; i++) {
            if (!same(expected[t][i], found[t][i])) {
                char *text = pm_algorithm_write(c->algorithm, NULL);
                fail_msg("case %llu, %s, task %zu of %zu, example %u: %a instead of %a\n%s",
                         (unsigned long long)seed, level, t, c->task_count, i, (double)found[t][i],
                         (double)expected[t][i], text);
            }
        }
        assert_true(accuracy[t] == pm_task_accuracy(&c->tasks[t], expected[t]));
    }
}

/* As regressions, whatever their labels: the lanes add up squares themselves. */
static void compare_fitness(uint64_t seed, const char *level, const struct lane_case *c,
                            float *const *expected, const double *fitness)
{
    for (size_t t = 0; t < c->task_count; t++) {
        struct pm_task task = c->tasks[t];
        task.regression = true;
        const double score = pm_task_score(&task, expected[t]);
        if (fitness[t] != score && !(isnan(fitness[t]) && isnan(score))) {
            fail_msg("case %llu, %s, task %zu of %zu: fitness %a instead of %a",
                     (unsigned long long)seed, level, t, c->task_count, fitness[t], score);
        }
    }
}

/* The ways to run a program: at every level that there is, and as machine code if it can be had. */
struct way {
    const char *name;
    struct pm_lane_program *program;
    struct pm_lane_code *code; /* NULL: interpreted */
};
enum { WAYS_MAX = PM_SIMD_LEVEL_COUNT + 1 };

static int list_ways(struct way ways[WAYS_MAX])
{
    int count = 0;
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (pm_simd_level_available((enum pm_simd_level)level)) {
            ways[count++] =
                (struct way){.name = pm_simd_level_name((enum pm_simd_level)level),
                             .program = pm_lane_program_create((enum pm_simd_level)level)};
        }
    }
    struct pm_lane_code *code = pm_lane_code_create(1 << 20);
    if (code != NULL) {
        ways[count++] = (struct way){.name = "machine code",
                                     .program = pm_lane_program_create(pm_simd_level_best()),
                                     .code = code};
    }
    return count;
}

static void run_way(uint64_t seed, const struct way *way, const struct lane_case *c,
                    const struct pm_lane_tasks *tasks, struct pm_lanes *lanes,
                    float *const *expected)
{
    struct pm_error error = {0};
    float **found = predictions_create(c);
    double *accuracy = calloc(c->task_count, sizeof *accuracy);
    const struct pm_lane_request request = {.accuracy = accuracy, .predictions = found};
    assert_true(pm_lane_program_compile(way->program, c->algorithm, &error));
    if (way->code != NULL) {
        pm_lane_code_reset(way->code);
    }
    pm_lane_program_translate(way->program, way->code);
    assert_true(pm_lanes_run(lanes, way->program, tasks, 0, tasks->group_count, &request, &error));
    compare(seed, way->name, c, expected, found, accuracy);
    /* Where nobody wants predictions, machine code does not keep them. */
    const struct pm_lane_request brief = {.accuracy = accuracy};
    memset(accuracy, 0xFF, c->task_count * sizeof *accuracy);
    assert_true(pm_lanes_run(lanes, way->program, tasks, 0, tasks->group_count, &brief, &error));
    compare(seed, way->name, c, expected, found, accuracy);
    const struct pm_lane_request fitness = {.fitness = accuracy};
    memset(accuracy, 0xFF, c->task_count * sizeof *accuracy);
    assert_true(pm_lanes_run(lanes, way->program, tasks, 0, tasks->group_count, &fitness, &error));
    compare_fitness(seed, way->name, c, expected, accuracy);
    free(accuracy);
    predictions_destroy(c, found);
}

static void run_case(uint64_t seed, struct pm_executor *executor, const struct way *ways,
                     int way_count, struct pm_lanes *lanes)
{
    struct pm_error error = {0};
    struct lane_case c = lane_case_create(seed);
    struct pm_lane_tasks *tasks;
    assert_true(pm_lane_tasks_create(c.tasks, c.task_count, &tasks, &error));
    float **expected = predictions_create(&c);
    for (size_t t = 0; t < c.task_count; t++) {
        assert_true(pm_executor_run(executor, c.algorithm, &c.tasks[t], expected[t], &error));
    }
    for (int way = 0; way < way_count; way++) {
        run_way(seed, &ways[way], &c, tasks, lanes, expected);
    }
    predictions_destroy(&c, expected);
    pm_lane_tasks_destroy(tasks);
    lane_case_clear(&c);
}

static void random_programs_give_the_reference_bits(void **state)
{
    (void)state;
    struct pm_executor *executor = pm_executor_create();
    struct pm_lanes *lanes = pm_lanes_create();
    struct way ways[WAYS_MAX];
    const int way_count = list_ways(ways);
    /* PM_LANE_CASES=FIRST,COUNT: other cases, for a long comparison by hand. */
    unsigned long long first = 0, count = CASES;
    const char *asked = getenv("PM_LANE_CASES");
    if (asked != NULL) {
        assert_int_equal(sscanf(asked, "%llu,%llu", &first, &count), 2);
    }
    for (unsigned long long seed = first; seed < first + count; seed++) {
        run_case(seed, executor, ways, way_count, lanes);
    }
    for (int way = 0; way < way_count; way++) {
        pm_lane_program_destroy(ways[way].program);
        pm_lane_code_destroy(ways[way].code);
    }
    pm_lanes_destroy(lanes);
    pm_executor_destroy(executor);
}

static float reference_unary(enum pm_lane_unary op, float x)
{
    switch (op) {
    case PM_LANE_EXP:
        return pm_elementary_exp(x > 10 ? 10 : x < -10 ? -10 : x);
    case PM_LANE_LOG:
        return pm_elementary_log(fabsf(x) + 1e-8f);
    case PM_LANE_SIN:
        return pm_elementary_sin(x);
    case PM_LANE_COS:
        return pm_elementary_cos(x);
    default:
        return pm_elementary_tan(x);
    }
}

static void elementary_functions_have_one_result(void **state)
{
    (void)state;
    enum { COUNT = 64 };
    _Alignas(64) static float in[COUNT * PM_LANES], out[COUNT * PM_LANES];
    struct pm_random random;
    pm_random_seed(&random, 1, 0, 0);
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (!pm_simd_level_available((enum pm_simd_level)level)) {
            continue;
        }
        const struct pm_lane_kernels *kernels = pm_lane_kernels((enum pm_simd_level)level);
        const struct pm_lane_step step = {
            .out = {0, PM_LANE_OWN}, .a = {0, PM_LANE_INPUT}, .count = COUNT};
        const struct pm_lane_frame frame = {
            .base = {[PM_LANE_OWN] = (void *)out, [PM_LANE_INPUT] = (void *)in}, .instances = 1};
        for (int done = 0; done < ARGUMENTS; done += COUNT * PM_LANES) {
            for (int i = 0; i < COUNT * PM_LANES; i++) {
                in[i] = lane_case_float(&random);
            }
            for (int op = PM_LANE_EXP; op < PM_LANE_UNARY_COUNT; op++) {
                kernels->unary[op](&step, &frame);
                for (int i = 0; i < COUNT * PM_LANES; i++) {
                    if (!same(out[i], reference_unary((enum pm_lane_unary)op, in[i]))) {
                        fail_msg("function %d of %a at level %d: %a", op, (double)in[i], level,
                                 (double)out[i]);
                    }
                }
            }
        }
    }
}

static void too_much_memory_is_refused(void **state)
{
    (void)state;
    struct pm_error error = {0};
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(128);
    meta.matrix_count = 64;
    struct pm_algorithm *algorithm = pm_algorithm_create(128, &meta, 64);
    for (uint16_t i = 0; i < 64; i++) {
        const struct pm_operand to = {PM_KIND_MATRIX, i}, from = {PM_KIND_MATRIX, (i + 1) & 63};
        algorithm->phase[PM_PHASE_PREDICT][i] =
            (struct pm_instruction){.op = PM_OP_ADD, .out = to, .a = to, .b = from};
    }
    algorithm->phase[PM_PHASE_PREDICT][63] = (struct pm_instruction){.op = PM_OP_MEAN,
                                                                     .out = {PM_KIND_SCALAR, 0},
                                                                     .a = {PM_KIND_MATRIX, 0},
                                                                     .b = {PM_KIND_NONE, 0}};
    algorithm->length[PM_PHASE_PREDICT] = 64;
    struct pm_lane_program *program = pm_lane_program_create(PM_SIMD_BASELINE);
    assert_false(pm_lane_program_compile(program, algorithm, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    pm_lane_program_destroy(program);
    pm_algorithm_destroy(algorithm);
}

static uint64_t sodium_key(const char *text, size_t length, uint32_t id)
{
    crypto_generichash_blake2b_state state;
    unsigned char bytes[8] = {0}, digest[8];
    uint64_t key = 0;
    for (int i = 0; i < 4; i++) {
        bytes[i] = (unsigned char)(id >> 8 * i);
    }
    crypto_generichash_blake2b_init(&state, NULL, 0, sizeof digest);
    crypto_generichash_blake2b_update(&state, (const unsigned char *)text, length);
    crypto_generichash_blake2b_update(&state, bytes, sizeof bytes);
    crypto_generichash_blake2b_final(&state, digest, sizeof digest);
    for (int i = 0; i < 8; i++) {
        key |= (uint64_t)digest[i] << 8 * i;
    }
    return key;
}

static void keys_are_those_of_libsodium(void **state)
{
    (void)state;
    char text[400];
    uint32_t ids[PM_LANES];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)(' ' + i * 7 % 90);
    }
    for (uint32_t i = 0; i < PM_LANES; i++) {
        ids[i] = i * UINT32_C(0x10204081);
    }
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        for (size_t length = 0;
             length <= sizeof text && pm_simd_level_available((enum pm_simd_level)level);
             length++) {
            const struct pm_lane_kernels *kernels = pm_lane_kernels((enum pm_simd_level)level);
            struct pm_lane_text hashed;
            struct pm_lane_keys keys;
            kernels->hash_text(&hashed, text, length);
            kernels->make_keys(&hashed, ids, &keys);
            for (size_t i = 0; i < PM_LANES; i++) {
                const uint64_t key = (uint64_t)keys.high[i] << 32 | keys.low[i];
                assert_int_equal(key, sodium_key(text, length, ids[i]));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_those_of_libsodium),
        cmocka_unit_test(elementary_functions_have_one_result),
        cmocka_unit_test(random_programs_give_the_reference_bits),
        cmocka_unit_test(too_much_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
