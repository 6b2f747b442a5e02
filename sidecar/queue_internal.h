/* Steps that the queue's files share. */
#ifndef PM_SIDECAR_QUEUE_INTERNAL_H
#define PM_SIDECAR_QUEUE_INTERNAL_H

#include "sidecar/queue.h"

/* Counts the job in its present state, +1 or -1. */
void pm_queue_count_state(struct pm_queue *queue, const struct pm_store_job *job, int64_t change);

void pm_queue_count_event(struct pm_queue *queue, const struct pm_store_job *job,
                          enum pm_counter counter);

/* Changes the state, keeps the counters, and writes the job with all that was changed in it;
 * `result` only of a job that is done. */
bool pm_queue_move(struct pm_queue *queue, struct pm_store_job *job, enum pm_job_state state,
                   const struct pm_wire_frame *result, struct pm_error *error);

/* queue_loss.c: a queued job past its deadline fails. */
bool pm_queue_past_deadline(const struct pm_store_job *job, struct pm_queue_time now);
bool pm_queue_expire(struct pm_queue *queue, struct pm_store_job *job, struct pm_error *error);

bool pm_queue_delete(struct pm_queue *queue, const struct pm_store_job *job,
                     struct pm_error *error);

#endif
