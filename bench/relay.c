#include "bench/relay.h"

#include "bench/fork.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/wire.h>

enum { PARTS_MAX = 4, ENDPOINT_SIZE = 64 };

/* The client that asked for a lease last and waits, and its request; or, on a busy machine, the job
 * that came before it. */
struct waiting {
    char routing_id[PM_WIRE_ROUTING_ID_MAX];
    size_t size; /* 0: nobody waits */
    uint64_t request_id;
    zmq_msg_t job;
    bool has_job;
};

static struct pm_wire_frame frame_of(zmq_msg_t *part)
{
    return (struct pm_wire_frame){zmq_msg_data(part), zmq_msg_size(part)};
}

static void answer(void *socket, struct pm_wire_frame to, uint64_t request_id,
                   const char *arguments, struct pm_wire_frame body)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[PARTS_MAX] = {
        to,
        {header, pm_wire_header_encode(header, request_id, "ok")},
        {arguments, strlen(arguments)},
        body,
    };
    pm_wire_send(socket, frames, body.data != NULL ? PARTS_MAX : PARTS_MAX - 1);
}

static void hand_over(void *socket, struct waiting *waiting, zmq_msg_t *job)
{
    answer(socket, (struct pm_wire_frame){waiting->routing_id, waiting->size}, waiting->request_id,
           "{\"job\":1,\"token\":1}", frame_of(job));
    waiting->size = 0;
}

static void note_worker(void *socket, struct waiting *waiting, struct pm_wire_frame from,
                        uint64_t request_id)
{
    memcpy(waiting->routing_id, from.data, from.size);
    waiting->size = from.size;
    waiting->request_id = request_id;
    if (waiting->has_job) {
        hand_over(socket, waiting, &waiting->job);
        zmq_msg_close(&waiting->job);
        waiting->has_job = false;
    }
}

static void take_job(void *socket, struct waiting *waiting, zmq_msg_t *job)
{
    if (waiting->size > 0) {
        hand_over(socket, waiting, job);
    } else if (!waiting->has_job) {
        zmq_msg_init(&waiting->job);
        zmq_msg_move(&waiting->job, job);
        waiting->has_job = true;
    }
}

static void relay(void *socket, zmq_msg_t *parts, size_t count, struct waiting *waiting)
{
    char verb[PM_WIRE_VERB_MAX + 1];
    uint64_t request_id;
    const struct pm_wire_frame from = frame_of(&parts[0]), header = frame_of(&parts[1]);
    if (!pm_wire_header_decode(&header, &request_id, verb, NULL)) {
        return;
    }
    if (strcmp(verb, "lease") == 0 && from.size <= sizeof waiting->routing_id) {
        note_worker(socket, waiting, from, request_id);
        return;
    }
    if (strcmp(verb, "put") == 0 && count == PARTS_MAX) {
        take_job(socket, waiting, &parts[PARTS_MAX - 1]);
    }
    answer(socket, from, request_id, "{}", (struct pm_wire_frame){NULL, 0});
}

/* Blocks in ZeroMQ for the first frame of each message, which is the quickest way it has. */
static void run(void *socket)
{
    struct waiting waiting = {0};
    for (;;) {
        zmq_msg_t parts[PARTS_MAX];
        size_t count = 1;
        zmq_msg_init(&parts[0]);
        if (zmq_msg_recv(&parts[0], socket, 0) < 0) {
            return;
        }
        while (count < PARTS_MAX && zmq_msg_more(&parts[count - 1]) != 0) {
            zmq_msg_init(&parts[count]);
            zmq_msg_recv(&parts[count++], socket, 0);
        }
        if (count > 1) {
            relay(socket, parts, count, &waiting);
        }
        pm_wire_close(parts, count);
    }
}

static void serve(const void *context, int told)
{
    (void)context;
    char endpoint[ENDPOINT_SIZE] = "";
    size_t size = sizeof endpoint;
    void *zmq = zmq_ctx_new();
    void *socket = zmq == NULL ? NULL : zmq_socket(zmq, ZMQ_ROUTER);
    if (socket == NULL || zmq_bind(socket, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0) {
        return;
    }
    if (bench_fork_tell(told, (int)strtol(strrchr(endpoint, ':') + 1, NULL, 10))) {
        run(socket);
    }
}

bool bench_relay_start(pid_t *pid, int *port, struct pm_error *error)
{
    return bench_fork(serve, NULL, "the relay", pid, port, error);
}
