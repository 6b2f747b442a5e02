/* The fast executor against the reference, bit for bit, at every SIMD level and as machine code.
 * The first eight bytes choose tasks, with infinities, NaNs and denormals in them, and a random
 * program; if a program's text follows, that is run instead. */
#include "tests/algorithm/lane_cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/cost.h>
#include <poolminer/executor.h>
#include <poolminer/lanes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CODE_BYTES = 1 << 20, COST_MAX = 20000 };

static void require(bool done, const char *what)
{
    if (!done) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

/* A NaN is equal to a NaN: nothing that a program can do tells them apart. */
static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b));
}

/* Room for the predictions of all tasks. */
struct predictions {
    float **of;
    float *memory;
};

static struct predictions predictions_create(const struct lane_case *c)
{
    size_t count = 1;
    for (size_t t = 0; t < c->task_count; t++) {
        count += c->tasks[t].validation_count;
    }
    struct predictions predictions = {calloc(c->task_count + 1, sizeof(float *)),
                                      calloc(count, sizeof(float))};
    require(predictions.of != NULL && predictions.memory != NULL, "out of memory");
    float *next = predictions.memory;
    for (size_t t = 0; t < c->task_count; t++) {
        predictions.of[t] = next;
        next += c->tasks[t].validation_count;
    }
    return predictions;
}

static void predictions_clear(struct predictions *predictions)
{
    free(predictions->of);
    free(predictions->memory);
}

static void compare(const struct lane_case *c, const char *way, float *const *expected,
                    float *const *found)
{
    for (size_t t = 0; t < c->task_count; t++) {
        for (uint32_t i = 0; i < c->tasks[t].validation_count; i++) {
            if (!same(expected[t][i], found[t][i])) {
                fprintf(stderr, "%s, task %zu, example %u: %a instead of %a\n%s\n", way, t, i,
                        (double)found[t][i], (double)expected[t][i],
                        pm_algorithm_write(c->algorithm, NULL));
                abort();
            }
        }
    }
}

static void compare_accuracy(const struct lane_case *c, float *const *expected,
                             const double *accuracy)
{
    for (size_t t = 0; t < c->task_count; t++) {
        require(accuracy[t] == pm_task_accuracy(&c->tasks[t], expected[t]), "another accuracy");
    }
}

/* As regressions, whatever their labels. */
static void compare_fitness(const struct lane_case *c, float *const *expected,
                            const double *fitness)
{
    for (size_t t = 0; t < c->task_count; t++) {
        struct pm_task task = c->tasks[t];
        task.regression = true;
        const double score = pm_task_score(&task, expected[t]);
        require(fitness[t] == score || (isnan(fitness[t]) && isnan(score)), "another fitness");
    }
}

static void run_lanes(const struct lane_case *c, const struct pm_lane_tasks *tasks,
                      enum pm_simd_level level, struct pm_lane_code *code, float *const *expected)
{
    struct pm_lane_program *program = pm_lane_program_create(level);
    struct pm_lanes *lanes = pm_lanes_create();
    struct predictions found = predictions_create(c);
    double *accuracy = calloc(c->task_count + 1, sizeof *accuracy);
    const struct pm_lane_request request = {.predictions = found.of};
    const struct pm_lane_request brief = {.accuracy = accuracy};
    struct pm_error error = {0};
    require(program != NULL && lanes != NULL && accuracy != NULL, "out of memory");
    if (pm_lane_program_compile(program, c->algorithm, &error)) {
        pm_lane_program_translate(program, code);
        require(pm_lanes_run(lanes, program, tasks, 0, tasks->group_count, &request, &error),
                error.message);
        compare(c, code != NULL ? "machine code" : pm_simd_level_name(level), expected, found.of);
        require(pm_lanes_run(lanes, program, tasks, 0, tasks->group_count, &brief, &error),
                error.message);
        compare_accuracy(c, expected, accuracy);
        const struct pm_lane_request fitness = {.fitness = accuracy};
        require(pm_lanes_run(lanes, program, tasks, 0, tasks->group_count, &fitness, &error),
                error.message);
        compare_fitness(c, expected, accuracy);
    } else {
        require(error.code == PM_ERROR_LIMIT, error.message);
    }
    predictions_clear(&found);
    free(accuracy);
    pm_lanes_destroy(lanes);
    pm_lane_program_destroy(program);
}

static void run_reference(const struct lane_case *c, float *const *expected)
{
    struct pm_executor *executor = pm_executor_create();
    struct pm_error error = {0};
    require(executor != NULL, "out of memory");
    for (size_t t = 0; t < c->task_count; t++) {
        require(pm_executor_run(executor, c->algorithm, &c->tasks[t], expected[t], &error),
                error.message);
    }
    pm_executor_destroy(executor);
}

static void run_case(const struct lane_case *c)
{
    struct predictions expected = predictions_create(c);
    struct pm_lane_tasks *tasks = NULL;
    struct pm_lane_code *code = pm_lane_code_create(CODE_BYTES);
    require(pm_lane_tasks_create(c->tasks, c->task_count, &tasks, NULL), "out of memory");
    run_reference(c, expected.of);
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (pm_simd_level_available((enum pm_simd_level)level)) {
            run_lanes(c, tasks, (enum pm_simd_level)level, NULL, expected.of);
        }
    }
    if (code != NULL) {
        run_lanes(c, tasks, pm_simd_level_best(), code, expected.of);
    }
    pm_lane_code_destroy(code);
    pm_lane_tasks_destroy(tasks);
    predictions_clear(&expected);
}

/* The program that the text is, if it can be read and does not take long. */
static bool take_text(struct lane_case *c, const char *text, size_t length)
{
    struct pm_algorithm *algorithm = NULL;
    if (!pm_algorithm_parse(text, length, c->algorithm->input_dim, PM_PARSE_LENIENT, NULL, NULL,
                            &algorithm, NULL)) {
        return false;
    }
    pm_algorithm_destroy(c->algorithm);
    c->algorithm = algorithm;
    const struct pm_cost cost = pm_algorithm_cost(algorithm);
    return pm_cost_example(&cost) <= COST_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seed = 0;
    const size_t head = size < sizeof seed ? size : sizeof seed;
    if (head > 0) {
        memcpy(&seed, data, head);
    }
    struct lane_case c = lane_case_create(seed);
    if (size == head || take_text(&c, (const char *)data + head, size - head)) {
        run_case(&c);
    }
    lane_case_clear(&c);
    return 0;
}
