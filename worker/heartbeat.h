/* The heartbeat of one job: a thread that, while the job is computed, renews its lease and reports
 * its progress, stores checkpoints with the sidecar, tells the computation when to stop, and draws
 * the progress bar. A queue object belongs to one thread, so the heartbeat has one of its own. The
 * job is leased over that one: the sidecar probes the connection that holds a lease, and the
 * heartbeat is the thread that always answers. */
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
    const struct pm_job_queue *queue; /* belongs to the thread from _start to _join */
    struct pm_starter *starter;       /* starts the thread; NULL: the caller itself does */
    const struct pm_job *job;
    struct pm_job_control *control; /* shared with the computation: progress, checkpoints, stops */
    struct pm_pause *pause;         /* whose state the progress reports; may be NULL */
    const atomic_bool *stop;        /* true: the process is to end */
    int64_t patience_ms; /* how long the computation may take to stop when the process is to end */
    /* When this turns true, the calls with which the job is given back at the end are cut short.
     * May be NULL. */
    const atomic_bool *late;
    struct pm_job_runner_tally *tally; /* counts a job that is given back; may be NULL */
    bool show_progress;                /* draw a progress bar on standard error */
};

struct pm_heartbeat {
    struct pm_heartbeat_config config;
    pthread_t thread;
    bool away;   /* the sidecar did not answer the last call */
    bool unkept; /* it has been logged that checkpoints cannot be kept */
    /* The heartbeat gave the job back because the computation did not stop in time. To be read only
     * after pm_heartbeat_join. */
    bool released;
};

/* Starts the thread; `heartbeat` must stay where it is until pm_heartbeat_join. False when no
 * thread could be started. */
bool pm_heartbeat_start(struct pm_heartbeat *heartbeat, const struct pm_heartbeat_config *config,
                        struct pm_error *error);
/* Tells the thread that the job is over and waits for it to end. The queue then belongs to the
 * caller again, and `late` is its stop flag. */
void pm_heartbeat_join(struct pm_heartbeat *heartbeat);

/* Gives the job back to the sidecar, together with its latest checkpoint if the sidecar does not
 * have that one yet (without it if the sidecar has no room). Logs and counts the job. To be called
 * after pm_heartbeat_join. */
void pm_heartbeat_release(const struct pm_heartbeat *heartbeat);

#endif
