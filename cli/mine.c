/* poolminer mine: sidecar, worker and driver from one settings file, kept alive, told of once a
 * minute, stopped together. */
#include "cli/figures.h"
#include "cli/key.h"
#include "cli/launch.h"
#include "cli/occupancy.h"
#include "cli/paths.h"
#include "cli/queue_status.h"
#include "cli/score_input.h"
#include "cli/supervise.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/process.h>
#include <poolminer/program.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>

/* The driver writes its summary once a minute: ours is told a little later. */
enum {
    INPUT_DIM = 16,
    READY_MS = 15000,
    SUMMARY_LINE_MS = 60000,
    LAG_MS = 5000,
    HINT_MS = 10000,
    POOL_URLS_MAX = 9
};

struct miner {
    const struct pm_options *options;
    struct supervisor *supervisor;
    struct pm_queue_client *client;
    char *data_directory, *hotkey_file, *store, *ready_file, *summary;
    char *password; /* of an encrypted hotkey, in protected memory; NULL: it is not */
    char sidecar_url[128];
    size_t driver;
    int lock;                     /* of the data directory; -1: not held */
    bool key_is_new;              /* there was no key before this start */
    bool key_is_told;             /* where the key is has been said */
    struct queue_status at_start; /* what earlier runs left in the store */
};

static bool find_paths(struct miner *miner, struct pm_error *error)
{
    bool may_make = false;
    if (!path_data_directory(miner->options, &miner->data_directory, error) ||
        !path_hotkey_file(miner->options, &miner->hotkey_file, &may_make, error)) {
        return false;
    }
    miner->store = path_join(miner->data_directory, "sidecar.db", error);
    miner->ready_file = path_join(miner->data_directory, "sidecar.ready", error);
    miner->summary = path_join(miner->data_directory, "summary.json", error);
    miner->key_is_new = access(miner->hotkey_file, F_OK) != 0;
    return miner->store != NULL && miner->ready_file != NULL && miner->summary != NULL &&
           pm_file_make_directories(miner->data_directory, 0700, error) &&
           occupancy_lock(miner->data_directory, &miner->lock, error);
}

/* What the worker would find out at its first job is better said before anything is started. */
static bool check_dataset(const struct miner *miner, struct pm_error *error)
{
    struct pm_suite *suite = NULL;
    bool done = open_suite(miner->options, INPUT_DIM, 0, NULL, NULL, &suite, error);
    pm_suite_destroy(suite);
    return done;
}

static bool start_sidecar(struct miner *miner, const struct launch *launch, struct pm_error *error)
{
    size_t sidecar = 0;
    int port = (int)pm_options_integer(miner->options, "sidecar-port");
    /* A free port is chosen here and not by the sidecar, so that it is the same after a restart. */
    if (port > 0 && !occupancy_check_port(port, error)) {
        return false;
    }
    port = port > 0 ? port : pm_process_free_port();
    const struct sidecar_launch config = {
        .port = port, .store = miner->store, .ready_file = miner->ready_file};
    unlink(miner->ready_file);
    unlink(miner->summary); /* an earlier run's figures are not this pool's answer */
    if (!launch_sidecar(launch, &config, &sidecar, error) ||
        !supervisor_wait_ready(miner->supervisor, sidecar, miner->ready_file, READY_MS, &port,
                               error)) {
        return false;
    }
    snprintf(miner->sidecar_url, sizeof miner->sidecar_url, "tcp://127.0.0.1:%d", port);
    return true;
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
    enum { EVOLVE_JOBS_MAX = 16 };
    const int64_t workers = pm_options_integer(options, "workers");
    return workers < EVOLVE_JOBS_MAX ? workers : EVOLVE_JOBS_MAX;
}

