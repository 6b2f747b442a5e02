/* The API over HTTP, as miners call it: the real program, real signatures. */
#include "cmocka_include.h"
#include "pool/house.h"
#include "pool/sql.h"
#include "pool/test_store.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum { PATH_SIZE = 256 };

static int open_default(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_open(house, (const char *[]){"--dataset-fingerprint", "fe14", "--suite", "first2000",
                                       "--log-level", "debug", NULL});
    *state = house;
    return 0;
}

static void test_health(void **state)
{
    struct answer answer = house_get(*state, "/health", 200);
    assert_string_equal(answer_string(&answer, "status"), "healthy");
    assert_int_equal(answer_integer(&answer, "window_number"), 1);
    assert_true(answer_integer(&answer, "current_block") > 0);
    assert_in_range(answer_integer(&answer, "time_remaining_s"), 3500, 3600);
    assert_string_equal(answer_string(&answer, "dataset_fingerprint"), "fe14");
    assert_string_equal(answer_string(&answer, "suite"), "first2000");
    answer_clear(&answer);
}

/* Each answer names its request, as the log does. */
static void test_request_ids(void **state)
{
    const struct house *house = *state;
    static const struct {
        const char *sent, *header;
    } cases[] = {
        {"proxy-17_a.B", "X-Request-Id: proxy-17_a.B\r\n"},
        {"with blank", NULL},
        {"x;y", NULL},
        {"1234567890123456789012345678901234567890123456789012345678901234567890", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct request request = {.method = "GET",
                                        .url = house->pool.url,
                                        .path = "/health",
                                        .request_id = cases[i].sent};
        struct answer answer = http_send(&request);
        assert_true((strstr(answer.headers, cases[i].sent) != NULL) == (cases[i].header != NULL));
        assert_true(cases[i].header == NULL || strstr(answer.headers, cases[i].header) != NULL);
        answer_clear(&answer);
    }
    assert_true(pool_process_logged(
                    &house->pool, "HTTP-REQUEST request=proxy-17_a.B GET /health status=200") > 0);
}

static void test_register_and_stats(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    client_expect_saying(client, "GET", "/api/v1/miners/stats", NULL, 404, "Miner not registered");
    for (int again = 0; again < 2; again++) {
        struct answer answer = client_expect(client, "POST", "/api/v1/miners/register", NULL, 200);
        int64_t registered_ms;
        assert_string_equal(answer_string(&answer, "hotkey"), client_address(client));
        assert_true(answer_number(&answer, "reputation") == 0);
        assert_true(pm_clock_parse_iso(answer_string(&answer, "registered_at"), &registered_ms));
        assert_true(llabs(registered_ms - pm_clock_unix_ms()) < 60000);
        answer_clear(&answer);
    }
    struct answer stats = client_expect(client, "GET", "/api/v1/miners/stats", NULL, 200);
    static const char *const figures[] = {
        "reputation",
        "reputation_total",
        "reputation_per_hour",
        "rank",
        "balance_rao",
        "lifetime_rao",
        "evaluations_submitted",
        "evaluations_finalised",
        "evaluations_accurate",
        "accuracy_rate",
        "evolutions_submitted",
        "evolutions_finalised",
        "evolutions_over_threshold",
        "success_rate",
        "best_score",
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        answer_number(&stats, figures[i]);
    }
    const cJSON *pool = answer_member(&stats, "pool");
    static const char *const pool_figures[] = {
        "miners_active",      "total_reputation",   "epoch",
        "epoch_seconds_left", "algorithms_waiting", "best_score"};
    for (size_t i = 0; i < sizeof pool_figures / sizeof *pool_figures; i++) {
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(pool, pool_figures[i])));
    }
    answer_clear(&stats);
}

