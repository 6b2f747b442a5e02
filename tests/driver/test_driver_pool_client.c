/* The pool's client against a server that misbehaves. */
#include "cmocka_include.h"
#include "driver/pool_client.h"
#include "own_clock.h"
#include "tests/driver/scripted_server.h"
#include "tests/driver/tls_front.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

static bool over_tls; /* the same tests a second time */

struct bench {
    struct tls_front *front; /* NULL: plain */
    struct pm_hotkey *hotkey;
    struct pm_pool_client *client;
    struct scripted_server *server;
    atomic_bool stop;
    struct pm_answer answer;
    struct pm_error error;
    /* what the handler does */
    struct scripted_reply reply;
    int64_t server_clock_offset_ms; /* how wrong our clock is, by the server */
    bool send_date, check_clock;
    char detail_401[64];
    /* what it saw */
    struct scripted_request last;
};

static void date_header(int64_t unix_ms, char *out, size_t room)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(out, room, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
}

static void handle(void *context, const struct scripted_request *request,
                   struct scripted_reply *reply)
{
    struct bench *bench = context;
    int64_t server_ms = pm_clock_unix_ms() + bench->server_clock_offset_ms;
    bench->last = *request;
    *reply = bench->reply;
    if (bench->send_date) {
        date_header(server_ms, reply->headers, sizeof reply->headers);
    }
    int64_t stated = strtoll(scripted_header(request, "X-Timestamp"), NULL, 10);
    if (bench->check_clock && llabs(stated - server_ms / 1000) > 300) {
        reply->status = 401;
        snprintf(reply->body, sizeof reply->body, "{\"detail\":\"%s\"}", bench->detail_401);
    }
}

static void open_bench(struct bench *bench, int64_t timeout_ms)
{
    *bench = (struct bench){0};
    strcpy(bench->detail_401, "Timestamp outside of tolerance");
    strcpy(bench->reply.body, "{}");
    assert_true(pm_hotkey_generate(&bench->hotkey, NULL, NULL));
    bench->server = scripted_server_start(handle, bench);
    bench->front = over_tls ? tls_front_start(scripted_server_url(bench->server)) : NULL;
    const char *const url =
        over_tls ? tls_front_url(bench->front) : scripted_server_url(bench->server);
    const struct pm_pool_client_config config = {
        .ca_file = over_tls ? tls_front_certificate(bench->front) : NULL,
        .pool_urls = &url,
        .pool_url_count = 1,
        .hotkey = bench->hotkey,
        .timeout_ms = timeout_ms,
        .stop = &bench->stop};
    assert_true(pm_pool_client_create(&config, &bench->client, &bench->error));
}

static void close_bench(struct bench *bench)
{
    pm_answer_clear(&bench->answer);
    pm_pool_client_destroy(bench->client);
    tls_front_stop(bench->front);
    scripted_server_stop(bench->server);
    pm_hotkey_destroy(bench->hotkey);
}

static enum pm_answer_kind lease(struct bench *bench)
{
    const struct pm_lease_request request = {
        .task_type = "cifar10_binary", .eval_batch_size = 8, .seed_batch_size = 6};
    pm_answer_clear(&bench->answer);
    assert_true(pm_pool_client_lease(bench->client, &request, &bench->answer, &bench->error));
    return bench->answer.kind;
}

static enum pm_answer_kind submit(struct bench *bench)
{
    cJSON *content = cJSON_Parse("{\"evaluations\":[],\"evolutions\":[],\"iterations\":0}");
    pm_answer_clear(&bench->answer);
    const struct pm_lease_submission submission = {.lease_id = "abc", .content = content};
    assert_true(pm_pool_client_submit(bench->client, &submission, &bench->answer, &bench->error));
    cJSON_Delete(content);
    return bench->answer.kind;
}

