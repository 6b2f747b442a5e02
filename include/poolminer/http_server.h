/* The HTTP server of the pool and of the sidecar's page: libmicrohttpd, with limits on how large
 * requests are, how long they take to arrive, and how many there are at a time. The server accepts
 * connections and calls the program's handler on threads of its own. */
#ifndef POOLMINER_HTTP_SERVER_H
#define POOLMINER_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_REQUEST_ID_SIZE = 65 };

/* A request, as the handler sees it. All texts belong to the server and are valid until the handler
 * returns, or, when it deferred the answer, until pm_http_server_answer is called. */
struct pm_http_server_request {
    /* Names the request in the log, and is sent back as X-Request-Id. It is the X-Request-Id that
     * the client sent if that has at most 64 characters, all of them letters, digits, - or _;
     * otherwise the server makes one. */
    const char *id;
    const char *method; /* "GET", "POST", ... */
    const char *path;   /* as it was sent: percent escapes are not decoded */
    const char *body;   /* ends with a NUL that body_size does not count; "" if there is no body */
    size_t body_size;
    void *connection; /* the server's own: the functions below need it */
    void *exchange;   /* likewise */
};

/* The value of a header, or of a parameter in the query string; NULL if the client did not send it.
 */
const char *pm_http_server_header(const struct pm_http_server_request *request, const char *name);
const char *pm_http_server_query(const struct pm_http_server_request *request, const char *name);

/* An answer without a fixed end, such as the events that a page listens to. It lasts until the
 * client leaves or the server is destroyed. */
struct pm_http_stream {
    /* Writes at most `size` bytes into `out` and returns how many. It must not wait: it returns 0
     * when there is nothing to send now, and is called again after pm_http_server_wake. The server
     * never calls it for the same stream from two threads at the same time. */
    size_t (*read)(void *context, char *out, size_t size);
    /* Called once, after the last read; frees the context. */
    void (*close)(void *context);
    void *context;
};

/* What the handler answers. The content is one of three: `stream`, if its `read` is not NULL; else
 * `constant`, if that is not NULL; else `body`. The handler gets it filled with zeros. */
struct pm_http_server_response {
    int status;               /* HTTP status code */
    char *body;               /* text from malloc, which the server frees; NULL: empty */
    const void *constant;     /* bytes that outlive the server, which does not copy them */
    size_t constant_size;     /* how many bytes `constant` has */
    const char *content_type; /* a string constant; NULL: application/json */
    /* More headers: name, value, name, value, ..., NULL, all string constants. NULL: none. */
    const char *const *headers;
    char allow[32];               /* the Allow header; "": none */
    int retry_after_s;            /* the Retry-After header, in seconds; 0: none */
    bool close;                   /* close the connection after this answer */
    struct pm_http_stream stream; /* the server closes it, on errors too */
};

/* Answers one request by filling in `response`. It is called from several threads at the same time.
 * Each thread serves many connections, so while a handler waits, so do all the others of its
 * thread. */
typedef void pm_http_server_handler(void *context, const struct pm_http_server_request *request,
                                    struct pm_http_server_response *response);

/* Called with the status of each answer that the server gives by itself, without the handler: that
 * a body is too large, that there are too many requests, and so on. It is called from several
 * threads at the same time. */
typedef void pm_http_server_refused(void *context, int status);

struct pm_http_server_config {
    const char *host; /* where to listen: a numeric address or a name */
    int port;         /* 0: any free port */
    size_t body_max;  /* bytes; a larger body is answered with 413 */
    /* How long a request may take to arrive completely. When most of the connections are taken the
     * server allows less. */
    int64_t request_ms;
    /* Limits on what there may be at the same time. */
    int connections_max;         /* fewer if the limit on open files does not allow so many */
    int connections_per_address; /* of one client address; 0: no limit */
    int requests_max;            /* given to the handler and not answered; more get 429 */
    int streams_max;             /* open streams; more get 503 */
    int threads;                 /* threads that call the handler; at least 1 */
    bool defers;                 /* whether the handler may call pm_http_server_defer */
    pm_http_server_handler *handler;
    pm_http_server_refused *refused; /* may be NULL */
    void *context;                   /* what both functions are called with */
};

struct pm_http_server;

/* Begins to listen and to serve, until the server is destroyed. Destroying it first waits, for two
 * seconds at most, until the requests that have begun are answered; requests that begin in this
 * time are answered with 503. */
bool pm_http_server_create(const struct pm_http_server_config *config, struct pm_http_server **out,
                           struct pm_error *error);
void pm_http_server_destroy(struct pm_http_server *server);
/* The port that the server listens on; useful when the configuration said 0. */
int pm_http_server_port(const struct pm_http_server *server);

/* A handler that cannot answer yet calls this and returns: what it has put into its response is
 * ignored, and its thread goes on with other connections. The request stays valid until
 * pm_http_server_answer is called for it, which has to happen. */
void pm_http_server_defer(const struct pm_http_server_request *request);
/* Answers a deferred request. To be called once for each, from any thread, also before the handler
 * has returned. Takes over `body`; the response must not be a stream. */
void pm_http_server_answer(const struct pm_http_server_request *request,
                           const struct pm_http_server_response *response);

/* Tells the server that streams may have something to send: it calls their `read` again. From any
 * thread. */
void pm_http_server_wake(struct pm_http_server *server);

#endif
