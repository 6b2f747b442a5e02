#include "cli/settings.h"

#include "cli/paths.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/compute_options.h>
#include <poolminer/guest.h>
#include <poolminer/guest_options.h>
#include <poolminer/log.h>
#include <poolminer/log_options.h>
#include <poolminer/mining_options.h>
#include <poolminer/queue_client.h>
#include <poolminer/user_path.h>
#include <poolminer/wallet.h>

struct setting {
    unsigned uses; /* 0: every verb */
    struct pm_option option;
};

static const struct setting SETTINGS[] = {
    {USE_MINE | USE_POOL, PM_OPTION_ROW_POOL_URL("pool_endpoint")},
    {USE_KEY,
     {.name = "hotkey-file",
      .file_key = "hotkey_file",
      .environment = "POOLMINER_HOTKEY_FILE",
      .type = PM_OPTION_TEXT,
      .is_path = true,
      .argument = "FILE",
      .help =
          "The miner's key: a hotkey file, or one with a seed or a mnemonic. Made on first use, "
          "readable by you alone; by default `hotkey` in the data directory, "
          "or the wallet default's hotkey default where only that one is there."}},
    {USE_KEY | USE_QUEUE,
     {.name = "data-dir",
      .file_key = "data_dir",
      .environment = "POOLMINER_DATA_DIR",
      .type = PM_OPTION_TEXT,
      .is_path = true,
      .argument = "DIR",
      .help = "Where the miner keeps its files; by default $XDG_DATA_HOME/poolminer, that is "
              "~/.local/share/poolminer."}},
    {USE_KEY, PM_WALLET_ROW_NAME("wallet_name")},
    {USE_KEY, PM_WALLET_ROW_HOTKEY("wallet_hotkey")},
    {USE_KEY, PM_WALLET_ROW_PATH("wallet_path")},
    {USE_MINE, PM_OPTION_ROW_RUN_ID("run_id")},
    {USE_MINE | USE_QUEUE,
     {.name = "sidecar-port",
      .file_key = "sidecar_port",
      .environment = "POOLMINER_SIDECAR_PORT",
      .type = PM_OPTION_INTEGER,
      .default_value = "8123",
      .minimum = 0,
      .maximum = 65535,
      .argument = "PORT",
      .help = "Where the sidecar listens on 127.0.0.1; 0 takes a free port."}},
    {USE_MINE,
     {.name = "http-port",
      .file_key = "http_port",
      .environment = "POOLMINER_HTTP_PORT",
      .type = PM_OPTION_INTEGER,
      .default_value = "8124",
      .minimum = -1,
      .maximum = 65535,
      .argument = "PORT",
      .help =
          "Where the page is served on 127.0.0.1; 0, or a port that is taken, gives a free one, "
          "-1 no page."}},
    {USE_COMPUTE, PM_OPTION_ROW_DATASET("dataset")},
    {USE_COMPUTE, PM_OPTION_ROW_SUITE("suite")},
    {USE_MINE, PM_OPTION_ROW_WORKERS(
                   "workers", "Jobs that are computed at once; an evolution is searched for by as "
                              "many, at most 16, and the best of what they find is submitted.")},
    {USE_COMPUTE,
     PM_OPTION_ROW_THREADS(
         "threads", "Processor cores to compute with, in all; 0: every one there is. `mine`, "
                    "`gui` and `demo` then leave one free on a machine with a battery, and "
                    "take no more than --cpu-limit keeps busy.")},
    {USE_GUEST, PM_OPTION_ROW_NICE("nice")},
    {USE_GUEST, PM_OPTION_ROW_CPU_LIMIT("cpu_limit")},
    {USE_GUEST, PM_OPTION_ROW_BATTERY("pause_on_battery")},
    {USE_GUEST, PM_OPTION_ROW_CHARGE("pause_below_charge")},
    {USE_GUEST, PM_OPTION_ROW_HOT("pause_above_temp")},
    {USE_GUEST, PM_OPTION_ROW_COOL("resume_below_temp")},
    {USE_GUEST, PM_OPTION_ROW_USED("pause_while_used")},
    {USE_EVOLVE, PM_OPTION_ROW_GENERATIONS("generations")},
    {USE_EVOLVE, PM_OPTION_ROW_PROFILE("profile")},
    {USE_MINE, PM_OPTION_ROW_EVOLVE_MAX_SECONDS("evolve_max_seconds")},
    {USE_MINE, PM_OPTION_ROW_MODE("mode")},
    {0,
     {.name = "log-level",
      .file_key = "log_level",
      .environment = "POOLMINER_LOG_LEVEL",
      .type = PM_OPTION_TEXT,
      .default_value = "info",
      .choices = "debug|info|warn|error",
      .argument = "LEVEL",
      .help =
          "debug, info, warn or error. `mine`, `gui` and `demo` keep the programs they start at "
          "warn unless a level or a --log-file is set."}},
    {0, PM_OPTION_ROW_LOG_FORMAT("log_format")},
    {USE_MINE, PM_OPTION_ROW_LOG_FILE("log_file")},
    {USE_MINE, PM_OPTION_ROW_LOG_FILE_MIB("log_file_mib")},
    {USE_MINE, PM_OPTION_ROW_LOG_FILES("log_files")},
};
enum { SETTING_COUNT = sizeof SETTINGS / sizeof *SETTINGS };

