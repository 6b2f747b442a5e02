#include "bench/zmtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    GREETING_SIZE = 64,
    COMMAND_MAX = 255, /* of those that are sent */
    HEADER_MAX = 9,    /* flags, and eight bytes of length */
    SENT_FRAMES_MAX = 4,
    BUFFER_FIRST = 16 * 1024,
    READ_MIN = 4 * 1024, /* room that must be there before reading */
    BUFFER_MAX = 8 * 1024 * 1024,
    PING_TTL_SIZE = 2,
};
enum { FLAG_MORE = 1, FLAG_LONG = 2, FLAG_COMMAND = 4 };

/* ---- sending ---- */

static bool write_all(int descriptor, struct iovec *pieces, size_t count, struct pm_error *error)
{
    while (count > 0) {
        const struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
        ssize_t written = sendmsg(descriptor, &message, MSG_NOSIGNAL);
        if (written < 0 && errno != EINTR) {
            return pm_fail(error, PM_ERROR_IO, "sending to the sidecar: %s", strerror(errno));
        }
        size_t left = written > 0 ? (size_t)written : 0;
        while (count > 0 && left >= pieces->iov_len) {
            left -= pieces->iov_len;
            pieces++;
            count--;
        }
        if (count > 0) {
            pieces->iov_base = (char *)pieces->iov_base + left;
            pieces->iov_len -= left;
        }
    }
    return true;
}