static bool start_programs(struct miner *miner, struct pm_error *error)
{
    const struct pm_options *options = miner->options;
    const char *run_id = pm_options_text(options, "run-id");
    struct launch launch = launch_create(miner->supervisor, options);
    launch.restarts = true;
    if (!start_sidecar(miner, &launch, error)) {
        return false;
    }
    const struct worker_launch worker = {.sidecar_url = miner->sidecar_url,
                                         .run_id = run_id,
                                         .dataset = pm_options_text(options, "dataset"),
                                         .suite = pm_options_text(options, "suite"),
                                         .workers = pm_options_integer(options, "workers"),
                                         .threads = pm_options_integer(options, "threads")};
    const char *pool_urls[POOL_URLS_MAX + 1];
    list_pool_urls(options, pool_urls);
    const struct driver_launch driver = {
        .name = "driver",
        .pool_urls = pool_urls,
        .sidecar_url = miner->sidecar_url,
        .run_id = run_id,
        .hotkey_file = miner->hotkey_file,
        .password = miner->password,
        .profile = pm_options_text(options, "profile"),
        .mode = pm_options_text(options, "mode"),
        .summary = miner->summary,
        .generations = pm_options_integer(options, "generations"),
        .evolve_jobs = evolve_jobs(options),
        .duration_s = (double)pm_options_integer(options, "duration-s"),
        .evolve_max_seconds = (double)pm_options_integer(options, "evolve-max-seconds")};
    return launch_worker(&launch, &worker, NULL, error) &&
           launch_driver(&launch, &driver, &miner->driver, error);
}

static void print_time(void)
{
    char now[16];
    time_t seconds = time(NULL);
    struct tm local;
    localtime_r(&seconds, &local);
    strftime(now, sizeof now, "%H:%M:%S", &local);
    printf("%s  ", now);
}

/* Has the pool given anything to do in this run? False also when the sidecar does not answer, with
 * `status` all 0. */
static bool has_work(struct miner *miner, struct queue_status *status, bool *answered)
{
    *status = (struct queue_status){0};
    *answered = queue_status_read(miner->client, status, NULL);
    return status->queued > 0 || status->leased > 0 ||
           status->completed > miner->at_start.completed ||
           status->submitted > miner->at_start.submitted;
}

/* A beginner's likeliest trouble: no pool where the settings say. */
static void print_no_work(const struct miner *miner)
{
    print_time();
    printf("no work from %s yet. Does a pool run there? Its address is pool_endpoint in "
           "gui_config.json\n          (or --pool-url); poolminer-pool, beside this program, "
           "starts a local one.\n",
           pm_options_text(miner->options, "pool-url"));
    fflush(stdout);
}

static void print_hint(struct miner *miner)
{
    struct queue_status status;
    bool answered;
    if (!has_work(miner, &status, &answered) && answered) {
        print_no_work(miner);
    }
}

/* What the pool says of this miner, ending with `tail`. */
static void print_figures(const struct figures *figures, const char *tail)
{
    char accuracy[40] = "none judged yet", best[16] = "-";
    if (figures->evaluations_finalised > 0) {
        snprintf(accuracy, sizeof accuracy, "%.0f %% accurate",
                 100.0 * (double)figures->evaluations_accurate /
                     (double)figures->evaluations_finalised);
    }
    if (figures->evolutions_finalised > 0) {
        snprintf(best, sizeof best, "%.4f", figures->best_score);
    }
    print_time();
    printf("evaluated %" PRId64 " (%s), evolved %" PRId64 " (%" PRId64
           " over the threshold), best agreed on %s, reputation %.2f, paid %" PRId64 " RAO%s\n",
           figures->evaluations, accuracy, figures->evolutions, figures->evolutions_over_threshold,
           best, figures->reputation, figures->paid_rao, tail);
    fflush(stdout);
}

static void print_line(struct miner *miner)
{
    char queue[80] = "; the sidecar does not answer";
    struct queue_status status;
    bool answered, works = has_work(miner, &status, &answered);
    if (answered) {
        snprintf(queue, sizeof queue, "; %" PRId64 " computing, %" PRId64 " waiting", status.leased,
                 status.queued);
    }
    struct figures figures;
    bool known = figures_read(miner->summary, &figures, NULL);
    if (!known && answered && !works) {
        print_no_work(miner);
        return;
    }
    if (known) {
        print_figures(&figures, queue);
        return;
    }
    print_time();
    printf("%" PRId64 " jobs computed, the pool has told no figures yet%s\n",
           status.completed - miner->at_start.completed, queue);
    fflush(stdout);
}

