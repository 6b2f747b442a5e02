#include "worker/job_control.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/condition.h>
#include <poolminer/json.h>

int64_t pm_job_deadline_left_ms(struct pm_job_deadline deadline)
{
    int64_t left_ms = INT64_MAX;
    if (deadline.unix_ms > 0) {
        left_ms = deadline.unix_ms - pm_clock_unix_ms();
    }
    if (deadline.monotonic_ms > 0) {
        const int64_t until_ms = deadline.monotonic_ms - pm_clock_monotonic_ms();
        left_ms = until_ms < left_ms ? until_ms : left_ms;
    }
    return left_ms;
}

struct pm_job_deadline pm_job_deadline_before(struct pm_job_deadline deadline, int64_t earlier_ms)
{
    deadline.unix_ms -= deadline.unix_ms > 0 ? earlier_ms : 0;
    deadline.monotonic_ms -= deadline.monotonic_ms > 0 ? earlier_ms : 0;
    return deadline;
}

void pm_job_control_init(struct pm_job_control *control)
{
    *control = (struct pm_job_control){.progress = {.unit = "algorithms"}};
    pthread_mutex_init(&control->mutex, NULL);
    pm_condition_init(&control->changed);
}

void pm_job_control_clear(struct pm_job_control *control)
{
    pthread_cond_destroy(&control->changed);
    pthread_mutex_destroy(&control->mutex);
    free(control->checkpoint);
    control->checkpoint = NULL;
}

static int rank(enum pm_stop_cause cause)
{
    static const int RANKS[] = {
        [PM_STOP_NONE] = 0, [PM_STOP_DEADLINE] = 1, [PM_STOP_SHUTDOWN] = 2, [PM_STOP_LOST] = 3};
    return RANKS[cause];
}

static void stop_locked(struct pm_job_control *control, enum pm_stop_cause cause)
{
    if (rank(cause) > rank(control->cause)) {
        control->cause = cause;
    }
    atomic_store(&control->stop, true);
}

void pm_job_control_stop(struct pm_job_control *control, enum pm_stop_cause cause)
{
    pthread_mutex_lock(&control->mutex);
    stop_locked(control, cause);
    pthread_mutex_unlock(&control->mutex);
}

enum pm_stop_cause pm_job_control_cause(struct pm_job_control *control)
{
    pthread_mutex_lock(&control->mutex);
    const enum pm_stop_cause cause = control->cause;
    pthread_mutex_unlock(&control->mutex);
    return cause;
}

void pm_job_control_set_deadline(struct pm_job_control *control, struct pm_job_deadline deadline)
{
    pthread_mutex_lock(&control->mutex);
    control->deadline = deadline;
    if (control->cause == PM_STOP_DEADLINE) {
        control->cause = PM_STOP_NONE;
        atomic_store(&control->stop, false);
    }
    pthread_mutex_unlock(&control->mutex);
}

void pm_job_control_check_deadline(struct pm_job_control *control)
{
    pthread_mutex_lock(&control->mutex);
    if (pm_job_deadline_left_ms(control->deadline) <= 0) {
        stop_locked(control, PM_STOP_DEADLINE);
    }
    pthread_mutex_unlock(&control->mutex);
}

void pm_job_control_set_delivering(struct pm_job_control *control)
{
    pthread_mutex_lock(&control->mutex);
    control->delivering = true;
    pthread_mutex_unlock(&control->mutex);
}

bool pm_job_control_is_delivering(struct pm_job_control *control)
{
    pthread_mutex_lock(&control->mutex);
    const bool delivering = control->delivering;
    pthread_mutex_unlock(&control->mutex);
    return delivering;
}

void pm_job_control_set_progress(struct pm_job_control *control,
                                 const struct pm_job_progress *progress)
{
    pthread_mutex_lock(&control->mutex);
    control->progress = *progress;
    pthread_mutex_unlock(&control->mutex);
}

struct pm_job_progress pm_job_control_progress(struct pm_job_control *control)
{
    pthread_mutex_lock(&control->mutex);
    const struct pm_job_progress progress = control->progress;
    pthread_mutex_unlock(&control->mutex);
    return progress;
}

void pm_job_control_set_checkpoint(struct pm_job_control *control, const void *bytes, size_t size,
                                   bool due)
{
    void *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, bytes, size);
    }
    pthread_mutex_lock(&control->mutex);
    void *const older = control->checkpoint;
    control->checkpoint = copy;
    control->checkpoint_size = size;
    control->checkpoint_due = due;
    pthread_mutex_unlock(&control->mutex);
    free(older);
}

void *pm_job_control_take_checkpoint(struct pm_job_control *control, bool due, size_t *size)
{
    void *taken = NULL;
    pthread_mutex_lock(&control->mutex);
    if (control->checkpoint_due || !due) {
        taken = control->checkpoint;
        *size = control->checkpoint_size;
        control->checkpoint = NULL;
    }
    pthread_mutex_unlock(&control->mutex);
    return taken;
}

void pm_job_control_return_checkpoint(struct pm_job_control *control, void *bytes, size_t size)
{
    pthread_mutex_lock(&control->mutex);
    const bool newer = control->checkpoint != NULL;
    if (!newer) {
        control->checkpoint = bytes;
        control->checkpoint_size = size;
        control->checkpoint_due = false;
    }
    pthread_mutex_unlock(&control->mutex);
    if (newer) {
        free(bytes);
    }
}

char *pm_job_progress_write(const struct pm_job_progress *progress, struct pm_error *error)
{
    char *text = NULL;
    cJSON *json = cJSON_CreateObject();
    bool ok = json != NULL && pm_json_add_integer(json, "done", (int64_t)progress->done) &&
              pm_json_add_integer(json, "total", (int64_t)progress->total) &&
              pm_json_add_string(json, "unit", progress->unit);
    if (ok && progress->evolving) {
        ok = pm_json_add_number(json, "best", progress->best) &&
             pm_json_add_number(json, "mean", progress->mean) &&
             pm_json_add_integer(json, "candidates", (int64_t)progress->candidates) &&
             pm_json_add_integer(json, "cache_hits", (int64_t)progress->cache_hits) &&
             pm_json_add_integer(json, "hopeless", (int64_t)progress->hopeless) &&
             pm_json_add_number(json, "candidates_per_second", progress->candidates_per_second);
    }
    if (ok && progress->paused != NULL) {
        ok = pm_json_add_string(json, "paused", progress->paused);
    }
    if (ok) {
        text = pm_json_print(json, error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "writing progress: out of memory");
    }
    cJSON_Delete(json);
    return text;
}

bool pm_job_control_wait(struct pm_job_control *control, int64_t wait_ms)
{
    const int64_t until_ns = pm_clock_monotonic_ns() + wait_ms * 1000000;
    pthread_mutex_lock(&control->mutex);
    while (!control->ended && pm_condition_wait(&control->changed, &control->mutex, until_ns)) {
    }
    const bool ended = control->ended;
    pthread_mutex_unlock(&control->mutex);
    return ended;
}

void pm_job_control_end(struct pm_job_control *control)
{
    pthread_mutex_lock(&control->mutex);
    control->ended = true;
    pthread_cond_broadcast(&control->changed);
    pthread_mutex_unlock(&control->mutex);
}
