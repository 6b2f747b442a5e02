#include "algorithm/scalar_linear.h"

#include <stdlib.h>

#include <poolminer/numpy_random.h>

enum {
    TRAIN_EXAMPLES = 1000,
    VALIDATION_EXAMPLES = 1000,
    EXAMPLES = TRAIN_EXAMPLES + VALIDATION_EXAMPLES,
    LISTED_SEEDS = 8,
    DATA_SEED_OFFSET = 10000, /* a task's data seed is its parameter seed plus this */
};

/* The parameter seeds of the first tasks; later ones count on from the last. */
static const uint32_t SEEDS[LISTED_SEEDS] = {1001, 1012, 1010, 1000, 1006, 1008, 1007, 1003};

static uint64_t parameter_seed(uint32_t id)
{
    if (id < LISTED_SEEDS) {
        return SEEDS[id];
    }
    return SEEDS[LISTED_SEEDS - 1] + (uint64_t)(id - (LISTED_SEEDS - 1));
}

static void draw(uint64_t seed, size_t count, float *out)
{
    struct pm_numpy_random random;
    pm_numpy_random_seed(&random, seed);
    for (size_t i = 0; i < count; i++) {
        out[i] = (float)pm_numpy_random_normal(&random);
    }
}

static float weighted_sum(const float *features, const float *weights, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)features[i] * (double)weights[i];
    }
    return (float)sum;
}

bool pm_scalar_linear_build(struct pm_task *task, struct pm_error *error)
{
    float weights[PM_TASK_INPUT_DIM_MAX];
    size_t columns = (size_t)task->input_dim;
    task->features = malloc(EXAMPLES * (columns + 1) * sizeof *task->features);
    if (task->features == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for task %u", task->id);
    }
    task->labels = task->features + EXAMPLES * columns;
    task->train_count = TRAIN_EXAMPLES;
    task->validation_count = VALIDATION_EXAMPLES;
    task->regression = true;
    draw(parameter_seed(task->id), columns, weights);
    draw(parameter_seed(task->id) + DATA_SEED_OFFSET, EXAMPLES * columns, task->features);
    for (size_t i = 0; i < EXAMPLES; i++) {
        task->labels[i] = weighted_sum(task->features + i * columns, weights, columns);
    }
    return true;
}
