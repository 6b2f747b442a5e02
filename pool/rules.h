/* The pool's rules as figures; every one is an option of poolminer-pool, and the table of options
 * (settings.c) has their defaults and bounds. */
#ifndef POOL_RULES_H
#define POOL_RULES_H

#include <stdint.h>

#include <poolminer/payout.h>

enum {
    PM_QUORUM_MAX = 99,
    PM_EVOLVE_BUDGET_MAX = 8,
    PM_SEEDS_PER_EVOLUTION_MAX = 16,
    PM_BATCH_MAX = 64, /* algorithms of one kind in one lease */
};

struct pm_pool_rules {
    int64_t epoch_ms;
    int quorum;               /* distinct judges that make a consensus */
    double tolerance;         /* accurate: within this share of the median */
    double evaluation_reward; /* reputation for an accurate evaluation */
    double reward_base;       /* reputation for an evolution: base x median ... */
    double reward_threshold;  /* ... from this median on */
    struct pm_payout_rules payout;
    int64_t task_timeout_ms; /* then the work goes to others */
    int64_t minimum_withdrawal_rao;
    int64_t clock_tolerance_s;
    int evolve_budget; /* evolved algorithms a lease may bring back */
    int seeds_per_evolution;
    int leases_per_window;      /* of one miner; 0: any number */
    int64_t minimum_iterations; /* of a lease submission */
    int64_t cost_max;           /* of an evolved algorithm, see <poolminer/cost.h> */
};

#endif
