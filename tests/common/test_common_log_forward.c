/* Log lines on their way to a sidecar: which are sent, when it is away, and when it wants none. */
#include "cmocka_include.h"
#include "loopback.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/log.h>
#include <poolminer/log_forward.h>
#include <poolminer/wire.h>

/* ---- a sidecar that takes lines ---- */

enum { PATIENCE_MS = 60000, SEEN_MAX = 512, MESSAGE_SIZE = 256 };

static struct sidecar {
    void *context, *socket;
    char url[64];
    pthread_t thread;
    atomic_bool serves, over, silent;
    uint64_t last_request; /* what is repeated is kept once, as by the real one */
    atomic_size_t refused;
    atomic_size_t count;
    char messages[SEEN_MAX][MESSAGE_SIZE];
} sidecar;

static const char UNWANTED[] = "unwanted";

static void listen_at(const char *port)
{
    char endpoint[64];
    const int no_linger = 0;
    size_t size = sizeof sidecar.url;
    snprintf(endpoint, sizeof endpoint, "tcp://%s:%s", loopback_address(), port);
    sidecar.socket = zmq_socket(sidecar.context, ZMQ_ROUTER);
    zmq_setsockopt(sidecar.socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
    while (zmq_bind(sidecar.socket, endpoint) != 0) { /* the old one closes in the background */
        pm_clock_sleep_ms(5);
    }
    assert_int_equal(zmq_getsockopt(sidecar.socket, ZMQ_LAST_ENDPOINT, sidecar.url, &size), 0);
}

static void keep_lines(const cJSON *arguments)
{
    const char *program = "", *message = "";
    const cJSON *lines = NULL, *item = NULL;
    pm_json_string(arguments, "program", &program, NULL);
    pm_json_array(arguments, "lines", &lines, NULL);
    cJSON_ArrayForEach(item, lines)
    {
        const size_t count = atomic_load(&sidecar.count);
        if (count < SEEN_MAX && pm_json_string(item, "message", &message, NULL)) {
            snprintf(sidecar.messages[count], MESSAGE_SIZE, "%s: %s", program, message);
            atomic_store(&sidecar.count, count + 1);
        }
    }
}

static bool is_unwanted(const cJSON *arguments)
{
    const cJSON *lines = NULL;
    const char *message = "";
    pm_json_array(arguments, "lines", &lines, NULL);
    pm_json_string(cJSON_GetArrayItem(lines, 0), "message", &message, NULL);
    return strcmp(message, UNWANTED) == 0;
}

static void answer(zmq_msg_t *parts, const struct pm_wire_message *message)
{
    const bool refuses = is_unwanted(message->arguments);
    const char *arguments =
        refuses ? "{\"error\":\"not-found\",\"message\":\"this sidecar keeps no view\"}" : "{}";
    uint8_t header[PM_WIRE_HEADER_MAX];
    const struct pm_wire_frame frames[3] = {
        {zmq_msg_data(&parts[0]), zmq_msg_size(&parts[0])},
        {header, pm_wire_header_encode(header, message->request_id, refuses ? "error" : "ok")},
        {arguments, strlen(arguments)},
    };
    if (refuses) {
        atomic_fetch_add(&sidecar.refused, 1);
    } else if (message->request_id != sidecar.last_request) {
        keep_lines(message->arguments);
    }
    sidecar.last_request = message->request_id;
    if (!atomic_load(&sidecar.silent)) {
        pm_wire_send(sidecar.socket, frames, 3);
    }
}

static void *serve(void *unused)
{
    (void)unused;
    while (!atomic_load(&sidecar.over)) {
        zmq_msg_t parts[3];
        zmq_pollitem_t item = {sidecar.socket, 0, ZMQ_POLLIN, 0};
        struct pm_wire_message message;
        size_t count;
        zmq_poll(&item, 1, 20);
        if (!pm_wire_receive(sidecar.socket, parts, 3, &count, NULL) || count == 0) {
            continue;
        }
        const struct pm_wire_frame frames[2] = {{zmq_msg_data(&parts[1]), zmq_msg_size(&parts[1])},
                                                {zmq_msg_data(&parts[2]), zmq_msg_size(&parts[2])}};
        if (count == 3 && pm_wire_decode(frames, 2, PM_WIRE_ARGUMENTS_MAX, &message, NULL)) {
            answer(parts, &message);
            pm_wire_message_clear(&message);
        }
        pm_wire_close(parts, count);
    }
    return NULL;
}

static void start_serving(void)
{
    assert_int_equal(pthread_create(&sidecar.thread, NULL, serve, NULL), 0);
    atomic_store(&sidecar.serves, true);
}

static void stop_serving(void)
{
    atomic_store(&sidecar.over, true);
    if (atomic_exchange(&sidecar.serves, false)) {
        pthread_join(sidecar.thread, NULL);
    }
}

static int set_up(void **state)
{
    (void)state;
    memset(&sidecar, 0, sizeof sidecar);
    sidecar.context = zmq_ctx_new();
    listen_at("*");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stop_serving();
    zmq_close(sidecar.socket);
    zmq_ctx_term(sidecar.context);
    return 0;
}

static struct pm_log_forward *forward_create(void)
{
    static const char *urls[2];
    urls[0] = sidecar.url;
    const struct pm_log_forward_config config = {.sidecar_urls = urls, .program = "worker"};
    struct pm_log_forward *forward = pm_log_forward_create(&config);
    assert_non_null(forward);
    return forward;
}

static void await(atomic_size_t *number, size_t least)
{
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (atomic_load(number) < least) {
        if (pm_clock_monotonic_ms() > end_ms) {
            fail_msg("%zu came, not %zu", atomic_load(number), least);
        }
        pm_clock_sleep_ms(5);
    }
}

static void log_numbers(size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        pm_log(PM_LOG_INFO, "TEST-LINE", "line=%zu", i);
    }
}

