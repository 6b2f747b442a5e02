#include "tests/worker/fake_queue.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

enum { JOB_ID = 41, TOKEN = 7 };

void fake_queue_init(struct fake_queue *fake, const char *kind, const char *body)
{
    *fake = (struct fake_queue){.kind = kind, .body = body, .lease_ms = 200};
    pthread_mutex_init(&fake->mutex, NULL);
    pthread_cond_init(&fake->changed, NULL);
}

void fake_queue_clear(struct fake_queue *fake)
{
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->mutex);
    free(fake->last_progress);
    free(fake->result);
    free(fake->reason);
    free(fake->checkpoint);
}

static bool no_answer(struct pm_error *error)
{
    return pm_fail(error, PM_ERROR_UNAVAILABLE, "no answer");
}

/* Every call about the job must name its lease. */
static bool right_lease(int64_t job_id, int64_t token, struct pm_error *error)
{
    if (job_id == JOB_ID && token == TOKEN) {
        return true;
    }
    return pm_fail(error, PM_ERROR_REFUSED, "lease-lost");
}

static void hand_out(struct fake_queue *fake, const char *run_id, struct pm_job *out)
{
    fake->handed_out = true;
    *out = (struct pm_job){.job_id = JOB_ID,
                           .token = TOKEN,
                           .attempt = 1,
                           .lease_ms = fake->lease_ms,
                           .deadline_ms = fake->deadline_ms,
                           .run_id = strdup(run_id),
                           .key = strdup("key"),
                           .kind = strdup(fake->kind),
                           .body = strdup(fake->body),
                           .body_size = strlen(fake->body)};
    if (fake->checkpoint != NULL) {
        out->checkpoint = malloc(fake->checkpoint_size);
        memcpy(out->checkpoint, fake->checkpoint, fake->checkpoint_size);
        out->checkpoint_size = fake->checkpoint_size;
    }
}

static bool lease(void *context, const char *run_id, int64_t wait_ms, struct pm_job *out,
                  bool *found, struct pm_error *error)
{
    struct fake_queue *fake = context;
    bool ok = true;
    (void)wait_ms;
    pthread_mutex_lock(&fake->mutex);
    *found = false;
    if (fake->leases++ < fake->leases_without_answer) {
        ok = no_answer(error);
    } else if (!fake->handed_out) {
        *found = true;
        hand_out(fake, run_id, out);
    }
    pthread_mutex_unlock(&fake->mutex);
    return ok;
}

/* A heartbeat waits here until the job has an outcome, */
static void let_outcome_overtake(struct fake_queue *fake)
{
    fake->beating = true;
    pthread_cond_broadcast(&fake->changed);
    while (!fake->has_outcome) {
        pthread_cond_wait(&fake->changed, &fake->mutex);
    }
}

/* and an outcome until a heartbeat waits. */
static void overtake_heartbeat(struct fake_queue *fake)
{
    while (fake->beat_meets_outcome && !fake->beating) {
        pthread_cond_wait(&fake->changed, &fake->mutex);
    }
    fake->has_outcome = true;
    pthread_cond_broadcast(&fake->changed);
}

static bool progress(void *context, int64_t job_id, int64_t token, const char *progress_json,
                     struct pm_error *error)
{
    struct fake_queue *fake = context;
    pthread_mutex_lock(&fake->mutex);
    bool ok = right_lease(job_id, token, error);
    const int number = ++fake->progresses;
    if (fake->stop_at_progress) {
        atomic_store(&fake->stop, true);
    }
    if (ok && fake->beat_meets_outcome) {
        let_outcome_overtake(fake);
        ok = pm_fail(error, PM_ERROR_REFUSED, "the job has an outcome");
    } else if (ok && fake->refuse_progress) {
        if (fake->stop_after_refusal) {
            atomic_store(&fake->stop, true);
        }
        ok = pm_fail(error, PM_ERROR_REFUSED, "cancelled");
    } else if (ok && number <= fake->progress_without_answer) {
        ok = no_answer(error);
    } else if (ok) {
        free(fake->last_progress);
        fake->last_progress = strdup(progress_json);
    }
    pthread_mutex_unlock(&fake->mutex);
    return ok;
}

/* Keeps a copy in place of the last one. */
static void take_checkpoint(struct fake_queue *fake, const void *bytes, size_t size)
{
    free(fake->checkpoint);
    fake->checkpoint = malloc(size);
    memcpy(fake->checkpoint, bytes, size);
    fake->checkpoint_size = size;
}

