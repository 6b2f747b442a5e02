/* The small SQL interface, on both databases: what only writes may be told of late, but is never
 * lost, and what failed never commits. */
#include "cmocka_include.h"
#include "pool/sql.h"
#include "pool/test_store.h"

#include <libpq-fe.h>
#include <string.h>

enum { MANY = 1000 }; /* more than are ever on their way without an answer */

static struct pm_sql *sql;

static int open_sql(void **state)
{
    struct pm_error error = {0};
    (void)state;
    if (test_store_url() != NULL) {
        test_store_wipe();
    }
    bool ok = test_store_url() != NULL
                  ? pm_sql_open_postgres(test_store_url(), PM_SQL_WRITE, &sql, &error)
                  : pm_sql_open_sqlite(":memory:", PM_SQL_WRITE, &sql, &error);
    if (!ok ||
        !pm_sql_script(sql, "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL)",
                       &error)) {
        fail_msg("%s", error.message);
    }
    return 0;
}

static int close_sql(void **state)
{
    (void)state;
    pm_sql_close(sql);
    return 0;
}

static bool add(int64_t id, const char *name, struct pm_error *error)
{
    return pm_sql_execute(sql, "INSERT INTO things (id, name) VALUES ($1, $2)",
                          PM_SQL_VALUES(pm_sql_integer(id), pm_sql_text(name)), error);
}

static bool count(int64_t *out, struct pm_error *error)
{
    bool found;
    return pm_sql_select_integer(sql, "SELECT COUNT(*) FROM things", PM_SQL_NO_VALUES, out, &found,
                                 error);
}

static void begin(void)
{
    struct pm_error error = {0};
    if (!pm_sql_begin(sql, &error)) {
        fail_msg("%s", error.message);
    }
}

static void assert_count(int64_t expected)
{
    int64_t counted = -1;
    begin();
    assert_true(count(&counted, NULL));
    pm_sql_rollback(sql);
    assert_int_equal(counted, expected);
}

static void test_a_query_sees_what_was_written_before_it(void **state)
{
    int64_t counted = -1;
    (void)state;
    begin();
    for (int64_t i = 0; i < MANY; i++) {
        assert_true(add(i, "a thing", NULL));
    }
    assert_true(count(&counted, NULL));
    assert_int_equal(counted, MANY);
    assert_true(pm_sql_commit(sql, NULL));
    assert_count(MANY);
}

static void test_what_is_undone_was_never_there(void **state)
{
    (void)state;
    begin();
    assert_true(add(1, "one", NULL));
    pm_sql_rollback(sql);
    assert_count(0);
    begin();
    assert_true(add(1, "one", NULL));
    assert_true(pm_sql_commit(sql, NULL));
    assert_count(1);
}

/* Commits after steps that all succeeded. */
static bool finish(bool ok, struct pm_error *error)
{
    if (ok) {
        return pm_sql_commit(sql, error);
    }
    pm_sql_rollback(sql);
    return false;
}

/* Whichever of the steps tells, one of them does, and says which statement it was. */
static void assert_fails(bool asks)
{
    struct pm_error error = {0};
    int64_t counted;
    begin();
    bool ok = add(1, "one", &error) && add(1, "one again", &error) && add(2, "two", &error) &&
              (!asks || count(&counted, &error));
    assert_false(finish(ok, &error));
    assert_non_null(strstr(error.message, "store: INSERT INTO things"));
    assert_count(0);
}

static void test_what_failed_fails_the_next_query(void **state)
{
    (void)state;
    assert_fails(true);
}

static void test_what_failed_fails_the_commit(void **state)
{
    (void)state;
    assert_fails(false);
    begin(); /* and the connection is as good as before */
    assert_true(add(1, "one", NULL));
    assert_true(pm_sql_commit(sql, NULL));
    assert_count(1);
}

/* Another connection has the server hang up on this one. */
static void hang_up(void)
{
    PGconn *other = PQconnectdb(test_store_url());
    PGresult *result = PQexec(other, "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                                     " WHERE pid <> pg_backend_pid() AND datname ="
                                     " current_database() AND backend_type = 'client backend'");
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_int_equal(PQntuples(result), 1);
    PQclear(result);
    PQfinish(other);
}

static void test_a_lost_connection_commits_nothing(void **state)
{
    int64_t counted;
    (void)state;
    if (test_store_url() == NULL) {
        skip(); /* a file does not hang up */
    }
    for (int asks = 0; asks < 2; asks++) {
        struct pm_error error = {0};
        begin();
        assert_true(add(1, "before", NULL));
        hang_up();
        bool ok = add(2, "after", &error) && (asks == 0 || count(&counted, &error));
        assert_false(finish(ok, &error));
        assert_non_null(strstr(error.message, "PostgreSQL says"));
        assert_count(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_query_sees_what_was_written_before_it, open_sql,
                                        close_sql),
        cmocka_unit_test_setup_teardown(test_what_is_undone_was_never_there, open_sql, close_sql),
        cmocka_unit_test_setup_teardown(test_what_failed_fails_the_next_query, open_sql, close_sql),
        cmocka_unit_test_setup_teardown(test_what_failed_fails_the_commit, open_sql, close_sql),
        cmocka_unit_test_setup_teardown(test_a_lost_connection_commits_nothing, open_sql,
                                        close_sql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
