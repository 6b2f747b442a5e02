/* A test's store on disk, SQLite's or PostgreSQL's, as older pools left theirs (tests/data/pool).
 */
#ifndef TESTS_POOL_OLD_STORE_H
#define TESTS_POOL_OLD_STORE_H

#include "pool/sql.h"

/* For pm_pool_store_open; there may be nothing in it yet. */
const char *old_store_name(void);

/* Makes it what the script of this name says. Any failure fails the test, here and below. */
void old_store_load(const char *script_name);

/* By the back door, without a look at its schema. */
struct pm_sql *old_store_open(void);
void old_store_run(const char *script);

void old_store_remove(void);

#endif
