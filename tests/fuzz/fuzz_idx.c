/* MNIST's two files: the first two bytes say how many of the others are the images' file, low byte
 * first; what follows is the labels'. */
#include "algorithm/idx.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pm_byte_source *open_part(const uint8_t *data, size_t size)
{
    struct pm_byte_source *source = NULL;
    if (!pm_byte_source_open_memory("fuzz", data, size, &source, NULL)) {
        abort();
    }
    return source;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_dataset_builder builder = {0};
    struct pm_error error = {0};
    if (size < 2) {
        return 0;
    }
    size_t images_size = data[0] | (size_t)data[1] << 8;
    size -= 2;
    data += 2;
    if (images_size > size) {
        images_size = size;
    }
    struct pm_byte_source *images = open_part(data, images_size);
    struct pm_byte_source *labels = open_part(data + images_size, size - images_size);
    if (pm_idx_read_images(images, &builder, &error) &&
        pm_idx_read_labels(labels, &builder, 0, &error)) {
        for (size_t i = 0; i < builder.count; i++) {
            if (pm_dataset_builder_record(&builder, i)[0] >= PM_DATASET_CLASSES) {
                abort();
            }
        }
    } else if (error.message[0] == '\0') {
        abort();
    }
    pm_dataset_builder_clear(&builder);
    pm_byte_source_close(images);
    pm_byte_source_close(labels);
    return 0;
}
