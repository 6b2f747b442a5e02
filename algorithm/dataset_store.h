/* Imported datasets on disk. Private to algorithm/; dataset_import.h says what is where. */
#ifndef POOLMINER_DATASET_STORE_H
#define POOLMINER_DATASET_STORE_H

#include <stdbool.h>

#include <poolminer/dataset.h>
#include <poolminer/dataset_import.h>
#include <poolminer/error.h>

/* Keeps the dataset as info->name, which is valid; fills in info->stored. */
bool pm_dataset_store_save(const struct pm_dataset *dataset, struct pm_dataset_info *info,
                           struct pm_error *error);

/* Opens what was kept as `name`. True with *found false: there is none. An error when its files are
 * damaged. The caller destroys *out and clears *info. */
bool pm_dataset_store_open(const char *name, struct pm_dataset **out, struct pm_dataset_info *info,
                           bool *found, struct pm_error *error);

#endif
