/* poolminer demo: a whole pool on this machine, in a directory that is gone afterwards. */
#include "cli/demo.h"

#include "cli/cores.h"
#include "cli/launch.h"
#include "cli/paths.h"
#include "cli/queue_status.h"
#include "cli/supervise.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/dataset.h>
#include <poolminer/log.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>
#include <poolminer/suite.h>
#include <poolminer/task.h>
#include <poolminer/temporary.h>
#include <poolminer/terminal.h>

enum { READY_MS = 15000, REPORT_MS = 15000, PROGRESS_MS = 10000, BAR_MS = 500, INPUT_DIM = 16 };

static const char RUN_ID[] = "demo";

struct demo {
    const struct pm_options *options;
    struct supervisor *supervisor;
    struct launch launch;
    struct pm_queue_client *client;
    char *directory;
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    char pool_url[64], sidecar_url[64];
    char *hotkey_files[DEMO_MINERS], *summaries[DEMO_MINERS];
    struct figures figures[DEMO_MINERS];
    double duration_s, epoch_s;
    bool draws; /* standard error is a person's terminal */
};

/* Also finds out that the dataset can be used before anything is started. */
static bool find_fingerprint(struct demo *demo, struct pm_error *error)
{
    struct pm_dataset *dataset = NULL;
    enum pm_suite_edition edition = PM_EDITION_FIRST2000;
    if (!pm_suite_edition_parse(pm_options_text(demo->options, "suite"), &edition, error) ||
        !pm_dataset_open(pm_options_text(demo->options, "dataset"), &dataset, error)) {
        return false;
    }
    struct pm_suite *suite = NULL;
    cores_use(pm_options_integer(demo->options, "threads"));
    bool done = pm_suite_evaluation_kept(dataset, edition, INPUT_DIM, 0, NULL, &suite, error);
    if (done) {
        snprintf(demo->fingerprint, sizeof demo->fingerprint, "%s", suite->fingerprint);
    }
    pm_suite_destroy(suite);
    pm_dataset_destroy(dataset);
    return done;
}

static bool start_pool(struct demo *demo, struct pm_error *error)
{
    size_t index = 0;
    int port = 0;
    char *store = path_join(demo->directory, "pool.db", error);
    char *ready_file = path_join(demo->directory, "pool.ready", error);
    const struct pool_launch config = {.store = store,
                                       .ready_file = ready_file,
                                       .dataset_fingerprint = demo->fingerprint,
                                       .suite = pm_options_text(demo->options, "suite"),
                                       .port = 0,
                                       .quorum = DEMO_QUORUM,
                                       .epoch_s = demo->epoch_s,
                                       .task_timeout_s = 2 * demo->epoch_s};
    bool done = store != NULL && ready_file != NULL &&
                launch_pool(&demo->launch, &config, &index, error) &&
                supervisor_wait_ready(demo->supervisor, index, ready_file, READY_MS, &port, error);
    snprintf(demo->pool_url, sizeof demo->pool_url, "http://127.0.0.1:%d", port);
    free(store);
    free(ready_file);
    return done;
}

static bool start_sidecar(struct demo *demo, struct pm_error *error)
{
    size_t index = 0;
    int port = 0;
    char *store = path_join(demo->directory, "sidecar.db", error);
    char *ready_file = path_join(demo->directory, "sidecar.ready", error);
    const struct sidecar_launch config = {
        .store = store, .ready_file = ready_file, .port = 0, .http_port = -1};
    bool done = store != NULL && ready_file != NULL &&
                launch_sidecar(&demo->launch, &config, &index, error) &&
                supervisor_wait_ready(demo->supervisor, index, ready_file, READY_MS, &port, error);
    snprintf(demo->sidecar_url, sizeof demo->sidecar_url, "tcp://127.0.0.1:%d", port);
    free(store);
    free(ready_file);
    return done;
}

static bool start_worker(struct demo *demo, struct pm_error *error)
{
    const struct worker_launch config = {.sidecar_url = demo->sidecar_url,
                                         .run_id = RUN_ID,
                                         .dataset = pm_options_text(demo->options, "dataset"),
                                         .suite = pm_options_text(demo->options, "suite"),
                                         .workers = 1,
                                         .threads = pm_options_integer(demo->options, "threads"),
                                         .manners = demo->options,
                                         .is_short = true};
    return launch_worker(&demo->launch, &config, NULL, error);
}