static void requests_carry_a_valid_proof(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    assert_int_equal(lease(&bench), PM_ANSWER_OK);
    assert_string_equal(bench.last.method, "POST");
    assert_string_equal(bench.last.path, "/api/v1/tasks/lease");
    assert_string_equal(bench.last.body, "{\"task_type\":\"cifar10_binary\",\"eval_batch_size\":8,"
                                         "\"seed_batch_size\":6,\"gossip_limit\":0}");
    char message[64];
    char timestamp[32];
    snprintf(timestamp, sizeof timestamp, "%s", scripted_header(&bench.last, "X-Timestamp"));
    snprintf(message, sizeof message, "auth:%s", timestamp);
    assert_string_equal(scripted_header(&bench.last, "X-Key"), pm_hotkey_address(bench.hotkey));
    assert_true(llabs(strtoll(timestamp, NULL, 10) - pm_clock_unix_ms() / 1000) <= 2);
    assert_true(pm_hotkey_verify_hex(pm_hotkey_address(bench.hotkey), message,
                                     scripted_header(&bench.last, "X-Signature"), NULL));
    close_bench(&bench);
}

static void a_submission_repeats_the_proof_in_its_body(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    assert_int_equal(submit(&bench), PM_ANSWER_OK);
    assert_string_equal(bench.last.path, "/api/v1/tasks/abc/submit_lease");
    cJSON *body = cJSON_Parse(bench.last.body);
    char expected[64];
    snprintf(expected, sizeof expected, "auth:%s", scripted_header(&bench.last, "X-Timestamp"));
    assert_string_equal(cJSON_GetObjectItem(body, "message")->valuestring, expected);
    assert_string_equal(cJSON_GetObjectItem(body, "signature")->valuestring,
                        scripted_header(&bench.last, "X-Signature"));
    assert_string_equal(cJSON_GetObjectItem(body, "public_address")->valuestring,
                        pm_hotkey_address(bench.hotkey));
    assert_non_null(cJSON_GetObjectItem(body, "evaluations"));
    cJSON_Delete(body);
    close_bench(&bench);
}

static void calls_go_where_they_should(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    assert_true(pm_pool_client_register(bench.client, &bench.answer, NULL));
    assert_string_equal(bench.last.method, "POST");
    assert_string_equal(bench.last.path, "/api/v1/miners/register");
    assert_int_equal(bench.last.body_size, 0);
    pm_answer_clear(&bench.answer);
    assert_true(pm_pool_client_stats(bench.client, &bench.answer, NULL));
    assert_string_equal(bench.last.method, "GET");
    assert_string_equal(bench.last.path, "/api/v1/miners/stats");
    pm_answer_clear(&bench.answer);
    assert_true(pm_pool_client_health(bench.client, &bench.answer, NULL));
    assert_string_equal(bench.last.path, "/health");
    assert_string_equal(scripted_header(&bench.last, "X-Signature"), ""); /* nothing to prove */
    assert_int_equal(scripted_server_requests(bench.server), 3);
    assert_int_equal(scripted_server_connections(bench.server), 1); /* kept alive */
    close_bench(&bench);
}

static void answers_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *headers, *body;
        int status;
        enum pm_answer_kind kind;
    } rows[] = {
        {"", "{\"detail\":\"Miner already has active task\"}", 400, PM_ANSWER_ACTIVE_TASK},
        {"", "{\"detail\":\"Lease already issued for this window. Wait for next window.\"}", 400,
         PM_ANSWER_WINDOW_TAKEN},
        {"", "{\"detail\":\"No tasks available\"}", 404, PM_ANSWER_NO_WORK},
        {"", "{\"detail\":[{\"msg\":\"x\"}]}", 422, PM_ANSWER_REFUSED},
        {"Retry-After: 17\r\n", "{\"detail\":\"slow down\"}", 429, PM_ANSWER_NOT_NOW},
        {"", "Internal Server Error", 500, PM_ANSWER_NOT_NOW},
        {"Location: http://127.0.0.1:1/\r\n", "", 302, PM_ANSWER_UNUSABLE},
        {"Location: /api/v1/elsewhere\r\n", "", 308, PM_ANSWER_UNUSABLE},
        {"", "{\"lease_id\":", 200, PM_ANSWER_UNUSABLE},
        {"", "<html></html>", 200, PM_ANSWER_UNUSABLE},
    };
    struct bench bench;
    open_bench(&bench, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench.reply = (struct scripted_reply){.status = rows[i].status};
        snprintf(bench.reply.headers, sizeof bench.reply.headers, "%s", rows[i].headers);
        snprintf(bench.reply.body, sizeof bench.reply.body, "%s", rows[i].body);
        assert_int_equal(lease(&bench), rows[i].kind);
        assert_int_equal(bench.answer.status, rows[i].status);
        assert_int_equal(bench.answer.retry_after_ms, rows[i].status == 429 ? 17000 : -1);
    }
    /* a redirect is not followed, neither abroad nor at home */
    assert_int_equal(scripted_server_requests(bench.server), sizeof rows / sizeof rows[0]);
    close_bench(&bench);
}

