/* poolminer balance, history, recipient and withdraw against a pool that a test plays. */
#include "cli/money.h"
#include "cmocka_include.h"
#include "run_program.h"
#include "tests/driver/scripted_server.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <poolminer/hotkey.h>

#define POOLMINER PM_BIN_DIR "/poolminer"
#define ADDRESS "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"
#define ALICE "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
#define BOB "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"

enum { TIMEOUT_MS = 30000 };

struct pool {
    char directory[64];
    struct scripted_server *server;
    int64_t balance;
    char recipient[64]; /* "": none */
    bool knows_miner;
    bool forgets_recipient; /* says yes to a new one and keeps the old one */
    int64_t clock_ahead_s;
    bool refuses;
    bool keeps_its_minimum; /* it is not in the balance, only in a refusal */
    bool hangs_up;          /* on a withdrawal */
    bool has_paid_nothing;
    const char *settled_at; /* NULL: the usual */
    int withdrawals;
    int64_t withdrawn;
};

/* The proof that the call needs, by this pool's clock; sends the Date that such a pool has. */
static bool is_signed(struct pool *pool, const struct scripted_request *request, const char *format,
                      const char *coldkey, struct scripted_reply *reply)
{
    char message[256], address[64], timestamp[32];
    time_t now = time(NULL) + pool->clock_ahead_s;
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(reply->headers, sizeof reply->headers, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    snprintf(address, sizeof address, "%s", scripted_header(request, "X-Key"));
    snprintf(timestamp, sizeof timestamp, "%s", scripted_header(request, "X-Timestamp"));
    snprintf(message, sizeof message, "%s%s%s%s", format, timestamp, coldkey[0] != '\0' ? ":" : "",
             coldkey);
    bool good =
        strcmp(address, ADDRESS) == 0 &&
        llabs(strtoll(timestamp, NULL, 10) - (long long)now) <= 300 &&
        pm_hotkey_verify_hex(address, message, scripted_header(request, "X-Signature"), NULL);
    if (!good) {
        reply->status = 401;
        strcpy(reply->body, "{\"detail\":\"bad signature or clock\"}");
    }
    return good;
}

static void set_recipient(struct pool *pool, const struct scripted_request *request,
                          struct scripted_reply *reply)
{
    cJSON *body = cJSON_Parse(request->body);
    const char *coldkey = cJSON_GetStringValue(cJSON_GetObjectItem(body, "recipient_coldkey"));
    assert_non_null(coldkey);
    if (is_signed(pool, request, "recipient_coldkey:update:", coldkey, reply)) {
        strcpy(reply->body, "{}");
        if (!pool->forgets_recipient) {
            snprintf(pool->recipient, sizeof pool->recipient, "%s", coldkey);
        }
    }
    cJSON_Delete(body);
}

static void withdraw(struct pool *pool, const struct scripted_request *request,
                     struct scripted_reply *reply)
{
    cJSON *body = cJSON_Parse(request->body);
    pool->withdrawals++;
    pool->withdrawn = (int64_t)cJSON_GetObjectItem(body, "amount_rao")->valuedouble;
    cJSON_Delete(body);
    strcpy(reply->body, "{\"withdrawal_id\":1}");
    reply->manner = pool->hangs_up ? SCRIPTED_CLOSE : SCRIPTED_PROPER;
    if (pool->keeps_its_minimum) {
        reply->status = 400;
        strcpy(reply->body, "{\"detail\":\"Cannot withdraw - below minimum\"}");
    }
    if (pool->refuses) {
        reply->status = 409;
        strcpy(reply->body, "{\"detail\":\"a withdrawal waits already\"}");
    }
}

static void handle(void *context, const struct scripted_request *request,
                   struct scripted_reply *reply)
{
    struct pool *pool = context;
    if (strcmp(request->path, "/health") == 0) {
        strcpy(reply->body, "{\"status\":\"healthy\"}");
    } else if (strcmp(request->method, "POST") == 0 &&
               strcmp(request->path, "/api/v1/miners/recipient-coldkey") == 0) {
        set_recipient(pool, request, reply);
    } else if (!is_signed(pool, request, "auth:", "", reply)) {
        return;
    } else if (strcmp(request->path, "/api/v1/miners/register") == 0) {
        pool->knows_miner = true;
        strcpy(reply->body, "{}");
    } else if (!pool->knows_miner) {
        reply->status = 404;
        strcpy(reply->body, "{\"detail\":\"Miner not registered\"}");
    } else if (strcmp(request->path, "/api/v1/miners/recipient-coldkey") == 0) {
        snprintf(reply->body, sizeof reply->body, "{\"recipient_coldkey\":%s%s%s}",
                 pool->recipient[0] != '\0' ? "\"" : "",
                 pool->recipient[0] != '\0' ? pool->recipient : "null",
                 pool->recipient[0] != '\0' ? "\"" : "");
    } else if (strcmp(request->path, "/api/v1/rewards/balance/" ADDRESS) == 0) {
        snprintf(reply->body, sizeof reply->body,
                 "{\"balance_rao\":%lld,\"lifetime_rao\":9000000%s}", (long long)pool->balance,
                 pool->keeps_its_minimum ? "" : ",\"minimum_withdrawal_rao\":5000000");
    } else if (pool->has_paid_nothing && strstr(request->path, "/rewards/history/") != NULL) {
        strcpy(reply->body, "{\"payouts\":[]}");
    } else if (strstr(request->path, "/rewards/history/" ADDRESS "?limit=") != NULL) {
        snprintf(reply->body, sizeof reply->body,
                 "{\"payouts\":["
                 "{\"epoch\":12,\"reputation\":3.5,\"amount_rao\":1000000,"
                 "\"settled_at\":\"%s\"},"
                 "{\"epoch\":11,\"reputation\":3,\"amount_rao\":500000,"
                 "\"settled_at\":\"2026-11-20T02:00:00Z\"}]}",
                 pool->settled_at != NULL ? pool->settled_at : "2026-11-20T14:00:00Z");
    } else if (strcmp(request->path, "/api/v1/rewards/withdraw/" ADDRESS) == 0) {
        withdraw(pool, request, reply);
    } else {
        reply->status = 404;
    }
}

static int set_up(void **state)
{
    struct pool *pool = calloc(1, sizeof *pool);
    make_directory(pool->directory, sizeof pool->directory);
    write_text(pool->directory, "key",
               "bottom drive obey lake curtain smoke basket hold race lonely fit walk");
    pool->server = scripted_server_start(handle, pool);
    pool->knows_miner = true;
    pool->balance = 12345678;
    snprintf(pool->recipient, sizeof pool->recipient, "%s", ALICE);
    *state = pool;
    return 0;
}

static int tear_down(void **state)
{
    struct pool *pool = *state;
    scripted_server_stop(pool->server);
    remove_directory(pool->directory);
    free(pool);
    return 0;
}

static struct output run(struct pool *pool, const char *verb, const char *word, const char *option)
{
    const char *arguments[8] = {
        POOLMINER,       verb,  "--pool-url", scripted_server_url(pool->server),
        "--hotkey-file", "key", NULL,         NULL};
    size_t count = 6;
    if (word != NULL) {
        arguments[count++] = word;
    }
    const char *whole[10] = {0};
    memcpy(whole, arguments, sizeof arguments);
    whole[count] = option;
    return run_at_home(pool->directory, whole, TIMEOUT_MS);
}

static void balance_and_history_are_told_for_people(void **state)
{
    struct pool *pool = *state;
    expect_output(run(pool, "balance", NULL, NULL), 0, "12,345,678 RAO", "");
    expect_output(run(pool, "balance", NULL, "--json"), 0, "\"balance_rao\":12345678", "");
    expect_output(run(pool, "history", NULL, NULL), 0, "1,000,000 RAO", "");
    expect_output(run(pool, "history", NULL, NULL), 0, "at that rate 2,000,000 RAO a day", "");
    pool->has_paid_nothing = true;
    expect_output(run(pool, "history", NULL, NULL), 0, "nothing has been paid yet: ", "");
}

static void a_wrong_clock_is_corrected(void **state)
{
    struct pool *pool = *state;
    pool->clock_ahead_s = 7200;
    expect_output(run(pool, "balance", NULL, NULL), 0, "12,345,678 RAO", "");
    pool->clock_ahead_s = 200000; /* more than a day */
    expect_output(run(pool, "balance", NULL, NULL), 1, "", "bad signature or clock (status 401)");
}

static void a_recipient_is_shown_set_and_confirmed(void **state)
{
    struct pool *pool = *state;
    expect_output(run(pool, "recipient", NULL, NULL), 0, ALICE, "");
    expect_output(run(pool, "recipient", BOB, NULL), 1, "", "no terminal to ask on");
    assert_string_equal(pool->recipient, ALICE);
    expect_output(run(pool, "recipient", BOB, "--yes"), 0, "The pool pays to " BOB, "");
    assert_string_equal(pool->recipient, BOB);
    expect_output(run(pool, "recipient", "5FHneW46", "--yes"), 2, "", "SS58 address");
    expect_output(run(pool, "recipient", "wallet", "--yes"), 1, "", "no coldkeypub.txt");
    pool->forgets_recipient = true;
    expect_output(run(pool, "recipient", ALICE, "--yes"), 1, "", "says that it is " BOB);
    pool->recipient[0] = '\0';
    expect_output(run(pool, "recipient", NULL, NULL), 0,
                  "no payout address is set; `poolminer recipient ADDRESS` sets one\n", "");
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "no payout address is set");
}

