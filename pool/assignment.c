#include "pool/assignment.h"

#include <stdbool.h>

enum {
    ELITE_SHARE = 8,    /* the best eighth of the population ... */
    ELITE_MAX = 16,     /* ... but not more than this many ... */
    FROM_ANYWHERE = 25, /* ... and in so many of a hundred draws anybody */
};

/* SplitMix64: every state gives a well mixed number, which is all that is asked here. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool contains(const int64_t *ranks, size_t count, int64_t rank)
{
    for (size_t i = 0; i < count; i++) {
        if (ranks[i] == rank) {
            return true;
        }
    }
    return false;
}

size_t pm_assignment_choose_seeds(int64_t count, size_t want, uint64_t random, int64_t *ranks)
{
    if ((uint64_t)count < want) {
        want = (size_t)count;
    }
    int64_t elite = count / ELITE_SHARE;
    if (elite > ELITE_MAX) {
        elite = ELITE_MAX;
    }
    if (elite < (int64_t)want) {
        elite = (int64_t)want;
    }
    size_t chosen = 0;
    while (chosen < want) {
        bool anywhere = next_random(&random) % 100 < FROM_ANYWHERE;
        uint64_t range = (uint64_t)(anywhere ? count : elite);
        int64_t rank = (int64_t)(next_random(&random) % range);
        if (!contains(ranks, chosen, rank)) {
            ranks[chosen++] = rank;
        }
    }
    return chosen;
}
