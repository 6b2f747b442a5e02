#include "algorithm/dataset_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/file.h>

/* What a directory may hold: the first set of which any file is there is meant, and then all of it
 * must be. */
enum { SETS = 6, SET_FILES_MAX = 5 };
static const char *const KNOWN_SETS[SETS][SET_FILES_MAX] = {
    {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
     "data_batch_5.bin"},
    {"cifar-10-batches-bin/data_batch_1.bin", "cifar-10-batches-bin/data_batch_2.bin",
     "cifar-10-batches-bin/data_batch_3.bin", "cifar-10-batches-bin/data_batch_4.bin",
     "cifar-10-batches-bin/data_batch_5.bin"},
    {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
    {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"},
    {"CIFAR_10_small.arff"},
    {"CIFAR_10_small.arff.gz"},
};

static bool add(struct pm_dataset_paths *paths, char *path, struct pm_error *error)
{
    if (path == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
    }
    if (paths->count == PM_DATASET_FILES_MAX) {
        free(path);
        return pm_fail(error, PM_ERROR_LIMIT, "more than %d files for one dataset",
                       PM_DATASET_FILES_MAX);
    }
    paths->items[paths->count++] = path;
    return true;
}

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* ---- directories ---- */

static bool holds_any(const char *directory, const char *const set[SET_FILES_MAX])
{
    for (int i = 0; i < SET_FILES_MAX && set[i] != NULL; i++) {
        char *path = pm_path_join(directory, set[i], "", NULL);
        bool there = path != NULL && exists(path);
        free(path);
        if (there) {
            return true;
        }
    }
    return false;
}

/* A file of the set that is missing is found when it is opened, and named then. */
static bool add_set(const char *directory, const char *const set[SET_FILES_MAX],
                    struct pm_dataset_paths *out, struct pm_error *error)
{
    for (int i = 0; i < SET_FILES_MAX && set[i] != NULL; i++) {
        if (!add(out, pm_path_join(directory, set[i], "", NULL), error)) {
            return false;
        }
    }
    return true;
}

static bool add_directory(const char *directory, struct pm_dataset_paths *out,
                          struct pm_error *error)
{
    for (int i = 0; i < SETS; i++) {
        if (holds_any(directory, KNOWN_SETS[i])) {
            return add_set(directory, KNOWN_SETS[i], out, error);
        }
    }
    return pm_fail(error, PM_ERROR_NOT_FOUND,
                   "%s: no known dataset in this directory: data_batch_1.bin to data_batch_5.bin, "
                   "train-images-idx3-ubyte with train-labels-idx1-ubyte, or CIFAR_10_small.arff",
                   directory);
}

/* ---- images without labels ---- */

/* The path of the labels that belong to images of MNIST's naming, NULL for any other path. */
static char *labels_of(const char *path)
{
    const char images[] = "images-idx3";
    const char labels[] = "labels-idx1";
    char *copy = strdup(path);
    char *place = copy != NULL ? strstr(copy, images) : NULL;
    if (place == NULL || strchr(place, '/') != NULL) {
        free(copy);
        return NULL;
    }
    memcpy(place, labels, sizeof labels - 1);
    return copy;
}

/* One file of images alone brings its labels along. */
static bool add_labels(struct pm_dataset_paths *out, struct pm_error *error)
{
    char *labels = out->count == 1 ? labels_of(out->items[0]) : NULL;
    return labels == NULL || add(out, labels, error);
}

bool pm_dataset_paths_collect(const char *const *paths, size_t path_count,
                              struct pm_dataset_paths *out, struct pm_error *error)
{
    if (path_count == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "no file is given to read a dataset from");
    }
    for (size_t i = 0; i < path_count; i++) {
        bool added = is_directory(paths[i]) ? add_directory(paths[i], out, error)
                                            : add(out, strdup(paths[i]), error);
        if (!added) {
            return false;
        }
    }
    return add_labels(out, error);
}

void pm_dataset_paths_clear(struct pm_dataset_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->items[i]);
    }
    *paths = (struct pm_dataset_paths){0};
}
