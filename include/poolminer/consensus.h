/* Consensus and rewards: the pool's arithmetic on scores. Rules: docs/pool.md. */
#ifndef POOLMINER_CONSENSUS_H
#define POOLMINER_CONSENSUS_H

#include <stdbool.h>
#include <stddef.h>

/* Median of `count` > 0 scores (not changed); mean of the two middle ones for an even count. */
double pm_consensus_median(const double *scores, size_t count);

/* abs(score - median) <= tolerance * abs(median). */
bool pm_consensus_accurate(double score, double median, double tolerance);

/* base * median if median >= threshold, else 0. */
double pm_evolution_reward(double median, double base, double threshold);

#endif
