/* What a relay is told of new bests, when it is away, refuses, and takes it; the real pool. */
#include "cmocka_include.h"
#include "driver/scripted_server.h"
#include "pool/house.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { CALLS_MAX = 64, WAIT_MS = 60000, STOP_MS = 15000, PATH_SIZE = 256 };

struct relay {
    struct house house;
    struct scripted_server *server;
    char key_path[64];
    pthread_mutex_t mutex;
    int calls;
    struct scripted_request requests[CALLS_MAX];
    int statuses[CALLS_MAX]; /* to answer with; 0: 200 */
    bool hangs;              /* takes requests and answers none */
};

static void on_request(void *context, const struct scripted_request *request,
                       struct scripted_reply *reply)
{
    struct relay *relay = context;
    pthread_mutex_lock(&relay->mutex);
    assert_in_range(relay->calls, 0, CALLS_MAX - 1);
    relay->requests[relay->calls] = *request;
    reply->status = relay->statuses[relay->calls];
    reply->manner = relay->hangs ? SCRIPTED_HANG : SCRIPTED_PROPER;
    relay->calls++;
    pthread_mutex_unlock(&relay->mutex);
    strcpy(reply->body, "{\"detail\":\"as scripted\"}");
}

static int calls(struct relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    int count = relay->calls;
    pthread_mutex_unlock(&relay->mutex);
    return count;
}

static void wait_for_calls(struct relay *relay, int count)
{
    int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    while (calls(relay) < count) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(20);
    }
}

/* Until the pool has heard an answer and noted it: the relay has seen the request a moment before
 * that, and a pool stopped in between has to send it again when it is back. */
static void wait_for_log(struct relay *relay, const char *part, int count)
{
    int64_t until_ms = pm_clock_monotonic_ms() + WAIT_MS;
    while (pool_process_logged(&relay->house.pool, part) < count) {
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(20);
    }
}

static void start(struct relay *relay)
{
    pool_process_start(&relay->house.pool,
                       (const char *[]){"--quorum", "1", "--relay-url",
                                        scripted_server_url(relay->server), "--relay-hotkey",
                                        relay->key_path, "--relay-task-id", "task-7", NULL});
    for (size_t i = 0; i < CLIENTS; i++) {
        client_create(&relay->house.clients[i], relay->house.pool.url, (uint8_t)i);
    }
}

static void stop(struct relay *relay)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        client_destroy(&relay->house.clients[i]);
    }
    assert_int_equal(pool_process_stop(&relay->house.pool), 0);
}

static int open_relay(void **state)
{
    struct relay *relay = calloc(1, sizeof *relay);
    struct pm_hotkey *hotkey;
    const uint8_t seed[PM_SEED_SIZE] = {7};
    pthread_mutex_init(&relay->mutex, NULL);
    pool_process_create(&relay->house.pool);
    snprintf(relay->key_path, sizeof relay->key_path, "/tmp/test_pool_relay_%d", (int)getpid());
    assert_true(pm_hotkey_from_seed(seed, &hotkey, NULL));
    assert_true(pm_hotkey_save(hotkey, relay->key_path, NULL));
    pm_hotkey_destroy(hotkey);
    relay->server = scripted_server_start(on_request, relay);
    *state = relay;
    return 0;
}

static int close_relay(void **state)
{
    struct relay *relay = *state;
    unlink(relay->key_path);
    pool_process_destroy(&relay->house.pool);
    scripted_server_stop(relay->server);
    pthread_mutex_destroy(&relay->mutex);
    free(relay);
    return 0;
}

/* One miner evolves, another judges. */
static void agree_on(struct relay *relay, const char *program, const char *score)
{
    house_evolve(&relay->house.clients[0], program, 200,
                 "\"status\":\"accepted\",\"algorithm_id\"");
    house_judge_all(&relay->house.clients[1], score);
}

static void assert_forwarded(const struct scripted_request *request, double score,
                             const char *program)
{
    cJSON *json;
    const cJSON *result, *metadata;
    const char *text;
    double number;
    char message[128], key[128], signature[256];
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->path, "/submit_solution");
    assert_true(pm_json_parse(request->body, request->body_size, 1 << 20, &json, NULL));
    assert_true(pm_json_string(json, "task_id", &text, NULL));
    assert_string_equal(text, "task-7");
    assert_true(pm_json_number(json, "score", &number, NULL) && number == score);
    assert_true(pm_json_object(json, "algorithm_result", &result, NULL));
    assert_true(pm_json_string(result, "dsl", &text, NULL));
    assert_non_null(strstr(text, program));
    assert_true(pm_json_object(result, "metadata", &metadata, NULL));
    cJSON_Delete(json);
    snprintf(key, sizeof key, "%s", scripted_header(request, "X-Key"));
    snprintf(message, sizeof message, "auth:%s", scripted_header(request, "X-Timestamp"));
    snprintf(signature, sizeof signature, "%s", scripted_header(request, "X-Signature"));
    assert_true(pm_hotkey_verify_hex(key, message, signature, NULL));
}

