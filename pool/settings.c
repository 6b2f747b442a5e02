#include "pool/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/program.h>

static const struct pm_option table[] = {
    {.name = "host",
     .environment = "POOLMINER_POOL_HOST",
     .type = PM_OPTION_TEXT,
     .default_value = "127.0.0.1",
     .argument = "ADDRESS",
     .help = "address to listen on"},
    {.name = "port",
     .environment = "POOLMINER_POOL_PORT",
     .type = PM_OPTION_INTEGER,
     .default_value = "8434",
     .maximum = 65535,
     .argument = "PORT",
     .help = "port to listen on; 0: any free one"},
    {.name = "store",
     .environment = "POOLMINER_POOL_STORE",
     .type = PM_OPTION_TEXT,
     .argument = "FILE",
     .help = "database; $XDG_STATE_HOME/poolminer/pool.db when not given"},
    {.name = "epoch-s",
     .environment = "POOLMINER_POOL_EPOCH_S",
     .type = PM_OPTION_INTEGER,
     .default_value = "3600",
     .minimum = 1,
     .maximum = 31622400,
     .argument = "SECONDS",
     .help = "length of an epoch"},
    {.name = "quorum",
     .environment = "POOLMINER_POOL_QUORUM",
     .type = PM_OPTION_INTEGER,
     .default_value = "3",
     .minimum = 1,
     .maximum = PM_QUORUM_MAX,
     .argument = "N",
     .help = "evaluations, by different hotkeys, that make a consensus"},
    {.name = "tolerance",
     .environment = "POOLMINER_POOL_TOLERANCE",
     .type = PM_OPTION_NUMBER,
     .default_value = "0.10",
     .maximum = 1,
     .argument = "SHARE",
     .help = "how far from the median, as a share of it, an evaluation is accurate"},
    {.name = "evaluation-reward",
     .environment = "POOLMINER_POOL_EVALUATION_REWARD",
     .type = PM_OPTION_NUMBER,
     .default_value = "1.0",
     .maximum = 1e6,
     .argument = "POINTS",
     .help = "reputation for an accurate evaluation"},
    {.name = "reward-base",
     .environment = "POOLMINER_POOL_REWARD_BASE",
     .type = PM_OPTION_NUMBER,
     .default_value = "2.0",
     .maximum = 1e6,
     .argument = "POINTS",
     .help = "reputation for an evolution: this times the median"},
    {.name = "reward-threshold",
     .environment = "POOLMINER_POOL_REWARD_THRESHOLD",
     .type = PM_OPTION_NUMBER,
     .default_value = "0.7",
     .maximum = 1,
     .argument = "SCORE",
     .help = "median from which on an evolution is rewarded"},
    {.name = "budget-rao",
     .environment = "POOLMINER_POOL_BUDGET_RAO",
     .type = PM_OPTION_INTEGER,
     .default_value = "1000000000",
     .maximum = 1e15,
     .argument = "RAO",
     .help = "what an epoch divides"},
    {.name = "fee",
     .environment = "POOLMINER_POOL_FEE",
     .type = PM_OPTION_NUMBER,
     .default_value = "0.05",
     .maximum = 1,
     .argument = "SHARE",
     .help = "share of the budget the pool keeps"},
    {.name = "cap",
     .environment = "POOLMINER_POOL_CAP",
     .type = PM_OPTION_NUMBER,
     .default_value = "0.05",
     .maximum = 1,
     .argument = "SHARE",
     .help = "most of the budget that one miner gets; the excess goes to the others"},
    {.name = "task-timeout-s",
     .environment = "POOLMINER_POOL_TASK_TIMEOUT_S",
     .type = PM_OPTION_INTEGER,
     .default_value = "10800",
     .minimum = 1,
     .maximum = 31622400,
     .argument = "SECONDS",
     .help = "after which work is handed to another miner"},
    {.name = "minimum-withdrawal-rao",
     .environment = "POOLMINER_POOL_MINIMUM_WITHDRAWAL_RAO",
     .type = PM_OPTION_INTEGER,
     .default_value = "5000000",
     .minimum = 1,
     .maximum = 1e15,
     .argument = "RAO",
     .help = "least withdrawal"},
    {.name = "clock-tolerance-s",
     .environment = "POOLMINER_POOL_CLOCK_TOLERANCE_S",
     .type = PM_OPTION_INTEGER,
     .default_value = "300",
     .minimum = 1,
     .maximum = 86400,
     .argument = "SECONDS",
     .help = "how far a request's timestamp may be from this clock"},
    {.name = "evolve-budget",
     .environment = "POOLMINER_POOL_EVOLVE_BUDGET",
     .type = PM_OPTION_INTEGER,
     .default_value = "1",
     .maximum = PM_EVOLVE_BUDGET_MAX,
     .argument = "N",
     .help = "evolved algorithms that a lease may bring back"},
    {.name = "seeds-per-evolution",
     .environment = "POOLMINER_POOL_SEEDS_PER_EVOLUTION",
     .type = PM_OPTION_INTEGER,
     .default_value = "2",
     .minimum = 1,
     .maximum = PM_SEEDS_PER_EVOLUTION_MAX,
     .argument = "N",
     .help = "seeds handed out for one evolution"},
    {.name = "leases-per-window",
     .environment = "POOLMINER_POOL_LEASES_PER_WINDOW",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .maximum = 1e6,
     .argument = "N",
     .help = "leases a miner may have in one epoch; 0: any number"},
    {.name = "minimum-iterations",
     .environment = "POOLMINER_POOL_MINIMUM_ITERATIONS",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .maximum = 1e9,
     .argument = "N",
     .help = "least iterations of a lease submission"},
    {.name = "dataset-fingerprint",
     .environment = "POOLMINER_POOL_DATASET_FINGERPRINT",
     .type = PM_OPTION_TEXT,
     .argument = "HEX",
     .help = "shown in /health, for miners to compare with theirs"},
    {.name = "suite",
     .environment = "POOLMINER_POOL_SUITE",
     .type = PM_OPTION_TEXT,
     .argument = "NAME",
     .help = "shown in /health: the suite scores are on"},
    {.name = "monitor-token-file",
     .environment = "POOLMINER_POOL_MONITOR_TOKEN_FILE",
     .type = PM_OPTION_TEXT,
     .argument = "PATH",
     .help = "file whose first line is the token for /api/v1/monitor"},
    {.name = "ready-file",
     .environment = "POOLMINER_POOL_READY_FILE",
     .type = PM_OPTION_TEXT,
     .argument = "PATH",
     .help = "written as {\"port\":N,\"pid\":N} once the pool listens"},
    PM_PROGRAM_LOG_OPTIONS,
};

