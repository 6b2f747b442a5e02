/* An HTTP server of the worst kind: every request goes to a function of the test, which may answer
 * properly or misbehave in any of the ways below. One connection at a time, on 127.0.0.1. */
#ifndef TESTS_DRIVER_SCRIPTED_SERVER_H
#define TESTS_DRIVER_SCRIPTED_SERVER_H

#include <stdbool.h>
#include <stddef.h>

enum { SCRIPTED_TEXT_MAX = 64 * 1024 };

struct scripted_request {
    char method[8];
    char path[256];
    char head[4096]; /* the header lines as sent */
    char body[SCRIPTED_TEXT_MAX];
    size_t body_size;
};

enum scripted_manner {
    SCRIPTED_PROPER,
    SCRIPTED_HANG,        /* takes the request, never answers */
    SCRIPTED_CLOSE,       /* takes the request, closes without a word */
    SCRIPTED_TRUNCATE,    /* promises more bytes than it sends, and closes */
    SCRIPTED_GARBAGE,     /* answers with what is no HTTP */
    SCRIPTED_FLOOD,       /* a body without end */
    SCRIPTED_HEADERS,     /* header lines without end */
    SCRIPTED_HEADER_LINE, /* one header line without end */
    SCRIPTED_DRIP,        /* one byte every 100 ms */
};

struct scripted_reply {
    enum scripted_manner manner;
    int status;        /* 0: 200 */
    char headers[512]; /* extra lines, each with \r\n */
    char body[SCRIPTED_TEXT_MAX];
    size_t body_size; /* 0: strlen(body) */
};

/* Runs on the server's thread. */
typedef void scripted_handler(void *context, const struct scripted_request *request,
                              struct scripted_reply *reply);

struct scripted_server;

/* Asserts on failure. */
struct scripted_server *scripted_server_start(scripted_handler *handler, void *context);

/* The same in two steps: an address that refuses connections until the server listens. */
struct scripted_server *scripted_server_bind(scripted_handler *handler, void *context);
void scripted_server_listen(struct scripted_server *server);

void scripted_server_stop(struct scripted_server *server);

/* "http://127.0.0.1:PORT"; belongs to the server. */
const char *scripted_server_url(const struct scripted_server *server);
int scripted_server_connections(const struct scripted_server *server);
int scripted_server_requests(const struct scripted_server *server);

/* The value of a header in request->head, or "" ; belongs to a static buffer of the calling thread.
 */
const char *scripted_header(const struct scripted_request *request, const char *name);

#endif
