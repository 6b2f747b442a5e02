/* Steps that the queue's files share. */
#ifndef PM_SIDECAR_QUEUE_INTERNAL_H
#define PM_SIDECAR_QUEUE_INTERNAL_H

#include "sidecar/queue.h"

/* Counts the job in its present state, +1 or -1. */
void pm_queue_count_state(struct pm_queue *queue, const struct pm_store_job *job, int64_t change);

void pm_queue_count_event(struct pm_queue *queue, const struct pm_store_job *job,
                          enum pm_counter counter);

/* Changes the state, keeps the counters, and writes the job with all that was changed in it. */
bool pm_queue_move(struct pm_queue *queue, struct pm_store_job *job, enum pm_job_state state,
                   struct pm_error *error);

/* Adds a part that the job has not, or drops one that it may have, and counts the bytes; the job is
 * to be written afterwards. */
bool pm_queue_add_part(struct pm_queue *queue, struct pm_store_job *job, enum pm_store_part part,
                       const struct pm_wire_frame *frame, struct pm_error *error);
bool pm_queue_drop_part(struct pm_queue *queue, struct pm_store_job *job, enum pm_store_part part,
                        struct pm_error *error);

bool pm_queue_delete(struct pm_queue *queue, const struct pm_store_job *job,
                     struct pm_error *error);

#endif
