/* One connection of the benchmark to a ZeroMQ socket, by ZMTP 3.0 (rfc.zeromq.org/spec/23) over a
 * plain TCP socket. libzmq would do, with a thread and several calls of the system for a message;
 * what the benchmark spends on its own side is taken from the server that shares the processors,
 * and the other server is spoken to over plain sockets as well. NULL security only. */
#ifndef BENCH_ZMTP_H
#define BENCH_ZMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/wire.h>

enum { BENCH_ZMTP_FRAMES_MAX = 3 + PM_WIRE_BODIES_MAX };

struct bench_zmtp {
    int descriptor;
    uint8_t *buffer; /* what has come and was not read is from `begin` to `end` */
    size_t begin, end, capacity;
};

/* Connects to a ROUTER on 127.0.0.1 as a DEALER with this routing id, and shakes hands. */
bool bench_zmtp_open(struct bench_zmtp *link, int port, const char *routing_id,
                     struct pm_error *error);
void bench_zmtp_close(struct bench_zmtp *link);

bool bench_zmtp_send(struct bench_zmtp *link, const struct pm_wire_frame *frames, size_t count,
                     struct pm_error *error);

/* Takes what the system has, waiting when that is nothing. */
bool bench_zmtp_read(struct bench_zmtp *link, struct pm_error *error);
/* The next message that has come whole; *count is 0 when there is none. The frames point into the
 * buffer and last until the next bench_zmtp_read. Answers pings of the connection by itself. */
bool bench_zmtp_next(struct bench_zmtp *link, struct pm_wire_frame frames[BENCH_ZMTP_FRAMES_MAX],
                     size_t *count, struct pm_error *error);

#endif
