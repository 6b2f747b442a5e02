#include "algorithm/dataset_info.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { DESCRIPTION_VERSION = 1 };

char *pm_dataset_description_write(const struct pm_dataset_info *info, const char *file,
                                   struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    bool done =
        pm_json_add(object, "version", cJSON_CreateNumber(DESCRIPTION_VERSION)) &&
        pm_json_add(object, "name", cJSON_CreateString(info->name)) &&
        pm_json_add(object, "file", cJSON_CreateString(file)) &&
        pm_json_add(object, "records", cJSON_CreateNumber((double)info->records)) &&
        pm_json_add(object, "pixels", cJSON_CreateNumber((double)info->pixel_count)) &&
        pm_json_add(object, "fingerprint", cJSON_CreateString(info->fingerprint)) &&
        pm_json_add(object, "fingerprint_first2000",
                    cJSON_CreateString(info->fingerprint_first2000)) &&
        pm_json_add(object, "format", cJSON_CreateString(pm_dataset_format_name(info->format))) &&
        pm_json_add(object, "source", cJSON_CreateString(info->source)) &&
        pm_json_add(object, "source_sha256", cJSON_CreateString(info->source_sha256)) &&
        pm_json_add(object, "imported_ms", cJSON_CreateNumber((double)pm_clock_unix_ms()));
    char *text = NULL;
    if (done) {
        text = pm_json_print(object, error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "no memory to describe a dataset");
    }
    cJSON_Delete(object);
    return text;
}

static bool is_hash(const char *text)
{
    return strlen(text) == PM_FINGERPRINT_HEX_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == PM_FINGERPRINT_HEX_SIZE - 1;
}

static bool check_members(int64_t version, int64_t records, int64_t pixels, const char *fingerprint,
                          const char *sha256, const char *file, struct pm_error *error)
{
    if (version != DESCRIPTION_VERSION) {
        return pm_fail(error, PM_ERROR_INVALID, "version: this program reads version %d",
                       DESCRIPTION_VERSION);
    }
    if (pixels != PM_DATASET_PIXELS && pixels != PM_DATASET_MNIST_PIXELS) {
        return pm_fail(error, PM_ERROR_INVALID, "pixels: 3072 or 784 is expected");
    }
    if (records < 1 || records > PM_DATASET_SIZE_MAX / (1 + pixels)) {
        return pm_fail(error, PM_ERROR_INVALID, "records: out of range");
    }
    if (!is_hash(fingerprint) || (sha256[0] != '\0' && !is_hash(sha256))) {
        return pm_fail(error, PM_ERROR_INVALID, "fingerprint, source_sha256: 64 digits expected");
    }
    if (strchr(file, '/') != NULL || file[0] == '.') {
        return pm_fail(error, PM_ERROR_INVALID, "file: a plain name is expected");
    }
    return true;
}

static bool copy_texts(const char *source, const char *file_name, struct pm_dataset_info *info,
                       char **file, struct pm_error *error)
{
    info->source = strdup(source);
    *file = strdup(file_name);
    return (info->source != NULL && *file != NULL) ||
           pm_fail(error, PM_ERROR_MEMORY, "no memory for a dataset's description");
}

static bool read_members(const cJSON *object, struct pm_dataset_info *info, char **file,
                         struct pm_error *error)
{
    int64_t version = 0, records = 0, pixels = 0;
    const char *file_name, *fingerprint, *format, *source, *sha256;
    if (!pm_json_integer(object, "version", &version, error) ||
        !pm_json_integer(object, "records", &records, error) ||
        !pm_json_integer(object, "pixels", &pixels, error) ||
        !pm_json_string(object, "file", &file_name, error) ||
        !pm_json_string(object, "fingerprint", &fingerprint, error) ||
        !pm_json_string(object, "format", &format, error) ||
        !pm_json_string(object, "source", &source, error) ||
        !pm_json_string(object, "source_sha256", &sha256, error) ||
        !check_members(version, records, pixels, fingerprint, sha256, file_name, error) ||
        !pm_dataset_format_parse(format, &info->format, error)) {
        return false;
    }
    info->records = (size_t)records;
    info->pixel_count = (size_t)pixels;
    memcpy(info->fingerprint, fingerprint, sizeof info->fingerprint);
    memcpy(info->source_sha256, sha256, strlen(sha256) + 1);
    return copy_texts(source, file_name, info, file, error);
}

bool pm_dataset_description_read(const char *text, size_t length, struct pm_dataset_info *info,
                                 char **file, struct pm_error *error)
{
    cJSON *object = NULL;
    *info = (struct pm_dataset_info){0};
    *file = NULL;
    if (!pm_json_parse(text, length, PM_DATASET_DESCRIPTION_MAX, &object, error)) {
        return false;
    }
    bool done = read_members(object, info, file, error);
    cJSON_Delete(object);
    return done;
}
