#include "algorithm/dataset_file.h"

#include "algorithm/arff.h"
#include "algorithm/dataset_paths.h"
#include "algorithm/idx.h"

#include <inttypes.h>
#include <string.h>

enum { TAR_MAGIC_AT = 257 };

/* ---- CIFAR-10's binary form ---- */

static bool read_binary(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                        struct pm_error *error)
{
    const char *name = pm_byte_source_name(source);
    if (pm_byte_source_size(source) > PM_DATASET_SIZE_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: %" PRIu64 " bytes, at most %d can be read", name,
                       pm_byte_source_size(source), PM_DATASET_SIZE_MAX);
    }
    for (;;) {
        uint8_t *record = NULL;
        uint64_t at = pm_byte_source_position(source);
        size_t count = 0;
        if (!pm_dataset_builder_add(builder, name, PM_DATASET_PIXELS, &record, error) ||
            !pm_byte_source_read(source, record, PM_DATASET_RECORD_SIZE, &count, error)) {
            return false;
        }
        if (count == 0) {
            pm_dataset_builder_drop(builder);
            return true;
        }
        if (count < PM_DATASET_RECORD_SIZE) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "%s: the record at byte %" PRIu64 " has %zu bytes instead of %d; is the "
                           "file complete?",
                           name, at, count, PM_DATASET_RECORD_SIZE);
        }
        if (record[0] >= PM_DATASET_CLASSES) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "%s: the record at byte %" PRIu64
                           " has label %d, but labels are 0 to 9; "
                           "this is no CIFAR-10 binary file",
                           name, at, record[0]);
        }
    }
}

/* ---- telling formats apart ---- */

static bool looks_like_text(const uint8_t *bytes, size_t size)
{
    return size > 0 && (bytes[0] == '%' || bytes[0] == '@' || bytes[0] == ' ' || bytes[0] == '\n' ||
                        bytes[0] == '\r');
}

static bool starts_with(const uint8_t *bytes, size_t size, size_t at, const char *magic)
{
    size_t length = strlen(magic);
    return size >= at + length && memcmp(bytes + at, magic, length) == 0;
}

static bool fail_unknown(const char *name, const uint8_t *bytes, size_t size,
                         struct pm_error *error)
{
    if (size == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: the file is empty", name);
    }
    if (starts_with(bytes, size, TAR_MAGIC_AT, "ustar") ||
        starts_with(bytes, size, 0, "PK\x03\x04")) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: an archive; unpack it and give the directory with the data", name);
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "%s: byte 0 is %d, as in no format that can be read: CIFAR-10 binary, ARFF or "
                   "MNIST IDX, plain or gzip",
                   name, bytes[0]);
}

static bool read_idx(struct pm_byte_source *source, enum pm_idx_kind kind,
                     struct pm_dataset_builder *builder, size_t *unlabelled, struct pm_error *error)
{
    const char *name = pm_byte_source_name(source);
    size_t before = builder->count;
    if (kind == PM_IDX_IMAGES && *unlabelled > 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: more images, but those before have no labels yet; give each file of "
                       "images together with its file of labels",
                       name);
    }
    if (kind == PM_IDX_IMAGES) {
        if (!pm_idx_read_images(source, builder, error)) {
            return false;
        }
        *unlabelled = builder->count - before;
        return true;
    }
    if (*unlabelled == 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: labels without images; give the file of images first", name);
    }
    if (!pm_idx_read_labels(source, builder, before - *unlabelled, error)) {
        return false;
    }
    *unlabelled = 0;
    return true;
}

bool pm_dataset_read_source(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                            size_t *unlabelled, enum pm_dataset_format *format,
                            struct pm_error *error)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    if (!pm_byte_source_peek(source, PM_SOURCE_PEEK_MAX, &bytes, &size, error)) {
        return false;
    }
    enum pm_idx_kind kind = pm_idx_recognise(bytes, size);
    if (kind != PM_IDX_NONE) {
        *format = PM_DATASET_FORMAT_IDX;
        return read_idx(source, kind, builder, unlabelled, error);
    }
    if (looks_like_text(bytes, size)) {
        *format = PM_DATASET_FORMAT_ARFF;
        return pm_arff_read(source, builder, error);
    }
    if (size == 0 || bytes[0] >= PM_DATASET_CLASSES) {
        return fail_unknown(pm_byte_source_name(source), bytes, size, error);
    }
    *format = PM_DATASET_FORMAT_BINARY;
    return read_binary(source, builder, error);
}

/* ---- files ---- */

struct reading {
    struct pm_dataset_builder builder;
    size_t unlabelled;
};

static bool read_file(const char *path, struct reading *reading, enum pm_dataset_format *format,
                      char sha256[PM_SHA256_HEX_SIZE], struct pm_error *error)
{
    struct pm_byte_source *source = NULL;
    if (!pm_byte_source_open(path, &source, error)) {
        return false;
    }
    bool done =
        pm_dataset_read_source(source, &reading->builder, &reading->unlabelled, format, error) &&
        pm_byte_source_sha256(source, sha256, error);
    pm_byte_source_close(source);
    return done;
}

static bool read_files(const struct pm_dataset_paths *paths, struct reading *reading,
                       struct pm_dataset_origin *origin, struct pm_error *error)
{
    for (size_t i = 0; i < paths->count; i++) {
        enum pm_dataset_format format = PM_DATASET_FORMAT_BINARY;
        if (!read_file(paths->items[i], reading, &format, origin->sha256, error)) {
            return false;
        }
        if (i == 0) {
            origin->format = format;
        }
    }
    if (paths->count > 1) {
        origin->sha256[0] = '\0';
    }
    if (reading->unlabelled > 0) {
        return pm_fail(
            error, PM_ERROR_INVALID,
            "%s: images without labels; give the file of labels (train-labels-idx1-ubyte) "
            "as well",
            paths->items[paths->count - 1]);
    }
    return true;
}

bool pm_dataset_read(const char *const *paths, size_t path_count, struct pm_dataset **out,
                     struct pm_dataset_origin *origin, struct pm_error *error)
{
    struct pm_dataset_paths files = {0};
    struct reading reading = {0};
    bool done = pm_dataset_paths_collect(paths, path_count, &files, error) &&
                read_files(&files, &reading, origin, error) &&
                pm_dataset_builder_finish(&reading.builder, paths[0], out, error);
    pm_dataset_builder_clear(&reading.builder);
    pm_dataset_paths_clear(&files);
    return done;
}
