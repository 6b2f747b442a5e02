#include "cli/miner.h"

#include "cli/key.h"
#include "cli/last_state.h"
#include "cli/launch.h"
#include "cli/occupancy.h"
#include "cli/page_address.h"
#include "cli/paths.h"
#include "cli/queue_status.h"
#include "cli/score_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/process.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

enum {
    INPUT_DIM = 16,
    READY_MS = 15000,
    REPORT_MS = 250,
    KEEP_MS = 60000,
    POOL_URLS_MAX = 9,
    EVOLVE_JOBS_MAX = 16
};

static const char *const TASK_NAMES[] = {[MINER_POOL] = "pool", [MINER_PRACTICE] = "practice"};

const char *miner_task_name(enum miner_task task)
{
    return TASK_NAMES[task];
}

bool miner_task_parse(const char *name, enum miner_task *out)
{
    for (enum miner_task task = MINER_POOL; task <= MINER_PRACTICE; task++) {
        if (strcmp(TASK_NAMES[task], name) == 0) {
            *out = task;
            return true;
        }
    }
    return false;
}

const struct pm_options *miner_options(const struct miner *miner)
{
    return miner->current.options != NULL ? miner->current.options : miner->session->options;
}

static void set_status(struct miner *miner, enum miner_status status)
{
    if (miner->status != status) {
        miner->since_ms = pm_clock_unix_ms();
    }
    miner->status = status;
    miner->next_report_ms = 0;
}

/* ---- the sidecar ---- */

static bool find_paths(struct miner *miner, struct pm_error *error)
{
    const struct pm_options *options = miner->session->options;
    bool may_make = false;
    if (!path_data_directory(options, &miner->data_directory, error) ||
        !path_hotkey_file(options, &miner->hotkey_file, &may_make, error)) {
        return false;
    }
    miner->summary = path_join(miner->data_directory, "summary.json", error);
    miner->key_is_new = access(miner->hotkey_file, F_OK) != 0;
    return miner->summary != NULL && pm_file_make_directories(miner->data_directory, 0700, error) &&
           occupancy_lock(miner->data_directory, &miner->lock, error);
}

/* A free port is chosen here and not by the sidecar, so that it is the same after a restart. */
static bool choose_port(const struct pm_options *options, int *port, struct pm_error *error)
{
    *port = (int)pm_options_integer(options, "sidecar-port");
    if (*port > 0) {
        return occupancy_check_port(*port, error);
    }
    *port = pm_process_free_port();
    return true;
}

/* The page is no reason not to mine: where its port is taken it gets another one. */
static int choose_page_port(const struct pm_options *options)
{
    int port = (int)pm_options_integer(options, "http-port");
    if (port < 0 || (port > 0 && occupancy_check_port(port, NULL))) {
        return port;
    }
    if (port > 0) {
        pm_log(PM_LOG_INFO, "MINE-PAGE-PORT",
               "port %d is another program's; the page gets a free one", port);
    }
    return pm_process_free_port();
}

/* Where the sidecar keeps what; each in the data directory. */
struct files {
    char *store, *ready, *history, *token, *page_ready;
};

static bool name_files(const struct miner *miner, struct files *files, struct pm_error *error)
{
    const struct {
        char **path;
        const char *name;
    } rows[] = {{&files->store, "sidecar.db"},
                {&files->ready, "sidecar.ready"},
                {&files->history, "history.db"},
                {&files->token, "page.token"},
                {&files->page_ready, "page.ready"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].path = path_join(miner->data_directory, rows[i].name, error);
        if (*rows[i].path == NULL) {
            return false;
        }
    }
    return true;
}

static void clear_files(struct files *files)
{
    free(files->store);
    free(files->ready);
    free(files->history);
    free(files->token);
    free(files->page_ready);
}

static bool start_sidecar_with(struct miner *miner, const struct files *files,
                               struct pm_error *error)
{
    const struct pm_options *options = miner->session->options;
    struct launch launch = launch_create_logged(miner->base, options);
    size_t sidecar = 0;
    int port = 0;
    launch.restarts = true;
    if (!choose_port(options, &port, error) || !page_token_create(files->token, error)) {
        return false;
    }
    const struct sidecar_launch config = {.port = port,
                                          .store = files->store,
                                          .ready_file = files->ready,
                                          .history = files->history,
                                          .http_port = choose_page_port(options),
                                          .http_token_file = files->token,
                                          .http_ready_file = files->page_ready};
    unlink(files->ready);
    unlink(files->page_ready);
    if (!launch_sidecar(&launch, &config, &sidecar, error) ||
        !supervisor_wait_ready(miner->base, sidecar, files->ready, READY_MS, &port, error)) {
        return false;
    }
    snprintf(miner->sidecar_url, sizeof miner->sidecar_url, "tcp://127.0.0.1:%d", port);
    return page_address_find(miner->data_directory, files->page_ready, files->token,
                             miner->page_url, sizeof miner->page_url, error);
}

