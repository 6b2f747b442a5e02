/* What makes a round: everything that has arrived, and, as one sync of the disk serves all requests
 * of a round, what is about to arrive. Clients that wait for one commit ask again all at once, but
 * not in the same instant: without patience one of them would get a commit of its own, and the
 * others the next one. */
#include "sidecar/broker_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum {
    PATIENCE_SHARE = 4, /* of the time that a commit takes, a quarter */
    PATIENCE_MIN_NS = 20000,
    PATIENCE_MAX_NS = 2000000,
};

/* ---- reading ---- */

static void read_incoming(struct pm_broker *broker, struct pm_incoming *incoming, size_t count)
{
    zmq_msg_t *routing_id = &incoming->parts[0];
    incoming->part_count = count < PM_REQUEST_PARTS_MAX ? count : PM_REQUEST_PARTS_MAX;
    for (size_t i = 1; i < incoming->part_count; i++) {
        incoming->frames[i - 1] = (struct pm_wire_frame){zmq_msg_data(&incoming->parts[i]),
                                                         zmq_msg_size(&incoming->parts[i])};
    }
    incoming->peer = pm_roster_hear(&broker->roster, zmq_msg_data(routing_id),
                                    zmq_msg_size(routing_id), broker->desk.now.steady_ms);
    incoming->readable =
        pm_wire_decode(incoming->frames, incoming->part_count - 1, PM_WIRE_ARGUMENTS_MAX,
                       &incoming->message, &incoming->error);
    broker->desk.counters.requests++;
    if (!incoming->readable) {
        broker->desk.counters.bad_messages++;
        if (pm_broker_may_complain(broker, PM_COMPLAINT_BAD_MESSAGE)) {
            pm_log(PM_LOG_WARN, "SIDECAR-BAD-MESSAGE", "client=%s: %s",
                   incoming->peer == NULL ? "unnamed" : incoming->peer->identity.name,
                   incoming->error.message);
        }
    }
}

/* Its key was taken off the list after it had come in. */
static void turn_away(struct pm_broker *broker, struct pm_incoming *incoming, size_t count)
{
    pm_wire_close(incoming->parts, count < PM_REQUEST_PARTS_MAX ? count : PM_REQUEST_PARTS_MAX);
    broker->desk.counters.refused++;
    if (pm_broker_may_complain(broker, PM_COMPLAINT_ACCESS)) {
        pm_log(PM_LOG_WARN, "SIDECAR-KEY-REFUSED", "a client whose key was revoked is not heard");
    }
}

static bool round_is_full(const struct pm_broker *broker)
{
    return broker->incoming_count >= PM_ROUND_REQUESTS_MAX ||
           broker->incoming_bytes >= PM_ROUND_BYTES_MAX;
}

/* All that is there. */
static bool receive_all(struct pm_broker *broker, struct pm_error *error)
{
    while (!round_is_full(broker)) {
        struct pm_incoming *incoming = &broker->incoming[broker->incoming_count];
        size_t count;
        if (!pm_wire_receive(broker->socket, incoming->parts, PM_REQUEST_PARTS_MAX, &count,
                             error)) {
            return false;
        }
        if (count == 0) {
            return true;
        }
        if (broker->access != NULL &&
            (count < 2 || !pm_access_allows(broker->access, &incoming->parts[1]))) {
            turn_away(broker, incoming, count);
            continue;
        }
        read_incoming(broker, incoming, count);
        broker->incoming_count++;
        for (size_t i = 0; i + 1 < incoming->part_count; i++) {
            broker->incoming_bytes += incoming->frames[i].size;
        }
    }
    return true;
}

void pm_broker_clear_round(struct pm_broker *broker)
{
    for (size_t i = 0; i < broker->incoming_count; i++) {
        struct pm_incoming *incoming = &broker->incoming[i];
        pm_wire_message_clear(&incoming->message);
        pm_wire_close(incoming->parts, incoming->part_count);
    }
    broker->incoming_count = 0;
    broker->incoming_bytes = 0;
}

/* ---- patience ---- */

static int64_t patience_ns(const struct pm_broker *broker)
{
    int64_t patience = broker->commit_ns / PATIENCE_SHARE;
    if (patience < PATIENCE_MIN_NS) {
        return 0; /* waiting would cost more than it brings */
    }
    return patience < PATIENCE_MAX_NS ? patience : PATIENCE_MAX_NS;
}

/* zmq_poll counts in milliseconds; the socket's own descriptor tells in time. It only says that
 * something has changed, which is why everything is read after it. */
static bool wait_for_more(const struct pm_broker *broker, int64_t wait_ns, struct pm_error *error)
{
    struct pollfd item = {.events = POLLIN};
    size_t size = sizeof item.fd;
    const struct timespec wait = {.tv_nsec = (long)wait_ns};
    if (zmq_getsockopt(broker->socket, ZMQ_FD, &item.fd, &size) == 0 &&
        (ppoll(&item, 1, &wait, NULL) >= 0 || errno == EINTR)) {
        return true;
    }
    return pm_fail(error, PM_ERROR_IO, "waiting for messages: %s", zmq_strerror(errno));
}

/* As many requests as lately came in one round are worth waiting for. */
static size_t expected_requests(const struct pm_broker *broker)
{
    return broker->crowd[0] > broker->crowd[1] ? broker->crowd[0] : broker->crowd[1];
}

bool pm_broker_gather(struct pm_broker *broker, struct pm_error *error)
{
    if (!receive_all(broker, error)) {
        return false;
    }
    if (broker->incoming_count == 0) {
        return true;
    }
    const size_t expected = expected_requests(broker);
    const int64_t end_ns = pm_clock_monotonic_ns() + patience_ns(broker);
    while (broker->incoming_count < expected && !round_is_full(broker)) {
        int64_t left_ns = end_ns - pm_clock_monotonic_ns();
        if (left_ns <= 0) {
            break;
        }
        if (!wait_for_more(broker, left_ns, error) || !receive_all(broker, error)) {
            return false;
        }
    }
    broker->crowd[1] = broker->crowd[0];
    broker->crowd[0] = broker->incoming_count;
    return true;
}
