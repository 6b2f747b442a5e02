/* Random numbers of the instructions GAUSSIAN and UNIFORM: Philox4x32-10 (Salmon, Moraes, Dror and
 * Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), a bijection of a counter under a
 * key. A draw is a function of who asks for it, not of what was drawn before. */
#ifndef POOLMINER_PHILOX_H
#define POOLMINER_PHILOX_H

#include <stdint.h>

struct pm_philox_key {
    uint32_t words[2];
};

struct pm_philox_counter {
    uint32_t words[4];
};

struct pm_philox_block {
    uint32_t words[4];
};

/* The low half of `key` is the first word. */
struct pm_philox_key pm_philox_key(uint64_t key);

struct pm_philox_block pm_philox(struct pm_philox_counter counter, struct pm_philox_key key);

/* One number in [0, 1) from each word: its upper 24 bits times 2^-24. */
void pm_philox_uniform(struct pm_philox_block block, float out[4]);

/* Four standard normals by Box and Muller's method, two from each pair of words:
 *   u = ((float)w0 + 0.5) 2^-32, r = sqrt(-2 log u), t = 2 pi (w1 >> 8) 2^-24: r cos t, r sin t
 * in float32, one rounding per operation. */
void pm_philox_normal(struct pm_philox_block block, float out[4]);

#endif
