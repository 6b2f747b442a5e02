/* The arithmetic of docs/pool.md as it is written there, for the model: nothing of economics/ is in
 * it, and it goes about it in another way. */
#ifndef TESTS_POOL_MODEL_RECKONING_H
#define TESTS_POOL_MODEL_RECKONING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/payout.h>

/* Sorts the scores. */
double reckon_median(double *scores, size_t count);
bool reckon_accurate(double score, double median, double tolerance);
/* Points to millionths of them. */
int64_t reckon_micro(double points);

/* Round by round: who is over the cap gets the cap, and what is left is divided anew among the
 * others. Returns what the pool keeps. */
enum { RECKON_MINERS_MAX = 64 };
int64_t reckon_division(const struct pm_payout_rules *rules, const int64_t *reputation,
                        size_t count, int64_t *paid);

#endif
