/* What the broker does without being asked: leases that run out, deadlines, workers that are gone,
 * parked clients whose time is up. */
#include "sidecar/broker_internal.h"

#include <string.h>

#include <poolminer/log.h>

enum { EVENTS_MAX = 64, PROBED_MAX = 1000 };

static void log_event(const struct pm_queue_event *event, const char *why)
{
    long long id = (long long)event->id;
    switch (event->state) {
    case PM_JOB_QUEUED:
        pm_log(PM_LOG_WARN, "QUEUE-LEASE-LOST", "job=%lld worker=%s: %s; queued again", id,
               event->holder, why);
        break;
    case PM_JOB_SET_ASIDE:
        pm_log(PM_LOG_ERROR, "QUEUE-SET-ASIDE", "job=%lld worker=%s: lost by %d workers", id,
               event->holder, PM_QUEUE_ATTEMPTS_MAX);
        break;
    default:
        pm_log(PM_LOG_INFO, "QUEUE-EXPIRED", "job=%lld: its deadline passed", id);
        break;
    }
}

/* Sidecars over the same store: what the workers of this one say of themselves. */
static bool tell_others(struct pm_broker *broker, struct pm_error *error)
{
    struct pm_store *store = broker->queue.store;
    return !store->shared ||
           store->verbs->rest_tell(
               store, pm_roster_paused(&broker->roster, broker->desk.now.steady_ms), error);
}

void pm_broker_tick(struct pm_broker *broker)
{
    struct pm_queue_event events[EVENTS_MAX];
    size_t count = EVENTS_MAX;
    while (count == EVENTS_MAX) {
        struct pm_error error = {0};
        if (!pm_queue_begin(&broker->queue, !broker->queue.store->syncs_apart, &error) ||
            !pm_queue_tick(&broker->queue, broker->desk.now, events, EVENTS_MAX, &count, &error) ||
            !tell_others(broker, &error) || !pm_queue_commit(&broker->queue, &error)) {
            pm_queue_rollback(&broker->queue);
            pm_broker_complain_of_store(broker, &error);
            return;
        }
        broker->unsynced = broker->unsynced || count > 0;
        for (size_t i = 0; i < count; i++) {
            log_event(&events[i], "silent for too long");
        }
    }
}

/* ---- workers that are gone ---- */

static void drop_holder(struct pm_broker *broker, const char *holder)
{
    struct pm_queue_event events[EVENTS_MAX];
    size_t count = EVENTS_MAX;
    while (count == EVENTS_MAX) {
        struct pm_error error = {0};
        if (!pm_queue_begin(&broker->queue, !broker->queue.store->syncs_apart, &error) ||
            !pm_queue_holder_gone(&broker->queue, broker->desk.now, holder, events, EVENTS_MAX,
                                  &count, &error) ||
            !pm_queue_commit(&broker->queue, &error)) {
            pm_queue_rollback(&broker->queue);
            pm_broker_complain_of_store(broker, &error);
            return;
        }
        broker->unsynced = broker->unsynced || count > 0;
        for (size_t i = 0; i < count; i++) {
            log_event(&events[i], "the worker is gone");
        }
    }
}

/* A ping tells whether a connection exists; a worker may be busy and need not answer. */
static void probe_peer(struct pm_broker *broker, struct pm_peer *peer)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[3] = {
        {peer->routing_id, strlen(peer->routing_id)},
        {header, pm_wire_header_encode(header, 0, "ping")},
        {"{}", 2},
    };
    int64_t now_ms = broker->desk.now.steady_ms;
    if (pm_wire_send(broker->socket, frames, 3) != PM_WIRE_NOBODY) {
        peer->unreachable_ms = -1;
    } else if (peer->unreachable_ms < 0) {
        peer->unreachable_ms = now_ms;
    } else if (now_ms - peer->unreachable_ms >= broker->config.heartbeat_ms / 2) {
        drop_holder(broker, peer->routing_id);
    }
}

/* The holders of up to PROBED_MAX leases above *after, each once in a row. */
static size_t list_holders(struct pm_broker *broker, int64_t *after,
                           struct pm_peer *holders[PROBED_MAX])
{
    struct pm_store *store = broker->queue.store;
    const struct pm_store_query query = {.list = PM_STORE_LEASED, .after = *after};
    int64_t ids[PROBED_MAX];
    size_t listed = 0, count = 0;
    struct pm_error error = {0};
    bool good = pm_queue_begin(&broker->queue, false, &error) &&
                store->verbs->list(store, &query, ids, PROBED_MAX, &listed, &error);
    for (size_t i = 0; good && i < listed; i++) {
        struct pm_store_job job;
        bool found;
        good = store->verbs->job_get(store, ids[i], &job, &found, &error);
        struct pm_peer *peer = good && found ? pm_roster_find(&broker->roster, job.holder) : NULL;
        if (peer != NULL && (count == 0 || holders[count - 1] != peer)) {
            holders[count++] = peer;
        }
    }
    pm_queue_rollback(&broker->queue);
    if (!good) {
        pm_broker_complain_of_store(broker, &error);
    }
    *after = good && listed == PROBED_MAX ? ids[listed - 1] : 0;
    return count;
}

void pm_broker_probe(struct pm_broker *broker)
{
    struct pm_peer *holders[PROBED_MAX];
    int64_t after = 0;
    do {
        size_t count = list_holders(broker, &after, holders);
        for (size_t i = 0; i < count; i++) {
            probe_peer(broker, holders[i]);
        }
        broker->drained = broker->drained && count == 0; /* sending looks for messages, too */
    } while (after != 0);
}

/* ---- parked clients ---- */

void pm_broker_answer_overdue(struct pm_broker *broker)
{
    struct pm_peer *next;
    for (struct pm_peer *peer = broker->roster.parked_first; peer != NULL; peer = next) {
        next = pm_roster_next_parked(peer);
        if (peer->parked_until_ms > broker->desk.now.steady_ms) {
            continue;
        }
        struct pm_reply_out *reply = pm_broker_add_reply(
            broker, peer->routing_id, strlen(peer->routing_id), peer->parked_request);
        if (reply == NULL || !pm_request_nothing_found(peer, reply, NULL)) {
            broker->reply_count -= reply == NULL ? 0 : 1;
        }
        pm_roster_unpark(&broker->roster, peer);
    }
    pm_broker_send_replies(broker);
}
