/* The broker and the store's threads, in this process, with syncs that end when the test says so:
 * nothing is acknowledged before, nothing at all when one fails, and what happens meanwhile is not
 * forgotten. And with a log that is written back when the test says so: nobody waits for that. */
#include "sidecar/broker.h"
#include "sidecar/sidecar_test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <zmq.h>

#include <poolminer/clock.h>

enum {
    LONG_MS = 30000,        /* what does happen happens within */
    SHORT_MS = 200,         /* what must not happen would happen within */
    SLOW_SYNC_NS = 2000000, /* slower than what the broker does by itself */
    HEARTBEAT_MS = 60000,   /* a peer that gets no processor for a while is not gone */
    TRIES = 10,
    LARGE_BYTES = 1024 * 1024,
    LARGE_JOBS = 56, /* several times what the log holds before it is written back */
    LOG_MAX_BYTES = 40 * 1024 * 1024, /* 16 MiB, laid out twice as long */
};

static struct pm_error error;
static struct pm_store *store;
static struct pm_broker *broker;
static pthread_t thread;
static atomic_bool stop;
static bool ended_well;
static struct pm_error ended_with;

/* ---- syncs ---- */

static bool (*real_sync)(struct pm_store *store, struct pm_error *error);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool closed, waiting, failing; /* the gate; a sync stands before it; it does not succeed */

static bool gated_sync(struct pm_store *inner, struct pm_error *why)
{
    const struct timespec slow = {.tv_nsec = SLOW_SYNC_NS};
    nanosleep(&slow, NULL);
    pthread_mutex_lock(&mutex);
    waiting = true;
    pthread_cond_broadcast(&changed);
    while (closed) {
        pthread_cond_wait(&changed, &mutex);
    }
    waiting = false;
    const bool fails = failing;
    pthread_mutex_unlock(&mutex);
    if (fails) {
        atomic_store(&inner->lost, true);
        return pm_fail(why, PM_ERROR_IO, "the store: syncing its log: injected fault");
    }
    return real_sync(inner, why);
}

static bool (*real_write_back)(struct pm_store *store, struct pm_error *error);
static bool keeper_waits; /* under the mutex, as is how often the log was to be written back */
static int write_backs;

static bool gated_write_back(struct pm_store *inner, struct pm_error *why)
{
    pthread_mutex_lock(&mutex);
    write_backs++;
    while (keeper_waits) {
        pthread_cond_wait(&changed, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    return real_write_back(inner, why);
}

/* Returns how often that was begun so far. */
static int let_write_back(bool may)
{
    pthread_mutex_lock(&mutex);
    keeper_waits = !may;
    const int begun = write_backs;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    return begun;
}

static void set_gate(bool now_closed, bool now_failing)
{
    pthread_mutex_lock(&mutex);
    closed = now_closed;
    failing = now_failing;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static void await_sync(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONG_MS / 1000;
    pthread_mutex_lock(&mutex);
    while (!waiting) {
        assert_int_equal(pthread_cond_timedwait(&changed, &mutex, &until), 0);
    }
    pthread_mutex_unlock(&mutex);
}

/* ---- the broker ---- */

static void *serve(void *argument)
{
    (void)argument;
    ended_well = pm_broker_run(broker, &stop, &ended_with);
    return NULL;
}

static void open_store(void)
{
    static struct pm_store_verbs verbs;
    assert_done(pm_store_sqlite_open(pm_test_path("store.db"), true, &store, &error), error);
    assert_true(store->syncs_apart);
    verbs = *store->verbs;
    real_sync = verbs.sync;
    verbs.sync = gated_sync;
    real_write_back = verbs.write_back;
    verbs.write_back = gated_write_back;
    store->verbs = &verbs;
}

static void start(void)
{
    const struct pm_broker_config config = {.host = "127.0.0.1",
                                            .lease_ms = LONG_MS * 2,
                                            .heartbeat_ms = HEARTBEAT_MS,
                                            .max_jobs = 1000,
                                            .max_bytes = 1 << 30,
                                            .max_connections = 64};
    set_gate(false, false);
    open_store();
    assert_done(pm_broker_create(&config, store, &broker, &error), error);
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
}

static int set_up(void **state)
{
    (void)state;
    pm_test_clean();
    start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    set_gate(false, false);
    let_write_back(true);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    pm_broker_destroy(broker);
    store->verbs->close(store);
    pm_test_remove_directory();
    return 0;
}

/* ---- peers ---- */

struct peer {
    void *context, *socket;
    uint64_t request_id;
};

static void ask(struct peer *peer, const char *verb, const char *arguments, const char *body)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[] = {
        {header, pm_wire_header_encode(header, ++peer->request_id, verb)},
        {arguments, strlen(arguments)},
        {body, body == NULL ? 0 : strlen(body)},
    };
    assert_int_equal(pm_wire_send(peer->socket, frames, body == NULL ? 2 : 3), PM_WIRE_SENT);
}

static void put_body(struct peer *peer, const char *key, const char *body)
{
    char arguments[128];
    snprintf(arguments, sizeof arguments, "{\"run\":\"r\",\"key\":\"%s\",\"kind\":\"k\"}", key);
    ask(peer, "put", arguments, body);
}

static void put(struct peer *peer, const char *key)
{
    put_body(peer, key, "body");
}

/* The verb of the reply to the last request, and with it a member of its arguments; "" when there
 * is no reply within wait_ms. */
static const char *hear(struct peer *peer, int wait_ms, const char *member, char value[64])
{
    static char verb[PM_WIRE_VERB_MAX + 1];
    zmq_pollitem_t item = {peer->socket, 0, ZMQ_POLLIN, 0};
    verb[0] = '\0';
    while (verb[0] == '\0' && zmq_poll(&item, 1, wait_ms) > 0) {
        zmq_msg_t parts[4];
        struct pm_wire_frame frames[4];
        struct pm_wire_message message;
        size_t count;
        assert_done(pm_wire_receive(peer->socket, parts, 4, &count, &error), error);
        for (size_t i = 0; i < count && i < 4; i++) {
            frames[i] = (struct pm_wire_frame){zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i])};
        }
        assert_done(pm_wire_decode(frames, count, PM_WIRE_REPLY_ARGUMENTS_MAX, &message, &error),
                    error);
        if (message.request_id == peer->request_id) {
            const cJSON *told = cJSON_GetObjectItem(message.arguments, member);
            snprintf(verb, sizeof verb, "%s", message.verb);
            snprintf(value, 64, "%s", cJSON_IsString(told) ? told->valuestring : "");
            if (cJSON_IsNumber(told)) {
                snprintf(value, 64, "%.0f", told->valuedouble);
            }
        }
        pm_wire_message_clear(&message);
        pm_wire_close(parts, count);
    }
    return verb;
}

