#include "pool/http.h"

#include "pool/connections.h"

#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/text.h>

enum {
    THREADS = 16, /* most of them wait for the store, which commits for all that wait at once */
    CONNECTIONS_MAX = 1024,
    FILES_BESIDE = 64, /* open files that are no connections: store, log, and to spare */
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers have to fit */
    CUT_INTERVAL_MS = 100,
    BODIES_MAX = 64 * 1024 * 1024, /* bytes of all bodies that are coming in at one time */
    BUSY_RETRY_AFTER_S = 2,
    DRAIN_MS = 2000,
};

struct pm_pool_http_server {
    struct pm_pool_http_config config;
    struct MHD_Daemon *daemon;
    struct pm_connections *connections;
    size_t connections_max;
    pthread_t cutter; /* cuts connections that are too slow */
    atomic_bool stopping;
    atomic_int active;      /* requests begun and not yet answered in full */
    atomic_size_t buffered; /* bytes of bodies that are coming in */
    uint32_t life;          /* random, the first half of the ids that requests are given ... */
    atomic_uint requests;   /* ... and the other half */
    int port;
};

/* One request while it comes in. */
struct incoming {
    struct pm_connection *connection;
    struct pm_text body;
    int64_t started_ms;
    char id[PM_REQUEST_ID_SIZE];
    size_t reserved; /* its part of the server's `buffered` */
    int refused;     /* status, or 0: what still comes of the body is thrown away */
};

static const char ID_HEADER[] = "X-Request-Id";

const char *pm_pool_http_header(const struct pm_pool_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *pm_pool_http_query(const struct pm_pool_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static enum MHD_Result send_response(struct MHD_Connection *connection, const char *id,
                                     const struct pm_pool_http_response *response)
{
    char number[16];
    size_t size = response->body != NULL ? strlen(response->body) : 0;
    struct MHD_Response *message =
        MHD_create_response_from_buffer(size, response->body, MHD_RESPMEM_MUST_FREE);
    if (message == NULL) {
        free(response->body);
        return MHD_NO;
    }
    const char *type = response->content_type != NULL ? response->content_type : "application/json";
    MHD_add_response_header(message, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(message, ID_HEADER, id);
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

static enum MHD_Result refuse(const struct pm_pool_http_server *server,
                              struct MHD_Connection *connection, const struct incoming *incoming,
                              int status)
{
    struct pm_pool_http_response response = {.status = status};
    struct pm_text text = {0};
    if (status == MHD_HTTP_BAD_REQUEST) {
        pm_text_append(&text, "{\"detail\":\"The request says more than once how long it is; send "
                              "one Content-Length, or chunks\"}");
        response.close = true;
    } else if (status == MHD_HTTP_CONTENT_TOO_LARGE) {
        pm_text_append(&text, "{\"detail\":\"body: over the limit of %zu bytes\"}",
                       server->config.body_max);
    } else {
        pm_text_append(&text, "{\"detail\":\"The pool is busy; try again\"}");
        response.retry_after_s = BUSY_RETRY_AFTER_S;
    }
    response.body = text.data;
    pm_log(PM_LOG_DEBUG, "POOL-REQUEST", "request=%s status=%d", incoming->id, status);
    return send_response(connection, incoming->id, &response);
}

static enum MHD_Result count_lengths(void *context, enum MHD_ValueKind kind, const char *key,
                                     const char *value)
{
    int *count = context;
    (void)kind;
    (void)value;
    *count += strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
              strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    return MHD_YES;
}

/* Where two readers could disagree on where a request ends, a second request can hide in it. */
static bool has_one_length(struct MHD_Connection *connection)
{
    int count = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_lengths, &count);
    return count <= 1;
}

static struct pm_connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info != NULL ? info->socket_context : NULL;
}

/* A proxy's id is kept, so that its log and ours tell of the same request. */
static void name_request(struct pm_pool_http_server *server, struct MHD_Connection *connection,
                         char id[PM_REQUEST_ID_SIZE])
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    const char *given = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, ID_HEADER);
    size_t length = given != NULL ? strspn(given, allowed) : 0;
    if (length > 0 && length < PM_REQUEST_ID_SIZE && given[length] == '\0') {
        memcpy(id, given, length + 1);
    } else {
        snprintf(id, PM_REQUEST_ID_SIZE, "%08x%08x", server->life,
                 atomic_fetch_add(&server->requests, 1));
    }
}

