/* Streams: who reads keeps one, who only holds one open loses it. */
#include "cmocka_include.h"
#include "loopback.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/http_server.h>

enum {
    REQUEST_MS = 1500, /* twice that is a stream's patience */
    SOON_MS = 30000,
    STEP_MS = 20,
    BURST = 256 * 1024, /* more than the room at the other side, less than what the system keeps */
    ROOM = 4096,
};

/* What a stream says: a burst, then a byte each time it is woken. */
struct source {
    size_t left;
    bool rests;
    atomic_bool closed;
};

/* By their paths: "/0" reads, "/1" does not. */
static struct source sources[2];

static size_t say(void *context, char *out, size_t size)
{
    struct source *source = context;
    size_t count = source->left < size ? source->left : size;
    if (count == 0) {
        source->rests = !source->rests;
        count = source->rests ? 0 : 1;
    } else {
        source->left -= count;
    }
    memset(out, 'x', count);
    return count;
}

static void close_source(void *context)
{
    struct source *source = context;
    atomic_store(&source->closed, true);
}

static void open_stream(void *context, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    (void)context;
    response->status = 200;
    response->stream = (struct pm_http_stream){
        .read = say, .close = close_source, .context = &sources[request->path[1] == '0' ? 0 : 1]};
}

static struct pm_http_server *start(void)
{
    const struct pm_http_server_config config = {.host = "127.0.0.1",
                                                 .body_max = 1024,
                                                 .request_ms = REQUEST_MS,
                                                 .connections_max = 64,
                                                 .requests_max = 64,
                                                 .threads = 1,
                                                 .streams_max = 2,
                                                 .handler = open_stream};
    struct pm_http_server *server;
    struct pm_error error = {0};
    if (!pm_http_server_create(&config, &server, &error)) {
        fail_msg("%s", error.message);
    }
    return server;
}

static int ask(const struct pm_http_server *server, const char *request)
{
    const int room = ROOM, peer = socket(AF_INET, SOCK_STREAM, 0);
    const struct sockaddr_in address = loopback_at(pm_http_server_port(server));
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
    assert_int_equal(connect(peer, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(peer, request, strlen(request), 0), (ssize_t)strlen(request));
    return peer;
}

static void who_takes_nothing_loses_the_stream(void **state)
{
    (void)state;
    char heard[BURST];
    sources[0] = sources[1] = (struct source){.left = BURST};
    struct pm_http_server *server = start();
    const int reader = ask(server, "GET /0 HTTP/1.1\r\nHost: x\r\n\r\n");
    const int sleeper = ask(server, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    const int64_t begun_ms = pm_clock_monotonic_ms();
    while (!atomic_load(&sources[1].closed) && pm_clock_monotonic_ms() - begun_ms < SOON_MS) {
        while (recv(reader, heard, sizeof heard, MSG_DONTWAIT) > 0) {
        }
        pm_http_server_wake(server);
        pm_clock_sleep_ms(STEP_MS);
    }
    assert_true(atomic_load(&sources[1].closed));
    assert_true(pm_clock_monotonic_ms() - begun_ms >= 2 * REQUEST_MS);
    assert_false(atomic_load(&sources[0].closed));
    close(reader);
    close(sleeper);
    pm_http_server_destroy(server);
    assert_true(atomic_load(&sources[0].closed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_nothing_loses_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
