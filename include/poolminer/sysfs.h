/* Reads the small files of /sys and /proc. Tests give another directory as the root. */
#ifndef POOLMINER_SYSFS_H
#define POOLMINER_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

enum { PM_SYSFS_PATH_SIZE = 4096, PM_SYSFS_NAME_SIZE = 256 };

/* What to write before "/sys" for this root: the root itself, or "" for "/". */
const char *pm_sysfs_root(const char *root);

/* Reads the first line of the file directory/name, at most size - 1 bytes of it, without its line
 * end. False when there is no such file or line. */
bool pm_sysfs_line(const char *directory, const char *name, char *out, size_t size);

/* Reads that line as a number. False also when it has anything else in it. */
bool pm_sysfs_number(const char *directory, const char *name, double *out);

/* Calls `visit` with the path and the name of each entry of the directory whose name does not begin
 * with a dot, in no particular order. */
void pm_sysfs_each(const char *directory,
                   void (*visit)(void *context, const char *path, const char *name), void *context);

#endif
