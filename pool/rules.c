#include "pool/rules.h"

struct pm_pool_rules pm_pool_rules_default(void)
{
    return (struct pm_pool_rules){
        .epoch_ms = 3600000,
        .quorum = 3,
        .tolerance = 0.10,
        .evaluation_reward = 1.0,
        .reward_base = 2.0,
        .reward_threshold = 0.7,
        .payout = {.budget_rao = 1000000000, .fee_ppm = 50000, .cap_ppm = 50000},
        .task_timeout_ms = 10800000,
        .minimum_withdrawal_rao = 5000000,
        .clock_tolerance_s = 300,
        .evolve_budget = 1,
        .seeds_per_evolution = 2,
        .leases_per_window = 0,
        .minimum_iterations = 0,
    };
}

static bool within(double value, double low, double high, const char *option,
                   struct pm_error *error)
{
    if (value >= low && value <= high) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID, "--%s: %g is not from %g to %g", option, value, low,
                   high);
}

bool pm_pool_rules_check(const struct pm_pool_rules *rules, struct pm_error *error)
{
    static const double year_s = 366.0 * 86400, rao_max = 1e15, points_max = 1e6;
    const struct pm_payout_rules *payout = &rules->payout;
    return within((double)rules->epoch_ms / 1000, 1, year_s, "epoch-s", error) &&
           within(rules->quorum, 1, PM_QUORUM_MAX, "quorum", error) &&
           within(rules->tolerance, 0, 1, "tolerance", error) &&
           within(rules->evaluation_reward, 0, points_max, "evaluation-reward", error) &&
           within(rules->reward_base, 0, points_max, "reward-base", error) &&
           within(rules->reward_threshold, 0, 1, "reward-threshold", error) &&
           within((double)payout->budget_rao, 0, rao_max, "budget-rao", error) &&
           within((double)payout->fee_ppm / PM_PPM, 0, 1, "fee", error) &&
           within((double)payout->cap_ppm / PM_PPM, 0, 1, "cap", error) &&
           within((double)rules->task_timeout_ms / 1000, 1, year_s, "task-timeout-s", error) &&
           within((double)rules->minimum_withdrawal_rao, 1, rao_max, "minimum-withdrawal-rao",
                  error) &&
           within((double)rules->clock_tolerance_s, 1, 86400, "clock-tolerance-s", error) &&
           within(rules->evolve_budget, 0, PM_EVOLVE_BUDGET_MAX, "evolve-budget", error) &&
           within(rules->seeds_per_evolution, 1, PM_SEEDS_PER_EVOLUTION_MAX, "seeds-per-evolution",
                  error) &&
           within(rules->leases_per_window, 0, 1e6, "leases-per-window", error) &&
           within((double)rules->minimum_iterations, 0, 1e9, "minimum-iterations", error);
}
