/* The sidecar's HTTP side: its documents, who may ask, who may change, and who cannot disturb it.
 */
#include "loopback.h"
#include "sidecar/page_client.h"
#include "sidecar/sidecar_program.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { CROWD = 1000, DRIBBLERS = 250, FILES = 4096, STREAMS = 32, PATIENCE_MS = 20000 };

static struct pm_error error;
static int port;

static int set_up(void **state)
{
    sidecar_has_page = true;
    int result = sidecar_set_up(state);
    port = sidecar_page_port();
    return result;
}
#define WITH_PAGE(test) cmocka_unit_test_setup_teardown(test, set_up, sidecar_tear_down)

static double number_at(const cJSON *object, const char *name)
{
    double value = 0;
    assert_done(pm_json_number(object, name, &value, &error), error);
    return value;
}

static const char *text_at(const cJSON *object, const char *name)
{
    const char *text = NULL;
    assert_done(pm_json_string(object, name, &text, &error), error);
    return text;
}

static void expect_status(struct page_answer answer, int status, const char *said)
{
    if (answer.status != status || strstr(answer.text, said) == NULL) {
        fail_msg("expected %d and \"%s\", got: %.600s", status, said, answer.text);
    }
    page_answer_clear(&answer);
}

/* ---- documents ---- */

/* The state, once it shows `words`: it may be a second old. The caller deletes. */
static cJSON *state_showing(const char *words)
{
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        cJSON *document = page_document(port, "/state");
        char *text = pm_json_print(document, &error);
        assert_non_null(text);
        bool shown = strstr(text, words) != NULL;
        if (!shown && pm_clock_monotonic_ms() > end_ms) {
            fail_msg("never shown: %s in %s", words, text);
        }
        free(text);
        if (shown) {
            return document;
        }
        cJSON_Delete(document);
        pm_clock_sleep_ms(50);
    }
}

static void record(struct pm_queue_client *client, const char *key, const char *state,
                   const char *reason, const char *body)
{
    const struct pm_record_put put = {.run_id = "r",
                                      .key = key,
                                      .state = state,
                                      .reason = reason,
                                      .body = body,
                                      .body_size = strlen(body)};
    assert_done(pm_queue_client_record_put(client, &put, &error), error);
}

/* Of this miner, the newest first, with the reason and without what was sent. */
static void expect_not_paid(const cJSON *document)
{
    static const char *const rows[][4] = {{"refused", "bad signature", "signature", "told"},
                                          {"unpaid", "outside consensus", "", "told"},
                                          {"expired", "5 s late", "ran_out", "told"},
                                          {"refused", "their own words", "content", ""}};
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "not_paid");
    assert_int_equal(cJSON_GetArraySize(list), 4);
    for (int i = 0; i < 4; i++) {
        const cJSON *item = cJSON_GetArrayItem(list, i);
        const char *cause = "";
        assert_string_equal(text_at(item, "state"), rows[i][0]);
        assert_string_equal(text_at(item, "reason"), rows[i][1]);
        assert_true(pm_json_optional_string(item, "cause", &cause, NULL));
        assert_string_equal(cause, rows[i][2]);
        assert_string_equal(text_at(item, "remedy")[0] != '\0' ? "told" : "", rows[i][3]);
        assert_null(cJSON_GetObjectItemCaseSensitive(item, "record"));
    }
}

