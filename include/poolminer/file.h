/* Whole files, read with a limit and written atomically. */
#ifndef POOLMINER_FILE_H
#define POOLMINER_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* Reads a regular file of at most `max_bytes` into malloc'd memory with a NUL after the last byte
 * (the caller frees). Errors name the path: PM_ERROR_NOT_FOUND, PM_ERROR_INVALID (no regular file),
 * PM_ERROR_LIMIT, PM_ERROR_IO (also when it grew meanwhile), PM_ERROR_MEMORY. */
bool pm_file_read(const char *path, size_t max_bytes, char **out, size_t *length,
                  struct pm_error *error);

/* Writes to a temporary file in the same directory, fsyncs file and directory, and renames, so that
 * a reader sees the old file or the new one. `mode` as for open(2). With `overwrite` false an
 * existing file is an error (PM_ERROR_REFUSED). With `overwrite` true what a link leads to is
 * replaced, the link stays, and one that leads nowhere is an error; a device or a pipe is not
 * replaced but written to, which is not atomic, and waits a second for who reads the pipe. */
bool pm_file_write_atomic(const char *path, const void *data, size_t size, unsigned mode,
                          bool overwrite, struct pm_error *error);

/* mkdir -p with `mode` for the directories it makes. */
bool pm_file_make_directories(const char *path, unsigned mode, struct pm_error *error);

/* "directory/name" with `suffix` behind, which is mostly "". The caller frees; NULL with the error
 * set. */
char *pm_path_join(const char *directory, const char *name, const char *suffix,
                   struct pm_error *error);

#endif
