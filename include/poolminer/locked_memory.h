/* Memory that stays out of the swap, where secrets are kept (sodium_malloc). */
#ifndef POOLMINER_LOCKED_MEMORY_H
#define POOLMINER_LOCKED_MEMORY_H

#include <stdbool.h>

#include <poolminer/error.h>

/* Whether the system allows this process to lock as much memory as a key and a password need. Finds
 * out by locking it. If it is not allowed (PM_ERROR_UNAVAILABLE), the program still works, but the
 * system may write secrets to its swap; the error says so, and what to do about it. */
bool pm_locked_memory_check(struct pm_error *error);

#endif
