/* The operator's commands as programs, beside a pool that runs. */
#include "cmocka_include.h"
#include "pool/house.h"
#include "pool/sql.h"
#include "pool/test_store.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

enum { PATH_SIZE = 256, RIVALS = 2 };

/* Two miners that were paid 50,000,000 RAO each, in an epoch of long ago, and ask for 20,000,000.
 */
static int open_pool(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    house_open(house, NULL);
    *state = house;
    char script[1024], path[PATH_SIZE];
    for (size_t i = 0; i < 2; i++) {
        client_expect_saying(&house->clients[i], "POST", "/api/v1/miners/register", NULL, 200, "");
        house_set_recipient(house, &house->clients[i]);
    }
    snprintf(script, sizeof script,
             "INSERT INTO epochs (number, start_ms, end_ms, settled, settled_ms, paid_rao)"
             " VALUES (0, 0, 1, 1, 1, 100000000);"
             "INSERT INTO payouts (epoch, hotkey, reputation, rao)"
             " VALUES (0, '%s', 1, 50000000), (0, '%s', 1, 50000000)",
             client_address(&house->clients[0]), client_address(&house->clients[1]));
    house_run_script(house, script);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "/api/v1/rewards/withdraw/%s",
                 client_address(&house->clients[i]));
        client_expect_saying(&house->clients[i], "POST", path, "{\"amount_rao\":20000000}", 200,
                             "\"status\":\"pending\"");
        /* and not once more, whoever says so */
        client_expect_saying(&house->clients[i], "POST", path, "{\"amount_rao\":20000000}", 409,
                             "already waits");
    }
    return 0;
}

static void expect_admin(const struct house *house, const char *const *words, int status,
                         const char *out, const char *err)
{
    expect_output(pool_process_admin(&house->pool, words), status, out, err);
}
#define ADMIN(...) ((const char *[]){__VA_ARGS__, NULL})

static void expect_balance(const struct house *house, size_t miner, const char *said)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/api/v1/rewards/balance/%s",
             client_address(&house->clients[miner]));
    client_expect_saying(&house->clients[miner], "GET", path, NULL, 200, said);
}

static void test_decisions_beside_a_running_pool(void **state)
{
    struct house *house = *state;
    expect_balance(house, 0, "\"balance_rao\":30000000,");
    expect_admin(house, ADMIN("payouts", "list"), 0, "pending", "");
    expect_admin(house, ADMIN("payouts", "approve", "1"), 0, "withdrawal 1 approved\n", "");
    expect_admin(house, ADMIN("payouts", "reject", "2"), 0, "withdrawal 2 rejected\n", "");
    expect_admin(house, ADMIN("payouts", "reject", "1"), 1, "", "was decided before");
    expect_admin(house, ADMIN("payouts", "approve", "3"), 1, "", "no withdrawal 3");
    expect_admin(house, ADMIN("payouts", "approve"), 2, "", "expected payouts");
    expect_balance(house, 0,
                   "\"balance_rao\":30000000,\"lifetime_rao\":50000000,"
                   "\"withdrawn_rao\":20000000,\"pending_withdrawal_rao\":0,");
    expect_balance(house, 1,
                   "\"balance_rao\":50000000,\"lifetime_rao\":50000000,"
                   "\"withdrawn_rao\":0,\"pending_withdrawal_rao\":0,");
    /* and when it has ended */
    assert_int_equal(pool_process_stop(&house->pool), 0);
    expect_admin(house, ADMIN("payouts", "list"), 0, "rejected", "");
    expect_admin(house, ADMIN("export", "withdrawals", "csv"), 0, ",20000000,", "");
    expect_admin(house, ADMIN("payouts", "approve", "2"), 1, "", "was decided before");
}

struct rival {
    const struct house *house;
    const char *verb;
    struct output output;
};

static void *decide(void *context)
{
    struct rival *rival = context;
    rival->output = pool_process_admin(&rival->house->pool, ADMIN("payouts", rival->verb, "1"));
    return NULL;
}

static void test_of_two_at_once_one_wins(void **state)
{
    struct house *house = *state;
    struct rival rivals[RIVALS] = {{house, "approve", {0}}, {house, "reject", {0}}};
    pthread_t threads[RIVALS];
    for (size_t i = 0; i < RIVALS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, decide, &rivals[i]), 0);
    }
    for (size_t i = 0; i < RIVALS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(rivals[0].output.status + rivals[1].output.status, 1);
    bool approved = rivals[0].output.status == 0;
    expect_balance(house, 0, approved ? "\"withdrawn_rao\":20000000," : "\"withdrawn_rao\":0,");
    expect_balance(house, 0, approved ? "\"balance_rao\":30000000," : "\"balance_rao\":50000000,");
    expect_output(rivals[approved].output, 1, "", "was decided before");
    expect_output(rivals[!approved].output, 0, approved ? "approved" : "rejected", "");
}

static int64_t version_of(const struct house *house)
{
    struct pm_sql *sql = house_open_store(house);
    int64_t version = 0;
    bool found;
    assert_true(pm_sql_select_integer(sql, "SELECT MAX(version) FROM schema_versions",
                                      PM_SQL_NO_VALUES, &version, &found, NULL));
    pm_sql_close(sql);
    return version;
}

/* The pool of that version may be running on it: not even its schema is brought up to date. */
static void test_a_store_of_another_version_is_left_alone(void **state)
{
    struct house *house = *state;
    const int64_t version = version_of(house);
    char script[128];
    snprintf(script, sizeof script, "DELETE FROM schema_versions WHERE version = %" PRId64,
             version);
    house_run_script(house, script);
    expect_admin(house, ADMIN("miners"), 1, "", "written by an older poolminer-pool");
    expect_admin(house, ADMIN("payouts", "list"), 1, "", "written by an older poolminer-pool");
    expect_admin(house, ADMIN("payouts", "approve", "1"), 1, "", "older poolminer-pool");
    assert_int_equal(version_of(house), version - 1);
    snprintf(script, sizeof script, "INSERT INTO schema_versions VALUES (%" PRId64 "), (99)",
             version);
    house_run_script(house, script);
    expect_admin(house, ADMIN("miners"), 1, "", "written by a newer poolminer-pool");
    expect_admin(house, ADMIN("payouts", "reject", "1"), 1, "", "newer poolminer-pool");
    house_run_script(house, "DELETE FROM schema_versions WHERE version = 99");
    expect_admin(house, ADMIN("payouts", "reject", "1"), 0, "withdrawal 1 rejected\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_decisions_beside_a_running_pool, open_pool,
                                        house_close),
        cmocka_unit_test_setup_teardown(test_of_two_at_once_one_wins, open_pool, house_close),
        cmocka_unit_test_setup_teardown(test_a_store_of_another_version_is_left_alone, open_pool,
                                        house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
