/* Replies wait until what they tell is committed, and where the store syncs apart, until it is
 * synced; the next round is carried out meanwhile. */
#include "sidecar/broker_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

/* With one client that waits, or a disk that is as quick, the way to the thread that syncs and back
 * is not worth it. */
enum { HAND_OVER_MIN_NS = 60000 };

struct pm_reply_out *pm_broker_add_reply(struct pm_broker *broker, const void *routing_id,
                                         size_t size, uint64_t request_id)
{
    if (broker->reply_count == broker->reply_capacity) {
        size_t capacity = broker->reply_capacity == 0 ? 64 : broker->reply_capacity * 2;
        struct pm_reply_out *larger = reallocarray(broker->replies, capacity, sizeof *larger);
        if (larger == NULL) {
            return NULL;
        }
        broker->replies = larger;
        broker->reply_capacity = capacity;
    }
    struct pm_reply_out *reply = &broker->replies[broker->reply_count++];
    memcpy(reply->routing_id, routing_id, size);
    reply->routing_id_size = size;
    reply->connection = -1;
    reply->request_id = request_id;
    reply->verb = "ok";
    reply->arguments = NULL;
    reply->body_count = 0;
    reply->incomplete = false;
    reply->lease_job = reply->lease_token = 0;
    return reply;
}

static void clear(struct pm_reply_out *replies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pm_reply_out_clear(&replies[i]);
    }
}

void pm_broker_drop_replies(struct pm_broker *broker)
{
    clear(broker->replies, broker->reply_count);
    broker->reply_count = 0;
    broker->reply_bytes = 0;
}

/* ---- sending ---- */

/* A lease that the worker does not know of is given back. */
static void take_back_later(struct pm_broker *broker, const struct pm_reply_out *reply)
{
    if (reply->lease_token == 0) {
        return;
    }
    if (broker->undelivered_count == broker->undelivered_capacity) {
        size_t capacity = broker->undelivered_capacity == 0 ? 16 : broker->undelivered_capacity * 2;
        struct pm_lease_name *larger = reallocarray(broker->undelivered, capacity, sizeof *larger);
        if (larger == NULL) {
            return; /* the lease will run out instead */
        }
        broker->undelivered = larger;
        broker->undelivered_capacity = capacity;
    }
    broker->undelivered[broker->undelivered_count++] =
        (struct pm_lease_name){reply->lease_job, reply->lease_token};
}

static void note_undelivered(struct pm_broker *broker, const struct pm_reply_out *reply)
{
    broker->desk.counters.undeliverable++;
    if (pm_broker_may_complain(broker, PM_COMPLAINT_UNDELIVERABLE)) {
        pm_log(PM_LOG_INFO, "SIDECAR-UNDELIVERABLE", "client=%.*s: a reply reached nobody",
               (int)reply->routing_id_size, (const char *)reply->routing_id);
    }
    take_back_later(broker, reply);
}

/* The last frame's memory may be taken over by the outbox. */
static bool send_frames(struct pm_broker *broker, struct pm_reply_out *reply,
                        const struct pm_wire_frame *frames)
{
    const size_t bodies = reply->body_count;
    void *last = bodies > 0 ? (void *)reply->bodies[bodies - 1].data : reply->arguments;
    const bool sent = pm_outbox_send(broker->outbox, reply->connection, frames, 3 + bodies,
                                     &last) == PM_WIRE_SENT;
    if (bodies > 0) {
        reply->bodies[bodies - 1].data = last;
    } else {
        reply->arguments = last;
    }
    return sent;
}

static void send_one(struct pm_broker *broker, struct pm_reply_out *reply)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    struct pm_wire_frame frames[3 + PM_WIRE_BODIES_MAX] = {
        {reply->routing_id, reply->routing_id_size},
        {header, pm_wire_header_encode(header, reply->request_id, reply->verb)},
        {reply->arguments, strlen(reply->arguments)},
    };
    memcpy(frames + 3, reply->bodies, reply->body_count * sizeof frames[0]);
    if (!send_frames(broker, reply, frames)) {
        note_undelivered(broker, reply);
    }
}

