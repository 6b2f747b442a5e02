#include "algorithm/dataset_info.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_RECORDS = 2000 };

static const char *const FORMAT_NAMES[] = {
    [PM_DATASET_FORMAT_SYNTHETIC] = "synthetic",
    [PM_DATASET_FORMAT_BINARY] = "cifar10-binary",
    [PM_DATASET_FORMAT_ARFF] = "arff",
    [PM_DATASET_FORMAT_IDX] = "mnist-idx",
};
enum { FORMAT_COUNT = sizeof FORMAT_NAMES / sizeof *FORMAT_NAMES };

const char *pm_dataset_format_name(enum pm_dataset_format format)
{
    return FORMAT_NAMES[format];
}

bool pm_dataset_format_parse(const char *text, enum pm_dataset_format *out, struct pm_error *error)
{
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(text, FORMAT_NAMES[i]) == 0) {
            *out = (enum pm_dataset_format)i;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID, "format: \"%.32s\" is unknown", text);
}

bool pm_dataset_name_valid(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < PM_DATASET_NAME_SIZE && name[0] != '-' && name[0] != '_' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

bool pm_dataset_info_fill(const struct pm_dataset *dataset, struct pm_dataset_info *info,
                          struct pm_error *error)
{
    info->records = dataset->count;
    info->pixel_count = dataset->pixel_count;
    memset(info->class_counts, 0, sizeof info->class_counts);
    for (size_t i = 0; i < dataset->count; i++) {
        info->class_counts[pm_dataset_record(dataset, i)[0]]++;
    }
    info->is_network = strcmp(info->source_sha256, PM_DATASET_NETWORK_SHA256) == 0;
    return pm_dataset_fingerprint(dataset, 0, info->fingerprint, error) &&
           pm_dataset_fingerprint(dataset, FIRST_RECORDS, info->fingerprint_first2000, error);
}

void pm_dataset_info_clear(struct pm_dataset_info *info)
{
    free(info->name);
    free(info->source);
    free(info->stored);
    *info = (struct pm_dataset_info){0};
}
