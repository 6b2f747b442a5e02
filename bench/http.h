/* Many HTTP connections from one thread, each with one request under way at most: a client that
 * costs so little that it is the server that is measured. Speaks HTTP/1.1 as far as our own pool
 * does: answers have a Content-Length, and connections stay open. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct bench_http;

struct bench_http_answer {
    size_t link; /* on which connection */
    int status;  /* 0: the server hung up before it had answered; the connection is opened anew */
    int retry_after_s;
    char *body; /* NUL-terminated; until the next call about this connection */
    size_t length;
};

/* Connections to 127.0.0.1. NULL with the error set. */
struct bench_http *bench_http_open(int port, size_t links, struct pm_error *error);
void bench_http_close(struct bench_http *http);

/* Sends a whole request, headers and body. */
bool bench_http_send(struct bench_http *http, size_t link, const char *request, size_t length,
                     struct pm_error *error);

/* The next answer on any connection; *got false when there was none within `wait_ms`. */
bool bench_http_receive(struct bench_http *http, int wait_ms, struct bench_http_answer *out,
                        bool *got, struct pm_error *error);

#endif
