#include "algorithm/dataset_info.h"
#include "algorithm/dataset_open.h"
#include "algorithm/dataset_store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset_import.h>

static bool out_of_memory(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_MEMORY, "no memory for a dataset");
}

/* ---- importing ---- */

static bool check_name(const char *name, struct pm_error *error)
{
    if (!pm_dataset_name_valid(name)) {
        return pm_fail(
            error, PM_ERROR_INVALID,
            "dataset name \"%.64s\": up to %d of a-z, 0-9, - and _ are allowed, a letter "
            "or digit first",
            name, PM_DATASET_NAME_SIZE - 1);
    }
    if (strcmp(name, "synthetic") == 0 || strcmp(name, "scalar_linear") == 0) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "dataset name \"%s\": it has a meaning of its own; choose another", name);
    }
    return true;
}

static const char *default_name(const struct pm_dataset_info *info)
{
    if (info->is_network) {
        return PM_DATASET_NETWORK;
    }
    return info->pixel_count == PM_DATASET_MNIST_PIXELS ? "mnist" : "cifar10";
}

/* Miners are paid for scoring on the very same records, so the name is theirs alone. */
static bool check_network(const struct pm_dataset_info *info, const char *name,
                          struct pm_error *error)
{
    if (info->is_network || strcmp(name, PM_DATASET_NETWORK) != 0) {
        return true;
    }
    return pm_fail(error, PM_ERROR_REFUSED,
                   "%s is not the network's file (its SHA-256 is %s instead of %s); get the file "
                   "again, or import it under another name",
                   info->source, info->source_sha256[0] ? info->source_sha256 : "of several files",
                   PM_DATASET_NETWORK_SHA256);
}

/* A description outlives the directory that a relative path was given in. */
static bool make_source_absolute(struct pm_dataset_info *info, struct pm_error *error)
{
    char *absolute = realpath(info->source, NULL);
    if (absolute == NULL) {
        return pm_fail(error, PM_ERROR_IO, "%s: its place cannot be found any more", info->source);
    }
    free(info->source);
    info->source = absolute;
    return true;
}

static bool keep(const struct pm_dataset *dataset, const char *name, struct pm_dataset_info *info,
                 struct pm_error *error)
{
    if (!make_source_absolute(info, error) || !pm_dataset_info_fill(dataset, info, error)) {
        return false;
    }
    if (name == NULL) {
        name = default_name(info);
    }
    if (!check_network(info, name, error)) {
        return false;
    }
    info->name = strdup(name);
    return info->name != NULL ? pm_dataset_store_save(dataset, info, error) : out_of_memory(error);
}

bool pm_dataset_import(const char *const *paths, size_t path_count, const char *name,
                       struct pm_dataset_info *info, struct pm_error *error)
{
    struct pm_dataset *dataset = NULL;
    *info = (struct pm_dataset_info){0};
    bool done = (name == NULL || check_name(name, error)) &&
                pm_dataset_open_files(paths, path_count, &dataset, info, error) &&
                keep(dataset, name, info, error);
    pm_dataset_destroy(dataset);
    return done;
}

/* ---- describing ---- */

/* Texts that were not filled in on the way become the name and "". */
static bool complete_texts(const char *name, struct pm_dataset_info *info, struct pm_error *error)
{
    if (info->name == NULL) {
        info->name = strdup(name);
    }
    if (info->source == NULL) {
        info->source = strdup("");
    }
    if (info->stored == NULL) {
        info->stored = strdup("");
    }
    return (info->name != NULL && info->source != NULL && info->stored != NULL) ||
           out_of_memory(error);
}

bool pm_dataset_describe(const char *name, struct pm_dataset_info *info, struct pm_error *error)
{
    struct pm_dataset *dataset = NULL;
    bool done = pm_dataset_resolve(name, &dataset, info, error) &&
                pm_dataset_info_fill(dataset, info, error) && complete_texts(name, info, error);
    pm_dataset_destroy(dataset);
    return done;
}

/* ---- the network's file ---- */

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t suffix_length = strlen(suffix);
    return length > suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

static int is_arff(const struct dirent *entry)
{
    return ends_with(entry->d_name, ".arff.gz") || ends_with(entry->d_name, ".arff") ||
           ends_with(entry->d_name, ".gz");
}

/* The first such file of a directory, by name. */
static char *first_arff(const char *directory)
{
    struct dirent **entries = NULL;
    char *path = NULL;
    int count = scandir(directory, &entries, is_arff, alphasort);
    if (count > 0 && asprintf(&path, "%s/%s", directory, entries[0]->d_name) < 0) {
        path = NULL;
    }
    for (int i = 0; i < count; i++) {
        free(entries[i]);
    }
    free(entries);
    return path;
}

char *pm_dataset_find_network_file(void)
{
    const char below[] = "openml/openml.org/data/v1/download/16797612";
    const char *base = getenv("SCIKIT_LEARN_DATA");
    const char *home = getenv("HOME");
    char *directory = NULL;
    int written = -1;
    if (base != NULL && base[0] != '\0') {
        written = asprintf(&directory, "%s/%s", base, below);
    } else if (home != NULL) {
        written = asprintf(&directory, "%s/scikit_learn_data/%s", home, below);
    }
    if (written < 0) {
        return NULL;
    }
    char *path = first_arff(directory);
    free(directory);
    return path;
}