static void misbehave(enum scripted_manner manner, enum pm_answer_kind expected_lease,
                      enum pm_answer_kind expected_submit)
{
    struct bench bench;
    open_bench(&bench, 500);
    bench.reply.manner = manner;
    int64_t before_ms = own_clock_ms();
    assert_int_equal(lease(&bench), expected_lease);
    assert_int_equal(submit(&bench), expected_submit);
    assert_int_equal(bench.answer.lost, expected_submit == PM_ANSWER_NOT_NOW);
    assert_true(own_clock_ms() - before_ms < 8000);
    bench.reply.manner = SCRIPTED_PROPER; /* and nothing sticks */
    assert_int_equal(lease(&bench), PM_ANSWER_OK);
    assert_int_equal(scripted_server_requests(bench.server), 3); /* nothing was sent twice */
    close_bench(&bench);
}

static void a_silent_server_costs_only_the_timeout(void **state)
{
    (void)state;
    misbehave(SCRIPTED_HANG, PM_ANSWER_NOT_NOW, PM_ANSWER_NOT_NOW);
}

/* Where little time is left, others shall have some of it. */
static void a_submission_may_be_given_less_time(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 60000);
    bench.reply.manner = SCRIPTED_HANG;
    cJSON *content = cJSON_CreateObject();
    const struct pm_lease_submission submission = {
        .lease_id = "abc", .content = content, .timeout_ms = 200};
    int64_t before_ms = pm_clock_monotonic_ms();
    assert_true(pm_pool_client_submit(bench.client, &submission, &bench.answer, &bench.error));
    assert_true(pm_clock_monotonic_ms() - before_ms < 30000);
    assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW);
    cJSON_Delete(content);
    close_bench(&bench);
}

static void a_closed_connection_is_not_now(void **state)
{
    (void)state;
    misbehave(SCRIPTED_CLOSE, PM_ANSWER_NOT_NOW, PM_ANSWER_NOT_NOW);
}

static void a_truncated_answer_is_neither_lease_nor_acknowledgement(void **state)
{
    (void)state;
    misbehave(SCRIPTED_TRUNCATE, PM_ANSWER_NOT_NOW, PM_ANSWER_NOT_NOW);
}

static void what_is_no_http_is_not_now(void **state)
{
    (void)state;
    misbehave(SCRIPTED_GARBAGE, PM_ANSWER_NOT_NOW, PM_ANSWER_NOT_NOW);
}

static void a_body_without_end_is_cut(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 20000); /* by its size, not by the time */
    bench.reply.manner = SCRIPTED_FLOOD;
    assert_int_equal(lease(&bench), PM_ANSWER_UNUSABLE);
    assert_non_null(strstr(bench.answer.reason.message, "more than"));
    close_bench(&bench);
}

