/* poolminer-pool as a command: options that cannot be, and stores that are not its own. */
#include "cmocka_include.h"
#include "loopback.h"
#include "pool/settings.h"
#include "pool/virtual_pool.h"
#include "run_program.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>

enum { TIMEOUT_MS = 30000, PATH_SIZE = 128 };

static char directory[64];

static int make(void **state)
{
    (void)state;
    make_directory(directory, sizeof directory);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_directory(directory);
    return 0;
}

static void expect_refused(int status, const char *said, const char *option, const char *value)
{
    const char *arguments[] = {POOL_PROGRAM, "--port", "0", option, value, NULL};
    expect_output(run_at_home(directory, arguments, TIMEOUT_MS), status, "", said);
}

static void test_rules_out_of_range(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"--quorum", "0"},
        {"--quorum", "100"},
        {"--cap", "1.01"},
        {"--fee", "-0.1"},
        {"--evolve-budget", "9"},
        {"--epoch-s", "0"},
        {"--clock-tolerance-s", ""},
        {"--cost-max", "0"},
        {"--request-timeout-s", "0"},
        {"--connections-per-address", "-1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_refused(2, cases[i][0], cases[i][0], cases[i][1]);
    }
}

/* Each figure by itself is in its range. */
static void test_rules_that_cannot_be_kept(void **state)
{
    (void)state;
    expect_refused(1, "at most six decimals", "--fee", "0.0000001");
    expect_refused(1, "at most six decimals", "--cap", "0.0500001");
    expect_refused(1, "at most six decimals", "--evaluation-reward", "0.0000004");
    /* 2e9 RAO a second, and epochs of an hour */
    expect_refused(1, "may divide 7200000000000 RAO", "--budget-rao", "7200000000001");
    expect_refused(1, "may divide 7200000000000 RAO", "--budget-rao", "1000000000000000");
}

/* What can: shares that binary fractions only come near to, and the largest budget. */
static void test_rules_at_their_bounds(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"--fee=0.000001", "--cap=0.999999", "--budget-rao=7200000000000"},
        {"--fee=0.07", "--cap=0.29", "--evaluation-reward=0.1"},
        {"--fee=1", "--cap=0", "--evaluation-reward=1000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *arguments[5] = {(char[]){"poolminer-pool"}};
        char words[3][64];
        for (size_t j = 0; j < 3; j++) {
            snprintf(words[j], sizeof words[j], "%s", cases[i][j]);
            arguments[j + 1] = words[j];
        }
        struct pm_options *options = pm_settings_create();
        struct pm_error error = {0};
        if (!pm_options_load_arguments(options, 4, arguments, &error) ||
            !pm_settings_check(options, &error)) {
            fail_msg("%s", error.message);
        }
        pm_options_destroy(options);
    }
}

/* The defaults of docs/pool.md, which the spec of the network's pool has too. */
static void test_default_rules(void **state)
{
    (void)state;
    const struct pm_pool_rules rules = virtual_pool_default_rules();
    assert_int_equal(rules.epoch_ms, 3600000);
    assert_int_equal(rules.quorum, 3);
    assert_true(rules.tolerance == 0.10 && rules.evaluation_reward == 1.0);
    assert_true(rules.reward_base == 2.0 && rules.reward_threshold == 0.7);
    assert_int_equal(rules.payout.budget_rao, 1000000000);
    assert_int_equal(rules.payout.fee_ppm, 50000);
    assert_int_equal(rules.payout.cap_ppm, 50000);
    assert_int_equal(rules.task_timeout_ms, 10800000);
    assert_int_equal(rules.minimum_withdrawal_rao, 5000000);
    assert_int_equal(rules.clock_tolerance_s, 300);
    assert_int_equal(rules.evolve_budget, 1);
    assert_int_equal(rules.seeds_per_evolution, 2);
    assert_int_equal(rules.leases_per_window, 0);
    assert_int_equal(rules.minimum_iterations, 0);
    assert_int_equal(rules.cost_max, 1000000);
}

