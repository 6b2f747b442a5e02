/* A queue that does what a test tells it to, in place of the sidecar. */
#ifndef TESTS_WORKER_FAKE_QUEUE_H
#define TESTS_WORKER_FAKE_QUEUE_H

#include "worker/job_queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One job, handed out once; what becomes of it; and how the queue misbehaves meanwhile. When the
 * job has an outcome, `stop` is set, so that the runner ends. */
struct fake_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    atomic_bool stop;
    const char *kind, *body;
    int64_t lease_ms, deadline_ms;

    int leases_without_answer; /* so many first calls find no sidecar */
    int finishes_without_answer;
    bool refuse_progress, refuse_finish;
    bool finish_too_large; /* results are beyond what the queue takes */
    int progress_without_answer;
    bool no_room;            /* for checkpoints */
    int stop_at_checkpoint;  /* the process is asked to end at this one; 0: at none */
    bool stop_at_progress;   /* the process is asked to end at the first heartbeat */
    bool stop_at_finish;     /* ... when the first result is to be sent */
    bool stop_after_refusal; /* ... a while after a heartbeat was refused */
    bool beat_meets_outcome; /* a heartbeat is under way while the outcome comes, and refused after
                              */

    bool next_with_result; /* the job is handed out with the first result that is accepted */

    bool handed_out;
    bool beating, has_outcome; /* for beat_meets_outcome */
    int64_t timeout_ms;        /* as set last */
    int leases, progresses, checkpoints, finishes, fails, releases, listens;
    bool released;
    void *checkpoint; /* the latest; handed out with the job */
    size_t checkpoint_size;
    char *last_progress;
    char *result; /* of the finish that was accepted */
    char *reason; /* of the last fail */
    bool retry;
};

void fake_queue_init(struct fake_queue *fake, const char *kind, const char *body);
void fake_queue_clear(struct fake_queue *fake);

/* Both of a runner's queues may be of one fake: it locks. */
struct pm_job_queue fake_queue_face(struct fake_queue *fake);

#endif
