/* What the pool does with requests that are wrong, hostile or many: a clear refusal, no trace in
 * the store, and it goes on. */
#include "cmocka_include.h"
#include "pool/http_client.h"
#include "pool/pool_process.h"
#include "pool/store.h"
#include "pool/test_store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/text.h>

enum {
    PATH_SIZE = 512,
    BODY_LIMIT = 1024 * 1024,
    THREADS = 6,
    ROUNDS = 12,
    IDLE = 200,
    WAIT_MS = 60000
};

static struct pool_process pool;
static struct client alice, bob;

static int open_pool(void **state)
{
    (void)state;
    pool_process_create(&pool);
    pool_process_start(&pool, (const char *[]){"--leases-per-window", "0", NULL});
    client_create(&alice, pool.url, 1);
    client_create(&bob, pool.url, 2);
    return 0;
}

static int close_pool(void **state)
{
    (void)state;
    client_destroy(&alice);
    client_destroy(&bob);
    pool_process_destroy(&pool);
    return 0;
}

static void assert_healthy(void)
{
    const struct request request = {.method = "GET", .url = pool.url, .path = "/health"};
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, 200);
    answer_clear(&answer);
}

static void test_wrong_paths_and_methods(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path;
        int status;
        const char *allow;
    } cases[] = {
        {"GET", "/", 404, NULL},
        {"GET", "//health", 404, NULL},
        {"GET", "/health/", 404, NULL},
        {"GET", "/health%00", 404, NULL},
        {"GET", "/%68ealth", 404, NULL},
        {"GET", "/../health", 404, NULL},
        {"DELETE", "/health", 405, "Allow: GET\r\n"},
        {"GET", "/api/v1/tasks/lease", 405, "Allow: POST\r\n"},
        {"DELETE", "/api/v1/miners/recipient-coldkey", 405, "Allow: PUT, POST, GET\r\n"},
        {"POST", "/api/v1/tasks//submit_lease", 404, NULL},
        {"POST", "/api/v1/tasks/a/b/submit_lease", 404, NULL},
        {"GET", "/api/v1/rewards/balance/", 404, NULL},
        {"GET", "/api/v1/miners/leaderboard?limit=-1", 422, NULL},
        {"GET", "/api/v1/miners/leaderboard?limit=1e3", 422, NULL},
        {"GET", "/api/v1/miners/leaderboard?limit=99999999999999999999", 422, NULL},
        {"GET", "/api/v1/miners/recipient-coldkey/%ff%fe", 404, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct request request = {
            .method = cases[i].method, .url = pool.url, .path = cases[i].path};
        struct answer answer = http_send(&request);
        if (answer.status != cases[i].status) {
            fail_msg("%s %s: %d", cases[i].method, cases[i].path, answer.status);
        }
        if (cases[i].allow != NULL && strstr(answer.headers, cases[i].allow) == NULL) {
            fail_msg("%s %s: no \"%s\"", cases[i].method, cases[i].path, cases[i].allow);
        }
        answer_clear(&answer);
    }
}

static void test_unsigned_and_stale(void **state)
{
    (void)state;
    static const char *const paths[] = {"/api/v1/miners/stats", "/api/v1/tasks/pending_evaluations",
                                        "/api/v1/results"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const struct request request = {.method = "GET", .url = pool.url, .path = paths[i]};
        struct answer answer = http_send(&request);
        assert_int_equal(answer.status, 401);
        answer_clear(&answer);
    }
    struct client late = alice;
    late.clock_offset_s = -400;
    client_expect_saying(&late, "POST", "/api/v1/tasks/lease", NULL, 401,
                         "behind the pool's clock");
    late.clock_offset_s = 400;
    client_expect_saying(&late, "POST", "/api/v1/tasks/lease", NULL, 401,
                         "ahead of the pool's clock");
    /* with the key of one and the signature of another */
    char timestamp[32], message[64], signature[PM_SIGNATURE_HEX_SIZE];
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)pm_clock_unix_ms() / 1000);
    snprintf(message, sizeof message, "auth:%s", timestamp);
    assert_true(pm_hotkey_sign_hex(alice.hotkey, message, signature, NULL));
    const struct request stolen = {.method = "POST",
                                   .url = pool.url,
                                   .path = "/api/v1/tasks/lease",
                                   .key = client_address(&bob),
                                   .timestamp = timestamp,
                                   .signature = signature};
    struct answer answer = http_send(&stolen);
    assert_int_equal(answer.status, 401);
    answer_clear(&answer);
    client_expect_saying(&bob, "GET", "/api/v1/miners/stats", NULL, 404,
                         "not registered"); /* no trace */
}

