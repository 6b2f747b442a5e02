/* What a dataset's name means. */
#include "algorithm/dataset_open.h"

#include "algorithm/dataset_file.h"
#include "algorithm/dataset_info.h"
#include "algorithm/dataset_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/dataset_import.h>
#include <poolminer/log.h>

static const char SYNTHETIC[] = "synthetic";
static const char SCALAR_LINEAR[] = "scalar_linear";

/* ---- the synthetic dataset ---- */

static bool parse_count(const char *text, size_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > SIZE_MAX) {
        return false;
    }
    *out = (size_t)value;
    return true;
}

static bool names_synthetic(const char *name)
{
    size_t length = strlen(SYNTHETIC);
    return strncmp(name, SYNTHETIC, length) == 0 && (name[length] == '\0' || name[length] == ':');
}

static bool open_synthetic(const char *name, struct pm_dataset **out, struct pm_dataset_info *info,
                           struct pm_error *error)
{
    size_t count = PM_DATASET_SYNTHETIC_RECORDS;
    const char *rest = name + strlen(SYNTHETIC);
    if (*rest == ':' && !parse_count(rest + 1, &count)) {
        return pm_fail(
            error, PM_ERROR_INVALID,
            "dataset \"%.64s\": after \"synthetic:\" stands the number of records, as in "
            "synthetic:20000",
            name);
    }
    info->format = PM_DATASET_FORMAT_SYNTHETIC;
    return pm_dataset_synthetic(PM_DATASET_SYNTHETIC_SEED, count, out, error);
}

/* ---- tasks without data ---- */

static bool open_scalar_linear(struct pm_dataset **out, struct pm_dataset_info *info,
                               struct pm_error *error)
{
    struct pm_dataset *dataset = calloc(1, sizeof *dataset);
    char *name = strdup(SCALAR_LINEAR);
    if (dataset == NULL || name == NULL) {
        free(dataset);
        free(name);
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a dataset");
    }
    dataset->name = name;
    info->format = PM_DATASET_FORMAT_SYNTHETIC;
    *out = dataset;
    return true;
}

/* ---- files ---- */

bool pm_dataset_open_files(const char *const *paths, size_t path_count, struct pm_dataset **out,
                           struct pm_dataset_info *info, struct pm_error *error)
{
    struct pm_dataset_origin origin = {0};
    if (!pm_dataset_read(paths, path_count, out, &origin, error)) {
        return pm_fail_context(error, "reading the dataset");
    }
    info->format = origin.format;
    memcpy(info->source_sha256, origin.sha256, sizeof info->source_sha256);
    info->source = strdup(paths[0]);
    if (info->source != NULL) {
        return true;
    }
    pm_dataset_destroy(*out);
    *out = NULL;
    return pm_fail(error, PM_ERROR_MEMORY, "no memory for a dataset");
}

/* ---- the network's dataset ---- */

/* Imports it from where scikit-learn keeps it. */
static bool open_network(struct pm_dataset **out, struct pm_dataset_info *info,
                         struct pm_error *error)
{
    char *path = pm_dataset_find_network_file();
    if (path == NULL) {
        return pm_fail(
            error, PM_ERROR_NOT_FOUND,
            "the network's dataset is not on this machine; get CIFAR_10_small.arff.gz "
            "from OpenML (docs/tasks.md says how) and run: poolminer dataset import FILE");
    }
    struct pm_error saving = {0};
    struct pm_dataset_info imported = {0};
    const char *const paths[] = {path};
    bool done = pm_dataset_import(paths, 1, PM_DATASET_NETWORK, &imported, &saving);
    free(path);
    if (!done) {
        pm_dataset_info_clear(&imported);
        return pm_fail(error, saving.code, "importing the network's dataset: %s", saving.message);
    }
    pm_log(PM_LOG_INFO, "DATASET-IMPORTED", "name=%s records=%zu source=%s", imported.name,
           imported.records, imported.source);
    pm_dataset_info_clear(&imported);
    bool found = false;
    return pm_dataset_store_open(PM_DATASET_NETWORK, out, info, &found, error);
}

/* ---- names ---- */

static bool open_named(const char *name, struct pm_dataset **out, struct pm_dataset_info *info,
                       bool *found, struct pm_error *error)
{
    *found = false;
    if (!pm_dataset_name_valid(name)) {
        return true;
    }
    if (!pm_dataset_store_open(name, out, info, found, error)) {
        return false;
    }
    if (*found || strcmp(name, PM_DATASET_NETWORK) != 0) {
        return true;
    }
    *found = true;
    return open_network(out, info, error);
}

static bool open_path(const char *path, struct pm_dataset **out, struct pm_dataset_info *info,
                      struct pm_error *error)
{
    if (pm_dataset_name_valid(path) && access(path, F_OK) != 0) {
        return pm_fail(error, PM_ERROR_NOT_FOUND,
                       "dataset \"%s\": neither imported under this name nor a file here; "
                       "`poolminer dataset info` lists what there is",
                       path);
    }
    return pm_dataset_open_files(&path, 1, out, info, error);
}

bool pm_dataset_resolve(const char *name, struct pm_dataset **out, struct pm_dataset_info *info,
                        struct pm_error *error)
{
    bool found = false;
    bool done = true;
    *info = (struct pm_dataset_info){0};
    if (names_synthetic(name)) {
        done = open_synthetic(name, out, info, error);
    } else if (strcmp(name, SCALAR_LINEAR) == 0) {
        done = open_scalar_linear(out, info, error);
    } else {
        done = open_named(name, out, info, &found, error);
        if (done && !found) {
            done = open_path(name, out, info, error);
        }
    }
    return done;
}

bool pm_dataset_open(const char *name, struct pm_dataset **out, struct pm_error *error)
{
    struct pm_dataset_info info;
    bool done = pm_dataset_resolve(name, out, &info, error);
    pm_dataset_info_clear(&info);
    return done;
}
