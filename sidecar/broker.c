#include "sidecar/broker_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum {
    POLL_MAX_MS = 500,
    TICK_MS = 250,
    CLOCK_STEP_MAX_MS = 1000, /* a longer look away was a suspension: leases do not pay for it */
    COMPLAINT_MS = 10000,
    STORE_RETRY_MS = 100,
};

/* ---- time ---- */

static struct pm_queue_time look_at_clock(struct pm_broker *broker)
{
    int64_t real_ms = pm_clock_monotonic_ms();
    int64_t step_ms = real_ms - broker->last_clock_ms;
    if (step_ms > CLOCK_STEP_MAX_MS) {
        pm_log(PM_LOG_WARN, "SIDECAR-ASLEEP", "%lld ms passed unseen; leases do not pay for them",
               (long long)step_ms);
        step_ms = CLOCK_STEP_MAX_MS;
    }
    broker->last_clock_ms = real_ms;
    return (struct pm_queue_time){.steady_ms = broker->desk.now.steady_ms + step_ms,
                                  .unix_ms = pm_clock_unix_ms()};
}

bool pm_broker_may_complain(struct pm_broker *broker, enum pm_complaint kind)
{
    int64_t now_ms = broker->desk.now.steady_ms;
    if (now_ms < broker->quiet_until_ms[kind]) {
        return false;
    }
    broker->quiet_until_ms[kind] = now_ms + COMPLAINT_MS;
    return true;
}

/* ---- the socket ---- */

static bool set_options(void *socket, int64_t heartbeat_ms, bool encrypted, struct pm_error *error)
{
    int third = (int)(heartbeat_ms / 3 < INT_MAX ? heartbeat_ms / 3 : INT_MAX);
    const struct {
        int option, value;
    } settings[] = {
        {ZMQ_ROUTER_MANDATORY, 1},  {ZMQ_ROUTER_HANDOVER, 1},
        {ZMQ_LINGER, 200},          {ZMQ_RCVHWM, 32},
        {ZMQ_SNDHWM, 64},           {ZMQ_HANDSHAKE_IVL, 5000},
        {ZMQ_HEARTBEAT_IVL, third}, {ZMQ_HEARTBEAT_TIMEOUT, third},
        {ZMQ_BACKLOG, 1024},
    };
    const int64_t frame_max = PM_WIRE_BODY_MAX + (encrypted ? PM_WIRE_CURVE_EXTRA : 0);
    bool set = zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
    for (size_t i = 0; set && i < sizeof settings / sizeof settings[0]; i++) {
        set = zmq_setsockopt(socket, settings[i].option, &settings[i].value, sizeof(int)) == 0;
    }
    return set || pm_fail(error, PM_ERROR_IO, "setting up the socket: %s", zmq_strerror(errno));
}

static bool explain_bind(const char *endpoint, struct pm_error *error)
{
    int why = errno;
    const char *remedy = "check --host and --port";
    switch (why) {
    case EADDRINUSE:
        remedy = "another sidecar may be running, choose another --port";
        break;
    case EACCES:
        remedy = "ports below 1024 are the system's, choose another --port";
        break;
    case EINVAL:
    case ENODEV:
    case EADDRNOTAVAIL:
        remedy = "--host takes a numeric address of this machine, such as 127.0.0.1";
        break;
    default:
        break;
    }
    return pm_fail(error, why == EADDRINUSE ? PM_ERROR_REFUSED : PM_ERROR_IO,
                   "listening on %s: %s; %s", endpoint, zmq_strerror(why), remedy);
}

static bool bind_socket(struct pm_broker *broker, struct pm_error *error)
{
    const char *host = broker->config.host;
    char endpoint[256], bound[256];
    size_t bound_size = sizeof bound;
    if (broker->access == NULL && !pm_wire_is_loopback(host, strlen(host))) {
        return pm_fail(error, PM_ERROR_REFUSED,
                       "other machines reach %s, so clients must have keys: make them with "
                       "`poolminer keys create` and `poolminer keys authorize NAME`, and name "
                       "their directory with --keys; or take --host 127.0.0.1",
                       host);
    }
    const char *address = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (broker->config.port == 0) {
        snprintf(endpoint, sizeof endpoint, "tcp://%s:*", address);
    } else {
        snprintf(endpoint, sizeof endpoint, "tcp://%s:%d", address, broker->config.port);
    }
    if (zmq_bind(broker->socket, endpoint) != 0) {
        return explain_bind(endpoint, error);
    }
    if (zmq_getsockopt(broker->socket, ZMQ_LAST_ENDPOINT, bound, &bound_size) != 0) {
        return pm_fail(error, PM_ERROR_IO, "listening on %s: %s", endpoint, zmq_strerror(errno));
    }
    const char *port = strrchr(bound, ':');
    broker->port = port == NULL ? 0 : (int)strtol(port + 1, NULL, 10);
    return zmq_bind(broker->socket, PM_BROKER_INPROC_URL) == 0 ||
           pm_fail(error, PM_ERROR_IO, "listening on %s: %s", PM_BROKER_INPROC_URL,
                   zmq_strerror(errno));
}

