/* A thread that syncs the store while the broker goes on: what was committed before a sync began is
 * durable when it has ended. One sync at a time; all calls come from the broker's thread. */
#ifndef PM_SIDECAR_SYNCER_H
#define PM_SIDECAR_SYNCER_H

#include "sidecar/store.h"

#include <stdint.h>

struct pm_syncer;

/* The store must have `sync`, and outlive the syncer. NULL with the error set. */
struct pm_syncer *pm_syncer_create(struct pm_store *store, struct pm_error *error);
/* Waits for a sync that goes on. */
void pm_syncer_destroy(struct pm_syncer *syncer);

/* None may be going on. */
void pm_syncer_begin(struct pm_syncer *syncer);
/* From pm_syncer_begin until pm_syncer_end has told of the end. */
bool pm_syncer_is_busy(const struct pm_syncer *syncer);
/* Becomes readable when the sync has ended. */
int pm_syncer_descriptor(const struct pm_syncer *syncer);
/* *ended: it has, with `wait` in any case. False with the error set: it has failed. */
bool pm_syncer_end(struct pm_syncer *syncer, bool wait, bool *ended, struct pm_error *error);

#endif
