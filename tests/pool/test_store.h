/* The database that tests of the store run on: SQLite, or the PostgreSQL that with_postgres.sh has
 * started for them. */
#ifndef TESTS_POOL_TEST_STORE_H
#define TESTS_POOL_TEST_STORE_H

#include "pool/store.h"

#include <stdbool.h>

/* PostgreSQL's URL, or NULL: SQLite. */
const char *test_store_url(void);

/* One statement, or several, for PostgreSQL, over a connection of its own. */
void test_store_execute(const char *statement);

/* Reads PostgreSQL's database beside the pools that are at work on it. */
void test_store_read(pm_pool_work *work, void *context);

/* Everything in PostgreSQL's database is gone afterwards. */
void test_store_wipe(void);

/* From now on PostgreSQL refuses every write, or no longer does; a session that is open hears of it
 * before one of its next statements. */
void test_store_refuse_writes(bool refuse);

/* All connections to PostgreSQL's database are lost, as when the server is started anew. */
void test_store_cut_connections(void);

#endif
