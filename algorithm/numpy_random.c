#include "algorithm/ziggurat.h"

#include <assert.h>
#include <sleef.h>
#include <stdlib.h>

#include <poolminer/numpy_random.h>

/* ---- SeedSequence: spreads a seed's words over 256 bits ---- */

enum { POOL_WORDS = 4 };

static uint32_t hash_word(uint32_t value, uint32_t *constant)
{
    value ^= *constant;
    *constant *= 0x931e8875U;
    value *= *constant;
    return value ^ value >> 16;
}

static uint32_t mix_words(uint32_t x, uint32_t y)
{
    uint32_t mixed = 0xca01f9ddU * x - 0x4973f715U * y;
    return mixed ^ mixed >> 16;
}

static void seed_sequence_fill(uint64_t seed, uint32_t pool[POOL_WORDS])
{
    const uint32_t entropy[POOL_WORDS] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t constant = 0x43b0d7e5U;
    for (int i = 0; i < POOL_WORDS; i++) {
        pool[i] = hash_word(entropy[i], &constant);
    }
    for (int from = 0; from < POOL_WORDS; from++) {
        for (int to = 0; to < POOL_WORDS; to++) {
            if (from != to) {
                pool[to] = mix_words(pool[to], hash_word(pool[from], &constant));
            }
        }
    }
}

static uint32_t seed_sequence_word(const uint32_t pool[POOL_WORDS], int index, uint32_t *constant)
{
    uint32_t word = pool[index % POOL_WORDS] ^ *constant;
    *constant *= 0x58f38dedU;
    word *= *constant;
    return word ^ word >> 16;
}

/* generate_state(4, uint64): low word first within each. */
static void seed_sequence_state(uint64_t seed, uint64_t state[4])
{
    uint32_t pool[POOL_WORDS];
    seed_sequence_fill(seed, pool);
    uint32_t constant = 0x8b51f9ddU;
    for (int i = 0; i < 4; i++) {
        uint64_t low = seed_sequence_word(pool, 2 * i, &constant);
        uint64_t high = seed_sequence_word(pool, 2 * i + 1, &constant);
        state[i] = high << 32 | low;
    }
}

/* ---- PCG64: a 128-bit congruential generator, its state folded to 64 bits ---- */

static pm_uint128 wide(uint64_t high, uint64_t low)
{
    return (pm_uint128)high << 64 | low;
}

static void step(struct pm_numpy_random *random)
{
    const pm_uint128 multiplier = wide(0x2360ed051fc65da4U, 0x4385df649fccf645U);
    random->state = random->state * multiplier + random->increment;
}

void pm_numpy_random_seed(struct pm_numpy_random *random, uint64_t seed)
{
    uint64_t words[4];
    seed_sequence_state(seed, words);
    *random = (struct pm_numpy_random){.increment = wide(words[2], words[3]) << 1 | 1};
    step(random);
    random->state += wide(words[0], words[1]);
    step(random);
}

uint64_t pm_numpy_random_u64(struct pm_numpy_random *random)
{
    step(random);
    uint64_t folded = (uint64_t)(random->state >> 64) ^ (uint64_t)random->state;
    unsigned rotation = (unsigned)(random->state >> 122);
    return folded >> rotation | folded << (-rotation & 63U);
}

uint32_t pm_numpy_random_u32(struct pm_numpy_random *random)
{
    if (random->has_buffered) {
        random->has_buffered = false;
        return random->buffered;
    }
    uint64_t both = pm_numpy_random_u64(random);
    random->buffered = (uint32_t)(both >> 32);
    random->has_buffered = true;
    return (uint32_t)both;
}

double pm_numpy_random_double(struct pm_numpy_random *random)
{
    return (double)(pm_numpy_random_u64(random) >> 11) * (1.0 / 9007199254740992.0);
}

/* ---- standard_normal ---- */

/* Beyond the base strip's edge: an exponential draw accepted against the normal tail. */
static double normal_tail(struct pm_numpy_random *random, bool negative)
{
    double beyond, bound;
    do {
        beyond = -PM_ZIGGURAT_TAIL_INVERSE *
                 Sleef_cinz_log1pd1_u10purec(-pm_numpy_random_double(random));
        bound = -Sleef_cinz_log1pd1_u10purec(-pm_numpy_random_double(random));
    } while (!(bound + bound > beyond * beyond));
    return negative ? -(PM_ZIGGURAT_TAIL + beyond) : PM_ZIGGURAT_TAIL + beyond;
}

static bool under_curve(const struct pm_ziggurat *table, unsigned level, double x, double height)
{
    double inner = table->density[level - 1];
    double outer = table->density[level];
    return (inner - outer) * height + outer < Sleef_cinz_expd1_u10purec(-0.5 * x * x);
}

