/* Small files of /sys and /proc, below whatever root a test gives. */
#ifndef POOLMINER_SYSFS_H
#define POOLMINER_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

enum { PM_SYSFS_PATH_SIZE = 4096, PM_SYSFS_NAME_SIZE = 256 };

/* What goes before "/sys": "/" is nothing more than what every path begins with. */
const char *pm_sysfs_root(const char *root);

/* The first line of directory/name, of at most size - 1 bytes, without its end; false where there
 * is none. */
bool pm_sysfs_line(const char *directory, const char *name, char *out, size_t size);

/* A line that is a number and nothing else. */
bool pm_sysfs_number(const char *directory, const char *name, double *out);

/* Calls `visit` for each directory/ENTRY that does not begin with a dot, in no order. */
void pm_sysfs_each(const char *directory,
                   void (*visit)(void *context, const char *path, const char *name), void *context);

#endif
