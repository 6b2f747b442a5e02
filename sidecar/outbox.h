/* Replies that ZeroMQ has and the network has not taken yet. It counts them by the message and by
 * the connection only; here their bytes are counted, of each connection and of all, so that peers
 * that ask and do not read have a bound together. */
#ifndef PM_SIDECAR_OUTBOX_H
#define PM_SIDECAR_OUTBOX_H

#include "sidecar/links.h"

enum {
    PM_OUTBOX_SMALL = 1024, /* replies below this are only bounded by their number */
    PM_OUTBOX_CONNECTION_MAX = 4 * 1024 * 1024,
    /* From the first on, the connection that has left a reply for longest is closed; at the second
     * a reply is not sent. */
    PM_OUTBOX_CROWDED = 48 * 1024 * 1024,
    PM_OUTBOX_MAX = 64 * 1024 * 1024,
};

struct pm_outbox;

bool pm_outbox_create(void *socket, struct pm_links *links, struct pm_outbox **out,
                      struct pm_error *error);
/* After the context has ended: ZeroMQ gives back what it has. */
void pm_outbox_destroy(struct pm_outbox *outbox);

/* As pm_wire_send, to the connection `number` (-1: none that has one). `owned` is the last frame's
 * data, from malloc: NULL afterwards if it was taken over. PM_WIRE_FULL also when there is no room
 * for it. */
enum pm_wire_sent pm_outbox_send(struct pm_outbox *outbox, int number,
                                 const struct pm_wire_frame *frames, size_t count, void **owned);

#endif
