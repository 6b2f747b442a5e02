#include "algorithm/dataset_builder.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

static bool grow(struct pm_dataset_builder *builder, const char *source, struct pm_error *error)
{
    size_t record_size = 1 + builder->pixel_count;
    size_t most = PM_DATASET_SIZE_MAX / record_size;
    size_t capacity = builder->capacity ? builder->capacity * 2 : FIRST_CAPACITY;
    if (builder->count >= most) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "%s: more than %zu records, which is as many as fit in %d bytes", source,
                       most, PM_DATASET_SIZE_MAX);
    }
    capacity = capacity < most ? capacity : most;
    uint8_t *records = realloc(builder->records, capacity * record_size);
    if (records == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory for %zu records", source, capacity);
    }
    builder->records = records;
    builder->capacity = capacity;
    return true;
}

bool pm_dataset_builder_add(struct pm_dataset_builder *builder, const char *source,
                            size_t pixel_count, uint8_t **record, struct pm_error *error)
{
    if (builder->count == 0) {
        builder->pixel_count = pixel_count;
    }
    if (builder->pixel_count != pixel_count) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "%s: images of %zu pixels, but the files before it have images of %zu",
                       source, pixel_count, builder->pixel_count);
    }
    if (builder->count == builder->capacity && !grow(builder, source, error)) {
        return false;
    }
    *record = pm_dataset_builder_record(builder, builder->count++);
    return true;
}

void pm_dataset_builder_drop(struct pm_dataset_builder *builder)
{
    builder->count--;
}

uint8_t *pm_dataset_builder_record(struct pm_dataset_builder *builder, size_t index)
{
    return builder->records + index * (1 + builder->pixel_count);
}

bool pm_dataset_builder_finish(struct pm_dataset_builder *builder, const char *name,
                               struct pm_dataset **out, struct pm_error *error)
{
    if (builder->count == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: there are no records in it", name);
    }
    struct pm_dataset *dataset = malloc(sizeof *dataset);
    char *own_name = strdup(name);
    if (dataset == NULL || own_name == NULL) {
        free(dataset);
        free(own_name);
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory for a dataset", name);
    }
    *dataset = (struct pm_dataset){.name = own_name,
                                   .count = builder->count,
                                   .pixel_count = builder->pixel_count,
                                   .records = builder->records};
    *builder = (struct pm_dataset_builder){0};
    *out = dataset;
    return true;
}

void pm_dataset_builder_clear(struct pm_dataset_builder *builder)
{
    free(builder->records);
    *builder = (struct pm_dataset_builder){0};
}
