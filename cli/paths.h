/* Where the miner's files are. */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

/* "directory/name" in malloc'd memory; NULL with the error set when memory is out. */
char *path_join(const char *directory, const char *name, struct pm_error *error);

/* The data directory and the hotkey file as the settings say, or as their defaults are. The caller
 * frees *out. */
bool path_data_directory(const struct pm_options *options, char **out, struct pm_error *error);
bool path_hotkey_file(const struct pm_options *options, char **out, bool *may_make,
                      struct pm_error *error);

#endif
