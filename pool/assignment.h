/* Which seeds are handed out: a decision only, on figures given to it. */
#ifndef POOL_ASSIGNMENT_H
#define POOL_ASSIGNMENT_H

#include <stddef.h>
#include <stdint.h>

/* Chooses up to `want` different ranks (0 is the best) of a population of `count`, mostly among the
 * best, sometimes from anywhere. Same `random`, same choice. Returns how many. */
size_t pm_assignment_choose_seeds(int64_t count, size_t want, uint64_t random, int64_t *ranks);

#endif
