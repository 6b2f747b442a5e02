#include "tests/fuzz/view_server.h"

#include "sidecar/view_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char URL[] = "inproc://view_server";
enum { PARTS_MAX = 4 };

static void *context;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pm_desk *lent; /* NULL: none; under the mutex */

void view_server_hold(void)
{
    pthread_mutex_lock(&mutex);
}

void view_server_release(void)
{
    pthread_mutex_unlock(&mutex);
}

void view_server_lend(struct pm_desk *desk)
{
    lent = desk;
}

static void handle(const struct pm_wire_frame *routing_id, const struct pm_wire_message *message,
                   struct pm_reply_out *reply)
{
    struct pm_error error = {0};
    bool parked;
    view_server_hold();
    bool done = lent != NULL
                    ? pm_request_handle(lent,
                                        pm_roster_hear(lent->roster, routing_id->data,
                                                       routing_id->size, lent->now.steady_ms),
                                        message, reply, &parked, &error)
                    : pm_fail(&error, PM_ERROR_UNAVAILABLE, "nobody is at the desk");
    view_server_release();
    if (!done && !pm_reply_out_error(reply, &error)) {
        abort();
    }
}

static void answer(void *socket, const struct pm_wire_frame *frames, size_t count)
{
    struct pm_wire_message message;
    struct pm_reply_out *reply = calloc(1, sizeof *reply);
    struct pm_wire_frame out[3 + PM_WIRE_BODIES_MAX] = {frames[0]};
    uint8_t header[PM_WIRE_HEADER_MAX];
    if (reply == NULL ||
        !pm_wire_decode(frames + 1, count - 1, PM_WIRE_ARGUMENTS_MAX, &message, NULL)) {
        abort();
    }
    handle(&frames[0], &message, reply);
    out[1] = (struct pm_wire_frame){header,
                                    pm_wire_header_encode(header, message.request_id, reply->verb)};
    out[2] = (struct pm_wire_frame){reply->arguments, strlen(reply->arguments)};
    memcpy(out + 3, reply->bodies, reply->body_count * sizeof *out);
    pm_wire_send(socket, out, 3 + reply->body_count); /* or the view has gone */
    pm_wire_message_clear(&message);
    pm_reply_out_clear(reply);
    free(reply);
}

static void *serve(void *socket)
{
    for (;;) {
        zmq_msg_t parts[PARTS_MAX];
        struct pm_wire_frame frames[PARTS_MAX];
        zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
        size_t count;
        zmq_poll(&item, 1, -1);
        if (!pm_wire_receive(socket, parts, PARTS_MAX, &count, NULL) || count > PARTS_MAX) {
            abort();
        }
        for (size_t i = 0; i < count; i++) {
            frames[i] = (struct pm_wire_frame){zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i])};
        }
        if (count > 0) {
            answer(socket, frames, count);
        }
        pm_wire_close(parts, count);
    }
    return NULL;
}

static void start(void)
{
    pthread_t thread;
    context = zmq_ctx_new();
    void *socket = context != NULL ? zmq_socket(context, ZMQ_ROUTER) : NULL;
    if (socket == NULL || zmq_bind(socket, URL) != 0 ||
        pthread_create(&thread, NULL, serve, socket) != 0) {
        abort();
    }
    pthread_detach(thread);
}

struct pm_view_config view_server_config(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
    return (struct pm_view_config){.context = context, .url = URL};
}

/* ---- a new state ---- */

void view_server_renew(struct pm_view *view)
{
    pthread_mutex_lock(&view->mutex);
    const uint64_t before = view->version;
    view->due_ms = 0;
    pthread_cond_broadcast(&view->changed);
    while (view->version == before) {
        pthread_cond_wait(&view->changed, &view->mutex);
    }
    pthread_mutex_unlock(&view->mutex);
}