static void test_a_lease(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    struct answer lease = client_expect(
        client, "POST", "/api/v1/tasks/lease",
        "{\"task_type\":\"cifar10_binary\",\"eval_batch_size\":8,\"seed_batch_size\":8,"
        "\"gossip_limit\":0}",
        200);
    int64_t timeout_ms;
    const char *timeout_at = answer_string(&lease, "timeout_at");
    assert_true(pm_clock_parse_iso(timeout_at, &timeout_ms));
    assert_int_equal(timeout_at[strlen(timeout_at) - 1], 'Z');
    assert_in_range(timeout_ms - pm_clock_unix_ms(), 10790000, 10800000);
    assert_int_equal(strlen(answer_string(&lease, "lease_id")), 32);
    assert_int_equal(answer_integer(&lease, "window_number"), 1);
    assert_int_equal(answer_integer(&lease, "evolve_budget"), 1);
    assert_true(cJSON_IsNull(answer_member(&lease, "gossip")));
    assert_int_equal(cJSON_GetArraySize(answer_member(&lease, "seed_algorithms")), 2);
    const cJSON *item, *items = answer_member(&lease, "evaluate_algorithms");
    assert_in_range(cJSON_GetArraySize(items), 3, 8);
    cJSON_ArrayForEach(item, items)
    {
        assert_true(cJSON_IsNumber(cJSON_GetObjectItem(item, "id")));
        assert_true(cJSON_IsString(cJSON_GetObjectItem(item, "algorithm_dsl")));
        assert_int_equal(cJSON_GetObjectItem(item, "input_dim")->valueint, 16);
    }
    answer_clear(&lease);
    client_expect_saying(client, "POST", "/api/v1/tasks/lease", "{}", 400,
                         "Miner already has active task");
    client_expect_saying(client, "POST", "/api/v1/tasks/request", NULL, 400,
                         "Miner already has active task");
}

/* What a miner reckons from has to be of the epoch that it earns in. */
static void test_an_epoch_keeps_its_length(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    struct answer registered = client_expect(client, "POST", "/api/v1/miners/register", NULL, 200);
    answer_clear(&registered);
    assert_int_equal(pool_process_stop(&house->pool), 0);
    pool_process_start(&house->pool, (const char *[]){"--epoch-s", "60", NULL});
    struct answer stats = client_expect(client, "GET", "/api/v1/miners/stats", NULL, 200);
    const cJSON *pool = answer_member(&stats, "pool");
    assert_true(cJSON_GetObjectItem(pool, "epoch_s")->valuedouble == 3600);
    assert_true(cJSON_GetObjectItem(pool, "epoch_seconds_left")->valuedouble > 60);
    assert_int_equal(pool_process_logged(&house->pool, "POOL-EPOCH-KEPT epoch 1 was begun with"),
                     1);
    answer_clear(&stats);
}

/* A transaction of another process on the same store. */
static struct pm_sql *hold_writer(const struct house *house)
{
    char path[PATH_SIZE];
    struct pm_sql *sql;
    const char *url = test_store_url();
    snprintf(path, sizeof path, "%s/pool.db", house->pool.directory);
    assert_true(url != NULL ? pm_sql_open_postgres(url, PM_SQL_WRITE, &sql, NULL)
                            : pm_sql_open_sqlite(path, PM_SQL_WRITE, &sql, NULL));
    assert_true(pm_sql_begin(sql, NULL));
    return sql;
}

/* What only reads is answered while the one writer is held. */
static void test_reading_waits_for_no_writer(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    static const char *const paths[] = {"/api/v1/tasks/pending_evaluations", "/api/v1/results",
                                        "/api/v1/miners/recipient-coldkey",
                                        "/api/v1/miners/leaderboard", "/api/v1/results/sota"};
    struct answer answer = client_expect(client, "POST", "/api/v1/miners/register", NULL, 200);
    answer_clear(&answer);
    struct pm_sql *sql = hold_writer(house);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        answer = client_call(client, "GET", paths[i], NULL);
        assert_int_equal(answer.status, 200);
        answer_clear(&answer);
    }
    pm_sql_rollback(sql);
    pm_sql_close(sql);
}