static void headers_without_end_are_cut(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 20000);
    bench.reply.manner = SCRIPTED_HEADERS;
    assert_int_equal(lease(&bench), PM_ANSWER_UNUSABLE);
    bench.reply.manner = SCRIPTED_HEADER_LINE;
    assert_int_equal(lease(&bench), PM_ANSWER_UNUSABLE);
    assert_non_null(strstr(bench.answer.reason.message, "a header that is too long"));
    close_bench(&bench);
}

static void a_dripping_server_costs_only_the_timeout(void **state)
{
    (void)state;
    misbehave(SCRIPTED_DRIP, PM_ANSWER_NOT_NOW, PM_ANSWER_NOT_NOW);
}

static void nobody_there_is_not_now_with_the_address(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    struct pm_pool_client *client = NULL;
    const char *const url = "http://127.0.0.1:1/";
    const struct pm_pool_client_config config = {
        .pool_urls = &url, .pool_url_count = 1, .hotkey = bench.hotkey};
    assert_true(pm_pool_client_create(&config, &client, NULL));
    assert_true(pm_pool_client_health(client, &bench.answer, NULL));
    assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW);
    assert_false(bench.answer.lost); /* it cannot have arrived */
    assert_non_null(strstr(bench.answer.reason.message, "http://127.0.0.1:1/health"));
    assert_non_null(strstr(bench.answer.reason.message, "does it run there"));
    pm_pool_client_destroy(client);
    close_bench(&bench);
}

/* ---- the clock ---- */

static void a_wrong_clock_is_learned_and_corrected(void **state)
{
    (void)state;
    static const int64_t offsets_ms[] = {3600000, -3600000, 400000, -86000000};
    for (size_t i = 0; i < sizeof offsets_ms / sizeof offsets_ms[0]; i++) {
        struct bench bench;
        open_bench(&bench, 0);
        bench.server_clock_offset_ms = offsets_ms[i];
        bench.send_date = bench.check_clock = true;
        assert_int_equal(lease(&bench), PM_ANSWER_OK);
        assert_int_equal(scripted_server_requests(bench.server), 2);
        assert_true(llabs(pm_pool_client_clock_offset_ms(bench.client) - offsets_ms[i]) < 2000);
        assert_int_equal(lease(&bench), PM_ANSWER_OK); /* and remembered */
        assert_int_equal(scripted_server_requests(bench.server), 3);
        close_bench(&bench);
    }
}

static int times_in(const char *path, const char *text)
{
    char line[1024];
    int times = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        times += strstr(line, text) != NULL;
    }
    fclose(file);
    return times;
}

/* Until it is worse: then that is said, too; but not each time it goes to and fro. */
static void a_wrong_clock_is_told_once(void **state)
{
    (void)state;
    char path[] = "/tmp/poolminer-skew-XXXXXX";
    struct bench bench;
    int log = mkstemp(path), screen = dup(STDERR_FILENO);
    assert_true(log >= 0 && screen >= 0);
    open_bench(&bench, 0);
    bench.send_date = true;
    bench.server_clock_offset_ms = 3600000;
    dup2(log, STDERR_FILENO);
    for (int i = 0; i < 3; i++) {
        lease(&bench);
    }
    int first = times_in(path, "POOL-CLOCK-SKEW");
    bench.server_clock_offset_ms = 7200000;
    for (int i = 0; i < 3; i++) {
        lease(&bench);
    }
    int second = times_in(path, "POOL-CLOCK-SKEW");
    for (int i = 0; i < 4; i++) {
        bench.server_clock_offset_ms = i % 2 == 0 ? 0 : 3600000;
        lease(&bench);
    }
    int third = times_in(path, "POOL-CLOCK-SKEW");
    bench.server_clock_offset_ms = -60000;
    lease(&bench);
    int fourth = times_in(path, "POOL-CLOCK-SKEW");
    dup2(screen, STDERR_FILENO);
    close(screen);
    close(log);
    unlink(path);
    close_bench(&bench);
    assert_int_equal(first, 1);
    assert_int_equal(second, 2);
    assert_int_equal(third, 2);
    assert_int_equal(fourth, 3);
}

