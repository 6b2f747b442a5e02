/* A client that knows several sidecars: which of them it speaks with, and when it goes on with the
 * next. Each "sidecar" here is a socket on a thread that says `ok`, or nothing. */
#include "cmocka_include.h"
#include "loopback.h"
#include "own_clock.h"

#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/queue_client.h>
#include <poolminer/wire.h>

enum { SIDECARS = 2, LONG_MS = 60000, SILENCE_MS = 900 /* a second, less what is to be done */ };

static struct sidecar {
    void *context, *socket;
    pthread_t thread;
    atomic_bool over, mute;
    atomic_int heard; /* requests */
    _Atomic uint64_t last_id;
    char url[64];
} sidecars[SIDECARS];

static struct pm_error error;
static char told[512]; /* the last line with SIDECAR-NEXT */

/* ---- sidecars ---- */

static void reply_to(const struct sidecar *sidecar, const zmq_msg_t *from, uint64_t id)
{
    static const char ARGUMENTS[] = "{\"job\":7,\"existed\":false,\"found\":false}";
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[3] = {
        {zmq_msg_data((zmq_msg_t *)from), zmq_msg_size(from)},
        {header, pm_wire_header_encode(header, id, "ok")},
        {ARGUMENTS, sizeof ARGUMENTS - 1},
    };
    pm_wire_send(sidecar->socket, frames, 3);
}

static void take_one(struct sidecar *sidecar)
{
    zmq_msg_t parts[4];
    size_t count;
    if (!pm_wire_receive(sidecar->socket, parts, 4, &count, &error) || count == 0) {
        return;
    }
    struct pm_wire_frame frames[3] = {0};
    for (size_t i = 1; i < count && i < 4; i++) {
        frames[i - 1] = (struct pm_wire_frame){zmq_msg_data(&parts[i]), zmq_msg_size(&parts[i])};
    }
    struct pm_wire_message message;
    if (pm_wire_decode(frames, count - 1, PM_WIRE_ARGUMENTS_MAX, &message, &error)) {
        atomic_store(&sidecar->last_id, message.request_id);
        atomic_fetch_add(&sidecar->heard, 1);
        if (!atomic_load(&sidecar->mute)) {
            reply_to(sidecar, &parts[0], message.request_id);
        }
        pm_wire_message_clear(&message);
    }
    pm_wire_close(parts, count < 4 ? count : 4);
}

static void *serve(void *argument)
{
    struct sidecar *sidecar = argument;
    while (!atomic_load(&sidecar->over)) {
        zmq_pollitem_t item = {sidecar->socket, 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, 20) > 0) {
            take_one(sidecar);
        }
    }
    return NULL;
}

