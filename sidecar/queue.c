/* The life of a job, as the picture in docs/sidecar-protocol.md draws it. */
#include "sidecar/queue_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- transactions ---- */

bool pm_queue_begin(struct pm_queue *queue, bool durable, struct pm_error *error)
{
    return queue->store->verbs->begin(queue->store, durable, error);
}

bool pm_queue_commit(struct pm_queue *queue, struct pm_error *error)
{
    return queue->store->verbs->commit(queue->store, error);
}

void pm_queue_rollback(struct pm_queue *queue)
{
    queue->store->verbs->rollback(queue->store);
    queue->leases_due_ms = 0; /* leases that were lost in it are there again */
}

bool pm_queue_open(struct pm_queue *queue, struct pm_store *store,
                   const struct pm_queue_config *config, struct pm_queue_time now,
                   struct pm_error *error)
{
    *queue = (struct pm_queue){.store = store, .config = *config};
    if (!pm_queue_begin(queue, true, error)) {
        return false;
    }
    if (!store->verbs->renew_all(store, now.steady_ms + config->lease_ms, error) ||
        !pm_queue_commit(queue, error)) {
        pm_queue_rollback(queue);
        return false;
    }
    return true;
}

/* ---- shared steps ---- */

void pm_queue_count_state(struct pm_queue *queue, const struct pm_store_job *job, int64_t change)
{
    queue->store->verbs->count(queue->store, job->run,
                               (enum pm_counter)(PM_COUNTER_STATE_FIRST + (int)job->state), change);
}

static void count_bytes(struct pm_queue *queue, struct pm_store_job *job, int64_t change)
{
    job->bytes += change;
    queue->store->verbs->count(queue->store, job->run, PM_COUNTER_BYTES, change);
}

bool pm_queue_move(struct pm_queue *queue, struct pm_store_job *job, enum pm_job_state state,
                   const struct pm_wire_frame *result, struct pm_error *error)
{
    enum pm_job_state from = job->state;
    pm_queue_count_state(queue, job, -1);
    job->state = state;
    pm_queue_count_state(queue, job, 1);
    if (state == PM_JOB_QUEUED) {
        queue->work_arrived = true;
    }
    if (result != NULL) {
        count_bytes(queue, job, (int64_t)result->size);
    }
    return queue->store->verbs->job_move(queue->store, job, from, result, error);
}

bool pm_queue_delete(struct pm_queue *queue, const struct pm_store_job *job, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    pm_queue_count_state(queue, job, -1);
    store->verbs->count(store, job->run, PM_COUNTER_BYTES, -job->bytes);
    return store->verbs->job_delete(store, job, error);
}

void pm_queue_count_event(struct pm_queue *queue, const struct pm_store_job *job,
                          enum pm_counter counter)
{
    queue->store->verbs->count(queue->store, job->run, counter, 1);
}

/* ---- leasing ---- */

static bool read_parts(struct pm_queue *queue, struct pm_queue_lease *lease, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    lease->body = lease->checkpoint = NULL;
    if (store->verbs->part_get(store, &lease->job, PM_STORE_BODY, &lease->body, &lease->body_size,
                               error) &&
        store->verbs->part_get(store, &lease->job, PM_STORE_CHECKPOINT, &lease->checkpoint,
                               &lease->checkpoint_size, error)) {
        if (lease->body != NULL) {
            return true;
        }
        pm_fail(error, PM_ERROR_IO, "the store: job %lld has no body", (long long)lease->job.id);
    }
    pm_queue_lease_clear(lease);
    return false;
}

void pm_queue_lease_clear(struct pm_queue_lease *lease)
{
    free(lease->body);
    free(lease->checkpoint);
    lease->body = lease->checkpoint = NULL;
}

