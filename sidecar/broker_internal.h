/* The broker's inside, shared by its files. */
#ifndef PM_SIDECAR_BROKER_INTERNAL_H
#define PM_SIDECAR_BROKER_INTERNAL_H

#include "sidecar/access.h"
#include "sidecar/broker.h"
#include "sidecar/outbox.h"
#include "sidecar/requests.h"
#include "sidecar/store_thread.h"

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
    int connection;       /* links.h */
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
    struct pm_links *links;
    struct pm_outbox *outbox;
    int port;
    struct pm_broker_config config;
    struct pm_queue queue;
    struct pm_roster roster;
    struct pm_desk desk;
    /* The round. Requests before `committed` are done with; those before `handled` are carried out
     * in the transaction that is open, and its replies wait for the commit. */
    struct pm_incoming *incoming; /* PM_ROUND_REQUESTS_MAX */
    size_t committed, handled, incoming_count, incoming_bytes;
    bool open;
    bool durable;      /* something in the round must survive a loss of power */
    bool drained;      /* nothing was sent since the socket had no more messages */
    int64_t begun_ns;  /* when the round had its first request, or the last sync ended */
    size_t expected;   /* requests that are soon to be there: their clients were just answered */
    int64_t commit_ns; /* what a durable commit takes, its sync included, smoothed */
    struct pm_reply_out *replies;
    size_t reply_count, reply_capacity, reply_bytes;
    /* Where the store syncs apart: what was committed and is being synced. */
    struct pm_store_thread *syncer;
    struct pm_store_thread *log_keeper; /* writes the store's log back */
    struct pm_reply_out *held;
    size_t held_count, held_capacity;
    int64_t sync_begun_ns;
    bool unsynced;                     /* a commit outside of rounds is not synced yet */
    bool leaving;                      /* no more requests are taken */
    struct pm_lease_name *undelivered; /* leases whose reply reached nobody */
    size_t undelivered_count, undelivered_capacity;
    size_t taken_back;     /* of them, in the open transaction */
    bool store_failed;     /* the last transaction did */
    int64_t last_clock_ms; /* real monotonic time of the last look */
    int64_t next_tick_ms;  /* steady; likewise below */
    int64_t next_probe_ms;
    int64_t quiet_until_ms[PM_COMPLAINTS]; /* per kind of repeated complaint: logged again only from
                                              here */
};

/* broker_gather.c: reads what has arrived, and waits for it. */
bool pm_broker_gather(struct pm_broker *broker, struct pm_error *error);
/* No more requests fit before something is committed. */
bool pm_broker_is_full(const struct pm_broker *broker);
/* Lets go of a round that is committed. */
void pm_broker_clear_round(struct pm_broker *broker);
/* Until something arrives, a sync ends, or at most `wait_ns`. */
bool pm_broker_wait(struct pm_broker *broker, int64_t wait_ns, struct pm_error *error);

/* broker_round.c: carries out what has arrived, parked clients, and leases to be taken back, and
 * commits it when it is time. */
void pm_broker_round(struct pm_broker *broker);
bool pm_broker_has_round(const struct pm_broker *broker);
/* After a failure of the store: the open transaction is undone, and its requests are carried out
 * anew. */
void pm_broker_abandon(struct pm_broker *broker);
/* How long the round waits for more requests; 0: not at all. */
int64_t pm_broker_patience_left_ns(const struct pm_broker *broker);

/* broker_reply.c: replies, sent when what they tell is durable. */
/* A fresh reply at the end of the list, or NULL. */
struct pm_reply_out *pm_broker_add_reply(struct pm_broker *broker, const void *routing_id,
                                         size_t size, uint64_t request_id);
void pm_broker_drop_replies(struct pm_broker *broker);
/* Sends the round's replies; leases that reached nobody are noted. */
void pm_broker_send_replies(struct pm_broker *broker);
/* Sends them once the store is synced; no sync may be going on. */
void pm_broker_sync_replies(struct pm_broker *broker);
/* Looks whether a sync has ended, with `wait` until it has, and sends what waited for it. */
void pm_broker_end_sync(struct pm_broker *broker, bool wait);
bool pm_broker_is_syncing(const struct pm_broker *broker);
/* Counts and logs a failure of the store. */
void pm_broker_complain_of_store(struct pm_broker *broker, const struct pm_error *error);

/* broker_watch.c: what happens without requests. */
void pm_broker_tick(struct pm_broker *broker);
void pm_broker_probe(struct pm_broker *broker);
void pm_broker_answer_overdue(struct pm_broker *broker);

/* True at most once in ten seconds for each kind. */
bool pm_broker_may_complain(struct pm_broker *broker, enum pm_complaint kind);

#endif
