/* Which seeds are handed out: a decision only, on figures given to it. */
#ifndef POOLMINER_SEED_CHOICE_H
#define POOLMINER_SEED_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One of a population: the best have ranks, from 0; all have places, in the order of joining. */
struct pm_seed_choice {
    bool by_place;
    int64_t at;
};

/* Chooses up to `want` of a population of `count`, mostly among the best, sometimes from anywhere;
 * no choice twice, though one of the best may be met again by its place. Same `random`, same
 * choice. Returns how many. */
size_t pm_seed_choose(int64_t count, size_t want, uint64_t random, struct pm_seed_choice *out);

#endif
