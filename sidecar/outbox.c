#include "sidecar/outbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A reply under way; its last frame is the last that ZeroMQ lets go of. ZeroMQ's thread finds the
 * mutex through it, so `outbox` is written last and read first. ZeroMQ's own hand-over between
 * threads orders that already, but ThreadSanitizer cannot see into the library. */
struct charge {
    struct pm_outbox *_Atomic outbox;
    size_t bytes;
    int number;
    uint64_t serial; /* 0: not a connection that can be closed */
    bool leaving;    /* its connection is being closed */
    struct charge *before, *after;
};

/* Of the connection that had this number last. */
struct share {
    uint64_t serial;
    size_t bytes;
};

struct pm_outbox {
    void *socket;
    struct pm_links *links;
    pthread_mutex_t mutex; /* over all below: ZeroMQ's thread gives back */
    struct charge *oldest, *newest;
    size_t bytes, leaving;
    struct share *shares; /* by number */
};

bool pm_outbox_create(void *socket, struct pm_links *links, struct pm_outbox **out,
                      struct pm_error *error)
{
    struct pm_outbox *outbox = calloc(1, sizeof *outbox);
    struct share *shares = calloc((size_t)pm_links_numbers(links), sizeof *shares);
    if (outbox == NULL || shares == NULL) {
        free(outbox);
        free(shares);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the replies");
    }
    outbox->socket = socket;
    outbox->links = links;
    outbox->shares = shares;
    pthread_mutex_init(&outbox->mutex, NULL);
    *out = outbox;
    return true;
}

void pm_outbox_destroy(struct pm_outbox *outbox)
{
    if (outbox != NULL) {
        pthread_mutex_destroy(&outbox->mutex);
        free(outbox->shares);
        free(outbox);
    }
}

/* ---- what is under way ---- */

static void add(struct pm_outbox *outbox, struct charge *charge)
{
    charge->before = outbox->newest;
    *(outbox->newest == NULL ? &outbox->oldest : &outbox->newest->after) = charge;
    outbox->newest = charge;
    outbox->bytes += charge->bytes;
    if (charge->serial != 0) {
        outbox->shares[charge->number].bytes += charge->bytes;
    }
}

static void take_out(struct pm_outbox *outbox, struct charge *charge)
{
    *(charge->before == NULL ? &outbox->oldest : &charge->before->after) = charge->after;
    *(charge->after == NULL ? &outbox->newest : &charge->after->before) = charge->before;
    outbox->bytes -= charge->bytes;
    outbox->leaving -= charge->leaving ? charge->bytes : 0;
    if (charge->serial != 0 && outbox->shares[charge->number].serial == charge->serial) {
        outbox->shares[charge->number].bytes -= charge->bytes;
    }
}

/* ZeroMQ is done with the last frame, or its connection is gone. */
static void give_back(void *data, void *hint)
{
    struct charge *charge = hint;
    struct pm_outbox *outbox = atomic_load_explicit(&charge->outbox, memory_order_acquire);
    pthread_mutex_lock(&outbox->mutex);
    take_out(outbox, charge);
    pthread_mutex_unlock(&outbox->mutex);
    free(charge);
    free(data);
}

/* Closes the connections that have left a reply for longest, until there will be room. Those who
 * read take theirs long before. */
static void make_room(struct pm_outbox *outbox, size_t bytes, int number)
{
    for (struct charge *charge = outbox->oldest;
         charge != NULL && outbox->bytes - outbox->leaving + bytes > PM_OUTBOX_CROWDED;
         charge = charge->after) {
        if (!charge->leaving && charge->serial != 0 && charge->number != number) {
            pm_links_close(outbox->links, charge->number, charge->serial, PM_LINK_DEAF);
            charge->leaving = true;
            outbox->leaving += charge->bytes;
        }
    }
}

static size_t waiting_for(struct pm_outbox *outbox, int number, uint64_t serial)
{
    struct share *share = &outbox->shares[number];
    if (share->serial != serial) {
        *share = (struct share){.serial = serial};
    }
    return share->bytes;
}

/* Notes a reply of so many bytes; NULL: there is no room, or no memory. */
static struct charge *charge_for(struct pm_outbox *outbox, size_t bytes, int number)
{
    struct charge *charge = calloc(1, sizeof *charge);
    if (charge == NULL) {
        return NULL;
    }
    charge->bytes = bytes;
    charge->number = number;
    charge->serial = pm_links_serial(outbox->links, number);
    atomic_store_explicit(&charge->outbox, outbox, memory_order_release);
    pthread_mutex_lock(&outbox->mutex);
    const size_t waiting = charge->serial == 0 ? 0 : waiting_for(outbox, number, charge->serial);
    bool room = waiting == 0 || waiting + bytes <= PM_OUTBOX_CONNECTION_MAX;
    if (room) {
        make_room(outbox, bytes, number);
        room = outbox->bytes + bytes <= PM_OUTBOX_MAX;
    }
    if (room) {
        add(outbox, charge);
    }
    pthread_mutex_unlock(&outbox->mutex);
    if (!room) {
        free(charge);
        return NULL;
    }
    return charge;
}

/* ---- sending ---- */

/* The last frame is not copied: `data` is freed when it has been sent. */
static bool send_last(void *socket, void *data, size_t size, struct charge *charge)
{
    zmq_msg_t last;
    int sent;
    if (zmq_msg_init_data(&last, data, size, give_back, charge) != 0) {
        give_back(data, charge);
        return false;
    }
    do {
        sent = zmq_msg_send(&last, socket, ZMQ_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        const int why = errno;
        zmq_msg_close(&last);
        errno = why;
    }
    return sent >= 0;
}

enum pm_wire_sent pm_outbox_send(struct pm_outbox *outbox, int number,
                                 const struct pm_wire_frame *frames, size_t count, void **owned)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += frames[i].size;
    }
    if (bytes < PM_OUTBOX_SMALL) {
        return pm_wire_send(outbox->socket, frames, count);
    }
    struct charge *charge = charge_for(outbox, bytes, number);
    if (charge == NULL) {
        return PM_WIRE_FULL;
    }
    /* Only the first can be refused: it finds the peer, and its room for a whole message. */
    for (size_t i = 0; i + 1 < count; i++) {
        const enum pm_wire_sent sent = pm_wire_send_part(outbox->socket, &frames[i], true);
        if (sent != PM_WIRE_SENT) {
            give_back(NULL, charge);
            return sent;
        }
    }
    void *data = *owned;
    *owned = NULL;
    return send_last(outbox->socket, data, frames[count - 1].size, charge) ? PM_WIRE_SENT
                                                                           : pm_wire_why_unsent();
}
