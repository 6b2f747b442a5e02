/* A store around a store, one of whose calls fails, or which dies before one: every point in turn.
 */
#ifndef PM_TESTS_FAULTY_STORE_H
#define PM_TESTS_FAULTY_STORE_H

#include "sidecar/store.h"

/* The call number `fail_at` (from 1) since then fails with PM_ERROR_IO; 0: none does. After a
 * failed commit the transaction has not happened; after a failed sync the store is lost. */
struct pm_store *faulty_store_create(struct pm_store *inner);
void faulty_store_fail_at(struct pm_store *store, int64_t fail_at);
/* Calls since fail_at was set. */
int64_t faulty_store_calls(const struct pm_store *store);

#endif
