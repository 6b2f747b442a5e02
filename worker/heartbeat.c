#include "worker/heartbeat.h"

#include "worker/progress_bar.h"

#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum {
    TICK_MS = 100, /* how long a deadline or a stop may stay unseen */
    RETRY_MS = 1000,
};

/* A quarter of the lease: three heartbeats may be lost before it is. */
static int64_t beat_interval_ms(const struct pm_job *job)
{
    const int64_t interval_ms = job->lease_ms / 4;
    return interval_ms < 1 ? 1 : interval_ms;
}

/* One heartbeat. Returns when the next is due. `*away`: the sidecar did not answer the last one. */
static int64_t beat(const struct pm_heartbeat *heartbeat, bool *away)
{
    const struct pm_heartbeat_config *config = &heartbeat->config;
    const struct pm_job_progress progress = pm_job_control_progress(config->control);
    const int64_t interval_ms = beat_interval_ms(config->job);
    struct pm_error error = {0};
    char *json = pm_job_progress_write(&progress, &error);
    const bool ok = config->queue->progress(config->queue->context, config->job->job_id,
                                            config->job->token, json, &error);
    free(json);
    if (ok) {
        if (*away) {
            pm_log(PM_LOG_WARN, "WORKER-SIDECAR-BACK", "job=%lld", (long long)config->job->job_id);
        }
        *away = false;
        return pm_clock_monotonic_ms() + interval_ms;
    }
    if (error.code == PM_ERROR_REFUSED) {
        pm_log(PM_LOG_WARN, "WORKER-LEASE-LOST", "job=%lld: %s", (long long)config->job->job_id,
               error.message);
        pm_job_control_stop(config->control, PM_STOP_LOST);
    } else if (!*away && error.code != PM_ERROR_INTERRUPTED) {
        pm_log(PM_LOG_WARN, "WORKER-SIDECAR-AWAY",
               "job=%lld: %s; computing goes on, the heartbeat is tried again",
               (long long)config->job->job_id, error.message);
        *away = true;
    }
    return pm_clock_monotonic_ms() + (interval_ms < RETRY_MS ? interval_ms : RETRY_MS);
}

/* The process is to end: leaves the computation a moment to stop, then gives the job back over its
 * head. What it computes after that is never sent. */
static void part(struct pm_heartbeat *heartbeat)
{
    const struct pm_heartbeat_config *config = &heartbeat->config;
    struct pm_error error = {0};
    pm_job_control_stop(config->control, PM_STOP_SHUTDOWN);
    if (pm_job_control_wait(config->control, config->patience_ms)) {
        return;
    }
    config->queue->set_stop_flag(config->queue->context, config->late);
    heartbeat->released = true;
    if (config->tally != NULL) {
        atomic_fetch_add(&config->tally->released, 1);
    }
    if (config->queue->release(config->queue->context, config->job->job_id, config->job->token,
                               NULL, 0, &error)) {
        pm_log(PM_LOG_INFO, "WORKER-JOB-RELEASED", "job=%lld: the worker ends",
               (long long)config->job->job_id);
    } else {
        pm_log(PM_LOG_WARN, "WORKER-RELEASE-FAILED", "job=%lld: %s", (long long)config->job->job_id,
               error.message);
    }
}

static void *heartbeat_main(void *argument)
{
    struct pm_heartbeat *heartbeat = argument;
    const struct pm_heartbeat_config *config = &heartbeat->config;
    int64_t next_ms = pm_clock_monotonic_ms() + beat_interval_ms(config->job);
    bool away = false;
    for (;;) {
        int64_t wait_ms = next_ms - pm_clock_monotonic_ms();
        if (wait_ms > TICK_MS) {
            wait_ms = TICK_MS;
        }
        if (wait_ms > 0 && pm_job_control_wait(config->control, wait_ms)) {
            break;
        }
        if (atomic_load(config->stop)) {
            part(heartbeat);
            break;
        }
        pm_job_control_check_deadline(config->control);
        if (pm_clock_monotonic_ms() >= next_ms) {
            next_ms = beat(heartbeat, &away);
        }
        if (pm_job_control_cause(config->control) == PM_STOP_LOST) {
            break;
        }
        if (config->show_progress) {
            pm_progress_bar_draw(config->control);
        }
    }
    if (config->show_progress) {
        pm_progress_bar_clear();
    }
    return NULL;
}

bool pm_heartbeat_start(struct pm_heartbeat *heartbeat, const struct pm_heartbeat_config *config,
                        struct pm_error *error)
{
    *heartbeat = (struct pm_heartbeat){.config = *config};
    /* A call in progress must not keep the worker from ending. */
    config->queue->set_stop_flag(config->queue->context, config->stop);
    if (pthread_create(&heartbeat->thread, NULL, heartbeat_main, heartbeat) != 0) {
        return pm_fail(error, PM_ERROR_MEMORY, "starting the heartbeat thread failed");
    }
    return true;
}

void pm_heartbeat_join(struct pm_heartbeat *heartbeat)
{
    pm_job_control_end(heartbeat->config.control);
    pthread_join(heartbeat->thread, NULL);
    heartbeat->config.queue->set_stop_flag(heartbeat->config.queue->context,
                                           heartbeat->config.late);
}