/* A proof is of the caller and the time, not of the call (docs/pool.md): whoever reads it can use
 * it for other calls as long as the clock tolerance lasts. What holds nevertheless. */
static void test_a_proof_that_was_read_by_another(void **state)
{
    (void)state;
    struct client carol;
    char timestamp[32], message[64], signature[PM_SIGNATURE_HEX_SIZE], path[PATH_SIZE];
    client_create(&carol, pool.url, 33);
    snprintf(timestamp, sizeof timestamp, "%lld", (long long)pm_clock_unix_ms() / 1000);
    snprintf(message, sizeof message, "auth:%s", timestamp);
    assert_true(pm_hotkey_sign_hex(carol.hotkey, message, signature, NULL));
    struct request request = {.method = "POST",
                              .url = pool.url,
                              .path = "/api/v1/tasks/lease",
                              .key = client_address(&carol),
                              .timestamp = timestamp,
                              .signature = signature};
    struct answer lease = http_send(&request), first;
    assert_int_equal(lease.status, 200);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    request.path = path;
    request.body = "{\"evaluations\":[{\"algorithm_id\":1,\"score\":0.5}]}";
    first = http_send(&request);
    assert_int_equal(first.status, 200);
    struct answer answer = http_send(&request); /* the same again */
    assert_string_equal(answer.text, first.text);
    answer_clear(&answer);
    answer_clear(&first);
    request.body = "{\"evaluations\":[{\"algorithm_id\":1,\"score\":1}]}";
    answer = http_send(&request); /* another one */
    assert_int_equal(answer.status, 404);
    answer_clear(&answer);
    request.method = "PUT"; /* and no address is set with it */
    request.path = "/api/v1/miners/recipient-coldkey";
    snprintf(path, sizeof path, "{\"recipient_coldkey\":\"%s\"}", client_address(&bob));
    request.body = path;
    answer = http_send(&request);
    assert_int_equal(answer.status, 401);
    answer_clear(&answer);
    request.key = client_address(&bob); /* nor is anybody else's call made */
    request.method = "GET";
    request.path = "/api/v1/miners/stats";
    request.body = NULL;
    answer = http_send(&request);
    assert_int_equal(answer.status, 401);
    answer_clear(&answer);
    answer = client_expect(&carol, "GET", "/api/v1/miners/stats", NULL, 200);
    assert_int_equal(answer_integer(&answer, "evaluations_submitted"), 1); /* once */
    answer_clear(&answer);
    answer_clear(&lease);
    client_destroy(&carol);
}

/* Whoever does not show who they are has nothing read of what they sent. */
static void test_headers_come_before_the_body(void **state)
{
    (void)state;
    const struct request request = {
        .method = "POST", .url = pool.url, .path = "/api/v1/tasks/lease", .body = "{\"a\":"};
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, 401);
    answer_clear(&answer);
}

static enum pm_pool_outcome get_description(struct pm_pool_store *store, void *context,
                                            struct pm_error *error)
{
    (void)store;
    (void)error;
    const struct request request = {.method = "GET", .url = pool.url, .path = "/openapi.json"};
    *(struct answer *)context = http_send(&request);
    return PM_POOL_ROLLBACK;
}