static void a_401_that_no_clock_explains_is_final(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    bench.send_date = true;
    bench.reply.status = 401;
    strcpy(bench.reply.body, "{\"detail\":\"Invalid signature\"}");
    assert_int_equal(lease(&bench), PM_ANSWER_UNAUTHORIZED);
    assert_string_equal(bench.answer.reason.message, "Invalid signature");
    assert_int_equal(scripted_server_requests(bench.server), 1);
    bench.server_clock_offset_ms = 3600000; /* worth one more try, but only one */
    assert_int_equal(lease(&bench), PM_ANSWER_UNAUTHORIZED);
    assert_int_equal(scripted_server_requests(bench.server), 3);
    close_bench(&bench);
}

static void a_date_that_lies_is_unlearned(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    bench.send_date = true;
    bench.server_clock_offset_ms = 7200000; /* a proxy's Date */
    assert_int_equal(lease(&bench), PM_ANSWER_OK);
    assert_true(pm_pool_client_clock_offset_ms(bench.client) > 7000000);
    bench.reply.status = 401;
    assert_int_equal(lease(&bench), PM_ANSWER_UNAUTHORIZED);
    assert_int_equal(pm_pool_client_clock_offset_ms(bench.client),
                     0); /* the other guess was tried */
    assert_int_equal(scripted_server_requests(bench.server), 3);
    close_bench(&bench);
}

static void a_date_that_is_days_off_is_not_believed(void **state)
{
    (void)state;
    static const int64_t offsets_ms[] = {90000000, -90000000, 3155760000000};
    for (size_t i = 0; i < sizeof offsets_ms / sizeof offsets_ms[0]; i++) {
        struct bench bench;
        open_bench(&bench, 0);
        bench.send_date = bench.check_clock = true;
        bench.server_clock_offset_ms = offsets_ms[i];
        assert_int_equal(lease(&bench), PM_ANSWER_UNAUTHORIZED);
        assert_int_equal(scripted_server_requests(bench.server), 1); /* not signed for that time */
        assert_int_equal(pm_pool_client_clock_offset_ms(bench.client), 0);
        close_bench(&bench);
    }
}

static void small_differences_are_noise(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 0);
    bench.send_date = true;
    bench.server_clock_offset_ms = 900;
    assert_int_equal(lease(&bench), PM_ANSWER_OK);
    assert_int_equal(pm_pool_client_clock_offset_ms(bench.client), 0);
    close_bench(&bench);
}

/* ---- stopping ---- */

static void *stop_soon(void *argument)
{
    pm_clock_sleep_ms(200);
    atomic_store((atomic_bool *)argument, true);
    return NULL;
}

static void a_stop_ends_a_request_in_time(void **state)
{
    (void)state;
    struct bench bench;
    pthread_t thread;
    open_bench(&bench, 60000);
    bench.reply.manner = SCRIPTED_HANG;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &bench.stop), 0);
    int64_t before_ms = pm_clock_monotonic_ms();
    cJSON *content = cJSON_CreateObject();
    const struct pm_lease_submission submission = {.lease_id = "abc", .content = content};
    assert_false(pm_pool_client_submit(bench.client, &submission, &bench.answer, &bench.error));
    cJSON_Delete(content);
    int64_t took_ms = pm_clock_monotonic_ms() - before_ms;
    assert_int_equal(bench.error.code, PM_ERROR_INTERRUPTED);
    assert_in_range(took_ms, 850, 30000); /* a submission gets a moment to end well */
    before_ms = own_clock_ms();
    assert_false(pm_pool_client_stats(bench.client, &bench.answer, &bench.error));
    assert_true(own_clock_ms() - before_ms < 800); /* figures do not: it lasts 800 ms */
    pthread_join(thread, NULL);
    close_bench(&bench);
}

