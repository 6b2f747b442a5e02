/* Stores that older pools left behind (tests/data/pool): opened, brought up to date, and gone on
 * with. */
#include "cmocka_include.h"
#include "pool/sql.h"
#include "pool/test_store.h"
#include "pool/virtual_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>

enum { PATH_SIZE = 128, SCRIPT_MAX = 1 << 20 };

static const char MINER[] = "5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR";
static const char LEASE[] = "62d604782800fc2817dc87bbf7bb750f"; /* of this miner, live */

static char store[PATH_SIZE];

static void remove_store(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    if (test_store_url() != NULL) {
        test_store_wipe();
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        char path[PATH_SIZE + 8];
        snprintf(path, sizeof path, "%s%s", store, suffixes[i]);
        unlink(path);
    }
}

static void run_script(const char *script)
{
    struct pm_sql *sql;
    struct pm_error error = {0};
    bool good = test_store_url() != NULL ? pm_sql_open_postgres(store, PM_SQL_WRITE, &sql, &error)
                                         : pm_sql_open_sqlite(store, PM_SQL_WRITE, &sql, &error);
    if (!good || !pm_sql_script(sql, script, &error)) {
        fail_msg("%s", error.message);
    }
    pm_sql_close(sql);
}

static void make_store(const char *script_path)
{
    char *script;
    size_t length;
    if (test_store_url() != NULL) {
        snprintf(store, sizeof store, "%s", test_store_url());
    } else {
        snprintf(store, sizeof store, "/tmp/test_pool_migration_%d.db", (int)getpid());
    }
    remove_store();
    assert_true(pm_file_read(script_path, SCRIPT_MAX, &script, &length, NULL));
    run_script(script);
    free(script);
}

static void submit_evaluations(struct virtual_pool *pool)
{
    struct pm_refusal refusal;
    char *answer;
    struct pm_pool_submission submission = {.evaluation_count = 5};
    for (int64_t i = 0; i < 5; i++) {
        submission.evaluations[i] =
            (struct pm_pool_submitted_evaluation){.algorithm_id = i + 1, .score = 0.5};
    }
    assert_int_equal(virtual_pool_submit(pool, MINER, LEASE, &submission, &answer, &refusal), 200);
    free(answer);
}

static void test_schema_1(void **state)
{
    (void)state;
    struct virtual_pool pool = {.rules = virtual_pool_default_rules(), .now_ms = 1795200000000};
    struct pm_pool_lease_wish wish = {
        .hotkey = MINER, .evaluate_max = 8, .seed_max = 8, .resume = true};
    struct pm_grant first, again;
    struct pm_refusal refusal;
    make_store(PM_TEST_DATA "/pool/schema_1.sql");
    virtual_pool_open(&pool, store);
    /* what its seeds were is not known any more, so it cannot be given again, but it is live */
    assert_int_equal(virtual_pool_wish(&pool, &wish, &first, &refusal), 400);
    assert_true(refusal.seconds_left > 0);
    submit_evaluations(&pool);
    assert_int_equal(virtual_pool_miner(&pool, MINER).miner.counts.evaluations_submitted, 5);
    /* the next one is as new leases are */
    assert_int_equal(virtual_pool_wish(&pool, &wish, &first, &refusal), 200);
    assert_int_equal(virtual_pool_wish(&pool, &wish, &again, &refusal), 200);
    assert_string_equal(first.lease.id, again.lease.id);
    assert_int_equal(again.seed_count, 2);
    pm_grant_clear(&first);
    pm_grant_clear(&again);
    virtual_pool_close(&pool);
    virtual_pool_open(&pool, store); /* and once it is up to date nothing is left to do */
    assert_int_equal(virtual_pool_miner(&pool, MINER).miner.counts.evaluations_submitted, 5);
    virtual_pool_close(&pool);
    remove_store();
}

/* One from the future is left alone. */
static void test_a_newer_schema(void **state)
{
    (void)state;
    struct pm_pool_store *opened;
    struct pm_error error = {0};
    make_store(PM_TEST_DATA "/pool/schema_1.sql");
    run_script("INSERT INTO schema_versions VALUES (99)");
    assert_false(pm_pool_store_open(store, &opened, &error));
    assert_non_null(strstr(error.message, "newer poolminer-pool"));
    remove_store();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_1),
        cmocka_unit_test(test_a_newer_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
