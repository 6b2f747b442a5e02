#include "bench/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 256,
    FIRST_CAPACITY = 16 * 1024,
    ANSWER_MAX = 4 * 1024 * 1024,
    HEADERS_MAX = 16 * 1024,
};

struct link {
    int descriptor;
    bool waits; /* for an answer */
    char *answer;
    size_t length, capacity;
};

struct bench_http {
    int port, poll;
    struct link *links;
    size_t count;
    struct epoll_event events[EVENTS];
    int event_count, next;
};

static bool connect_link(struct bench_http *http, size_t index, struct pm_error *error)
{
    struct link *link = &http->links[index];
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)http->port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = index};
    link->length = 0;
    link->waits = false;
    link->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return (link->descriptor >= 0 &&
            setsockopt(link->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
            connect(link->descriptor, (const struct sockaddr *)&address, sizeof address) == 0 &&
            epoll_ctl(http->poll, EPOLL_CTL_ADD, link->descriptor, &event) == 0) ||
           pm_fail(error, PM_ERROR_IO, "connecting to the pool: %s", strerror(errno));
}

struct bench_http *bench_http_open(int port, size_t links, struct pm_error *error)
{
    struct bench_http *http = calloc(1, sizeof *http);
    if (http == NULL || (http->links = calloc(links, sizeof *http->links)) == NULL) {
        free(http);
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark");
        return NULL;
    }
    http->port = port;
    http->poll = epoll_create1(EPOLL_CLOEXEC);
    bool good =
        http->poll >= 0 || pm_fail(error, PM_ERROR_IO, "epoll_create1: %s", strerror(errno));
    while (good && http->count < links) {
        http->links[http->count].descriptor = -1;
        http->count++;
        good = connect_link(http, http->count - 1, error);
    }
    if (!good) {
        bench_http_close(http);
        return NULL;
    }
    return http;
}

static void close_link(struct link *link)
{
    if (link->descriptor >= 0) {
        close(link->descriptor);
    }
    link->descriptor = -1;
}

void bench_http_close(struct bench_http *http)
{
    for (size_t i = 0; i < http->count; i++) {
        close_link(&http->links[i]);
        free(http->links[i].answer);
    }
    if (http->poll >= 0) {
        close(http->poll);
    }
    free(http->links);
    free(http);
}

bool bench_http_send(struct bench_http *http, size_t index, const char *request, size_t length,
                     struct pm_error *error)
{
    struct link *link = &http->links[index];
    link->length = 0;
    link->waits = true;
    while (length > 0) {
        ssize_t sent = send(link->descriptor, request, length, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return true; /* the server has hung up: found by whoever waits for the answer */
        }
        if (sent < 0 && errno != EINTR) {
            return pm_fail(error, PM_ERROR_IO, "sending to the pool: %s", strerror(errno));
        }
        request += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

static bool reserve(struct link *link, size_t capacity, struct pm_error *error)
{
    if (capacity <= link->capacity) {
        return true;
    }
    char *larger = capacity <= ANSWER_MAX ? realloc(link->answer, capacity) : NULL;
    if (larger == NULL) {
        return pm_fail(error, PM_ERROR_LIMIT, "an answer of the pool is too large");
    }
    link->answer = larger;
    link->capacity = capacity;
    return true;
}

/* The value of a header, whose name is given with its colon; NULL when it is not there. */
static const char *header(const char *headers, const char *name)
{
    const size_t length = strlen(name);
    for (const char *line = strchr(headers, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, name, length) == 0) {
            return line + 1 + length;
        }
    }
    return NULL;
}

/* *whole: nothing of the answer is missing. */
static bool read_answer(struct link *link, struct bench_http_answer *out, bool *whole,
                        struct pm_error *error)
{
    char *end = strstr(link->answer, "\r\n\r\n");
    *whole = false;
    if (end == NULL) {
        return link->length < HEADERS_MAX ||
               pm_fail(error, PM_ERROR_REFUSED, "the pool's answer has no end of its headers");
    }
    *end = '\0';
    const char *length = header(link->answer, "Content-Length:");
    const char *retry = header(link->answer, "Retry-After:");
    const size_t body = (size_t)(end + 4 - link->answer);
    const size_t size = length != NULL ? strtoul(length, NULL, 10) : SIZE_MAX;
    if (strncmp(link->answer, "HTTP/1.1 ", 9) != 0 || size > ANSWER_MAX) {
        return pm_fail(error, PM_ERROR_REFUSED, "the pool's answer is no HTTP: %.80s",
                       link->answer);
    }
    *whole = link->length >= body + size;
    out->status = atoi(link->answer + 9);
    out->retry_after_s = retry != NULL ? atoi(retry) : 0;
    out->length = size;
    *end = '\r';
    if (!*whole && !reserve(link, body + size + 1, error)) {
        return false;
    }
    out->body = link->answer + body;
    return true;
}

static bool take(struct bench_http *http, size_t index, struct bench_http_answer *out, bool *got,
                 struct pm_error *error)
{
    struct link *link = &http->links[index];
    if (!reserve(link, FIRST_CAPACITY, error) ||
        (link->length + 1 == link->capacity && !reserve(link, 2 * link->capacity, error))) {
        return false;
    }
    ssize_t length = recv(link->descriptor, link->answer + link->length,
                          link->capacity - link->length - 1, MSG_DONTWAIT);
    if (length < 0 && (errno == EINTR || errno == EAGAIN)) {
        return true;
    }
    *out = (struct bench_http_answer){.link = index};
    if (length <= 0) {
        *got = link->waits;
        close_link(link);
        return connect_link(http, index, error);
    }
    link->length += (size_t)length;
    link->answer[link->length] = '\0';
    bool good = read_answer(link, out, got, error);
    link->waits = !*got;
    return good;
}

bool bench_http_receive(struct bench_http *http, int wait_ms, struct bench_http_answer *out,
                        bool *got, struct pm_error *error)
{
    *got = false;
    while (!*got) {
        if (http->next == http->event_count) {
            http->next = 0;
            http->event_count = epoll_wait(http->poll, http->events, EVENTS, wait_ms);
            if (http->event_count < 0 && errno != EINTR) {
                return pm_fail(error, PM_ERROR_IO, "epoll_wait: %s", strerror(errno));
            }
            if (http->event_count <= 0) {
                http->event_count = 0;
                return true;
            }
        }
        if (!take(http, (size_t)http->events[http->next++].data.u64, out, got, error)) {
            return false;
        }
    }
    return true;
}