/* Asks by `url` with `ca_file`; returns how often the pool heard of it. */
static int ask_by(struct bench *bench, const char *url, const char *ca_file)
{
    const struct pm_pool_client_config config = {
        .pool_urls = &url, .pool_url_count = 1, .ca_file = ca_file, .hotkey = bench->hotkey};
    struct pm_pool_client *client = NULL;
    pm_answer_clear(&bench->answer);
    assert_true(pm_pool_client_create(&config, &client, NULL));
    assert_true(pm_pool_client_health(client, &bench->answer, NULL));
    pm_pool_client_destroy(client);
    return scripted_server_requests(bench->server);
}

static void a_certificate_that_is_not_trusted_or_not_the_hosts_is_refused(void **state)
{
    (void)state;
    struct bench bench;
    if (!over_tls) {
        skip();
    }
    open_bench(&bench, 0);
    const char *certificate = tls_front_certificate(bench.front);
    assert_int_equal(ask_by(&bench, tls_front_url(bench.front), NULL), 0);
    assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW);
    assert_non_null(strstr(bench.answer.reason.message, "certificate"));
    assert_int_equal(ask_by(&bench, tls_front_other_url(bench.front), certificate), 0);
    assert_int_equal(bench.answer.kind, PM_ANSWER_NOT_NOW);
    assert_int_equal(ask_by(&bench, tls_front_url(bench.front), certificate), 1);
    assert_int_equal(bench.answer.kind, PM_ANSWER_OK);
    close_bench(&bench);
}

static void bad_urls_are_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *url, *reason;
    } rows[] = {
        {"", "not a URL"},
        {"ftp://example.org", "http"},
        {"file:///etc/passwd", "http"},
        {"127.0.0.1:8434", "URL"},
        {"http://user:secret@example.org", "no place"},
        {"http://example.org/?a=b", "no place"},
        {"http://", "not a URL"},
    };
    struct pm_hotkey *hotkey = NULL;
    assert_true(pm_hotkey_generate(&hotkey, NULL, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pm_pool_client *client = NULL;
        struct pm_error error = {0};
        const struct pm_pool_client_config config = {
            .pool_urls = &rows[i].url, .pool_url_count = 1, .hotkey = hotkey};
        assert_false(pm_pool_client_create(&config, &client, &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
        if (strstr(error.message, rows[i].reason) == NULL) {
            fail_msg("%s: %s", rows[i].url, error.message);
        }
        assert_null(strstr(error.message, "secret"));
    }
    pm_hotkey_destroy(hotkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_carry_a_valid_proof),
        cmocka_unit_test(a_submission_repeats_the_proof_in_its_body),
        cmocka_unit_test(calls_go_where_they_should),
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(a_silent_server_costs_only_the_timeout),
        cmocka_unit_test(a_submission_may_be_given_less_time),
        cmocka_unit_test(a_closed_connection_is_not_now),
        cmocka_unit_test(a_truncated_answer_is_neither_lease_nor_acknowledgement),
        cmocka_unit_test(what_is_no_http_is_not_now),
        cmocka_unit_test(a_body_without_end_is_cut),
        cmocka_unit_test(headers_without_end_are_cut),
        cmocka_unit_test(a_dripping_server_costs_only_the_timeout),
        cmocka_unit_test(nobody_there_is_not_now_with_the_address),
        cmocka_unit_test(a_wrong_clock_is_learned_and_corrected),
        cmocka_unit_test(a_wrong_clock_is_told_once),
        cmocka_unit_test(a_401_that_no_clock_explains_is_final),
        cmocka_unit_test(a_date_that_lies_is_unlearned),
        cmocka_unit_test(a_date_that_is_days_off_is_not_believed),
        cmocka_unit_test(small_differences_are_noise),
        cmocka_unit_test(a_stop_ends_a_request_in_time),
        cmocka_unit_test(a_certificate_that_is_not_trusted_or_not_the_hosts_is_refused),
        cmocka_unit_test(bad_urls_are_refused_with_the_reason),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    over_tls = true;
    return failed + cmocka_run_group_tests_name("over TLS", tests, NULL, NULL);
}
