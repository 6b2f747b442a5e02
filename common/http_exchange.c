#include "common/http_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/text.h>

enum {
    BODIES_MAX = 64 * 1024 * 1024, /* bytes of all bodies that are coming in at one time */
    BUSY_RETRY_AFTER_S = 2,
    HEARD_OUT_MAX = 16 * 1024 * 1024, /* bytes of a body that is refused for its size */
};

/* One request while it comes in. */
struct incoming {
    struct pm_connection *connection;
    struct pm_text body;
    int64_t started_ms;
    char id[PM_REQUEST_ID_SIZE];
    size_t reserved; /* its part of the server's `buffered` */
    int refused;     /* status, or 0: what still comes of the body is thrown away */
    struct pm_http_exchanges *exchanges;
    struct pm_http_server_request request; /* once it is whole */
    struct pm_http_server_response later;  /* to be sent when the connection goes on */
    bool deferred;
};

static const char ID_HEADER[] = "X-Request-Id";

const char *pm_http_server_header(const struct pm_http_server_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *pm_http_server_query(const struct pm_http_server_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* Takes the body or the stream. */
static struct MHD_Response *create_message(struct pm_http_exchanges *exchanges,
                                           struct MHD_Connection *connection,
                                           const struct incoming *incoming,
                                           const struct pm_http_server_response *response)
{
    if (response->stream.read != NULL) {
        return pm_http_stream_open(&exchanges->streams, connection, exchanges->connections,
                                   incoming->connection, &response->stream);
    }
    if (response->constant != NULL) {
        return MHD_create_response_from_buffer(response->constant_size, (void *)response->constant,
                                               MHD_RESPMEM_PERSISTENT);
    }
    size_t size = response->body != NULL ? strlen(response->body) : 0;
    struct MHD_Response *message =
        MHD_create_response_from_buffer(size, response->body, MHD_RESPMEM_MUST_FREE);
    if (message == NULL) {
        free(response->body);
    }
    return message;
}

static enum MHD_Result send_response(struct pm_http_exchanges *exchanges,
                                     struct MHD_Connection *connection,
                                     const struct incoming *incoming,
                                     const struct pm_http_server_response *response)
{
    char number[16];
    struct MHD_Response *message = create_message(exchanges, connection, incoming, response);
    if (message == NULL) {
        return MHD_NO;
    }
    const char *type = response->content_type != NULL ? response->content_type : "application/json";
    MHD_add_response_header(message, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(message, ID_HEADER, incoming->id);
    for (const char *const *pair = response->headers; pair != NULL && pair[0] != NULL; pair += 2) {
        MHD_add_response_header(message, pair[0], pair[1]);
    }
    if (response->allow[0]) {
        MHD_add_response_header(message, MHD_HTTP_HEADER_ALLOW, response->allow);
    }
    if (response->close) {
        MHD_add_response_header(message, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    if (response->retry_after_s) {
        snprintf(number, sizeof number, "%d", response->retry_after_s);
        MHD_add_response_header(message, MHD_HTTP_HEADER_RETRY_AFTER, number);
    }
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)response->status, message);
    MHD_destroy_response(message);
    return result;
}

static enum MHD_Result refuse(struct pm_http_exchanges *exchanges,
                              struct MHD_Connection *connection, const struct incoming *incoming,
                              int status)
{
    struct pm_http_server_response response = {.status = status};
    struct pm_text text = {0};
    if (status == MHD_HTTP_BAD_REQUEST) {
        pm_text_append(&text, "{\"detail\":\"It is not clear how long the request is; send one "
                              "Content-Length, or chunks, and no blank before a colon\"}");
        response.close = true;
    } else if (status == MHD_HTTP_CONTENT_TOO_LARGE) {
        pm_text_append(&text, "{\"detail\":\"body: over the limit of %zu bytes\"}",
                       exchanges->config.body_max);
    } else {
        pm_text_append(&text, "{\"detail\":\"Busy; try again\"}");
        response.retry_after_s = BUSY_RETRY_AFTER_S;
    }
    response.body = text.data;
    pm_log(PM_LOG_DEBUG, "HTTP-REQUEST", "request=%s status=%d", incoming->id, status);
    if (exchanges->config.refused != NULL) {
        exchanges->config.refused(exchanges->config.context, status);
    }
    return send_response(exchanges, connection, incoming, &response);
}

struct framing {
    int lengths;
    bool blank; /* in the name of a header, which others may take for the name without it */
};

static enum MHD_Result look_at_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct framing *framing = context;
    (void)kind;
    (void)value;
    framing->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
                        strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    framing->blank = framing->blank || strpbrk(name, " \t") != NULL;
    return MHD_YES;
}

/* Where two readers could disagree on where a request ends, a second request can hide in it. */
static bool has_clear_length(struct MHD_Connection *connection)
{
    struct framing framing = {0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &framing);
    return framing.lengths <= 1 && !framing.blank;
}

static struct pm_connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* A proxy's id is kept, so that its log and ours tell of the same request. */
static void name_request(struct pm_http_exchanges *exchanges, struct MHD_Connection *connection,
                         char id[PM_REQUEST_ID_SIZE])
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, ID_HEADER);
    size_t length = given != NULL ? strspn(given, allowed) : 0;
    if (length > 0 && length < PM_REQUEST_ID_SIZE && given[length] == '\0') {
        memcpy(id, given, length + 1);
    } else {
        snprintf(id, PM_REQUEST_ID_SIZE, "%08x%08x", exchanges->life,
                 atomic_fetch_add(&exchanges->requests, 1));
    }
}

