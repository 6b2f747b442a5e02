#include "driver/settings.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/job.h>
#include <poolminer/mining_options.h>
#include <poolminer/program.h>
#include <poolminer/queue_client.h>
#include <poolminer/sidecar_options.h>
#include <poolminer/user_path.h>
#include <poolminer/wallet.h>

/* One row an option: name, environment, type, default, bounds, placeholder, help. */
#define ROW(NAME, VARIABLE, TYPE, DEFAULT, LOW, HIGH, ARGUMENT, HELP)                              \
    {                                                                                              \
        .name = (NAME), .environment = "POOLMINER_" VARIABLE, .type = PM_OPTION_##TYPE,            \
        .default_value = (DEFAULT), .minimum = (LOW), .maximum = (HIGH), .argument = (ARGUMENT),   \
        .help = (HELP),                                                                            \
    }

/* clang-format off */
static const struct pm_option table[] = {
    PM_OPTION_ROW_POOL_URL(NULL),
    ROW("probe-s", "PROBE_S", NUMBER, "60", 0.1, 86400, "SECONDS",
        "How often the first address is looked at while another is in use."),
    PM_OPTION_ROW_SIDECAR_URL,
    PM_OPTION_ROW_KEY_FILE,
    PM_OPTION_ROW_RUN_ID(NULL),
    ROW("duration-s", "DURATION_S", INTEGER, "0", 0, 31622400, "SECONDS",
        "No new lease after this; 0: mine until stopped."),
    ROW("grace-s", "GRACE_S", INTEGER, "20", 0, 86400, "SECONDS",
        "Time after --duration-s to finish and submit the open lease."),
    {.name = "hotkey-file", .environment = "POOLMINER_HOTKEY_FILE", .type = PM_OPTION_TEXT,
     .is_path = true, .argument = "FILE",
     .help = "The miner's key: Bittensor's JSON, or a bare mnemonic or 0x seed; made when missing;"
             " by default $XDG_DATA_HOME/poolminer/hotkey, else the wallet default's hotkey"
             " default."},
    PM_WALLET_ROW_NAME(NULL),
    PM_WALLET_ROW_HOTKEY(NULL),
    PM_WALLET_ROW_PATH(NULL),
    {.name = "password-fd", .type = PM_OPTION_INTEGER, .default_value = "-1", .minimum = -1,
     .maximum = 65535, .argument = "N",
     .help = "The descriptor to read an encrypted hotkey's password from; -1: ask on the terminal."},
    PM_OPTION_ROW_MODE(NULL),
    PM_OPTION_ROW_GENERATIONS(NULL),
    PM_OPTION_ROW_PROFILE(NULL),
    PM_OPTION_ROW_EVOLVE_MAX_SECONDS(NULL),
    ROW("evolve-jobs", "EVOLVE_JOBS", INTEGER, "1", 0, PM_EVOLVE_JOBS_MAX, "N",
        "Evolve jobs of a lease, for several workers to share; the best results are submitted."),
    ROW("algorithms-per-job", "ALGORITHMS_PER_JOB", INTEGER, "4", 1, PM_JOB_ALGORITHMS_MAX, "N",
        "Algorithms in one evaluate job."),
    ROW("eval-batch-size", "EVAL_BATCH_SIZE", INTEGER, "8", 0, PM_LEASE_EVALUATE_MAX, "N",
        "Algorithms to evaluate that a lease asks for."),
    ROW("seed-batch-size", "SEED_BATCH_SIZE", INTEGER, "8", 0, PM_LEASE_SEEDS_MAX, "N",
        "Seed algorithms that a lease asks for."),
    ROW("no-work-wait-s", "NO_WORK_WAIT_S", NUMBER, "30", 0.1, 3600, "SECONDS",
        "Wait when the pool has no work; up to twice as long, at random."),
    ROW("window-wait-min-s", "WINDOW_WAIT_MIN_S", NUMBER, "30", 0.1, 3600, "SECONDS",
        "Least wait for the pool's next window."),
    {.name = "report", .type = PM_OPTION_FLAG,
     .help = "Only ask the pool for this miner's figures, write --summary, and end."},
    {.name = "summary", .environment = "POOLMINER_SUMMARY", .type = PM_OPTION_TEXT,
     .is_path = true, .argument = "FILE",
     .help = "JSON with the pool's figures and this driver's, written once a minute and at the"
             " end."},
    PM_PROGRAM_LOG_OPTIONS,
};
/* clang-format on */

struct pm_options *pm_driver_options_create(void)
{
    return pm_options_create(table, sizeof table / sizeof table[0]);
}

bool pm_driver_settings_read(const struct pm_options *options, struct pm_driver_settings *out,
                             struct pm_error *error)
{
    *out = (struct pm_driver_settings){
        .run_id = pm_options_text(options, "run-id"),
        .duration_ms = pm_options_integer(options, "duration-s") * 1000,
        .grace_ms = pm_options_integer(options, "grace-s") * 1000,
        .jobs = {.algorithms_per_job = pm_options_integer(options, "algorithms-per-job"),
                 .evolve_jobs = pm_options_integer(options, "evolve-jobs"),
                 .generations = pm_options_integer(options, "generations"),
                 .evolve_max_seconds = pm_options_integer(options, "evolve-max-seconds"),
                 .profile = pm_options_text(options, "profile")},
        .request = {.task_type = "cifar10_binary",
                    .eval_batch_size = pm_options_integer(options, "eval-batch-size"),
                    .seed_batch_size = pm_options_integer(options, "seed-batch-size")},
        .no_work_wait_ms = (int64_t)(pm_options_number(options, "no-work-wait-s") * 1000),
        .window_wait_min_ms = (int64_t)(pm_options_number(options, "window-wait-min-s") * 1000),
        .summary_path = pm_options_text(options, "summary"),
    };
    return pm_work_mode_parse(pm_options_text(options, "mode"), &out->mode) &&
           pm_queue_check_run_id(out->run_id, error);
}

char *pm_driver_hotkey_path(const struct pm_options *options, bool *may_make,
                            struct pm_error *error)
{
    char *own = NULL, *path = NULL;
    bool needs_own = pm_options_text(options, "hotkey-file") == NULL && !pm_wallet_chosen(options);
    if (!needs_own || pm_user_path("XDG_DATA_HOME", ".local/share", "hotkey", &own, error)) {
        pm_wallet_key_file(options, own, &path, may_make, error);
    }
    free(own);
    return path;
}