static bool checkpoint(void *context, int64_t job_id, int64_t token, const void *bytes, size_t size,
                       struct pm_error *error)
{
    struct fake_queue *fake = context;
    pthread_mutex_lock(&fake->mutex);
    bool ok = right_lease(job_id, token, error);
    const int number = ++fake->checkpoints;
    if (ok && fake->no_room) {
        ok = pm_fail(error, PM_ERROR_UNAVAILABLE, "the store is full");
    } else if (ok) {
        take_checkpoint(fake, bytes, size);
    }
    if (number == fake->stop_at_checkpoint) {
        atomic_store(&fake->stop, true);
    }
    pthread_mutex_unlock(&fake->mutex);
    return ok;
}

static bool finish(void *context, const struct pm_job_finish *result, struct pm_error *error)
{
    struct fake_queue *fake = context;
    pthread_mutex_lock(&fake->mutex);
    overtake_heartbeat(fake);
    bool ok = right_lease(result->job_id, result->token, error);
    const int number = ++fake->finishes;
    if (fake->stop_at_finish && number == 1) {
        atomic_store(&fake->stop, true);
        ok = no_answer(error);
    } else if (ok && number <= fake->finishes_without_answer) {
        ok = no_answer(error);
    } else if (ok && fake->finish_too_large) {
        ok = pm_fail(error, PM_ERROR_LIMIT, "the result is too large");
    } else if (ok && fake->refuse_finish) {
        ok = pm_fail(error, PM_ERROR_REFUSED, "lease-lost");
        atomic_store(&fake->stop, true);
    } else if (ok) {
        fake->result = strndup(result->body, result->body_size);
        atomic_store(&fake->stop, true);
    }
    pthread_mutex_unlock(&fake->mutex);
    return ok;
}

static bool finish_and_lease(void *context, const struct pm_job_finish *result, const char *run_id,
                             struct pm_job *next, bool *found, struct pm_error *error)
{
    struct fake_queue *fake = context;
    if (!finish(context, result, error)) {
        return false;
    }
    pthread_mutex_lock(&fake->mutex);
    *found = fake->next_with_result && !fake->handed_out;
    if (*found) {
        hand_out(fake, run_id, next);
    }
    pthread_mutex_unlock(&fake->mutex);
    return true;
}

static bool fail_job(void *context, int64_t job_id, int64_t token, const char *reason, bool retry,
                     struct pm_error *error)
{
    struct fake_queue *fake = context;
    pthread_mutex_lock(&fake->mutex);
    overtake_heartbeat(fake);
    const bool ok = right_lease(job_id, token, error);
    fake->fails++;
    free(fake->reason);
    fake->reason = strdup(reason);
    fake->retry = retry;
    atomic_store(&fake->stop, true);
    pthread_mutex_unlock(&fake->mutex);
    return ok;
}

static bool release(void *context, int64_t job_id, int64_t token, const void *bytes, size_t size,
                    struct pm_error *error)
{
    struct fake_queue *fake = context;
    pthread_mutex_lock(&fake->mutex);
    bool ok = right_lease(job_id, token, error);
    fake->releases++;
    if (ok && bytes != NULL && fake->no_room) {
        ok = pm_fail(error, PM_ERROR_UNAVAILABLE, "the store is full");
    } else if (ok && bytes != NULL) {
        take_checkpoint(fake, bytes, size);
    }
    fake->released = fake->released || ok;
    pthread_mutex_unlock(&fake->mutex);
    return ok;
}

static void listen(void *context)
{
    struct fake_queue *fake = context;
    pthread_mutex_lock(&fake->mutex);
    fake->listens++;
    pthread_mutex_unlock(&fake->mutex);
}

static void set_stop_flag(void *context, const atomic_bool *stop)
{
    (void)context;
    (void)stop;
}

static void set_timeout(void *context, int64_t timeout_ms)
{
    struct fake_queue *fake = context;
    fake->timeout_ms = timeout_ms;
}

struct pm_job_queue fake_queue_face(struct fake_queue *fake)
{
    return (struct pm_job_queue){.context = fake,
                                 .lease = lease,
                                 .progress = progress,
                                 .checkpoint = checkpoint,
                                 .finish = finish,
                                 .finish_and_lease = finish_and_lease,
                                 .fail = fail_job,
                                 .release = release,
                                 .listen = listen,
                                 .set_stop_flag = set_stop_flag,
                                 .set_timeout = set_timeout};
}
