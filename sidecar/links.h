/* The connections of the broker's socket, watched from a thread of their own: ZeroMQ says that one
 * has come or gone, the kernel how many bytes it brought, and the broker how many of them it has
 * read. So a peer that sends what can never be read (the frames of a message without end, which
 * ZeroMQ gathers without a bound) is told from one that is busy, and its connection is closed.
 * Closing one is always safe: a client asks again over a new one. */
#ifndef PM_SIDECAR_LINKS_H
#define PM_SIDECAR_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/wire.h>

enum {
    PM_LINK_UNREAD_MAX = 40 * 1024 * 1024,   /* 32 messages of a request's size, and the kernel's
                                                      rounding */
    PM_LINKS_UNREAD_MAX = 128 * 1024 * 1024, /* of all */
};

struct pm_links;

struct pm_links_config {
    void *context, *socket; /* of ZeroMQ; the socket is not bound yet */
    size_t max;             /* more are closed as they come; fewer if descriptors are */
    bool encrypted;         /* CURVE: its frames are longer than what they carry */
    int64_t heartbeat_ms;   /* ZeroMQ's interval and timeout on this socket */
};

/* Why a connection was closed; what the peer did. */
enum pm_link_fault {
    PM_LINK_NO_HANDSHAKE, /* said nothing for too long, or nothing that ZMTP 3 begins with */
    PM_LINK_BROKEN,       /* no ZMTP 3, or a frame of more than a body's size */
    PM_LINK_OVERFULL,     /* too much came that cannot be read, or is not yet */
    PM_LINK_DEAF,         /* did not take its replies, and others needed the room */
    PM_LINK_ONE_TOO_MANY,
    PM_LINK_FAULTS
};

struct pm_link_counts {
    int64_t open, faults[PM_LINK_FAULTS];
    int64_t unread_bytes; /* of all, a second ago at most */
};

/* Starts the thread. */
bool pm_links_create(const struct pm_links_config *config, struct pm_links **out,
                     struct pm_error *error);
/* ZeroMQ's thread waits for ever to tell one who does not listen any more: first `silence`, which
 * makes it tell no more, then the socket is closed, then `destroy`. */
void pm_links_silence(struct pm_links *links);
void pm_links_destroy(struct pm_links *links);

/* The connection that a frame has come over, or -1: by no network. A number is used again when its
 * connection is gone. */
int pm_link_of(zmq_msg_t *frame);
/* The broker has read a message of these frames; costs next to nothing. */
void pm_links_read(struct pm_links *links, int number, const struct pm_wire_frame *frames,
                   size_t count);

/* Which of those that had this number it is; 0: none is open. */
uint64_t pm_links_serial(struct pm_links *links, int number);
/* Closes it, if it still is this one. */
void pm_links_close(struct pm_links *links, int number, uint64_t serial, enum pm_link_fault fault);
/* Numbers are below this. */
int pm_links_numbers(const struct pm_links *links);

void pm_links_count(struct pm_links *links, struct pm_link_counts *out);

#endif