/* The answer to the first request is lost, as it were. */
static void test_a_lost_lease(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    static const char path[] = "/api/v1/tasks/lease";
    struct answer first = client_expect(client, "POST", path, "{\"resume\":true}", 200);
    struct answer none = client_expect(client, "POST", path, "{\"resume\":false}", 400);
    assert_string_equal(none.detail, "Miner already has active task");
    assert_in_range(answer_integer(&none, "time_remaining_s"), 10700, 10800);
    struct answer again = client_expect(client, "POST", path, "{\"resume\":true}", 200);
    assert_string_equal(first.text, again.text);
    client_expect_saying(client, "POST", path, "{\"resume\":1}", 422, "resume");
    answer_clear(&first);
    answer_clear(&none);
    answer_clear(&again);
}

/* One told another score than the others; one evolved below the threshold, below. */
static void check_unpaid(const struct client *clients)
{
    static const char path[] = "/api/v1/miners/unpaid";
    struct answer liar = client_expect(&clients[2], "GET", path, NULL, 200);
    const cJSON *items = answer_member(&liar, "unpaid");
    assert_int_equal(cJSON_GetArraySize(items), 1);
    const cJSON *item = cJSON_GetArrayItem(items, 0);
    assert_string_equal(cJSON_GetObjectItem(item, "kind")->valuestring, "evaluation");
    assert_true(cJSON_GetObjectItem(item, "score")->valuedouble == 0.5);
    assert_true(cJSON_GetObjectItem(item, "median")->valuedouble == 0.91);
    assert_true(answer_number(&liar, "tolerance") == 0.1);
    char later[96];
    snprintf(later, sizeof later, "%s?limit=5&since_ms=%.0f", path,
             cJSON_GetObjectItem(item, "judged_ms")->valuedouble + 1);
    client_expect_saying(&clients[2], "GET", later, NULL, 200, "\"unpaid\":[]");
    client_expect_saying(&clients[1], "GET", path, NULL, 200, "\"unpaid\":[]");
    client_expect_saying(&clients[1], "GET", "/api/v1/miners/unpaid?limit=0", NULL, 422, "limit");
    answer_clear(&liar);
}

static void test_an_evolution_below_the_threshold_is_told(void **state)
{
    struct house *house = *state;
    struct client *clients = house->clients;
    for (size_t i = 1; i < 4; i++) {
        house_judge_all(&clients[i], "0.5");
    }
    house_evolve(&clients[0], "def Predict():\\n  s0 = 0.25\\n", 200, "\"status\":\"accepted\"");
    for (size_t i = 1; i < 4; i++) {
        house_judge_all(&clients[i], "0.6");
    }
    client_expect_saying(&clients[0], "GET", "/api/v1/miners/unpaid", NULL, 200,
                         "\"kind\":\"evolution\"");
    client_expect_saying(&clients[1], "GET", "/api/v1/miners/unpaid", NULL, 200, "\"unpaid\":[]");
}

/* All that one judged is agreed on with one submission, at one time: pages go on within it. */
static void test_unpaid_page_by_page(void **state)
{
    struct house *house = *state;
    struct client *clients = house->clients;
    static const char *const bad[] = {"",
                                      "1",
                                      "1-evaluation",
                                      "1-evaluation-",
                                      "1-riddle-2",
                                      "1-evaluation-2-3",
                                      "01-evaluation-2"};
    char path[PATH_SIZE] = "/api/v1/miners/unpaid?limit=2";
    int64_t last_id = 0, total = 0;
    house_judge_all(&clients[0], "0.9");
    house_judge_all(&clients[1], "0.5");
    house_judge_all(&clients[2], "0.5");
    for (bool more = true; more;) {
        struct answer page = client_expect(&clients[0], "GET", path, NULL, 200);
        const cJSON *item, *next = answer_member(&page, "next");
        cJSON_ArrayForEach(item, answer_member(&page, "unpaid"))
        {
            int id = cJSON_GetObjectItem(item, "algorithm_id")->valueint;
            assert_true(id > last_id);
            last_id = id;
            total++;
        }
        more = cJSON_IsString(next);
        if (more) {
            snprintf(path, sizeof path, "/api/v1/miners/unpaid?limit=2&after=%s",
                     next->valuestring);
        }
        answer_clear(&page);
    }
    assert_int_equal(total, 5);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(path, sizeof path, "/api/v1/miners/unpaid?after=%s", bad[i]);
        client_expect_saying(&clients[0], "GET", path, NULL, 422, "after: expected");
    }
}