/* While another process writes to the store, here this test. */
static void test_the_description_needs_no_store(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct pm_pool_store *store;
    struct answer answer = {0};
    snprintf(path, sizeof path, "%s/pool.db", pool.directory);
    const char *url = test_store_url();
    assert_true(pm_pool_store_open(url != NULL ? url : path, &store, NULL));
    int64_t begin_ms = pm_clock_monotonic_ms();
    assert_true(pm_pool_store_run(store, get_description, &answer, NULL));
    pm_pool_store_close(store);
    assert_int_equal(answer.status, 200);
    assert_true(pm_clock_monotonic_ms() - begin_ms < 5000); /* half of what the store waits for */
    answer_clear(&answer);
}

static void test_proof_in_the_body_must_agree(void **state)
{
    (void)state;
    char body[512];
    snprintf(body, sizeof body, "{\"evaluations\":[],\"public_address\":\"%s\"}",
             client_address(&bob));
    client_expect_saying(&alice, "POST", "/api/v1/tasks/x/submit_lease", body, 401,
                         "public_address");
    client_expect_saying(&alice, "POST", "/api/v1/tasks/x/submit_lease", "{\"message\":\"auth:1\"}",
                         401, "message");
    client_expect_saying(&alice, "POST", "/api/v1/tasks/x/submit_lease", "{\"signature\":\"00\"}",
                         401, "signature");
    client_expect_saying(&alice, "POST", "/api/v1/tasks/x/submit_lease", "{\"signature\":5}", 422,
                         "signature");
    snprintf(body, sizeof body, "{\"evaluations\":[],\"public_address\":\"%s\"}",
             client_address(&alice));
    client_expect_saying(&alice, "POST", "/api/v1/tasks/x/submit_lease", body, 404,
                         "Active lease assignment not found");
}

static void test_bodies_that_are_none(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{",
        "[]",
        "null",
        "7",
        "{\"a\":}",
        "\xff\xfe",
        "{}{}",
        "{\"a\":\"\xc3\"}",
        "{\"a\":\"\\ud800\"}",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        client_expect_saying(&alice, "POST", "/api/v1/tasks/lease", bodies[i], 422, "body: ");
    }
    struct pm_text deep = {0};
    for (int i = 0; i < 10000; i++) {
        pm_text_append(&deep, "{\"a\":[");
    }
    client_expect_saying(&alice, "POST", "/api/v1/tasks/lease", deep.data, 422, "body: ");
    pm_text_clear(&deep);
}

static void test_large_bodies(void **state)
{
    (void)state;
    struct pm_text body = {0};
    pm_text_append(&body, "{\"padding\":\"");
    while (body.length < BODY_LIMIT - 2) {
        pm_text_append(&body, "x");
    }
    pm_text_append(&body, "\"}");
    struct request request = {.method = "POST",
                              .url = pool.url,
                              .path = "/api/v1/tasks/lease",
                              .body = body.data,
                              .body_size = body.length};
    struct answer answer = http_send(&request); /* just fits: read, and refused for its headers */
    assert_int_equal(answer.status, 401);
    answer_clear(&answer);
    pm_text_append(&body, " ");
    request.body = body.data;
    request.body_size = body.length;
    for (int chunked = 0; chunked < 2; chunked++) {
        request.chunked = chunked;
        answer = http_send(&request);
        assert_int_equal(answer.status, 413);
        assert_non_null(strstr(answer.detail, "over the limit of 1048576 bytes"));
        answer_clear(&answer);
    }
    pm_text_clear(&body);
}

