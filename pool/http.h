/* The HTTP server: libmicrohttpd behind limits on size, time and number. Knows nothing of pools. */
#ifndef POOL_HTTP_H
#define POOL_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum { PM_REQUEST_ID_SIZE = 65 };

struct pm_pool_http_request {
    /* What the log calls it, and the answer's X-Request-Id: the caller's own, if it sent one of at
     * most 64 letters, digits and -_. */
    const char *id;
    const char *method, *path; /* the path as sent: percent escapes are not decoded */
    const char *body;          /* NUL-terminated; "" without one */
    size_t body_size;
    void *connection; /* for the functions below */
};

/* NULL when it was not sent. */
const char *pm_pool_http_header(const struct pm_pool_http_request *request, const char *name);
const char *pm_pool_http_query(const struct pm_pool_http_request *request, const char *name);

struct pm_pool_http_response {
    int status;
    char *body;               /* malloc'd; the server frees it */
    const char *content_type; /* static; NULL: application/json */
    char allow[32];           /* "": no Allow header */
    int retry_after_s;        /* 0: no Retry-After header */
    bool close;               /* hang up after it */
};

/* Called from several threads at once. */
typedef void pm_pool_http_handler(void *context, const struct pm_pool_http_request *request,
                                  struct pm_pool_http_response *response);

struct pm_pool_http_config {
    const char *host;   /* a numeric address or a name */
    int port;           /* 0: any free one */
    size_t body_max;    /* bytes; a larger body is answered with 413 */
    int64_t request_ms; /* in which a request has to arrive; less when the server is crowded */
    int connections_per_address; /* at one time; 0: any number */
    pm_pool_http_handler *handler;
    void *context;
};

struct pm_pool_http_server;

/* Listens and serves on threads of its own until destroyed. Destroying lets requests that are being
 * answered finish, for two seconds at most. */
bool pm_pool_http_server_create(const struct pm_pool_http_config *config,
                                struct pm_pool_http_server **out, struct pm_error *error);
void pm_pool_http_server_destroy(struct pm_pool_http_server *server);
int pm_pool_http_server_port(const struct pm_pool_http_server *server);

#endif
