/* A queue in memory with workers that answer at once, or in whatever way a test wants; it can be
 * away, and the driver can be made to die before or after any call to it. */
#ifndef TESTS_DRIVER_FAKE_QUEUE_H
#define TESTS_DRIVER_FAKE_QUEUE_H

#include "driver/driver.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fake_work {
    FAKE_WORK_ALL,      /* every job is done as soon as somebody looks */
    FAKE_WORK_NONE,     /* no worker is there */
    FAKE_WORK_EVALUATE, /* evolve jobs are never finished */
    FAKE_WORK_FAIL,     /* every job fails */
    FAKE_WORK_GARBAGE,  /* every result is nonsense */
};

enum { FAKE_JOBS_MAX = 256, FAKE_RECORDS_MAX = 64 };

struct fake_job {
    char *run_id, *key, *kind, *body, *result;
    const char *reason;
    enum pm_job_state state;
    int64_t deadline_ms;
};

struct fake_record {
    char *run_id, *key, *state, *reason, *body;
};

struct fake_queue {
    struct fake_job jobs[FAKE_JOBS_MAX];
    size_t job_count;
    struct fake_record records[FAKE_RECORDS_MAX];
    size_t record_count;
    enum fake_work work;
    int64_t no_work_until_ms;    /* by `clock_ms`: before it no worker is there */
    const char *dataset, *suite; /* what results say they were computed from; NULL: nothing */
    const char *paused;          /* why no worker computes; NULL: one does */
    int calls;                   /* so far */
    int away_calls;              /* the next calls fail as UNAVAILABLE */
    int large_records;           /* the next records fail as LIMIT */
    int large_jobs;              /* the next jobs fail as LIMIT, */
    int jobs_before_large;       /* after so many that do not */
    int fruitless;               /* the next evolve jobs find nothing */
    int die_at;                  /* at this call and all later ones the driver is dead; 0: never */
    bool die_after;              /* the call on which it dies still has its effect */
    int64_t full_until_ms;       /* new records are refused until then by ... */
    const atomic_int_least64_t *clock_ms;
    const atomic_bool *stop; /* calls other than records are cut short, as the real queue's are */
    char *figures;           /* the record of figures, as put last */
    int figures_put;
    bool put_before_open; /* a job came whose lease had no open record */
};

struct pm_driver_queue fake_queue_bind(struct fake_queue *queue);
void fake_queue_clear(struct fake_queue *queue);

/* The record of a lease, or NULL. */
const struct fake_record *fake_queue_record(const struct fake_queue *queue, const char *lease_id);
/* Jobs whose outcome nobody collected, and those still waiting. */
size_t fake_queue_left(const struct fake_queue *queue);
/* True when some job or record has this text in it. */
bool fake_queue_contains(const struct fake_queue *queue, const char *text);

#endif