static void test_from_work_to_reputation(void **state)
{
    struct house *house = *state;
    struct client *clients = house->clients;
    for (size_t i = 1; i < 4; i++) {
        house_judge_all(&clients[i], "0.5"); /* the built-in seeds */
    }
    house_evolve(&clients[0], "def Predict():\\n  s0 = 0.25\\n", 200, "\"status\":\"accepted\"");
    client_expect_saying(&clients[0], "GET", "/api/v1/tasks/pending_evaluations", NULL, 200,
                         "{\"has_pending_evaluations\":false,\"count\":0}");
    client_expect_saying(&clients[1], "GET", "/api/v1/tasks/pending_evaluations", NULL, 200,
                         "{\"has_pending_evaluations\":true,\"count\":1}");
    house_judge_all(&clients[1], "0.92");
    house_judge_all(&clients[2], "0.5");
    house_judge_all(&clients[3], "0.91");
    struct answer author = client_expect(&clients[0], "GET", "/api/v1/miners/stats", NULL, 200);
    assert_true(answer_number(&author, "reputation") == 1.82);
    assert_true(answer_number(&author, "best_score") == 0.91);
    assert_true(answer_number(&author, "success_rate") == 1);
    answer_clear(&author);
    struct answer liar = client_expect(&clients[2], "GET", "/api/v1/miners/stats", NULL, 200);
    check_unpaid(clients);
    assert_int_equal(answer_integer(&liar, "evaluations_finalised"), 6);
    assert_int_equal(answer_integer(&liar, "evaluations_accurate"), 5);
    answer_clear(&liar);
    struct answer board = house_get(house, "/api/v1/miners/leaderboard?limit=2", 200);
    const cJSON *miners = answer_member(&board, "miners");
    assert_int_equal(cJSON_GetArraySize(miners), 2);
    const cJSON *first = cJSON_GetArrayItem(miners, 0);
    assert_true(cJSON_GetObjectItem(first, "reputation")->valuedouble == 6);
    assert_int_equal(cJSON_GetObjectItem(first, "rank")->valueint, 1);
    answer_clear(&board);
    struct answer sota = house_get(house, "/api/v1/results/sota?task_type=cifar10_binary", 200);
    assert_true(answer_number(&sota, "sota_score") == 0.91);
    answer_clear(&sota);
}