static bool start_driver(struct demo *demo, int miner, bool report_only, size_t *index,
                         struct pm_error *error)
{
    char name[32];
    snprintf(name, sizeof name, "driver of miner %d", miner + 1);
    const char *const pool_urls[] = {demo->pool_url, NULL};
    const struct driver_launch config = {
        .name = name,
        .pool_urls = pool_urls,
        .sidecar_url = demo->sidecar_url,
        .run_id = RUN_ID,
        .hotkey_file = demo->hotkey_files[miner],
        .profile = pm_options_text(demo->options, "profile"),
        .summary = demo->summaries[miner],
        .generations = pm_options_integer(demo->options, "generations"),
        .duration_s = demo->duration_s,
        /* A round of all miners is to fit an epoch: they share one worker. */
        .evolve_max_seconds = floor(demo->epoch_s / (2 * DEMO_MINERS)) + 1,
        .no_work_wait_s = 0.5,
        .window_wait_min_s = 0.5,
        .grace_s = demo->epoch_s,
        .report_only = report_only};
    return launch_driver(&demo->launch, &config, index, error);
}

/* On a terminal one bar for the whole of it, drawn over again and left so that a message overwrites
 * it; else a line now and then. */
static void print_progress(struct demo *demo, double seconds)
{
    enum { CELLS = 20, WIDTH = 79 };
    struct queue_status status;
    char bar[CELLS + 1], line[160];
    if (!queue_status_read(demo->client, &status, NULL)) {
        return;
    }
    snprintf(line, sizeof line,
             "%3.0f s of %.0f: %" PRId64 " jobs computed, %" PRId64 " leases submitted, %" PRId64
             " waiting",
             seconds, demo->duration_s, status.completed, status.submitted,
             status.queued + status.leased);
    if (demo->draws) {
        pm_terminal_bar(seconds / demo->duration_s, CELLS, bar);
        fprintf(stderr, "%-*.*s\r", WIDTH, WIDTH, "");
        fprintf(stderr, "[%s] %.*s\r", bar, WIDTH - CELLS - 3, line);
    } else {
        fprintf(stderr, "%s\n", line);
    }
    fflush(stderr);
}

static void end_progress(const struct demo *demo)
{
    if (demo->draws) {
        fprintf(stderr, "%79s\r", "");
    }
}

/* Until every one of the drivers has ended. */
static bool wait_for(struct demo *demo, const size_t drivers[DEMO_MINERS], int64_t limit_ms,
                     bool tell, struct pm_error *error)
{
    int64_t start_ms = pm_clock_monotonic_ms(), told_ms = start_ms;
    for (;;) {
        int ended = 0;
        int64_t now_ms = pm_clock_monotonic_ms();
        for (int i = 0; i < DEMO_MINERS; i++) {
            ended += supervisor_ended(demo->supervisor, drivers[i]) ? 1 : 0;
        }
        if (ended == DEMO_MINERS) {
            end_progress(demo);
            return true;
        }
        if (pm_stop_requested()) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "demo: stopped before its end");
        }
        if (now_ms - start_ms > limit_ms) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE, "demo: the drivers did not end in time");
        }
        if (!supervisor_poll(demo->supervisor, error)) {
            return pm_fail_context(error, "demo");
        }
        if (tell && now_ms - told_ms >= (demo->draws ? BAR_MS : PROGRESS_MS)) {
            told_ms = now_ms;
            print_progress(demo, (double)(now_ms - start_ms) / 1000);
        }
        pm_clock_sleep_ms(50);
    }
}

static bool run_drivers(struct demo *demo, bool report_only, struct pm_error *error)
{
    size_t drivers[DEMO_MINERS];
    for (int i = 0; i < DEMO_MINERS; i++) {
        if (!start_driver(demo, i, report_only, &drivers[i], error)) {
            return false;
        }
    }
    double mining_s = report_only ? 0 : demo->duration_s + demo->epoch_s;
    int64_t limit_ms = REPORT_MS + (int64_t)(mining_s * 1000);
    return wait_for(demo, drivers, limit_ms, !report_only, error);
}

/* Payouts happen when epochs end: the last one has to. */
static bool wait_for_payout(const struct demo *demo, struct pm_error *error)
{
    int64_t until_ms = pm_clock_monotonic_ms() + (int64_t)(demo->epoch_s * 1000) + 500;
    while (pm_clock_monotonic_ms() < until_ms) {
        if (pm_stop_requested()) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "demo: stopped before the last payout");
        }
        pm_clock_sleep_ms(100);
    }
    return true;
}