/* The number in a line that has come, and how many lines before it were lost. */
static size_t read_number(const char *message, size_t *lost)
{
    size_t number;
    *lost = 0;
    assert_true(sscanf(message, "worker: line=%zu (%zu lines before this one were lost)", &number,
                       lost) >= 1);
    return number;
}

/* ---- tests ---- */

enum { WRITERS = 4, LINES_EACH = 20, LINES = WRITERS * LINES_EACH };

static void *write_some(void *context)
{
    const size_t *writer = context;
    log_numbers(*writer * LINES_EACH, (*writer + 1) * LINES_EACH);
    return NULL;
}

/* Each, and those of one thread in the order in which it wrote them. */
static void lines_of_all_threads_arrive(void **state)
{
    (void)state;
    pthread_t threads[WRITERS];
    size_t numbers[WRITERS], next[WRITERS], lost;
    start_serving();
    struct pm_log_forward *forward = forward_create();
    for (size_t i = 0; i < WRITERS; i++) {
        numbers[i] = i;
        next[i] = i * LINES_EACH;
        assert_int_equal(pthread_create(&threads[i], NULL, write_some, &numbers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    await(&sidecar.count, LINES);
    pm_log_forward_destroy(forward);
    for (size_t i = 0; i < LINES; i++) {
        const size_t line = read_number(sidecar.messages[i], &lost);
        assert_in_range(line, 0, LINES - 1);
        assert_int_equal(line, next[line / LINES_EACH]++);
        assert_int_equal(lost, 0);
    }
}

/* The newest ones, and every other is counted. */
static void lines_wait_for_a_sidecar_that_is_away(void **state)
{
    (void)state;
    enum { LOGGED = 200, KEPT = 128, BATCH = 16 };
    zmq_close(sidecar.socket);
    struct pm_log_forward *forward = forward_create();
    log_numbers(0, LOGGED);
    char port[8];
    snprintf(port, sizeof port, "%s", strrchr(sidecar.url, ':') + 1);
    listen_at(port);
    start_serving();
    await(&sidecar.count, KEPT);
    log_numbers(LOGGED, LOGGED + 1);
    await(&sidecar.count, KEPT + 1);
    pm_log_forward_destroy(forward);
    size_t next = 0, lost_in_all = 0;
    for (size_t i = 0; i <= KEPT; i++) {
        size_t lost;
        const size_t number = read_number(sidecar.messages[i], &lost);
        assert_int_equal(number, next + lost);
        next = number + 1;
        lost_in_all += lost;
    }
    assert_in_range(lost_in_all, LOGGED - KEPT - BATCH, LOGGED - KEPT);
}

static void what_a_sidecar_does_not_want_is_not_kept_for_it(void **state)
{
    (void)state;
    size_t lost;
    start_serving();
    struct pm_log_forward *forward = forward_create();
    pm_log(PM_LOG_INFO, "TEST-LINE", "%s", UNWANTED);
    await(&sidecar.refused, 1);
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (atomic_load(&sidecar.count) == 0 && pm_clock_monotonic_ms() < end_ms) {
        log_numbers(3, 4);
        pm_clock_sleep_ms(300);
    }
    pm_log_forward_destroy(forward);
    assert_true(atomic_load(&sidecar.count) > 0);
    for (size_t i = 0; i < atomic_load(&sidecar.count); i++) {
        assert_int_equal(read_number(sidecar.messages[i], &lost), 3);
    }
}

/* Threads go on logging while it ends: nobody is told any more. */
static void *write_until_over(void *unused)
{
    (void)unused;
    while (!atomic_load(&sidecar.over)) {
        log_numbers(0, 1);
    }
    return NULL;
}

static void it_ends_while_others_log(void **state)
{
    (void)state;
    pthread_t thread;
    start_serving();
    struct pm_log_forward *forward = forward_create();
    assert_int_equal(pthread_create(&thread, NULL, write_until_over, NULL), 0);
    await(&sidecar.count, 1);
    pm_log_forward_destroy(forward);
    log_numbers(7, 8);
    stop_serving();
    pthread_join(thread, NULL);
    for (size_t i = 0; i < atomic_load(&sidecar.count); i++) {
        size_t lost;
        assert_int_equal(read_number(sidecar.messages[i], &lost), 0);
    }
}

/* It is asked to end when lines have arrived and the answer has not. */
static void what_is_told_again_at_the_end_is_kept_once(void **state)
{
    (void)state;
    size_t lost;
    atomic_store(&sidecar.silent, true);
    start_serving();
    struct pm_log_forward *forward = forward_create();
    log_numbers(0, 1);
    await(&sidecar.count, 1);
    log_numbers(1, 2); /* goes with the next, or not at all where that is not answered either */
    pm_log_forward_destroy(forward);
    stop_serving();
    for (size_t i = 0; i < atomic_load(&sidecar.count); i++) {
        assert_int_equal(read_number(sidecar.messages[i], &lost), i);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_of_all_threads_arrive),
        TEST(lines_wait_for_a_sidecar_that_is_away),
        TEST(what_a_sidecar_does_not_want_is_not_kept_for_it),
        TEST(it_ends_while_others_log),
        TEST(what_is_told_again_at_the_end_is_kept_once),
    };
    pm_log_init("test", PM_LOG_ERROR, PM_LOG_TEXT); /* what is sent does not go by what is shown */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
