/* Who may judge what, and which seeds are handed out: decisions only, on figures given to them. */
#ifndef POOL_ASSIGNMENT_H
#define POOL_ASSIGNMENT_H

#include "pool/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not its own, not judged by it, not in its hands, and still in want of judges: those who judged
 * and those who hold it are fewer than the quorum. So every evaluation that comes back in time is
 * one of those that make the consensus. */
bool pm_assignment_may_judge(const struct pm_pool_candidate *candidate, int quorum);

/* Chooses up to `want` different ranks (0 is the best) of a population of `count`, mostly among the
 * best, sometimes from anywhere. Same `random`, same choice. Returns how many. */
size_t pm_assignment_choose_seeds(int64_t count, size_t want, uint64_t random, int64_t *ranks);

#endif