static size_t write_header(uint8_t out[HEADER_MAX], size_t size, bool more)
{
    const uint8_t flags = more ? FLAG_MORE : 0;
    if (size <= UINT8_MAX) {
        out[0] = flags;
        out[1] = (uint8_t)size;
        return 2;
    }
    out[0] = flags | FLAG_LONG;
    for (int i = 0; i < 8; i++) {
        out[1 + i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
    }
    return HEADER_MAX;
}

bool bench_zmtp_send(struct bench_zmtp *link, const struct pm_wire_frame *frames, size_t count,
                     struct pm_error *error)
{
    uint8_t headers[SENT_FRAMES_MAX][HEADER_MAX];
    struct iovec pieces[2 * SENT_FRAMES_MAX];
    for (size_t i = 0; i < count; i++) {
        size_t length = write_header(headers[i], frames[i].size, i + 1 < count);
        pieces[2 * i] = (struct iovec){headers[i], length};
        pieces[2 * i + 1] = (struct iovec){(void *)frames[i].data, frames[i].size};
    }
    return write_all(link->descriptor, pieces, 2 * count, error);
}

static bool send_command(struct bench_zmtp *link, const uint8_t *body, size_t size,
                         struct pm_error *error)
{
    uint8_t header[2] = {FLAG_COMMAND, (uint8_t)size};
    struct iovec pieces[2] = {{header, sizeof header}, {(void *)body, size}};
    return write_all(link->descriptor, pieces, 2, error);
}

/* ---- receiving ---- */

static bool make_room(struct bench_zmtp *link, struct pm_error *error)
{
    if (link->begin > 0) {
        memmove(link->buffer, link->buffer + link->begin, link->end - link->begin);
        link->end -= link->begin;
        link->begin = 0;
    }
    if (link->capacity - link->end >= READ_MIN) {
        return true;
    }
    size_t capacity = link->capacity == 0 ? BUFFER_FIRST : 2 * link->capacity;
    uint8_t *larger = capacity > BUFFER_MAX ? NULL : realloc(link->buffer, capacity);
    if (larger == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for an answer of the sidecar");
    }
    link->buffer = larger;
    link->capacity = capacity;
    return true;
}

bool bench_zmtp_read(struct bench_zmtp *link, struct pm_error *error)
{
    if (link->begin == link->end) {
        link->begin = link->end = 0;
    }
    if (link->capacity - link->end < READ_MIN && !make_room(link, error)) {
        return false;
    }
    ssize_t length;
    do {
        length = recv(link->descriptor, link->buffer + link->end, link->capacity - link->end, 0);
    } while (length < 0 && errno == EINTR);
    if (length <= 0) {
        return pm_fail(error, PM_ERROR_IO, "reading from the sidecar: %s",
                       length == 0 ? "it has closed the connection" : strerror(errno));
    }
    link->end += (size_t)length;
    return true;
}

/* One frame from *at on. False: it has not come whole. */
static bool read_frame(const struct bench_zmtp *link, size_t *at, uint8_t *flags,
                       struct pm_wire_frame *frame)
{
    const uint8_t *from = link->buffer + *at;
    size_t left = link->end - *at;
    size_t header = left > 0 && (from[0] & FLAG_LONG) != 0 ? HEADER_MAX : 2;
    if (left < header) {
        return false;
    }
    uint64_t size = 0;
    for (size_t i = 1; i < header; i++) {
        size = size << 8 | from[i];
    }
    if (left - header < size) {
        return false;
    }
    *flags = from[0];
    *frame = (struct pm_wire_frame){from + header, (size_t)size};
    *at += header + (size_t)size;
    return true;
}

/* A ping must be answered with what came after its time to live, or the peer hangs up. */
static bool answer_command(struct bench_zmtp *link, const struct pm_wire_frame *command,
                           struct pm_error *error)
{
    static const char ping[] = "\4PING", pong[] = "\4PONG";
    const size_t name = sizeof ping - 1, before = name + PING_TTL_SIZE;
    if (command->size < before || command->size > COMMAND_MAX ||
        memcmp(command->data, ping, name) != 0) {
        return true;
    }
    uint8_t answer[COMMAND_MAX];
    memcpy(answer, pong, name);
    memcpy(answer + name, (const uint8_t *)command->data + before, command->size - before);
    return send_command(link, answer, name + command->size - before, error);
}

bool bench_zmtp_next(struct bench_zmtp *link, struct pm_wire_frame frames[BENCH_ZMTP_FRAMES_MAX],
                     size_t *count, struct pm_error *error)
{
    size_t at = link->begin;
    uint8_t flags;
    *count = 0;
    while (*count < BENCH_ZMTP_FRAMES_MAX && read_frame(link, &at, &flags, &frames[*count])) {
        if ((flags & FLAG_COMMAND) != 0) {
            /* libzmq also pings between the frames of a message. Should that message not be there
             * whole, this ping is met again, and answering it twice does no harm. */
            link->begin = *count == 0 ? at : link->begin;
            if (!answer_command(link, &frames[*count], error)) {
                return false;
            }
            continue;
        }
        (*count)++;
        if ((flags & FLAG_MORE) == 0) {
            link->begin = at;
            return true;
        }
    }
    if (*count == BENCH_ZMTP_FRAMES_MAX) {
        return pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar's answer has too many frames");
    }
    *count = 0;
    return true;
}

/* ---- opening ---- */

/* Version 3.0, the NULL mechanism. */
static bool greet(struct bench_zmtp *link, struct pm_error *error)
{
    uint8_t greeting[GREETING_SIZE] = {0xff, 0,    0, 0, 0,   0,   0,   0,
                                       1,    0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    struct iovec piece = {greeting, sizeof greeting};
    if (!write_all(link->descriptor, &piece, 1, error)) {
        return false;
    }
    while (link->end < GREETING_SIZE) {
        if (!bench_zmtp_read(link, error)) {
            return false;
        }
    }
    link->begin = GREETING_SIZE;
    return memcmp(link->buffer + 12, "NULL", 5) == 0 ||
           pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar does not speak without encryption");
}

static size_t add_property(uint8_t *out, const char *name, const char *value)
{
    const size_t name_length = strlen(name), value_length = strlen(value);
    /* The value's length has four bytes, of which one is used. */
    const uint8_t value_head[4] = {0, 0, 0, (uint8_t)value_length};
    const struct pm_wire_frame pieces[] = {
        {(const uint8_t[]){(uint8_t)name_length}, 1},
        {name, name_length},
        {value_head, sizeof value_head},
        {value, value_length},
    };
    size_t length = 0;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        memcpy(out + length, pieces[i].data, pieces[i].size);
        length += pieces[i].size;
    }
    return length;
}

static bool make_ready(struct bench_zmtp *link, const char *routing_id, struct pm_error *error)
{
    uint8_t ready[COMMAND_MAX] = "\5READY";
    size_t length = 6;
    if (strlen(routing_id) > COMMAND_MAX / 2) {
        return pm_fail(error, PM_ERROR_INVALID, "a routing id that is too long");
    }
    length += add_property(ready + length, "Socket-Type", "DEALER");
    length += add_property(ready + length, "Identity", routing_id);
    if (!send_command(link, ready, length, error)) {
        return false;
    }
    struct pm_wire_frame answer;
    uint8_t flags;
    while (!read_frame(link, &link->begin, &flags, &answer)) {
        if (!bench_zmtp_read(link, error)) {
            return false;
        }
    }
    return (flags & FLAG_COMMAND) != 0 ||
           pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar does not shake hands");
}

bool bench_zmtp_open(struct bench_zmtp *link, int port, const char *routing_id,
                     struct pm_error *error)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    *link = (struct bench_zmtp){.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (link->descriptor < 0 ||
        setsockopt(link->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(link->descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        return pm_fail(error, PM_ERROR_IO, "connecting to the sidecar: %s", strerror(errno));
    }
    return greet(link, error) && make_ready(link, routing_id, error);
}

void bench_zmtp_close(struct bench_zmtp *link)
{
    if (link->descriptor >= 0) {
        close(link->descriptor);
    }
    free(link->buffer);
    *link = (struct bench_zmtp){.descriptor = -1};
}