/* Jobs first: whoever gets one has waited for it, and who put it has only to be told. */
static void send_all(struct pm_broker *broker, struct pm_reply_out *replies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (replies[i].lease_token != 0) {
            send_one(broker, &replies[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (replies[i].lease_token == 0) {
            send_one(broker, &replies[i]);
        }
    }
    clear(replies, count);
    broker->drained = false;
    /* All who are answered are expected to ask again, beside those who have asked meanwhile. */
    const size_t expected = count + broker->incoming_count - broker->committed;
    broker->expected = expected > broker->expected ? expected : (expected + broker->expected) / 2;
    broker->begun_ns = pm_clock_monotonic_ns();
}

void pm_broker_send_replies(struct pm_broker *broker)
{
    if (broker->reply_count > 0) {
        send_all(broker, broker->replies, broker->reply_count);
        broker->reply_count = 0;
        broker->reply_bytes = 0;
    }
}

/* ---- syncing ---- */

void pm_broker_complain_of_store(struct pm_broker *broker, const struct pm_error *error)
{
    broker->desk.counters.store_errors++;
    if (pm_broker_may_complain(broker, PM_COMPLAINT_STORE)) {
        pm_log(PM_LOG_ERROR, "SIDECAR-STORE-FAILED", "%s", error->message);
    }
}

bool pm_broker_is_syncing(const struct pm_broker *broker)
{
    return broker->syncer != NULL && pm_store_thread_is_busy(broker->syncer);
}

/* Whether what these replies tell would survive is not known. */
static void refuse_held(struct pm_broker *broker, const struct pm_error *error)
{
    size_t kept = 0;
    pm_broker_complain_of_store(broker, error);
    for (size_t i = 0; i < broker->held_count; i++) {
        struct pm_reply_out *reply = &broker->held[i];
        take_back_later(broker, reply);
        if (pm_reply_out_error(reply, error)) {
            broker->held[kept++] = *reply;
        } else {
            pm_reply_out_clear(reply); /* silence: the client asks again */
        }
    }
    broker->held_count = kept;
}

static void finish_sync(struct pm_broker *broker, bool good, const struct pm_error *error)
{
    if (good) {
        const int64_t took_ns = pm_clock_monotonic_ns() - broker->sync_begun_ns;
        broker->commit_ns += (took_ns - broker->commit_ns) / 8;
    } else {
        refuse_held(broker, error);
        pm_broker_abandon(broker);
    }
    if (broker->held_count > 0) {
        send_all(broker, broker->held, broker->held_count);
        broker->held_count = 0;
    }
}

void pm_broker_sync_replies(struct pm_broker *broker)
{
    struct pm_reply_out *free_list = broker->held;
    const size_t free_capacity = broker->held_capacity;
    const bool here = (broker->incoming_count <= 1 && broker->expected <= 1) ||
                      broker->commit_ns < HAND_OVER_MIN_NS || broker->syncer == NULL;
    broker->held = broker->replies;
    broker->held_count = broker->reply_count;
    broker->held_capacity = broker->reply_capacity;
    broker->replies = free_list;
    broker->reply_capacity = free_capacity;
    broker->reply_count = broker->reply_bytes = 0;
    broker->unsynced = false;
    broker->sync_begun_ns = pm_clock_monotonic_ns();
    if (here) {
        struct pm_store *store = broker->queue.store;
        struct pm_error error = {0};
        finish_sync(broker, store->verbs->sync(store, &error), &error);
    } else {
        pm_store_thread_begin(broker->syncer);
    }
}

void pm_broker_end_sync(struct pm_broker *broker, bool wait)
{
    struct pm_error error = {0};
    bool ended;
    if (!pm_broker_is_syncing(broker)) {
        return;
    }
    const bool good = pm_store_thread_end(broker->syncer, wait, &ended, &error);
    if (ended) {
        finish_sync(broker, good, &error);
    }
}
