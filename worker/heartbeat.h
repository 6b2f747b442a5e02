/* The heartbeat of one job: a thread that renews the lease with the job's progress, leaves
 * checkpoints with the sidecar, tells the computation when to stop, and draws the progress bar. It
 * has a queue of its own, because a queue object belongs to one thread; the job is leased over it,
 * as the sidecar probes the connection of a lease, and this one is always listened to. */
#ifndef WORKER_HEARTBEAT_H
#define WORKER_HEARTBEAT_H

#include "worker/job_control.h"
#include "worker/job_queue.h"
#include "worker/job_tally.h"
#include "worker/pause.h"
#include "worker/starter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_heartbeat_config {
    const struct pm_job_queue *queue; /* the thread's, from start to join */
    struct pm_starter *starter;       /* of the thread; NULL: the caller itself starts it */
    const struct pm_job *job;
    struct pm_job_control *control;
    struct pm_pause *pause;  /* told of in the progress; may be NULL */
    const atomic_bool *stop; /* the process is to end */
    int64_t patience_ms;     /* how long the computation may take to heed that */
    const atomic_bool *late; /* calls made in parting end when this turns true; may be NULL */
    struct pm_job_runner_tally *tally; /* where a job that is given back counts; may be NULL */
    bool show_progress;                /* draw a bar on standard error */
};

struct pm_heartbeat {
    struct pm_heartbeat_config config;
    pthread_t thread;
    bool away;     /* the sidecar did not answer the last call */
    bool unkept;   /* said already that checkpoints cannot be kept */
    bool released; /* read after join: the job was given back because the computation did not end */
};

/* False when no thread could be started. */
bool pm_heartbeat_start(struct pm_heartbeat *heartbeat, const struct pm_heartbeat_config *config,
                        struct pm_error *error);
/* Ends the control's job and the thread; the queue is the caller's again, with `late` for its stop
 * flag. */
void pm_heartbeat_join(struct pm_heartbeat *heartbeat);

/* Gives the job back, with its latest checkpoint if that is not with the sidecar yet, and without
 * one if there is no room for it. Logs and counts it. */
void pm_heartbeat_release(const struct pm_heartbeat *heartbeat);

#endif
