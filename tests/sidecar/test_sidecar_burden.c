/* Peers that are a burden: they say nothing, or no sense, send what never ends or what is too
 * large, or ask and never read. Each is counted, told of in one line of the log and in the end
 * closed; memory has its bound, and nobody else notices. They speak ZMTP by hand, over bare
 * sockets: ZeroMQ would not send such things. */
#include "process_memory.h"
#include "sidecar/sidecar_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/wire.h>

enum {
    CONNECTIONS = 1000,
    HEARTBEAT_MS = 60000, /* nobody is closed for not answering them */
    MIB = 1024 * 1024,
    MORE = 1, /* ZMTP's flags of a frame */
    LONG = 2,
    COMMAND = 4,
    END_MAX_MS = 60000, /* what does happen happens within, however busy the machine is */
};

static int connections[CONNECTIONS]; /* -1: none; closed by tear_down also when a test fails */
static struct pm_queue_client *driver;

/* ---- bare sockets ---- */

static void connect_bare(int i)
{
    const int port = (int)strtol(strrchr(sidecar_url, ':') + 1, NULL, 10);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    assert_int_equal(inet_pton(AF_INET, sidecar_host, &address.sin_addr), 1);
    connections[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(connections[i] >= 0);
    assert_int_equal(connect(connections[i], (const struct sockaddr *)&address, sizeof address), 0);
}

/* False: the sidecar has closed the connection. */
static bool say(int i, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        const ssize_t sent = send(connections[i], at, size, MSG_NOSIGNAL);
        if (sent < 0) {
            assert_true(errno == EPIPE || errno == ECONNRESET);
            return false;
        }
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

static size_t frame_head(uint8_t head[9], unsigned flags, size_t size)
{
    if (size < 256) {
        head[0] = (uint8_t)flags;
        head[1] = (uint8_t)size;
        return 2;
    }
    head[0] = (uint8_t)(flags | LONG);
    for (int i = 0; i < 8; i++) {
        head[8 - i] = (uint8_t)(size >> (8 * i));
    }
    return 9;
}

static bool say_frame(int i, unsigned flags, const void *data, size_t size)
{
    uint8_t head[9];
    return say(i, head, frame_head(head, flags, size)) && say(i, data, size);
}

static void hear(int i, void *data, size_t size)
{
    assert_int_equal(recv(connections[i], data, size, MSG_WAITALL), size);
}

/* Greeting and handshake of a DEALER without a name. */
static void introduce(int i)
{
    uint8_t head[2], rest[255];
    static const uint8_t begin[16] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
    static const char ready[] = "\5READY\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0";
    uint8_t greeting[64] = {0};
    memcpy(greeting, begin, sizeof begin);
    connect_bare(i);
    assert_true(say(i, greeting, sizeof greeting));
    assert_true(say_frame(i, COMMAND, ready, sizeof ready)); /* with the last zero of a length */
    hear(i, greeting, sizeof greeting);
    hear(i, head, sizeof head);
    hear(i, rest, head[1]); /* it is ready, too: before, nothing else may be sent */
}

static bool say_request_head(int i, const char *verb, const char *arguments, bool more)
{
    uint8_t header[PM_WIRE_HEADER_MAX];
    const size_t size = pm_wire_header_encode(header, 1, verb);
    return say_frame(i, MORE, header, size) &&
           say_frame(i, more ? MORE : 0, arguments, strlen(arguments));
}

/* Reads until the sidecar has closed the connection. */
static void expect_end(int i)
{
    char bytes[4096];
    const int64_t end_ms = pm_clock_monotonic_ms() + END_MAX_MS;
    struct pollfd item = {.fd = connections[i], .events = POLLIN};
    ssize_t got = 1;
    while (got > 0 && pm_clock_monotonic_ms() < end_ms) {
        if (poll(&item, 1, 1000) > 0) {
            got = recv(connections[i], bytes, sizeof bytes, 0);
        }
    }
    assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
}

/* ---- what the sidecar tells ---- */

static int64_t count(const char *path)
{
    return status_number(driver, path);
}

static void wait_for_count(const char *path, int64_t at_least)
{
    const int64_t end_ms = pm_clock_monotonic_ms() + END_MAX_MS;
    while (count(path) < at_least && pm_clock_monotonic_ms() < end_ms) {
        pm_clock_sleep_ms(10);
    }
    if (count(path) < at_least) {
        fail_msg("%s: %d", path, (int)count(path));
    }
}

/* Once in ten seconds at most; a slow machine takes longer for some tests. */
static void expect_lines(const char *id, int64_t begun_ms)
{
    char *log = sidecar_log();
    const int64_t most = 1 + (pm_clock_monotonic_ms() - begun_ms) / 10000;
    int64_t lines = 0;
    for (const char *at = strstr(log, id); at != NULL; at = strstr(at + 1, id)) {
        lines++;
    }
    free(log);
    if (lines < 1 || lines > most) {
        fail_msg("%d lines of %s", (int)lines, id);
    }
}

static int set_up(void **state)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        connections[i] = -1;
    }
    (void)state;
    pm_test_clean();
    sidecar_port = 0;
    sidecar_heartbeat_ms = HEARTBEAT_MS;
    sidecar_start();
    driver = client_open("driver", "d");
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < CONNECTIONS; i++) {
        if (connections[i] >= 0) {
            close(connections[i]);
        }
    }
    pm_queue_client_destroy(driver);
    return sidecar_tear_down(state);
}

