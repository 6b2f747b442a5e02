/* Memory that stays out of the swap, where secrets are kept (sodium_malloc). */
#ifndef POOLMINER_LOCKED_MEMORY_H
#define POOLMINER_LOCKED_MEMORY_H

#include <stdbool.h>

#include <poolminer/error.h>

/* Whether the system lets this process lock as much as a key and a password take, by trying it. If
 * not (PM_ERROR_UNAVAILABLE), the sentence says what follows and what to do: secrets are kept all
 * the same, but where the system may write them to its swap. */
bool pm_locked_memory_check(struct pm_error *error);

#endif