struct pm_options *pm_settings_create(void)
{
    return pm_options_create(table, sizeof table / sizeof *table);
}

static int64_t ppm(double share)
{
    return llround(share * PM_PPM);
}

bool pm_settings_rules(const struct pm_options *options, struct pm_pool_rules *out,
                       struct pm_error *error)
{
    *out = (struct pm_pool_rules){
        .epoch_ms = pm_options_integer(options, "epoch-s") * 1000,
        .quorum = (int)pm_options_integer(options, "quorum"),
        .tolerance = pm_options_number(options, "tolerance"),
        .evaluation_reward = pm_options_number(options, "evaluation-reward"),
        .reward_base = pm_options_number(options, "reward-base"),
        .reward_threshold = pm_options_number(options, "reward-threshold"),
        .payout = {.budget_rao = pm_options_integer(options, "budget-rao"),
                   .fee_ppm = ppm(pm_options_number(options, "fee")),
                   .cap_ppm = ppm(pm_options_number(options, "cap"))},
        .task_timeout_ms = pm_options_integer(options, "task-timeout-s") * 1000,
        .minimum_withdrawal_rao = pm_options_integer(options, "minimum-withdrawal-rao"),
        .clock_tolerance_s = pm_options_integer(options, "clock-tolerance-s"),
        .evolve_budget = (int)pm_options_integer(options, "evolve-budget"),
        .seeds_per_evolution = (int)pm_options_integer(options, "seeds-per-evolution"),
        .leases_per_window = (int)pm_options_integer(options, "leases-per-window"),
        .minimum_iterations = pm_options_integer(options, "minimum-iterations"),
    };
    return pm_pool_rules_check(out, error);
}

bool pm_settings_monitor_token(const struct pm_options *options, char **token,
                               struct pm_error *error)
{
    enum { TOKEN_FILE_MAX = 4096 };
    const char *path = pm_options_text(options, "monitor-token-file");
    size_t length;
    *token = NULL;
    if (path == NULL) {
        return true;
    }
    if (!pm_file_read(path, TOKEN_FILE_MAX, token, &length, error)) {
        return pm_fail_context(error, "--monitor-token-file");
    }
    (*token)[strcspn(*token, "\r\n")] = '\0';
    if (**token) {
        return true;
    }
    free(*token);
    *token = NULL;
    return pm_fail(error, PM_ERROR_INVALID, "--monitor-token-file %s: its first line is empty",
                   path);
}
