/* Payouts: dividing an epoch's budget. Whole RAO, 1 TAO = 1e9 RAO; reputation in micro-points so
 * that sums are exact (1.0 reputation = 1,000,000). Rules: docs/pool.md. */
#ifndef POOLMINER_PAYOUT_H
#define POOLMINER_PAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_REPUTATION_UNIT = 1000000, PM_PPM = 1000000, PM_RAO_PER_TAO = 1000000000 };

struct pm_payout_rules {
    int64_t budget_rao; /* >= 0 */
    int64_t fee_ppm;    /* 50,000 = 5 %; 0..1,000,000 */
    int64_t cap_ppm;    /* of the budget, per miner; 1,000,000 = no cap; 0..1,000,000 */
};

/* Budget less fee, rounded down: what an epoch pays out at most. */
int64_t pm_payout_distributable(const struct pm_payout_rules *rules);

/* The most one miner gets in an epoch, rounded down. */
int64_t pm_payout_cap(const struct pm_payout_rules *rules);

/* paid_rao[i] for reputation[i] micro-points; *pool_rao is what the pool keeps (fee, remainder,
 * what the caps leave undistributed). sum(paid) + *pool_rao == budget, always. An excess over the
 * cap goes to the others in proportion, again capped. Nobody with reputation: all to the pool.
 *
 * PM_ERROR_INVALID: a rule out of its range or a negative reputation. PM_ERROR_LIMIT: the
 * reputations add up to more than 2^63-1. PM_ERROR_MEMORY. On error nothing is written. */
bool pm_payout_divide(const struct pm_payout_rules *rules, const int64_t *reputation, size_t count,
                      int64_t *paid_rao, int64_t *pool_rao, struct pm_error *error);

/* What `reputation` of `total` micro-points would get before anybody's excess is shared out:
 * proportional, capped, rounded down. A miner is never paid less than this. 0 when total is 0. */
int64_t pm_payout_estimate(const struct pm_payout_rules *rules, int64_t reputation, int64_t total);

#endif