static void test_a_new_best_is_forwarded(void **state)
{
    struct relay *relay = *state;
    start(relay);
    house_judge_all(&relay->house.clients[1], "0.9"); /* the pool's own seeds are no news */
    agree_on(relay, "def Predict():\\n  s0 = 11", "0.5");
    wait_for_calls(relay, 1);
    assert_forwarded(&relay->requests[0], 0.5, "s0 = 11");
    agree_on(relay, "def Predict():\\n  s0 = 12", "0.4"); /* no better */
    agree_on(relay, "def Predict():\\n  s0 = 13", "0.6");
    wait_for_calls(relay, 2);
    assert_forwarded(&relay->requests[1], 0.6, "s0 = 13");
    wait_for_log(relay, "POOL-RELAYED", 2);
    stop(relay);
    start(relay); /* knows what it has told */
    agree_on(relay, "def Predict():\\n  s0 = 14", "0.7");
    wait_for_calls(relay, 3);
    assert_forwarded(&relay->requests[2], 0.7, "s0 = 14");
    stop(relay);
    assert_int_equal(calls(relay), 3);
}

static void test_away_and_refusing(void **state)
{
    struct relay *relay = *state;
    relay->statuses[0] = 503;
    relay->statuses[1] = 429;
    relay->statuses[3] = 422;
    start(relay);
    house_judge_all(&relay->house.clients[1], "0.1");
    agree_on(relay, "def Predict():\\n  s0 = 11", "0.5");
    wait_for_calls(relay, 3); /* the third is taken */
    for (int i = 0; i < 3; i++) {
        assert_forwarded(&relay->requests[i], 0.5, "s0 = 11");
    }
    agree_on(relay, "def Predict():\\n  s0 = 12", "0.6"); /* which it refuses for good */
    wait_for_calls(relay, 4);
    agree_on(relay, "def Predict():\\n  s0 = 13", "0.7");
    wait_for_calls(relay, 5);
    assert_forwarded(&relay->requests[4], 0.7, "s0 = 13");
    stop(relay);
    assert_int_equal(calls(relay), 5);
}

/* Nobody listens there: miners notice nothing of it, and the pool stops when asked. */
static void test_nobody_there(void **state)
{
    struct relay *relay = *state;
    pool_process_start(&relay->house.pool,
                       (const char *[]){"--quorum", "1", "--relay-url", "http://127.0.0.1:1",
                                        "--relay-hotkey", relay->key_path, NULL});
    for (size_t i = 0; i < CLIENTS; i++) {
        client_create(&relay->house.clients[i], relay->house.pool.url, (uint8_t)i);
    }
    house_judge_all(&relay->house.clients[1], "0.1");
    agree_on(relay, "def Predict():\\n  s0 = 11", "0.5");
    agree_on(relay, "def Predict():\\n  s0 = 12", "0.6");
    stop(relay);
    assert_int_equal(calls(relay), 0);
}

/* It takes the request and is silent: miners notice nothing of it, nor does the pool when it is
 * asked to stop, long before it would have stopped waiting. The next one sends it again. */
static void test_silent(void **state)
{
    struct relay *relay = *state;
    relay->hangs = true;
    start(relay);
    agree_on(relay, "def Predict():\\n  s0 = 11", "0.5");
    wait_for_calls(relay, 1);
    agree_on(relay, "def Predict():\\n  s0 = 12", "0.4");
    int64_t begin_ms = pm_clock_monotonic_ms();
    stop(relay);
    assert_true(pm_clock_monotonic_ms() - begin_ms < STOP_MS);
    assert_int_equal(calls(relay), 1);
    pthread_mutex_lock(&relay->mutex);
    relay->hangs = false;
    pthread_mutex_unlock(&relay->mutex);
    start(relay);
    wait_for_log(relay, "POOL-RELAYED", 1);
    stop(relay);
    assert_int_equal(calls(relay), 2);
    assert_forwarded(&relay->requests[1], 0.5, "s0 = 11");
}

/* It is started after the pool. */
static void test_comes_back(void **state)
{
    struct relay *relay = *state;
    scripted_server_stop(relay->server);
    relay->server = scripted_server_bind(on_request, relay);
    start(relay);
    agree_on(relay, "def Predict():\\n  s0 = 11", "0.5");
    wait_for_log(relay, "POOL-RELAY-AWAY", 1);
    agree_on(relay, "def Predict():\\n  s0 = 12", "0.6");
    scripted_server_listen(relay->server);
    wait_for_log(relay, "POOL-RELAYED", 1);
    stop(relay);
    assert_int_equal(calls(relay), 1);
    assert_forwarded(&relay->requests[0], 0.6, "s0 = 12");
}

#define RELAY(test) cmocka_unit_test_setup_teardown(test, open_relay, close_relay)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RELAY(test_a_new_best_is_forwarded),
        RELAY(test_away_and_refusing),
        RELAY(test_nobody_there),
        RELAY(test_silent),
        RELAY(test_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
