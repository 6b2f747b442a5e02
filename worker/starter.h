/* The starter: a thread that starts others on request. A thread begins with the priority of the one
 * that started it, and without a right of its own it cannot rise above that. What must be on time,
 * as a heartbeat must, is started by one that never stood back: beside others that are busy, who
 * only has what they leave sleeps through a whole lease. */
#ifndef WORKER_STARTER_H
#define WORKER_STARTER_H

#include <pthread.h>
#include <stdbool.h>

#include <poolminer/error.h>

struct pm_starter;

/* Keeps the caller's priority of this moment. NULL with the error set. */
struct pm_starter *pm_starter_create(struct pm_error *error);
/* NULL is fine. Threads that it has started go on. */
void pm_starter_destroy(struct pm_starter *starter);

/* As pthread_create, by the starter's thread; without one (NULL) by the caller. For any thread. */
bool pm_starter_start(struct pm_starter *starter, pthread_t *out, void *(*run)(void *argument),
                      void *argument);

#endif
