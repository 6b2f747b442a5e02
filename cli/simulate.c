/* poolminer simulate: the pool's rules in virtual time, and what they make of miners that are not
 * honest. */
#include "cli/simulate.h"

#include "cli/verb.h"

#include <math.h>
#include <string.h>

#include <poolminer/pool_rules.h>
#include <poolminer/stop.h>

const int simulate_quorums[SIMULATE_QUORUMS] = {3, 5, 7};

static int64_t ppm(double share)
{
    return llround(share * PM_PPM);
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    const struct pm_payout_rules payout = {
        .budget_rao = pm_options_integer(options, "budget-rao"),
        .fee_ppm = ppm(pm_options_number(options, "fee")),
        .cap_ppm = ppm(pm_options_number(options, "cap")),
    };
    const struct simulation_config config = {
        .quorum = (int)pm_options_integer(options, "quorum"),
        .tolerance = pm_options_number(options, "tolerance"),
        .evaluation_reward = pm_options_number(options, "evaluation-reward"),
        .reward_base = pm_options_number(options, "reward-base"),
        .reward_threshold = pm_options_number(options, "reward-threshold"),
        .seeds_per_evolution = (int)pm_options_integer(options, "seeds-per-evolution"),
        .epoch_s = pm_options_integer(options, "epoch-s"),
        .payouts = &payout,
        .payout_count = 1,
        .miners = (size_t)pm_options_integer(options, "miners"),
        .shares = {[SIMULATION_LIAR] = pm_options_number(options, "liars"),
                   [SIMULATION_LAZY] = pm_options_number(options, "lazy"),
                   [SIMULATION_COLLUDER] = pm_options_number(options, "colluders"),
                   [SIMULATION_SELECTIVE] = pm_options_number(options, "selective")},
        .haste = pm_options_number(options, "haste"),
        .noise = pm_options_number(options, "noise"),
        .lease_s = pm_options_integer(options, "lease-s"),
        .epochs = pm_options_integer(options, "epochs"),
        .seed = (uint64_t)pm_options_integer(options, "seed"),
    };
    const char *sweep = pm_options_text(options, "sweep"), *plot = pm_options_text(options, "plot");
    const bool json = pm_options_flag(options, "json");
    pm_stop_install();
    if (plot != NULL && sweep == NULL) {
        pm_fail(&error, PM_ERROR_INVALID, "simulate: --plot draws a --sweep; name one");
        verb_fail(&error);
        return EXIT_USAGE;
    }
    const bool done = sweep != NULL ? simulate_sweep(&config, sweep, plot, json, &error)
                                    : simulate_report(&config, json, &error);
    return done ? EXIT_DONE : verb_fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "miners",
     .type = PM_OPTION_INTEGER,
     .default_value = "1000",
     .minimum = 1,
     .maximum = SIMULATION_MINERS_MAX,
     .argument = "N",
     .help = "How many there are."},
    {.name = "liars",
     .type = PM_OPTION_NUMBER,
     .default_value = "0",
     .maximum = 1,
     .argument = "SHARE",
     .help = "Of the miners: they compute, and report a score at random."},
    {.name = "lazy",
     .type = PM_OPTION_NUMBER,
     .default_value = "0",
     .maximum = 1,
     .argument = "SHARE",
     .help = "Of the miners: they compute nothing, report the usual score and submit random "
             "changes."},
    {.name = "colluders",
     .type = PM_OPTION_NUMBER,
     .default_value = "0",
     .maximum = 1,
     .argument = "SHARE",
     .help = "Of the miners: they report 1 for each other's random changes, and the truth for the "
             "rest."},
    {.name = "selective",
     .type = PM_OPTION_NUMBER,
     .default_value = "0",
     .maximum = 1,
     .argument = "SHARE",
     .help = "Of the miners: they collude, too, but leave out whatever is not a friend's."},
    {.name = "epochs",
     .type = PM_OPTION_INTEGER,
     .default_value = "4",
     .minimum = 1,
     .maximum = 1000,
     .argument = "N",
     .help = "How long."},
    {.name = "seed",
     .type = PM_OPTION_INTEGER,
     .default_value = "1",
     .maximum = 9007199254740991,
     .argument = "N",
     .help = "Of the random numbers: same seed, same result."},
    {.name = "json", .type = PM_OPTION_FLAG, .help = "One line of JSON; of a sweep, one a point."},
    {.name = "sweep",
     .type = PM_OPTION_TEXT,
     .choices = "liars|lazy|colluders|capture|selective|cap|fee",
     .argument = "FIGURE",
     .help = "Simulate many times along one figure: income beside honest miners' over the share of "
             "liars, lazy miners or colluders of either kind; how many of their evolutions "
             "colluders win; what cap and fee do."},
    {.name = "plot",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "FILE",
     .help = "Draws the sweep into an SVG file."},
    {.name = "haste",
     .type = PM_OPTION_NUMBER,
     .default_value = "1",
     .minimum = 1,
     .maximum = 1000,
     .argument = "TIMES",
     .help = "So many leases do lazy and selective miners do in the time of an honest one."},
    {.name = "noise",
     .type = PM_OPTION_NUMBER,
     .default_value = "0",
     .maximum = 1,
     .argument = "SHARE",
     .help = "Honest scores are off by at most this share of the true one."},
    {.name = "lease-s",
     .type = PM_OPTION_INTEGER,
     .default_value = "900",
     .minimum = 1,
     .maximum = 86400,
     .argument = "SECONDS",
     .help = "What a lease takes the slowest miners; half of all are more than 1.4 times as fast."},
    {.name = "epoch-s",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_EPOCH_S,
     .minimum = 1,
     .maximum = 31622400,
     .argument = "SECONDS",
     .help = "Length of an epoch."},
    {.name = "quorum",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_QUORUM,
     .minimum = 1,
     .maximum = SIMULATION_QUORUM_MAX,
     .argument = "N",
     .help = "Evaluations, by different miners, that make a consensus."},
    {.name = "tolerance",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_TOLERANCE,
     .maximum = 1,
     .argument = "SHARE",
     .help = "How far from the median, as a share of it, an evaluation is accurate."},
    {.name = "evaluation-reward",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_EVALUATION_REWARD,
     .maximum = PM_POOL_REWARD_MAX,
     .argument = "POINTS",
     .help = "Reputation for an accurate evaluation."},
    {.name = "reward-base",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_REWARD_BASE,
     .maximum = PM_POOL_REWARD_MAX,
     .argument = "POINTS",
     .help = "Reputation for an evolution: this times the median."},
    {.name = "reward-threshold",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_REWARD_THRESHOLD,
     .maximum = 1,
     .argument = "SCORE",
     .help = "Median from which on an evolution is rewarded."},
    {.name = "seeds-per-evolution",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_SEEDS_PER_EVOLUTION,
     .minimum = 1,
     .maximum = SIMULATION_SEEDS_MAX,
     .argument = "N",
     .help = "Seeds handed out for one evolution."},
    {.name = "budget-rao",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_BUDGET_RAO,
     .maximum = 1e15,
     .argument = "RAO",
     .help = "What an epoch divides."},
    {.name = "fee",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_FEE,
     .maximum = 1,
     .argument = "SHARE",
     .help = "Share of the budget the pool keeps."},
    {.name = "cap",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_CAP,
     .maximum = 1,
     .argument = "SHARE",
     .help = "Most of the budget that one miner gets; the excess goes to the others."},
};

const struct verb verb_simulate = {
    .name = "simulate",
    .summary = "What a pool's rules make of lying, lazy and colluding miners.",
    .usage = "poolminer simulate [--miners N] [--liars SHARE] [--lazy SHARE] [--colluders SHARE] "
             "[OPTION]...",
    .purpose = "Runs a pool's own rules over virtual time, with up to 100,000 miners, and shows "
               "what each kind of\nminer earns beside honest ones, how unequal payouts are, how "
               "many colluders break a quorum of 3, 5\nand 7, and what other caps and fees would "
               "have made of it.",
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