static enum MHD_Result begin(struct pm_pool_http_server *server, struct MHD_Connection *connection,
                             void **state)
{
    struct pm_connection *known = connection_of(connection);
    struct incoming *incoming = known != NULL ? calloc(1, sizeof *incoming) : NULL;
    if (incoming == NULL) {
        return MHD_NO;
    }
    pm_connections_begin(server->connections, known, pm_clock_monotonic_ms());
    incoming->connection = known;
    name_request(server, connection, incoming->id);
    incoming->started_ms = pm_clock_monotonic_ms();
    atomic_fetch_add(&server->active, 1);
    *state = incoming;
    if (!has_one_length(connection)) {
        return refuse(server, connection, incoming, MHD_HTTP_BAD_REQUEST);
    }
    /* A body that announces its size is refused before it is sent. */
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length != NULL && strtoull(length, NULL, 10) > server->config.body_max) {
        return refuse(server, connection, incoming, MHD_HTTP_CONTENT_TOO_LARGE);
    }
    return MHD_YES;
}

static void give_back(struct pm_pool_http_server *server, struct incoming *incoming)
{
    pm_text_clear(&incoming->body);
    atomic_fetch_sub(&server->buffered, incoming->reserved);
    incoming->reserved = 0;
}

/* Nobody has shown who they are while a body comes in, so its memory is bounded by size, by time
 * and over all connections together. */
static enum MHD_Result receive(struct pm_pool_http_server *server, struct incoming *incoming,
                               const char *data, size_t *size)
{
    if (pm_clock_monotonic_ms() - incoming->started_ms > server->config.request_ms) {
        return MHD_NO;
    }
    if (!incoming->refused) {
        incoming->reserved += *size;
        size_t buffered = atomic_fetch_add(&server->buffered, *size) + *size;
        if (incoming->reserved > server->config.body_max) {
            incoming->refused = MHD_HTTP_CONTENT_TOO_LARGE;
        } else if (buffered > BODIES_MAX) {
            incoming->refused = MHD_HTTP_SERVICE_UNAVAILABLE;
        } else {
            pm_text_append_bytes(&incoming->body, data, *size);
        }
        if (incoming->refused) {
            give_back(server, incoming);
        }
    }
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result answer(const struct pm_pool_http_server *server,
                              struct MHD_Connection *connection, const char *method,
                              const char *path, const struct incoming *incoming)
{
    if (incoming->refused) {
        return refuse(server, connection, incoming, incoming->refused);
    }
    if (incoming->body.failed) {
        return MHD_NO;
    }
    const struct pm_pool_http_request request = {
        .id = incoming->id,
        .method = method,
        .path = path,
        .body = incoming->body.data != NULL ? incoming->body.data : "",
        .body_size = incoming->body.length,
        .connection = connection,
    };
    struct pm_pool_http_response response = {0};
    server->config.handler(server->config.context, &request, &response);
    pm_log(PM_LOG_DEBUG, "POOL-REQUEST", "request=%s %s %s status=%d bytes=%zu ms=%lld",
           incoming->id, method, path, response.status, incoming->body.length,
           (long long)(pm_clock_monotonic_ms() - incoming->started_ms));
    return send_response(connection, incoming->id, &response);
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *data,
                                 size_t *size, void **state)
{
    struct pm_pool_http_server *server = context;
    (void)version;
    if (*state == NULL) {
        return begin(server, connection, state);
    }
    if (*size) {
        return receive(server, *state, data, size);
    }
    return answer(server, connection, method, path, *state);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct pm_pool_http_server *server = context;
    struct incoming *incoming = *state;
    (void)connection;
    (void)code;
    if (incoming == NULL) {
        return;
    }
    give_back(server, incoming);
    pm_connections_end(server->connections, incoming->connection, pm_clock_monotonic_ms());
    free(incoming);
    *state = NULL;
    atomic_fetch_sub(&server->active, 1);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **known,
                          enum MHD_ConnectionNotificationCode code)
{
    struct pm_pool_http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *known = info == NULL ? NULL
                              : pm_connections_add(server->connections, info->connect_fd,
                                                   pm_clock_monotonic_ms());
    } else if (*known != NULL) {
        pm_connections_remove(server->connections, *known);
    }
}