static void the_state_counts_jobs_and_submissions(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open("driver", "d");
    struct pm_job job;
    client_put(client, "k1");
    client_put(client, "k2");
    assert_true(client_lease(client, 0, &job));
    client_finish(client, &job, "x", 1);
    pm_job_clear(&job);
    record(client, "lease/a/1", "submitted", "", "{\"evaluations\":3}");
    record(client, "lease/a/2", "refused", "their own words",
           "{\"cause\":\"content\",\"submission\":{}}");
    record(client, "lease/b/3", "refused", "another miner's", "{}");
    record(client, "lease/a/4", "expired", "5 s late", "{\"cause\":\"ran_out\"}");
    record(client, "unpaid/a/evaluation/7", "unpaid", "outside consensus",
           "{\"kind\":\"evaluation\"}");
    record(client, "lease/a/5", "refused", "bad signature", "{\"cause\":\"signature\"}");
    record(client, "figures/a", "figures", "",
           "{\"version\":1,\"hotkey\":\"5Hot\",\"pool\":\"http://p\",\"stats_ms\":1790000000000,"
           "\"stats\":{\"accuracy_rate\":0.96,\"evaluations_finalised\":25,"
           "\"reputation_total\":24}}");
    cJSON *document = state_showing("\"5Hot\"");
    assert_string_equal(text_at(document, "status"), "mining");
    assert_true(number_at(document, "completed_jobs") == 1);
    assert_true(number_at(document, "successful_submissions") == 1);
    assert_true(number_at(document, "refused_submissions") == 3);
    assert_true(number_at(document, "unpaid_results") == 1);
    expect_not_paid(document);
    const cJSON *miner = cJSON_GetObjectItemCaseSensitive(document, "miner");
    assert_string_equal(text_at(miner, "hotkey"), "5Hot");
    assert_string_equal(text_at(miner, "run"), "r");
    assert_string_equal(text_at(miner, "account"), "a");
    cJSON_Delete(document);

    document = page_document(port, "/health");
    assert_string_equal(text_at(document, "status"), "ok");
    cJSON_Delete(document);

    /* The figures became a sample, once, however often they are looked at. */
    document = page_document(port, "/history?account=%61");
    const cJSON *times = cJSON_GetObjectItemCaseSensitive(document, "time_ms");
    const cJSON *accuracy = cJSON_GetObjectItemCaseSensitive(document, "accuracy");
    assert_int_equal(cJSON_GetArraySize(times), 1);
    assert_true(cJSON_GetArrayItem(accuracy, 0)->valuedouble == 0.96);
    assert_true(cJSON_IsNull(
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "balance_rao"), 0)));
    cJSON_Delete(document);

    expect_status(page_get(port, "/metrics", ""), 200, "\npoolminer_accuracy_ratio 0.96\n");
    expect_status(page_get(port, "/metrics", ""), 200, "\npoolminer_submissions_refused_total 3\n");
    expect_status(page_get(port, "/metrics", ""), 200, "\npoolminer_results_unpaid_total 1\n");

    char *json;
    int64_t age_ms;
    assert_done(pm_queue_client_state(client, &json, &age_ms, &error), error);
    assert_non_null(strstr(json, "\"5Hot\""));
    free(json);
    pm_queue_client_destroy(client);
}

/* The state and the key of the i-th result: leases and what was not paid, in turn. */
static const char *result_of(int i, char *key, size_t size)
{
    static const char *const states[] = {"submitted", "refused", "unpaid"};
    snprintf(key, size, i % 3 < 2 ? "lease/a/%d" : "unpaid/a/evaluation/%d", i);
    return states[i % 3];
}

static void results_come_by_pages(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open("driver", "d");
    char key[32], path[64];
    for (int i = 0; i < 10; i++) {
        const char *became = result_of(i, key, sizeof key);
        record(client, key, became, i % 3 > 0 ? "why" : "", "{\"n\":1}");
    }
    record(client, "lease/a/open", "open", "", "{}");
    int seen = 9;
    snprintf(path, sizeof path, "/jobs/results?limit=4");
    for (int page = 0; page < 3; page++) {
        cJSON *document = page_document(port, path);
        const cJSON *result = NULL;
        cJSON_ArrayForEach(result, cJSON_GetObjectItemCaseSensitive(document, "results"))
        {
            assert_string_equal(text_at(result, "state"), result_of(seen, key, sizeof key));
            assert_string_equal(text_at(result, "key"), key);
            assert_string_equal(text_at(result, "reason"), seen % 3 > 0 ? "why" : "");
            assert_true(number_at(cJSON_GetObjectItemCaseSensitive(result, "record"), "n") == 1);
            seen--;
        }
        const cJSON *cursor = cJSON_GetObjectItemCaseSensitive(document, "cursor");
        assert_true(page < 2 ? cJSON_IsNumber(cursor) : cJSON_IsNull(cursor));
        snprintf(path, sizeof path, "/jobs/results?limit=4&cursor=%.0f",
                 page < 2 ? cursor->valuedouble : 0.0);
        cJSON_Delete(document);
    }
    assert_int_equal(seen, -1);
    pm_queue_client_destroy(client);
}

