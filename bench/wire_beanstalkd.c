/* The benchmark's connections to beanstalkd, after its protocol's text (doc/protocol.txt). */
#include "bench/wire.h"

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

struct lane {
    long long job;
    enum bench_step step;
};

struct link {
    size_t *waiting; /* lanes in the order of their requests, which is that of the answers */
    size_t first, waiting_count;
    char *answer; /* what has come and was not read, NUL-terminated */
    size_t length;
};

struct beanstalkd_wire {
    struct bench_wire base;
    struct pollfd *items;
    struct link *links;
    struct lane *lanes;
    size_t count, window, next;
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
        free(wire->links[i].waiting);
    }
    free(wire->items);
    free(wire->links);
    free(wire->lanes);
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
    struct link *link = &wire->links[index / wire->window];
    struct lane *lane = &wire->lanes[index];
    size_t length;
    lane->step = step;
    link->waiting[(link->first + link->waiting_count++) % wire->window] = index;
    if (step == BENCH_PUT) {
        length =
            (size_t)snprintf(wire->request, COMMAND_MAX, "put 0 0 120 %zu\r\n", wire->payload_size);
        memset(wire->request + length, 'x', wire->payload_size);
        memcpy(wire->request + length + wire->payload_size, "\r\n", 2);
        length += wire->payload_size + 2;
    } else if (step == BENCH_LEASE) {
        length = (size_t)snprintf(wire->request, COMMAND_MAX, "reserve\r\n");
    } else {
        length = (size_t)snprintf(wire->request, COMMAND_MAX, "delete %lld\r\n", lane->job);
    }
    return write_all(wire->items[index / wire->window].fd, wire->request, length, error);
}

/* ---- receiving ---- */

static bool begins(const struct link *link, const char *words)
{
    return strncmp(link->answer, words, strlen(words)) == 0;
}

/* Reads the answer to a lane's request. *size: how many bytes it has; 0: it has not come whole. */
static bool read_answer(const struct beanstalkd_wire *wire, const struct link *link,
                        struct lane *lane, size_t *size, struct pm_error *error)
{
    static const char *const words[] = {
        [BENCH_PUT] = "INSERTED ", [BENCH_LEASE] = "RESERVED ", [BENCH_FINISH] = "DELETED"};
    const char *line_end = strstr(link->answer, "\r\n");
    *size = 0;
    if (line_end == NULL) {
        return true;
    }
    size_t line = (size_t)(line_end + 2 - link->answer);
    if (!begins(link, words[lane->step])) {
        return pm_fail(error, PM_ERROR_REFUSED, "beanstalkd's answer was: %.*s", (int)line - 2,
                       link->answer);
    }
    if (lane->step != BENCH_LEASE) {
        *size = line;
        return true;
    }
    lane->job = strtoll(link->answer + strlen(words[BENCH_LEASE]), NULL, 10);
    *size = link->length >= line + wire->payload_size + 2 ? line + wire->payload_size + 2 : 0;
    return true;
}

static bool read_more(struct beanstalkd_wire *wire, size_t index, struct pm_error *error)
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
    return true;
}

/* The next whole answer on this connection; *got is false when there is none. */
static bool take_answer(struct beanstalkd_wire *wire, size_t index, bool *got, size_t *lane,
                        struct pm_error *error)
{
    struct link *link = &wire->links[index];
    size_t size = 0;
    *got = false;
    if (link->waiting_count == 0 || link->length == 0) {
        return true;
    }
    *lane = link->waiting[link->first];
    if (!read_answer(wire, link, &wire->lanes[*lane], &size, error)) {
        return false;
    }
    if (size > 0) {
        *got = true;
        link->first = (link->first + 1) % wire->window;
        link->waiting_count--;
        link->length -= size;
        memmove(link->answer, link->answer + size, link->length + 1);
    }
    return true;
}

static bool poll_links(struct beanstalkd_wire *wire, struct pm_error *error)
{
    if (poll(wire->items, wire->count, BENCH_SILENCE_MS) <= 0) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "beanstalkd does not answer");
    }
    wire->next = 0;
    wire->polled = true;
    for (size_t i = 0; i < wire->count; i++) {
        if (wire->items[i].revents != 0 && !read_more(wire, i, error)) {
            return false;
        }
    }
    return true;
}

static bool beanstalkd_receive(struct bench_wire *base, size_t *index, struct pm_error *error)
{
    struct beanstalkd_wire *wire = (struct beanstalkd_wire *)base;
    for (;;) {
        if (!wire->polled && !poll_links(wire, error)) {
            return false;
        }
        while (wire->next < wire->count) {
            bool got = false;
            if (wire->items[wire->next].revents != 0 &&
                !take_answer(wire, wire->next, &got, index, error)) {
                return false;
            }
            if (got) {
                return true;
            }
            wire->next++;
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
    wire->links[index].waiting = calloc(wire->window, sizeof *wire->links[index].waiting);
    return (descriptor >= 0 && wire->links[index].answer != NULL &&
            wire->links[index].waiting != NULL &&
            setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
            connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0) ||
           pm_fail(error, PM_ERROR_IO, "connecting to beanstalkd: %s", strerror(errno));
}

struct bench_wire *bench_wire_beanstalkd(const struct bench_wire_config *config,
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
    wire->window = config->window;
    wire->payload_size = config->payload;
    wire->answer_size = (config->payload + 2 * (size_t)COMMAND_MAX) * config->window;
    wire->items = calloc(config->links, sizeof *wire->items);
    wire->links = calloc(config->links, sizeof *wire->links);
    wire->lanes = calloc(config->links * config->window, sizeof *wire->lanes);
    wire->request = malloc(config->payload + 2 * (size_t)COMMAND_MAX);
    bool good =
        wire->items != NULL && wire->links != NULL && wire->lanes != NULL && wire->request != NULL;
    if (!good) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
    }
    for (size_t i = 0; good && i < config->links; i++) {
        wire->count = i + 1;
        good = open_link(wire, i, config->port, error);
    }
    if (!good) {
        beanstalkd_close(&wire->base);
        return NULL;
    }
    return &wire->base;
}
