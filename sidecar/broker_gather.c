/* What arrives: read as long as there is room for it, and waited for without zmq_poll, which counts
 * in milliseconds and asks the system several times for each look. */
#include "sidecar/broker_internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

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

bool pm_broker_is_full(const struct pm_broker *broker)
{
    return broker->incoming_count >= PM_ROUND_REQUESTS_MAX ||
           broker->incoming_bytes >= PM_ROUND_BYTES_MAX ||
           broker->reply_bytes >= PM_ROUND_BYTES_MAX;
}

static void add_incoming(struct pm_broker *broker, struct pm_incoming *incoming, size_t count)
{
    read_incoming(broker, incoming, count);
    /* ZeroMQ 4.3.4 does not always say it of the first frame. */
    incoming->connection = incoming->part_count > 1 ? pm_link_of(&incoming->parts[1]) : -1;
    pm_links_read(broker->links, incoming->connection, incoming->frames, incoming->part_count - 1);
    if (broker->incoming_count == broker->committed) {
        broker->begun_ns = pm_clock_monotonic_ns();
    }
    broker->incoming_count++;
    for (size_t i = 0; i + 1 < incoming->part_count; i++) {
        broker->incoming_bytes += incoming->frames[i].size;
    }
    broker->durable = broker->durable || !pm_request_is_light(incoming->message.verb);
}

bool pm_broker_gather(struct pm_broker *broker, struct pm_error *error)
{
    while (!pm_broker_is_full(broker)) {
        struct pm_incoming *incoming = &broker->incoming[broker->incoming_count];
        size_t count;
        if (!pm_wire_receive(broker->socket, incoming->parts, PM_REQUEST_PARTS_MAX, &count,
                             error)) {
            return false;
        }
        if (count == 0) {
            broker->drained = true;
            return true;
        }
        if (broker->access != NULL &&
            (count < 2 || !pm_access_allows(broker->access, &incoming->parts[1]))) {
            turn_away(broker, incoming, count);
        } else {
            add_incoming(broker, incoming, count);
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
    broker->committed = broker->handled = broker->incoming_count = broker->incoming_bytes = 0;
    broker->durable = false;
}

/* ---- waiting ---- */

/* A socket's descriptor only says that something has changed since it was last looked at, and
 * sending looks, too. */
static bool has_messages(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

static bool add_socket(void *socket, struct pollfd *item)
{
    size_t size = sizeof item->fd;
    item->events = POLLIN;
    return zmq_getsockopt(socket, ZMQ_FD, &item->fd, &size) == 0;
}

bool pm_broker_wait(struct pm_broker *broker, int64_t wait_ns, struct pm_error *error)
{
    struct pollfd items[3];
    nfds_t count = 0;
    bool good = true;
    if (wait_ns <= 0) {
        return true;
    }
    if (!pm_broker_is_full(broker)) {
        if (!broker->drained && has_messages(broker->socket)) {
            return true;
        }
        broker->drained = true;
        good = add_socket(broker->socket, &items[count++]);
    }
    if (broker->access != NULL) {
        void *socket = pm_access_socket(broker->access);
        if (has_messages(socket)) {
            return true;
        }
        good = good && add_socket(socket, &items[count++]);
    }
    if (pm_broker_is_syncing(broker)) {
        items[count++] =
            (struct pollfd){.fd = pm_store_thread_descriptor(broker->syncer), .events = POLLIN};
    }
    const struct timespec wait = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
    return (good && (ppoll(items, count, &wait, NULL) >= 0 || errno == EINTR)) ||
           pm_fail(error, PM_ERROR_IO, "waiting for messages: %s", zmq_strerror(errno));
}