static void a_miner_that_is_new_may_set_its_recipient(void **state)
{
    struct pool *pool = *state;
    pool->knows_miner = false;
    expect_output(run(pool, "recipient", NULL, NULL), 0, "no payout address is set", "");
    expect_output(run(pool, "balance", NULL, NULL), 1, "", "Miner not registered");
    expect_output(run(pool, "recipient", BOB, "--yes"), 0, "The pool pays to " BOB, "");
}

static void a_withdrawal_says_how_much_and_where_to_and_asks(void **state)
{
    struct pool *pool = *state;
    expect_output(run(pool, "withdraw", NULL, NULL), 1, "",
                  "Withdraw 12,345,678 RAO from http://127.0.0.1");
    assert_int_equal(pool->withdrawals, 0);
    expect_output(run(pool, "withdraw", NULL, "--yes"), 0, "12,345,678 RAO to " ALICE, "");
    assert_int_equal(pool->withdrawn, 12345678);
    expect_output(run(pool, "withdraw", "6000000", "--yes"), 0, "6,000,000 RAO to " ALICE, "");
    assert_int_equal(pool->withdrawn, 6000000);
    assert_int_equal(pool->withdrawals, 2);
    expect_output(run(pool, "withdraw", "99000000", "--yes"), 1, "", "balance is only 12,345,678");
    expect_output(run(pool, "withdraw", "4999999", "--yes"), 1, "", "below minimum");
    expect_output(run(pool, "withdraw", "1.5", "--yes"), 2, "", "no amount in whole RAO");
    expect_output(run(pool, "withdraw", "-1", "--yes"), 2, "", "");
    assert_int_equal(pool->withdrawals, 2);
    pool->refuses = true;
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "a withdrawal waits already");
}

