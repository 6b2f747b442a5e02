#include "sidecar/test_store.h"

#include "sidecar/sidecar_test.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include <poolminer/clock.h>

enum { CLOSED_MAX_MS = 30000 };

static const char *url(void)
{
    return getenv("POOLMINER_TEST_STORE");
}

bool test_store_is_postgres(void)
{
    return url() != NULL;
}

struct pm_store *test_store_open(const char *path)
{
    struct pm_store *store = NULL;
    struct pm_error error = {0};
    assert_done(url() != NULL ? pm_store_postgres_open(url(), true, &store, &error)
                              : pm_store_sqlite_open(path, false, &store, &error),
                error);
    return store;
}

/* Rows that the server answers with. */
static int ask(const char *sql)
{
    PGconn *connection = PQconnectdb(url());
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    }
    const int rows = PQntuples(result);
    PQclear(result);
    PQfinish(connection);
    return rows;
}

/* The server notices in its own time that a connection has ended, and with it the sidecar's lock.
 */
void test_store_close(struct pm_store *store)
{
    const int64_t end_ms = pm_clock_monotonic_ms() + CLOSED_MAX_MS;
    store->verbs->close(store);
    while (test_store_is_postgres() &&
           ask("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'") > 0) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
        pm_clock_sleep_ms(1);
    }
}

/* Tables that are there stay: making them takes longer than a test. */
void test_store_erase(void)
{
    if (test_store_is_postgres()) {
        ask("DO $$ BEGIN IF to_regclass('poolminer_queue.job') IS NOT NULL THEN"
            " DELETE FROM poolminer_queue.job; DELETE FROM poolminer_queue.record;"
            " DELETE FROM poolminer_queue.record_total; DELETE FROM poolminer_queue.run;"
            " ALTER SEQUENCE poolminer_queue.job_id_seq RESTART;"
            " END IF; END $$");
    }
}
