#include <sodium.h>
#include <stdlib.h>

#include <poolminer/dataset.h>

void pm_dataset_destroy(struct pm_dataset *dataset)
{
    if (dataset == NULL) {
        return;
    }
    free(dataset->name);
    free(dataset->records);
    free(dataset);
}

bool pm_dataset_fingerprint(const struct pm_dataset *dataset, size_t record_count,
                            char out[PM_FINGERPRINT_HEX_SIZE], struct pm_error *error)
{
    unsigned char hash[(PM_FINGERPRINT_HEX_SIZE - 1) / 2];
    size_t count = dataset->count;
    if (record_count > 0 && record_count < count) {
        count = record_count;
    }
    if (sodium_init() < 0 || crypto_generichash(hash, sizeof hash, dataset->records,
                                                count * (1 + dataset->pixel_count), NULL, 0) != 0) {
        return pm_fail(error, PM_ERROR_IO, "libsodium could not be initialised");
    }
    sodium_bin2hex(out, PM_FINGERPRINT_HEX_SIZE, hash, sizeof hash);
    return true;
}
