/* The benchmark's connections to a sidecar: one socket each, all in one context. */
#include "cli/bench_wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/wire.h>

enum { SHOWN_MAX = 100, PARTS_MAX = 3 + SHOWN_MAX };

struct link {
    int64_t job, token;
    enum bench_step step;
    uint64_t request;
};

struct sidecar_wire {
    struct bench_wire base;
    void *context;
    zmq_pollitem_t *items; /* a socket each */
    struct link *links;
    size_t count, next; /* where to look for an answer first */
    bool polled;        /* items say who has answered */
    char *payload;
    size_t payload_size;
    int64_t shown[SHOWN_MAX]; /* by the last BENCH_RESULTS */
    uint64_t puts;
};

static void sidecar_close(struct bench_wire *base)
{
    struct sidecar_wire *wire = (struct sidecar_wire *)base;
    for (size_t i = 0; wire->items != NULL && i < wire->count; i++) {
        if (wire->items[i].socket != NULL) {
            zmq_close(wire->items[i].socket);
        }
    }
    if (wire->context != NULL) {
        zmq_ctx_term(wire->context);
    }
    free(wire->items);
    free(wire->links);
    free(wire->payload);
    free(wire);
}

/* ---- sending ---- */

static size_t write_collect(const struct sidecar_wire *wire, char *out, size_t size)
{
    size_t length = (size_t)snprintf(out, size, "{\"jobs\":[");
    for (size_t i = 0; i < wire->base.results_pending; i++) {
        length += (size_t)snprintf(out + length, size - length, "%s%" PRId64, i == 0 ? "" : ",",
                                   wire->shown[i]);
    }
    return length + (size_t)snprintf(out + length, size - length, "]}");
}

static const char *write_arguments(struct sidecar_wire *wire, const struct link *link, char *out,
                                   size_t size)
{
    switch (link->step) {
    case BENCH_PUT:
        snprintf(out, size, "{\"run\":\"bench\",\"key\":\"%" PRIu64 "\",\"kind\":\"bench\"}",
                 ++wire->puts);
        return "put";
    case BENCH_LEASE:
        snprintf(out, size, "{\"run\":\"bench\",\"wait_ms\":%d}", BENCH_SILENCE_MS);
        return "lease";
    case BENCH_FINISH:
        snprintf(out, size, "{\"job\":%" PRId64 ",\"token\":%" PRId64 "}", link->job, link->token);
        return "finish";
    case BENCH_RESULTS:
        snprintf(out, size, "{\"run\":\"bench\",\"prefix\":\"\",\"after\":0,\"limit\":%d}",
                 SHOWN_MAX);
        return "results";
    default:
        write_collect(wire, out, size);
        return "collect";
    }
}

static bool sidecar_send(struct bench_wire *base, size_t index, enum bench_step step,
                         struct pm_error *error)
{
    struct sidecar_wire *wire = (struct sidecar_wire *)base;
    struct link *link = &wire->links[index];
    char arguments[64 + SHOWN_MAX * 21];
    uint8_t header[PM_WIRE_HEADER_MAX];
    link->step = step;
    const char *verb = write_arguments(wire, link, arguments, sizeof arguments);
    const struct pm_wire_frame frames[3] = {
        {header, pm_wire_header_encode(header, ++link->request, verb)},
        {arguments, strlen(arguments)},
        {wire->payload, wire->payload_size},
    };
    size_t count = step == BENCH_PUT || step == BENCH_FINISH ? 3 : 2;
    return pm_wire_send(wire->items[index].socket, frames, count) == PM_WIRE_SENT ||
           pm_fail(error, PM_ERROR_IO, "sending to the sidecar: %s", zmq_strerror(errno));
}

/* ---- receiving ---- */

static bool read_shown(struct sidecar_wire *wire, const cJSON *arguments, struct pm_error *error)
{
    const cJSON *item;
    size_t count = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(arguments, "jobs"))
    {
        if (count == SHOWN_MAX || !pm_json_integer(item, "job", &wire->shown[count++], error)) {
            return pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar's results cannot be read");
        }
    }
    wire->base.results_pending = count;
    return true;
}