bool pm_queue_lease(struct pm_queue *queue, struct pm_queue_time now, const char *run,
                    const char *holder, uint64_t request_id, struct pm_queue_lease *out,
                    bool *found, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct pm_store_job *job = &out->job;
    int64_t run_id = 0;
    *found = false;
    out->body = out->checkpoint = NULL;
    if (run[0] != '\0') {
        if (!store->verbs->run_find(store, run, false, &run_id, error)) {
            return false;
        }
        if (run_id == 0) {
            return true;
        }
    }
    for (;;) {
        if (!store->verbs->job_next(store, run_id, job, found, error)) {
            return false;
        }
        if (!*found) {
            return true;
        }
        if (!pm_queue_past_deadline(job, now)) {
            break;
        }
        if (!pm_queue_expire(queue, job, error)) {
            return false;
        }
    }
    job->token++;
    job->lease_until_ms = now.steady_ms + queue->config.lease_ms;
    job->lease_request = (int64_t)request_id;
    snprintf(job->holder, sizeof job->holder, "%s", holder);
    return pm_queue_move(queue, job, PM_JOB_LEASED, NULL, error) && read_parts(queue, out, error);
}

/* Whom another sidecar could not answer is here now: that one finds nobody, and would take the
 * lease for lost. */
static bool take_over(struct pm_queue *queue, struct pm_queue_time now,
                      const struct pm_store_job *job, struct pm_error *error)
{
    return !job->elsewhere ||
           queue->store->verbs->job_renew(queue->store, job->id,
                                          now.steady_ms + queue->config.lease_ms, error);
}