static void test_results(void **state)
{
    struct house *house = *state;
    struct client *clients = house->clients;
    struct answer sota = house_get(house, "/api/v1/results/sota", 200);
    assert_true(cJSON_IsNull(answer_member(&sota, "sota_score")));
    answer_clear(&sota);
    client_expect_saying(&clients[0], "POST", "/api/v1/results/verify/1", NULL, 400,
                         "not completed");
    client_expect_saying(&clients[0], "POST", "/api/v1/results/verify/99", NULL, 404,
                         "Result not found");
    static const char *const no_ids[] = {"1x", "+1",  "-1",  "01",
                                         "0",  "1.0", "0x1", "9999999999999999999"};
    for (size_t i = 0; i < sizeof no_ids / sizeof *no_ids; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "/api/v1/results/verify/%s", no_ids[i]);
        client_expect_saying(&clients[0], "POST", path, NULL, 404, "Result not found");
    }
    for (size_t i = 1; i < 4; i++) {
        house_judge_all(&clients[i], "0.5");
    }
    client_expect_saying(&clients[0], "GET", "/api/v1/results", NULL, 200, "{\"results\":[]}");
    client_expect_saying(&clients[0], "POST", "/api/v1/results/verify/1", NULL, 200,
                         "\"status\":\"verified\"");
    client_expect_saying(&clients[0], "POST", "/api/v1/results/verify/1", NULL, 200,
                         "\"status\":\"verified\"");
    client_expect_saying(&clients[0], "GET", "/api/v1/results?limit=5&min_score=0.5", NULL, 200,
                         "\"result_id\":1,");
    client_expect_saying(&clients[0], "GET", "/api/v1/results?min_score=0.51", NULL, 200,
                         "{\"results\":[]}");
    client_expect_saying(&clients[0], "GET", "/api/v1/results?task_type=mnist", NULL, 422,
                         "cifar10_binary");
    client_expect_saying(&clients[0], "GET", "/api/v1/results?min_score=nan", NULL, 422,
                         "min_score");
    client_expect_saying(&clients[0], "GET", "/api/v1/results?limit=0", NULL, 422, "limit");
    house_evolve(&clients[0], "def Predict():\\n  s0 = 0.25\\n", 200, "accepted");
    for (size_t i = 1; i < 4; i++) {
        house_judge_all(&clients[i], "0.6");
    }
    client_expect_saying(&clients[0], "POST", "/api/v1/results/verify/6", NULL, 403,
                         "its own result");
}

static void test_the_older_calls(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    char path[PATH_SIZE], body[512];
    client_expect_saying(client, "POST", "/api/v1/tasks/request", "{\"task_type\":\"rest\"}", 422,
                         "task_type");
    struct answer task = client_expect(client, "POST", "/api/v1/tasks/request", NULL, 200);
    assert_string_equal(answer_string(&task, "task_type"), "evaluate");
    const cJSON *algorithms = answer_member(&task, "algorithms");
    assert_true(cJSON_GetArraySize(algorithms) > 0);
    int id = cJSON_GetObjectItem(cJSON_GetArrayItem(algorithms, 0), "id")->valueint;
    snprintf(body, sizeof body, "{\"evaluations\":[{\"algorithm_id\":%d,\"score\":0.5}]}", id);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_evolution",
             answer_string(&task, "batch_id"));
    client_expect_saying(client, "POST", path,
                         "{\"evolved_function\":\"s0 = 1\",\"parent_functions\":[]}", 400,
                         "submit_evaluation");
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_evaluation",
             answer_string(&task, "batch_id"));
    client_expect_saying(client, "POST", path, body, 200, "\"evaluations_accepted\":1");
    answer_clear(&task);
    task =
        client_expect(client, "POST", "/api/v1/tasks/request", "{\"task_type\":\"evolve\"}", 200);
    assert_int_equal(cJSON_GetArraySize(answer_member(&task, "algorithms")), 2);
    client_expect_saying(client, "POST", "/api/v1/tasks/request", "{\"task_type\":\"evaluate\"}",
                         400, "Miner already has active task");
    client_expect_saying(client, "POST", "/api/v1/tasks/lease", "{\"resume\":true}", 400,
                         "Miner already has active task");
    struct answer again = client_expect(client, "POST", "/api/v1/tasks/request",
                                        "{\"task_type\":\"evaluate\",\"resume\":true}", 200);
    assert_string_equal(again.text, task.text);
    answer_clear(&again);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_evolution",
             answer_string(&task, "batch_id"));
    client_expect_saying(
        client, "POST", path,
        "{\"evolved_function\":\"s0 = 0.125\",\"parent_functions\":[{\"id\":1},{\"id\":2}]}", 200,
        "\"status\":\"accepted\"");
    answer_clear(&task);
}

