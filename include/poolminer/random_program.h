/* Random programs: material for tests, the self test and benchmarks. (Evolution makes its own,
 * mutator.h.) The same seed gives the same program on every machine. */
#ifndef POOLMINER_RANDOM_PROGRAM_H
#define POOLMINER_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/instruction.h>

struct pm_random_program {
    int input_dim;
    struct pm_algorithm_meta meta;
    int length[PM_PHASE_COUNT];
    /* false: every instruction can do something, constants are ordinary. true: whatever the
     * language can write, sensible or not; registers past their count, kinds that do not fit, any
     * constant from denormal to infinite. */
    bool wild;
    uint64_t seed;
};

/* A program of default memory with up to 30 instructions a phase, or, when `wild`, with any memory
 * and any lengths up to 60. */
struct pm_random_program pm_random_program_shape(int input_dim, bool wild, uint64_t seed);

/* The program, in normal form; NULL when memory is out. */
struct pm_algorithm *pm_random_program_create(const struct pm_random_program *shape);

#endif
