/* A dataset file of any format, plain or gzip. Whatever is accepted has labels below 10 and pixels
 * as its size says. */
#include "algorithm/dataset_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct pm_dataset_builder *builder, size_t unlabelled)
{
    struct pm_dataset *dataset = NULL;
    size_t count = builder->count;
    if (unlabelled > 0 || !pm_dataset_builder_finish(builder, "fuzz", &dataset, NULL)) {
        return;
    }
    if (dataset->count != count) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        if (pm_dataset_record(dataset, i)[0] >= PM_DATASET_CLASSES) {
            abort();
        }
    }
    pm_dataset_destroy(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_byte_source *source = NULL;
    struct pm_dataset_builder builder = {0};
    enum pm_dataset_format format;
    size_t unlabelled = 0;
    struct pm_error error = {0};
    char sha256[PM_SHA256_HEX_SIZE];
    if (!pm_byte_source_open_memory("fuzz", data, size, &source, &error)) {
        abort();
    }
    if (pm_dataset_read_source(source, &builder, &unlabelled, &format, &error) &&
        pm_byte_source_sha256(source, sha256, &error)) {
        check(&builder, unlabelled);
    } else if (error.code == PM_ERROR_NONE || error.message[0] == '\0') {
        abort();
    }
    pm_dataset_builder_clear(&builder);
    pm_byte_source_close(source);
    return 0;
}
