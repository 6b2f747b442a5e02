#include "common/http_exchange.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/http_server.h>
#include <poolminer/log.h>

enum {
    FILES_BESIDE = 64, /* open files that are no connections: store, log, and to spare */
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers have to fit */
    CUT_INTERVAL_MS = 100,
    DRAIN_MS = 2000,
};

struct pm_http_server {
    struct pm_http_exchanges exchanges;
    struct MHD_Daemon *daemon;
    size_t connections_max;
    atomic_int said_errno; /* when the library last said something: why it did not start */
    pthread_t cutter;      /* cuts connections that are too slow */
    atomic_bool stopping;
    int port;
};

static void on_connection(void *context, struct MHD_Connection *connection, void **known,
                          enum MHD_ConnectionNotificationCode code)
{
    struct pm_http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *known = info == NULL ? NULL
                              : pm_connections_add(server->exchanges.connections, info->connect_fd,
                                                   pm_clock_monotonic_ms());
    } else if (*known != NULL) {
        pm_connections_remove(server->exchanges.connections, *known);
    }
}

static void *cut_slow_ones(void *context)
{
    struct pm_http_server *server = context;
    while (!atomic_load(&server->stopping)) {
        size_t cut = pm_connections_cut(server->exchanges.connections, pm_clock_monotonic_ms());
        if (cut > 0) {
            pm_log(PM_LOG_DEBUG, "HTTP-CONNECTIONS-CUT", "%zu connections took too long", cut);
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
    struct pm_http_server *server = context;
    char line[256];
    atomic_store(&server->said_errno, errno);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    vsnprintf(line, sizeof line, format, arguments);
#pragma GCC diagnostic pop
    line[strcspn(line, "\n")] = '\0';
    pm_log(PM_LOG_DEBUG, "HTTP-LIBRARY", "%s", line);
}

/* The library makes a pool of two threads and more; none is one thread. */
static unsigned thread_pool_size(const struct pm_http_server_config *config)
{
    return config->threads > 1 ? (unsigned)config->threads : 0;
}

static struct MHD_Daemon *start(struct pm_http_server *server, const struct addrinfo *address)
{
    unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    if (address->ai_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    if (server->exchanges.config.streams_max > 0 || server->exchanges.config.defers) {
        flags |= MHD_ALLOW_SUSPEND_RESUME;
    }
    /* clang-format off */
    return MHD_start_daemon(flags, 0, NULL, NULL, pm_http_exchange_access,
                            &server->exchanges,
                            MHD_OPTION_EXTERNAL_LOGGER, on_log, server,
                            MHD_OPTION_SOCK_ADDR, address->ai_addr,
                            MHD_OPTION_THREAD_POOL_SIZE,
                            thread_pool_size(&server->exchanges.config),
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->connections_max,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)server->exchanges.config.connections_per_address,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                            MHD_OPTION_NOTIFY_COMPLETED, pm_http_exchange_completed,
                            &server->exchanges,
                            MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
                            MHD_OPTION_END);
    /* clang-format on */
}

static bool fail_to_start(const struct pm_http_server *server, struct pm_error *error)
{
    const char *host = server->exchanges.config.host;
    int port = server->exchanges.config.port;
    int reason = atomic_load(&server->said_errno);
    switch (reason) {
    case EADDRINUSE:
        return pm_fail(error, PM_ERROR_IO,
                       "cannot listen on %s port %d: another program has that port; stop it, or"
                       " choose another",
                       host, port);
    case EAGAIN:
        return pm_fail(error, PM_ERROR_LIMIT,
                       "cannot serve on %s port %d: the system gives no %d threads; raise ulimit -u"
                       " or ulimit -v",
                       host, port, server->exchanges.config.threads);
    default:
        return pm_fail(error, PM_ERROR_IO, "cannot listen on %s port %d: %s", host, port,
                       strerror(reason));
    }
}

static bool listen_on(struct pm_http_server *server, struct pm_error *error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    const char *host = server->exchanges.config.host;
    struct addrinfo *address;
    char port[16];
    snprintf(port, sizeof port, "%d", server->exchanges.config.port);
    int code = getaddrinfo(host, port, &hints, &address);
    if (code != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "--host %s: %s; give an address of this machine, as 127.0.0.1", host,
                       gai_strerror(code));
    }
    server->daemon = start(server, address);
    freeaddrinfo(address);
    if (server->daemon == NULL) {
        return fail_to_start(server, error);
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info != NULL ? info->port : 0;
    return true;
}

/* As many connections as the system lets this process have, up to our own limit. */
static bool size_connections(const struct pm_http_server_config *config, size_t *connections_max,
                             struct pm_error *error)
{
    struct rlimit files;
    const rlim_t wanted = (rlim_t)config->connections_max + FILES_BESIDE;
    const rlim_t least = FILES_BESIDE + (rlim_t)config->threads;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return pm_fail(error, PM_ERROR_IO, "open files: %m");
    }
    if (files.rlim_cur < wanted) {
        files.rlim_cur = files.rlim_max < wanted ? files.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &files); /* refused: the limit stays, and is read below */
        getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur < least) {
        return pm_fail(
            error, PM_ERROR_LIMIT,
            "this process may open %llu files, the HTTP server needs %llu at least; raise"
            " ulimit -n",
            (unsigned long long)files.rlim_cur, (unsigned long long)least);
    }
    *connections_max =
        files.rlim_cur < wanted ? files.rlim_cur - FILES_BESIDE : (size_t)config->connections_max;
    return true;
}

