/* One job under way, as the thread that computes it and the thread that keeps its lease see it: why
 * to stop, by when, and how far it is. */
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

/* By the clock that is shared with who set it, and by how long the job may take, which a clock that
 * is set does not change; what is earlier counts. 0: none. */
struct pm_job_deadline {
    int64_t unix_ms, monotonic_ms;
};
/* Below 0: it is past. INT64_MAX: there is none. */
int64_t pm_job_deadline_left_ms(struct pm_job_deadline deadline);
/* The same, so much earlier. */
struct pm_job_deadline pm_job_deadline_before(struct pm_job_deadline deadline, int64_t earlier_ms);

struct pm_job_progress {
    uint64_t done, total;
    const char *unit; /* "algorithms" | "generations" */
    bool evolving;    /* the rest is set */
    double best, mean;
    uint64_t candidates;           /* tried */
    uint64_t cache_hits, hopeless; /* of these, scored before, and not worth running */
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
    bool delivering;  /* what it came to is being sent */
    bool ended;       /* nothing is left to keep the lease for */
    void *checkpoint; /* the latest that is not with the sidecar, or NULL */
    size_t checkpoint_size;
    bool checkpoint_due; /* to be sent now, not only in parting */
};

void pm_job_control_init(struct pm_job_control *control);
void pm_job_control_clear(struct pm_job_control *control);

/* Sets the stop flag. A lost lease outranks a shutdown, which outranks a deadline. */
void pm_job_control_stop(struct pm_job_control *control, enum pm_stop_cause cause);
enum pm_stop_cause pm_job_control_cause(struct pm_job_control *control);

/* Replaces the deadline, and takes back a stop that the last one caused. */
void pm_job_control_set_deadline(struct pm_job_control *control, struct pm_job_deadline deadline);
/* Stops for PM_STOP_DEADLINE if that is past. */
void pm_job_control_check_deadline(struct pm_job_control *control);

void pm_job_control_set_progress(struct pm_job_control *control,
                                 const struct pm_job_progress *progress);
struct pm_job_progress pm_job_control_progress(struct pm_job_control *control);

/* Keeps a copy in place of the last one: `due` now, or for parting only. Without memory for it the
 * last one goes as well. */
void pm_job_control_set_checkpoint(struct pm_job_control *control, const void *bytes, size_t size,
                                   bool due);
/* The latest one, malloc'd, and NULL until there is a newer one; with `due` only if it is. */
void *pm_job_control_take_checkpoint(struct pm_job_control *control, bool due, size_t *size);
/* Puts one back that could not be sent, unless there is a newer one by now; frees it otherwise. */
void pm_job_control_return_checkpoint(struct pm_job_control *control, void *bytes, size_t size);

/* The progress as the JSON of docs/jobs.md; malloc'd. NULL with the error set when memory is out.
 */
char *pm_job_progress_write(const struct pm_job_progress *progress, struct pm_error *error);

/* The outcome is on its way over another connection: from here on the lease may end because the job
 * has one, and the answer to the outcome tells whether it was lost. */
void pm_job_control_set_delivering(struct pm_job_control *control);
bool pm_job_control_is_delivering(struct pm_job_control *control);

/* Waits until pm_job_control_end, at most `wait_ms`; true once ended. */
bool pm_job_control_wait(struct pm_job_control *control, int64_t wait_ms);
void pm_job_control_end(struct pm_job_control *control);

#endif
