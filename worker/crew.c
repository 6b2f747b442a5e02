#include "worker/crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/queue_client.h>

enum {
    LEASE_WAIT_MS = 10000,
    RETRY_MS = 500,
    STOP_POLL_MS = 100,
    HEARTBEAT_CALL_MS = 1000,
    /* Since the wish to end: how long the computation may take to stop, when calls to the sidecar
     * are given up, when nobody is waited for any more. The supervisor has a second's patience. */
    PATIENCE_MS = 250,
    LATE_MS = 600,
    PARTING_MS = 800,
    RESULT_CALL_MS = 5000,
    REPORT_CALL_MS = 400,
};

struct crew_member {
    pthread_t thread;
    bool started;
    struct pm_queue_client *client, *heartbeats;
    struct pm_job_runner_config config;
};

struct crew {
    atomic_bool late; /* what is still being said to the sidecar is to be left unsaid */
    struct pm_job_runner_tally tally;
    struct pm_pause pause;
    struct pm_governor governor;
    struct pm_queue_client *reports; /* the governor's */
    bool governed;
    struct crew_member members[];
};

static bool connect_client(const struct pm_crew_config *config, int64_t timeout_ms,
                           struct pm_queue_client **out, struct pm_error *error)
{
    const struct pm_queue_client_config client = {.url = config->sidecar_url,
                                                  .key_file = config->key_file,
                                                  .role = "worker",
                                                  .name = config->name,
                                                  .timeout_ms = timeout_ms};
    return pm_queue_client_create(&client, out, error);
}

static void *member_main(void *argument)
{
    struct crew_member *member = argument;
    pm_job_runner_run(&member->config);
    return NULL;
}

static bool member_prepare(struct crew_member *member, const struct pm_crew_config *config,
                           struct crew *crew, struct pm_error *error)
{
    const size_t share = config->threads / config->workers;
    if (!connect_client(config, RESULT_CALL_MS, &member->client, error) ||
        !connect_client(config, HEARTBEAT_CALL_MS, &member->heartbeats, error)) {
        return false;
    }
    member->config = (struct pm_job_runner_config){
        .run_id = config->run_id,
        .bench = config->bench,
        .pause = &crew->pause,
        .threads = share > 0 ? share : 1,
        .queue = pm_job_queue_of_client(member->client),
        .heartbeats = pm_job_queue_of_client(member->heartbeats),
        .stop = config->stop,
        .wait_ms = LEASE_WAIT_MS,
        .retry_ms = RETRY_MS,
        .patience_ms = PATIENCE_MS,
        .checkpoint_interval_ms = config->checkpoint_interval_ms,
        .late = &crew->late,
        .tally = &crew->tally,
        .show_progress = config->show_progress && config->workers == 1,
    };
    return true;
}

static void member_clear(struct crew_member *member)
{
    pm_queue_client_destroy(member->client);
    pm_queue_client_destroy(member->heartbeats);
}

/* False when the member still computes at `until`. */
static bool member_join(struct crew_member *member, const struct timespec *until)
{
    if (member->started &&
        pthread_clockjoin_np(member->thread, NULL, CLOCK_MONOTONIC, until) != 0) {
        return false;
    }
    member->started = false;
    return true;
}

static bool report(void *context, const char *paused, const char *report_json, enum pm_wish *wish,
                   struct pm_error *error)
{
    return pm_queue_client_report(context, paused, report_json, wish, error);
}

static bool start_governor(struct crew *crew, const struct pm_crew_config *config,
                           struct pm_error *error)
{
    if (!connect_client(config, REPORT_CALL_MS, &crew->reports, error)) {
        return false;
    }
    pm_queue_client_set_stop_flag(crew->reports, config->stop);
    struct pm_governor_config governor = config->governor;
    governor.sidecar = (struct pm_governor_sidecar){.context = crew->reports, .report = report};
    governor.stop = config->stop;
    governor.pause = &crew->pause;
    crew->governed = pm_governor_start(&crew->governor, &governor, error);
    return crew->governed;
}

static bool crew_start(struct crew *crew, const struct pm_crew_config *config,
                       struct pm_error *error)
{
    for (size_t i = 0; i < config->workers; i++) {
        if (!member_prepare(&crew->members[i], config, crew, error)) {
            return false;
        }
    }
    if (!start_governor(crew, config, error)) {
        return false;
    }
    size_t started = 0;
    for (size_t i = 0; i < config->workers; i++) {
        struct crew_member *member = &crew->members[i];
        member->started = pthread_create(&member->thread, NULL, member_main, member) == 0;
        started += member->started;
    }
    if (started == 0) {
        return pm_fail(error, PM_ERROR_MEMORY, "no worker thread could be started");
    }
    if (started < config->workers) {
        pm_log(PM_LOG_WARN, "WORKER-FEWER-THREADS", "%zu of %zu workers could be started", started,
               config->workers);
    }
    return true;
}

static bool crew_join(struct crew *crew, size_t count, int64_t until_ms)
{
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool idle = true;
    for (size_t i = 0; i < count; i++) {
        idle = member_join(&crew->members[i], &until) && idle;
    }
    return idle;
}

static void crew_count(struct crew *crew, struct pm_job_runner_counts *counts)
{
    *counts = (struct pm_job_runner_counts){
        .done = atomic_load(&crew->tally.done),
        .failed = atomic_load(&crew->tally.failed),
        .lost = atomic_load(&crew->tally.lost),
        .released = atomic_load(&crew->tally.released),
    };
}

static void end_governor(struct crew *crew)
{
    if (crew->governed) {
        pm_governor_join(&crew->governor);
    }
    pm_queue_client_destroy(crew->reports);
    pm_pause_clear(&crew->pause);
}

static void crew_destroy(struct crew *crew, size_t count)
{
    end_governor(crew);
    for (size_t i = 0; i < count; i++) {
        member_clear(&crew->members[i]);
    }
    free(crew);
}

bool pm_crew_run(const struct pm_crew_config *config, struct pm_job_runner_counts *counts,
                 bool *idle, struct pm_error *error)
{
    *idle = true;
    struct crew *crew = calloc(1, sizeof *crew + config->workers * sizeof *crew->members);
    if (crew == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "starting %zu workers: out of memory",
                       config->workers);
    }
    pm_pause_init(&crew->pause);
    const bool ok = crew_start(crew, config, error);
    while (ok && !atomic_load(config->stop)) {
        pm_clock_sleep_ms(STOP_POLL_MS);
    }
    const int64_t start_ms = pm_clock_monotonic_ms();
    *idle = crew_join(crew, config->workers, start_ms + LATE_MS);
    if (!*idle) {
        atomic_store(&crew->late, true);
        *idle = crew_join(crew, config->workers, start_ms + PARTING_MS);
    }
    crew_count(crew, counts);
    /* A thread that still computes still uses what is freed here. */
    if (*idle) {
        crew_destroy(crew, config->workers);
    }
    return ok;
}
