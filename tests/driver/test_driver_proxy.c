/* The pool by way of a proxy, as the environment names it. */
#include "cmocka_include.h"
#include "driver/pool_client.h"
#include "tests/driver/proxy.h"
#include "tests/driver/scripted_server.h"
#include "tests/driver/tls_front.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

struct bench {
    struct scripted_server *server;
    struct tls_front *front;
    struct proxy *proxy; /* leads to `front`, or to `server` */
    struct pm_hotkey *hotkey;
    struct pm_answer answer;
    struct scripted_request last;
};

static void handle(void *context, const struct scripted_request *request,
                   struct scripted_reply *reply)
{
    struct bench *bench = context;
    bench->last = *request;
    strcpy(reply->body, "{\"status\":\"healthy\"}");
}

static void open_bench(struct bench *bench, bool tls)
{
    *bench = (struct bench){0};
    assert_true(pm_hotkey_generate(&bench->hotkey, NULL, NULL));
    bench->server = scripted_server_start(handle, bench);
    bench->front = tls ? tls_front_start(scripted_server_url(bench->server)) : NULL;
    bench->proxy =
        proxy_start(tls ? tls_front_url(bench->front) : scripted_server_url(bench->server));
    setenv("http_proxy", proxy_url(bench->proxy), 1);
    setenv("https_proxy", proxy_url(bench->proxy), 1);
    unsetenv("no_proxy");
    unsetenv("NO_PROXY");
}

static void close_bench(struct bench *bench)
{
    pm_answer_clear(&bench->answer);
    proxy_stop(bench->proxy);
    tls_front_stop(bench->front);
    scripted_server_stop(bench->server);
    pm_hotkey_destroy(bench->hotkey);
    unsetenv("http_proxy");
    unsetenv("https_proxy");
}

/* Registers and submits at `url`; returns by how much the clock was thought to be off. */
static int64_t ask(struct bench *bench, const char *url)
{
    const struct pm_pool_client_config config = {
        .pool_urls = &url,
        .pool_url_count = 1,
        .ca_file = bench->front != NULL ? tls_front_certificate(bench->front) : NULL,
        .hotkey = bench->hotkey};
    struct pm_pool_client *client = NULL;
    cJSON *content = cJSON_Parse("{\"evaluations\":[]}");
    const struct pm_lease_submission submission = {.lease_id = "abc", .content = content};
    assert_true(pm_pool_client_create(&config, &client, NULL));
    assert_true(pm_pool_client_register(client, &bench->answer, NULL));
    pm_answer_clear(&bench->answer);
    assert_true(pm_pool_client_submit(client, &submission, &bench->answer, NULL));
    int64_t offset_ms = pm_pool_client_clock_offset_ms(client);
    pm_pool_client_destroy(client);
    cJSON_Delete(content);
    return offset_ms;
}

static void plain_requests_are_handed_on(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, false);
    ask(&bench, "http://pool.test");
    assert_int_equal(bench.answer.kind, PM_ANSWER_OK);
    assert_int_equal(
        strncmp(proxy_line(bench.proxy), "POST http://pool.test/api/v1/miners/register ", 45), 0);
    close_bench(&bench);
}

/* The certificate is the pool's, checked through the tunnel; the proxy's Date is not the pool's. */
static void tls_goes_through_a_tunnel(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, true);
    assert_int_equal(ask(&bench, "https://pool.test"), 0);
    assert_int_equal(bench.answer.kind, PM_ANSWER_OK);
    assert_string_equal(proxy_line(bench.proxy), "CONNECT pool.test:443 HTTP/1.1");
    assert_string_equal(bench.last.path, "/api/v1/tasks/abc/submit_lease");
    pm_answer_clear(&bench.answer);
    int heard = scripted_server_requests(bench.server);
    ask(&bench, "https://another.test"); /* whose certificate this is not */
    assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW);
    assert_int_equal(scripted_server_requests(bench.server), heard);
    close_bench(&bench);
}

static void exceptions_are_kept(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, false);
    setenv("no_proxy", "pool.invalid", 1);
    ask(&bench, "http://pool.invalid");
    assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW); /* there is no such host */
    assert_string_equal(proxy_line(bench.proxy), "");
    close_bench(&bench);
    unsetenv("no_proxy");
}

/* A pool on this machine is none that a proxy could reach. */
static void this_machine_is_asked_directly(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, false);
    ask(&bench, scripted_server_url(bench.server));
    assert_int_equal(bench.answer.kind, PM_ANSWER_OK);
    assert_string_equal(proxy_line(bench.proxy), "");
    close_bench(&bench);
}

/* Its no is not the pool's: what was to be submitted is sent again later. */
static void a_proxy_that_refuses_settles_nothing(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://pool.test", "https://pool.test"};
    struct bench bench;
    open_bench(&bench, false);
    proxy_refuse(bench.proxy);
    for (size_t i = 0; i < 2; i++) {
        pm_answer_clear(&bench.answer);
        ask(&bench, urls[i]);
        assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW);
    }
    assert_int_equal(scripted_server_requests(bench.server), 0);
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_requests_are_handed_on),
        cmocka_unit_test(tls_goes_through_a_tunnel),
        cmocka_unit_test(exceptions_are_kept),
        cmocka_unit_test(this_machine_is_asked_directly),
        cmocka_unit_test(a_proxy_that_refuses_settles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