static unsigned long long announced(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL ? strtoull(length, NULL, 10) : 0;
}

static bool announces_too_much(const struct pm_http_exchanges *exchanges,
                               struct MHD_Connection *connection)
{
    return announced(connection) > exchanges->config.body_max;
}

/* Who is hung up on while still sending may never see the answer. So a body that is too large, but
 * not by far, is let in and thrown away before it is refused, unless its sender waits to be told.
 */
static bool is_heard_out(struct MHD_Connection *connection)
{
    return announced(connection) <= HEARD_OUT_MAX &&
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_EXPECT) == NULL;
}

static enum MHD_Result begin(struct pm_http_exchanges *exchanges, struct MHD_Connection *connection,
                             void **state)
{
    struct pm_connection *known = connection_of(connection);
    struct incoming *incoming = known != NULL ? calloc(1, sizeof *incoming) : NULL;
    if (incoming == NULL) {
        return MHD_NO;
    }
    pm_connections_begin(exchanges->connections, known, pm_clock_monotonic_ms());
    incoming->connection = known;
    incoming->exchanges = exchanges;
    name_request(exchanges, connection, incoming->id);
    incoming->started_ms = pm_clock_monotonic_ms();
    atomic_fetch_add(&exchanges->active, 1);
    *state = incoming;
    if (!has_clear_length(connection)) {
        return refuse(exchanges, connection, incoming, MHD_HTTP_BAD_REQUEST);
    }
    if (announces_too_much(exchanges, connection)) {
        incoming->refused = MHD_HTTP_CONTENT_TOO_LARGE;
        return is_heard_out(connection)
                   ? MHD_YES
                   : refuse(exchanges, connection, incoming, MHD_HTTP_CONTENT_TOO_LARGE);
    }
    if (atomic_load(&exchanges->closing)) {
        incoming->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    return MHD_YES;
}

static void give_back(struct pm_http_exchanges *exchanges, struct incoming *incoming)
{
    pm_text_clear(&incoming->body);
    atomic_fetch_sub(&exchanges->buffered, incoming->reserved);
    incoming->reserved = 0;
}

/* Nobody has shown who they are while a body comes in, so its memory is bounded by size, by time
 * and over all connections together. */
static enum MHD_Result receive(struct pm_http_exchanges *exchanges, struct incoming *incoming,
                               const char *data, size_t *size)
{
    if (pm_clock_monotonic_ms() - incoming->started_ms > exchanges->config.request_ms) {
        return MHD_NO;
    }
    if (!incoming->refused) {
        incoming->reserved += *size;
        size_t buffered = atomic_fetch_add(&exchanges->buffered, *size) + *size;
        if (incoming->reserved > exchanges->config.body_max) {
            incoming->refused = MHD_HTTP_CONTENT_TOO_LARGE;
        } else if (buffered > BODIES_MAX) {
            incoming->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
        } else {
            pm_text_append_bytes(&incoming->body, data, *size);
        }
        if (incoming->refused) {
            give_back(exchanges, incoming);
        }
    }
    *size = 0;
    return MHD_YES;
}

/* What is asked for may be named as a whole, "http://host/path", as clients name it to proxies; the
 * host is ours in any case. */
static const char *path_within(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], length) == 0) {
            const char *path = strchr(target + length, '/');
            return path != NULL ? path : "/";
        }
    }
    return target;
}

