/* Which files a user means: those named, those known in a directory, the labels that belong to
 * images. Private to algorithm/. */
#ifndef POOLMINER_DATASET_PATHS_H
#define POOLMINER_DATASET_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/dataset_import.h>
#include <poolminer/error.h>

/* Start with {0}. */
struct pm_dataset_paths {
    size_t count;
    char *items[PM_DATASET_FILES_MAX];
};

/* The files to read for `paths`, at least one. A directory stands for the training files in it:
 * CIFAR-10's batches in order, MNIST's images and labels, OpenML's ARFF. */
bool pm_dataset_paths_collect(const char *const *paths, size_t path_count,
                              struct pm_dataset_paths *out, struct pm_error *error);
void pm_dataset_paths_clear(struct pm_dataset_paths *paths);

#endif
