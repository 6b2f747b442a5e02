/* A verb of the `poolminer` command: what main.c needs to know of it. */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include <stddef.h>

#include <poolminer/options.h>

/* What the process exits with. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Which settings a verb takes on its command line, as a set of bits. */
enum setting_use {
    USE_COMPUTE = 1, /* dataset, suite, threads */
    USE_EVOLVE = 2,  /* generations, profile */
    USE_MINE = 4,    /* pool, sidecar and what else a miner consists of */
    USE_QUEUE = 8,   /* where a sidecar is found */
    USE_KEY = 16,    /* the hotkey: its file, or a wallet */
    USE_POOL = 32,   /* which pool */
    USE_GUEST = 64,  /* when a worker rests, and how much it takes */
    USE_ALL = USE_COMPUTE | USE_EVOLVE | USE_MINE | USE_KEY | USE_GUEST
};

struct settings;

struct verb {
    const char *name;
    const char *summary; /* a line for `poolminer help` */
    const char *usage, *purpose;
    unsigned uses;                   /* of enum setting_use */
    const struct pm_option *options; /* the verb's own, beside the settings */
    size_t option_count;
    bool takes_files; /* arguments that are no options */
    /* Options are loaded and the log is up. Returns what the process exits with. */
    int (*run)(const struct pm_options *options);
    /* Instead of it, for a verb that reads its settings again as it runs. */
    int (*run_settings)(const struct settings *settings);
};

extern const struct verb verb_balance, verb_bench, verb_check, verb_config, verb_dataset, verb_demo,
    verb_doctor, verb_estimate, verb_gui, verb_evaluate, verb_evolve, verb_explain, verb_keys,
    verb_history, verb_mine, verb_pause, verb_queue, verb_recipient, verb_resume, verb_selftest,
    verb_simulate, verb_status, verb_wallet, verb_withdraw;

/* Writes "poolminer: " and the message to standard error; returns EXIT_FAILED, so that
 * `return verb_fail(&error)` reads well. */
int verb_fail(const struct pm_error *error);

#endif