static bool prepare(struct demo *demo, struct pm_error *error)
{
    const struct pm_options *options = demo->options;
    demo->duration_s = (double)pm_options_integer(options, "duration-s");
    demo->draws = isatty(STDERR_FILENO) == 1 && !pm_log_is_json();
    demo->epoch_s = floor(fmin(10, fmax(3, demo->duration_s / 6)));
    if (!find_fingerprint(demo, error)) {
        return false;
    }
    /* Until here a signal ends the process at once: there is nothing to tidy up. */
    pm_stop_install();
    if (!pm_temporary_make(&demo->directory, error)) {
        return false;
    }
    for (int i = 0; i < DEMO_MINERS; i++) {
        char hotkey[32], summary[32];
        snprintf(hotkey, sizeof hotkey, "hotkey-%d", i + 1);
        snprintf(summary, sizeof summary, "summary-%d.json", i + 1);
        demo->hotkey_files[i] = path_join(demo->directory, hotkey, error);
        demo->summaries[i] = path_join(demo->directory, summary, error);
        if (demo->hotkey_files[i] == NULL || demo->summaries[i] == NULL) {
            return false;
        }
    }
    demo->supervisor = supervisor_create();
    demo->launch = launch_create(demo->supervisor, options);
    return demo->supervisor != NULL || pm_fail(error, PM_ERROR_MEMORY, "demo: no memory");
}

static void print_header(const struct demo *demo, FILE *stream)
{
    int64_t threads = pm_options_integer(demo->options, "threads");
    fprintf(stream,
            "A pool, a sidecar, a worker on %d cores and %d miners for %.0f s, dataset %s,\n"
            "epochs of %.0f s. Consensus takes %d judges here instead of 3, since with %d miners\n"
            "an algorithm has only %d who are not its author.\n",
            threads > 0 ? (int)threads : omp_get_num_procs(), DEMO_MINERS, demo->duration_s,
            pm_options_text(demo->options, "dataset"), demo->epoch_s, DEMO_QUORUM, DEMO_MINERS,
            DEMO_MINERS - 1);
    fflush(stream);
}

static bool play(struct demo *demo, struct pm_error *error)
{
    return start_pool(demo, error) && start_sidecar(demo, error) &&
           queue_status_connect(demo->sidecar_url, NULL, NULL, &demo->client, error) &&
           start_worker(demo, error) && run_drivers(demo, false, error) &&
           wait_for_payout(demo, error) && run_drivers(demo, true, error);
}

static bool report(struct demo *demo, bool json, struct demo_verdict *verdict,
                   struct pm_error *error)
{
    for (int i = 0; i < DEMO_MINERS; i++) {
        if (!figures_read(demo->summaries[i], &demo->figures[i], error)) {
            return pm_fail_context(error, "demo: figures of miner %d", i + 1);
        }
    }
    *verdict = demo_judge(demo->figures);
    const struct demo_report out = {.figures = demo->figures,
                                    .verdict = *verdict,
                                    .dataset = pm_options_text(demo->options, "dataset"),
                                    .fingerprint = demo->fingerprint,
                                    .suite = pm_options_text(demo->options, "suite"),
                                    .duration_s = demo->duration_s};
    return demo_print(&out, json, error);
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    struct demo demo = {.options = options};
    struct demo_verdict verdict = {0};
    bool json = pm_options_flag(options, "json");
    bool done = prepare(&demo, &error);
    if (done) {
        print_header(&demo, json ? stderr : stdout);
        done = play(&demo, &error) && report(&demo, json, &verdict, &error);
    }
    pm_queue_client_destroy(demo.client);
    supervisor_destroy(demo.supervisor);
    if (demo.directory != NULL) {
        pm_temporary_remove(demo.directory);
    }
    free(demo.directory);
    for (int i = 0; i < DEMO_MINERS; i++) {
        free(demo.hotkey_files[i]);
        free(demo.summaries[i]);
    }
    if (!done) {
        return verb_fail(&error);
    }
    demo_print_failures(&verdict);
    return demo_succeeded(&verdict) ? EXIT_DONE : EXIT_FAILED;
}

static const struct pm_option OPTIONS[] = {
    {.name = "duration-s",
     .type = PM_OPTION_INTEGER,
     .default_value = "60",
     .minimum = 10,
     .maximum = 86400,
     .argument = "N",
     .help = "Mine this long; the last payout and the table take some seconds more."},
    {.name = "json",
     .type = PM_OPTION_FLAG,
     .help = "The table as one JSON object; everything else goes to standard error."},
};

const struct verb verb_demo = {
    .name = "demo",
    .summary = "Shows it all: a local pool and three miners on this machine.",
    .usage = "poolminer demo [--duration-s N] [--dataset NAME] [--json] [OPTION]...",
    .purpose = "Starts a local pool, a sidecar, a worker and three miners with fresh hotkeys in a "
               "temporary\ndirectory, on free ports; mines; stops everything, and prints what each "
               "miner did and earned.\nSucceeds only if work was evaluated, evolved, agreed on and "
               "paid. Consensus takes 2 judges\ninstead of 3: with three miners an algorithm has "
               "only two who are not its author.\nIt runs on a battery too, unless "
               "told --pause-on-battery.",
    .uses = USE_COMPUTE | USE_EVOLVE | USE_GUEST,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
