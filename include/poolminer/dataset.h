/* Datasets: records of one label byte 0..9 and 3072 pixel bytes (CIFAR-10's binary form). Sources,
 * the synthetic dataset and fingerprints: docs/tasks.md. */
#ifndef POOLMINER_DATASET_H
#define POOLMINER_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_DATASET_CLASSES = 10,
    PM_DATASET_PIXELS = 3072,
    PM_DATASET_RECORD_SIZE = 1 + PM_DATASET_PIXELS,
    PM_DATASET_RECORDS_MAX = INT32_MAX / PM_DATASET_RECORD_SIZE, /* 698,823: just below 2 GiB */
    PM_DATASET_SYNTHETIC_SEED = 1,
    PM_DATASET_SYNTHETIC_RECORDS = 2000,
    PM_DATASET_SYNTHETIC_RECORDS_MIN = 10,
    PM_FINGERPRINT_HEX_SIZE = 65,
};

struct pm_dataset {
    char *name;       /* "synthetic", "synthetic:20000", or the file's path */
    size_t count;     /* records */
    uint8_t *records; /* count x PM_DATASET_RECORD_SIZE; never changed once opened */
};

/* `name` as users give it: "synthetic", "synthetic:COUNT" (10 to PM_DATASET_RECORDS_MAX records),
 * or the path of a CIFAR-10 binary file (a multiple of 3073 bytes, labels 0..9; below 2 GiB).
 * Errors say at which record and byte a file goes wrong. */
bool pm_dataset_open(const char *name, struct pm_dataset **out, struct pm_error *error);

/* The embedded dataset, made from `seed` as docs/tasks.md says. */
bool pm_dataset_synthetic(uint64_t seed, size_t count, struct pm_dataset **out,
                          struct pm_error *error);
void pm_dataset_destroy(struct pm_dataset *dataset);

/* Record `index`: its label byte, then its pixels. */
static inline const uint8_t *pm_dataset_record(const struct pm_dataset *dataset, size_t index)
{
    return dataset->records + index * PM_DATASET_RECORD_SIZE;
}

/* BLAKE2b-256 over the first `record_count` records, or over all where there are fewer or
 * `record_count` is 0; lower-case hex. */
bool pm_dataset_fingerprint(const struct pm_dataset *dataset, size_t record_count,
                            char out[PM_FINGERPRINT_HEX_SIZE], struct pm_error *error);

#endif
