#include <assert.h>

#include <poolminer/random.h>

static const uint64_t GOLDEN_GAMMA = 0x9E3779B97F4A7C15;

/* The finaliser of SplitMix64: a bijection in which every input bit moves every output bit. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
}

static uint64_t splitmix64_next(uint64_t *state)
{
    *state += GOLDEN_GAMMA;
    return mix(*state);
}

void pm_random_seed(struct pm_random *random, uint64_t seed, uint64_t stream, uint64_t index)
{
    /* Mixed between the additions, so that (1, 2) and (2, 1) are different streams. */
    uint64_t state = mix(seed + GOLDEN_GAMMA);
    state = mix(state + stream + GOLDEN_GAMMA);
    state = mix(state + index + GOLDEN_GAMMA);
    /* Four successive outputs of a bijection of a counter are never all zero. */
    for (int i = 0; i < 4; i++) {
        random->state[i] = splitmix64_next(&state);
    }
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

uint64_t pm_random_u64(struct pm_random *random)
{
    uint64_t *s = random->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint32_t pm_random_below(struct pm_random *random, uint32_t bound)
{
    assert(bound > 0);
    /* Lemire's method: the high half of a product, redrawn in the biased remainder. */
    uint64_t product = (pm_random_u64(random) >> 32) * bound;
    if ((uint32_t)product < bound) {
        const uint32_t threshold = (uint32_t)-bound % bound;
        while ((uint32_t)product < threshold) {
            product = (pm_random_u64(random) >> 32) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}

double pm_random_unit(struct pm_random *random)
{
    return (double)(pm_random_u64(random) >> 11) * 0x1p-53;
}

bool pm_random_chance(struct pm_random *random, double probability)
{
    return pm_random_unit(random) < probability;
}
