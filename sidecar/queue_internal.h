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

/* Sets a job's checkpoint, NULL for none any more, and counts its bytes; the job
 * is to be written afterwards. */
bool pm_queue_replace_checkpoint(struct pm_queue *queue, struct pm_store_job *job,
                                 const struct pm_wire_frame *checkpoint, struct pm_error *error);

/* queue_loss.c: a queued job past its deadline fails. */
bool pm_queue_past_deadline(const struct pm_store_job *job, struct pm_queue_time now);
bool pm_queue_expire(struct pm_queue *queue, struct pm_store_job *job, struct pm_error *error);

bool pm_queue_delete(struct pm_queue *queue, const struct pm_store_job *job,
                     struct pm_error *error);

/* queue_room.c: what is new must keep max_bytes. What belongs to work that is in (results,
 * checkpoints, changes of open records) may go to twice that: refusing it would keep the work, and
 * its bytes, for ever. */
enum pm_queue_room { PM_QUEUE_ROOM_NEW, PM_QUEUE_ROOM_IN };
int64_t pm_queue_bytes_max(const struct pm_queue *queue, enum pm_queue_room room);

/* Whether `change` bytes more fit beside all but the closed records. PM_ERROR_UNAVAILABLE. */
bool pm_queue_check_bytes(struct pm_queue *queue, enum pm_queue_room room, int64_t change,
                          struct pm_error *error);
/* Drops the oldest closed records of any run until at most `bytes_max` bytes are held, or `keep`
 * bytes of closed records are left. */
bool pm_queue_drop_history(struct pm_queue *queue, int64_t bytes_max, int64_t keep,
                           struct pm_error *error);
/* Both, for `size` bytes about to be added. */
bool pm_queue_make_room(struct pm_queue *queue, enum pm_queue_room room, int64_t size,
                        struct pm_error *error);

#endif
