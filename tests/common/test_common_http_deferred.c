/* Requests whose answer comes later, from another thread: they keep no thread of the server
 * waiting, there are only so many of them, and the server does not end without their answers. */
#include "cmocka_include.h"
#include "loopback.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/http_server.h>

enum { IN_HAND = 3, WAIT_MS = 20000, ANSWER_SIZE = 4096 };

/* What the handler has put off. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    const struct pm_http_server_request *requests[IN_HAND + 1];
    int count;
} later = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void put_off(void *context, const struct pm_http_server_request *request,
                    struct pm_http_server_response *response)
{
    (void)context;
    if (strcmp(request->path, "/now") == 0) {
        *response = (struct pm_http_server_response){.status = 200, .body = strdup("now")};
        return;
    }
    pm_http_server_defer(request);
    pthread_mutex_lock(&later.mutex);
    assert_true(later.count <= IN_HAND);
    later.requests[later.count++] = request;
    pthread_cond_broadcast(&later.changed);
    pthread_mutex_unlock(&later.mutex);
}

static void wait_for(int count)
{
    pthread_mutex_lock(&later.mutex);
    while (later.count < count) {
        pthread_cond_wait(&later.changed, &later.mutex);
    }
    pthread_mutex_unlock(&later.mutex);
}

/* Each gets its own body back. */
static void answer_all(void)
{
    pthread_mutex_lock(&later.mutex);
    for (int i = 0; i < later.count; i++) {
        const struct pm_http_server_response response = {.status = 200,
                                                         .body = strdup(later.requests[i]->body)};
        pm_http_server_answer(later.requests[i], &response);
    }
    later.count = 0;
    pthread_mutex_unlock(&later.mutex);
}

static struct pm_http_server *start(void)
{
    const struct pm_http_server_config config = {.host = "127.0.0.1",
                                                 .body_max = 1024,
                                                 .request_ms = WAIT_MS,
                                                 .connections_max = 64,
                                                 .requests_max = IN_HAND,
                                                 .threads = 1,
                                                 .defers = true,
                                                 .handler = put_off};
    struct pm_http_server *server;
    struct pm_error error = {0};
    if (!pm_http_server_create(&config, &server, &error)) {
        fail_msg("%s", error.message);
    }
    return server;
}

static int ask(const struct pm_http_server *server, const char *path, const char *body)
{
    char text[256];
    int connection = loopback_connect(pm_http_server_port(server));
    assert_true(connection >= 0);
    int length = snprintf(text, sizeof text,
                          "POST %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          path, strlen(body), body);
    assert_int_equal(send(connection, text, (size_t)length, 0), length);
    return connection;
}

static void receive(int connection, char text[ANSWER_SIZE])
{
    size_t length = 0;
    ssize_t got;
    while (length + 1 < ANSWER_SIZE &&
           (got = recv(connection, text + length, ANSWER_SIZE - 1 - length, 0)) > 0) {
        length += (size_t)got;
    }
    text[length] = '\0';
    close(connection);
}

static void expect(int connection, const char *status, const char *said)
{
    char text[ANSWER_SIZE];
    receive(connection, text);
    if (strstr(text, status) == NULL || strstr(text, said) == NULL) {
        fail_msg("expected %s and %s in: %s", status, said, text);
    }
}

static void test_a_request_that_waits_keeps_no_thread(void **state)
{
    (void)state;
    struct pm_http_server *server = start(); /* with one thread */
    int first = ask(server, "/later", "one"), second = ask(server, "/later", "two");
    wait_for(2);
    expect(ask(server, "/now", ""), " 200 ", "now");
    answer_all();
    expect(first, " 200 ", "one");
    expect(second, " 200 ", "two");
    pm_http_server_destroy(server);
}

static void test_one_more_than_can_be_in_hand(void **state)
{
    (void)state;
    static const char *const bodies[IN_HAND] = {"one", "two", "three"};
    struct pm_http_server *server = start();
    int connections[IN_HAND];
    for (int i = 0; i < IN_HAND; i++) {
        connections[i] = ask(server, "/later", bodies[i]);
    }
    wait_for(IN_HAND);
    expect(ask(server, "/later", "four"), " 429 ", "Retry-After: ");
    expect(ask(server, "/now", ""), " 429 ", "\"detail\"");
    answer_all();
    for (int i = 0; i < IN_HAND; i++) {
        expect(connections[i], " 200 ", bodies[i]);
    }
    expect(ask(server, "/now", ""), " 200 ", "now");
    pm_http_server_destroy(server);
}

static void *destroy(void *server)
{
    pm_http_server_destroy(server);
    return NULL;
}

static void test_who_waits_is_answered_before_the_end(void **state)
{
    (void)state;
    struct pm_http_server *server = start();
    int waits = ask(server, "/later", "one"), left = ask(server, "/later", "two");
    pthread_t ending;
    wait_for(2);
    close(left); /* nobody takes this answer */
    assert_int_equal(pthread_create(&ending, NULL, destroy, server), 0);
    pm_clock_sleep_ms(50); /* so that it most likely has begun; what follows holds either way */
    answer_all();
    expect(waits, " 200 ", "one");
    pthread_join(ending, NULL);
}

static void test_who_comes_at_the_end_is_sent_away(void **state)
{
    (void)state;
    struct pm_http_server *server = start();
    const int waits = ask(server, "/later", "one");
    char text[ANSWER_SIZE];
    pthread_t ending;
    wait_for(1);
    assert_int_equal(pthread_create(&ending, NULL, destroy, server), 0);
    const int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    do { /* it may not have begun to end */
        receive(ask(server, "/now", ""), text);
        assert_true(strstr(text, " 200 ") != NULL || strstr(text, " 503 ") != NULL);
    } while (strstr(text, " 503 ") == NULL && pm_clock_monotonic_ms() < until_ms);
    assert_non_null(strstr(text, "Retry-After: "));
    answer_all();
    expect(waits, " 200 ", "one");
    pthread_join(ending, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_that_waits_keeps_no_thread),
        cmocka_unit_test(test_one_more_than_can_be_in_hand),
        cmocka_unit_test(test_who_waits_is_answered_before_the_end),
        cmocka_unit_test(test_who_comes_at_the_end_is_sent_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
