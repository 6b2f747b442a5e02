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

struct pm_crew {
    size_t workers;
    atomic_bool late; /* what is still being said to the sidecar is to be left unsaid */
    struct pm_job_runner_tally tally;
    struct pm_pause pause;
    struct pm_starter *starter; /* of heartbeats, which do not stand back */
    struct pm_governor governor;
    struct pm_queue_client *reports; /* the governor's */
    bool governed;
    struct crew_member members[];
};

/* Which sidecar is spoken with is said where work is asked for, not for each connection. */
static bool connect_client(const struct pm_crew_config *config, int64_t timeout_ms, bool logs_moves,
                           struct pm_queue_client **out, struct pm_error *error)
{
    const struct pm_queue_client_config client = {.url = config->sidecar_urls[0],
                                                  .more_urls = config->sidecar_urls + 1,
                                                  .logs_moves = logs_moves,
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

static void member_prepare(struct crew_member *member, const struct pm_crew_work *work,
                           struct pm_crew *crew)
{
    const size_t share = work->threads / crew->workers;
    member->config = (struct pm_job_runner_config){
        .run_id = work->run_id,
        .bench = work->bench,
        .pause = &crew->pause,
        .threads = share > 0 ? share : 1,
        .queue = pm_job_queue_of_client(member->client),
        .heartbeats = pm_job_queue_of_client(member->heartbeats),
        .result_call_ms = RESULT_CALL_MS,
        .heartbeat_call_ms = HEARTBEAT_CALL_MS,
        .starter = crew->starter,
        .stop = work->stop,
        .wait_ms = LEASE_WAIT_MS,
        .retry_ms = RETRY_MS,
        .patience_ms = PATIENCE_MS,
        .checkpoint_interval_ms = work->checkpoint_interval_ms,
        .late = &crew->late,
        .tally = &crew->tally,
        .show_progress = work->show_progress && crew->workers == 1,
    };
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

static bool start_governor(struct pm_crew *crew, const struct pm_crew_work *work,
                           struct pm_error *error)
{
    pm_queue_client_set_stop_flag(crew->reports, work->stop);
    struct pm_governor_config governor = work->governor;
    governor.sidecar = (struct pm_governor_sidecar){.context = crew->reports, .report = report};
    governor.stop = work->stop;
    governor.pause = &crew->pause;
    crew->governed = pm_governor_start(&crew->governor, &governor, error);
    return crew->governed;
}

static bool crew_start(struct pm_crew *crew, const struct pm_crew_work *work,
                       struct pm_error *error)
{
    if (!start_governor(crew, work, error)) {
        return false;
    }
    size_t started = 0;
    for (size_t i = 0; i < crew->workers; i++) {
        struct crew_member *member = &crew->members[i];
        member_prepare(member, work, crew);
        member->started = pthread_create(&member->thread, NULL, member_main, member) == 0;
        started += member->started;
    }
    if (started == 0) {
        return pm_fail(error, PM_ERROR_MEMORY, "no worker thread could be started");
    }
    if (started < crew->workers) {
        pm_log(PM_LOG_WARN, "WORKER-FEWER-THREADS", "%zu of %zu workers could be started", started,
               crew->workers);
    }
    return true;
}

static bool crew_join(struct pm_crew *crew, int64_t until_ms)
{
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool idle = true;
    for (size_t i = 0; i < crew->workers; i++) {
        idle = member_join(&crew->members[i], &until) && idle;
    }
    return idle;
}

static void crew_count(struct pm_crew *crew, struct pm_job_runner_counts *counts)
{
    *counts = (struct pm_job_runner_counts){
        .done = atomic_load(&crew->tally.done),
        .failed = atomic_load(&crew->tally.failed),
        .lost = atomic_load(&crew->tally.lost),
        .released = atomic_load(&crew->tally.released),
    };
}

bool pm_crew_create(const struct pm_crew_config *config, struct pm_crew **out,
                    struct pm_error *error)
{
    struct pm_crew *crew = calloc(1, sizeof *crew + config->workers * sizeof *crew->members);
    if (crew == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "starting %zu workers: out of memory",
                       config->workers);
    }
    pm_pause_init(&crew->pause);
    crew->workers = config->workers;
    crew->starter = pm_starter_create(error);
    bool connected = crew->starter != NULL &&
                     connect_client(config, REPORT_CALL_MS, false, &crew->reports, error);
    for (size_t i = 0; connected && i < crew->workers; i++) {
        struct crew_member *member = &crew->members[i];
        connected = connect_client(config, RESULT_CALL_MS, false, &member->client, error) &&
                    connect_client(config, HEARTBEAT_CALL_MS, true, &member->heartbeats, error);
    }
    if (!connected) {
        pm_crew_destroy(crew);
        return false;
    }
    *out = crew;
    return true;
}

void pm_crew_destroy(struct pm_crew *crew)
{
    if (crew == NULL) {
        return;
    }
    for (size_t i = 0; i < crew->workers; i++) {
        pm_queue_client_destroy(crew->members[i].client);
        pm_queue_client_destroy(crew->members[i].heartbeats);
    }
    pm_queue_client_destroy(crew->reports);
    pm_starter_destroy(crew->starter);
    pm_pause_clear(&crew->pause);
    free(crew);
}

bool pm_crew_run(struct pm_crew *crew, const struct pm_crew_work *work,
                 struct pm_job_runner_counts *counts, bool *idle, struct pm_error *error)
{
    const bool ok = crew_start(crew, work, error);
    while (ok && !atomic_load(work->stop)) {
        pm_clock_sleep_ms(STOP_POLL_MS);
    }
    const int64_t start_ms = pm_clock_monotonic_ms();
    *idle = crew_join(crew, start_ms + LATE_MS);
    if (!*idle) {
        atomic_store(&crew->late, true);
        *idle = crew_join(crew, start_ms + PARTING_MS);
    }
    crew_count(crew, counts);
    /* A thread that still computes still asks whether it is to pause. */
    if (*idle && crew->governed) {
        pm_governor_join(&crew->governor);
    }
    return ok;
}
