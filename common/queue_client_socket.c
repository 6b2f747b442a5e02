/* The sidecar client's connection. A monitor tells at once when the line is lost, so that a request
 * is sent again as soon as a restarted sidecar listens, or to another one, not after a time of
 * silence. */
#include "common/queue_client_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/clock.h>

enum {
    STOP_POLL_MS = 100, /* how long a stop flag may stay unseen */
    FAILED_EVENTS = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                    ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
    /* An attempt that nobody took: after one that broke off in its handshake, the sidecar was not
     * refusing the key but ending. */
    OVER_EVENTS = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_CLOSED,
    WATCHED_EVENTS =
        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED | OVER_EVENTS | FAILED_EVENTS,
};

/* No limit to what it is told while it is not read: ZeroMQ's thread would wait. */
static bool open_monitor(struct pm_queue_client *client, struct pm_error *error)
{
    char endpoint[64];
    const int no_linger = 0, no_limit = 0;
    snprintf(endpoint, sizeof endpoint, "inproc://monitor-%p-%u", (void *)client,
             ++client->monitors_opened);
    client->monitor = zmq_socket(client->context, ZMQ_PAIR);
    if (client->monitor == NULL ||
        zmq_setsockopt(client->monitor, ZMQ_LINGER, &no_linger, sizeof no_linger) != 0 ||
        zmq_setsockopt(client->monitor, ZMQ_RCVHWM, &no_limit, sizeof no_limit) != 0 ||
        zmq_socket_monitor(client->socket, endpoint, WATCHED_EVENTS) != 0 ||
        zmq_connect(client->monitor, endpoint) != 0) {
        pm_fail(error, PM_ERROR_IO, "watching the connection to the sidecar: %s",
                zmq_strerror(errno));
        pm_queue_socket_close(client);
        return false;
    }
    return true;
}

/* True when the connection was lost since the last look. */
static bool connection_lost(struct pm_queue_client *client)
{
    zmq_msg_t parts[2];
    size_t count;
    bool lost = false;
    while (pm_wire_receive(client->monitor, parts, 2, &count, NULL) && count > 0) {
        uint16_t event = 0; /* the first frame begins with its number */
        if (zmq_msg_size(&parts[0]) >= sizeof event) {
            memcpy(&event, zmq_msg_data(&parts[0]), sizeof event);
        }
        pm_wire_close(parts, count < 2 ? count : 2);
        client->turned_away =
            (event & FAILED_EVENTS) != 0 || (client->turned_away && (event & OVER_EVENTS) == 0);
        lost = lost || event == ZMQ_EVENT_DISCONNECTED;
        client->down = event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    }
    return lost;
}

static bool use_keys(void *socket, const struct pm_curve_keys *keys)
{
    return keys == NULL ||
           (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys->sidecar_key, PM_CURVE_KEY_SIZE) ==
                0 &&
            zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, PM_CURVE_KEY_SIZE) == 0 &&
            zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, PM_CURVE_KEY_SIZE) == 0);
}

bool pm_queue_socket_open(struct pm_queue_client *client, struct pm_error *error)
{
    if (client->socket != NULL) {
        return true;
    }
    void *socket = zmq_socket(client->context, ZMQ_DEALER);
    if (socket == NULL) {
        return pm_fail(error, PM_ERROR_IO, "opening a socket to the sidecar: %s",
                       zmq_strerror(errno));
    }
    const struct {
        int option, value;
    } settings[] = {
        {ZMQ_LINGER, 0},           {ZMQ_IMMEDIATE, 1},
        {ZMQ_RECONNECT_IVL, 20},   {ZMQ_RECONNECT_IVL_MAX, 1000},
        {ZMQ_RCVHWM, 64},          {ZMQ_SNDHWM, 16},
        {ZMQ_HEARTBEAT_IVL, 2000}, {ZMQ_HEARTBEAT_TIMEOUT, 4000},
    };
    bool set =
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, client->identity, strlen(client->identity)) == 0;
    for (size_t i = 0; set && i < sizeof settings / sizeof settings[0]; i++) {
        set = zmq_setsockopt(socket, settings[i].option, &settings[i].value, sizeof(int)) == 0;
    }
    const int64_t frame_max = PM_WIRE_BODY_MAX + (client->keys == NULL ? 0 : PM_WIRE_CURVE_EXTRA);
    set = set && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
          use_keys(socket, client->keys);
    const char *url = client->urls[client->current];
    if (!set || zmq_connect(socket, url) != 0) {
        pm_fail(error, errno == EINVAL ? PM_ERROR_INVALID : PM_ERROR_IO,
                "connecting to the sidecar at %s: %s", url, zmq_strerror(errno));
        zmq_close(socket);
        return false;
    }
    client->socket = socket;
    client->down = false; /* until it is told */
    return open_monitor(client, error);
}