/* ---- life ---- */

static bool set_access(struct pm_broker *broker, struct pm_error *error)
{
    return broker->config.keys == NULL ||
           (pm_access_open(broker->context, broker->config.keys, &broker->access, error) &&
            pm_access_secure(broker->access, broker->socket, error));
}

/* With a domain for access, and nobody asked about it, ZeroMQ takes in as before who speaks ZMTP 3,
 * but not what it would else take for older versions, such as HTTP. */
static const char VERSION_DOMAIN[] = "poolminer";

static bool watch_connections(struct pm_broker *broker, struct pm_error *error)
{
    const struct pm_links_config config = {.context = broker->context,
                                           .socket = broker->socket,
                                           .max = broker->config.max_connections,
                                           .encrypted = broker->access != NULL,
                                           .heartbeat_ms = broker->config.heartbeat_ms / 3};
    if (broker->access == NULL && zmq_setsockopt(broker->socket, ZMQ_ZAP_DOMAIN, VERSION_DOMAIN,
                                                 sizeof VERSION_DOMAIN - 1) != 0) {
        return pm_fail(error, PM_ERROR_IO, "setting up the socket: %s", zmq_strerror(errno));
    }
    if (!pm_links_create(&config, &broker->links, error)) {
        return false;
    }
    broker->desk.links = broker->links;
    return pm_outbox_create(broker->socket, broker->links, &broker->outbox, error);
}

static bool start_threads(struct pm_broker *broker, struct pm_error *error)
{
    struct pm_store *store = broker->queue.store;
    if (store->verbs->write_back != NULL) {
        broker->log_keeper = pm_store_thread_create(store, store->verbs->write_back, error);
        if (broker->log_keeper == NULL) {
            return false;
        }
        store->writes_back_apart = true;
    }
    if (store->syncs_apart) {
        broker->syncer = pm_store_thread_create(store, store->verbs->sync, error);
        return broker->syncer != NULL;
    }
    return true;
}

static bool start(struct pm_broker *broker, struct pm_store *store, struct pm_error *error)
{
    const struct pm_broker_config *config = &broker->config;
    const struct pm_queue_config queue_config = {
        .lease_ms = config->lease_ms, .max_jobs = config->max_jobs, .max_bytes = config->max_bytes};
    broker->last_clock_ms = pm_clock_monotonic_ms();
    broker->desk.now.unix_ms = pm_clock_unix_ms();
    broker->context = zmq_ctx_new();
    broker->socket = broker->context == NULL ? NULL : zmq_socket(broker->context, ZMQ_ROUTER);
    broker->incoming = calloc(PM_ROUND_REQUESTS_MAX, sizeof *broker->incoming);
    if (broker->socket == NULL || broker->incoming == NULL || !pm_roster_create(&broker->roster)) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the broker");
    }
    broker->desk.queue = &broker->queue;
    broker->desk.roster = &broker->roster;
    broker->desk.lease_ms = config->lease_ms;
    broker->desk.heartbeat_ms = config->heartbeat_ms;
    return set_options(broker->socket, config->heartbeat_ms, config->keys != NULL, error) &&
           set_access(broker, error) && watch_connections(broker, error) &&
           bind_socket(broker, error) &&
           pm_queue_open(&broker->queue, store, &queue_config, broker->desk.now, error) &&
           start_threads(broker, error);
}

bool pm_broker_create(const struct pm_broker_config *config, struct pm_store *store,
                      struct pm_broker **out, struct pm_error *error)
{
    struct pm_broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the broker");
    }
    broker->config = *config;
    if (!start(broker, store, error)) {
        pm_broker_destroy(broker);
        return false;
    }
    *out = broker;
    return true;
}

void pm_broker_destroy(struct pm_broker *broker)
{
    if (broker == NULL) {
        return;
    }
    pm_links_silence(broker->links);
    if (broker->socket != NULL) {
        zmq_close(broker->socket);
    }
    pm_links_destroy(broker->links);
    pm_access_close(broker->access);
    if (broker->context != NULL) {
        zmq_ctx_term(broker->context);
    }
    pm_outbox_destroy(broker->outbox);
    pm_store_thread_destroy(broker->syncer);
    if (broker->log_keeper != NULL) {
        pm_store_thread_destroy(broker->log_keeper);
        broker->queue.store->writes_back_apart = false;
    }
    pm_roster_destroy(&broker->roster);
    free(broker->incoming);
    free(broker->replies);
    free(broker->held);
    free(broker->undelivered);
    free(broker);
}

int pm_broker_port(const struct pm_broker *broker)
{
    return broker->port;
}

void *pm_broker_context(const struct pm_broker *broker)
{
    return broker->context;
}

