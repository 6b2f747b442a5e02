#include <poolminer/seed_choice.h>

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

static bool contains(const struct pm_seed_choice *choices, size_t count,
                     const struct pm_seed_choice *choice)
{
    for (size_t i = 0; i < count; i++) {
        if (choices[i].by_place == choice->by_place && choices[i].at == choice->at) {
            return true;
        }
    }
    return false;
}

size_t pm_seed_choose(int64_t count, size_t want, uint64_t random, struct pm_seed_choice *out)
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
        struct pm_seed_choice choice = {.by_place = next_random(&random) % 100 < FROM_ANYWHERE};
        uint64_t range = (uint64_t)(choice.by_place ? count : elite);
        choice.at = (int64_t)(next_random(&random) % range);
        if (!contains(out, chosen, &choice)) {
            out[chosen++] = choice;
        }
    }
    return chosen;
}
