/* Conditions that are waited for by the monotonic clock: one that somebody sets back makes no wait
 * longer. */
#ifndef POOLMINER_CONDITION_H
#define POOLMINER_CONDITION_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* In place of pthread_cond_init; ended by pthread_cond_destroy. */
void pm_condition_init(pthread_cond_t *condition);

/* As pthread_cond_timedwait, so it may also return early and for no reason; `until_ns` is on the
 * clock of pm_clock_monotonic_ns. False: the time is over. */
bool pm_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until_ns);

#endif