static void below_the_minimum_it_says_what_is_missing_and_how_long_that_takes(void **state)
{
    struct pool *pool = *state;
    pool->balance = 1000000;
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "",
                  "the pool pays 5,000,000 RAO or more, 4,000,000 RAO are missing; at the present "
                  "rate that takes about 2 days");
    assert_int_equal(pool->withdrawals, 0);
}

static void nothing_is_not_withdrawn(void **state)
{
    struct pool *pool = *state;
    pool->keeps_its_minimum = true;
    pool->balance = 0;
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "nothing to withdraw");
    pool->balance = -10;
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "5,000,010 RAO are missing");
    assert_int_equal(pool->withdrawals, 0);
}

static void a_minimum_that_only_the_refusal_tells_is_the_usual_one(void **state)
{
    struct pool *pool = *state;
    pool->keeps_its_minimum = true;
    pool->balance = 1000000;
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "",
                  "below minimum: pools usually pay 5,000,000 RAO or more, 4,000,000 RAO are "
                  "missing; at the present rate that takes about 2 days");
    pool->balance = 6000000; /* then it is another */
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "Cannot withdraw - below minimum");
}

static void a_withdrawal_without_an_answer_may_have_arrived(void **state)
{
    struct pool *pool = *state;
    pool->hangs_up = true;
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "`poolminer balance` shows");
}

