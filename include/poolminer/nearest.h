/* Finds the name that a user probably meant, for "did you mean ...?". */
#ifndef POOLMINER_NEAREST_H
#define POOLMINER_NEAREST_H

#include <stddef.h>

/* The one of `names` that takes the fewest edits to become `name` (the first of several), or NULL
 * when each of them takes more than a third of the name's length plus one: that is no typing error.
 * Entries of `names` may be NULL and are skipped. */
const char *pm_nearest_name(const char *name, const char *const *names, size_t count);

#endif
