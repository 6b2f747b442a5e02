/* Consensus and rewards: the pool's arithmetic on scores. Rules: docs/pool.md. Scores are finite.
 */
#ifndef POOLMINER_CONSENSUS_H
#define POOLMINER_CONSENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Median of `count` > 0 scores (not changed); mean of the two middle ones for an even count.
 * Takes time in the square of `count`, which is a quorum, and no memory. */
double pm_consensus_median(const double *scores, size_t count);

/* abs(score - median) <= tolerance * abs(median). */
bool pm_consensus_accurate(double score, double median, double tolerance);

/* base * median if median >= threshold, else 0. */
double pm_evolution_reward(double median, double base, double threshold);

/* Reputation points as whole micro-points, the nearest (halves away from 0): 1.7 -> 1,700,000. What
 * does not fit saturates; not a number is 0. */
int64_t pm_reputation_micro(double points);

#endif
