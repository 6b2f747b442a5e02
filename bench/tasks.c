#include "bench/tasks.h"

#include <stdlib.h>

#include <poolminer/numpy_random.h>

static float normal(struct pm_numpy_random *random)
{
    return (float)pm_numpy_random_normal(random);
}

static bool build_task(uint32_t id, struct pm_task *task)
{
    const size_t examples = BENCH_TRAIN_EXAMPLES + BENCH_VALIDATION_EXAMPLES;
    struct pm_numpy_random random;
    float plane[BENCH_INPUT_DIM];
    pm_numpy_random_seed(&random, id);
    *task = (struct pm_task){
        .id = id,
        .input_dim = BENCH_INPUT_DIM,
        .train_count = BENCH_TRAIN_EXAMPLES,
        .validation_count = BENCH_VALIDATION_EXAMPLES,
        .features = malloc(examples * (BENCH_INPUT_DIM + 1) * sizeof *task->features),
    };
    if (task->features == NULL) {
        return false;
    }
    task->labels = task->features + examples * BENCH_INPUT_DIM;
    for (int k = 0; k < BENCH_INPUT_DIM; k++) {
        plane[k] = normal(&random);
    }
    for (size_t i = 0; i < examples; i++) {
        float side = 0;
        for (size_t k = 0; k < BENCH_INPUT_DIM; k++) {
            float *feature = &task->features[i * BENCH_INPUT_DIM + k];
            *feature = normal(&random);
            side += *feature * plane[k];
        }
        task->labels[i] = side > 0 ? 1.0F : 0.0F;
    }
    return true;
}

bool bench_suite_create(struct pm_suite *out, struct pm_error *error)
{
    *out = (struct pm_suite){
        .input_dim = BENCH_INPUT_DIM,
        .count = BENCH_TASKS,
        .tasks = calloc(BENCH_TASKS, sizeof *out->tasks),
        .simd_level = pm_simd_level_best(),
        .memory = pm_score_memory_create(),
    };
    for (uint32_t id = 0; out->tasks != NULL && id < BENCH_TASKS; id++) {
        if (!build_task(id, &out->tasks[id])) {
            bench_suite_destroy(out);
        }
    }
    if (out->tasks == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the benchmark's tasks");
    }
    if (!pm_lane_tasks_create(out->tasks, out->count, &out->lanes, error)) {
        bench_suite_destroy(out);
        return false;
    }
    return true;
}

void bench_suite_destroy(struct pm_suite *suite)
{
    for (size_t i = 0; suite->tasks != NULL && i < suite->count; i++) {
        free(suite->tasks[i].features);
    }
    free(suite->tasks);
    pm_lane_tasks_destroy(suite->lanes);
    pm_score_memory_destroy(suite->memory);
    suite->memory = NULL;
    suite->tasks = NULL;
    suite->lanes = NULL;
}
