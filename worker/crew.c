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
    /* Together under two seconds: the computation's time to stop, one call to give the job back. */
    PATIENCE_MS = 600,
    HEARTBEAT_CALL_MS = 1000,
    PARTING_MS = 1800,
    RESULT_CALL_MS = 5000,
};

struct crew_member {
    pthread_t thread;
    bool started;
    struct pm_queue_client *client, *heartbeats;
    struct pm_job_runner_config config;
    struct pm_job_runner_counts counts;
};

static bool connect_client(const struct pm_crew_config *config, int64_t timeout_ms,
                           struct pm_queue_client **out, struct pm_error *error)
{
    const struct pm_queue_client_config client = {.url = config->sidecar_url,
                                                  .role = "worker",
                                                  .name = config->name,
                                                  .timeout_ms = timeout_ms};
    return pm_queue_client_create(&client, out, error);
}

static void *member_main(void *argument)
{
    struct crew_member *member = argument;
    member->counts = pm_job_runner_run(&member->config);
    return NULL;
}

static bool member_prepare(struct crew_member *member, const struct pm_crew_config *config,
                           struct pm_error *error)
{
    const size_t share = config->threads / config->workers;
    if (!connect_client(config, RESULT_CALL_MS, &member->client, error) ||
        !connect_client(config, HEARTBEAT_CALL_MS, &member->heartbeats, error)) {
        return false;
    }
    member->config = (struct pm_job_runner_config){
        .run_id = config->run_id,
        .bench = config->bench,
        .threads = share > 0 ? share : 1,
        .queue = pm_job_queue_of_client(member->client),
        .heartbeats = pm_job_queue_of_client(member->heartbeats),
        .stop = config->stop,
        .wait_ms = LEASE_WAIT_MS,
        .retry_ms = RETRY_MS,
        .patience_ms = PATIENCE_MS,
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
static bool member_join(struct crew_member *member, const struct timespec *until,
                        struct pm_job_runner_counts *counts)
{
    if (!member->started) {
        return true;
    }
    if (pthread_clockjoin_np(member->thread, NULL, CLOCK_MONOTONIC, until) != 0) {
        return false;
    }
    counts->done += member->counts.done;
    counts->failed += member->counts.failed;
    counts->lost += member->counts.lost;
    counts->released += member->counts.released;
    return true;
}

static bool crew_start(struct crew_member *members, const struct pm_crew_config *config,
                       struct pm_error *error)
{
    for (size_t i = 0; i < config->workers; i++) {
        if (!member_prepare(&members[i], config, error)) {
            return false;
        }
    }
    size_t started = 0;
    for (size_t i = 0; i < config->workers; i++) {
        struct crew_member *member = &members[i];
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

static bool crew_join(struct crew_member *members, size_t count,
                      struct pm_job_runner_counts *counts)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + PARTING_MS;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    bool idle = true;
    for (size_t i = 0; i < count; i++) {
        idle = member_join(&members[i], &until, counts) && idle;
    }
    return idle;
}

bool pm_crew_run(const struct pm_crew_config *config, struct pm_job_runner_counts *counts,
                 bool *idle, struct pm_error *error)
{
    *counts = (struct pm_job_runner_counts){0};
    *idle = true;
    struct crew_member *members = calloc(config->workers, sizeof *members);
    if (members == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "starting %zu workers: out of memory",
                       config->workers);
    }
    const bool ok = crew_start(members, config, error);
    while (ok && !atomic_load(config->stop)) {
        pm_clock_sleep_ms(STOP_POLL_MS);
    }
    *idle = crew_join(members, config->workers, counts);
    /* A thread that still computes still uses what is freed here. */
    if (*idle) {
        for (size_t i = 0; i < config->workers; i++) {
            member_clear(&members[i]);
        }
        free(members);
    }
    return ok;
}