static void test_hostile_algorithms(void **state)
{
    (void)state;
    char path[PATH_SIZE], body[1024];
    static const char *const programs[] = {
        "s0 = __import__('os').system('true')",
        "def Predict():\\n  s99 = 1",
        "\\u0001\\u0002",
        "# meta: scalar_count=99999999999999999999",
        "def Learn():\\n  v0[999999999] = 1e",
        "s0 = 1; DROP TABLE miners; --",
    };
    struct answer lease = client_expect(&alice, "POST", "/api/v1/tasks/lease", NULL, 200);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        snprintf(body, sizeof body,
                 "{\"evaluations\":[{\"algorithm_id\":1,\"score\":0.5}],"
                 "\"evolutions\":[{\"parent_algorithm_ids\":[1],\"algorithm_dsl\":\"%s\"}]}",
                 programs[i]);
        client_expect_saying(&alice, "POST", path, body, 422, "evolutions[0].algorithm_dsl: ");
    }
    struct answer stats = client_expect(&alice, "GET", "/api/v1/miners/stats", NULL, 200);
    assert_int_equal(answer_integer(&stats, "evaluations_submitted"), 0);
    assert_int_equal(answer_integer(&stats, "evolutions_submitted"), 0);
    answer_clear(&stats);
    answer_clear(&lease);
}

static void ask_for_work(const char *kind, char *id, size_t size)
{
    char body[64];
    bool lease = kind[0] == '\0';
    snprintf(body, sizeof body, lease ? "{}" : "{\"task_type\":\"%s\"}", kind);
    struct answer answer = client_expect(
        &alice, "POST", lease ? "/api/v1/tasks/lease" : "/api/v1/tasks/request", body, 200);
    snprintf(id, size, "%s", answer_string(&answer, lease ? "lease_id" : "batch_id"));
    answer_clear(&answer);
}

/* Whatever is wrong with a submission's content, it does not lock its miner out: the lease stays
 * open for a mended one, and the next lease is granted. */
static void test_a_submission_without_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *call, *body, *said;
    } cases[] = {
        {"", "submit_lease", "{", "body"},
        {"", "submit_lease", "[]", "body"},
        {"", "submit_lease", "\xff", "body"},
        {"", "submit_lease", "", "body"},
        {"", "submit_lease", "{\"signature\":5}", "signature"},
        {"", "submit_lease", "{\"evaluations\":7}", "evaluations"},
        {"", "submit_lease", "{\"evaluations\":[7]}", "evaluations[0]"},
        {"", "submit_lease", "{\"evaluations\":[{\"score\":0.5}]}", "algorithm_id"},
        {"", "submit_lease", "{\"evaluations\":[{\"algorithm_id\":1}]}", "score"},
        {"", "submit_lease", "{\"evaluations\":[{\"algorithm_id\":1,\"score\":1.5}]}", "score"},
        {"", "submit_lease", "{\"evaluations\":[{\"algorithm_id\":1,\"score\":-1}]}", "score"},
        {"", "submit_lease",
         "{\"evaluations\":[{\"algorithm_id\":1,\"score\":1},{\"algorithm_id\":1,\"score\":1}]}",
         "twice"},
        {"", "submit_lease", "{\"evolutions\":7}", "evolutions"},
        {"", "submit_lease", "{\"evolutions\":[7]}", "evolutions[0]"},
        {"", "submit_lease", "{\"evolutions\":[{}]}", "algorithm_dsl"},
        {"", "submit_lease", "{\"evolutions\":[{},{},{},{},{},{},{},{},{}]}", "at most 8"},
        {"", "submit_lease",
         "{\"evolutions\":[{\"algorithm_dsl\":\"\",\"parent_algorithm_ids\":[\"x\"]}]}",
         "parent_algorithm_ids[0]"},
        {"", "submit_lease", "{\"iterations\":-1}", "iterations"},
        {"", "submit_lease", "{\"iterations\":\"many\"}", "iterations"},
        {"evaluate", "submit_evaluation", "{}", "evaluations"},
        {"evolve", "submit_evolution", "{}", "evolved_function"},
        {"evolve", "submit_evolution", "{\"evolved_function\":\"\",\"parent_functions\":[1]}",
         "parent_functions[0]"},
    };
    char path[PATH_SIZE], id[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ask_for_work(cases[i].kind, id, sizeof id);
        snprintf(path, sizeof path, "/api/v1/tasks/%s/%s", id, cases[i].call);
        client_expect_saying(&alice, "POST", "/api/v1/tasks/lease", "{}", 400, "active task");
        client_expect_saying(&alice, "POST", path, cases[i].body, 422, cases[i].said);
    }
    ask_for_work("", id, sizeof id);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", id);
    client_expect_saying(&bob, "POST", path, "{", 422, "body");
    client_expect_saying(&alice, "POST", "/api/v1/tasks/lease", "{}", 400,
                         "active task"); /* hers */
    client_expect_saying(&alice, "POST", path, "{", 422, "body");
    client_expect_saying(&alice, "POST", path, "{\"evaluations\":[]}", 200, "accepted");
}

