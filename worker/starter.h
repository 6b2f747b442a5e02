/* The starter: a thread that starts other threads on request, so that they run at the priority that
 * the process had at its beginning.
 *
 * A new thread gets the priority of the thread that starts it, and an unprivileged process cannot
 * raise it again. The worker's computing threads have lowered theirs, so as not to disturb other
 * programs; a heartbeat that one of them started would not run for longer than a lease lasts when
 * other programs keep the machine busy. The starter's thread never lowers its priority. */
#ifndef WORKER_STARTER_H
#define WORKER_STARTER_H

#include <pthread.h>
#include <stdbool.h>

#include <poolminer/error.h>

struct pm_starter;

/* Starts the starter's thread, which keeps the priority that the caller has now. NULL, with the
 * error set, when no thread could be started. */
struct pm_starter *pm_starter_create(struct pm_error *error);
/* Ends the starter's thread; the threads that it has started go on. NULL is allowed. */
void pm_starter_destroy(struct pm_starter *starter);

/* Does what pthread_create does, on the starter's thread; or, if `starter` is NULL, on the calling
 * one. Any thread may call it. False when no thread could be started. */
bool pm_starter_start(struct pm_starter *starter, pthread_t *out, void *(*run)(void *argument),
                      void *argument);

#endif
