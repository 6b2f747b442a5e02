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

static void note_answer(struct pm_heartbeat *heartbeat)
{
    if (heartbeat->away) {
        pm_log(PM_LOG_WARN, "WORKER-SIDECAR-BACK", "job=%lld",
               (long long)heartbeat->config.job->job_id);
    }
    heartbeat->away = false;
}

/* Why a call failed, once. A lease that ends while the outcome is on its way is not worth a word:
 * most likely the outcome has just arrived, and if not, its sender is told. */
static void note_failure(struct pm_heartbeat *heartbeat, const struct pm_error *error)
{
    const long long job_id = heartbeat->config.job->job_id;
    if (error->code == PM_ERROR_REFUSED) {
        if (!pm_job_control_is_delivering(heartbeat->config.control)) {
            pm_log(PM_LOG_WARN, "WORKER-LEASE-LOST", "job=%lld: %s", job_id, error->message);
        }
        pm_job_control_stop(heartbeat->config.control, PM_STOP_LOST);
    } else if (!heartbeat->away && error->code != PM_ERROR_INTERRUPTED) {
        pm_log(PM_LOG_WARN, "WORKER-SIDECAR-AWAY",
               "job=%lld: %s; computing goes on, the heartbeat is tried again", job_id,
               error->message);
        heartbeat->away = true;
    }
}

/* One heartbeat. Returns when the next is due. */
static int64_t beat(struct pm_heartbeat *heartbeat)
{
    const struct pm_heartbeat_config *config = &heartbeat->config;
    struct pm_job_progress progress = pm_job_control_progress(config->control);
    char reason[PM_PAUSE_REASON_SIZE];
    if (config->pause != NULL && pm_pause_is_on(config->pause, reason)) {
        progress.paused = reason;
    }
    const int64_t interval_ms = beat_interval_ms(config->job);
    struct pm_error error = {0};
    char *json = pm_job_progress_write(&progress, &error);
    const bool ok = config->queue->progress(config->queue->context, config->job->job_id,
                                            config->job->token, json, &error);
    free(json);
    if (ok) {
        note_answer(heartbeat);
        return pm_clock_monotonic_ms() + interval_ms;
    }
    note_failure(heartbeat, &error);
    return pm_clock_monotonic_ms() + (interval_ms < RETRY_MS ? interval_ms : RETRY_MS);
}

/* Leaves a checkpoint with the sidecar, if there is one to be left. What cannot be kept now is
 * tried again as the next one, or in parting. */
static void keep_checkpoint(struct pm_heartbeat *heartbeat)
{
    const struct pm_heartbeat_config *config = &heartbeat->config;
    struct pm_error error = {0};
    size_t size = 0;
    void *bytes = pm_job_control_take_checkpoint(config->control, true, &size);
    if (bytes == NULL) {
        return;
    }
    if (config->queue->checkpoint(config->queue->context, config->job->job_id, config->job->token,
                                  bytes, size, &error)) {
        pm_log(PM_LOG_DEBUG, "WORKER-CHECKPOINT", "job=%lld bytes=%zu",
               (long long)config->job->job_id, size);
        free(bytes);
        return;
    }
    if (error.code != PM_ERROR_REFUSED && error.code != PM_ERROR_INTERRUPTED &&
        !heartbeat->unkept) {
        pm_log(PM_LOG_WARN, "WORKER-CHECKPOINT-NOT-KEPT",
               "job=%lld: %s; computing goes on, the next one is tried",
               (long long)config->job->job_id, error.message);
        heartbeat->unkept = true;
    }
    if (error.code == PM_ERROR_REFUSED) {
        note_failure(heartbeat, &error);
    }
    pm_job_control_return_checkpoint(config->control, bytes, size);
}

static bool try_release(const struct pm_heartbeat_config *config, const void *checkpoint,
                        size_t size, struct pm_error *error)
{
    return config->queue->release(config->queue->context, config->job->job_id, config->job->token,
                                  checkpoint, size, error);
}

void pm_heartbeat_release(const struct pm_heartbeat *heartbeat)
{
    const struct pm_heartbeat_config *config = &heartbeat->config;
    const long long job_id = config->job->job_id;
    struct pm_error error = {0};
    size_t size = 0;
    void *checkpoint = pm_job_control_take_checkpoint(config->control, false, &size);
    if (config->tally != NULL) {
        atomic_fetch_add(&config->tally->released, 1);
    }
    bool done = try_release(config, checkpoint, size, &error);
    if (!done && checkpoint != NULL && error.code != PM_ERROR_REFUSED) {
        pm_log(PM_LOG_WARN, "WORKER-CHECKPOINT-NOT-KEPT", "job=%lld: %s", job_id, error.message);
        size = 0;
        done = try_release(config, NULL, 0, &error);
    }
    if (done) {
        pm_log(PM_LOG_INFO, "WORKER-JOB-RELEASED", "job=%lld checkpoint=%zu: the worker ends",
               job_id, checkpoint != NULL ? size : 0);
    } else {
        pm_log(PM_LOG_WARN, "WORKER-RELEASE-FAILED",
               "job=%lld: %s; it goes back when its lease runs out", job_id, error.message);
    }
    free(checkpoint);
}

/* The process is to end: leaves the computation a moment to stop, then gives the job back over its
 * head. What it computes after that is never sent. */
static void part(struct pm_heartbeat *heartbeat)
{
    const struct pm_heartbeat_config *config = &heartbeat->config;
    pm_job_control_stop(config->control, PM_STOP_SHUTDOWN);
    if (pm_job_control_wait(config->control, config->patience_ms)) {
        return;
    }
    config->queue->set_stop_flag(config->queue->context, config->late);
    heartbeat->released = true;
    pm_heartbeat_release(heartbeat);
}

static void *heartbeat_main(void *argument)
{
    struct pm_heartbeat *heartbeat = argument;
    pthread_setname_np(pthread_self(), "heartbeat");
    const struct pm_heartbeat_config *config = &heartbeat->config;
    int64_t next_ms = pm_clock_monotonic_ms() + beat_interval_ms(config->job);
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
        config->queue->listen(config->queue->context);
        pm_job_control_check_deadline(config->control);
        keep_checkpoint(heartbeat);
        if (pm_clock_monotonic_ms() >= next_ms) {
            next_ms = beat(heartbeat);
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
    if (!pm_starter_start(config->starter, &heartbeat->thread, heartbeat_main, heartbeat)) {
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