static bool try_to_tell(struct pm_queue_client *client, const char *level, const char *id,
                        const char *message)
{
    cJSON *lines = cJSON_CreateArray();
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "time_ms", (double)pm_clock_unix_ms());
    cJSON_AddStringToObject(line, "level", level);
    cJSON_AddStringToObject(line, "id", id);
    cJSON_AddStringToObject(line, "message", message);
    cJSON_AddItemToArray(lines, line);
    return pm_queue_client_tell_lines(client, "driver", lines, &error);
}

static void tell(struct pm_queue_client *client, const char *level, const char *id,
                 const char *message)
{
    assert_done(try_to_tell(client, level, id, message), error);
}

/* The lines with this id that /logs has; waits until there is one. */
static int count_lines(const char *path, const char *id)
{
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    int count = 0;
    while (count == 0 && pm_clock_monotonic_ms() < end_ms) {
        cJSON *document = page_document(port, path);
        const cJSON *line = NULL;
        cJSON_ArrayForEach(line, cJSON_GetObjectItemCaseSensitive(document, "lines"))
        {
            count += strcmp(text_at(line, "id"), id) == 0 ? 1 : 0;
        }
        cJSON_Delete(document);
    }
    return count;
}

/* The first time the sidecar hears them, and cannot answer in time. */
static void lines_told_again_are_kept_once(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open("driver", "d");
    tell(client, "info", "DRIVER-LEASE", "before");
    pm_queue_client_set_timeout(client, 300);
    assert_int_equal(kill(sidecar_pid, SIGSTOP), 0);
    assert_false(try_to_tell(client, "info", "DRIVER-SUBMITTED", "once"));
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    assert_int_equal(kill(sidecar_pid, SIGCONT), 0);
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (!try_to_tell(client, "info", "DRIVER-SUBMITTED", "once")) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
    }
    pm_queue_client_set_timeout(client, PATIENCE_MS);
    tell(client, "info", "DRIVER-END", "after");
    assert_int_equal(count_lines("/logs", "DRIVER-END"), 1);
    assert_int_equal(count_lines("/logs", "DRIVER-SUBMITTED"), 1);
    pm_queue_client_destroy(client);
}

static void log_lines_are_kept_with_what_to_do(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open("driver", "d");
    tell(client, "info", "DRIVER-LEASE", "lease=1");
    tell(client, "warn", "DRIVER-POOL-AWAY", "cannot connect");
    assert_int_equal(count_lines("/logs?level=warn", "DRIVER-POOL-AWAY"), 1);
    assert_int_equal(count_lines("/logs", "DRIVER-LEASE"), 1);
    cJSON *document = page_document(port, "/logs?limit=1&cursor=0");
    char path[64];
    snprintf(path, sizeof path, "/logs?cursor=%.0f", number_at(document, "cursor"));
    cJSON_Delete(document);
    assert_int_equal(count_lines(path, "DRIVER-POOL-AWAY"), 1);

    document = state_showing("DRIVER-POOL-AWAY");
    const cJSON *last = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(document, "errors"), 0);
    assert_string_equal(text_at(last, "id"), "DRIVER-POOL-AWAY");
    assert_non_null(strstr(text_at(last, "remedy"), "nothing is lost"));
    assert_null(cJSON_GetObjectItemCaseSensitive(last, "over_ms"));
    cJSON_Delete(document);

    tell(client, "warn", "DRIVER-POOL-BACK", "works again");
    document = state_showing("over_ms");
    const cJSON *errors = cJSON_GetObjectItemCaseSensitive(document, "errors");
    assert_int_equal(cJSON_GetArraySize(errors), 1); /* its end is no error */
    assert_string_equal(text_at(cJSON_GetArrayItem(errors, 0), "id"), "DRIVER-POOL-AWAY");
    cJSON_Delete(document);

    sidecar_kill(); /* and what was told is there again */
    sidecar_start();
    port = sidecar_page_port();
    assert_int_equal(count_lines("/logs", "DRIVER-POOL-AWAY"), 1);
    pm_queue_client_destroy(client);
}

