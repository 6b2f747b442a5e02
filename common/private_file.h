/* Reading a file that nobody else may read or write. */
#ifndef PM_COMMON_PRIVATE_FILE_H
#define PM_COMMON_PRIVATE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* As pm_file_read; PM_ERROR_REFUSED when the file's mode has one of the bits `forbidden`. The text
 * is in protected memory; the caller frees it with sodium_free. */
bool pm_private_file_read(const char *path, size_t max_bytes, unsigned forbidden, char **out,
                          size_t *length, struct pm_error *error);

#endif
