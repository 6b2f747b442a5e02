/* A dataset that grows record by record while a file is read. Private to algorithm/. */
#ifndef POOLMINER_DATASET_BUILDER_H
#define POOLMINER_DATASET_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/dataset.h>
#include <poolminer/error.h>

/* Start with {0}; the first record decides how many pixels all have. */
struct pm_dataset_builder {
    size_t pixel_count, count, capacity;
    uint8_t *records;
};

/* Room for one more record of `pixel_count` pixels, which the caller fills; it moves with the next
 * call. Errors start with `source`, the file's name. */
bool pm_dataset_builder_add(struct pm_dataset_builder *builder, const char *source,
                            size_t pixel_count, uint8_t **record, struct pm_error *error);

/* Takes the last record back. */
void pm_dataset_builder_drop(struct pm_dataset_builder *builder);

/* Record `index`, for filling in a label later. */
uint8_t *pm_dataset_builder_record(struct pm_dataset_builder *builder, size_t index);

/* Makes the dataset, which takes the records over; an empty one is an error. */
bool pm_dataset_builder_finish(struct pm_dataset_builder *builder, const char *name,
                               struct pm_dataset **out, struct pm_error *error);
void pm_dataset_builder_clear(struct pm_dataset_builder *builder);

#endif