void pm_http_server_defer(const struct pm_http_server_request *request)
{
    struct incoming *incoming = request->exchange;
    incoming->deferred = true;
    MHD_suspend_connection(request->connection);
}

void pm_http_server_answer(const struct pm_http_server_request *request,
                           const struct pm_http_server_response *response)
{
    struct incoming *incoming = request->exchange;
    struct pm_http_exchanges *exchanges = incoming->exchanges;
    incoming->later = *response;
    MHD_resume_connection(request->connection); /* from here on the request may be gone */
    atomic_fetch_sub(&exchanges->handled, 1);
}

static enum MHD_Result send_answer(struct pm_http_exchanges *exchanges,
                                   struct MHD_Connection *connection,
                                   const struct incoming *incoming,
                                   struct pm_http_server_response *response)
{
    if (response->stream.read != NULL && !pm_http_streams_room(&exchanges->streams)) {
        response->stream.close(response->stream.context);
        return refuse(exchanges, connection, incoming, MHD_HTTP_SERVICE_UNAVAILABLE);
    }
    pm_log(PM_LOG_DEBUG, "HTTP-REQUEST", "request=%s %s %s status=%d bytes=%zu ms=%lld",
           incoming->id, incoming->request.method, incoming->request.path, response->status,
           incoming->body.length, (long long)(pm_clock_monotonic_ms() - incoming->started_ms));
    return send_response(exchanges, connection, incoming, response);
}

static enum MHD_Result answer(struct pm_http_exchanges *exchanges,
                              struct MHD_Connection *connection, const char *method,
                              const char *path, struct incoming *incoming)
{
    if (incoming->deferred) { /* and the answer has come */
        struct pm_http_server_response response = incoming->later;
        incoming->later.body = NULL;
        return send_answer(exchanges, connection, incoming, &response);
    }
    if (incoming->refused) {
        return refuse(exchanges, connection, incoming, incoming->refused);
    }
    if (incoming->body.failed) {
        return MHD_NO;
    }
    incoming->request = (struct pm_http_server_request){
        .id = incoming->id,
        .method = method,
        .path = path,
        .body = incoming->body.data != NULL ? incoming->body.data : "",
        .body_size = incoming->body.length,
        .connection = connection,
        .exchange = incoming,
    };
    struct pm_http_server_response response = {0};
    const int before = atomic_fetch_add(&exchanges->handled, 1);
    const bool ending = atomic_load(&exchanges->ending);
    if (ending || before >= exchanges->config.requests_max) {
        atomic_fetch_sub(&exchanges->handled, 1);
        return refuse(exchanges, connection, incoming,
                      ending ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_TOO_MANY_REQUESTS);
    }
    exchanges->config.handler(exchanges->config.context, &incoming->request, &response);
    if (incoming->deferred) {
        return MHD_YES;
    }
    atomic_fetch_sub(&exchanges->handled, 1);
    return send_answer(exchanges, connection, incoming, &response);
}

enum MHD_Result pm_http_exchange_access(void *context, struct MHD_Connection *connection,
                                        const char *path, const char *method, const char *version,
                                        const char *data, size_t *size, void **state)
{
    struct pm_http_exchanges *exchanges = context;
    (void)version;
    if (*state == NULL) {
        return begin(exchanges, connection, state);
    }
    if (*size) {
        return receive(exchanges, *state, data, size);
    }
    return answer(exchanges, connection, method, path_within(path), *state);
}

void pm_http_exchange_completed(void *context, struct MHD_Connection *connection, void **state,
                                enum MHD_RequestTerminationCode code)
{
    struct pm_http_exchanges *exchanges = context;
    struct incoming *incoming = *state;
    (void)connection;
    (void)code;
    if (incoming == NULL) {
        return;
    }
    give_back(exchanges, incoming);
    free(incoming->later.body); /* of who has left before it could be sent */
    pm_connections_end(exchanges->connections, incoming->connection, pm_clock_monotonic_ms());
    free(incoming);
    *state = NULL;
    atomic_fetch_sub(&exchanges->active, 1);
}
