/* A store's pools go by the same rules: who comes with others is refused while one is at work, and
 * brings them along when none is. On SQLite, and on PostgreSQL under with_postgres.sh. */
#include "cmocka_include.h"
#include "pool/pool_process.h"
#include "pool/test_store.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <poolminer/process.h>

enum { PATIENCE_MS = 60000 };

static const char *const RULES[] = {"--quorum", "2", "--fee", "0.10", NULL};
static const char *const SAME[] = {"--fee", "0.1", "--quorum", "2", "--log-level", "debug", NULL};
static const char *const OTHERS[] = {"--quorum", "3", "--fee", "0.1", NULL};

static int open_pool(void **state)
{
    struct pool_process *pool = calloc(1, sizeof *pool);
    pool_process_create(pool);
    pool_process_start(pool, RULES);
    *state = pool;
    return 0;
}

static int close_pool(void **state)
{
    pool_process_destroy(*state);
    free(*state);
    return 0;
}

static void test_others_are_refused(void **state)
{
    struct pool_process *pool = *state;
    struct pool_process second = *pool; /* on the same store */
    assert_int_equal(pool_process_fail(&second, OTHERS), EXIT_FAILURE);
    assert_int_equal(pool_process_logged(pool, "POOL-FAILED --quorum is 3 here and 2 with the pools"
                                               " that are at work on this store"),
                     1);
    /* and it has changed nothing */
    pool_process_start(&second, SAME);
    assert_int_equal(pool_process_stop(&second), 0);
    assert_int_equal(pool_process_logged(pool, "POOL-RULES-CHANGED"), 0);
}

static void test_rules_change_when_nobody_is_at_work(void **state)
{
    struct pool_process *pool = *state;
    pool_process_kill(pool); /* not even a word of good-bye */
    pool_process_start(pool, OTHERS);
    assert_int_equal(pool_process_logged(pool, "POOL-RULES-CHANGED --quorum is 3, was 2"), 1);
    assert_int_equal(pool_process_stop(pool), 0);
    pool_process_start(pool, OTHERS); /* they are the store's now */
    assert_int_equal(pool_process_logged(pool, "POOL-RULES-CHANGED"), 1);
}

static void test_who_was_away_finds_other_rules(void **state)
{
    struct pool_process *pool = *state;
    struct pool_process second = *pool;
    int status;
    if (test_store_url() == NULL) {
        return; /* there is no connection that could be lost */
    }
    test_store_cut_connections(); /* it comes back, and nothing has changed */
    pool_process_start(&second, SAME);
    assert_int_equal(pool_process_stop(&second), 0);
    kill(pool->pid, SIGSTOP);
    test_store_cut_connections();
    pool_process_start(&second, OTHERS);
    kill(pool->pid, SIGCONT);
    assert_true(pm_process_wait(pool->pid, PATIENCE_MS, &status));
    pool->pid = 0;
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
    assert_int_equal(pool_process_logged(pool, "POOL-FAILED --quorum is 2 here and 3 with"), 1);
    assert_int_equal(pool_process_stop(&second), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_others_are_refused, open_pool, close_pool),
        cmocka_unit_test_setup_teardown(test_rules_change_when_nobody_is_at_work, open_pool,
                                        close_pool),
        cmocka_unit_test_setup_teardown(test_who_was_away_finds_other_rules, open_pool, close_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
