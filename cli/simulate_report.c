#include "cli/simulate.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    CROWD_MAX = 2000, /* miners in a search for how many colluders it takes, */
    LOOKS = 7,        /* which halves the interval so often: to a hundredth */
    OTHERS = 8,       /* other caps and fees */
};

static const double SHARE_MAX = 0.95; /* of colluders: somebody else has to be there */

/* ---- how many colluders it takes ---- */

enum breach { WIN_HALF, EARN_MORE, BREACHES };

struct breaking {
    int quorum;
    size_t miners;
    double share[BREACHES]; /* the least; NaN: none is enough */
};

static bool is_broken(const struct simulation_config *config, enum breach breach, bool *out,
                      struct pm_error *error)
{
    struct simulation_result result;
    bool good = simulation_run(config, &result, error);
    /* A comparison with NaN is false. */
    *out = breach == WIN_HALF ? simulation_captured(&result) >= 0.5
                              : simulation_to_honest(&result, SIMULATION_COLLUDER) >= 1;
    simulation_clear(&result);
    return good;
}

/* Colluders beside honest miners only. */
static bool find_share(const struct simulation_config *of, int quorum, enum breach breach,
                       double *out, struct pm_error *error)
{
    struct simulation_config config = *of;
    double low = 0, high = SHARE_MAX;
    bool broken;
    config.quorum = quorum;
    config.miners = config.miners < CROWD_MAX ? config.miners : CROWD_MAX;
    memset(config.shares, 0, sizeof config.shares);
    config.shares[SIMULATION_COLLUDER] = high;
    *out = NAN;
    if (!is_broken(&config, breach, &broken, error)) {
        return false;
    }
    if (!broken) {
        return true;
    }
    for (int i = 0; i < LOOKS; i++) {
        config.shares[SIMULATION_COLLUDER] = (low + high) / 2;
        if (!is_broken(&config, breach, &broken, error)) {
            return false;
        }
        *(broken ? &high : &low) = (low + high) / 2;
    }
    *out = high;
    return true;
}

static bool find_breaking(const struct simulation_config *config, int quorum, struct breaking *out,
                          struct pm_error *error)
{
    out->quorum = quorum;
    for (int breach = 0; breach < BREACHES; breach++) {
        if (!find_share(config, quorum, (enum breach)breach, &out->share[breach], error)) {
            return false;
        }
    }
    return true;
}

/* ---- other caps and fees ---- */

static void add_payout(const struct pm_payout_rules *rules, struct pm_payout_rules *out,
                       size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        if (out[i].cap_ppm == rules->cap_ppm && out[i].fee_ppm == rules->fee_ppm) {
            return;
        }
    }
    out[(*count)++] = *rules;
}

/* The pool's own, then others that differ in one of the two. Returns how many. */
static size_t fill_payouts(const struct pm_payout_rules *own,
                           struct pm_payout_rules out[1 + OTHERS])
{
    static const int64_t caps[OTHERS / 2] = {2500, 10000, 50000, 1000000},
                                       fees[OTHERS / 2] = {0, 50000, 100000, 200000};
    size_t count = 0;
    add_payout(own, out, &count);
    for (int i = 0; i < OTHERS / 2; i++) {
        struct pm_payout_rules other = *own;
        other.cap_ppm = caps[i];
        add_payout(&other, out, &count);
    }
    for (int i = 0; i < OTHERS / 2; i++) {
        struct pm_payout_rules other = *own;
        other.fee_ppm = fees[i];
        add_payout(&other, out, &count);
    }
    return count;
}

/* ---- as JSON ---- */

static void print_number(const char *before, const char *name, double value)
{
    if (isfinite(value)) {
        printf("%s\"%s\":%.6g", before, name, value);
    } else {
        printf("%s\"%s\":null", before, name);
    }
}

static void print_group(const struct simulation_result *result, enum simulation_strategy strategy)
{
    const struct simulation_group *group = &result->groups[strategy];
    printf("%s{\"strategy\":\"%s\",\"miners\":%zu,\"leases\":%" PRId64 ",\"evaluations\":%" PRId64
           ",\"accurate\":%" PRId64 ",\"evolutions\":%" PRId64 ",\"over_threshold\":%" PRId64
           ",\"reputation\":%.6f,\"paid_rao\":%" PRId64,
           strategy > 0 ? "," : "", simulation_strategy_name(strategy), group->miners,
           group->leases, group->evaluations, group->accurate, group->evolutions,
           group->over_threshold, (double)group->reputation / PM_REPUTATION_UNIT, group->paid_rao);
    print_number(",", "to_honest", simulation_to_honest(result, strategy));
    printf("}");
}