static void what_is_asked_wrongly_is_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"/logs?cursor=x",    "/logs?limit=0",
                                        "/logs?limit=99999", "/jobs/results?limit=101",
                                        "/logs?level=loud",  "/history?points=1"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        expect_status(page_get(port, paths[i], ""), 400, "\"detail\"");
    }
    static const char *const nowhere[] = {"/../../etc/passwd",  "/page/index.html", "//",
                                          "/%2e%2e/%2e%2e/etc", "/page.js%00.html", "/page.css/..",
                                          "/pages.js"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        expect_status(page_get(port, nowhere[i], ""), 404, "\"detail\"");
    }
    expect_status(page_post(port, "/state", "", "{}"), 405, "Allow: GET");
    expect_status(page_get(port, "/order", ""), 405, "Allow: POST");
    expect_status(page_post(port, "/", "", "{}"), 405, "Allow: GET");
}

/* ---- who may ask, and who may change ---- */

static void another_site_gets_nothing(void **state)
{
    (void)state;
    char own[64];
    static const char *const foreign[] = {"Host: attacker.example\r\n",
                                          "Host: 127.0.0.1\r\n",
                                          "Host: 127.0.0.1:1\r\n",
                                          "Origin: http://attacker.example\r\n",
                                          "Origin: null\r\n",
                                          "Sec-Fetch-Site: cross-site\r\n",
                                          "Sec-Fetch-Site: same-site\r\n"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        expect_status(page_get(port, "/state", foreign[i]), 403, "\"detail\"");
        expect_status(page_get(port, "/events", foreign[i]), 403, "\"detail\"");
    }
    static const char nameless[] = "GET /state HTTP/1.0\r\n\r\n";
    expect_status(page_send(port, nameless, sizeof nameless - 1), 403, "\"detail\"");
    snprintf(own, sizeof own, "Host: localhost:%d\r\nOrigin: http://localhost:%d\r\n", port, port);
    expect_status(page_get(port, "/state", own), 200, "\"status\"");
    expect_status(page_get(port, "/", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"),
                  200, "Content-Security-Policy: default-src 'none'");
    expect_status(page_get(port, "/state", ""), 200, "Cross-Origin-Resource-Policy: same-origin");
}

static void nothing_changes_without_the_token(void **state)
{
    (void)state;
    static const char *const paths[] = {"/order", "/pause", "/queue/retry", "/queue/discard"};
    static const char type[] = "Content-Type: application/json\r\n";
    char headers[256];
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        static const char *const tokens[] = {"", "Authorization: Bearer \r\n",
                                             "Authorization: Bearer an-open-secret-of-the-test\r\n",
                                             "Authorization: Bearer " SIDECAR_TOKEN "s\r\n",
                                             "Authorization: Basic " SIDECAR_TOKEN "\r\n"};
        for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) {
            snprintf(headers, sizeof headers, "%s%s", type, tokens[t]);
            expect_status(page_post(port, paths[i], headers, "{\"action\":\"stop\",\"job\":1}"),
                          403, "token");
        }
        expect_status(
            page_post(port, paths[i], "Authorization: Bearer " SIDECAR_TOKEN "\r\n", "{}"), 415,
            "application/json");
        snprintf(headers, sizeof headers,
                 "%sAuthorization: Bearer " SIDECAR_TOKEN "\r\nOrigin: http://attacker.example\r\n",
                 type);
        expect_status(page_post(port, paths[i], headers, "{}"), 403, "another site");
    }
    expect_status(page_change(port, "/pause", "{\"wish\":\"dance\"}"), 400, "wish");
    expect_status(page_change(port, "/pause", "{\"wish\":\"pause\"}"), 200, "pause");
    cJSON_Delete(state_showing("\"wish\":\"pause\""));
    expect_status(page_change(port, "/queue/retry", "{\"job\":1}"), 404, "set aside");
    expect_status(page_change(port, "/queue/retry", "{"), 400, "detail");
    expect_status(page_change(port, "/queue/retry", "[]"), 400, "object");
}