/* No two figures alike, so that none can stand in for another. */
static void test_every_rule_is_an_option(void **state)
{
    (void)state;
    static char *const arguments[] = {"poolminer-pool",
                                      "--epoch-s",
                                      "11",
                                      "--quorum",
                                      "12",
                                      "--tolerance",
                                      "0.13",
                                      "--evaluation-reward",
                                      "1.4",
                                      "--reward-base",
                                      "1.5",
                                      "--reward-threshold",
                                      "0.16",
                                      "--budget-rao",
                                      "17",
                                      "--fee",
                                      "0.18",
                                      "--cap",
                                      "0.19",
                                      "--task-timeout-s",
                                      "20",
                                      "--minimum-withdrawal-rao",
                                      "21",
                                      "--clock-tolerance-s",
                                      "22",
                                      "--evolve-budget",
                                      "3",
                                      "--seeds-per-evolution",
                                      "4",
                                      "--leases-per-window",
                                      "25",
                                      "--minimum-iterations",
                                      "26",
                                      "--cost-max",
                                      "27",
                                      NULL};
    struct pm_options *options = pm_settings_create();
    struct pm_error error = {0};
    if (!pm_options_load_arguments(options, (int)(sizeof arguments / sizeof *arguments) - 1,
                                   arguments, &error)) {
        fail_msg("%s", error.message);
    }
    const struct pm_pool_rules rules = pm_settings_rules(options);
    pm_options_destroy(options);
    assert_int_equal(rules.epoch_ms, 11000);
    assert_int_equal(rules.quorum, 12);
    assert_true(rules.tolerance == 0.13 && rules.evaluation_reward == 1.4);
    assert_true(rules.reward_base == 1.5 && rules.reward_threshold == 0.16);
    assert_int_equal(rules.payout.budget_rao, 17);
    assert_int_equal(rules.payout.fee_ppm, 180000);
    assert_int_equal(rules.payout.cap_ppm, 190000);
    assert_int_equal(rules.task_timeout_ms, 20000);
    assert_int_equal(rules.minimum_withdrawal_rao, 21);
    assert_int_equal(rules.clock_tolerance_s, 22);
    assert_int_equal(rules.evolve_budget, 3);
    assert_int_equal(rules.seeds_per_evolution, 4);
    assert_int_equal(rules.leases_per_window, 25);
    assert_int_equal(rules.minimum_iterations, 26);
    assert_int_equal(rules.cost_max, 27);
}

static void test_a_store_that_would_forget(void **state)
{
    (void)state;
    expect_refused(2, "expected a path", "--store", "");
    expect_refused(1, "would forget", "--store", ":memory:");
}

static void test_a_store_that_is_no_file(void **state)
{
    (void)state;
    expect_refused(1, "no regular file", "--store", "/dev/null");
    expect_refused(1, "no regular file", "--store", directory);
}

/* A command that is none is called so, wherever the store is. */
static void test_admin_without_a_store(void **state)
{
    (void)state;
    const char *wrong[] = {POOL_PROGRAM, "admin", "x", NULL};
    const char *right[] = {POOL_PROGRAM, "admin", "miners", NULL};
    expect_output(run_at_home(directory, wrong, TIMEOUT_MS), 2, "", "admin x: expected payouts");
    expect_output(run_at_home(directory, right, TIMEOUT_MS), 1, "", "no pool has its store here");
}

static void make_database(const char *path, const char *script)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, script, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
}

static void test_the_database_of_another_program(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "CREATE TABLE bookmarks (url TEXT)",
        "PRAGMA application_id = 77",
        "PRAGMA user_version = 1; CREATE TABLE schema_versions (version INTEGER)",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        char path[PATH_SIZE], *before, *after;
        size_t size_before, size_after;
        snprintf(path, sizeof path, "%s/other%zu.db", directory, i);
        make_database(path, scripts[i]);
        assert_true(pm_file_read(path, 1 << 20, &before, &size_before, NULL));
        expect_refused(1, "another program", "--store", path);
        assert_true(pm_file_read(path, 1 << 20, &after, &size_after, NULL));
        assert_int_equal(size_before, size_after);
        assert_memory_equal(before, after, size_before);
        free(before);
        free(after);
    }
}

/* A pool of before stores were marked has no mark: it is known by its tables, and gets one. */
static void test_a_store_without_a_mark(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct pm_pool_store *store;
    snprintf(path, sizeof path, "%s/old.db", directory);
    assert_true(pm_pool_store_open(path, &store, NULL));
    pm_pool_store_close(store);
    for (int i = 0; i < 2; i++) {
        assert_true(pm_pool_store_open(path, &store, NULL));
        pm_pool_store_close(store);
        make_database(path, "PRAGMA application_id = 0");
    }
}

/* What keeps it from serving is called by its name. */
static void test_a_port_that_is_taken(void **state)
{
    (void)state;
    char port[16], path[PATH_SIZE];
    int number = 0;
    const int taken = loopback_listen(&number);
    snprintf(port, sizeof port, "%d", number);
    snprintf(path, sizeof path, "%s/taken.db", directory);
    expect_output(run_at_home(directory,
                              (const char *[]){POOL_PROGRAM, "--store", path, "--port", port, NULL},
                              TIMEOUT_MS),
                  1, "", "another program has that port");
    close(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_out_of_range),
        cmocka_unit_test(test_rules_that_cannot_be_kept),
        cmocka_unit_test(test_rules_at_their_bounds),
        cmocka_unit_test(test_default_rules),
        cmocka_unit_test(test_every_rule_is_an_option),
        cmocka_unit_test(test_a_store_that_would_forget),
        cmocka_unit_test(test_a_store_that_is_no_file),
        cmocka_unit_test(test_admin_without_a_store),
        cmocka_unit_test(test_the_database_of_another_program),
        cmocka_unit_test(test_a_store_without_a_mark),
        cmocka_unit_test(test_a_port_that_is_taken),
    };
    return cmocka_run_group_tests(tests, make, clean);
}