/* Everything that serves; what has come up when it fails is for destroy. */
static bool serve(struct pm_http_server *server, struct pm_error *error)
{
    if (!size_connections(&server->exchanges.config, &server->connections_max, error)) {
        return false;
    }
    server->exchanges.connections =
        pm_connections_create(server->connections_max, server->exchanges.config.request_ms);
    if (server->exchanges.connections == NULL) {
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

bool pm_http_server_create(const struct pm_http_server_config *config, struct pm_http_server **out,
                           struct pm_error *error)
{
    struct pm_http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "HTTP server: out of memory");
    }
    server->exchanges.config = *config;
    server->exchanges.life = randombytes_random();
    pm_http_streams_init(&server->exchanges.streams, config->streams_max);
    if (!serve(server, error)) {
        pm_connections_destroy(server->exchanges.connections);
        pm_http_streams_clear(&server->exchanges.streams);
        free(server);
        return false;
    }
    *out = server;
    return true;
}

void pm_http_server_destroy(struct pm_http_server *server)
{
    if (server == NULL) {
        return;
    }
    /* Not MHD_quiesce_daemon: with epoll it races with the library's own threads, and who comes
     * second aborts the process ("Failed to remove listen FD from epoll set"). */
    atomic_store(&server->exchanges.closing, true);
    pm_http_streams_end(&server->exchanges.streams);
    int64_t until_ms = pm_clock_monotonic_ms() + DRAIN_MS;
    while (atomic_load(&server->exchanges.active) > 0 && pm_clock_monotonic_ms() < until_ms) {
        usleep(1000);
    }
    /* The library does not end while a connection waits for its answer. */
    atomic_store(&server->exchanges.ending, true);
    while (atomic_load(&server->exchanges.handled) > 0) {
        usleep(1000);
    }
    atomic_store(&server->stopping, true);
    pthread_join(server->cutter, NULL);
    MHD_stop_daemon(server->daemon);
    pm_connections_destroy(server->exchanges.connections);
    pm_http_streams_clear(&server->exchanges.streams);
    free(server);
}

void pm_http_server_wake(struct pm_http_server *server)
{
    pm_http_streams_wake(&server->exchanges.streams);
}

int pm_http_server_port(const struct pm_http_server *server)
{
    return server->port;
}
