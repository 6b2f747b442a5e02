/* Condition variables whose waits are timed by the monotonic clock, so that setting the wall clock
 * back makes no wait longer. */
#ifndef POOLMINER_CONDITION_H
#define POOLMINER_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Use it in place of pthread_cond_init; pthread_cond_destroy ends it. */
void pm_condition_init(pthread_cond_t *condition);

/* As pthread_cond_timedwait, so it may also wake spuriously. `until_ns` is a time of
 * pm_clock_monotonic_ns. False: that time has come. */
bool pm_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ns);

#endif
