/* The elite: the best candidates a search has seen, all different. */
#ifndef ALGORITHM_ELITE_H
#define ALGORITHM_ELITE_H

#include "algorithm/candidate.h"

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

struct pm_elite {
    struct pm_candidate *members; /* best first by mean accuracy; of equals the shorter first,
                                     then the older */
    size_t count, capacity;
    uint64_t *barred; /* meanings and behaviours that may not enter */
    size_t barred_count, barred_capacity;
};

bool pm_elite_init(struct pm_elite *elite, size_t capacity, struct pm_error *error);
void pm_elite_clear(struct pm_elite *elite);

/* Keeps programs of this meaning, or of these task scores, out. */
bool pm_elite_bar(struct pm_elite *elite, uint64_t mark, struct pm_error *error);

/* Takes a copy of a complete candidate that is better than the worst and does not score the same,
 * task by task, as a member (of such two the shorter stays). */
bool pm_elite_offer(struct pm_elite *elite, const struct pm_candidate *candidate,
                    struct pm_error *error);

#endif
