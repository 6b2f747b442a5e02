/* HTTP with limits: one handle, one kept-alive connection, http and https only, redirects never
 * followed, every answer bounded in time and size. Proxies come from the environment, certificates
 * are checked against the system's store. Knows nothing of pools. */
#ifndef POOLMINER_HTTP_CLIENT_H
#define POOLMINER_HTTP_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_http;

struct pm_http_config {
    const char *base_url;        /* http://host:port[/path] or https://..., no query, no user */
    const char *ca_file;         /* certificates to trust; NULL: the system's store */
    int64_t connect_timeout_ms;  /* 0: 10,000 */
    const atomic_bool *stop;     /* may be NULL; polled about every 100 ms */
    int64_t grace_after_stop_ms; /* how long a request with `finish_on_stop` may still take */
};

struct pm_http_request {
    const char *method;         /* "GET" or "POST" */
    const char *path;           /* "/health"; the caller has escaped what is in it */
    const char *const *headers; /* "Name: value", `header_count` of them */
    size_t header_count;
    const char *body; /* NULL: none; JSON otherwise */
    size_t body_size;
    size_t answer_max_bytes;
    int64_t timeout_ms;  /* for the whole exchange */
    bool finish_on_stop; /* give it the grace when a stop comes in between */
};

struct pm_http_response {
    int status; /* 0: no status line came */
    bool sent;  /* there was a connection: the request may have arrived */
    char *body; /* NUL-terminated, never NULL after success */
    size_t body_size;
    int64_t date_ms;              /* Date header, unix; -1: none */
    char retry_after[64];         /* as sent; "" none */
    int64_t sent_ms, received_ms; /* unix, own clock: when the exchange began and ended */
};

/* PM_ERROR_INVALID says what is wrong with the URL; the caller says whose it is. */
bool pm_http_create(const struct pm_http_config *config, struct pm_http **out,
                    struct pm_error *error);
void pm_http_destroy(struct pm_http *http);

/* True: an answer came whole, whatever its status. False: PM_ERROR_UNAVAILABLE (no answer, or it
 * broke off; response->status tells whether its head had come), PM_ERROR_LIMIT (larger than
 * allowed), PM_ERROR_INTERRUPTED (stopped), PM_ERROR_MEMORY. Clear the response in either case. */
bool pm_http_perform(struct pm_http *http, const struct pm_http_request *request,
                     struct pm_http_response *response, struct pm_error *error);
void pm_http_response_clear(struct pm_http_response *response);

enum { PM_HTTP_RETRY_AFTER_MAX_MS = 60 * 60 * 1000 }; /* who asks for more is asked again then */

/* A Retry-After: seconds, or an HTTP date, which is compared with the answer's own Date (or
 * `received_ms` without one). At most PM_HTTP_RETRY_AFTER_MAX_MS; -1 when it cannot be read. */
int64_t pm_http_retry_after_ms(const char *value, int64_t date_ms, int64_t received_ms);

#endif
