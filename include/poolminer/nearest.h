/* "Did you mean ...?" */
#ifndef POOLMINER_NEAREST_H
#define POOLMINER_NEAREST_H

#include <stddef.h>

/* The one of `names` that is fewest edits away from `name` (the first of equals), or NULL when none
 * is near enough to be a slip of the fingers: a third of the name's length, plus one. NULLs among
 * `names` are passed over. */
const char *pm_nearest_name(const char *name, const char *const *names, size_t count);

#endif
