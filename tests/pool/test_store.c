#include "pool/test_store.h"

#include "cmocka_include.h"

#include <libpq-fe.h>
#include <stdlib.h>

const char *test_store_url(void)
{
    return getenv("POOLMINER_TEST_STORE");
}

void test_store_execute(const char *statement)
{
    PGconn *connection = PQconnectdb(test_store_url());
    PGresult *result = PQexec(connection, statement);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s", PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
}

void test_store_wipe(void)
{
    test_store_execute(
        "SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

void test_store_refuse_writes(bool refuse)
{
    test_store_execute(refuse ? "ALTER SYSTEM SET default_transaction_read_only = on"
                              : "ALTER SYSTEM RESET default_transaction_read_only");
    test_store_execute("SELECT pg_reload_conf()");
}

void test_store_cut_connections(void)
{
    test_store_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE pid <> pg_backend_pid() AND datname = current_database()");
}

void test_store_read(pm_pool_work *work, void *context)
{
    struct pm_pool_store *store;
    struct pm_error error = {0};
    if (!pm_pool_store_open_reader(test_store_url(), &store, &error) ||
        !pm_pool_store_run(store, work, context, &error)) {
        fail_msg("%s", error.message);
        return;
    }
    pm_pool_store_close(store);
}