static void *cut_slow_ones(void *context)
{
    struct pm_pool_http_server *server = context;
    while (!atomic_load(&server->stopping)) {
        size_t cut = pm_connections_cut(server->connections, pm_clock_monotonic_ms());
        if (cut > 0) {
            pm_log(PM_LOG_DEBUG, "POOL-CONNECTIONS-CUT", "%zu connections took too long", cut);
        }
        pm_clock_sleep_ms(CUT_INTERVAL_MS);
    }
    return NULL;
}

/* Nothing in the API needs escapes, and decoding them could put a NUL into a path. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static void on_log(void *context, const char *format, va_list arguments)
{
    char line[256];
    (void)context;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(line, sizeof line, format, arguments);
#pragma GCC diagnostic pop
    line[strcspn(line, "\n")] = '\0';
    pm_log(PM_LOG_DEBUG, "POOL-HTTP", "%s", line);
}

static struct MHD_Daemon *start(struct pm_pool_http_server *server, const struct addrinfo *address)
{
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    if (address->ai_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    /* clang-format off */
    return MHD_start_daemon(flags, 0, NULL, NULL, on_access, server,
                            MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                            MHD_OPTION_SOCK_ADDR, address->ai_addr,
                            MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->connections_max,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)server->config.connections_per_address,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                            MHD_OPTION_END);
    /* clang-format on */
}

static bool listen_on(struct pm_pool_http_server *server, struct pm_error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    const char *host = server->config.host;
    struct addrinfo *address;
    char port[16];
    snprintf(port, sizeof port, "%d", server->config.port);
    int code = getaddrinfo(host, port, &hints, &address);
    if (code != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "--host %s: %s; give an address of this machine, as 127.0.0.1", host,
                       gai_strerror(code));
    }
    server->daemon = start(server, address);
    freeaddrinfo(address);
    if (server->daemon == NULL) {
        return pm_fail(error, PM_ERROR_IO,
                       "cannot listen on %s port %s: is the port taken by another program?", host,
                       port);
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info != NULL ? info->port : 0;
    return true;
}

/* As many connections as the system lets this process have, up to our own limit. */
static bool size_connections(size_t *connections_max, struct pm_error *error)
{
    struct rlimit files;
    const rlim_t wanted = CONNECTIONS_MAX + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return pm_fail(error, PM_ERROR_IO, "open files: %m");
    }
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files); /* refused: the limit stays, and is read below */
        getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < FILES_BESIDE + THREADS) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "this process may open %llu files, the pool needs %d at least; raise"
                       " ulimit -n",
                       (unsigned long long)files.rlim_cur, FILES_BESIDE + THREADS);
    }
    *connections_max = files.rlim_cur < wanted ? files.rlim_cur - FILES_BESIDE : CONNECTIONS_MAX;
    return true;
}

/* Everything that serves; what has come up when it fails is for destroy. */
static bool serve(struct pm_pool_http_server *server, struct pm_error *error)
{
    if (!size_connections(&server->connections_max, error)) {
        return false;
    }
    server->connections = pm_connections_create(server->connections_max, server->config.request_ms);
    if (server->connections == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "HTTP server: out of memory");
    }
    if (!listen_on(server, error)) {
        return false;
    }
    if (pthread_create(&server->cutter, NULL, cut_slow_ones, server) != 0) {
        MHD_stop_daemon(server->daemon);
        return pm_fail(error, PM_ERROR_IO, "HTTP server: the system gives no more threads");
    }
    return true;
}

bool pm_pool_http_server_create(const struct pm_pool_http_config *config,
                                struct pm_pool_http_server **out, struct pm_error *error)
{
    struct pm_pool_http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "HTTP server: out of memory");
    }
    server->config = *config;
    server->life = randombytes_random();
    if (!serve(server, error)) {
        pm_connections_destroy(server->connections);
        free(server);
        return false;
    }
    *out = server;
    return true;
}

void pm_pool_http_server_destroy(struct pm_pool_http_server *server)
{
    if (server == NULL) {
        return;
    }
    int listening = MHD_quiesce_daemon(server->daemon);
    int64_t until_ms = pm_clock_monotonic_ms() + DRAIN_MS;
    while (atomic_load(&server->active) > 0 && pm_clock_monotonic_ms() < until_ms) {
        usleep(1000);
    }
    atomic_store(&server->stopping, true);
    pthread_join(server->cutter, NULL);
    MHD_stop_daemon(server->daemon);
    if (listening >= 0) {
        close(listening);
    }
    pm_connections_destroy(server->connections);
    free(server);
}

int pm_pool_http_server_port(const struct pm_pool_http_server *server)
{
    return server->port;
}