/* ---- those that say nothing, or no sense ---- */

static void silent_and_babbling_connections_are_closed(void **state)
{
    (void)state;
    const int64_t begun_ms = pm_clock_monotonic_ms();
    client_put(driver, "before");
    for (int i = 0; i < CONNECTIONS; i++) {
        char noise[200];
        connect_bare(i);
        memset(noise, i, sizeof noise);
        if (i % 4 == 1) {
            say(i, "GET / HTTP/1.1\r\n\r\n", 18);
        } else if (i % 4 == 2) { /* a greeting of ZMTP 3 and then nothing */
            say(i, "\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
        } else if (i % 4 == 3) {
            say(i, noise, sizeof noise);
        }
    }
    client_put(driver, "during");
    assert_int_equal(status_number(driver, "jobs.queued"), 2);
    sidecar_expect_peak_below(150);
    for (int i = 0; i < CONNECTIONS; i++) {
        expect_end(i);
    }
    const int64_t end_ms = pm_clock_monotonic_ms() + END_MAX_MS;
    while (count("closed_connections.no_handshake") + count("closed_connections.broken") <
               CONNECTIONS &&
           pm_clock_monotonic_ms() < end_ms) {
        pm_clock_sleep_ms(10);
    }
    assert_int_equal(count("closed_connections.no_handshake") + count("closed_connections.broken"),
                     CONNECTIONS);
    assert_true(count("closed_connections.no_handshake") >= CONNECTIONS / 2);
    assert_int_equal(status_number(driver, "connections"), 1);
    expect_lines("SIDECAR-HANDSHAKE-FAILED", begun_ms);
    expect_lines("SIDECAR-CONNECTION-BROKEN", begun_ms);
    client_put(driver, "after");
}

static void those_who_are_too_many_are_closed(void **state)
{
    (void)state;
    enum { MAX = 8, ALL = 20 };
    const int64_t begun_ms = pm_clock_monotonic_ms();
    pm_queue_client_destroy(driver);
    sidecar_kill();
    sidecar_max_connections = MAX;
    sidecar_start();
    sidecar_max_connections = 0;
    driver = client_open("driver", "d");
    client_put(driver, "before");
    for (int i = 0; i < ALL; i++) {
        if (i < MAX - 1) {
            introduce(i);
        } else {
            connect_bare(i);
            expect_end(i);
        }
    }
    assert_int_equal(count("closed_connections.excess"), ALL - MAX + 1);
    while (status_number(driver, "connections") > MAX) { /* it hears of an end later than we */
        pm_clock_sleep_ms(10);
    }
    assert_int_equal(status_number(driver, "connections"), MAX);
    expect_lines("SIDECAR-CONNECTIONS-FULL", begun_ms);
    close(connections[0]); /* leaves room for another */
    connections[0] = -1;
    while (status_number(driver, "connections") == MAX) {
        pm_clock_sleep_ms(10);
    }
    introduce(0);
}

/* ---- those that send too much ---- */

static void a_giant_frame_closes_its_connection(void **state)
{
    (void)state;
    const int64_t begun_ms = pm_clock_monotonic_ms();
    char *mib = calloc(1, MIB);
    uint8_t head[9];
    assert_non_null(mib);
    for (int i = 0; i < 3; i++) {
        introduce(i);
        assert_true(
            say_request_head(i, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", true));
        bool open = say(i, head, frame_head(head, 0, (size_t)64 * MIB));
        for (int sent = 0; open && sent < 64; sent++) {
            open = say(i, mib, MIB);
        }
        assert_false(open);
    }
    free(mib);
    wait_for_count("closed_connections.broken", 3);
    assert_int_equal(count("closed_connections.broken"), 3);
    expect_lines("SIDECAR-CONNECTION-BROKEN", begun_ms);
    sidecar_expect_peak_below(100);
    client_put(driver, "k");
    assert_int_equal(status_number(driver, "jobs.queued"), 1);
}

/* As much as it takes until the connection is closed. */
static void send_without_end(int i, const void *frames, size_t size)
{
    const int64_t far = (int64_t)8 << 30;
    int64_t sent = 0;
    while (sent < far && say(i, frames, size)) {
        sent += (int64_t)size;
    }
    assert_true(sent < far);
}

static void a_message_without_end_closes_its_connection(void **state)
{
    (void)state;
    const int64_t begun_ms = pm_clock_monotonic_ms();
    const size_t size = 64 * 1024;
    uint8_t *frame = calloc(1, 9 + size);
    assert_non_null(frame);
    const size_t head = frame_head(frame, MORE, size);
    for (int i = 0; i < 3; i++) {
        introduce(i);
        assert_true(
            say_request_head(i, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", true));
        send_without_end(i, frame, head + size);
        client_put(driver, "k");
    }
    free(frame);
    wait_for_count("closed_connections.overfull", 3);
    assert_int_equal(count("closed_connections.overfull"), 3);
    expect_lines("SIDECAR-CONNECTION-OVERFULL", begun_ms);
    sidecar_expect_peak_below(300);
    assert_int_equal(status_number(driver, "jobs.queued"), 1);
}

static void small_frames_without_end_close_their_connection(void **state)
{
    (void)state;
    if (heap_is_a_sanitizers()) {
        skip();
    }
    const size_t size = 64 * 1024; /* of frames without content, two bytes each */
    uint8_t *frames = calloc(1, size);
    assert_non_null(frames);
    for (size_t i = 0; i < size; i += 2) {
        frames[i] = MORE;
    }
    introduce(0);
    assert_true(say_request_head(0, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", true));
    send_without_end(0, frames, size);
    free(frames);
    wait_for_count("closed_connections.overfull", 1);
    sidecar_expect_peak_below(700);
    client_put(driver, "k");
}

/* A connection that brings ever more than is read would be closed. */
static void what_is_read_is_never_too_much(void **state)
{
    (void)state;
    char *body = calloc(1, PM_WIRE_BODY_MAX);
    struct pm_error error;
    assert_non_null(body);
    for (int i = 0; i < 3; i++) {
        client_put_record(driver, "k", body, PM_WIRE_BODY_MAX);
    }
    free(body);
    for (int i = 0; i < 1500; i++) {
        char now[PM_RECORD_STATE_SIZE];
        assert_done(pm_queue_client_record_state(driver, "r", "k", now, &error), error);
    }
    sidecar_expect_all_read(driver);
}

/* Each by itself would be allowed to. */
static void many_unfinished_messages_have_a_bound_together(void **state)
{
    (void)state;
    enum { PEERS = 40, EACH_MIB = 12 };
    uint8_t *frame = calloc(1, 9 + MIB);
    assert_non_null(frame);
    const size_t head = frame_head(frame, MORE, MIB);
    for (int i = 0; i < PEERS; i++) {
        introduce(i);
        bool open =
            say_request_head(i, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", true);
        for (int sent = 0; open && sent < EACH_MIB; sent++) {
            open = say(i, frame, head + MIB);
        }
    }
    free(frame);
    wait_for_count("closed_connections.overfull", PEERS / 2);
    sidecar_expect_peak_below(300);
    client_put(driver, "k");
}

/* ---- those that ask and do not read ---- */

/* Four records of a MiB: who asks for all gets two. */
static void keep_records(void)
{
    char *body = calloc(1, PM_WIRE_BODY_MAX);
    assert_non_null(body);
    for (int i = 0; i < 4; i++) {
        char key[8];
        snprintf(key, sizeof key, "k%d", i);
        client_put_record(driver, key, body, PM_WIRE_BODY_MAX);
    }
    free(body);
}

static void expect_records(void)
{
    struct pm_records records;
    struct pm_error error;
    assert_done(pm_queue_client_records(driver, "r", "", "", 100, &records, &error), error);
    assert_int_equal(records.count, 4);
    pm_records_clear(&records);
}

static void a_peer_that_never_reads_has_a_bound(void **state)
{
    (void)state;
    enum { REQUESTS = 200 };
    const int64_t begun_ms = pm_clock_monotonic_ms();
    keep_records();
    introduce(0);
    for (int i = 0; i < REQUESTS; i++) {
        assert_true(say_request_head(0, "records", "{\"run\":\"r\"}", false));
    }
    wait_for_count("counters.requests", REQUESTS);
    wait_for_count("counters.undeliverable", REQUESTS / 2);
    expect_lines("SIDECAR-UNDELIVERABLE", begun_ms);
    sidecar_expect_peak_below(100);
    client_put(driver, "k");
}

static void many_that_never_read_have_a_bound_together(void **state)
{
    (void)state;
    enum { PEERS = 100, REQUESTS = 5 };
    const int64_t begun_ms = pm_clock_monotonic_ms();
    keep_records();
    for (int i = 0; i < PEERS; i++) {
        introduce(i);
        bool open = true;
        for (int request = 0; open && request < REQUESTS; request++) {
            open = say_request_head(i, "records", "{\"run\":\"r\"}", false);
        }
        if (i % 10 == 9) {
            expect_records(); /* who reads is served */
        }
    }
    wait_for_count("closed_connections.deaf", PEERS / 4);
    expect_lines("SIDECAR-CONNECTION-DEAF", begun_ms);
    sidecar_expect_peak_below(200);
    client_put(driver, "k");
}

#define WITH_BURDEN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    const struct CMUnitTest tests[] = {
        WITH_BURDEN(silent_and_babbling_connections_are_closed),
        WITH_BURDEN(those_who_are_too_many_are_closed),
        WITH_BURDEN(a_giant_frame_closes_its_connection),
        WITH_BURDEN(a_message_without_end_closes_its_connection),
        WITH_BURDEN(small_frames_without_end_close_their_connection),
        WITH_BURDEN(what_is_read_is_never_too_much),
        WITH_BURDEN(many_unfinished_messages_have_a_bound_together),
        WITH_BURDEN(a_peer_that_never_reads_has_a_bound),
        WITH_BURDEN(many_that_never_read_have_a_bound_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
