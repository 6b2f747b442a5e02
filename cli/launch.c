#include "cli/launch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/guest.h>
#include <poolminer/process.h>

enum { ARGUMENTS_MAX = 64, SHORT_NICE = 10 };

/* An argument vector that grows; a failure is found out at the end. Item 0 is for the program. */
struct arguments {
    char *items[ARGUMENTS_MAX + 1];
    size_t count;
    bool failed;
};

static void add_item(struct arguments *arguments, char *item)
{
    if (item == NULL || arguments->count == ARGUMENTS_MAX) {
        free(item);
        arguments->failed = true;
        return;
    }
    arguments->items[arguments->count++] = item;
}

/* "--name" and its value. */
__attribute__((format(printf, 3, 4))) static void add(struct arguments *arguments, const char *name,
                                                      const char *format, ...)
{
    char *value = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&value, format, list) < 0) {
        value = NULL;
    }
    va_end(list);
    add_item(arguments, strdup(name));
    add_item(arguments, value);
}

struct launch launch_create(struct supervisor *supervisor, const struct pm_options *options)
{
    bool chosen = strcmp(pm_options_source(options, "log-level"), "default") != 0;
    return (struct launch){.supervisor = supervisor,
                           .log_level = chosen ? pm_options_text(options, "log-level") : "warn",
                           .log_format = pm_options_text(options, "log-format")};
}

static void add_flag(struct arguments *arguments, const char *name, bool value)
{
    char *item = NULL;
    if (asprintf(&item, "--%s%s", value ? "" : "no-", name) < 0) {
        item = NULL;
    }
    add_item(arguments, item);
}

/* Options of one name here and there. */
static void hand_on(struct arguments *arguments, const struct pm_options *options, const char *name)
{
    char option[64];
    snprintf(option, sizeof option, "--%s", name);
    switch (pm_options_type(options, name)) {
    case PM_OPTION_FLAG:
        add_flag(arguments, name, pm_options_flag(options, name));
        break;
    case PM_OPTION_INTEGER:
        add(arguments, option, "%lld", (long long)pm_options_integer(options, name));
        break;
    case PM_OPTION_NUMBER:
        add(arguments, option, "%.15g", pm_options_number(options, name));
        break;
    case PM_OPTION_TEXT:
        add(arguments, option, "%s", pm_options_text(options, name));
        break;
    }
}

struct launch launch_create_logged(struct supervisor *supervisor, const struct pm_options *options)
{
    struct launch launch = launch_create(supervisor, options);
    if (pm_options_text(options, "log-file") == NULL) {
        return launch;
    }
    launch.log_file = options;
    launch.log_level = pm_options_text(options, "log-level");
    return launch;
}

static void add_log(struct arguments *arguments, const struct launch *launch)
{
    add(arguments, "--log-level", "%s", launch->log_level);
    add(arguments, "--log-format", "%s", launch->log_format);
    if (launch->log_file != NULL) {
        hand_on(arguments, launch->log_file, "log-file");
        hand_on(arguments, launch->log_file, "log-file-mib");
        hand_on(arguments, launch->log_file, "log-files");
    }
}

/* Puts the program's path in front and hands over to the supervisor. Clears `arguments`. */
static bool start(const struct launch *launch, const char *program, struct arguments *arguments,
                  struct child_config *config, size_t *index, struct pm_error *error)
{
    bool done = false;
    add_log(arguments, launch);
    arguments->items[0] = pm_process_sibling(program, error);
    config->arguments = (const char *const *)arguments->items;
    if (arguments->failed) {
        pm_fail(error, PM_ERROR_MEMORY, "starting the %s: no memory", config->name);
    } else if (arguments->items[0] != NULL) {
        done = supervisor_start(launch->supervisor, config, index, error);
    }
    for (size_t i = 0; i < arguments->count; i++) {
        free(arguments->items[i]);
    }
    return done;
}

bool launch_pool(const struct launch *launch, const struct pool_launch *pool, size_t *index,
                 struct pm_error *error)
{
    struct arguments arguments = {.count = 1};
    struct child_config config = {
        .name = "pool", .stage = STOP_SECOND, .restarts = launch->restarts};
    add(&arguments, "--host", "127.0.0.1");
    add(&arguments, "--port", "%d", pool->port);
    add(&arguments, "--store", "%s", pool->store);
    add(&arguments, "--ready-file", "%s", pool->ready_file);
    add(&arguments, "--epoch-s", "%.15g", pool->epoch_s);
    add(&arguments, "--task-timeout-s", "%.15g", pool->task_timeout_s);
    add(&arguments, "--quorum", "%d", pool->quorum);
    if (pool->dataset_fingerprint != NULL) {
        add(&arguments, "--dataset-fingerprint", "%s", pool->dataset_fingerprint);
    }
    add(&arguments, "--suite", "%s", pool->suite);
    return start(launch, "poolminer-pool", &arguments, &config, index, error);
}

