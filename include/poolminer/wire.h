/* Messages between the sidecar and its clients, as docs/sidecar-protocol.md says under "Frames":
 * a header, one JSON object, bodies. Reading takes frames from memory, so that it can be tested and
 * fuzzed without a socket; the two socket functions below only move frames. */
#ifndef POOLMINER_WIRE_H
#define POOLMINER_WIRE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#include <poolminer/error.h>

enum {
    PM_WIRE_VERB_MAX = 16,
    PM_WIRE_HEADER_MAX = 3 + 8 + PM_WIRE_VERB_MAX,
    PM_WIRE_ARGUMENTS_MAX = 64 * 1024,         /* of a request */
    PM_WIRE_REPLY_ARGUMENTS_MAX = 1024 * 1024, /* of a reply */
    PM_WIRE_BODY_MAX = 1024 * 1024,
    PM_WIRE_REASON_MAX = 1024,
    PM_WIRE_PROGRESS_MAX = 4 * 1024,
    PM_WIRE_REPORT_MAX = 1024,
    PM_WIRE_CURVE_EXTRA = 33, /* bytes by which CURVE makes a frame longer */
    PM_WIRE_BODIES_MAX = 100, /* in one reply; a request has at most one */
    PM_WIRE_NAME_MAX = 128,
    PM_WIRE_ROUTING_ID_MAX = 255,
};

/* Bytes that belong to somebody else. */
struct pm_wire_frame {
    const void *data;
    size_t size;
};

struct pm_wire_message {
    uint64_t request_id;
    char verb[PM_WIRE_VERB_MAX + 1];
    cJSON *arguments;                   /* an object; freed by pm_wire_message_clear */
    const struct pm_wire_frame *bodies; /* point into the frames that were read */
    size_t body_count;
};

/* Writes a header; returns its size. `verb` must be a valid one. */
size_t pm_wire_header_encode(uint8_t out[PM_WIRE_HEADER_MAX], uint64_t request_id,
                             const char *verb);

/* Reads a header. PM_ERROR_PROTOCOL: another version or protocol; PM_ERROR_INVALID: broken. */
bool pm_wire_header_decode(const struct pm_wire_frame *frame, uint64_t *request_id,
                           char verb[PM_WIRE_VERB_MAX + 1], struct pm_error *error);

/* Reads a whole message (without the routing id). PM_ERROR_LIMIT: arguments above
 * `max_arguments`. On failure `out` holds the request id if the header was readable, else 0, and
 * needs no clearing. `frames` must outlive `out`. */
bool pm_wire_decode(const struct pm_wire_frame *frames, size_t count, size_t max_arguments,
                    struct pm_wire_message *out, struct pm_error *error);
void pm_wire_message_clear(struct pm_wire_message *message);

/* A routing id is ROLE:NAME:SESSION. Encoding returns its length, or 0 with the error set when role
 * or name break the rules. Decoding returns false for any other routing id. */
struct pm_wire_identity {
    char role[8];
    char name[PM_WIRE_NAME_MAX + 1];
    uint64_t session;
};
size_t pm_wire_identity_encode(const char *role, const char *name, uint64_t session,
                               char out[PM_WIRE_ROUTING_ID_MAX + 1], struct pm_error *error);
bool pm_wire_identity_decode(const void *data, size_t size, struct pm_wire_identity *out);

/* Whether a host (`length` bytes) can only be this machine: localhost, or numbers in 127.0.0.0/8. A
 * name that begins like such numbers is another machine's. */
bool pm_wire_is_loopback(const char *host, size_t length);

/* Takes the next message from a ZeroMQ socket without waiting. *count is the number of frames it
 * had, 0 when there was none; only the first `capacity` are in `parts`, the rest was dropped. The
 * caller closes them with pm_wire_close. PM_ERROR_IO: the socket failed. */
bool pm_wire_receive(void *socket, zmq_msg_t *parts, size_t capacity, size_t *count,
                     struct pm_error *error);
void pm_wire_close(zmq_msg_t *parts, size_t count);

enum pm_wire_sent {
    PM_WIRE_SENT,
    PM_WIRE_FULL,   /* the peer does not read; nothing was sent */
    PM_WIRE_NOBODY, /* the peer is gone (ROUTER with ZMQ_ROUTER_MANDATORY) */
    PM_WIRE_FAILED, /* the socket failed: errno */
};
/* Sends a message without waiting; copies the frames. */
enum pm_wire_sent pm_wire_send(void *socket, const struct pm_wire_frame *frames, size_t count);
/* One frame of a message of which `more` follow. */
enum pm_wire_sent pm_wire_send_part(void *socket, const struct pm_wire_frame *frame, bool more);
/* What errno says after a call of ZeroMQ that did not send. */
enum pm_wire_sent pm_wire_why_unsent(void);

#endif
