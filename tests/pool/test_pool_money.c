/* The API's money, over HTTP: balances, payouts, the recipient coldkey. */
#include "cmocka_include.h"
#include "pool/house.h"
#include "pool/sql.h"
#include "pool/test_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>

enum { PATH_SIZE = 256 };

static int open_default(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_open(house, NULL);
    *state = house;
    return 0;
}

static void test_money_is_its_owners(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    char own[PATH_SIZE], other[PATH_SIZE];
    static const char *const calls[][2] = {
        {"GET", "balance"}, {"GET", "history"}, {"POST", "withdraw"}};
    for (size_t i = 0; i < 3; i++) {
        snprintf(own, sizeof own, "/api/v1/rewards/%s/%s", calls[i][1], client_address(client));
        snprintf(other, sizeof other, "/api/v1/rewards/%s/%s", calls[i][1],
                 client_address(&house->clients[1]));
        client_expect_saying(client, calls[i][0], other, NULL, 403, "another miner");
    }
    client_expect_saying(client, "POST", own, NULL, 400, "Cannot withdraw - below minimum");
    client_expect_saying(client, "POST", own, "{\"amount_rao\":-1}", 422, "amount_rao");
    client_expect_saying(client, "POST", own, "{\"amount_rao\":0}", 422, "amount_rao");
}

static void test_recipient_coldkey(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    const char *first = client_address(&house->clients[3]);
    const char *second = client_address(&house->clients[4]);
    char path[PATH_SIZE], timestamp[32], later[32], stale[32];
    int64_t now_s = pm_clock_unix_ms() / 1000;
    snprintf(timestamp, sizeof timestamp, "%" PRId64, now_s);
    snprintf(later, sizeof later, "%" PRId64, now_s + 1);
    snprintf(stale, sizeof stale, "%" PRId64, now_s - 400);
    snprintf(path, sizeof path, "/api/v1/miners/recipient-coldkey/%s", client_address(client));
    client_expect_saying(client, "GET", "/api/v1/miners/recipient-coldkey", NULL, 404,
                         "not registered");
    struct answer unknown = house_get(house, path, 404);
    answer_clear(&unknown);

    const struct {
        const char *timestamp, *signed_coldkey, *sent_coldkey;
        int status;
    } updates[] = {
        {timestamp, first, second, 401}, /* signed for another address */
        {stale, first, first, 401},
        {timestamp, first, first, 200},
        {later, second, second, 200},
        {timestamp, first, first, 409}, /* a replay of the older one */
        {later, first, first, 409},     /* two at the same moment: the first counts */
        {later, second, second, 200},   /* the same again changes nothing */
        {later, "cold", "cold", 422},
    };
    for (size_t i = 0; i < sizeof updates / sizeof *updates; i++) {
        char message[256], body[256], signature[PM_SIGNATURE_HEX_SIZE];
        snprintf(message, sizeof message, "recipient_coldkey:update:%s:%s", updates[i].timestamp,
                 updates[i].signed_coldkey);
        snprintf(body, sizeof body, "{\"recipient_coldkey\":\"%s\"}", updates[i].sent_coldkey);
        assert_true(pm_hotkey_sign_hex(client->hotkey, message, signature, NULL));
        const struct request request = {
            .method = i % 2 ? "PUT" : "POST",
            .url = house->pool.url,
            .path = "/api/v1/miners/recipient-coldkey",
            .key = client_address(client),
            .timestamp = updates[i].timestamp,
            .signature = signature,
            .body = body,
        };
        struct answer answer = http_send(&request);
        if (answer.status != updates[i].status) {
            fail_msg("update %zu: %d %s", i, answer.status, answer.text);
        }
        answer_clear(&answer);
    }
    client_expect_saying(client, "PUT", "/api/v1/miners/recipient-coldkey",
                         "{\"recipient_coldkey\":\"5C\"}", 401, "sign recipient_coldkey:update:");
    client_expect_saying(client, "GET", "/api/v1/miners/recipient-coldkey", NULL, 200, second);
    struct answer looked_up = house_get(house, path, 200);
    assert_string_equal(answer_string(&looked_up, "recipient_coldkey"), second);
    answer_clear(&looked_up);
}

static const char *const EPOCH_OPTIONS[] = {"--epoch-s", "2", NULL};

static int open_short_epochs(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_open(house, EPOCH_OPTIONS);
    *state = house;
    return 0;
}

/* Stats of the miner once an epoch was paid. */
static struct answer wait_for_payment(const struct client *client, const char *path)
{
    int64_t until_ms = pm_clock_monotonic_ms() + 15000;
    for (;;) {
        struct answer answer = client_expect(client, "GET", path, NULL, 200);
        if (answer_integer(&answer, "lifetime_rao") > 0) {
            return answer;
        }
        answer_clear(&answer);
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(50);
    }
}

