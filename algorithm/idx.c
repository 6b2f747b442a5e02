#include "algorithm/idx.h"

#include <inttypes.h>
#include <string.h>

enum { SIDE = 28, IMAGES_HEADER_SIZE = 16, LABELS_HEADER_SIZE = 8 };

static const uint8_t IMAGES_MAGIC[PM_IDX_MAGIC_SIZE] = {0, 0, 8, 3}; /* bytes, three dimensions */
static const uint8_t LABELS_MAGIC[PM_IDX_MAGIC_SIZE] = {0, 0, 8, 1}; /* bytes, one dimension */

enum pm_idx_kind pm_idx_recognise(const uint8_t *bytes, size_t size)
{
    if (size < PM_IDX_MAGIC_SIZE) {
        return PM_IDX_NONE;
    }
    if (memcmp(bytes, IMAGES_MAGIC, PM_IDX_MAGIC_SIZE) == 0) {
        return PM_IDX_IMAGES;
    }
    return memcmp(bytes, LABELS_MAGIC, PM_IDX_MAGIC_SIZE) == 0 ? PM_IDX_LABELS : PM_IDX_NONE;
}

static uint32_t big_endian(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool read_whole(struct pm_byte_source *source, void *out, size_t size, const char *what,
                       struct pm_error *error)
{
    size_t count = 0;
    if (!pm_byte_source_read(source, out, size, &count, error)) {
        return false;
    }
    if (count == size) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "%s: ends at byte %" PRIu64 " within %s; is the file complete?",
                   pm_byte_source_name(source), pm_byte_source_position(source), what);
}

static bool check_end(struct pm_byte_source *source, struct pm_error *error)
{
    const uint8_t *bytes = NULL;
    size_t count = 0;
    if (!pm_byte_source_peek(source, 1, &bytes, &count, error)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "%s: goes on at byte %" PRIu64 ", after the last of what its header counts",
                   pm_byte_source_name(source), pm_byte_source_position(source));
}

bool pm_idx_read_images(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                        struct pm_error *error)
{
    uint8_t header[IMAGES_HEADER_SIZE];
    if (!read_whole(source, header, sizeof header, "its header", error)) {
        return false;
    }
    uint32_t count = big_endian(header + 4);
    uint32_t rows = big_endian(header + 8);
    uint32_t columns = big_endian(header + 12);
    if (rows != SIDE || columns != SIDE) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: images of %" PRIu32 " x %" PRIu32
                       " pixels (bytes 8 to 15); MNIST has 28 x 28",
                       pm_byte_source_name(source), rows, columns);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *record = NULL;
        if (!pm_dataset_builder_add(builder, pm_byte_source_name(source), PM_DATASET_MNIST_PIXELS,
                                    &record, error)) {
            return false;
        }
        record[0] = 0;
        if (!read_whole(source, record + 1, PM_DATASET_MNIST_PIXELS, "an image", error)) {
            return false;
        }
    }
    return check_end(source, error);
}

bool pm_idx_read_labels(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                        size_t first, struct pm_error *error)
{
    uint8_t header[LABELS_HEADER_SIZE];
    const char *name = pm_byte_source_name(source);
    if (!read_whole(source, header, sizeof header, "its header", error)) {
        return false;
    }
    uint32_t count = big_endian(header + 4);
    if (count != builder->count - first) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: %" PRIu32
                       " labels (bytes 4 to 7) for %zu images; the files do not belong "
                       "together",
                       name, count, builder->count - first);
    }
    for (size_t i = first; i < builder->count; i++) {
        uint8_t label = 0;
        if (!read_whole(source, &label, 1, "its labels", error)) {
            return false;
        }
        if (label >= PM_DATASET_CLASSES) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "%s: label %d at byte %" PRIu64 ", but labels are 0 to 9", name, label,
                           pm_byte_source_position(source) - 1);
        }
        pm_dataset_builder_record(builder, i)[0] = label;
    }
    return check_end(source, error);
}