static void test_another_miners_lease(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct answer lease = client_expect(&bob, "POST", "/api/v1/tasks/lease", NULL, 200);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    client_expect_saying(&alice, "POST", path, "{\"evaluations\":[]}", 403, "another miner");
    client_expect_saying(&alice, "POST",
                         "/api/v1/tasks/00000000000000000000000000000000/submit_lease",
                         "{\"evaluations\":[]}", 404, "Active lease assignment not found");
    client_expect_saying(&bob, "POST", path,
                         "{\"evaluations\":[{\"algorithm_id\":4711,\"score\":1}]}", 422,
                         "algorithm 4711");
    client_expect_saying(&bob, "POST", path,
                         "{\"evaluations\":[{\"algorithm_id\":1,\"score\":1e400}]}", 422, "");
    client_expect_saying(&bob, "POST", path, "{\"evaluations\":[]}", 200, "accepted");
    answer_clear(&lease);
}

static void test_what_is_no_http(void **state)
{
    (void)state;
    static const char *const bytes[] = {
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET /health\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "GET /health HTTP/9.9\r\nX-Key: \xff\xff\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        int connection = http_connect(pool.url);
        assert_true(write(connection, bytes[i], strlen(bytes[i])) > 0);
        close(connection);
        assert_healthy();
    }
    struct pm_text header = {0};
    pm_text_append(&header, "GET /health HTTP/1.1\r\nHost: x\r\nX-Key: ");
    for (int i = 0; i < 20000; i++) {
        pm_text_append(&header, "aaaaaaaaaa");
    }
    int connection = http_connect(pool.url);
    /* MSG_NOSIGNAL: the pool may have hung up before the end of it */
    (void)send(connection, header.data, header.length, MSG_NOSIGNAL);
    close(connection);
    pm_text_clear(&header);
    assert_healthy();
}

/* Sends a request for a lease and hears all that comes until the pool hangs up. */
static struct answer ask_raw(const char *request)
{
    return http_send_raw(pool.url, "POST", "/api/v1/tasks/lease", request, strlen(request), true);
}

/* What is far too large, or waits for leave to be sent, is refused before it comes. */
static void test_announced_bodies(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n"
        "Expect: 100-continue\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct answer answer = ask_raw(requests[i]);
        assert_int_equal(answer.status, 413);
        assert_int_equal(strncmp(answer.detail, "body: over the limit", 20), 0);
        answer_clear(&answer);
    }
}

/* A second request must not hide in the body of the first. */
static void test_lengths_that_are_not_clear(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        "Content-Length: 30\r\n\r\n{}",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        "Content-Length: 2\r\n\r\n{}",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Length: 2\r\n\r\n0\r\n\r\n",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n{}",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nContent-Length\t: 2\r\n\r\n{}",
        "POST /api/v1/tasks/lease HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n"
        "0\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct answer answer = ask_raw(requests[i]);
        if (answer.status != 400 ||
            strstr(answer.detail, "It is not clear how long the request is") == NULL) {
            fail_msg("%s: %d %s", requests[i], answer.status, answer.text);
        }
        answer_clear(&answer);
    }
}

