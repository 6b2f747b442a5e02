#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset.h>
#include <poolminer/file.h>

static const char SYNTHETIC[] = "synthetic";

/* ---- the synthetic dataset by name ---- */

static bool parse_count(const char *text, size_t *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > SIZE_MAX)
        return false;
    *out = (size_t)value;
    return true;
}

static bool open_synthetic(const char *name, struct pm_dataset **out, struct pm_error *error)
{
    size_t count = PM_DATASET_SYNTHETIC_RECORDS;
    const char *rest = name + strlen(SYNTHETIC);
    if (*rest == ':' && !parse_count(rest + 1, &count))
        return pm_fail(
            error, PM_ERROR_INVALID,
            "dataset \"%.64s\": after \"synthetic:\" stands the number of records, as in "
            "synthetic:20000",
            name);
    return pm_dataset_synthetic(PM_DATASET_SYNTHETIC_SEED, count, out, error);
}

static bool names_synthetic(const char *name)
{
    size_t length = strlen(SYNTHETIC);
    return strncmp(name, SYNTHETIC, length) == 0 && (name[length] == '\0' || name[length] == ':');
}

/* ---- binary files ---- */

static bool check_records(const char *path, const uint8_t *bytes, size_t size,
                          struct pm_error *error)
{
    if (size == 0 || size % PM_DATASET_RECORD_SIZE != 0)
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: %zu bytes are no whole number of %d-byte CIFAR-10 records (%zu bytes "
                       "after the last whole one, at byte %zu); is the file complete, and binary?",
                       path, size, PM_DATASET_RECORD_SIZE, size % PM_DATASET_RECORD_SIZE,
                       size - size % PM_DATASET_RECORD_SIZE);
    for (size_t at = 0; at < size; at += PM_DATASET_RECORD_SIZE)
        if (bytes[at] >= PM_DATASET_CLASSES)
            return pm_fail(
                error, PM_ERROR_INVALID,
                "%s: record %zu (at byte %zu) has label %d, but labels are 0 to 9; this is "
                "no CIFAR-10 binary file",
                path, at / PM_DATASET_RECORD_SIZE, at, bytes[at]);
    return true;
}

static bool open_file(const char *path, struct pm_dataset **out, struct pm_error *error)
{
    const size_t size_max = (size_t)PM_DATASET_RECORDS_MAX * PM_DATASET_RECORD_SIZE;
    char *bytes = NULL;
    size_t size = 0;
    if (!pm_file_read(path, size_max, &bytes, &size, error))
        return pm_fail_context(error, "reading the dataset");
    if (!check_records(path, (const uint8_t *)bytes, size, error)) {
        free(bytes);
        return false;
    }
    struct pm_dataset *dataset = malloc(sizeof *dataset);
    char *name = strdup(path);
    if (!dataset || !name) {
        free(dataset);
        free(name);
        free(bytes);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory while opening %s", path);
    }
    *dataset = (struct pm_dataset){
        .name = name, .count = size / PM_DATASET_RECORD_SIZE, .records = (uint8_t *)bytes};
    *out = dataset;
    return true;
}

/* ---- what the header promises ---- */

bool pm_dataset_open(const char *name, struct pm_dataset **out, struct pm_error *error)
{
    return names_synthetic(name) ? open_synthetic(name, out, error) : open_file(name, out, error);
}

void pm_dataset_destroy(struct pm_dataset *dataset)
{
    if (!dataset)
        return;
    free(dataset->name);
    free(dataset->records);
    free(dataset);
}

bool pm_dataset_fingerprint(const struct pm_dataset *dataset, size_t record_count,
                            char out[PM_FINGERPRINT_HEX_SIZE], struct pm_error *error)
{
    unsigned char hash[(PM_FINGERPRINT_HEX_SIZE - 1) / 2];
    size_t count = dataset->count;
    if (record_count > 0 && record_count < count)
        count = record_count;
    if (sodium_init() < 0 || crypto_generichash(hash, sizeof hash, dataset->records,
                                                count * PM_DATASET_RECORD_SIZE, NULL, 0) != 0)
        return pm_fail(error, PM_ERROR_IO, "libsodium could not be initialised");
    sodium_bin2hex(out, PM_FINGERPRINT_HEX_SIZE, hash, sizeof hash);
    return true;
}