static bool read_answer(struct sidecar_wire *wire, struct link *link,
                        const struct pm_wire_message *message, struct pm_error *error)
{
    bool found;
    if (strcmp(message->verb, "ok") != 0) {
        const char *why = "";
        pm_json_string(message->arguments, "message", &why, NULL);
        return pm_fail(error, PM_ERROR_REFUSED, "the sidecar: %s", why);
    }
    switch (link->step) {
    case BENCH_LEASE:
        return (pm_json_bool(message->arguments, "found", &found, error) && found &&
                pm_json_integer(message->arguments, "job", &link->job, error) &&
                pm_json_integer(message->arguments, "token", &link->token, error)) ||
               pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar had no job to lease");
    case BENCH_RESULTS:
        return read_shown(wire, message->arguments, error);
    case BENCH_COLLECT:
        wire->base.collected += wire->base.results_pending;
        wire->base.results_pending = 0;
        return true;
    default:
        return true;
    }
}

/* *got: a whole answer to this connection's request was there. */
static bool take_answer(struct sidecar_wire *wire, size_t index, bool *got, struct pm_error *error)
{
    struct link *link = &wire->links[index];
    zmq_msg_t parts[PARTS_MAX];
    struct pm_wire_frame frames[PARTS_MAX];
    struct pm_wire_message message;
    size_t count;
    *got = false;
    if (!pm_wire_receive(wire->items[index].socket, parts, PARTS_MAX, &count, error)) {
        return false;
    }
    if (count == 0) {
        return true;
    }
    count = count < PARTS_MAX ? count : PARTS_MAX;
    for (size_t i = 0; i < count; i++) {
        frames[i] = (struct pm_wire_frame){zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i])};
    }
    bool good = pm_wire_decode(frames, count, PM_WIRE_REPLY_ARGUMENTS_MAX, &message, error);
    if (good) {
        *got = message.request_id == link->request; /* else a ping */
        good = !*got || read_answer(wire, link, &message, error);
        pm_wire_message_clear(&message);
    }
    pm_wire_close(parts, count);
    return good;
}

static bool poll_links(struct sidecar_wire *wire, struct pm_error *error)
{
    int ready = zmq_poll(wire->items, (int)wire->count, BENCH_SILENCE_MS);
    if (ready < 0 && errno != EINTR) {
        return pm_fail(error, PM_ERROR_IO, "waiting for the sidecar: %s", zmq_strerror(errno));
    }
    if (ready == 0) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "the sidecar does not answer");
    }
    wire->next = 0;
    wire->polled = true;
    return true;
}

static bool sidecar_receive(struct bench_wire *base, size_t *index, struct pm_error *error)
{
    struct sidecar_wire *wire = (struct sidecar_wire *)base;
    for (;;) {
        if (!wire->polled && !poll_links(wire, error)) {
            return false;
        }
        while (wire->next < wire->count) {
            size_t i = wire->next++;
            bool got = false;
            if ((wire->items[i].revents & ZMQ_POLLIN) != 0 && !take_answer(wire, i, &got, error)) {
                return false;
            }
            if (got) {
                *index = i;
                return true;
            }
        }
        wire->polled = false;
    }
}

/* ---- opening ---- */

static bool open_link(struct sidecar_wire *wire, size_t index, const char *url,
                      struct pm_error *error)
{
    char identity[PM_WIRE_ROUTING_ID_MAX + 1], name[32];
    const int no_linger = 0;
    snprintf(name, sizeof name, "bench-%zu", index);
    void *socket = zmq_socket(wire->context, ZMQ_DEALER);
    wire->items[index] = (zmq_pollitem_t){.socket = socket, .events = ZMQ_POLLIN};
    size_t length = pm_wire_identity_encode("worker", name, index, identity, error);
    if (socket == NULL || length == 0 ||
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, identity, length) != 0 ||
        zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof no_linger) != 0 ||
        zmq_connect(socket, url) != 0) {
        return pm_fail(error, PM_ERROR_IO, "connecting to %s: %s", url, zmq_strerror(errno));
    }
    return true;
}

struct bench_wire *bench_wire_sidecar(const char *url, size_t links, size_t payload,
                                      struct pm_error *error)
{
    static const struct bench_wire_verbs verbs = {sidecar_close, sidecar_send, sidecar_receive};
    struct sidecar_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
        return NULL;
    }
    wire->base = (struct bench_wire){.verbs = &verbs, .keeps_results = true};
    wire->count = links;
    wire->payload_size = payload;
    wire->context = zmq_ctx_new();
    wire->items = calloc(links, sizeof *wire->items);
    wire->links = calloc(links, sizeof *wire->links);
    wire->payload = calloc(1, payload + 1);
    bool good = wire->context != NULL && wire->items != NULL && wire->links != NULL &&
                wire->payload != NULL;
    if (!good) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    for (size_t i = 0; good && i < links; i++) {
        good = open_link(wire, i, url, error);
    }
    if (!good) {
        sidecar_close(&wire->base);
        return NULL;
    }
    return &wire->base;
}