static bool start_sidecar(struct miner *miner, struct pm_error *error)
{
    struct files files = {0};
    bool done = name_files(miner, &files, error) && start_sidecar_with(miner, &files, error);
    clear_files(&files);
    return done;
}

bool miner_open(struct miner *miner, const struct settings *session, const char *program,
                struct pm_error *error)
{
    *miner = (struct miner){.session = session,
                            .program = program,
                            .lock = -1,
                            .since_ms = pm_clock_unix_ms(),
                            .base = supervisor_create()};
    if (miner->base == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: no memory", program);
    }
    if (!pm_program_start_log_file(session->options, error) || !find_paths(miner, error)) {
        return false;
    }
    /* Until here a signal ends the process at once: there is nothing to tidy up. */
    pm_stop_install();
    if (!key_ask_password(session->options, miner->hotkey_file, &miner->password, error) ||
        !start_sidecar(miner, error) ||
        !queue_status_connect(miner->sidecar_url, NULL, NULL, &miner->client, error)) {
        return false;
    }
    miner_report_settings(miner);
    return true;
}

/* ---- the work ---- */

bool miner_check_dataset(const struct pm_options *options, struct pm_error *error)
{
    struct pm_suite *suite = NULL;
    bool done = open_suite(options, INPUT_DIM, 0, NULL, NULL, &suite, error);
    pm_suite_destroy(suite);
    return done;
}

/* The driver says when there are too many: one more than it takes is handed on. */
static void list_pool_urls(const struct pm_options *options, const char *urls[POOL_URLS_MAX + 1])
{
    size_t count = pm_options_repeat_count(options, "pool-url"), taken = 0;
    while (taken < count && taken < POOL_URLS_MAX) {
        urls[taken] = pm_options_repeat(options, "pool-url", taken);
        taken++;
    }
    urls[taken] = NULL;
}

/* As many as can be computed at once, each a search of its own; as many as the driver allows. */
static int64_t evolve_jobs(const struct pm_options *options)
{
    const int64_t workers = pm_options_integer(options, "workers");
    return workers < EVOLVE_JOBS_MAX ? workers : EVOLVE_JOBS_MAX;
}

static bool start_driver(struct miner *miner, const struct launch *launch, struct pm_error *error)
{
    const struct pm_options *options = miner_options(miner);
    const char *pool_urls[POOL_URLS_MAX + 1];
    list_pool_urls(options, pool_urls);
    const struct driver_launch driver = {
        .name = "driver",
        .pool_urls = pool_urls,
        .sidecar_url = miner->sidecar_url,
        .run_id = pm_options_text(options, "run-id"),
        .hotkey_file = miner->hotkey_file,
        .password = miner->password,
        .profile = pm_options_text(options, "profile"),
        .mode = pm_options_text(options, "mode"),
        .summary = miner->summary,
        .generations = pm_options_integer(options, "generations"),
        .evolve_jobs = evolve_jobs(options),
        .duration_s = miner->duration_s,
        .evolve_max_seconds = (double)pm_options_integer(options, "evolve-max-seconds")};
    return launch_driver(launch, &driver, &miner->driver, error);
}

static bool start_programs(struct miner *miner, struct pm_error *error)
{
    const struct pm_options *options = miner_options(miner);
    struct launch launch = launch_create_logged(miner->work, miner->session->options);
    launch.restarts = true;
    const struct worker_launch worker = {
        .sidecar_url = miner->sidecar_url,
        .run_id = miner->task == MINER_PRACTICE ? PRACTICE_RUN : pm_options_text(options, "run-id"),
        .dataset = pm_options_text(options, "dataset"),
        .suite = pm_options_text(options, "suite"),
        .workers = pm_options_integer(options, "workers"),
        .threads = pm_options_integer(options, "threads"),
        .manners = options};
    return launch_worker(&launch, &worker, NULL, error) &&
           (miner->task == MINER_PRACTICE ? practice_start(miner, error)
                                          : start_driver(miner, &launch, error));
}