/* Control characters would be the terminal's orders. */
static void what_a_pool_says_is_shown_as_text(void **state)
{
    struct pool *pool = *state;
    pool->settled_at = "\\u001b[2Kyesterday";
    expect_output(run(pool, "history", NULL, NULL), 0, " ?[2Kyesterday ", "");
    snprintf(pool->recipient, sizeof pool->recipient, "\\u001b[2K" BOB);
    expect_output(run(pool, "recipient", NULL, NULL), 0, "?[2K" BOB, "");
    expect_output(run(pool, "withdraw", NULL, "--yes"), 1, "", "is no address");
    assert_int_equal(pool->withdrawals, 0);
    expect_output(run(pool, "recipient", ALICE, "--yes"), 0, "The pool pays to " ALICE, "");
}

static void a_pool_that_is_away_is_told_with_its_setting(void **state)
{
    struct pool *pool = *state;
    expect_output(
        run_at_home(pool->directory,
                    (const char *const[]){POOLMINER, "balance", "--pool-url", "http://127.0.0.1:1",
                                          "--hotkey-file", "key", NULL},
                    TIMEOUT_MS),
        1, "", "--pool-url");
}

static void amounts_and_times_read_well(void **state)
{
    (void)state;
    char text[MONEY_TEXT_SIZE];
    static const struct {
        int64_t rao;
        const char *text;
    } rows[] = {{0, "0 RAO"},
                {999, "999 RAO"},
                {1000, "1,000 RAO"},
                {-1234567, "-1,234,567 RAO"},
                {INT64_MIN, "-9,223,372,036,854,775,808 RAO"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        money_text(rows[i].rao, text);
        assert_string_equal(text, rows[i].text);
    }
    money_both(999999999, text);
    assert_string_equal(text, "999,999,999 RAO");
    money_both(1000000000, text);
    assert_string_equal(text, "1,000,000,000 RAO (1 TAO)");
    money_both(-72340000000, text);
    assert_string_equal(text, "-72,340,000,000 RAO (-72.34 TAO)");
    money_both(INT64_MAX, text);
    assert_string_equal(text, "9,223,372,036,854,775,807 RAO (9223372037 TAO)");
    money_duration(0.5, text);
    assert_string_equal(text, "about 12 hours");
    money_duration(0.01, text);
    assert_string_equal(text, "about 15 minutes");
    money_duration(30, text);
    assert_string_equal(text, "about 30 days");
    cJSON *one = cJSON_Parse("[{\"amount_rao\":5,\"settled_at\":\"2026-11-20T14:00:00Z\"}]");
    assert_true(money_rao_a_day(one) < 0);
    cJSON_Delete(one);
    assert_true(money_rao_a_day(NULL) < 0);
    cJSON *absurd = cJSON_Parse(
        "[{\"amount_rao\":9000000000000000,\"settled_at\":\"2026-11-20T14:00:00.001Z\"},"
        "{\"amount_rao\":1,\"settled_at\":\"2026-11-20T14:00:00Z\"}]");
    assert_true(money_rao_a_day(absurd) < 0);
    cJSON_Delete(absurd);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(balance_and_history_are_told_for_people),
        TEST(a_wrong_clock_is_corrected),
        TEST(a_recipient_is_shown_set_and_confirmed),
        TEST(a_miner_that_is_new_may_set_its_recipient),
        TEST(a_withdrawal_says_how_much_and_where_to_and_asks),
        TEST(below_the_minimum_it_says_what_is_missing_and_how_long_that_takes),
        TEST(nothing_is_not_withdrawn),
        TEST(a_minimum_that_only_the_refusal_tells_is_the_usual_one),
        TEST(a_withdrawal_without_an_answer_may_have_arrived),
        TEST(what_a_pool_says_is_shown_as_text),
        TEST(a_pool_that_is_away_is_told_with_its_setting),
        TEST(amounts_and_times_read_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