static void orders_reach_the_supervisor(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open("admin", "mine");
    cJSON *order;
    int64_t number;
    expect_status(page_change(port, "/order", "{\"action\":\"start\"}"), 503, "started by hand");
    assert_done(
        pm_queue_client_supervise(client, "{\"status\":\"paused\"}", &number, &order, &error),
        error);
    assert_int_equal(number, 0);
    assert_null(order);
    cJSON_Delete(state_showing("\"status\":\"paused\""));

    expect_status(page_change(port, "/order", "{\"action\":\"start\"}"), 202, "{\"number\":1}");
    expect_status(page_change(port, "/order", "{\"nothing\":1}"), 400, "action");
    assert_done(
        pm_queue_client_supervise(client, "{\"status\":\"paused\"}", &number, &order, &error),
        error);
    assert_int_equal(number, 1);
    assert_string_equal(text_at(order, "action"), "start");
    cJSON_Delete(order);

    /* A sidecar that was started again goes on behind what the supervisor has dealt with. */
    sidecar_kill();
    sidecar_start();
    port = sidecar_page_port();
    assert_done(pm_queue_client_supervise(
                    client, "{\"status\":\"mining\",\"answered\":{\"number\":1,\"ok\":true}}",
                    &number, &order, &error),
                error);
    assert_int_equal(number, 0);
    expect_status(page_change(port, "/order", "{\"action\":\"stop\"}"), 202, "{\"number\":2}");
    pm_queue_client_destroy(client);
}

/* ---- events ---- */

static int open_stream(void)
{
    char request[128];
    int peer = page_connect(port);
    int size = snprintf(request, sizeof request,
                        "GET /events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", port);
    assert_int_equal(send(peer, request, (size_t)size, MSG_NOSIGNAL), size);
    return peer;
}

/* Reads on until `word` has come. */
static void read_until(int peer, const char *word)
{
    static char seen[1 << 20];
    size_t length = 0;
    do {
        assert_true(length < sizeof seen - 1);
        ssize_t count = recv(peer, seen + length, sizeof seen - 1 - length, 0);
        if (count <= 0) {
            fail_msg("the stream ended before \"%s\" came: %s", word, seen);
        }
        length += (size_t)count;
        seen[length] = '\0';
    } while (strstr(seen, word) == NULL);
}

static void events_tell_what_is_new(void **state)
{
    (void)state;
    struct pm_queue_client *client = client_open("driver", "d");
    int peer = open_stream();
    read_until(peer, "event: state\ndata: {");
    tell(client, "info", "DRIVER-LEASE", "news of a lease");
    read_until(peer, "news of a lease");
    client_put(client, "k");
    read_until(peer, "\"queued\":1");
    assert_int_equal(sidecar_stop(), 0);
    read_until(peer, "0\r\n\r\n"); /* it was ended, and did not hold the program up */
    close(peer);
    pm_queue_client_destroy(client);
}

static void streams_are_limited(void **state)
{
    (void)state;
    int peers[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
        peers[i] = open_stream();
        read_until(peers[i], "event: state");
    }
    expect_status(page_get(port, "/events", ""), 503, "Retry-After");
    for (int i = 0; i < STREAMS; i++) {
        close(peers[i]);
    }
    /* A stream that is left is given up at the next thing it has to say. */
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    int status = 503;
    while (status == 503 && pm_clock_monotonic_ms() < end_ms) {
        char answer[16] = "";
        int peer = open_stream();
        assert_true(recv(peer, answer, sizeof answer - 1, 0) > 0);
        sscanf(answer, "HTTP/1.1 %d", &status);
        close(peer);
    }
    assert_int_equal(status, 200);
}

/* ---- abuse ---- */

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    char *large = malloc((1 << 20) + 1);
    assert_non_null(large);
    memset(large, 'x', 1 << 20);
    large[1 << 20] = '\0';
    expect_status(page_change(port, "/order", large), 413, "limit");
    memcpy(large, "GET /", 5);
    struct page_answer answer = page_send(port, large, 1 << 20);
    assert_true(answer.status == 414 || answer.status == 431 || answer.status == 400 ||
                answer.status == 0);
    page_answer_clear(&answer);
    free(large);
    cJSON_Delete(page_document(port, "/health"));
}

/* Nobody who holds connections open keeps the queue from its work, or the page from its user for
 * long. */
static void a_thousand_idle_connections(void **state)
{
    (void)state;
    struct rlimit files;
    static int peers[CROWD];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < FILES) {
        files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    }
    for (int i = 0; i < CROWD; i++) {
        peers[i] = page_connect(port);
    }
    struct pm_queue_client *client = client_open("driver", "d");
    for (int i = 0; i < 20; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        int64_t begin_ms = pm_clock_monotonic_ms();
        client_put(client, key);
        assert_in_range(pm_clock_monotonic_ms() - begin_ms, 0, PATIENCE_MS);
    }
    cJSON_Delete(page_document(port, "/health"));
    pm_queue_client_destroy(client);
    for (int i = 0; i < CROWD; i++) {
        close(peers[i]);
    }
}

