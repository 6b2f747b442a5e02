#include "algorithm/dataset_store.h"

#include "algorithm/dataset_info.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/user_path.h>

enum {
    FINGERPRINT_SHOWN = 16, /* digits in a file's name */
    FILE_MODE = 0644,
    DIRECTORY_MODE = 0755,
};

static const char DESCRIPTION_SUFFIX[] = ".json";

/* ---- paths ---- */

/* "name" + "suffix" in the directory of imported datasets; NULL with the error set. */
static char *stored_path(const char *name, const char *suffix, struct pm_error *error)
{
    char *directory = NULL;
    if (!pm_user_path("XDG_DATA_HOME", ".local/share", "datasets", &directory, error)) {
        return NULL;
    }
    char *path = pm_path_join(directory, name, suffix, error);
    free(directory);
    return path;
}

static bool make_directory(struct pm_error *error)
{
    char *directory = stored_path("", "", error);
    bool made = directory != NULL && pm_file_make_directories(directory, DIRECTORY_MODE, error);
    free(directory);
    return made;
}

/* ---- descriptions ---- */

/* True with *found false: nothing was imported as `name`. The caller clears *info and frees *file,
 * in any case. */
static bool load_description(const char *name, struct pm_dataset_info *info, char **file,
                             bool *found, struct pm_error *error)
{
    char *text = NULL;
    size_t length = 0;
    struct pm_error reading = {0};
    char *path = stored_path(name, DESCRIPTION_SUFFIX, &reading);
    *info = (struct pm_dataset_info){0};
    *file = NULL;
    *found = false;
    bool there =
        path != NULL && pm_file_read(path, PM_DATASET_DESCRIPTION_MAX, &text, &length, &reading);
    /* A user without a home has imported nothing. */
    bool absent = !there && reading.code == PM_ERROR_NOT_FOUND;
    *found = there && pm_dataset_description_read(text, length, info, file, &reading);
    if (!*found && !absent) {
        pm_fail(error, reading.code, "the imported dataset %s is damaged (%s: %s); import it again",
                name, path != NULL ? path : "its place", reading.message);
    }
    free(text);
    free(path);
    return *found || absent;
}

/* ---- keeping ---- */

static char *records_file_name(const struct pm_dataset_info *info, struct pm_error *error)
{
    char *name = NULL;
    if (asprintf(&name, "%s-%.*s.bin", info->name, FINGERPRINT_SHOWN, info->fingerprint) >= 0) {
        return name;
    }
    pm_fail(error, PM_ERROR_MEMORY, "no memory for a path");
    return NULL;
}

/* The path of the records that `name` stood for until now, or NULL. */
static char *previous_records(const char *name)
{
    struct pm_dataset_info info;
    struct pm_error ignored = {0};
    char *file = NULL;
    bool found = false;
    load_description(name, &info, &file, &found, &ignored);
    char *path = found ? stored_path(file, "", &ignored) : NULL;
    pm_dataset_info_clear(&info);
    free(file);
    return path;
}

static bool write_both(const struct pm_dataset *dataset, const struct pm_dataset_info *info,
                       const char *file, struct pm_error *error)
{
    size_t size = dataset->count * (1 + dataset->pixel_count);
    char *path = stored_path(info->name, DESCRIPTION_SUFFIX, error);
    char *text = path != NULL ? pm_dataset_description_write(info, file, error) : NULL;
    bool done =
        text != NULL &&
        pm_file_write_atomic(info->stored, dataset->records, size, FILE_MODE, true, error) &&
        pm_file_write_atomic(path, text, strlen(text), FILE_MODE, true, error);
    free(text);
    free(path);
    return done;
}

bool pm_dataset_store_save(const struct pm_dataset *dataset, struct pm_dataset_info *info,
                           struct pm_error *error)
{
    char *file = records_file_name(info, error);
    if (file == NULL) {
        return false;
    }
    char *previous = previous_records(info->name);
    free(info->stored);
    info->stored = stored_path(file, "", error);
    bool done =
        info->stored != NULL && make_directory(error) && write_both(dataset, info, file, error);
    if (done && previous != NULL && strcmp(previous, info->stored) != 0) {
        unlink(previous);
    }
    free(previous);
    free(file);
    return done;
}

/* ---- opening ---- */

/* Takes the bytes over, in any case. */
static bool wrap_records(const struct pm_dataset_info *info, char *bytes, struct pm_dataset **out,
                         struct pm_error *error)
{
    struct pm_dataset *dataset = malloc(sizeof *dataset);
    char *name = strdup(info->name);
    if (dataset == NULL || name == NULL) {
        free(dataset);
        free(name);
        free(bytes);
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a dataset");
    }
    *dataset = (struct pm_dataset){.name = name,
                                   .count = info->records,
                                   .pixel_count = info->pixel_count,
                                   .records = (uint8_t *)bytes};
    *out = dataset;
    return true;
}

