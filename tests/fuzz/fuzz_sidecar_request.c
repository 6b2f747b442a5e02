/* Requests to the sidecar, carried out against a store in memory: the input is a row of messages,
 * each "VERB JSON", separated by NUL bytes; a message with a line break has a body after it.
 * Sockets are left out, all else is what the broker does. One
 * store serves all inputs: each is one transaction, rolled back. */
#include "sidecar/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REQUESTS_MAX = 16 };

static const char ROUTING_ID[] = "worker:fuzz:0123456789abcdef";

static struct pm_reply_out *reply_create(void)
{
    struct pm_reply_out *reply = calloc(1, sizeof *reply);
    if (reply == NULL) {
        abort();
    }
    return reply;
}

/* Reads "VERB JSON\nBODY"; false when it is no message. */
static bool read_message(char *text, size_t length, uint64_t id, struct pm_wire_frame frames[3],
                         uint8_t header[PM_WIRE_HEADER_MAX], struct pm_wire_message *out)
{
    char *space = memchr(text, ' ', length);
    if (space == NULL || space == text || space - text > PM_WIRE_VERB_MAX) {
        return false;
    }
    *space = '\0';
    size_t left = length - (size_t)(space + 1 - text);
    char *line = memchr(space + 1, '\n', left);
    size_t arguments = line == NULL ? left : (size_t)(line - space - 1);
    frames[0] = (struct pm_wire_frame){header, pm_wire_header_encode(header, id, text)};
    frames[1] = (struct pm_wire_frame){space + 1, arguments};
    frames[2] = (struct pm_wire_frame){line == NULL ? NULL : line + 1,
                                       line == NULL ? 0 : left - arguments - 1};
    return pm_wire_decode(frames, line == NULL ? 2 : 3, PM_WIRE_ARGUMENTS_MAX, out, NULL);
}

static void carry_out(struct pm_desk *desk, const struct pm_wire_message *message)
{
    struct pm_error error = {0};
    struct pm_reply_out *reply = reply_create();
    bool parked;
    struct pm_peer *peer =
        pm_roster_hear(desk->roster, ROUTING_ID, strlen(ROUTING_ID), desk->now.steady_ms);
    bool done = pm_request_handle(desk, peer, message, reply, &parked, &error);
    if (!done && (error.code == PM_ERROR_NONE || error.code == PM_ERROR_IO ||
                  !pm_reply_out_error(reply, &error))) {
        abort(); /* no request may make the store fail */
    }
    if (!parked && (reply->arguments == NULL || reply->body_count > PM_WIRE_BODIES_MAX)) {
        abort();
    }
    pm_reply_out_clear(reply);
    free(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pm_queue_config config = {.lease_ms = 1000, .max_jobs = 8, .max_bytes = 10000};
    static struct pm_store *store;
    struct pm_queue queue;
    struct pm_roster roster;
    struct pm_desk desk = {.queue = &queue,
                           .roster = &roster,
                           .lease_ms = config.lease_ms,
                           .heartbeat_ms = 100,
                           .now = {.steady_ms = 0, .unix_ms = 1700000000000}};
    char *text = malloc(size + 1);
    if (text == NULL || !pm_roster_create(&roster) ||
        (store == NULL && !pm_store_sqlite_open(":memory:", false, &store, NULL)) ||
        !pm_queue_open(&queue, store, &config, desk.now, NULL) ||
        !pm_queue_begin(&queue, true, NULL)) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    size_t at = 0;
    for (uint64_t id = 1; at < size && id <= REQUESTS_MAX; id++) {
        size_t length = strnlen(text + at, size - at);
        struct pm_wire_frame frames[3];
        uint8_t header[PM_WIRE_HEADER_MAX];
        struct pm_wire_message message;
        if (read_message(text + at, length, id, frames, header, &message)) {
            carry_out(&desk, &message);
            pm_wire_message_clear(&message);
        }
        at += length + 1;
        desk.now.steady_ms += 100;
    }
    free(text);
    pm_queue_rollback(&queue);
    pm_roster_destroy(&roster);
    return 0;
}
