/* What is known of a dataset, and the small JSON text that keeps it beside imported records.
 * Private to algorithm/. */
#ifndef POOLMINER_DATASET_INFO_H
#define POOLMINER_DATASET_INFO_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/dataset.h>
#include <poolminer/dataset_import.h>
#include <poolminer/error.h>

enum { PM_DATASET_DESCRIPTION_MAX = 16 * 1024 /* bytes */ };

bool pm_dataset_format_parse(const char *text, enum pm_dataset_format *out, struct pm_error *error);

/* Whether a dataset may be imported under this name. */
bool pm_dataset_name_valid(const char *name);

/* Counts and fingerprints of what is in memory, and from source_sha256 whether it is the network's;
 * the rest is left alone. */
bool pm_dataset_info_fill(const struct pm_dataset *dataset, struct pm_dataset_info *info,
                          struct pm_error *error);

/* JSON text (the caller frees) with the file name of the records; NULL with the error set. */
char *pm_dataset_description_write(const struct pm_dataset_info *info, const char *file,
                                   struct pm_error *error);

/* Reads it back: records, pixel_count, fingerprint, format, source, source_sha256. *file is the
 * records' file name, without a directory. The caller clears *info and frees *file, in any case. */
bool pm_dataset_description_read(const char *text, size_t length, struct pm_dataset_info *info,
                                 char **file, struct pm_error *error);

#endif
