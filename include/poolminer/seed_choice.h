/* Chooses the seeds that a pool hands out to miners. Pure. */
#ifndef POOLMINER_SEED_CHOICE_H
#define POOLMINER_SEED_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names one member of a population, in one of two ways. The best members have ranks, the very best
 * being 0. All members have places, in the order in which they joined, beginning with 0. */
struct pm_seed_choice {
    bool by_place;
    int64_t at;
};

/* Chooses up to `want` members of a population of `count`: most of them by rank among the best,
 * some by place among all. No rank or place is chosen twice, though a rank and a place may name the
 * same member. The same `random` gives the same choice. Returns how many were chosen. */
size_t pm_seed_choose(int64_t count, size_t want, uint64_t random, struct pm_seed_choice *out);

#endif