static const struct pm_option CONFIG_OPTION = {
    .name = "config",
    .environment = "POOLMINER_CONFIG",
    .type = PM_OPTION_TEXT,
    .is_path = true,
    .argument = "FILE",
    .help = "The settings file; by default gui_config.json here, or else in "
            "$XDG_CONFIG_HOME/poolminer.",
};

/* The verb's own rows, --config, then every setting; those that the verb does not take lose their
 * name, so that the file may have them and the command line may not. */
static bool build_table(const struct verb *verb, struct settings *out)
{
    out->count = verb->option_count + 1 + SETTING_COUNT;
    out->table = calloc(out->count, sizeof *out->table);
    if (out->table == NULL) {
        return false;
    }
    for (size_t i = 0; i < verb->option_count; i++) {
        out->table[i] = verb->options[i];
    }
    out->table[verb->option_count] = CONFIG_OPTION;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        struct pm_option *row = &out->table[verb->option_count + 1 + i];
        *row = SETTINGS[i].option;
        if (SETTINGS[i].uses != 0 && !(SETTINGS[i].uses & verb->uses)) {
            row->name = NULL;
        }
    }
    return true;
}

size_t settings_count(void)
{
    return SETTING_COUNT;
}

const struct pm_option *settings_option(size_t index)
{
    return &SETTINGS[index].option;
}

static bool create_options(struct settings *settings, struct pm_error *error)
{
    pm_options_destroy(settings->options);
    settings->options = pm_options_create(settings->table, settings->count);
    return settings->options != NULL || pm_fail(error, PM_ERROR_MEMORY, "settings: no memory");
}

/* The file to read, NULL for none, to be freed. A file that was asked for need not exist yet to be
 * the answer: reading it gives the error. */
static bool find_file(const struct pm_options *options, char **path, struct pm_error *error)
{
    static const char *const local = "gui_config.json";
    const char *named = pm_options_text(options, "config");
    char *found = NULL;
    if (named != NULL) {
        found = strdup(named);
    } else if (access(local, F_OK) == 0) {
        found = strdup(local);
    } else {
        *path = NULL;
        if (!pm_user_path("XDG_CONFIG_HOME", ".config", "gui_config.json", &found, NULL)) {
            return true;
        }
        if (access(found, F_OK) != 0) {
            free(found);
            return true;
        }
    }
    *path = found;
    return found != NULL || pm_fail(error, PM_ERROR_MEMORY, "settings: no memory");
}

