/* Reading a dataset from files of any known format. Private to algorithm/. */
#ifndef POOLMINER_DATASET_FILE_H
#define POOLMINER_DATASET_FILE_H

#include "algorithm/byte_source.h"
#include "algorithm/dataset_builder.h"

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/dataset.h>
#include <poolminer/dataset_import.h>
#include <poolminer/error.h>

struct pm_dataset_origin {
    enum pm_dataset_format format;   /* of the first file */
    char sha256[PM_SHA256_HEX_SIZE]; /* of a single file, "" for several */
};

/* One dataset from the files and directories, one after the other; it has the first path's name. */
bool pm_dataset_read(const char *const *paths, size_t path_count, struct pm_dataset **out,
                     struct pm_dataset_origin *origin, struct pm_error *error);

/* Adds the records of one source, whatever its format is; IDX images get their labels only with a
 * later source. *unlabelled counts the images at the end that wait for them. */
bool pm_dataset_read_source(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                            size_t *unlabelled, enum pm_dataset_format *format,
                            struct pm_error *error);

#endif
