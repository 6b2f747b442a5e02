/* A thread that carries out one call of the store while the broker goes on: its sync (what was
 * committed before it began is durable when it has ended), or writing its log back. One call at a
 * time; all functions here are called from the broker's thread. */
#ifndef PM_SIDECAR_STORE_THREAD_H
#define PM_SIDECAR_STORE_THREAD_H

#include "sidecar/store.h"

#include <stdint.h>

struct pm_store_thread;
/* A verb of the store that another thread may call. */
typedef bool pm_store_work(struct pm_store *store, struct pm_error *error);

/* The store must outlive the thread. NULL with the error set. */
struct pm_store_thread *pm_store_thread_create(struct pm_store *store, pm_store_work *work,
                                               struct pm_error *error);
/* Waits for a call that goes on. */
void pm_store_thread_destroy(struct pm_store_thread *thread);

/* None may be going on. */
void pm_store_thread_begin(struct pm_store_thread *thread);
/* From pm_store_thread_begin until pm_store_thread_end has told of the end. */
bool pm_store_thread_is_busy(const struct pm_store_thread *thread);
/* Becomes readable when the call has ended. */
int pm_store_thread_descriptor(const struct pm_store_thread *thread);
/* *ended: it has, with `wait` in any case. False with the error set: it has failed. */
bool pm_store_thread_end(struct pm_store_thread *thread, bool wait, bool *ended,
                         struct pm_error *error);

#endif
