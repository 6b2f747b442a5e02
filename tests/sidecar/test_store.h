/* The store that tests of the queue's rules run over: SQLite, or the PostgreSQL database whose URL
 * is in POOLMINER_TEST_STORE. */
#ifndef PM_TESTS_SIDECAR_TEST_STORE_H
#define PM_TESTS_SIDECAR_TEST_STORE_H

#include "sidecar/store.h"

#include <stdbool.h>

bool test_store_is_postgres(void);

/* `path` is for SQLite, which may have a file, or ":memory:". PostgreSQL's database stays as it
 * is; the test fails when it cannot be opened. */
struct pm_store *test_store_open(const char *path);

/* As a sidecar that has ended: whoever opens it next finds that its leases are nobody's. */
void test_store_close(struct pm_store *store);

/* Nothing is in PostgreSQL's database any more. */
void test_store_erase(void);

#endif