/* Tells the page now, and not in a moment: what follows takes one. */
static void report(struct miner *miner);

static bool start_work(struct miner *miner, struct pm_error *error)
{
    struct settings fresh;
    if (!settings_load_again(miner->session, &fresh, error)) {
        return false;
    }
    settings_clear(&miner->current);
    miner->current = fresh;
    miner_report_settings(miner);
    unlink(miner->summary); /* earlier figures are not this pool's answer */
    miner->work = supervisor_create();
    return miner->work != NULL
               ? miner_check_dataset(miner_options(miner), error) && start_programs(miner, error)
               : pm_fail(error, PM_ERROR_MEMORY, "starting the programs: no memory");
}

bool miner_start(struct miner *miner, enum miner_task task, struct pm_error *error)
{
    miner_stop(miner);
    miner->task = task;
    miner->failure[0] = miner->address[0] = '\0';
    set_status(miner, MINER_STARTING);
    report(miner);
    if (!start_work(miner, error)) {
        miner_stop(miner);
        return false;
    }
    set_status(miner, MINER_MINING);
    return true;
}

void miner_stop(struct miner *miner)
{
    if (miner->work != NULL) {
        set_status(miner, MINER_STOPPING);
        report(miner);
        supervisor_stop(miner->work, SUPERVISOR_STOP_MS); /* somebody at the page waits for it */
        supervisor_destroy(miner->work);
        miner->work = NULL;
    }
    set_status(miner, MINER_IDLE);
}

bool miner_is_done(const struct miner *miner)
{
    return miner->work != NULL && supervisor_ended(miner->work, miner->driver);
}

/* ---- looking after it ---- */

/* A sidecar that does not answer now will do so later. */
static void report(struct miner *miner)
{
    int64_t number = 0;
    cJSON *order = NULL;
    char *text = miner_report_write(miner);
    miner->next_report_ms = pm_clock_monotonic_ms() + REPORT_MS;
    if (text != NULL && pm_queue_client_supervise(miner->client, text, &number, &order, NULL) &&
        order != NULL && number > miner->answer.number && miner->status != MINER_STARTING &&
        miner->status != MINER_STOPPING) {
        miner_obey(miner, number, order);
        miner->next_report_ms = 0;
    }
    cJSON_Delete(order);
    free(text);
}

bool miner_poll(struct miner *miner, bool failure_is_shown, struct pm_error *error)
{
    struct pm_error reason = {0};
    if (!supervisor_poll(miner->base, error)) {
        return false;
    }
    if (miner->work != NULL && !supervisor_poll(miner->work, &reason)) {
        if (!failure_is_shown) {
            return pm_fail(error, reason.code, "%s", reason.message);
        }
        pm_log(PM_LOG_ERROR, "MINE-FAILED", "%s", reason.message);
        miner_stop(miner);
        snprintf(miner->failure, sizeof miner->failure, "%s", reason.message);
        set_status(miner, MINER_FAILED);
    }
    if (pm_clock_monotonic_ms() >= miner->next_report_ms) {
        report(miner);
    }
    if (miner->work != NULL && pm_clock_monotonic_ms() >= miner->next_keep_ms) {
        last_state_keep(miner->sidecar_url, miner->data_directory);
        miner->next_keep_ms = pm_clock_monotonic_ms() + KEEP_MS;
    }
    return true;
}

void miner_stop_all(struct miner *miner)
{
    supervisor_destroy(miner->work);
    if (miner->base != NULL && miner->client != NULL) {
        /* The driver has recorded its last figures while it stopped. */
        last_state_keep(miner->sidecar_url, miner->data_directory);
    }
    supervisor_destroy(miner->base);
    miner->work = miner->base = NULL;
}

void miner_close(struct miner *miner)
{
    miner_stop_all(miner);
    pm_queue_client_destroy(miner->client);
    settings_clear(&miner->current);
    if (miner->lock >= 0 && miner->data_directory != NULL) {
        page_address_forget(miner->data_directory);
    }
    free(miner->data_directory);
    free(miner->hotkey_file);
    free(miner->summary);
    cJSON_Delete(miner->settings);
    cJSON_Delete(miner->forecast);
    key_free_password(miner->password);
    occupancy_unlock(miner->lock);
}
