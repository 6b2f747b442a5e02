/* poolminer pause, poolminer resume: what a person wishes of the workers, kept by the sidecar. */
#include "cli/sidecar_url.h"
#include "cli/verb.h"

#include <stdio.h>

#include <poolminer/queue_client.h>
#include <poolminer/stop.h>

static bool wish_for(const struct pm_options *options, enum pm_wish wish, struct pm_error *error)
{
    struct pm_queue_client *client = NULL;
    struct pm_wish_state state;
    pm_stop_install();
    if (!sidecar_connect(options, &client, error)) {
        return false;
    }
    const bool done = pm_queue_client_wish(client, &wish, &state, error) ||
                      pm_fail_context(error, "the sidecar, which runs while `poolminer mine` does");
    pm_queue_client_destroy(client);
    return done;
}

static int run_pause(const struct pm_options *options)
{
    struct pm_error error = {0};
    if (!wish_for(options, PM_WISH_PAUSE, &error)) {
        return verb_fail(&error);
    }
    puts("Paused: the workers keep what they have and compute nothing until `poolminer resume`.");
    return EXIT_DONE;
}

static int run_resume(const struct pm_options *options)
{
    struct pm_error error = {0};
    const bool anyway = pm_options_flag(options, "anyway");
    if (!wish_for(options, anyway ? PM_WISH_ANYWAY : PM_WISH_AUTO, &error)) {
        return verb_fail(&error);
    }
    puts(anyway
             ? "Mining goes on, whatever the rules for battery and use of the machine say, until "
               "`poolminer resume`."
             : "Mining goes on.");
    return EXIT_DONE;
}

static const struct pm_option PAUSE_OPTIONS[] = {SIDECAR_URL_OPTIONS};

static const struct pm_option RESUME_OPTIONS[] = {
    {.name = "anyway",
     .type = PM_OPTION_FLAG,
     .help = "Compute even where a rule of a worker would pause it (battery, charge, use of the "
             "machine), but not where it is too hot, until `poolminer resume` without it."},
    SIDECAR_URL_OPTIONS,
};

const struct verb verb_pause = {
    .name = "pause",
    .summary = "Pauses a running miner; nothing is lost.",
    .usage = "poolminer pause [OPTION]...",
    .purpose =
        "Has the workers of a running `poolminer mine` stop computing within a second, and "
        "keep what they\nhave. No new work is taken from the pool meanwhile; a lease that is "
        "open still ends when the pool\nsays. The pause outlives a restart of the miner. "
        "`poolminer resume` ends it.",
    .uses = USE_QUEUE,
    .options = PAUSE_OPTIONS,
    .option_count = sizeof PAUSE_OPTIONS / sizeof *PAUSE_OPTIONS,
    .run = run_pause,
};

const struct verb verb_resume = {
    .name = "resume",
    .summary = "Has a paused miner go on.",
    .usage = "poolminer resume [--anyway] [OPTION]...",
    .purpose = "Ends `poolminer pause`. Where a rule pauses a worker (battery, charge, use of the "
               "machine),\n--anyway has it compute all the same.",
    .uses = USE_QUEUE,
    .options = RESUME_OPTIONS,
    .option_count = sizeof RESUME_OPTIONS / sizeof *RESUME_OPTIONS,
    .run = run_resume,
};
