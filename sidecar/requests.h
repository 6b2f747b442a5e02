/* From a request's arguments to the queue and back to a reply's: one row and one function a verb.
 * No sockets here. */
#ifndef PM_SIDECAR_REQUESTS_H
#define PM_SIDECAR_REQUESTS_H

#include "sidecar/queue.h"
#include "sidecar/roster.h"

#include <poolminer/wire.h>

/* What is answered, and to whom. Owns its arguments and bodies. */
struct pm_reply_out {
    uint8_t routing_id[PM_WIRE_ROUTING_ID_MAX];
    size_t routing_id_size;
    int connection; /* that it goes to, links.h; -1: not known */
    uint64_t request_id;
    const char *verb; /* "ok" | "error" */
    char *arguments;
    struct pm_wire_frame bodies[PM_WIRE_BODIES_MAX]; /* data is malloc'd */
    size_t body_count;
    bool incomplete; /* something could not be added: not to be sent */
    /* A lease to be taken back when this reply reaches nobody; token 0: none. */
    int64_t lease_job, lease_token;
};
void pm_reply_out_clear(struct pm_reply_out *reply);
/* Makes the reply an error. False only when memory is out. */
bool pm_reply_out_error(struct pm_reply_out *reply, const struct pm_error *error);

struct pm_counters {
    int64_t requests, bad_messages, refused, undeliverable, store_errors, commits;
};

struct pm_links;
struct pm_view;

/* What the verbs work on. */
struct pm_desk {
    struct pm_queue *queue;
    struct pm_roster *roster;
    struct pm_counters counters;
    struct pm_queue_time now;
    int64_t started_ms; /* steady */
    int64_t lease_ms, heartbeat_ms;
    struct pm_view *view;   /* NULL: none is kept */
    struct pm_links *links; /* to be counted; NULL: there are none */
};

/* True when a request with this verb changes nothing that must survive a power failure. */
bool pm_request_is_light(const char *verb);

/* Carries out one request inside the queue's open transaction. `peer` is NULL for a client without
 * a name. *parked: there is no reply yet, the client waits in the roster. False: see queue.h. */
bool pm_request_handle(struct pm_desk *desk, struct pm_peer *peer,
                       const struct pm_wire_message *message, struct pm_reply_out *reply,
                       bool *parked, struct pm_error *error);

/* Tries to give a parked client a job. *found: the reply is made; the client is still parked, for
 * the caller to unpark once the transaction is committed. */
bool pm_request_serve_parked(struct pm_desk *desk, struct pm_peer *peer, struct pm_reply_out *reply,
                             bool *found, struct pm_error *error);
/* The reply to a parked client whose time is up. */
bool pm_request_nothing_found(const struct pm_peer *peer, struct pm_reply_out *reply,
                              struct pm_error *error);

/* status.c */
bool pm_request_status(struct pm_desk *desk, struct pm_reply_out *reply, struct pm_error *error);

#endif
