/* A short story that touches every table of the store, a transaction a step; and what the store
 * holds, as text. For tests that make writes fail: whatever fails, the text afterwards must be the
 * one before the step or the one after it. */
#ifndef PM_TESTS_QUEUE_SCENARIO_H
#define PM_TESTS_QUEUE_SCENARIO_H

#include "sidecar/queue.h"

enum { SCENARIO_STEPS = 40 };
extern const struct pm_queue_config SCENARIO_CONFIG;

/* One step, from 0, made durable by the commit, or `apart`, by a sync after it. The transaction is
 * rolled back when it fails; a sync that fails leaves open what has happened. */
bool scenario_step(struct pm_queue *queue, size_t step, bool apart, struct pm_error *error);

/* Everything but times of leases and numbers of jobs, which come in their order; the caller frees.
 */
char *scenario_dump(struct pm_store *store);

#endif
