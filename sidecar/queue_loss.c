/* What time and loss do to jobs: deadlines, leases that run out, workers that are gone. */
#include "sidecar/queue_internal.h"

#include <stdio.h>

bool pm_queue_expire(struct pm_queue *queue, struct pm_store_job *job, struct pm_error *error)
{
    snprintf(job->reason, sizeof job->reason, "expired");
    pm_queue_count_event(queue, job, PM_COUNTER_EXPIRED);
    return pm_queue_move(queue, job, PM_JOB_FAILED, NULL, error);
}

bool pm_queue_past_deadline(const struct pm_store_job *job, struct pm_queue_time now)
{
    return job->deadline_ms > 0 && job->deadline_ms <= now.unix_ms;
}

static bool lose(struct pm_queue *queue, struct pm_queue_time now, struct pm_store_job *job,
                 struct pm_error *error)
{
    job->failures++;
    pm_queue_count_event(queue, job, PM_COUNTER_LOST_LEASES);
    if (pm_queue_past_deadline(job, now)) {
        return pm_queue_expire(queue, job, error);
    }
    if (job->failures < PM_QUEUE_ATTEMPTS_MAX) {
        return pm_queue_move(queue, job, PM_JOB_QUEUED, NULL, error);
    }
    snprintf(job->reason, sizeof job->reason, "lost by %lld workers", (long long)job->failures);
    pm_queue_count_event(queue, job, PM_COUNTER_SET_ASIDE_EVER);
    return pm_queue_move(queue, job, PM_JOB_SET_ASIDE, NULL, error);
}

/* Applies what is due to the jobs of one list and appends events. */
static bool apply_list(struct pm_queue *queue, struct pm_queue_time now,
                       const struct pm_store_query *query, struct pm_queue_event *events,
                       size_t capacity, size_t *count, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    int64_t ids[PM_QUEUE_LIST_MAX];
    size_t room = capacity - *count < PM_QUEUE_LIST_MAX ? capacity - *count : PM_QUEUE_LIST_MAX;
    size_t listed;
    if (room == 0) {
        return true;
    }
    if (!store->verbs->list(store, query, ids, room, &listed, error)) {
        return false;
    }
    for (size_t i = 0; i < listed; i++) {
        struct pm_store_job job;
        bool found;
        if (!store->verbs->job_get(store, ids[i], &job, &found, error)) {
            return false;
        }
        if (!found) {
            continue; /* another sidecar was quicker */
        }
        bool leased = job.state == PM_JOB_LEASED;
        if (!(leased ? lose(queue, now, &job, error) : pm_queue_expire(queue, &job, error))) {
            return false;
        }
        struct pm_queue_event *event = &events[(*count)++];
        event->id = job.id;
        event->state = job.state;
        snprintf(event->holder, sizeof event->holder, "%s", leased ? job.holder : "");
    }
    return true;
}

/* Leases made, renewed or adopted from now on run out after lease_ms; those that are there, when
 * the first of them does. One whose row another sidecar over the same store holds locked at this
 * moment is passed over: look now and then. */
static bool find_next_due(struct pm_queue *queue, struct pm_queue_time now, struct pm_error *error)
{
    struct pm_store *store = queue->store;
    const struct pm_store_query all = {.list = PM_STORE_LEASES_DUE, .time_ms = INT64_MAX};
    struct pm_store_job first;
    int64_t id;
    size_t count;
    bool found = false;
    if (!store->verbs->list(store, &all, &id, 1, &count, error) ||
        (count > 0 && !store->verbs->job_get(store, id, &first, &found, error))) {
        return false;
    }
    queue->leases_due_ms = now.steady_ms + queue->config.lease_ms / 4;
    if (found && first.lease_until_ms < queue->leases_due_ms) {
        queue->leases_due_ms = first.lease_until_ms;
    }
    return true;
}

bool pm_queue_tick(struct pm_queue *queue, struct pm_queue_time now, struct pm_queue_event *events,
                   size_t capacity, size_t *count, struct pm_error *error)
{
    const struct pm_store_query leases = {.list = PM_STORE_LEASES_DUE, .time_ms = now.steady_ms};
    const struct pm_store_query deadlines = {.list = PM_STORE_DEADLINES_DUE,
                                             .time_ms = now.unix_ms};
    struct pm_store *store = queue->store;
    *count = 0;
    if (store->shared &&
        !store->verbs->adopt(store, now.steady_ms + queue->config.lease_ms, error)) {
        return false;
    }
    if (now.steady_ms >= queue->leases_due_ms &&
        (!apply_list(queue, now, &leases, events, capacity, count, error) ||
         !find_next_due(queue, now, error))) {
        return false;
    }
    return apply_list(queue, now, &deadlines, events, capacity, count, error);
}

bool pm_queue_holder_gone(struct pm_queue *queue, struct pm_queue_time now, const char *holder,
                          struct pm_queue_event *events, size_t capacity, size_t *count,
                          struct pm_error *error)
{
    /* Who went on with another sidecar is not gone: what it renewed there is that one's to look
     * after. */
    const struct pm_store_query query = {.list = PM_STORE_LEASES_OF, .holder = holder, .own = true};
    *count = 0;
    return apply_list(queue, now, &query, events, capacity, count, error);
}