void pm_broker_set_view(struct pm_broker *broker, struct pm_view *view)
{
    broker->desk.view = view;
}

/* ---- the loop ---- */

/* When something is to be done that nobody asks for. */
static int64_t wake_ms(const struct pm_broker *broker)
{
    int64_t wake = broker->desk.now.steady_ms + POLL_MAX_MS;
    if (broker->next_tick_ms < wake) {
        wake = broker->next_tick_ms;
    }
    if (broker->next_probe_ms < wake) {
        wake = broker->next_probe_ms;
    }
    for (const struct pm_peer *peer = broker->roster.parked_first; peer != NULL;
         peer = pm_roster_next_parked(peer)) {
        if (peer->parked_until_ms < wake) {
            wake = peer->parked_until_ms;
        }
    }
    return wake;
}

static int64_t wait_ns(const struct pm_broker *broker)
{
    const int64_t ms = 1000000;
    if (broker->open && pm_broker_is_syncing(broker)) {
        return POLL_MAX_MS * ms; /* the end of the sync wakes us */
    }
    if (broker->open || broker->committed < broker->incoming_count) {
        return pm_broker_patience_left_ns(broker);
    }
    if (pm_broker_has_round(broker)) {
        return broker->store_failed ? STORE_RETRY_MS * ms : 0;
    }
    return (wake_ms(broker) - broker->desk.now.steady_ms) * ms;
}

static int64_t held(const struct pm_broker *broker, enum pm_job_state state)
{
    struct pm_store *store = broker->queue.store;
    return store->verbs->counted(store, 0, (enum pm_counter)(PM_COUNTER_STATE_FIRST + (int)state));
}

/* The list of keys, and who asks to be let in. */
static void keep_door(struct pm_broker *broker)
{
    char refused[PM_ACCESS_ADDRESS_SIZE];
    struct pm_error error = {0};
    if (!pm_access_refresh(broker->access, &error) &&
        pm_broker_may_complain(broker, PM_COMPLAINT_KEYS)) {
        pm_log(PM_LOG_ERROR, "SIDECAR-KEYS-UNREADABLE", "nobody is let in: %s", error.message);
    }
    pm_access_answer(broker->access, refused);
    if (refused[0] != '\0') {
        broker->desk.counters.refused++;
        if (pm_broker_may_complain(broker, PM_COMPLAINT_ACCESS)) {
            pm_log(PM_LOG_WARN, "SIDECAR-KEY-REFUSED",
                   "address=%s: its key is not authorized (poolminer keys authorize)", refused);
        }
    }
}

static void keep_watch(struct pm_broker *broker)
{
    int64_t now_ms = broker->desk.now.steady_ms;
    if (now_ms >= broker->next_tick_ms) {
        if (broker->queue.store->shared ||
            held(broker, PM_JOB_LEASED) + held(broker, PM_JOB_QUEUED) > 0) {
            pm_broker_tick(broker);
        }
        /* Jobs may have come by way of another sidecar. */
        broker->queue.work_arrived = broker->queue.work_arrived || broker->queue.store->shared;
        broker->next_tick_ms = now_ms + TICK_MS;
    }
    if (now_ms >= broker->next_probe_ms) {
        if (held(broker, PM_JOB_LEASED) > 0) {
            pm_broker_probe(broker);
        }
        broker->next_probe_ms = now_ms + broker->config.heartbeat_ms / 4;
    }
    pm_broker_answer_overdue(broker);
}

static bool look_around(struct pm_broker *broker, struct pm_error *error)
{
    if (!pm_broker_wait(broker, wait_ns(broker), error)) {
        return false;
    }
    broker->desk.now = look_at_clock(broker);
    pm_broker_end_sync(broker, false);
    if (broker->access != NULL) {
        keep_door(broker);
    }
    return pm_broker_gather(broker, error);
}

/* What was asked is answered before leaving; a store that failed has answered for it. */
static void leave(struct pm_broker *broker)
{
    broker->leaving = true;
    do {
        pm_broker_end_sync(broker, true);
        pm_broker_round(broker);
    } while (broker->open);
    pm_broker_end_sync(broker, true);
}

static bool store_is_well(const struct pm_broker *broker, struct pm_error *error)
{
    return !atomic_load(&broker->queue.store->lost) ||
           pm_fail(error, PM_ERROR_IO,
                   "the disk did not take what was to be synced: nothing of it was "
                   "acknowledged, and what is kept of it a new start finds out");
}

bool pm_broker_run(struct pm_broker *broker, const atomic_bool *stop, struct pm_error *error)
{
    while (!atomic_load(stop)) {
        if (!store_is_well(broker, error) || !look_around(broker, error)) {
            return false;
        }
        if (!broker->open) {
            keep_watch(broker);
        }
        pm_broker_round(broker);
    }
    leave(broker);
    return store_is_well(broker, error); /* the last sync may be the one that failed */
}
