/* NumPy's default_rng, draw for draw: SeedSequence, PCG64 (XSL-RR), ziggurat normals, bounded
 * integers, permutation, choice without replacement. Formulas: docs/tasks.md, "The generator".
 *
 * A generator belongs to one thread. Every draw is the same bits on every machine: integer
 * arithmetic, IEEE doubles, and elementary functions with fixed results. */
#ifndef POOLMINER_NUMPY_RANDOM_H
#define POOLMINER_NUMPY_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 pm_uint128;

struct pm_numpy_random {
    pm_uint128 state, increment;
    uint32_t buffered; /* high half of the last 64-bit draw, used by the next 32-bit draw */
    bool has_buffered;
};

/* default_rng(seed). */
void pm_numpy_random_seed(struct pm_numpy_random *random, uint64_t seed);
uint64_t pm_numpy_random_u64(struct pm_numpy_random *random);
uint32_t pm_numpy_random_u32(struct pm_numpy_random *random);
/* random(): 53 bits in [0, 1). */
double pm_numpy_random_double(struct pm_numpy_random *random);
/* standard_normal(). */
double pm_numpy_random_normal(struct pm_numpy_random *random);
/* standard_normal(count). */
void pm_numpy_random_normals(struct pm_numpy_random *random, size_t count, double *out);
/* integers(low, high), high exclusive, 1 <= high - low <= 2^32 (Lemire). */
int64_t pm_numpy_random_integer(struct pm_numpy_random *random, int64_t low, int64_t high);
/* permutation(n) into out[n]. */
void pm_numpy_random_permutation(struct pm_numpy_random *random, uint32_t n, uint32_t *out);
/* choice(population, size, replace=False). `out` has `size` elements; size <= population. False
 * only when memory is out: a draw needs 1 or 4 bytes for each of the population, for its time. */
bool pm_numpy_random_choice(struct pm_numpy_random *random, uint32_t population, uint32_t size,
                            uint32_t *out);

#endif