static bool read_records(const struct pm_dataset_info *info, struct pm_dataset **out,
                         struct pm_error *error)
{
    size_t expected = info->records * (1 + info->pixel_count);
    char *bytes = NULL;
    size_t size = 0;
    if (!pm_file_read(info->stored, expected, &bytes, &size, error)) {
        return false;
    }
    if (size == expected) {
        return wrap_records(info, bytes, out, error);
    }
    free(bytes);
    return pm_fail(error, PM_ERROR_INVALID, "%s: %zu bytes instead of %zu", info->stored, size,
                   expected);
}

/* What was imported is what is read: every label is a class, and the fingerprint is the same. */
static bool check_records(const struct pm_dataset *dataset, struct pm_dataset_info *info,
                          struct pm_error *error)
{
    char expected[PM_FINGERPRINT_HEX_SIZE];
    memcpy(expected, info->fingerprint, sizeof expected);
    for (size_t i = 0; i < dataset->count; i++) {
        if (pm_dataset_record(dataset, i)[0] >= PM_DATASET_CLASSES) {
            return pm_fail(error, PM_ERROR_INVALID, "%s: record %zu has a label above 9",
                           info->stored, i);
        }
    }
    if (!pm_dataset_info_fill(dataset, info, error)) {
        return false;
    }
    if (strcmp(info->fingerprint, expected) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: its fingerprint is %s instead of %s",
                       info->stored, info->fingerprint, expected);
    }
    return true;
}

static bool open_described(const char *name, const char *file, struct pm_dataset **out,
                           struct pm_dataset_info *info, struct pm_error *error)
{
    struct pm_error reading = {0};
    struct pm_dataset *dataset = NULL;
    info->name = strdup(name);
    info->stored = stored_path(file, "", error);
    if (info->name == NULL || info->stored == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a dataset");
    }
    bool done = read_records(info, &dataset, &reading);
    if (done && dataset != NULL && check_records(dataset, info, &reading)) {
        *out = dataset;
        return true;
    }
    pm_dataset_destroy(dataset);
    return pm_fail(error, reading.code, "the imported dataset %s is damaged (%s); import it again",
                   name, reading.message);
}

bool pm_dataset_store_open(const char *name, struct pm_dataset **out, struct pm_dataset_info *info,
                           bool *found, struct pm_error *error)
{
    char *file = NULL;
    bool done = load_description(name, info, &file, found, error);
    if (done && *found) {
        done = open_described(name, file, out, info, error);
    }
    if (!done || !*found) {
        pm_dataset_info_clear(info);
    }
    free(file);
    return done;
}

/* ---- names ---- */

static bool is_description(const struct dirent *entry, char name[PM_DATASET_NAME_SIZE])
{
    size_t length = strlen(entry->d_name);
    size_t suffix = strlen(DESCRIPTION_SUFFIX);
    if (length <= suffix || length - suffix >= PM_DATASET_NAME_SIZE ||
        strcmp(entry->d_name + length - suffix, DESCRIPTION_SUFFIX) != 0) {
        return false;
    }
    memcpy(name, entry->d_name, length - suffix);
    name[length - suffix] = '\0';
    return pm_dataset_name_valid(name);
}

static bool append_name(char ***names, size_t *count, const char *name)
{
    char **grown = realloc(*names, (*count + 1) * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    *names = grown;
    grown[*count] = strdup(name);
    return grown[*count] != NULL && ++*count;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool pm_dataset_imported_names(char ***names, size_t *count, struct pm_error *error)
{
    char *directory = stored_path("", "", error);
    if (directory == NULL) {
        return false;
    }
    DIR *stream = opendir(directory);
    free(directory);
    *names = NULL;
    *count = 0;
    bool done = true;
    for (struct dirent *entry; done && stream != NULL && (entry = readdir(stream)) != NULL;) {
        char name[PM_DATASET_NAME_SIZE];
        if (is_description(entry, name) && !append_name(names, count, name)) {
            done = pm_fail(error, PM_ERROR_MEMORY, "no memory for the names of datasets");
        }
    }
    if (stream != NULL) {
        closedir(stream);
    }
    if (!done) {
        pm_dataset_names_free(*names, *count);
    } else if (*count > 0) {
        qsort(*names, *count, sizeof **names, compare_names);
    }
    return done;
}

void pm_dataset_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}
