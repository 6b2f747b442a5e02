/* One round: a transaction over what arrives while the one before it is being synced, then the
 * answers. As one sync of the disk serves all requests of a round, it waits a little for those that
 * are about to arrive: clients that were answered together ask again together, but not in the same
 * instant; without patience a few of them would get a sync of their own, and the others the next
 * one. */
#include "sidecar/broker_internal.h"

#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum {
    PATIENCE_SHARE = 4, /* of the time that a commit takes, a quarter */
    PATIENCE_MIN_NS = 20000,
    PATIENCE_MAX_NS = 2000000,
};

/* ---- one transaction ---- */

/* True for errors that concern one request; the others spoil the transaction. */
static bool is_answer(enum pm_error_code code)
{
    return code != PM_ERROR_IO && code != PM_ERROR_MEMORY;
}

static struct pm_reply_out *reply_to(struct pm_broker *broker, const struct pm_incoming *incoming)
{
    const zmq_msg_t *routing_id = &incoming->parts[0];
    struct pm_reply_out *reply =
        pm_broker_add_reply(broker, zmq_msg_data((zmq_msg_t *)routing_id), zmq_msg_size(routing_id),
                            incoming->message.request_id);
    if (reply != NULL) {
        reply->connection = incoming->connection;
    }
    return reply;
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
        reply->connection = peer->parked_connection;
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
        incoming->peer->parked_connection = incoming->connection;
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

/* Also at the end of a transaction: replies of the one before are sent while it is open. */
static bool take_back_undelivered(struct pm_broker *broker, struct pm_error *error)
{
    while (broker->taken_back < broker->undelivered_count) {
        const struct pm_lease_name *lease = &broker->undelivered[broker->taken_back++];
        broker->durable = true;
        if (!pm_queue_take_back(&broker->queue, lease->job, lease->token, error)) {
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

/* ---- the transaction ---- */

/* `at_once`: the commit itself makes it durable. */
static bool begin(struct pm_broker *broker, bool at_once, struct pm_error *error)
{
    const bool serve = broker->queue.work_arrived && broker->roster.parked_first != NULL;
    broker->durable = broker->durable || broker->undelivered_count > 0 || serve;
    broker->open = true;
    return pm_queue_begin(&broker->queue, broker->durable && at_once, error) &&
           take_back_undelivered(broker, error) && (!serve || serve_parked(broker, error));
}

static bool handle_arrived(struct pm_broker *broker, size_t end, struct pm_error *error)
{
    while (broker->handled < end && broker->reply_bytes < PM_ROUND_BYTES_MAX) {
        if (!handle(broker, &broker->incoming[broker->handled++], error)) {
            return false;
        }
    }
    return true;
}

static bool commit(struct pm_broker *broker, struct pm_error *error)
{
    const int64_t begin_ns = pm_clock_monotonic_ns();
    if (!take_back_undelivered(broker, error) || !pm_queue_commit(&broker->queue, error)) {
        return false;
    }
    if (broker->durable && !broker->queue.store->syncs_apart) {
        broker->commit_ns += (pm_clock_monotonic_ns() - begin_ns - broker->commit_ns) / 8;
    }
    broker->open = false;
    broker->committed = broker->handled;
    broker->undelivered_count = broker->taken_back = 0;
    broker->desk.counters.commits++;
    broker->store_failed = false;
    unpark_served(broker);
    return true;
}

static void roll_back(struct pm_broker *broker)
{
    pm_queue_rollback(&broker->queue);
    broker->open = false;
    broker->handled = broker->committed;
    broker->taken_back = 0;
    broker->queue.work_arrived = true; /* parked clients may have lost what they were given */
    pm_broker_drop_replies(broker);
    unserve(broker);
}

void pm_broker_abandon(struct pm_broker *broker)
{
    if (broker->open) {
        roll_back(broker);
    }
    broker->store_failed = true;
}

/* ---- failures ---- */

static void answer_store_error(struct pm_broker *broker, const struct pm_incoming *incoming,
                               const struct pm_error *error)
{
    pm_broker_complain_of_store(broker, error);
    if (incoming->peer != NULL) {
        pm_roster_unpark(&broker->roster, incoming->peer);
    }
    struct pm_reply_out *reply = reply_to(broker, incoming);
    if (reply != NULL && !pm_reply_out_error(reply, error)) {
        broker->reply_count--; /* silence: the client asks again */
    }
    pm_broker_send_replies(broker);
}

/* A transaction that failed is taken apart, so that one request that the store cannot take (a large
 * body on a full disk) does not stand in the way of those it can (collecting, status). */
static void one_by_one(struct pm_broker *broker, const struct pm_error *why)
{
    pm_broker_end_sync(broker, true);
    if (broker->committed == broker->incoming_count) {
        pm_broker_complain_of_store(broker, why);
    }
    while (broker->committed < broker->incoming_count) {
        struct pm_error error = {0};
        const size_t next = broker->committed + 1;
        broker->durable = true;
        if (begin(broker, true, &error) && handle_arrived(broker, next, &error) &&
            commit(broker, &error)) {
            pm_broker_send_replies(broker);
        } else {
            pm_broker_abandon(broker);
            answer_store_error(broker, &broker->incoming[broker->committed], &error);
            broker->committed = broker->handled = next;
        }
    }
}

/* ---- the round ---- */

bool pm_broker_has_round(const struct pm_broker *broker)
{
    return broker->open || broker->committed < broker->incoming_count ||
           broker->undelivered_count > 0 ||
           (broker->queue.work_arrived && broker->roster.parked_first != NULL);
}

static int64_t patience_ns(const struct pm_broker *broker)
{
    int64_t patience = broker->commit_ns / PATIENCE_SHARE;
    if (patience < PATIENCE_MIN_NS) {
        return 0; /* waiting would cost more than it brings */
    }
    return patience < PATIENCE_MAX_NS ? patience : PATIENCE_MAX_NS;
}

int64_t pm_broker_patience_left_ns(const struct pm_broker *broker)
{
    const size_t requests = broker->incoming_count - broker->committed;
    if (broker->leaving || !broker->durable || requests == 0 || requests >= broker->expected ||
        pm_broker_is_full(broker)) {
        return 0;
    }
    const int64_t left_ns = broker->begun_ns + patience_ns(broker) - pm_clock_monotonic_ns();
    return left_ns > 0 ? left_ns : 0;
}

/* Sends what the commit has made true; what others have changed and is not synced yet is also told
 * to those who change nothing. */
static void answer(struct pm_broker *broker)
{
    if (broker->queue.store->syncs_apart && (broker->durable || broker->unsynced)) {
        pm_broker_sync_replies(broker);
    } else {
        pm_broker_send_replies(broker);
    }
}

/* Between two transactions, when those who wait have been answered. Writing back fails again, with
 * a sentence, in the transaction that cannot go on without it. */
static void keep_log(struct pm_broker *broker)
{
    struct pm_store *store = broker->queue.store;
    struct pm_store_thread *keeper = broker->log_keeper;
    bool ended = true;
    if (keeper == NULL) {
        return;
    }
    if (pm_store_thread_is_busy(keeper)) {
        pm_store_thread_end(keeper, false, &ended, NULL);
    }
    if (ended && store->verbs->wants_write_back(store)) {
        pm_store_thread_begin(keeper);
    }
}

void pm_broker_round(struct pm_broker *broker)
{
    const bool apart = broker->queue.store->syncs_apart;
    while (pm_broker_has_round(broker)) {
        struct pm_error error = {0};
        const bool waits = pm_broker_is_syncing(broker) || pm_broker_patience_left_ns(broker) > 0;
        if (waits && !apart) {
            return; /* whether it must be durable has to be known when it begins */
        }
        const bool good = (broker->open || begin(broker, !apart, &error)) &&
                          handle_arrived(broker, broker->incoming_count, &error);
        if (good && waits) {
            return;
        }
        if (good && commit(broker, &error)) {
            answer(broker);
            keep_log(broker);
        } else {
            pm_broker_abandon(broker);
            one_by_one(broker, &error);
        }
        if (broker->committed == broker->incoming_count) {
            pm_broker_clear_round(broker);
            return;
        }
    }
}