static double draw_normal(struct pm_numpy_random *random, const struct pm_ziggurat *table)
{
    for (;;) {
        uint64_t bits = pm_numpy_random_u64(random);
        unsigned level = bits & 0xff;
        uint64_t mantissa = bits >> 9 & 0x000fffffffffffffU;
        double magnitude = (double)mantissa * table->width[level];
        double x = bits >> 8 & 1 ? -magnitude : magnitude;
        if (mantissa < table->accept[level]) {
            return x;
        }
        if (level == 0) {
            return normal_tail(random, mantissa >> 8 & 1);
        }
        if (under_curve(table, level, x, pm_numpy_random_double(random))) {
            return x;
        }
    }
}

double pm_numpy_random_normal(struct pm_numpy_random *random)
{
    return draw_normal(random, pm_ziggurat_normal());
}

void pm_numpy_random_normals(struct pm_numpy_random *random, size_t count, double *out)
{
    const struct pm_ziggurat *table = pm_ziggurat_normal();
    for (size_t i = 0; i < count; i++) {
        out[i] = draw_normal(random, table);
    }
}

/* ---- integers, permutation, choice ---- */

/* Lemire's method: uniform in [0, last], `last` included. */
static uint32_t bounded(struct pm_numpy_random *random, uint32_t last)
{
    if (last == 0) {
        return 0;
    }
    if (last == UINT32_MAX) {
        return pm_numpy_random_u32(random);
    }
    uint32_t range = last + 1;
    uint64_t product = (uint64_t)pm_numpy_random_u32(random) * range;
    if ((uint32_t)product < range) {
        uint32_t threshold = (UINT32_MAX - last) % range;
        while ((uint32_t)product < threshold) {
            product = (uint64_t)pm_numpy_random_u32(random) * range;
        }
    }
    return (uint32_t)(product >> 32);
}

int64_t pm_numpy_random_integer(struct pm_numpy_random *random, int64_t low, int64_t high)
{
    assert(low < high);
    uint64_t last = (uint64_t)high - (uint64_t)low - 1;
    assert(last <= UINT32_MAX);
    return low + (int64_t)bounded(random, (uint32_t)last);
}

static uint32_t all_ones_covering(uint32_t value)
{
    for (unsigned shift = 1; shift < 32; shift *= 2) {
        value |= value >> shift;
    }
    return value;
}

/* Masked rejection: what permutation() draws with, unlike everything else here. */
static uint32_t masked(struct pm_numpy_random *random, uint32_t last)
{
    uint32_t mask = all_ones_covering(last);
    uint32_t value;
    do {
        value = pm_numpy_random_u32(random) & mask;
    } while (value > last);
    return value;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t kept = *a;
    *a = *b;
    *b = kept;
}

static void count_up(uint32_t n, uint32_t *out)
{
    for (uint32_t i = 0; i < n; i++) {
        out[i] = i;
    }
}

void pm_numpy_random_permutation(struct pm_numpy_random *random, uint32_t n, uint32_t *out)
{
    count_up(n, out);
    for (uint32_t i = n; i-- > 1;) {
        swap(&out[i], &out[masked(random, i)]);
    }
}

/* Fisher-Yates from the top down to element `first`. */
static void shuffle(struct pm_numpy_random *random, uint32_t n, uint32_t first, uint32_t *values)
{
    for (uint32_t i = n; i-- > first;) {
        swap(&values[i], &values[bounded(random, i)]);
    }
}

/* Shuffles only the end of 0..population-1 into place, and takes that. */
static bool choose_by_shuffle(struct pm_numpy_random *random, uint32_t population, uint32_t size,
                              uint32_t *out)
{
    uint32_t *all = malloc(population * sizeof *all);
    if (all == NULL) {
        return false;
    }
    uint32_t rest = population - size;
    count_up(population, all);
    shuffle(random, population, rest > 1 ? rest : 1, all);
    for (uint32_t i = 0; i < size; i++) {
        out[i] = all[rest + i];
    }
    free(all);
    return true;
}

/* Floyd's algorithm: one draw an element; one that was taken already stands for the newcomer. */
static bool choose_by_floyd(struct pm_numpy_random *random, uint32_t population, uint32_t size,
                            uint32_t *out)
{
    bool *taken = calloc(population, sizeof *taken);
    if (taken == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < size; i++) {
        uint32_t newcomer = population - size + i;
        uint32_t drawn = bounded(random, newcomer);
        out[i] = taken[drawn] ? newcomer : drawn;
        taken[out[i]] = true;
    }
    free(taken);
    shuffle(random, size, 1, out);
    return true;
}

bool pm_numpy_random_choice(struct pm_numpy_random *random, uint32_t population, uint32_t size,
                            uint32_t *out)
{
    assert(size <= population);
    if (size == 0) {
        return true;
    }
    if (population > 10000 && size > population / 50) {
        return choose_by_shuffle(random, population, size, out);
    }
    return choose_by_floyd(random, population, size, out);
}
