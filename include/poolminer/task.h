/* Tasks: what an algorithm is scored on. How they are built, number by number: docs/tasks.md. */
#ifndef POOLMINER_TASK_H
#define POOLMINER_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/dataset.h>
#include <poolminer/error.h>

enum pm_suite_edition { PM_EDITION_FIRST2000, PM_EDITION_RESAMPLED };

/* "first2000" | "resampled". */
bool pm_suite_edition_parse(const char *text, enum pm_suite_edition *out, struct pm_error *error);
const char *pm_suite_edition_name(enum pm_suite_edition edition);

/* How many of the dataset's records, from the first, an edition's tasks are made of: what its
 * fingerprint is taken over. 0: all. */
size_t pm_suite_edition_records(enum pm_suite_edition edition);

enum {
    PM_TASK_CIFAR10_BINARY_COUNT = 4500,
    PM_TASK_INPUT_DIM_MAX = 128,
};

/* What kind of tasks a dataset is made into, as pools name it in "task_type". */
enum pm_task_family {
    PM_FAMILY_CIFAR10_BINARY, /* two classes of 3072 pixels */
    PM_FAMILY_MNIST_BINARY,   /* two classes of 784 pixels */
    PM_FAMILY_SCALAR_LINEAR,  /* regression, without data */
};
enum pm_task_family pm_task_family_of(const struct pm_dataset *dataset);
/* "cifar10_binary", "mnist_binary", "scalar_linear". */
const char *pm_task_family_name(enum pm_task_family family);

/* Features are float32, row-major: example i is features[i * input_dim .. +input_dim). The first
 * train_count examples are for training, in that order; the validation examples follow. */
struct pm_task {
    uint32_t id;
    bool regression;           /* labels are any numbers; else 0 and 1 */
    uint32_t class_a, class_b; /* label 1 is class_b; unused in regression */
    int input_dim;
    uint32_t train_count, validation_count;
    float *features; /* (train_count + validation_count) x input_dim; labels share the allocation */
    float *labels;   /* same order */
};

/* Builds task `id` (0..4499) of the dataset's family with input_dim 1..128. A dataset with fewer
 * than two records of the task's classes is an error. The same bits on every machine. */
bool pm_task_build(const struct pm_dataset *dataset, enum pm_suite_edition edition, uint32_t id,
                   int input_dim, struct pm_task *out, struct pm_error *error);
void pm_task_clear(struct pm_task *task);

/* The score of predictions[validation_count]: the share that is right, (prediction > 0.5) == label;
 * in regression 1 - (2 / pi) atan(rmse), minus infinity if any is not finite. */
double pm_task_score(const struct pm_task *task, const float *predictions);
/* A regression's, of finite predictions: `squares` is the sum of their squared errors. */
double pm_regression_score(double squares, uint32_t validation_count);

#endif