bool pm_queue_lease_again(struct pm_queue *queue, struct pm_queue_time now, const char *holder,
                          uint64_t request_id, struct pm_queue_lease *out, bool *found,
                          struct pm_error *error)
{
    struct pm_store *store = queue->store;
    struct pm_store_query query = {.list = PM_STORE_LEASES_OF, .holder = holder};
    int64_t ids[PM_QUEUE_LIST_MAX];
    size_t count;
    *found = false;
    out->body = out->checkpoint = NULL;
    if (!store->verbs->list(store, &query, ids, PM_QUEUE_LIST_MAX, &count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool there;
        if (!store->verbs->job_get(store, ids[i], &out->job, &there, error)) {
            return false;
        }
        if (there && out->job.lease_request == (int64_t)request_id) {
            *found = true;
            return take_over(queue, now, &out->job, error) && read_parts(queue, out, error);
        }
    }
    return true;
}

/* ---- the holder's verbs ---- */

/* Reads a job that a worker speaks of. */
static bool get_job(struct pm_queue *queue, int64_t id, int64_t token, struct pm_store_job *job,
                    struct pm_error *error)
{
    bool found;
    if (!queue->store->verbs->job_get(queue->store, id, job, &found, error)) {
        return false;
    }
    return found || pm_fail(error, PM_ERROR_REFUSED,
                            "lease %lld of job %lld is lost: the job was collected or never was",
                            (long long)token, (long long)id);
}

static bool check_token(const struct pm_store_job *job, int64_t token, struct pm_error *error)
{
    if (job->state == PM_JOB_LEASED && job->token == token) {
        return true;
    }
    const char *why = "the job has an outcome";
    if (job->state == PM_JOB_LEASED) {
        why = "another worker has the job";
    } else if (job->state == PM_JOB_QUEUED) {
        why = "it ran out, and the job waits for another worker";
    } else if (strcmp(job->reason, "cancelled") == 0) {
        why = "the driver cancelled the job";
    }
    return pm_fail(error, PM_ERROR_REFUSED, "lease %lld of job %lld is lost: %s", (long long)token,
                   (long long)job->id, why);
}

bool pm_queue_progress(struct pm_queue *queue, struct pm_queue_time now, int64_t id, int64_t token,
                       struct pm_error *error)
{
    struct pm_store_job job;
    return get_job(queue, id, token, &job, error) && check_token(&job, token, error) &&
           queue->store->verbs->job_renew(queue->store, id, now.steady_ms + queue->config.lease_ms,
                                          error);
}

bool pm_queue_replace_checkpoint(struct pm_queue *queue, struct pm_store_job *job,
                                 const struct pm_wire_frame *checkpoint, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    void *older;
    size_t older_size;
    if (!store->verbs->part_get(store, job, PM_STORE_CHECKPOINT, &older, &older_size, error)) {
        return false;
    }
    free(older);
    const size_t size = checkpoint != NULL ? checkpoint->size : 0;
    count_bytes(queue, job, (int64_t)size - (int64_t)older_size);
    return store->verbs->checkpoint_set(store, job->id, checkpoint, error);
}

bool pm_queue_checkpoint(struct pm_queue *queue, struct pm_queue_time now, int64_t id,
                         int64_t token, const struct pm_wire_frame *checkpoint,
                         struct pm_error *error)
{
    struct pm_store_job job;
    if (!get_job(queue, id, token, &job, error) || !check_token(&job, token, error) ||
        !pm_queue_make_room(queue, PM_QUEUE_ROOM_NEW, (int64_t)checkpoint->size, error) ||
        !pm_queue_replace_checkpoint(queue, &job, checkpoint, error)) {
        return false;
    }
    job.lease_until_ms = now.steady_ms + queue->config.lease_ms;
    return queue->store->verbs->job_move(queue->store, &job, PM_JOB_LEASED, NULL, error);
}

bool pm_queue_finish(struct pm_queue *queue, int64_t id, int64_t token,
                     const struct pm_wire_frame *result, bool *repeated, struct pm_error *error)
{
    struct pm_store_job job;
    if (!get_job(queue, id, token, &job, error)) {
        return false;
    }
    *repeated = job.state == PM_JOB_DONE && job.token == token;
    if (*repeated) {
        return true;
    }
    if (!check_token(&job, token, error) ||
        !pm_queue_make_room(queue, PM_QUEUE_ROOM_IN, (int64_t)result->size, error)) {
        return false;
    }
    job.reason[0] = '\0';
    pm_queue_count_event(queue, &job, PM_COUNTER_COMPLETED);
    return pm_queue_move(queue, &job, PM_JOB_DONE, result, error);
}

bool pm_queue_fail(struct pm_queue *queue, int64_t id, int64_t token, const char *reason,
                   bool retry, enum pm_job_state *state, struct pm_error *error)
{
    struct pm_store_job job;
    if (!get_job(queue, id, token, &job, error)) {
        return false;
    }
    *state = job.state;
    if (job.ended_token == token && token > 0) {
        return true; /* said before */
    }
    if (!check_token(&job, token, error)) {
        return false;
    }
    job.failures++;
    job.ended_token = token;
    *state = retry && job.failures < PM_QUEUE_ATTEMPTS_MAX ? PM_JOB_QUEUED : PM_JOB_FAILED;
    snprintf(job.reason, sizeof job.reason, "%s", reason);
    if (*state == PM_JOB_FAILED) {
        pm_queue_count_event(queue, &job, PM_COUNTER_GONE_WRONG);
    }
    return pm_queue_move(queue, &job, *state, NULL, error);
}

bool pm_queue_release(struct pm_queue *queue, int64_t id, int64_t token,
                      const struct pm_wire_frame *checkpoint, struct pm_error *error)
{
    struct pm_store_job job;
    if (!get_job(queue, id, token, &job, error)) {
        return false;
    }
    if (job.ended_token == token && token > 0) {
        return true; /* said before */
    }
    if (!check_token(&job, token, error)) {
        return false;
    }
    if (checkpoint != NULL &&
        (!pm_queue_make_room(queue, PM_QUEUE_ROOM_IN, (int64_t)checkpoint->size, error) ||
         !pm_queue_replace_checkpoint(queue, &job, checkpoint, error))) {
        return false;
    }
    job.ended_token = token;
    return pm_queue_move(queue, &job, PM_JOB_QUEUED, NULL, error);
}

bool pm_queue_take_back(struct pm_queue *queue, int64_t id, int64_t token, struct pm_error *error)
{
    struct pm_store_job job;
    bool found;
    if (!queue->store->verbs->job_get(queue->store, id, &job, &found, error)) {
        return false;
    }
    if (!found || job.state != PM_JOB_LEASED || job.token != token || job.elsewhere) {
        return true;
    }
    return pm_queue_move(queue, &job, PM_JOB_QUEUED, NULL, error);
}
