/* The pool's rules as figures; every one is an option of poolminer-pool. */
#ifndef POOL_RULES_H
#define POOL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
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
};

/* The defaults of docs/pool.md. */
struct pm_pool_rules pm_pool_rules_default(void);

/* False, naming the option, when a figure is out of its range. */
bool pm_pool_rules_check(const struct pm_pool_rules *rules, struct pm_error *error);

#endif