static void print_json(const struct simulation_config *config,
                       const struct simulation_result *result,
                       const struct breaking breaking[SIMULATE_QUORUMS])
{
    const struct simulation_division *own = &result->divisions[0];
    printf("{\"miners\":%zu,\"epochs\":%" PRId64 ",\"seed\":%" PRIu64 ",\"quorum\":%d,"
           "\"strategies\":[",
           config->miners, config->epochs, config->seed, config->quorum);
    for (int i = 0; i < SIMULATION_STRATEGIES; i++) {
        print_group(result, (enum simulation_strategy)i);
    }
    printf("],\"budget_rao\":%" PRId64 ",\"paid_rao\":%" PRId64 ",\"pool_rao\":%" PRId64,
           own->budget_rao, own->paid_rao, own->pool_rao);
    print_number(",", "gini", own->gini);
    print_number(",", "captured", simulation_captured(result));
    print_number(",", "best_quality", result->best_quality);
    printf(",\"quorums\":[");
    for (int i = 0; i < SIMULATE_QUORUMS; i++) {
        printf("%s{\"quorum\":%d,\"majority\":%d", i > 0 ? "," : "", breaking[i].quorum,
               breaking[i].quorum / 2 + 1);
        print_number(",", "share_that_wins_half", breaking[i].share[WIN_HALF]);
        print_number(",", "share_that_earns_more", breaking[i].share[EARN_MORE]);
        printf("}");
    }
    printf("],\"payouts\":[");
    for (size_t i = 0; i < config->payout_count; i++) {
        const struct simulation_division *division = &result->divisions[i];
        printf("%s{", i > 0 ? "," : "");
        print_number("", "cap", simulation_share(config->payouts[i].cap_ppm, PM_PPM));
        print_number(",", "fee", simulation_share(config->payouts[i].fee_ppm, PM_PPM));
        print_number(",", "gini", division->gini);
        print_number(",", "largest_share",
                     simulation_share(division->largest_rao, division->paid_rao));
        print_number(",", "pool_share", simulation_share(division->pool_rao, division->budget_rao));
        printf("}");
    }
    puts("]}");
}

/* ---- as text ---- */

/* A figure of this width and so many digits, with what stands behind it; "-" when there is none. */
static void print_figure(int width, int digits, double value, const char *unit)
{
    if (isfinite(value)) {
        printf(" %*.*f%s", width - (int)strlen(unit), digits, value, unit);
    } else {
        printf(" %*s", width, "-");
    }
}

static void print_strategies(const struct simulation_result *result)
{
    printf("%-9s %7s %9s %11s %9s %10s %14s %14s %9s\n", "strategy", "miners", "leases",
           "evaluations", "accurate", "evolutions", "over threshold", "RAO a miner", "to honest");
    for (int i = 0; i < SIMULATION_STRATEGIES; i++) {
        const struct simulation_group *group = &result->groups[i];
        if (group->miners == 0) {
            continue;
        }
        printf("%-9s %7zu %9" PRId64 " %11" PRId64,
               simulation_strategy_name((enum simulation_strategy)i), group->miners, group->leases,
               group->evaluations);
        print_figure(9, 1, 100 * simulation_share(group->accurate, group->evaluations), "%");
        printf(" %10" PRId64, group->evolutions);
        print_figure(14, 1, 100 * simulation_share(group->over_threshold, group->evolutions), "%");
        printf(" %14.0f", (double)group->paid_rao / (double)group->miners);
        print_figure(9, 2, simulation_to_honest(result, (enum simulation_strategy)i), "");
        putchar('\n');
    }
}

static void print_breaking(const struct breaking breaking[SIMULATE_QUORUMS])
{
    printf("Share of colluders, beside honest miners, from which on they (-: never)\n"
           "%-7s %8s %25s %25s\n",
           "quorum", "majority", "win half their evolutions", "earn more than honest");
    for (int i = 0; i < SIMULATE_QUORUMS; i++) {
        printf("%-7d %8d", breaking[i].quorum, breaking[i].quorum / 2 + 1);
        print_figure(25, 0, 100 * breaking[i].share[WIN_HALF], "%");
        print_figure(25, 0, 100 * breaking[i].share[EARN_MORE], "%");
        putchar('\n');
    }
}

static void print_payouts(const struct simulation_config *config,
                          const struct simulation_result *result)
{
    printf("%9s %9s %8s %14s %12s\n", "cap", "fee", "Gini", "largest miner", "pool keeps");
    for (size_t i = 0; i < config->payout_count; i++) {
        const struct simulation_division *division = &result->divisions[i];
        print_figure(8, 2, 100 * simulation_share(config->payouts[i].cap_ppm, PM_PPM), "%");
        print_figure(9, 1, 100 * simulation_share(config->payouts[i].fee_ppm, PM_PPM), "%");
        print_figure(8, 3, division->gini, "");
        print_figure(14, 2, 100 * simulation_share(division->largest_rao, division->paid_rao), "%");
        print_figure(12, 1, 100 * simulation_share(division->pool_rao, division->budget_rao), "%");
        putchar('\n');
    }
}

static void print_text(const struct simulation_config *config,
                       const struct simulation_result *result,
                       const struct breaking breaking[SIMULATE_QUORUMS])
{
    const struct simulation_division *own = &result->divisions[0];
    print_strategies(result);
    printf("\nGini coefficient of what miners got %.3f; of the budget the pool kept %.1f %%; the "
           "best algorithm\nscores %.3f, truly",
           own->gini, 100 * simulation_share(own->pool_rao, own->budget_rao), result->best_quality);
    if (isfinite(simulation_captured(result))) {
        printf("; colluders had their way with %.1f %% of their evolutions",
               100 * simulation_captured(result));
    }
    puts(".\n");
    print_breaking(breaking);
    putchar('\n');
    print_payouts(config, result);
}

bool simulate_report(const struct simulation_config *config, bool json, struct pm_error *error)
{
    struct pm_payout_rules payouts[1 + OTHERS];
    struct simulation_config compared = *config;
    struct simulation_result result;
    struct breaking breaking[SIMULATE_QUORUMS];
    compared.payouts = payouts;
    compared.payout_count = fill_payouts(config->payouts, payouts);
    bool good = simulation_run(&compared, &result, error);
    for (int i = 0; good && i < SIMULATE_QUORUMS; i++) {
        good = find_breaking(config, simulate_quorums[i], &breaking[i], error);
    }
    if (good && json) {
        print_json(&compared, &result, breaking);
    } else if (good) {
        print_text(&compared, &result, breaking);
    }
    simulation_clear(&result);
    return good;
}