bool launch_sidecar(const struct launch *launch, const struct sidecar_launch *sidecar,
                    size_t *index, struct pm_error *error)
{
    struct arguments arguments = {.count = 1};
    struct child_config config = {
        .name = "sidecar", .stage = STOP_SECOND, .restarts = launch->restarts};
    add(&arguments, "--host", "127.0.0.1");
    add(&arguments, "--port", "%d", sidecar->port);
    add(&arguments, "--store", "%s", sidecar->store);
    add(&arguments, "--ready-file", "%s", sidecar->ready_file);
    if (sidecar->history != NULL) {
        add(&arguments, "--history", "%s", sidecar->history);
    }
    if (sidecar->http_port >= 0) {
        add(&arguments, "--http-port", "%d", sidecar->http_port);
        add(&arguments, "--http-token-file", "%s", sidecar->http_token_file);
        add(&arguments, "--http-ready-file", "%s", sidecar->http_ready_file);
    }
    return start(launch, "poolminer-sidecar", &arguments, &config, index, error);
}

static void hand_on_manner(struct arguments *arguments, const struct worker_launch *worker,
                           const char *name)
{
    const bool chosen = strcmp(pm_options_source(worker->manners, name), "default") != 0;
    if (chosen || !worker->is_short) {
        hand_on(arguments, worker->manners, name);
    } else if (strcmp(name, "pause-on-battery") == 0) {
        add_flag(arguments, name, false);
    } else if (strcmp(name, "nice") == 0) {
        add(arguments, "--nice", "%d", SHORT_NICE);
    }
}

bool launch_worker(const struct launch *launch, const struct worker_launch *worker, size_t *index,
                   struct pm_error *error)
{
    struct arguments arguments = {.count = 1};
    struct child_config config = {
        .name = "worker", .stage = STOP_FIRST, .restarts = launch->restarts};
    add(&arguments, "--sidecar-url", "%s", worker->sidecar_url);
    add(&arguments, "--run-id", "%s", worker->run_id);
    add(&arguments, "--workers", "%lld", (long long)worker->workers);
    add(&arguments, "--threads", "%lld", (long long)worker->threads);
    add(&arguments, "--dataset", "%s", worker->dataset);
    add(&arguments, "--suite", "%s", worker->suite);
    for (size_t i = 0; pm_guest_option_names[i] != NULL; i++) {
        hand_on_manner(&arguments, worker, pm_guest_option_names[i]);
    }
    add_flag(&arguments, "bar", !worker->is_short);
    return start(launch, "poolminer-worker", &arguments, &config, index, error);
}

bool launch_driver(const struct launch *launch, const struct driver_launch *driver, size_t *index,
                   struct pm_error *error)
{
    struct arguments arguments = {.count = 1};
    struct child_config config = {.name = driver->name,
                                  .stage = STOP_FIRST,
                                  .input = driver->password,
                                  .restarts = launch->restarts,
                                  .may_end = driver->duration_s > 0 || driver->report_only};
    for (size_t i = 0; driver->pool_urls[i] != NULL; i++) {
        add(&arguments, "--pool-url", "%s", driver->pool_urls[i]);
    }
    add(&arguments, "--sidecar-url", "%s", driver->sidecar_url);
    add(&arguments, "--run-id", "%s", driver->run_id);
    add(&arguments, "--duration-s", "%.15g", driver->duration_s);
    add(&arguments, "--hotkey-file", "%s", driver->hotkey_file);
    add(&arguments, "--generations", "%lld", (long long)driver->generations);
    if (driver->evolve_jobs > 0) {
        add(&arguments, "--evolve-jobs", "%lld", (long long)driver->evolve_jobs);
    }
    add(&arguments, "--profile", "%s", driver->profile);
    if (driver->mode != NULL) {
        add(&arguments, "--mode", "%s", driver->mode);
    }
    add(&arguments, "--evolve-max-seconds", "%.15g", driver->evolve_max_seconds);
    add(&arguments, "--summary", "%s", driver->summary);
    if (driver->password != NULL) {
        add(&arguments, "--password-fd", "0");
    }
    if (driver->no_work_wait_s > 0) {
        add(&arguments, "--no-work-wait-s", "%.15g", driver->no_work_wait_s);
    }
    if (driver->window_wait_min_s > 0) {
        add(&arguments, "--window-wait-min-s", "%.15g", driver->window_wait_min_s);
    }
    if (driver->grace_s > 0) {
        add(&arguments, "--grace-s", "%.15g", driver->grace_s);
    }
    if (driver->report_only) {
        add_item(&arguments, strdup("--report"));
    }
    return start(launch, "poolminer-driver", &arguments, &config, index, error);
}