static void expect_ok(struct peer *peer)
{
    char value[64];
    assert_string_equal(hear(peer, LONG_MS, "job", value), "ok");
}

static void expect_silence(struct peer *peer)
{
    char value[64];
    assert_string_equal(hear(peer, SHORT_MS, "job", value), "");
}

/* A context of its own, so that closing it ends the connection. */
static struct peer arrive(const char *routing_id)
{
    struct peer peer = {.context = zmq_ctx_new()};
    const int linger = 0;
    char url[64];
    assert_non_null(peer.context);
    peer.socket = zmq_socket(peer.context, ZMQ_DEALER);
    assert_non_null(peer.socket);
    zmq_setsockopt(peer.socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(peer.socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", pm_broker_port(broker));
    assert_int_equal(zmq_connect(peer.socket, url), 0);
    return peer;
}

static void go(struct peer *peer)
{
    zmq_close(peer->socket);
    zmq_ctx_term(peer->context);
}

static int64_t status_of(struct peer *peer, const char *member)
{
    char value[64];
    ask(peer, "status", "{}", NULL);
    assert_string_equal(hear(peer, LONG_MS, member, value), "ok");
    return strtoll(value, NULL, 10);
}

/* A worker that waits for a job: so the next round has two replies, which the thread syncs. */
static struct peer park(struct peer *driver, const char *routing_id)
{
    struct peer worker = arrive(routing_id);
    const int64_t before = status_of(driver, "parked");
    ask(&worker, "lease", "{\"run\":\"\",\"wait_ms\":60000}", NULL);
    int64_t now;
    do {
        now = status_of(driver, "parked");
    } while (now == before);
    return worker;
}

/* ---- tests ---- */

static void nothing_is_acknowledged_before_it_is_synced(void **state)
{
    (void)state;
    struct peer first = arrive("driver:first:0123456789abcdef");
    struct peer second = arrive("driver:second:0123456789abcdef");
    struct peer worker = park(&first, "worker:w:0123456789abcdef");
    set_gate(true, false);
    put(&first, "1");
    await_sync();
    put(&second, "2"); /* carried out meanwhile */
    expect_silence(&second);
    expect_silence(&first);
    expect_silence(&worker);
    set_gate(false, false);
    expect_ok(&first);
    expect_ok(&second);
    expect_ok(&worker);
    assert_int_equal(status_of(&first, "parked"), 0);
    go(&first);
    go(&second);
    go(&worker);
}

static void a_sync_that_fails_acknowledges_nothing_and_ends_the_sidecar(void **state)
{
    (void)state;
    char code[64];
    struct peer first = arrive("driver:first:0123456789abcdef");
    struct peer second = arrive("driver:second:0123456789abcdef");
    struct peer worker = park(&first, "worker:w:0123456789abcdef");
    set_gate(true, false);
    put(&first, "1");
    await_sync();
    put(&second, "2");
    expect_silence(&second); /* it has arrived */
    set_gate(false, true);
    assert_string_equal(hear(&first, LONG_MS, "error", code), "error");
    assert_string_equal(code, "store");
    assert_string_equal(hear(&worker, LONG_MS, "error", code), "error");
    assert_string_equal(code, "store");
    assert_string_not_equal(hear(&second, SHORT_MS, "error", code), "ok");
    pthread_join(thread, NULL);
    assert_false(ended_well);
    assert_int_equal(ended_with.code, PM_ERROR_IO);
    assert_refused(store->verbs->begin(store, true, &error), error, PM_ERROR_IO, "a new start");
    go(&first);
    go(&second);
    go(&worker);
    pm_broker_destroy(broker);
    store->verbs->close(store);
    /* As a supervisor would: started again over what is there, all goes on. */
    start();
    first = arrive("driver:first:0123456789abcdef");
    put(&first, "1");
    expect_ok(&first);
    put(&first, "2");
    expect_ok(&first);
    go(&first);
}

static void put_large(struct peer *peer, int number)
{
    static char body[LARGE_BYTES]; /* a byte less, for the NUL */
    char key[16];
    memset(body, 'x', sizeof body - 1);
    snprintf(key, sizeof key, "%d", number);
    put_body(peer, key, body);
    expect_ok(peer);
}

static void all_are_answered_while_the_log_is_written_back(void **state)
{
    (void)state;
    struct stat log;
    struct peer driver = arrive("driver:first:0123456789abcdef");
    int jobs = 0;
    const int before = let_write_back(false);
    while (let_write_back(false) == before) {
        assert_true(jobs < LARGE_JOBS / 2);
        put_large(&driver, ++jobs);
    }
    put_large(&driver, ++jobs);
    let_write_back(true);
    while (jobs < LARGE_JOBS) {
        put_large(&driver, ++jobs);
    }
    const int64_t end_ms = pm_clock_monotonic_ms() + LONG_MS;
    while (let_write_back(true) <= before + 1) { /* its thread may still be on its way there */
        assert_true(pm_clock_monotonic_ms() < end_ms);
        pm_clock_sleep_ms(1);
    }
    /* It begins anew each time, or it would hold all of them. */
    assert_int_equal(stat(pm_test_path("store.db-wal"), &log), 0);
    assert_true(log.st_size < LOG_MAX_BYTES);
    go(&driver);
}

/* Its worker leaves while the lease is being synced, and the next round is already under way. */
static bool comes_back_uncounted(struct peer *first, struct peer *second, int number)
{
    char routing_id[64], key[16], attempt[64];
    snprintf(routing_id, sizeof routing_id, "worker:gone:%016x", (unsigned)number);
    struct peer worker = park(first, routing_id);
    set_gate(true, false);
    snprintf(key, sizeof key, "%d", number);
    put(first, key);
    await_sync();
    ask(second, "cancel", "{\"run\":\"r\",\"prefix\":\"none\"}", NULL);
    expect_silence(second);
    go(&worker);
    expect_silence(second); /* the broker sees the end of the connection */
    set_gate(false, false);
    expect_ok(first);
    expect_ok(second);
    struct peer next = arrive("worker:next:0123456789abcdef");
    ask(&next, "lease", "{\"run\":\"\",\"wait_ms\":60000}", NULL);
    assert_string_equal(hear(&next, LONG_MS, "attempt", attempt), "ok");
    go(&next);
    ask(first, "cancel", "{\"run\":\"r\",\"prefix\":\"\"}", NULL);
    expect_ok(first);
    return strcmp(attempt, "1") == 0;
}

static void a_lease_that_reached_nobody_goes_back_at_once(void **state)
{
    (void)state;
    struct peer first = arrive("driver:first:0123456789abcdef");
    struct peer second = arrive("driver:second:0123456789abcdef");
    bool good = false;
    for (int i = 0; i < TRIES && !good; i++) { /* the end of a connection may be seen late */
        good = comes_back_uncounted(&first, &second, i);
    }
    assert_true(good);
    go(&first);
    go(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_acknowledged_before_it_is_synced, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_sync_that_fails_acknowledges_nothing_and_ends_the_sidecar,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_are_answered_while_the_log_is_written_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_lease_that_reached_nobody_goes_back_at_once, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
