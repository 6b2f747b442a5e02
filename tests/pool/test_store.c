#include "pool/test_store.h"

#include "cmocka_include.h"

#include <libpq-fe.h>
#include <stdlib.h>

const char *test_store_url(void)
{
    return getenv("POOLMINER_TEST_STORE");
}

void test_store_wipe(void)
{
    PGconn *connection = PQconnectdb(test_store_url());
    PGresult *result = PQexec(connection, "SET client_min_messages = warning;"
                                          "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail_msg("%s", PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
}
