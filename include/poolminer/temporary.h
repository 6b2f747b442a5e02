/* Directories that last as long as what works in them. */
#ifndef POOLMINER_TEMPORARY_H
#define POOLMINER_TEMPORARY_H

#include <stdbool.h>

#include <poolminer/error.h>

/* Makes a new private directory (0700) below $TMPDIR, or /tmp where that is not an absolute path.
 * The caller frees *out. */
bool pm_temporary_make(char **out, struct pm_error *error);

/* Removes a directory that pm_temporary_make made, with all that is in it; other file systems that
 * are mounted there are left alone. */
void pm_temporary_remove(const char *directory);

#endif
