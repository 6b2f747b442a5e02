/* The broker's inside, shared by its files. */
#ifndef PM_SIDECAR_BROKER_INTERNAL_H
#define PM_SIDECAR_BROKER_INTERNAL_H

#include "sidecar/access.h"
#include "sidecar/broker.h"
#include "sidecar/requests.h"

enum {
    PM_ROUND_REQUESTS_MAX = 512,
    PM_ROUND_BYTES_MAX = 8 * 1024 * 1024,
    PM_REQUEST_PARTS_MAX = 5, /* routing id, header, arguments, body, and one too many */
};

/* A round keeps pointers to the clients it has heard: none of them may be forgotten in it. */
_Static_assert((int)PM_ROSTER_MAX - (int)PM_ROSTER_PARKED_MAX > (int)PM_ROUND_REQUESTS_MAX,
               "the roster must outlast a round");

/* A request that has arrived. */
struct pm_incoming {
    zmq_msg_t parts[PM_REQUEST_PARTS_MAX];
    size_t part_count;
    struct pm_wire_frame frames[PM_REQUEST_PARTS_MAX - 1]; /* without the routing id */
    struct pm_wire_message message;
    struct pm_peer *peer; /* NULL: no name */
    bool readable;
    struct pm_error error; /* why it is not readable */
};

enum pm_complaint {
    PM_COMPLAINT_BAD_MESSAGE,
    PM_COMPLAINT_STORE,
    PM_COMPLAINT_UNDELIVERABLE,
    PM_COMPLAINT_ACCESS,
    PM_COMPLAINT_KEYS,
    PM_COMPLAINTS
};

struct pm_lease_name {
    int64_t job, token;
};

struct pm_broker {
    void *context, *socket;
    struct pm_access *access; /* NULL: this machine only, and everybody on it */
    int port;
    struct pm_broker_config config;
    struct pm_queue queue;
    struct pm_roster roster;
    struct pm_desk desk;
    struct pm_incoming *incoming; /* PM_ROUND_REQUESTS_MAX */
    size_t incoming_count, incoming_bytes;
    size_t crowd[2];              /* requests in the last rounds, the latest first */
    int64_t commit_ns;            /* what a durable commit takes, smoothed */
    struct pm_reply_out *replies; /* of this round, sent after its commit */
    size_t reply_count, reply_capacity, reply_bytes;
    struct pm_lease_name *undelivered; /* leases whose reply reached nobody */
    size_t undelivered_count, undelivered_capacity;
    bool store_failed;     /* the last transaction did */
    int64_t last_clock_ms; /* real monotonic time of the last look */
    int64_t next_tick_ms;  /* steady; likewise below */
    int64_t next_probe_ms;
    int64_t quiet_until_ms[PM_COMPLAINTS]; /* per kind of repeated complaint: logged again only from
                                              here */
};

/* broker_gather.c: reads what has arrived, and waits a little for what is due. */
bool pm_broker_gather(struct pm_broker *broker, struct pm_error *error);
void pm_broker_clear_round(struct pm_broker *broker);

/* broker_round.c: carries out what has arrived, parked clients, and leases to be taken back. */
void pm_broker_round(struct pm_broker *broker);
/* Sends what the round has left; leases that reached nobody are noted. */
void pm_broker_send_replies(struct pm_broker *broker);
/* A fresh reply at the end of the list, or NULL. */
struct pm_reply_out *pm_broker_add_reply(struct pm_broker *broker, const void *routing_id,
                                         size_t size, uint64_t request_id);

/* broker_watch.c: what happens without requests. */
void pm_broker_tick(struct pm_broker *broker);
void pm_broker_probe(struct pm_broker *broker);
void pm_broker_answer_overdue(struct pm_broker *broker);

/* True at most once in ten seconds for each kind. */
bool pm_broker_may_complain(struct pm_broker *broker, enum pm_complaint kind);

#endif
