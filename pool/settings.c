#include "pool/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/text.h>

/* One row an option: name, environment, type, default, bounds, placeholder, help. */
#define ROW(NAME, VARIABLE, TYPE, DEFAULT, LOW, HIGH, ARGUMENT, HELP)                              \
    {                                                                                              \
        .name = NAME, .environment = "POOLMINER_POOL_" VARIABLE, .type = PM_OPTION_##TYPE,         \
        .default_value = DEFAULT, .minimum = LOW, .maximum = HIGH, .argument = ARGUMENT,           \
        .help = HELP,                                                                              \
    }

/* clang-format off */
static const struct pm_option table[] = {
    ROW("host", "HOST", TEXT, "127.0.0.1", 0, 0, "ADDRESS", "address to listen on"),
    ROW("port", "PORT", INTEGER, "8434", 0, 65535, "PORT", "port to listen on; 0: any free one"),
    ROW("store", "STORE", TEXT, NULL, 0, 0, "FILE",
        "database; $XDG_STATE_HOME/poolminer/pool.db when not given"),
    ROW("epoch-s", "EPOCH_S", INTEGER, "3600", 1, 31622400, "SECONDS", "length of an epoch"),
    ROW("quorum", "QUORUM", INTEGER, "3", 1, PM_QUORUM_MAX, "N",
        "evaluations, by different hotkeys, that make a consensus"),
    ROW("tolerance", "TOLERANCE", NUMBER, "0.10", 0, 1, "SHARE",
        "how far from the median, as a share of it, an evaluation is accurate"),
    ROW("evaluation-reward", "EVALUATION_REWARD", NUMBER, "1.0", 0, 1e6, "POINTS",
        "reputation for an accurate evaluation"),
    ROW("reward-base", "REWARD_BASE", NUMBER, "2.0", 0, 1e6, "POINTS",
        "reputation for an evolution: this times the median"),
    ROW("reward-threshold", "REWARD_THRESHOLD", NUMBER, "0.7", 0, 1, "SCORE",
        "median from which on an evolution is rewarded"),
    ROW("budget-rao", "BUDGET_RAO", INTEGER, "1000000000", 0, 1e15, "RAO",
        "what an epoch divides"),
    ROW("fee", "FEE", NUMBER, "0.05", 0, 1, "SHARE", "share of the budget the pool keeps"),
    ROW("cap", "CAP", NUMBER, "0.05", 0, 1, "SHARE",
        "most of the budget that one miner gets; the excess goes to the others"),
    ROW("task-timeout-s", "TASK_TIMEOUT_S", INTEGER, "10800", 1, 31622400, "SECONDS",
        "after which work is handed to another miner"),
    ROW("minimum-withdrawal-rao", "MINIMUM_WITHDRAWAL_RAO", INTEGER, "5000000", 1, 1e15, "RAO",
        "least withdrawal"),
    ROW("clock-tolerance-s", "CLOCK_TOLERANCE_S", INTEGER, "300", 1, 86400, "SECONDS",
        "how far a request's timestamp may be from this clock"),
    ROW("evolve-budget", "EVOLVE_BUDGET", INTEGER, "1", 0, PM_EVOLVE_BUDGET_MAX, "N",
        "evolved algorithms that a lease may bring back"),
    ROW("seeds-per-evolution", "SEEDS_PER_EVOLUTION", INTEGER, "2", 1, PM_SEEDS_PER_EVOLUTION_MAX,
        "N", "seeds handed out for one evolution"),
    ROW("leases-per-window", "LEASES_PER_WINDOW", INTEGER, "0", 0, 1e6, "N",
        "leases a miner may have in one epoch; 0: any number"),
    ROW("minimum-iterations", "MINIMUM_ITERATIONS", INTEGER, "0", 0, 1e9, "N",
        "least iterations of a lease submission"),
    ROW("dataset-fingerprint", "DATASET_FINGERPRINT", TEXT, NULL, 0, 0, "HEX",
        "shown in /health, for miners to compare with theirs"),
    ROW("suite", "SUITE", TEXT, NULL, 0, 0, "NAME", "shown in /health: the suite scores are on"),
    ROW("ready-file", "READY_FILE", TEXT, NULL, 0, 0, "PATH",
        "written as {\"port\":N,\"pid\":N} once the pool listens"),
    ROW("log-level", "LOG_LEVEL", TEXT, "info", 0, 0, "LEVEL", "debug, info, warn or error"),
    ROW("log-format", "LOG_FORMAT", TEXT, "text", 0, 0, "FORMAT", "text or json"),
};
/* clang-format on */

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

static char *default_store(struct pm_error *error)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    struct pm_text path = {0};
    /* The XDG rule: a path that is not absolute is to be ignored. */
    if (state && state[0] == '/')
        pm_text_append(&path, "%s/poolminer", state);
    else if (home && home[0] == '/')
        pm_text_append(&path, "%s/.local/state/poolminer", home);
    else
        pm_fail(error, PM_ERROR_INVALID, "no HOME to keep a store in: give --store FILE");
    if (path.data && pm_file_make_directories(path.data, 0700, error)) {
        pm_text_append(&path, "/pool.db");
        if (!path.failed)
            return path.data;
        pm_fail(error, PM_ERROR_MEMORY, "--store: out of memory");
    }
    pm_text_clear(&path);
    return NULL;
}

char *pm_settings_store(const struct pm_options *options, struct pm_error *error)
{
    const char *store = pm_options_text(options, "store");
    if (!store)
        return default_store(error);
    char *copy = strdup(store);
    if (!copy)
        pm_fail(error, PM_ERROR_MEMORY, "--store: out of memory");
    return copy;
}

bool pm_settings_log(const struct pm_options *options, struct pm_error *error)
{
    enum pm_log_level level;
    enum pm_log_format format;
    if (!pm_log_level_parse(pm_options_text(options, "log-level"), &level, error))
        return pm_fail_context(error, "--log-level");
    if (!pm_log_format_parse(pm_options_text(options, "log-format"), &format, error))
        return pm_fail_context(error, "--log-format");
    pm_log_init("pool", level, format);
    return true;
}
