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

/* Features are float32, row-major: example i is features[i * input_dim .. +input_dim). The first
 * train_count examples are for training, in that order; the validation examples follow. */
struct pm_task {
    uint32_t id;
    uint32_t class_a, class_b; /* label 1 is class_b */
    int input_dim;
    uint32_t train_count, validation_count;
    float *features; /* (train_count + validation_count) x input_dim; labels share the allocation */
    float *labels;   /* 0 or 1, same order */
};

/* Builds task `id` (0..4499) of cifar10_binary with input_dim 1..128. A dataset with fewer than two
 * records of the task's classes is an error. The same bits on every machine. */
bool pm_task_build(const struct pm_dataset *dataset, enum pm_suite_edition edition, uint32_t id,
                   int input_dim, struct pm_task *out, struct pm_error *error);
void pm_task_clear(struct pm_task *task);

#endif
