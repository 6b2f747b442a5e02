/* Datasets: records of one label byte 0..9 and the bytes of an image, 3072 (CIFAR-10's binary form:
 * 32 x 32, planes red, green, blue) or 784 (MNIST). Sources, the synthetic dataset and
 * fingerprints: docs/tasks.md. */
#ifndef POOLMINER_DATASET_H
#define POOLMINER_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_DATASET_CLASSES = 10,
    PM_DATASET_PIXELS = 3072,      /* of CIFAR-10 and the synthetic dataset */
    PM_DATASET_MNIST_PIXELS = 784, /* 28 x 28 */
    PM_DATASET_RECORD_SIZE = 1 + PM_DATASET_PIXELS,
    PM_DATASET_SIZE_MAX = INT32_MAX, /* bytes of all records: just below 2 GiB */
    PM_DATASET_RECORDS_MAX = PM_DATASET_SIZE_MAX / PM_DATASET_RECORD_SIZE, /* 698,823 */
    PM_DATASET_SYNTHETIC_SEED = 1,
    PM_DATASET_SYNTHETIC_RECORDS = 2000,
    PM_DATASET_SYNTHETIC_RECORDS_MIN = 10,
    PM_FINGERPRINT_HEX_SIZE = 65,
};

struct pm_dataset {
    char *name;         /* as it was opened: "synthetic", "network", a path */
    size_t count;       /* records */
    size_t pixel_count; /* of each record: PM_DATASET_PIXELS, PM_DATASET_MNIST_PIXELS, or 0 */
    uint8_t *records;   /* count x (1 + pixel_count); never changed once opened */
};

/* `name` as users give it:
 *
 *   synthetic, synthetic:COUNT   the embedded dataset, 2000 or COUNT records
 *   network                      the dataset that the public network scores on; imported at first
 *                                use from where scikit-learn keeps it
 *   scalar_linear                no records: tasks that need none
 *   a name                       that was imported (dataset_import.h)
 *   a path                       a file or directory of any format that can be imported
 *
 * A name without a slash is an imported dataset's if there is one, else a path. Errors say at which
 * byte or line a file goes wrong. */
bool pm_dataset_open(const char *name, struct pm_dataset **out, struct pm_error *error);

/* The embedded dataset, made from `seed` as docs/tasks.md says. */
bool pm_dataset_synthetic(uint64_t seed, size_t count, struct pm_dataset **out,
                          struct pm_error *error);
void pm_dataset_destroy(struct pm_dataset *dataset);

/* Record `index`: its label byte, then its pixels. */
static inline const uint8_t *pm_dataset_record(const struct pm_dataset *dataset, size_t index)
{
    return dataset->records + index * (1 + dataset->pixel_count);
}

/* BLAKE2b-256 over the first `record_count` records, or over all where there are fewer or
 * `record_count` is 0; lower-case hex. */
bool pm_dataset_fingerprint(const struct pm_dataset *dataset, size_t record_count,
                            char out[PM_FINGERPRINT_HEX_SIZE], struct pm_error *error);

#endif