static void test_epochs_pay(void **state)
{
    struct house *house = *state;
    struct client *clients = house->clients;
    char path[PATH_SIZE];
    for (size_t i = 0; i < 3; i++) {
        house_judge_all(&clients[i], "0.5");
    }
    snprintf(path, sizeof path, "/api/v1/rewards/balance/%s", client_address(&clients[0]));
    struct answer balance = wait_for_payment(&clients[0], path);
    assert_int_equal(answer_integer(&balance, "balance_rao"), 50000000); /* the cap of 5 % */
    assert_int_equal(answer_integer(&balance, "lifetime_rao"), 50000000);
    assert_true(answer_number(&balance, "pending_reputation") == 0);
    answer_clear(&balance);
    snprintf(path, sizeof path, "/api/v1/rewards/history/%s", client_address(&clients[0]));
    struct answer history = client_expect(&clients[0], "GET", path, NULL, 200);
    const cJSON *payouts = answer_member(&history, "payouts");
    assert_int_equal(cJSON_GetArraySize(payouts), 1);
    const cJSON *payout = cJSON_GetArrayItem(payouts, 0);
    assert_true(cJSON_GetObjectItem(payout, "amount_rao")->valuedouble == 50000000);
    assert_true(cJSON_GetObjectItem(payout, "reputation")->valuedouble == 5);
    answer_clear(&history);
    /* and what was paid is still there after a crash */
    pool_process_kill(&house->pool);
    pool_process_start(&house->pool, EPOCH_OPTIONS);
    snprintf(path, sizeof path, "/api/v1/rewards/balance/%s", client_address(&clients[0]));
    client_expect_saying(&clients[0], "GET", path, NULL, 200, "\"lifetime_rao\":50000000,");
}

/* A hundred years at the largest budget, to the last RAO: in the books of a pool that is away. */
static void put_large_sums(const struct house *house)
{
    char script[2048];
    const char *miner = client_address(&house->clients[0]);
    snprintf(script, sizeof script,
             "INSERT INTO epochs (number, start_ms, end_ms, settled, settled_ms, reputation,"
             "  budget_rao, paid_rao, pool_rao) VALUES"
             " (-1, 0, 1, 1, 1, 1, 4000000000000000000, 3155760000000000001, 1),"
             " (0, 1, 2, 1, 2, 1, 4000000000000000000, 3155760000000000002, 6311520000000000000);"
             "INSERT INTO payouts (epoch, hotkey, reputation, rao) VALUES"
             " (-1, '%s', 1, 3155760000000000001), (0, '%s', 1, 3155760000000000002);"
             "INSERT INTO withdrawals (id, hotkey, rao, recipient_coldkey, requested_ms, state)"
             " VALUES (1, '%s', 1000000000000000001, 'cold', 1, 1)",
             miner, miner, miner);
    house_run_script(house, script);
}

static void test_sums_to_the_last_digit(void **state)
{
    struct house *house = *state;
    const struct client *client = &house->clients[0];
    char path[PATH_SIZE], token[PATH_SIZE];
    client_expect_saying(client, "POST", "/api/v1/miners/register", NULL, 200, "hotkey");
    assert_int_equal(pool_process_stop(&house->pool), 0);
    put_large_sums(house);
    snprintf(token, sizeof token, "%s/token", house->pool.directory);
    assert_true(pm_file_write_atomic(token, "secret\n", 7, 0600, true, NULL));
    pool_process_start(&house->pool, (const char *[]){"--monitor-token-file", token, NULL});
    unlink(token);
    snprintf(path, sizeof path, "/api/v1/rewards/balance/%s", client_address(client));
    client_expect_saying(client, "GET", path, NULL, 200,
                         "\"balance_rao\":5311520000000000002,\"lifetime_rao\":6311520000000000003,"
                         "\"withdrawn_rao\":1000000000000000001,");
    client_expect_saying(client, "GET", "/api/v1/miners/stats", NULL, 200,
                         "\"lifetime_rao\":6311520000000000003,");
    snprintf(path, sizeof path, "/api/v1/rewards/history/%s", client_address(client));
    client_expect_saying(client, "GET", path, NULL, 200, "\"amount_rao\":3155760000000000001,");
    const struct request request = {.method = "GET",
                                    .url = house->pool.url,
                                    .path = "/api/v1/monitor/summary",
                                    .authorization = "Bearer secret"};
    struct answer summary = http_send(&request);
    assert_non_null(strstr(summary.text, "\"paid_rao\":6311520000000000003,"
                                         "\"pool_rao\":6311520000000000001,"));
    answer_clear(&summary);
    expect_output(
        pool_process_admin(&house->pool, (const char *[]){"export", "epochs", "json", NULL}), 0,
        "\"paid_rao\":3155760000000000002,\"pool_rao\":6311520000000000000,", "");
    expect_output(
        pool_process_admin(&house->pool, (const char *[]){"export", "miners", "json", NULL}), 0,
        "\"lifetime_rao\":6311520000000000003,", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_money_is_its_owners, open_default, house_close),
        cmocka_unit_test_setup_teardown(test_recipient_coldkey, open_default, house_close),
        cmocka_unit_test_setup_teardown(test_sums_to_the_last_digit, open_default, house_close),
        cmocka_unit_test_setup_teardown(test_epochs_pay, open_short_epochs, house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