static void test_the_same_submission_again(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    char path[PATH_SIZE];
    const char *body = "{\"evaluations\":[{\"algorithm_id\":1,\"score\":0.5},"
                       "{\"algorithm_id\":2,\"score\":-0}],\"evolutions\":[]}";
    const char *same = "{\"evaluations\":[{\"algorithm_id\":1,\"score\":0.50},"
                       "{\"algorithm_id\":2,\"score\":0}]}";
    struct answer lease = client_expect(client, "POST", "/api/v1/tasks/lease", NULL, 200);
    snprintf(path, sizeof path, "/api/v1/tasks/%s/submit_lease", answer_string(&lease, "lease_id"));
    struct answer first = client_expect(client, "POST", path, body, 200);
    struct answer second = client_expect(client, "POST", path, same, 200);
    assert_string_equal(first.text, second.text);
    client_expect_saying(client, "POST", path, "{\"evaluations\":[]}", 404,
                         "Active lease assignment not found");
    client_expect_saying(&house->clients[1], "POST", path, body, 403, "another miner");
    struct answer stats = client_expect(client, "GET", "/api/v1/miners/stats", NULL, 200);
    assert_int_equal(answer_integer(&stats, "evaluations_submitted"), 2);
    answer_clear(&first);
    answer_clear(&second);
    answer_clear(&stats);
    answer_clear(&lease);
}

static void test_description(void **state)
{
    struct house *house = *state;
    struct answer description = house_get(house, "/openapi.json", 200);
    assert_string_equal(answer_string(&description, "openapi"), "3.1.0");
    const cJSON *path, *operation;
    int operations = 0;
    /* everything in it is there: called without proof or work, it refuses, but it is no 404 or 405
     * of a path or method that the pool does not know; and what wants a proof says so, for the
     * monitor's calls are not there without a token */
    cJSON_ArrayForEach(path, answer_member(&description, "paths"))
    {
        cJSON_ArrayForEach(operation, path)
        {
            char method[16] = "";
            for (size_t i = 0; operation->string[i]; i++) {
                method[i] = (char)toupper((unsigned char)operation->string[i]);
            }
            const struct request request = {
                .method = method, .url = house->pool.url, .path = path->string};
            struct answer answer = http_send(&request);
            assert_int_not_equal(answer.status, 405);
            assert_string_not_equal(answer.detail, "Not Found");
            const cJSON *security = cJSON_GetObjectItem(operation, "security");
            assert_true(cJSON_IsArray(security));
            bool is_signed = cJSON_HasObjectItem(cJSON_GetArrayItem(security, 0), "key");
            assert_true((answer.status == 401) == is_signed);
            answer_clear(&answer);
            operations++;
        }
    }
    assert_int_equal(operations, 24);
    answer_clear(&description);
}

