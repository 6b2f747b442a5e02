/* The state of one job that two threads share, the one that computes it and the one that renews its
 * lease: whether and why to stop, the deadline, the progress, and the latest checkpoint. */
#ifndef WORKER_JOB_CONTROL_H
#define WORKER_JOB_CONTROL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum pm_stop_cause {
    PM_STOP_NONE,
    PM_STOP_DEADLINE, /* time is up: send what there is */
    PM_STOP_LOST,     /* somebody else has the job, or nobody wants it: forget it */
    PM_STOP_SHUTDOWN, /* the worker is to end: give the job back */
};

/* A job's deadline has two parts, of which the earlier one counts; 0: no such part. */
struct pm_job_deadline {
    int64_t unix_ms;      /* as the driver set it, by the wall clock */
    int64_t monotonic_ms; /* from how long the job may take; setting the clock does not move it */
};
/* How much time is left. Below 0: it has passed. INT64_MAX: there is no deadline. */
int64_t pm_job_deadline_left_ms(struct pm_job_deadline deadline);
/* The deadline moved earlier by `earlier_ms`. */
struct pm_job_deadline pm_job_deadline_before(struct pm_job_deadline deadline, int64_t earlier_ms);

struct pm_job_progress {
    uint64_t done, total;
    const char *unit; /* "algorithms" | "generations" */
    bool evolving;    /* the members from `best` on are set */
    double best, mean;
    uint64_t candidates;           /* how many were tried */
    uint64_t cache_hits, hopeless; /* of these, not run; as in struct pm_evolution_progress */
    double candidates_per_second;
    const char *paused; /* why nothing is computed; NULL: it is */
};

struct pm_job_control {
    atomic_bool stop; /* the computation polls this */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    enum pm_stop_cause cause;
    struct pm_job_deadline deadline;
    struct pm_job_progress progress;
    bool delivering;  /* the outcome is being sent */
    bool ended;       /* the lease need not be renewed any more */
    void *checkpoint; /* the latest that the sidecar does not have yet, or NULL */
    size_t checkpoint_size;
    bool checkpoint_due; /* send it now, not only when the job is given back */
};

void pm_job_control_init(struct pm_job_control *control);
void pm_job_control_clear(struct pm_job_control *control);

/* Sets the stop flag. A lost lease outranks a shutdown, which outranks a deadline. */
void pm_job_control_stop(struct pm_job_control *control, enum pm_stop_cause cause);
enum pm_stop_cause pm_job_control_cause(struct pm_job_control *control);

/* Replaces the deadline, and revokes a stop that the one before has caused. */
void pm_job_control_set_deadline(struct pm_job_control *control, struct pm_job_deadline deadline);
/* Stops the job with PM_STOP_DEADLINE if its deadline has passed. */
void pm_job_control_check_deadline(struct pm_job_control *control);

void pm_job_control_set_progress(struct pm_job_control *control,
                                 const struct pm_job_progress *progress);
struct pm_job_progress pm_job_control_progress(struct pm_job_control *control);

/* Keeps a copy of a checkpoint in place of the one before. `due`: it is to be sent now; otherwise
 * only when the job is given back. If there is no memory for it, the one before is dropped too. */
void pm_job_control_set_checkpoint(struct pm_job_control *control, const void *bytes, size_t size,
                                   bool due);
/* Takes the latest checkpoint out, malloc'd: the next call returns NULL until there is a newer one.
 * With `due`, returns it only if it is to be sent now. */
void *pm_job_control_take_checkpoint(struct pm_job_control *control, bool due, size_t *size);
/* Puts a checkpoint back that could not be sent. If there is a newer one by now, frees it. */
void pm_job_control_return_checkpoint(struct pm_job_control *control, void *bytes, size_t size);

/* The progress as the JSON of docs/jobs.md; malloc'd. NULL with the error set when memory is out.
 */
char *pm_job_progress_write(const struct pm_job_progress *progress, struct pm_error *error);

/* The outcome is being sent over another connection. From now on a heartbeat may be refused because
 * the job has its outcome: only the answer to the outcome tells whether the lease was lost. */
void pm_job_control_set_delivering(struct pm_job_control *control);
bool pm_job_control_is_delivering(struct pm_job_control *control);

/* Waits until pm_job_control_end, at most `wait_ms`; true once ended. */
bool pm_job_control_wait(struct pm_job_control *control, int64_t wait_ms);
void pm_job_control_end(struct pm_job_control *control);

#endif