/* Those whose requests come byte by byte, and never whole, take each other's place and nobody
 * else's: they are cut by their age, however much they say. */
static void a_crowd_that_dribbles(void **state)
{
    (void)state;
    static const char begin[] = "GET /state HTTP/1.1\r\nX-Slow: ";
    static struct pollfd peers[DRIBBLERS];
    size_t left = DRIBBLERS;
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    for (size_t i = 0; i < DRIBBLERS; i++) {
        peers[i] = (struct pollfd){.fd = page_connect(port), .events = POLLIN};
        send(peers[i].fd, begin, sizeof begin - 1, MSG_NOSIGNAL);
    }
    cJSON_Delete(page_document(port, "/health"));
    while (left > 0) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
        assert_true(poll(peers, DRIBBLERS, 100) >= 0);
        for (size_t i = 0; i < DRIBBLERS; i++) {
            if (peers[i].fd >= 0 &&
                (peers[i].revents != 0 || send(peers[i].fd, "x", 1, MSG_NOSIGNAL) != 1)) {
                close(peers[i].fd);
                peers[i].fd = -1; /* poll passes it over */
                left--;
            }
        }
    }
    cJSON_Delete(page_document(port, "/state"));
}

static void there_is_no_page_unless_asked_for(void **state)
{
    (void)state;
    sidecar_kill();
    sidecar_has_page = false;
    sidecar_start();
    struct pm_queue_client *client = client_open("driver", "d");
    char *json;
    int64_t age_ms;
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (!pm_queue_client_state(client, &json, &age_ms, &error)) { /* told all the same */
        assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        assert_true(pm_clock_monotonic_ms() < end_ms);
        pm_clock_sleep_ms(20);
    }
    assert_non_null(strstr(json, "\"idle\""));
    free(json);
    pm_queue_client_destroy(client);
}

static void a_token_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    char store[PATH_MAX], token[PATH_MAX], output[1024];
    snprintf(store, sizeof store, "%s", pm_test_path("other.db"));
    snprintf(token, sizeof token, "%s", pm_test_path("none"));
    const char *const arguments[] = {"--store",           store, "--port", "0", "--http-port", "0",
                                     "--http-token-file", token, NULL};
    assert_int_equal(sidecar_run(arguments, output, sizeof output), 1);
    assert_non_null(strstr(output, "the page's token"));
    FILE *file = fopen(token, "w");
    assert_non_null(file);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(fputc('a', file), 'a');
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(sidecar_run(arguments, output, sizeof output), 1);
    assert_non_null(strstr(output, "5000 bytes"));
}

/* Of two miners that start at the same time both may have found the port free. */
static void a_taken_port_moves_the_page(void **state)
{
    (void)state;
    sidecar_kill();
    const int taken = loopback_listen(&port);
    sidecar_page_port_asked = port;
    sidecar_start();
    sidecar_page_port_asked = 0;
    assert_int_not_equal(sidecar_page_port(), port);
    cJSON_Delete(page_document(sidecar_page_port(), "/health"));
    char *log = sidecar_log();
    assert_non_null(strstr(log, "SIDECAR-PAGE-PORT"));
    assert_null(strstr(log, "SIDECAR-PAGE-FAILED"));
    free(log);
    close(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAGE(the_state_counts_jobs_and_submissions),
        WITH_PAGE(results_come_by_pages),
        WITH_PAGE(log_lines_are_kept_with_what_to_do),
        WITH_PAGE(lines_told_again_are_kept_once),
        WITH_PAGE(what_is_asked_wrongly_is_refused),
        WITH_PAGE(another_site_gets_nothing),
        WITH_PAGE(nothing_changes_without_the_token),
        WITH_PAGE(orders_reach_the_supervisor),
        WITH_PAGE(events_tell_what_is_new),
        WITH_PAGE(streams_are_limited),
        WITH_PAGE(what_is_too_large_is_refused),
        WITH_PAGE(a_thousand_idle_connections),
        WITH_PAGE(a_crowd_that_dribbles),
        WITH_PAGE(a_taken_port_moves_the_page),
        WITH_PAGE(there_is_no_page_unless_asked_for),
        cmocka_unit_test(a_token_that_cannot_be_read_is_refused),
    };
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    pm_test_remove_directory();
    return result;
}