/* The absolute form of a request's target: a server has to take it, whatever it calls the host. */
static void test_targets_in_full(void **state)
{
    (void)state;
    static const struct {
        const char *target, *path;
        int status;
    } cases[] = {
        {"http://example.org/health", "/health", 200},
        {"HTTPS://[::1]:80/api/v1/miners/leaderboard?limit=3", "/api/v1/miners/leaderboard?limit=3",
         200},
        {"http://example.org/nothing", "/nothing", 404},
        {"http://example.org", "", 404},
        {"http://", "", 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[256];
        int size = snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n",
                            cases[i].target, "Connection: close");
        struct answer answer =
            http_send_raw(pool.url, "GET", cases[i].path, bytes, (size_t)size, true);
        assert_int_equal(answer.status, cases[i].status);
        answer_clear(&answer);
    }
}

static void test_idle_connections(void **state)
{
    (void)state;
    static int connections[IDLE];
    for (size_t i = 0; i < IDLE; i++) {
        connections[i] = http_connect(pool.url);
        assert_true(write(connections[i], "POST /api", 9) == 9);
    }
    assert_healthy();
    client_expect_saying(&alice, "GET", "/api/v1/tasks/pending_evaluations", NULL, 200, "count");
    for (size_t i = 0; i < IDLE; i++) {
        close(connections[i]);
    }
}

/* Takes a lease, or the one it still has, and lets it go: 200, or what came in between. */
static int take_and_let_go(const struct client *client)
{
    char path[PATH_SIZE];
    struct answer answer = client_call(client, "POST", "/api/v1/tasks/lease", "{\"resume\":true}");
    int status = answer.status;
    if (status == 200) {
        snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease",
                 answer_string(&answer, "lease_id"));
        answer_clear(&answer);
        answer = client_call(client, "POST", path, "{\"evaluations\":[]}");
        status = answer.status;
    }
    answer_clear(&answer);
    return status;
}

/* The pool's files grow no further, as on a full disk, or its database takes no more writes; from
 * the return on. */
static void refuse_writes(bool refuse)
{
    const struct rlimit limit = {refuse ? 1 : RLIM_INFINITY, RLIM_INFINITY};
    if (test_store_url() == NULL) {
        assert_int_equal(prlimit(pool.pid, RLIMIT_FSIZE, &limit, NULL), 0);
        return;
    }
    struct client dave;
    int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    client_create(&dave, pool.url, 4);
    test_store_refuse_writes(refuse);
    while (take_and_let_go(&dave) != (refuse ? 503 : 200)) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(20);
    }
    client_destroy(&dave);
}

static int count_in_log(const char *id)
{
    char path[PATH_SIZE], *text;
    size_t length;
    int count = 0;
    snprintf(path, sizeof path, "%s/log", pool.directory);
    assert_true(pm_file_read(path, 1 << 24, &text, &length, NULL));
    for (const char *at = text; (at = strstr(at, id)) != NULL; at++) {
        count++;
    }
    free(text);
    return count;
}

static void test_a_store_that_cannot_write(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    const char *body = "{\"evaluations\":[],\"iterations\":7}";
    struct client carol;
    client_create(&carol, pool.url, 3);
    struct answer lease = client_expect(&carol, "POST", "/api/v1/tasks/lease", NULL, 200);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    refuse_writes(true);
    struct answer answer = client_expect(&carol, "POST", path, body, 503);
    assert_non_null(strstr(answer.headers, "Retry-After: "));
    answer_clear(&answer);
    client_expect_saying(&bob, "POST", "/api/v1/tasks/lease", NULL, 503, "try again");
    for (int i = 0; i < 20; i++) {
        client_expect_saying(&bob, "POST", "/api/v1/tasks/lease", NULL, 503, "try again");
    }
    assert_healthy(); /* reading needs no room */
    refuse_writes(false);
    client_expect_saying(&carol, "POST", path, body, 200, "accepted");
    answer_clear(&lease);
    client_destroy(&carol);
    assert_in_range(count_in_log("POOL-STORE-FAILED"), 0, 1); /* the log's disk is full too */
    assert_int_equal(count_in_log("POOL-STORE-BACK"), 1);
}