/* The one that tells ends before the one that is told: ZeroMQ's thread would wait for ever to tell
 * nobody, and with it all connections of the context. */
void pm_queue_socket_close(struct pm_queue_client *client)
{
    if (client->socket != NULL) {
        zmq_socket_monitor(client->socket, NULL, 0);
        zmq_close(client->socket);
        client->socket = NULL;
    }
    if (client->monitor != NULL) {
        zmq_close(client->monitor);
        client->monitor = NULL;
    }
}

/* What goes out waits for one that comes back, if that is the only one. */
static bool is_hopeless(const struct pm_queue_client *client, short events, bool lost)
{
    return client->url_count > 1 ? client->down : lost && events == ZMQ_POLLIN;
}

/* Waits until `events` or `until_ms` (monotonic). PM_ERROR_UNAVAILABLE: time is up, or the
 * connection was lost, which is what *lost says. */
static bool wait_for(struct pm_queue_client *client, short events, int64_t until_ms, bool *lost,
                     struct pm_error *error)
{
    for (bool just_lost = false;; just_lost = connection_lost(client)) {
        if (client->stop != NULL && atomic_load(client->stop)) {
            return pm_fail(error, PM_ERROR_INTERRUPTED, "asked to stop");
        }
        if (is_hopeless(client, events, just_lost)) {
            *lost = true;
            return pm_fail(error, PM_ERROR_UNAVAILABLE, "the connection was lost");
        }
        int64_t left_ms = until_ms - pm_clock_monotonic_ms();
        if (left_ms <= 0) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE, "no answer");
        }
        zmq_pollitem_t items[2] = {{client->socket, 0, events, 0},
                                   {client->monitor, 0, ZMQ_POLLIN, 0}};
        if (zmq_poll(items, 2, left_ms < STOP_POLL_MS ? left_ms : STOP_POLL_MS) <= 0) {
            continue;
        }
        if (items[0].revents != 0) {
            return true;
        }
    }
}

bool pm_queue_socket_send(struct pm_queue_client *client, const struct pm_request *request,
                          const char *arguments, int64_t until_ms, bool *lost,
                          struct pm_error *error)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    struct pm_wire_frame frames[3] = {
        {header, pm_wire_header_encode(header, request->id, request->verb)},
        {arguments, strlen(arguments)},
    };
    size_t count = 2;
    if (request->has_body) {
        frames[count++] = request->body;
    }
    connection_lost(client); /* what was lost before does not concern this request */
    for (;;) {
        if (!wait_for(client, ZMQ_POLLOUT, until_ms, lost, error)) {
            return false;
        }
        switch (pm_wire_send(client->socket, frames, count)) {
        case PM_WIRE_SENT:
            return true;
        case PM_WIRE_FULL:
        case PM_WIRE_NOBODY:
            break;
        case PM_WIRE_FAILED:
            return pm_fail(error, PM_ERROR_IO, "sending to the sidecar: %s", zmq_strerror(errno));
        }
    }
}

/* The next reply to `id`; pings and late replies to older requests are dropped. */
bool pm_queue_socket_receive(struct pm_queue_client *client, uint64_t id, int64_t until_ms,
                             struct pm_reply *reply, bool *lost, struct pm_error *error)
{
    for (;;) {
        size_t count;
        if (!wait_for(client, ZMQ_POLLIN, until_ms, lost, error) ||
            !pm_wire_receive(client->socket, reply->parts, PM_REPLY_PARTS_MAX, &count, error)) {
            return false;
        }
        reply->part_count = count < PM_REPLY_PARTS_MAX ? count : PM_REPLY_PARTS_MAX;
        for (size_t i = 0; i < reply->part_count; i++) {
            reply->frames[i] = (struct pm_wire_frame){zmq_msg_data(&reply->parts[i]),
                                                      zmq_msg_size(&reply->parts[i])};
        }
        bool readable = count <= PM_REPLY_PARTS_MAX &&
                        pm_wire_decode(reply->frames, count, PM_WIRE_REPLY_ARGUMENTS_MAX,
                                       &reply->message, error);
        if (readable && reply->message.request_id == id) {
            return true;
        }
        pm_reply_clear(reply);
        if (count > 0 && !readable) {
            error->code = PM_ERROR_PROTOCOL;
            return pm_fail_context(error, "the sidecar's reply");
        }
    }
}

void pm_queue_socket_drain(struct pm_queue_client *client)
{
    zmq_msg_t parts[PM_REPLY_PARTS_MAX];
    size_t count = 1;
    connection_lost(client);
    while (count > 0 && pm_wire_receive(client->socket, parts, PM_REPLY_PARTS_MAX, &count, NULL)) {
        pm_wire_close(parts, count < PM_REPLY_PARTS_MAX ? count : PM_REPLY_PARTS_MAX);
    }
}
