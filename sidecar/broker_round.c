/* One round: one transaction over everything that arrived, then the answers. */
#include "sidecar/broker_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

/* ---- replies ---- */

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
    reply->request_id = request_id;
    reply->verb = "ok";
    reply->arguments = NULL;
    reply->body_count = 0;
    reply->incomplete = false;
    reply->lease_job = reply->lease_token = 0;
    return reply;
}

static void drop_replies(struct pm_broker *broker)
{
    for (size_t i = 0; i < broker->reply_count; i++) {
        pm_reply_out_clear(&broker->replies[i]);
    }
    broker->reply_count = 0;
    broker->reply_bytes = 0;
}

static void note_undelivered(struct pm_broker *broker, const struct pm_reply_out *reply)
{
    broker->desk.counters.undeliverable++;
    if (pm_broker_may_complain(broker, PM_COMPLAINT_UNDELIVERABLE)) {
        pm_log(PM_LOG_INFO, "SIDECAR-UNDELIVERABLE", "client=%.*s: a reply reached nobody",
               (int)reply->routing_id_size, (const char *)reply->routing_id);
    }
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

void pm_broker_send_replies(struct pm_broker *broker)
{
    for (size_t i = 0; i < broker->reply_count; i++) {
        struct pm_reply_out *reply = &broker->replies[i];
        uint8_t header[PM_WIRE_HEADER_MAX];
        struct pm_wire_frame frames[3 + PM_WIRE_BODIES_MAX] = {
            {reply->routing_id, reply->routing_id_size},
            {header, pm_wire_header_encode(header, reply->request_id, reply->verb)},
            {reply->arguments, strlen(reply->arguments)},
        };
        memcpy(frames + 3, reply->bodies, reply->body_count * sizeof frames[0]);
        if (pm_wire_send(broker->socket, frames, 3 + reply->body_count) != PM_WIRE_SENT) {
            note_undelivered(broker, reply);
        }
    }
    drop_replies(broker);
}

/* ---- one transaction ---- */

/* True for errors that concern one request; the others spoil the transaction. */
static bool is_answer(enum pm_error_code code)
{
    return code != PM_ERROR_IO && code != PM_ERROR_MEMORY;
}

static struct pm_reply_out *reply_to(struct pm_broker *broker, const struct pm_incoming *incoming)
{
    const zmq_msg_t *routing_id = &incoming->parts[0];
    return pm_broker_add_reply(broker, zmq_msg_data((zmq_msg_t *)routing_id),
                               zmq_msg_size(routing_id), incoming->message.request_id);
}

static size_t reply_size(const struct pm_reply_out *reply)
{
    size_t size = sizeof *reply;
    for (size_t i = 0; i < reply->body_count; i++) {
        size += reply->bodies[i].size;
    }
    return size;
}

/* Gives jobs to parked clients, the one that waits longest first. */
static bool serve_parked(struct pm_broker *broker, struct pm_error *error)
{
    const char *nothing_for = NULL; /* a run that had nothing: not asked again in a row */
    broker->queue.work_arrived = false;
    for (struct pm_peer *peer = broker->roster.parked_first; peer != NULL;
         peer = pm_roster_next_parked(peer)) {
        if (broker->reply_bytes >= PM_ROUND_BYTES_MAX) {
            broker->queue.work_arrived = true; /* the others in the next transaction */
            return true;
        }
        if (peer->served || (nothing_for != NULL && strcmp(nothing_for, peer->parked_run) == 0)) {
            continue;
        }
        struct pm_reply_out *reply = pm_broker_add_reply(
            broker, peer->routing_id, strlen(peer->routing_id), peer->parked_request);
        if (reply == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
        }
        bool found;
        if (!pm_request_serve_parked(&broker->desk, peer, reply, &found, error)) {
            return false;
        }
        if (found) {
            peer->served = true;
            broker->reply_bytes += reply_size(reply);
            continue;
        }
        broker->reply_count--;
        if (peer->parked_run[0] == '\0') {
            return true; /* nothing for anybody */
        }
        nothing_for = peer->parked_run;
    }
    return true;
}

/* Carries out one request. False: the transaction is spoilt. */
static bool handle(struct pm_broker *broker, const struct pm_incoming *incoming,
                   struct pm_error *error)
{
    struct pm_reply_out *reply = reply_to(broker, incoming);
    if (reply == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
    }
    bool parked = false;
    struct pm_error why = incoming->error;
    bool done = incoming->readable && pm_request_handle(&broker->desk, incoming->peer,
                                                        &incoming->message, reply, &parked, &why);
    if (parked) {
        broker->reply_count--;
    }
    if (!done) {
        if (!is_answer(why.code)) {
            *error = why;
            return false;
        }
        if (!pm_reply_out_error(reply, &why)) {
            return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
        }
    }
    if (!parked) {
        broker->reply_bytes += reply_size(reply);
    }
    return !broker->queue.work_arrived || broker->roster.parked_first == NULL ||
           serve_parked(broker, error);
}

static bool take_back_undelivered(struct pm_broker *broker, struct pm_error *error)
{
    for (size_t i = 0; i < broker->undelivered_count; i++) {
        if (!pm_queue_take_back(&broker->queue, broker->undelivered[i].job,
                                broker->undelivered[i].token, error)) {
            return false;
        }
    }
    return true;
}

static void unserve(struct pm_broker *broker)
{
    for (struct pm_peer *peer = broker->roster.parked_first; peer != NULL;
         peer = pm_roster_next_parked(peer)) {
        peer->served = false;
    }
}

static void unpark_served(struct pm_broker *broker)
{
    struct pm_peer *next;
    for (struct pm_peer *peer = broker->roster.parked_first; peer != NULL; peer = next) {
        next = pm_roster_next_parked(peer);
        if (peer->served) {
            peer->last_lease_request = peer->parked_request;
            pm_roster_unpark(&broker->roster, peer);
        }
    }
}

static bool commit(struct pm_broker *broker, bool durable, struct pm_error *error)
{
    const int64_t begin_ns = pm_clock_monotonic_ns();
    if (!pm_queue_commit(&broker->queue, error)) {
        return false;
    }
    if (durable) {
        broker->commit_ns += (pm_clock_monotonic_ns() - begin_ns - broker->commit_ns) / 8;
    }
    return true;
}

/* Carries out requests until there are no more or their replies are enough for one transaction;
 * *taken tells how many. */
static bool transact(struct pm_broker *broker, const struct pm_incoming *incoming, size_t count,
                     size_t *taken, struct pm_error *error)
{
    *taken = 0;
    bool serve = broker->queue.work_arrived && broker->roster.parked_first != NULL;
    bool durable = broker->undelivered_count > 0 || serve;
    for (size_t i = 0; i < count; i++) {
        durable = durable || !pm_request_is_light(incoming[i].message.verb);
    }
    bool good = pm_queue_begin(&broker->queue, durable, error) &&
                take_back_undelivered(broker, error) && (!serve || serve_parked(broker, error));
    while (good && *taken < count && broker->reply_bytes < PM_ROUND_BYTES_MAX) {
        good = handle(broker, &incoming[(*taken)++], error);
    }
    if (good && commit(broker, durable, error)) {
        broker->undelivered_count = 0;
        broker->desk.counters.commits++;
        broker->store_failed = false;
        unpark_served(broker);
        return true;
    }
    pm_queue_rollback(&broker->queue);
    broker->queue.work_arrived = true; /* parked clients may have lost what they were given */
    broker->store_failed = true;
    drop_replies(broker);
    unserve(broker);
    return false;
}

/* ---- the round ---- */

static void answer_store_error(struct pm_broker *broker, const struct pm_incoming *incoming,
                               const struct pm_error *error)
{
    broker->desk.counters.store_errors++;
    if (pm_broker_may_complain(broker, PM_COMPLAINT_STORE)) {
        pm_log(PM_LOG_ERROR, "SIDECAR-STORE-FAILED", "%s", error->message);
    }
    if (incoming != NULL) {
        if (incoming->peer != NULL) {
            pm_roster_unpark(&broker->roster, incoming->peer);
        }
        struct pm_reply_out *reply = reply_to(broker, incoming);
        if (reply != NULL && !pm_reply_out_error(reply, error)) {
            broker->reply_count--; /* silence: the client asks again */
        }
        pm_broker_send_replies(broker);
    }
}

/* A transaction that failed is taken apart, so that one request that the store cannot take (a large
 * body on a full disk) does not stand in the way of those it can (collecting, status). */
static void one_by_one(struct pm_broker *broker, const struct pm_incoming *incoming, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pm_error error = {0};
        size_t taken;
        if (transact(broker, &incoming[i], 1, &taken, &error)) {
            pm_broker_send_replies(broker);
        } else {
            answer_store_error(broker, &incoming[i], &error);
        }
    }
}

void pm_broker_round(struct pm_broker *broker)
{
    size_t done = 0;
    do {
        struct pm_error error = {0};
        size_t taken;
        if (transact(broker, broker->incoming + done, broker->incoming_count - done, &taken,
                     &error)) {
            pm_broker_send_replies(broker);
        } else if (taken > 0) {
            one_by_one(broker, broker->incoming + done, taken);
        } else {
            answer_store_error(broker, NULL, &error);
            one_by_one(broker, broker->incoming + done, broker->incoming_count - done);
            return;
        }
        done += taken;
    } while (done < broker->incoming_count);
}
