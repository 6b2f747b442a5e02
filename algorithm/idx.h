/* IDX, the format of MNIST: one file of images, one of labels. Private to algorithm/. */
#ifndef POOLMINER_IDX_H
#define POOLMINER_IDX_H

#include "algorithm/byte_source.h"
#include "algorithm/dataset_builder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_IDX_MAGIC_SIZE = 4 };

enum pm_idx_kind { PM_IDX_NONE, PM_IDX_IMAGES, PM_IDX_LABELS };

/* What the first bytes of a file say it is. */
enum pm_idx_kind pm_idx_recognise(const uint8_t *bytes, size_t size);

/* Adds 28x28 images, in their order, with label 0. Errors name the byte. */
bool pm_idx_read_images(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                        struct pm_error *error);

/* Labels the builder's records from `first` on; there must be as many labels as those. */
bool pm_idx_read_labels(struct pm_byte_source *source, struct pm_dataset_builder *builder,
                        size_t first, struct pm_error *error);

#endif