/* One of many miners at once: judges and evolves, round after round. */
static void *mine(void *context)
{
    const struct client *client = context;
    for (int round = 0; round < ROUNDS; round++) {
        char path[PATH_SIZE];
        struct pm_text body = {0};
        const cJSON *item;
        struct answer lease =
            client_expect(client, "POST", "/api/v1/tasks/lease", "{\"eval_batch_size\":64}", 200);
        pm_text_append(&body, "{\"evaluations\":[");
        cJSON_ArrayForEach(item, answer_member(&lease, "evaluate_algorithms")) pm_text_append(
            &body, "%s{\"algorithm_id\":%d,\"score\":0.75}", item->prev->next != NULL ? "," : "",
            cJSON_GetObjectItem(item, "id")->valueint);
        pm_text_append(&body,
                       "],\"evolutions\":[{\"parent_algorithm_ids\":[1],\"algorithm_dsl\":"
                       "\"def Predict():\\n  s0 = 0.%d%s\"}]}",
                       round + 1, client_address(client)[5] % 2 ? "1" : "2");
        snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease",
                 answer_string(&lease, "lease_id"));
        client_expect_saying(client, "POST", path, body.data, 200, "accepted");
        pm_text_clear(&body);
        answer_clear(&lease);
    }
    return NULL;
}

static void test_many_at_once(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    static struct client miners[THREADS];
    double reputation = 0;
    int64_t accurate = 0, authored_over = 0;
    for (size_t i = 0; i < THREADS; i++) {
        client_create(&miners[i], pool.url, (uint8_t)(100 + i));
        assert_int_equal(pthread_create(&threads[i], NULL, mine, &miners[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < THREADS; i++) {
        struct answer stats = client_expect(&miners[i], "GET", "/api/v1/miners/stats", NULL, 200);
        reputation += answer_number(&stats, "reputation");
        accurate += answer_integer(&stats, "evaluations_accurate");
        authored_over += answer_integer(&stats, "evolutions_over_threshold");
        assert_int_equal(answer_integer(&stats, "evaluations_finalised"),
                         answer_integer(&stats, "evaluations_accurate"));
        answer_clear(&stats);
        client_destroy(&miners[i]);
    }
    /* all agree on 0.75: every accurate evaluation earned 1, every agreed evolution 1.5 */
    assert_true(accurate > 0 && authored_over > 0);
    assert_true(reputation == (double)accurate + 1.5 * (double)authored_over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_paths_and_methods),
        cmocka_unit_test(test_unsigned_and_stale),
        cmocka_unit_test(test_a_proof_that_was_read_by_another),
        cmocka_unit_test(test_headers_come_before_the_body),
        cmocka_unit_test(test_the_description_needs_no_store),
        cmocka_unit_test(test_proof_in_the_body_must_agree),
        cmocka_unit_test(test_bodies_that_are_none),
        cmocka_unit_test(test_large_bodies),
        cmocka_unit_test(test_hostile_algorithms),
        cmocka_unit_test(test_a_submission_without_meaning),
        cmocka_unit_test(test_another_miners_lease),
        cmocka_unit_test(test_what_is_no_http),
        cmocka_unit_test(test_announced_bodies),
        cmocka_unit_test(test_lengths_that_are_not_clear),
        cmocka_unit_test(test_targets_in_full),
        cmocka_unit_test(test_idle_connections),
        cmocka_unit_test(test_a_store_that_cannot_write),
        cmocka_unit_test(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, open_pool, close_pool);
}
