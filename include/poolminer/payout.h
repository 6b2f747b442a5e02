/* Payouts: dividing an epoch's budget. Whole RAO, 1 TAO = 1e9 RAO; reputation in micro-points so
 * that sums are exact (1.0 reputation = 1,000,000). Rules: docs/pool.md. */
#ifndef POOLMINER_PAYOUT_H
#define POOLMINER_PAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_REPUTATION_UNIT = 1000000 };

struct pm_payout_rules {
    int64_t budget_rao;
    int64_t fee_ppm; /* 50,000 = 5 % */
    int64_t cap_ppm; /* of the budget, per miner; 1,000,000 = no cap */
};

/* paid_rao[i] for reputation[i] micro-points; *pool_rao is what the pool keeps (fee, remainder,
 * what the caps leave undistributed). sum(paid) + *pool_rao == budget, always. An excess over the
 * cap goes to the others in proportion, again capped. Nobody with reputation: all to the pool. */
bool pm_payout_divide(const struct pm_payout_rules *rules, const int64_t *reputation, size_t count,
                      int64_t *paid_rao, int64_t *pool_rao, struct pm_error *error);

#endif
