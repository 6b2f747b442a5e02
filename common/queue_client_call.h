/* One call of the sidecar's client: a request, its reply, and sending again in between. Shared by
 * the files that hold the drivers' and the workers' verbs. */
#ifndef PM_COMMON_QUEUE_CLIENT_CALL_H
#define PM_COMMON_QUEUE_CLIENT_CALL_H

#include <poolminer/curve_keys.h>
#include <poolminer/queue_client.h>
#include <poolminer/wire.h>

enum { PM_REPLY_PARTS_MAX = 2 + PM_WIRE_BODIES_MAX };

struct pm_queue_client {
    void *context, *socket;
    bool shares_context;
    void *monitor; /* tells when the socket's connection is lost */
    unsigned monitors_opened;
    char *urls[PM_QUEUE_URLS_MAX];
    size_t url_count, current;  /* `current`: whom the socket is, or will be, connected to */
    size_t answered;            /* whose reply was the last */
    bool logs_moves;            /* when that changes */
    bool down;                  /* nobody is at the other end of the socket */
    struct pm_curve_keys *keys; /* NULL: not encrypted */
    bool turned_away;           /* a sidecar does not take the key */
    char identity[PM_WIRE_ROUTING_ID_MAX + 1];
    int64_t timeout_ms;
    const atomic_bool *stop;
    uint64_t last_request_id;
    /* A lease call without an answer may have made a lease: the next one for the same run repeats
     * its request id, and so gets that lease. 0: none. */
    uint64_t open_lease_request;
    char open_lease_run[PM_WIRE_NAME_MAX + 1];
    /* The same of a finish that was to make a lease, too; 0: none. */
    uint64_t open_finish_request;
    int64_t open_finish_job, open_finish_token;
    uint64_t open_tell_request; /* of log lines that may have arrived; 0: none */
};

/* One reply: the frames and what was read from them. */
struct pm_reply {
    zmq_msg_t parts[PM_REPLY_PARTS_MAX];
    struct pm_wire_frame frames[PM_REPLY_PARTS_MAX];
    size_t part_count;
    struct pm_wire_message message;
};
void pm_reply_clear(struct pm_reply *reply);

/* What goes out. `arguments` is taken (also on failure) and may be NULL when memory ran out. */
struct pm_request {
    const char *verb;
    cJSON *arguments;
    struct pm_wire_frame body;
    bool has_body;
    uint64_t id;     /* 0: a new one */
    int64_t wait_ms; /* how long the sidecar itself may wait before it answers */
};

/* Arguments are added one by one; when memory runs out in between, all of them go and the call
 * fails: a request that lacks a member would be another request. */
void pm_request_begin(struct pm_request *request, const char *verb);
void pm_request_add_text(struct pm_request *request, const char *name, const char *value);
void pm_request_add_number(struct pm_request *request, const char *name, int64_t value);
/* Takes `item`; NULL counts as memory having run out. */
void pm_request_add_item(struct pm_request *request, const char *name, cJSON *item);
/* "reason", cut to PM_WIRE_REASON_MAX bytes; what is not UTF-8 becomes "?". */
void pm_request_add_reason(struct pm_request *request, const char *reason);
/* Referred to, not copied. */
void pm_request_set_body(struct pm_request *request, const void *body, size_t size);

/* True: the reply is an `ok` with at least `bodies_min` bodies, and must be cleared. */
bool pm_queue_client_call(struct pm_queue_client *client, struct pm_request *request,
                          size_t bodies_min, struct pm_reply *reply, struct pm_error *error);

/* The same for replies in which nothing is of interest but that they are `ok`. */
bool pm_queue_client_tell(struct pm_queue_client *client, struct pm_request *request,
                          struct pm_error *error);

/* For a reply to `verb` that lacks what it must have: what reading it called invalid input is the
 * sidecar's breach of the protocol. Returns false. */
bool pm_reply_fail(const char *verb, struct pm_error *error);

/* queue_client_socket.c. Times are monotonic; PM_ERROR_UNAVAILABLE: not within them. */
bool pm_queue_socket_open(struct pm_queue_client *client, struct pm_error *error);
void pm_queue_socket_close(struct pm_queue_client *client);
/* *lost: PM_ERROR_UNAVAILABLE because nobody is there, while there are others to ask. */
bool pm_queue_socket_send(struct pm_queue_client *client, const struct pm_request *request,
                          const char *arguments, int64_t until_ms, bool *lost,
                          struct pm_error *error);
/* The reply to `id`; pings and late replies to older requests are dropped. *lost:
 * PM_ERROR_UNAVAILABLE because the connection is gone, and the request with it. */
bool pm_queue_socket_receive(struct pm_queue_client *client, uint64_t id, int64_t until_ms,
                             struct pm_reply *reply, bool *lost, struct pm_error *error);

/* Drops what has come, without waiting: none of it answers a request that somebody waits for. */
void pm_queue_socket_drain(struct pm_queue_client *client);

/* Copies for results that outlive a reply; NULL: no memory. The bytes get a NUL behind them. */
void *pm_reply_copy_body(const struct pm_reply *reply, size_t index, size_t *size);

#endif
