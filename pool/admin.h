/* poolminer-pool admin: what the operator does by hand, on the store, also while the pool runs. */
#ifndef POOL_ADMIN_H
#define POOL_ADMIN_H

#include "pool/store.h"

#include <stdbool.h>
#include <stdio.h>

#include <poolminer/error.h>

/* Whether the words after "admin" are a command, to be asked before anything is opened for it:
 * PM_ERROR_INVALID when not. */
bool pm_admin_check(const char *const *words, size_t count, struct pm_error *error);

/* Whether the words are a command that changes something: a store for it has to be one to write to.
 */
bool pm_admin_decides(const char *const *words, size_t count);

/* `words` are those after "admin": payouts list | payouts approve ID | payouts reject ID | miners |
 * epochs | algorithms | export TABLE csv|json. Prints to `out`, whose errors are the caller's to
 * look at. False with PM_ERROR_INVALID: not a command; PM_ERROR_REFUSED: it cannot be. */
bool pm_admin_run(struct pm_pool_store *store, const char *const *words, size_t count, FILE *out,
                  struct pm_error *error);

#endif