/* At the same address again, if it has had one. */
static void sidecar_begin(int which)
{
    struct sidecar *sidecar = &sidecars[which];
    const int no_linger = 0, on = 1;
    size_t size = sizeof sidecar->url;
    if (sidecar->url[0] == '\0') {
        snprintf(sidecar->url, sizeof sidecar->url, "tcp://%s:*", loopback_address());
    }
    atomic_store(&sidecar->over, false);
    sidecar->context = zmq_ctx_new();
    sidecar->socket = zmq_socket(sidecar->context, ZMQ_ROUTER);
    zmq_setsockopt(sidecar->socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
    zmq_setsockopt(sidecar->socket, ZMQ_ROUTER_HANDOVER, &on, sizeof on);
    assert_int_equal(zmq_bind(sidecar->socket, sidecar->url), 0);
    zmq_getsockopt(sidecar->socket, ZMQ_LAST_ENDPOINT, sidecar->url, &size);
    assert_int_equal(pthread_create(&sidecar->thread, NULL, serve, sidecar), 0);
}

static void sidecar_end(int which)
{
    struct sidecar *sidecar = &sidecars[which];
    if (sidecar->context != NULL) {
        atomic_store(&sidecar->over, true);
        assert_int_equal(pthread_join(sidecar->thread, NULL), 0);
        zmq_close(sidecar->socket);
        zmq_ctx_term(sidecar->context);
        sidecar->context = NULL;
    }
}

static int heard(int which)
{
    return atomic_load(&sidecars[which].heard);
}

static void observe(void *context, enum pm_log_level level, const char *id, const char *message,
                    int64_t unix_ms)
{
    (void)context, (void)level, (void)unix_ms;
    if (strcmp(id, "SIDECAR-NEXT") == 0) {
        snprintf(told, sizeof told, "%s", message);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(sidecars, 0, sizeof sidecars);
    told[0] = '\0';
    pm_log_observe(observe, NULL);
    sidecar_begin(0);
    sidecar_begin(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pm_log_observe(NULL, NULL);
    sidecar_end(0);
    sidecar_end(1);
    return 0;
}

/* ---- the client ---- */

static struct pm_queue_client *client_open(int64_t timeout_ms)
{
    const char *const more[] = {sidecars[1].url, NULL};
    const struct pm_queue_client_config config = {.url = sidecars[0].url,
                                                  .more_urls = more,
                                                  .logs_moves = true,
                                                  .role = "worker",
                                                  .name = "w",
                                                  .timeout_ms = timeout_ms};
    struct pm_queue_client *client;
    if (!pm_queue_client_create(&config, &client, &error)) {
        fail_msg("%s", error.message);
    }
    return client;
}

/* False: it took so long that a sidecar's thread may have had to wait for a processor, and the
 * client has gone on to the next. */
static bool put_at_once(struct pm_queue_client *client)
{
    const struct pm_job_put put = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    const int64_t begin_ms = pm_clock_monotonic_ms();
    if (!pm_queue_client_put(client, &put, &(int64_t){0}, NULL, &error)) {
        fail_msg("%s", error.message);
    }
    return pm_clock_monotonic_ms() - begin_ms < SILENCE_MS;
}

/* ---- tests ---- */

static void the_first_is_the_one_as_long_as_it_answers(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open(LONG_MS);
    const bool at_once = put_at_once(client);
    if (put_at_once(client) && at_once) {
        assert_int_equal(heard(1), 0);
        assert_string_equal(told, "");
    }
    pm_queue_client_destroy(client);
}

/* Between two calls; the next call notices before it sends. And back, when the second one goes:
 * not before. */
static void one_that_is_gone_is_left_at_once(void **state)
{
    (void)state;
    char expected[160];
    struct pm_queue_client *client = client_open(LONG_MS);
    put_at_once(client);
    sidecar_end(0);
    const int64_t begin_ms = own_clock_ms();
    put_at_once(client);
    assert_true(own_clock_ms() - begin_ms < SILENCE_MS);
    assert_in_range(heard(1), 1, INT_MAX);
    snprintf(expected, sizeof expected, "%s does not answer; going on with %s", sidecars[0].url,
             sidecars[1].url);
    assert_string_equal(told, expected);
    sidecar_begin(0);
    const int before = heard(0);
    if (put_at_once(client)) {
        assert_int_equal(heard(0), before);
    }
    sidecar_end(1);
    put_at_once(client);
    assert_in_range(heard(0), before + 1, INT_MAX);
    pm_queue_client_destroy(client);
}

/* It takes the request and says nothing: the next gets the same one. */
static void one_that_is_silent_is_left(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open(LONG_MS);
    put_at_once(client);
    atomic_store(&sidecars[0].mute, true);
    put_at_once(client);
    assert_true(atomic_load(&sidecars[1].last_id) == atomic_load(&sidecars[0].last_id));
    const int before = heard(0);
    atomic_store(&sidecars[0].mute, false);
    if (put_at_once(client)) {
        assert_int_equal(heard(0), before);
    }
    pm_queue_client_destroy(client);
}

/* Also with so little patience that the first one's silence takes all of it. */
static void a_short_call_asks_all_of_them(void **state)
{
    (void)state;
    char *status = NULL;
    struct pm_queue_client *client = client_open(2000);
    atomic_store(&sidecars[0].mute, true);
    pm_queue_client_set_timeout(client, 300);
    for (int i = 0; i < 20 && heard(1) == 0; i++) { /* a busy machine may be slower than 300 ms */
        pm_queue_client_status(client, &status, &error);
        free(status);
        status = NULL;
    }
    assert_int_equal(heard(1), 1);
    pm_queue_client_destroy(client);
}

struct lease_call {
    struct pm_queue_client *client;
    atomic_bool done;
};

static void *ask_for_work(void *argument)
{
    struct lease_call *call = argument;
    struct pm_job job;
    bool found = true;
    atomic_store(&call->done,
                 pm_queue_client_lease(call->client, "r", LONG_MS, &job, &found, NULL) || !found);
    return NULL;
}

/* A request for work that waits at one that goes: it waits at the other one then, under the same
 * number, by which a lease that was made already is found. */
static void a_parked_request_moves(void **state)
{
    (void)state;
    struct lease_call call = {.client = client_open(LONG_MS)};
    atomic_bool stop = false;
    pthread_t thread;
    atomic_store(&sidecars[0].mute, true);
    atomic_store(&sidecars[1].mute, true);
    pm_queue_client_set_stop_flag(call.client, &stop);
    assert_int_equal(pthread_create(&thread, NULL, ask_for_work, &call), 0);
    while (heard(0) == 0) {
        pm_clock_sleep_ms(2);
    }
    const int64_t begin_ms = own_clock_ms();
    sidecar_end(0);
    while (heard(1) == 0) {
        pm_clock_sleep_ms(2);
    }
    assert_true(own_clock_ms() - begin_ms < 2000); /* silence takes three seconds */
    assert_true(atomic_load(&sidecars[1].last_id) == atomic_load(&sidecars[0].last_id));
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pm_queue_client_destroy(call.client);
}

static void nobody_anywhere_takes_the_timeout(void **state)
{
    (void)state;
    char *status, expected[256];
    struct pm_queue_client *client = client_open(1200);
    sidecar_end(0);
    sidecar_end(1);
    const int64_t begin_ms = pm_clock_monotonic_ms();
    assert_false(pm_queue_client_status(client, &status, &error));
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    snprintf(expected, sizeof expected, "no answer from the sidecar at %s or %s within 2000 ms",
             sidecars[0].url, sidecars[1].url); /* a second for each */
    assert_non_null(strstr(error.message, expected));
    assert_in_range(pm_clock_monotonic_ms() - begin_ms, 1990, 30000);
    assert_string_equal(told, "");
    sidecar_begin(1);
    pm_queue_client_set_timeout(client, LONG_MS);
    put_at_once(client);
    pm_queue_client_destroy(client);
}

/* It breaks the connection off before it has said who it is, as one does that has failed, and one
 * that does not let a client in; but then nobody is there. */
static void one_that_ends_in_a_handshake_has_not_refused(void **state)
{
    (void)state;
    struct sockaddr_in own = loopback_at(0);
    int port;
    char url[64], *status;
    assert_int_equal(inet_pton(AF_INET, loopback_address(), &own.sin_addr), 1);
    const int listener = loopback_bind_to(own, &port);
    assert_int_equal(listen(listener, 8), 0);
    snprintf(url, sizeof url, "tcp://%s:%d", loopback_address(), port);
    const struct pm_queue_client_config config = {
        .url = url, .role = "worker", .name = "w", .timeout_ms = 2000};
    struct pm_queue_client *client;
    assert_true(pm_queue_client_create(&config, &client, &error));
    struct pollfd pending = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&pending, 1, 30000), 1);
    close(listener); /* and with it what nobody accepted */
    assert_false(pm_queue_client_status(client, &status, &error));
    assert_non_null(strstr(error.message, "is it running there?"));
    pm_queue_client_destroy(client);
}

static void a_stop_is_seen_while_nobody_is_there(void **state)
{
    (void)state;
    char *status;
    struct pm_queue_client *client = client_open(LONG_MS);
    const atomic_bool stop = true;
    sidecar_end(0);
    sidecar_end(1);
    pm_queue_client_set_stop_flag(client, &stop);
    assert_false(pm_queue_client_status(client, &status, &error));
    assert_int_equal(error.code, PM_ERROR_INTERRUPTED);
    pm_queue_client_destroy(client);
}

static void refuse(const char *const *more, const char *words)
{
    const struct pm_queue_client_config config = {.url = "tcp://127.0.0.1:1",
                                                  .more_urls = more,
                                                  .role = "worker",
                                                  .name = "w",
                                                  .timeout_ms = 1};
    struct pm_queue_client *client;
    assert_false(pm_queue_client_create(&config, &client, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_non_null(strstr(error.message, words));
}

static void bad_further_addresses_are_refused(void **state)
{
    (void)state;
    const char *u = "tcp://127.0.0.1:2";
    refuse((const char *const[]){u, "127.0.0.1:3", NULL}, "not 127.0.0.1:3");
    refuse((const char *const[]){u, "tcp://192.0.2.1:3", NULL}, "at tcp://192.0.2.1:3 is on anoth");
    refuse((const char *const[]){u, u, u, u, u, u, u, u, NULL}, "at most 8");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_is_the_one_as_long_as_it_answers),
        TEST(one_that_is_gone_is_left_at_once),
        TEST(one_that_is_silent_is_left),
        TEST(a_short_call_asks_all_of_them),
        TEST(a_parked_request_moves),
        TEST(nobody_anywhere_takes_the_timeout),
        TEST(one_that_ends_in_a_handshake_has_not_refused),
        TEST(a_stop_is_seen_while_nobody_is_there),
        cmocka_unit_test(bad_further_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
