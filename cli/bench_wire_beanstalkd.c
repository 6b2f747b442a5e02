/* The benchmark's connections to beanstalkd, after its protocol's text (doc/protocol.txt). */
#include "cli/bench_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct link {
    long long job;
    enum bench_step step;
    char *answer; /* what has come so far, NUL-terminated */
    size_t length;
};

struct beanstalkd_wire {
    struct bench_wire base;
    struct pollfd *items;
    struct link *links;
    size_t count, next;
    bool polled;
    char *request; /* room for a put; the payload stands at its place */
    size_t payload_size, answer_size;
};

enum { COMMAND_MAX = 64 };

static void beanstalkd_close(struct bench_wire *base)
{
    struct beanstalkd_wire *wire = (struct beanstalkd_wire *)base;
    for (size_t i = 0; wire->items != NULL && i < wire->count; i++) {
        if (wire->items[i].fd >= 0) {
            close(wire->items[i].fd);
        }
    }
    for (size_t i = 0; wire->links != NULL && i < wire->count; i++) {
        free(wire->links[i].answer);
    }
    free(wire->items);
    free(wire->links);
    free(wire->request);
    free(wire);
}

/* ---- sending ---- */

static bool write_all(int descriptor, const char *data, size_t size, struct pm_error *error)
{
    while (size > 0) {
        ssize_t written = send(descriptor, data, size, MSG_NOSIGNAL);
        if (written < 0 && errno != EINTR) {
            return pm_fail(error, PM_ERROR_IO, "sending to beanstalkd: %s", strerror(errno));
        }
        data += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool beanstalkd_send(struct bench_wire *base, size_t index, enum bench_step step,
                            struct pm_error *error)
{
    struct beanstalkd_wire *wire = (struct beanstalkd_wire *)base;
    struct link *link = &wire->links[index];
    size_t length;
    link->step = step;
    link->length = 0;
    if (step == BENCH_PUT) {
        length =
            (size_t)snprintf(wire->request, COMMAND_MAX, "put 0 0 120 %zu\r\n", wire->payload_size);
        memset(wire->request + length, 'x', wire->payload_size);
        memcpy(wire->request + length + wire->payload_size, "\r\n", 2);
        length += wire->payload_size + 2;
    } else if (step == BENCH_LEASE) {
        length = (size_t)snprintf(wire->request, COMMAND_MAX, "reserve\r\n");
    } else {
        length = (size_t)snprintf(wire->request, COMMAND_MAX, "delete %lld\r\n", link->job);
    }
    return write_all(wire->items[index].fd, wire->request, length, error);
}

/* ---- receiving ---- */

static bool begins(const struct link *link, const char *words)
{
    return strncmp(link->answer, words, strlen(words)) == 0;
}

/* *whole: nothing of the answer is missing. */
static bool read_answer(struct beanstalkd_wire *wire, struct link *link, bool *whole,
                        struct pm_error *error)
{
    const char *line_end = strstr(link->answer, "\r\n");
    *whole = line_end != NULL;
    if (!*whole) {
        return true;
    }
    switch (link->step) {
    case BENCH_PUT:
        return begins(link, "INSERTED ") ||
               pm_fail(error, PM_ERROR_REFUSED, "beanstalkd's answer to put: %.*s",
                       (int)(line_end - link->answer), link->answer);
    case BENCH_LEASE:
        link->job = begins(link, "RESERVED ") ? strtoll(link->answer + 9, NULL, 10) : 0;
        *whole = link->length >= (size_t)(line_end + 4 - link->answer) + wire->payload_size;
        return link->job > 0 ||
               pm_fail(error, PM_ERROR_REFUSED, "beanstalkd's answer to reserve: %.*s",
                       (int)(line_end - link->answer), link->answer);
    default:
        return begins(link, "DELETED") ||
               pm_fail(error, PM_ERROR_REFUSED, "beanstalkd's answer to delete: %.*s",
                       (int)(line_end - link->answer), link->answer);
    }
}

static bool take_answer(struct beanstalkd_wire *wire, size_t index, bool *got,
                        struct pm_error *error)
{
    struct link *link = &wire->links[index];
    ssize_t length = recv(wire->items[index].fd, link->answer + link->length,
                          wire->answer_size - link->length - 1, 0);
    if (length <= 0) {
        return pm_fail(error, PM_ERROR_IO, "reading from beanstalkd: %s",
                       length == 0 ? "it has closed the connection" : strerror(errno));
    }
    link->length += (size_t)length;
    link->answer[link->length] = '\0';
    return read_answer(wire, link, got, error);
}

static bool beanstalkd_receive(struct bench_wire *base, size_t *index, struct pm_error *error)
{
    struct beanstalkd_wire *wire = (struct beanstalkd_wire *)base;
    for (;;) {
        if (!wire->polled && poll(wire->items, wire->count, BENCH_SILENCE_MS) <= 0) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE, "beanstalkd does not answer");
        }
        wire->next = wire->polled ? wire->next : 0;
        wire->polled = true;
        while (wire->next < wire->count) {
            size_t i = wire->next++;
            bool got = false;
            if (wire->items[i].revents != 0 && !take_answer(wire, i, &got, error)) {
                return false;
            }
            if (got) {
                *index = i;
                return true;
            }
        }
        wire->polled = false;
    }
}

/* ---- opening ---- */

static bool open_link(struct beanstalkd_wire *wire, size_t index, int port, struct pm_error *error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    wire->items[index] = (struct pollfd){.fd = descriptor, .events = POLLIN};
    wire->links[index].answer = malloc(wire->answer_size);
    return (descriptor >= 0 && wire->links[index].answer != NULL &&
            setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
            connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0) ||
           pm_fail(error, PM_ERROR_IO, "connecting to beanstalkd: %s", strerror(errno));
}

struct bench_wire *bench_wire_beanstalkd(int port, size_t links, size_t payload,
                                         struct pm_error *error)
{
    static const struct bench_wire_verbs verbs = {beanstalkd_close, beanstalkd_send,
                                                  beanstalkd_receive};
    struct beanstalkd_wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
        return NULL;
    }
    wire->base.verbs = &verbs;
    wire->payload_size = payload;
    wire->answer_size = payload + 2 * (size_t)COMMAND_MAX;
    wire->items = calloc(links, sizeof *wire->items);
    wire->links = calloc(links, sizeof *wire->links);
    wire->request = malloc(wire->answer_size);
    bool good = wire->items != NULL && wire->links != NULL && wire->request != NULL;
    if (!good) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    for (size_t i = 0; good && i < links; i++) {
        wire->count = i + 1;
        good = open_link(wire, i, port, error);
    }
    if (!good) {
        beanstalkd_close(&wire->base);
        return NULL;
    }
    return &wire->base;
}
