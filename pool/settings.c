#include "pool/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/pool_rules.h>
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
     .is_path = true,
     .argument = "FILE|URL",
     .help =
         "database: a file, or postgresql://...; $XDG_STATE_HOME/poolminer/pool.db when not given"},
    {.name = "epoch-s",
     .environment = "POOLMINER_POOL_EPOCH_S",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_EPOCH_S,
     .minimum = 1,
     .maximum = 31622400,
     .argument = "SECONDS",
     .help = "length of an epoch"},
    {.name = "quorum",
     .environment = "POOLMINER_POOL_QUORUM",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_QUORUM,
     .minimum = 1,
     .maximum = PM_QUORUM_MAX,
     .argument = "N",
     .help = "evaluations, by different hotkeys, that make a consensus"},
    {.name = "tolerance",
     .environment = "POOLMINER_POOL_TOLERANCE",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_TOLERANCE,
     .maximum = 1,
     .argument = "SHARE",
     .help = "how far from the median, as a share of it, an evaluation is accurate"},
    {.name = "evaluation-reward",
     .environment = "POOLMINER_POOL_EVALUATION_REWARD",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_EVALUATION_REWARD,
     .maximum = PM_POOL_REWARD_MAX,
     .argument = "POINTS",
     .help = "reputation for an accurate evaluation"},
    {.name = "reward-base",
     .environment = "POOLMINER_POOL_REWARD_BASE",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_REWARD_BASE,
     .maximum = PM_POOL_REWARD_MAX,
     .argument = "POINTS",
     .help = "reputation for an evolution: this times the median"},
    {.name = "reward-threshold",
     .environment = "POOLMINER_POOL_REWARD_THRESHOLD",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_REWARD_THRESHOLD,
     .maximum = 1,
     .argument = "SCORE",
     .help = "median from which on an evolution is rewarded"},
    {.name = "budget-rao",
     .environment = "POOLMINER_POOL_BUDGET_RAO",
     .type = PM_OPTION_INTEGER,
     .default_value = PM_POOL_BUDGET_RAO,
     .maximum = 1e15,
     .argument = "RAO",
     .help = "what an epoch divides; at most 2e9 for each of its seconds"},
    {.name = "fee",
     .environment = "POOLMINER_POOL_FEE",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_FEE,
     .maximum = 1,
     .argument = "SHARE",
     .help = "share of the budget the pool keeps"},
    {.name = "cap",
     .environment = "POOLMINER_POOL_CAP",
     .type = PM_OPTION_NUMBER,
     .default_value = PM_POOL_CAP,
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
     .default_value = PM_POOL_MINIMUM_WITHDRAWAL_RAO,
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
     .default_value = PM_POOL_SEEDS_PER_EVOLUTION,
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
    {.name = "cost-max",
     .environment = "POOLMINER_POOL_COST_MAX",
     .type = PM_OPTION_INTEGER,
     .default_value = "1000000",
     .minimum = 1,
     .maximum = 1e10,
     .argument = "N",
     .help = "most multiply-adds that one example may cost in an evolved algorithm"},
    {.name = "requests-per-minute",
     .environment = "POOLMINER_POOL_REQUESTS_PER_MINUTE",
     .type = PM_OPTION_INTEGER,
     .default_value = "600",
     .maximum = 1e6,
     .argument = "N",
     .help = "calls that one key may make in a minute; 0: any number"},
    {.name = "request-timeout-s",
     .environment = "POOLMINER_POOL_REQUEST_TIMEOUT_S",
     .type = PM_OPTION_INTEGER,
     .default_value = "30",
     .minimum = 1,
     .maximum = 3600,
     .argument = "SECONDS",
     .help = "in which a request has to arrive"},
    {.name = "connections-per-address",
     .environment = "POOLMINER_POOL_CONNECTIONS_PER_ADDRESS",
     .type = PM_OPTION_INTEGER,
     .default_value = "256",
     .maximum = 1024,
     .argument = "N",
     .help = "connections of one address at one time; 0: any number, for a pool behind a proxy"},
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
     .is_path = true,
     .argument = "PATH",
     .help = "file whose first line is the token for /api/v1/monitor"},
    {.name = "relay-url",
     .environment = "POOLMINER_POOL_RELAY_URL",
     .type = PM_OPTION_TEXT,
     .argument = "URL",
     .help = "a new best algorithm is told to POST URL/submit_solution"},
    {.name = "relay-hotkey",
     .environment = "POOLMINER_POOL_RELAY_HOTKEY",
     .type = PM_OPTION_TEXT,
     .is_path = true,
     .argument = "PATH",
     .help = "key file that signs what goes to the relay"},
    {.name = "relay-task-id",
     .environment = "POOLMINER_POOL_RELAY_TASK_ID",
     .type = PM_OPTION_TEXT,
     .default_value = "cifar10_binary",
     .argument = "NAME",
     .help = "what the relay calls the task"},
    {.name = "ready-file",
     .environment = "POOLMINER_POOL_READY_FILE",
     .type = PM_OPTION_TEXT,
     .is_path = true,
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

/* Shares and points are kept in millionths; less would be rounded away without a word. */
static bool check_millionths(const struct pm_options *options, const char *name,
                             struct pm_error *error)
{
    const double millionths = pm_options_number(options, name) * PM_PPM;
    return fabs(millionths - round(millionths)) < 1e-6 * fmax(1, millionths) ||
           pm_fail(error, PM_ERROR_INVALID, "--%s %.17g: at most six decimals are kept", name,
                   pm_options_number(options, name));
}

bool pm_settings_check(const struct pm_options *options, struct pm_error *error)
{
    const int64_t most = PM_POOL_BUDGET_RAO_PER_S_MAX * pm_options_integer(options, "epoch-s");
    const int64_t budget = pm_options_integer(options, "budget-rao");
    if (budget > most) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "--budget-rao %lld: more than the books could add up over a hundred years;"
                       " an epoch of %lld s may divide %lld RAO",
                       (long long)budget, (long long)pm_options_integer(options, "epoch-s"),
                       (long long)most);
    }
    return check_millionths(options, "fee", error) && check_millionths(options, "cap", error) &&
           check_millionths(options, "evaluation-reward", error);
}

struct pm_pool_rules pm_settings_rules(const struct pm_options *options)
{
    return (struct pm_pool_rules){
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
        .cost_max = pm_options_integer(options, "cost-max"),
    };
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
