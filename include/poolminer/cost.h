/* What a program costs to run: counted from its text, without running it. */
#ifndef POOLMINER_COST_H
#define POOLMINER_COST_H

#include <stdint.h>

#include <poolminer/algorithm.h>

/* Multiply-adds of one pass through each phase. An element of an addition, a comparison or a copy
 * counts as one, a product of matrices as vector_dim^3, an element of an elementary function
 * as 16 and a random number as 32: what these take beside a multiply-add, roughly. Instructions
 * that can do nothing cost nothing. The limits of the language keep a phase within 2^30. */
struct pm_cost {
    int64_t phase[PM_PHASE_COUNT];
};

struct pm_cost pm_algorithm_cost(const struct pm_algorithm *algorithm);

/* One instruction's part in that, of a program with this memory. */
int64_t pm_instruction_cost(const struct pm_instruction *instruction,
                            const struct pm_algorithm_meta *meta);

/* Of one training example: predict and learn. */
int64_t pm_cost_example(const struct pm_cost *cost);

/* Of one example, predict and learn, with setup (which runs once a task) counted in full. */
int64_t pm_cost_total(const struct pm_cost *cost);

#endif
