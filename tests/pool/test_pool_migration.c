/* Stores that older pools left behind (tests/data/pool): opened, brought up to date, and gone on
 * with. */
#include "cmocka_include.h"
#include "pool/old_store.h"
#include "pool/virtual_pool.h"

#include <stdlib.h>
#include <string.h>

static const char MINER[] = "5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR";
static const char LEASE[] = "62d604782800fc2817dc87bbf7bb750f"; /* of this miner, live */

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
    old_store_load("schema_1.sql");
    virtual_pool_open(&pool, old_store_name());
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
    /* and once it is up to date nothing is left to do */
    virtual_pool_open(&pool, old_store_name());
    assert_int_equal(virtual_pool_miner(&pool, MINER).miner.counts.evaluations_submitted, 5);
    virtual_pool_close(&pool);
    old_store_remove();
}

/* A consensus on the fourth seed as schema 1 has it, and an evolved program with two parents whose
 * author was rewarded; its first miner was outside the consensus. */
static const char earned[] =
    "UPDATE algorithms SET score = 0.9, agreed_ms = 1795197000000, evaluation_count = 2"
    "  WHERE id = 4;"
    "INSERT INTO evaluations VALUES (4, '5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR', 0.1,"
    "  1795196900000, 0);"
    "INSERT INTO evaluations VALUES (4, '5ExZX4Jrhy8svUAzBVDKkHUG1QY1vvbgdDqgw1wF3pFws3mD', 0.9,"
    "  1795196900001, 1);"
    "INSERT INTO rewards VALUES (0, 4, '5ExZX4Jrhy8svUAzBVDKkHUG1QY1vvbgdDqgw1wF3pFws3mD', 1,"
    "  1000000, 1795197000000);"
    "INSERT INTO algorithms VALUES (6, 'digest', 'text', 16,"
    "  '5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR', 1, 0.8, 0, 1795196900000,"
    "  1795197000001, 0);"
    "INSERT INTO parents VALUES (6, 2);"
    "INSERT INTO parents VALUES (6, 1);"
    "INSERT INTO rewards VALUES (1, 6, '5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR', 1,"
    "  1600000, 1795197000001);"
    /* and a task of one kind that is done, in the window that runs */
    "INSERT INTO leases VALUES ('00000000000000000000000000000007',"
    "  '5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR', 1, 1, 1, 1795196800000, 1795207600000,"
    "  0, 0, 'digest', 'the answer');";

static void assert_text(struct pm_sql *sql, const char *query, const char *expected)
{
    struct pm_sql_cursor *cursor;
    struct pm_error error = {0};
    bool row = false;
    if (!pm_sql_select(sql, query, PM_SQL_NO_VALUES, &cursor, &error) ||
        !pm_sql_next(cursor, &row, &error)) {
        fail_msg("%s", error.message);
    }
    assert_true(row);
    assert_string_equal(pm_sql_column_text(cursor, 0), expected);
    pm_sql_end(cursor);
}

static enum pm_pool_outcome judge_again(struct pm_pool_store *opened, void *context,
                                        struct pm_error *error)
{
    const struct pm_pool_verdict verdict = {.accurate = true, .epoch = 1, .micro = 1000000};
    const struct pm_pool_consensus consensus = {.score = 0.9, .agreed_ms = 1, .epoch = 1};
    const bool *evaluation = context;
    bool done = *evaluation ? pm_store_evaluation_judge(opened, 4, MINER, &verdict, error)
                            : pm_store_algorithm_agree(opened, 4, "", &consensus, error);
    return done ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

/* Rewards stand with what earned them, and it earns nothing again. */
static void test_rewards_of_schema_1(void **state)
{
    (void)state;
    struct pm_pool_store *opened;
    struct pm_error error = {0};
    old_store_load("schema_1.sql");
    old_store_run(earned);
    assert_true(pm_pool_store_open(old_store_name(), &opened, &error));
    assert_false(pm_pool_store_run(opened, judge_again, &(bool){true}, &error));
    assert_false(pm_pool_store_run(opened, judge_again, &(bool){false}, &error));
    pm_pool_store_close(opened);
    struct pm_sql *sql = old_store_open();
    assert_text(sql,
                "SELECT CAST(kind AS TEXT) || ' ' || CAST(algorithm_id AS TEXT) || ' ' || hotkey"
                " || ' ' || CAST(epoch AS TEXT) || ' ' || CAST(micro AS TEXT) || ' '"
                " || CAST(booked_ms AS TEXT) FROM rewards ORDER BY kind LIMIT 1",
                "0 4 5ExZX4Jrhy8svUAzBVDKkHUG1QY1vvbgdDqgw1wF3pFws3mD 1 1000000 1795197000000");
    assert_text(sql,
                "SELECT CAST(algorithm_id AS TEXT) || ' ' || hotkey || ' ' || CAST(micro AS TEXT)"
                " || ' ' || CAST(booked_ms AS TEXT) FROM rewards WHERE kind = 1",
                "6 5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR 1600000 1795197000001");
    assert_text(sql, "SELECT CAST(COUNT(*) AS TEXT) FROM rewards", "2");
    assert_text(sql, "SELECT parents FROM algorithms WHERE id = 6", "1,2");
    assert_text(sql,
                "SELECT CAST(lease_window AS TEXT) || ' ' || CAST(lease_count AS TEXT) FROM miners"
                " WHERE hotkey = '5FHFx8CcBJ86S4JeVfGhJBRMNCQiN1Y89gvTJPKs6W56pknR'",
                "1 2"); /* leases of all kinds */
    assert_text(sql, "SELECT answer FROM leases WHERE id = '00000000000000000000000000000007'",
                "the answer");
    pm_sql_close(sql);
    old_store_remove();
}

/* One from the future is left alone. */
static void test_a_newer_schema(void **state)
{
    (void)state;
    struct pm_pool_store *opened;
    struct pm_error error = {0};
    old_store_load("schema_1.sql");
    old_store_run("INSERT INTO schema_versions VALUES (99)");
    assert_false(pm_pool_store_open(old_store_name(), &opened, &error));
    assert_non_null(strstr(error.message, "newer poolminer-pool"));
    old_store_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_1),
        cmocka_unit_test(test_rewards_of_schema_1),
        cmocka_unit_test(test_a_newer_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
