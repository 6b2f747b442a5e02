/* The random numbers of the search: xoshiro256** (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2021), seeded through SplitMix64. Same bits on every machine: no
 * function of the C library's mathematics is used.
 *
 * (NumPy's generator, which builds tasks, is numpy_random.h; that of the random instructions
 * belongs to the executor.) */
#ifndef POOLMINER_RANDOM_H
#define POOLMINER_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct pm_random {
    uint64_t state[4];
};

/* The stream (`seed`, `stream`, `index`): any two that differ in one of the three are independent
 * for all practical purposes, so that a candidate's draws depend on who it is and not on when, or
 * on which thread, it is made. */
void pm_random_seed(struct pm_random *random, uint64_t seed, uint64_t stream, uint64_t index);

uint64_t pm_random_u64(struct pm_random *random);

/* Uniform in 0..bound-1, without bias; bound > 0. */
uint32_t pm_random_below(struct pm_random *random, uint32_t bound);

/* Uniform in [0, 1), 53 bits. */
double pm_random_unit(struct pm_random *random);

/* True with this probability. */
bool pm_random_chance(struct pm_random *random, double probability);

#endif