/* A new key is the driver's to make: until its file is there, there is none to speak of. */
static void tell_of_key(struct miner *miner)
{
    if (miner->key_is_told || access(miner->hotkey_file, F_OK) != 0) {
        return;
    }
    miner->key_is_told = true;
    printf("Your key is %s%s\n", miner->hotkey_file,
           miner->key_is_new ? ", made on this first use: keep a copy of that file." : ".");
    fflush(stdout);
}

/* Until asked to stop, or until the driver's duration is over. */
static bool look_after(struct miner *miner, struct pm_error *error)
{
    int64_t hint_ms = pm_clock_monotonic_ms() + HINT_MS;
    int64_t next_line_ms = pm_clock_monotonic_ms() + SUMMARY_LINE_MS + LAG_MS;
    bool hinted = false;
    while (!pm_stop_requested() && !supervisor_ended(miner->supervisor, miner->driver)) {
        if (!supervisor_poll(miner->supervisor, error)) {
            return false;
        }
        tell_of_key(miner);
        if (!hinted && pm_clock_monotonic_ms() >= hint_ms) {
            hinted = true;
            print_hint(miner);
        }
        if (pm_clock_monotonic_ms() >= next_line_ms) {
            next_line_ms += SUMMARY_LINE_MS;
            print_line(miner);
        }
        pm_clock_sleep_ms(100);
    }
    if (!pm_stop_requested()) {
        print_line(miner); /* the driver has just asked for the last figures */
    }
    return true;
}

static bool mine(struct miner *miner, struct pm_error *error)
{
    miner->supervisor = supervisor_create();
    if (miner->supervisor == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "mine: no memory");
    }
    if (!check_dataset(miner, error) || !find_paths(miner, error)) {
        return false;
    }
    /* Until here a signal ends the process at once: there is nothing to tidy up. */
    pm_stop_install();
    if (!key_ask_password(miner->options, miner->hotkey_file, &miner->password, error) ||
        !start_programs(miner, error)) {
        return false;
    }
    if (!queue_status_connect(miner->sidecar_url, NULL, &miner->client, error)) {
        return false;
    }
    queue_status_read(miner->client, &miner->at_start, NULL);
    printf("Mining for %s, sidecar at %s, files in %s. Ctrl-C stops.\n",
           pm_options_text(miner->options, "pool-url"), miner->sidecar_url, miner->data_directory);
    fflush(stdout);
    return look_after(miner, error);
}

static void clear(struct miner *miner)
{
    pm_queue_client_destroy(miner->client);
    free(miner->data_directory);
    free(miner->hotkey_file);
    key_free_password(miner->password);
    free(miner->store);
    free(miner->ready_file);
    free(miner->summary);
    occupancy_unlock(miner->lock);
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    struct miner miner = {.options = options, .lock = -1};
    pm_program_output_is_optional();
    bool done = mine(&miner, &error);
    bool interrupted = !done && error.code == PM_ERROR_INTERRUPTED;
    int64_t stopping_ms = pm_clock_monotonic_ms();
    supervisor_destroy(miner.supervisor);
    struct figures figures;
    if (done && pm_stop_requested() && figures_read(miner.summary, &figures, NULL)) {
        print_figures(&figures, ""); /* the driver has written its last ones while it stopped */
    }
    if (done || interrupted) {
        pm_log(PM_LOG_INFO, "MINE-STOPPED", "everything stopped in %.1f s",
               (double)(pm_clock_monotonic_ms() - stopping_ms) / 1000);
    }
    clear(&miner);
    return done || interrupted ? EXIT_DONE : verb_fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "duration-s",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 31622400,
     .argument = "N",
     .help = "Mine this long; 0: until stopped."},
    KEY_PASSWORD_OPTION,
};

const struct verb verb_mine = {
    .name = "mine",
    .summary = "Mines: starts sidecar, worker and driver, and looks after them.",
    .usage = "poolminer mine [--config FILE] [OPTION]...",
    .purpose = "Mines for the pool of gui_config.json: starts sidecar, worker and driver, restarts "
               "what ends\nunexpectedly, and says once a minute what happened. Ctrl-C stops "
               "everything within two seconds\nand loses nothing.",
    .uses = USE_ALL,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
