/* The default figures of a pool's rules, in the form that tables of options want. Used by the
 * options of the pool and of the simulation, and by forecasts. The rules: docs/pool.md. */
#ifndef POOLMINER_POOL_RULES_H
#define POOLMINER_POOL_RULES_H

#include <stdint.h>

#define PM_POOL_EPOCH_S "3600"
#define PM_POOL_QUORUM "3"
#define PM_POOL_TOLERANCE "0.10"
#define PM_POOL_EVALUATION_REWARD "1.0"
#define PM_POOL_REWARD_BASE "2.0"
/* The most reputation that a pool may give for one piece of work; the sum of billions of them still
 * fits into 64 bits. */
#define PM_POOL_REWARD_MAX 1000
#define PM_POOL_REWARD_THRESHOLD "0.7"
#define PM_POOL_BUDGET_RAO "1000000000"
/* The most that a pool may pay out for each second of an epoch, which is 24 times what the whole
 * network emits. The sum over a hundred years still fits into 64 bits. */
#define PM_POOL_BUDGET_RAO_PER_S_MAX INT64_C(2000000000)
#define PM_POOL_FEE "0.05"
#define PM_POOL_CAP "0.05"
#define PM_POOL_SEEDS_PER_EVOLUTION "2"
#define PM_POOL_MINIMUM_WITHDRAWAL_RAO "5000000"

#endif