static bool check_pool_url(const struct pm_options *options, const char *url,
                           struct pm_error *error)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        if (strncmp(url, schemes[i], length) == 0 && url[length] != '\0') {
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "%s: pool_endpoint (--pool-url): \"%.80s\" is no http:// or https:// address",
                   pm_options_source(options, "pool-url"), url);
}

static bool check_pool_urls(const struct pm_options *options, struct pm_error *error)
{
    for (size_t i = 0; i < pm_options_repeat_count(options, "pool-url"); i++) {
        if (!check_pool_url(options, pm_options_repeat(options, "pool-url", i), error)) {
            return false;
        }
    }
    return true;
}

static bool check_run_id(const struct pm_options *options, struct pm_error *error)
{
    return pm_queue_check_run_id(pm_options_text(options, "run-id"), error) ||
           pm_fail_context(error, "%s: run_id (--run-id)", pm_options_source(options, "run-id"));
}

/* What types and bounds cannot say, for the verbs that mine: found out before anything starts. */
static bool check_values(const struct verb *verb, const struct pm_options *options,
                         struct pm_error *error)
{
    struct pm_guest_rules rules;
    return (!(verb->uses & USE_GUEST) || pm_guest_rules_read(options, &rules, error)) &&
           (!(verb->uses & (USE_MINE | USE_POOL)) || check_pool_urls(options, error)) &&
           (!(verb->uses & USE_MINE) || check_run_id(options, error));
}

static bool load_everything(int argc, char *const argv[], struct settings *out,
                            struct pm_error *error)
{
    char *path = NULL;
    if (!find_file(out->options, &path, error) || !create_options(out, error)) {
        free(path);
        return false;
    }
    bool done = path == NULL || pm_options_load_file(out->options, path, error);
    free(path);
    return done && pm_options_load_environment(out->options, error) &&
           pm_options_load_arguments(out->options, argc, argv, error);
}

bool settings_load(const struct verb *verb, int argc, char *const argv[], struct settings *out,
                   struct pm_error *error)
{
    *out = (struct settings){.verb = verb, .argc = argc, .argv = argv};
    if (!build_table(verb, out)) {
        return pm_fail(error, PM_ERROR_MEMORY, "settings: no memory");
    }
    bool done = create_options(out, error);
    if (done) {
        pm_options_look_for_help(out->options, argc, argv);
    }
    if (done && !pm_options_help(out->options) && !pm_options_version(out->options)) {
        /* Environment and command line twice: first to learn which file is meant, then over it. */
        done = pm_options_load_environment(out->options, error) &&
               pm_options_load_arguments(out->options, argc, argv, error) &&
               load_everything(argc, argv, out, error) && check_values(verb, out->options, error);
    }
    if (!done) {
        settings_clear(out);
    }
    return done;
}

bool settings_load_again(const struct settings *settings, struct settings *out,
                         struct pm_error *error)
{
    return settings_load(settings->verb, settings->argc, settings->argv, out, error);
}

bool settings_check(const struct settings *settings, const char *text, const char *path,
                    struct pm_error *error)
{
    struct settings tried = {0};
    bool done = build_table(settings->verb, &tried) ||
                pm_fail(error, PM_ERROR_MEMORY, "settings: no memory");
    done = done && create_options(&tried, error) &&
           pm_options_load_text(tried.options, text, strlen(text), path, error) &&
           pm_options_load_environment(tried.options, error) &&
           pm_options_load_arguments(tried.options, settings->argc, settings->argv, error) &&
           check_values(settings->verb, tried.options, error);
    settings_clear(&tried);
    return done;
}

bool settings_file(const struct settings *settings, char **path, bool *there,
                   struct pm_error *error)
{
    if (!find_file(settings->options, path, error)) {
        return false;
    }
    if (*path == NULL) {
        *there = false;
        return pm_user_path("XDG_CONFIG_HOME", ".config", "gui_config.json", path, error);
    }
    *there = access(*path, F_OK) == 0;
    return true;
}

void settings_clear(struct settings *settings)
{
    pm_options_destroy(settings->options);
    free(settings->table);
    *settings = (struct settings){0};
}