/* A path may hold any bytes; none of them is anybody's name. */
static void test_paths_that_are_no_text(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    static const struct {
        const char *method, *path, *raw, *body;
        int status;
    } cases[] = {
        {"GET", "/api/v1/miners/recipient-coldkey/x", "/api/v1/miners/recipient-coldkey/\xff", "",
         404},
        {"POST", "/api/v1/tasks/x/submit_lease", "/api/v1/tasks/\xff/submit_lease",
         "{\"evaluations\":[]}", 404},
        {"POST", "/api/v1/tasks/x/submit_lease", "/api/v1/tasks/\xc3/submit_lease", "{", 422},
        {"POST", "/api/v1/tasks/x/submit_lease", "/api/v1/tasks/\xc3/submit_lease",
         "{\"iterations\":-1}", 422},
        {"POST", "/api/v1/tasks/x/submit_evaluation",
         "/api/v1/tasks/a\xed\xa0\x80/submit_evaluation", "{\"evaluations\":[]}", 404},
        {"POST", "/api/v1/tasks/x/submit_evolution", "/api/v1/tasks/\xff/submit_evolution",
         "{\"evolved_function\":\"s0 = 1\"}", 404},
        {"POST", "/api/v1/results/verify/x", "/api/v1/results/verify/\xff", "", 404},
        {"GET", "/api/v1/rewards/balance/x", "/api/v1/rewards/balance/\xff", "", 403},
        {"GET", "/api/v1/rewards/history/x", "/api/v1/rewards/history/\xff", "", 403},
        {"POST", "/api/v1/rewards/withdraw/x", "/api/v1/rewards/withdraw/\xff", "", 403},
        {"GET", "/\xff", "/\xff", "", 404},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[1024], proof[CLIENT_PROOF_SIZE];
        client_write_proof(client, proof);
        int size = snprintf(
            bytes, sizeof bytes, "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
            cases[i].method, cases[i].raw, proof, strlen(cases[i].body), cases[i].body);
        struct answer answer = http_send_raw(house->pool.url, cases[i].method, cases[i].path, bytes,
                                             (size_t)size, false);
        if (answer.status != cases[i].status) {
            fail_msg("case %zu: %d %s", i, answer.status, answer.text);
        }
        answer_clear(&answer);
    }
    assert_int_equal(pool_process_logged(&house->pool, "POOL-STORE-FAILED"), 0);
}

/* The lines of the log, each of which has to be JSON; the caller deletes the array. */
static cJSON *read_json_log(const struct house *house)
{
    char path[PATH_SIZE], *text, *save = NULL;
    size_t length;
    cJSON *lines = cJSON_CreateArray(), *line;
    snprintf(path, sizeof path, "%s/log", house->pool.directory);
    assert_true(pm_file_read(path, 1 << 20, &text, &length, NULL));
    for (char *at = strtok_r(text, "\n", &save); at != NULL; at = strtok_r(NULL, "\n", &save)) {
        if (!pm_json_parse(at, strlen(at), 1 << 16, &line, NULL)) {
            fail_msg("no JSON: %s", at);
        }
        cJSON_AddItemToArray(lines, line);
    }
    free(text);
    return lines;
}

/* The store lacks a table: at whatever level, the log names the request that met with it. */
static void test_a_failure_names_its_request(void **state)
{
    struct house *house = *state;
    char log[PATH_SIZE];
    assert_int_equal(pool_process_stop(&house->pool), 0);
    snprintf(log, sizeof log, "%s/log", house->pool.directory);
    unlink(log); /* which is text */
    pool_process_start(&house->pool,
                       (const char *[]){"--log-format", "json", "--log-level", "error", NULL});
    struct pm_sql *sql = hold_writer(house);
    assert_true(pm_sql_script(sql, "ALTER TABLE algorithms RENAME TO elsewhere", NULL));
    assert_true(pm_sql_commit(sql, NULL));
    const struct request request = {.method = "GET",
                                    .url = house->pool.url,
                                    .path = "/api/v1/results/sota",
                                    .request_id = "proxy-7"};
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, 503);
    answer_clear(&answer);
    cJSON *lines = read_json_log(house);
    const cJSON *line, *failure = NULL;
    cJSON_ArrayForEach(line, lines)
    {
        assert_string_equal(cJSON_GetObjectItem(line, "level")->valuestring, "error");
        failure = line;
    }
    assert_int_equal(cJSON_GetArraySize(lines), 1);
    assert_string_equal(cJSON_GetObjectItem(failure, "id")->valuestring, "POOL-STORE-FAILED");
    char *text = cJSON_PrintUnformatted(failure);
    assert_non_null(strstr(text, "request=proxy-7 GET /api/v1/results/sota"));
    free(text);
    cJSON_Delete(lines);
    assert_true(pm_sql_begin(sql, NULL));
    assert_true(pm_sql_script(sql, "ALTER TABLE elsewhere RENAME TO algorithms", NULL));
    assert_true(pm_sql_commit(sql, NULL));
    pm_sql_close(sql);
}

