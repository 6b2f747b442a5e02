/* Opening datasets with all that is known of where they came from. Private to algorithm/. */
#ifndef POOLMINER_DATASET_OPEN_H
#define POOLMINER_DATASET_OPEN_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/dataset.h>
#include <poolminer/dataset_import.h>
#include <poolminer/error.h>

/* Reads files as one dataset; fills in source, format and source_sha256 of *info. */
bool pm_dataset_open_files(const char *const *paths, size_t path_count, struct pm_dataset **out,
                           struct pm_dataset_info *info, struct pm_error *error);

/* As pm_dataset_open, and fills in *info but for counts and fingerprints. The caller clears *info,
 * in any case. */
bool pm_dataset_resolve(const char *name, struct pm_dataset **out, struct pm_dataset_info *info,
                        struct pm_error *error);

#endif
