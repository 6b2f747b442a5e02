/* The HTTP server of the pool and of the sidecar's page: libmicrohttpd behind limits on size, time
 * and number. */
#ifndef POOLMINER_HTTP_SERVER_H
#define POOLMINER_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_REQUEST_ID_SIZE = 65 };

struct pm_http_server_request {
    /* What the log calls it, and the answer's X-Request-Id: the caller's own, if it sent one of at
     * most 64 letters, digits and -_. */
    const char *id;
    const char *method, *path; /* the path as sent: percent escapes are not decoded */
    const char *body;          /* NUL-terminated; "" without one */
    size_t body_size;
    void *connection; /* for the functions below */
    void *exchange;
};

/* NULL when it was not sent. */
const char *pm_http_server_header(const struct pm_http_server_request *request, const char *name);
const char *pm_http_server_query(const struct pm_http_server_request *request, const char *name);

/* An answer that goes on until the client leaves or the server ends: events for a page. */
struct pm_http_stream {
    /* Fills in at most `size` bytes, never waits; 0: nothing to say until pm_http_server_wake. Not
     * called twice at one time. */
    size_t (*read)(void *context, char *out, size_t size);
    void (*close)(void *context); /* once, when nothing is read any more */
    void *context;
};

struct pm_http_server_response {
    int status;
    char *body;               /* malloc'd; the server frees it */
    const void *constant;     /* instead of `body`: bytes that stay where they are, */
    size_t constant_size;     /* so many */
    const char *content_type; /* static; NULL: application/json */
    /* Names and values by turns, ended by NULL, all static; NULL: none. */
    const char *const *headers;
    char allow[32];    /* "": no Allow header */
    int retry_after_s; /* 0: no Retry-After header */
    bool close;        /* hang up after it */
    struct pm_http_stream
        stream; /* instead of a body, if `read` is not NULL; the server closes it */
};

/* Called from several threads at once; a thread that waits in it keeps all connections waiting that
 * it looks after. */
typedef void pm_http_server_handler(void *context, const struct pm_http_server_request *request,
                                    struct pm_http_server_response *response);

/* Told the status of what never reaches the handler: what the server refuses by itself. From
 * several threads at once. */
typedef void pm_http_server_refused(void *context, int status);

struct pm_http_server_config {
    const char *host;    /* a numeric address or a name */
    int port;            /* 0: any free one */
    size_t body_max;     /* bytes; a larger body is answered with 413 */
    int64_t request_ms;  /* in which a request has to arrive; less when the server is crowded */
    int connections_max; /* at one time; fewer where the system gives fewer files */
    int requests_max;    /* in the handler's hands at one time; one more is answered with 429 */
    int connections_per_address; /* at one time; 0: any number */
    int threads;                 /* that call the handler; at least 1 */
    int streams_max;             /* at one time; one more is answered with 503 */
    bool defers;                 /* the handler may call pm_http_server_defer */
    pm_http_server_handler *handler;
    pm_http_server_refused *refused; /* may be NULL */
    void *context;
};

struct pm_http_server;

/* Listens and serves on threads of its own until destroyed. Destroying lets requests that have
 * begun finish, for two seconds at most; what begins meanwhile is answered with 503. */
bool pm_http_server_create(const struct pm_http_server_config *config, struct pm_http_server **out,
                           struct pm_error *error);
void pm_http_server_destroy(struct pm_http_server *server);
int pm_http_server_port(const struct pm_http_server *server);

/* For the handler: the answer comes later, what it says of one now does not count. The request and
 * its texts are there until then, and its thread is free. */
void pm_http_server_defer(const struct pm_http_server_request *request);
/* The answer, from any thread, once; the handler need not have returned. Takes what `response` has,
 * which is no stream. */
void pm_http_server_answer(const struct pm_http_server_request *request,
                           const struct pm_http_server_response *response);

/* There may be something to read from the streams. */
void pm_http_server_wake(struct pm_http_server *server);

#endif