static struct answer monitor(const struct house *house, const char *authorization, int status)
{
    const struct request request = {.method = "GET",
                                    .url = house->pool.url,
                                    .path = "/api/v1/monitor/summary",
                                    .authorization = authorization};
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, status);
    return answer;
}

/* In Prometheus' text format: what the summary says, and what was counted. */
static void assert_metrics(const struct house *house)
{
    static const char *const lines[] = {
        "# TYPE poolminer_pool_miners_registered gauge\npoolminer_pool_miners_registered 1\n",
        "\npoolminer_pool_evaluations 5\n",
        "\npoolminer_pool_requests_total{status=\"401\"} 7\n",
        "\npoolminer_pool_requests_total{status=\"200\"} 3\n",
        "\npoolminer_pool_store_failures_total 0\n",
    };
    struct request request = {
        .method = "GET", .url = house->pool.url, .path = "/metrics", .plain = true};
    request.authorization = "Bearer secret";
    struct answer answer = http_send(&request);
    assert_int_equal(answer.status, 200);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strstr(answer.text, lines[i]) == NULL) {
            fail_msg("no \"%s\" in %s", lines[i], answer.text);
        }
    }
    answer_clear(&answer);
    request.authorization = NULL;
    answer = http_send(&request);
    assert_int_equal(answer.status, 401);
    answer_clear(&answer);
}

static void test_monitor(void **state)
{
    struct house *house = *state;
    char path[PATH_SIZE];
    struct answer answer = monitor(house, "Bearer x", 404);
    answer_clear(&answer);
    assert_int_equal(pool_process_stop(&house->pool), 0);
    snprintf(path, sizeof path, "%s/token", house->pool.directory);
    assert_true(pm_file_write_atomic(path, "secret\n", 7, 0600, true, NULL));
    pool_process_start(&house->pool, (const char *[]){"--monitor-token-file", path, NULL});
    static const char *const wrong[] = {
        NULL, "", "secret", "Bearer", "Bearer secre", "Bearer secret2", "Basic secret"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        answer = monitor(house, wrong[i], 401);
        answer_clear(&answer);
    }
    house_judge_all(&house->clients[0], "0.5");
    answer = monitor(house, "Bearer secret", 200);
    assert_int_equal(answer_integer(&answer, "miners_registered"), 1);
    assert_int_equal(answer_integer(&answer, "evaluations"), 5);
    assert_int_equal(answer_integer(&answer, "algorithms_waiting"), 5);
    assert_int_equal(answer_integer(&answer, "leases_live"), 0);
    answer_clear(&answer);
    assert_metrics(house);
    unlink(path);
}

static void test_stops_when_asked(void **state)
{
    struct house *house = *state;
    house_judge_all(&house->clients[0], "0.5");
    assert_int_equal(pool_process_stop(&house->pool), 0);
    pool_process_start(&house->pool, NULL);
    struct answer stats =
        client_expect(&house->clients[0], "GET", "/api/v1/miners/stats", NULL, 200);
    assert_int_equal(answer_integer(&stats, "evaluations_submitted"), 5);
    answer_clear(&stats);
}

#define CALL(test) cmocka_unit_test_setup_teardown(test, open_default, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL(test_health),
        CALL(test_request_ids),
        CALL(test_register_and_stats),
        CALL(test_an_epoch_keeps_its_length),
        CALL(test_a_lease),
        CALL(test_reading_waits_for_no_writer),
        CALL(test_a_lost_lease),
        CALL(test_from_work_to_reputation),
        CALL(test_an_evolution_below_the_threshold_is_told),
        CALL(test_unpaid_page_by_page),
        CALL(test_results),
        CALL(test_the_older_calls),
        CALL(test_the_same_submission_again),
        CALL(test_paths_that_are_no_text),
        CALL(test_a_failure_names_its_request),
        CALL(test_stops_when_asked),
        CALL(test_description),
        CALL(test_monitor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
