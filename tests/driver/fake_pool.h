/* A pool that grants leases and takes submissions as a test scripts it, behind a scripted server,
 * with a clock of its own that waits of the driver push forward. */
#ifndef TESTS_DRIVER_FAKE_POOL_H
#define TESTS_DRIVER_FAKE_POOL_H

#include "driver/driver.h"
#include "tests/driver/scripted_server.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAKE_SCRIPT_MAX = 128, FAKE_CALLS_MAX = 512 };

struct fake_answer {
    enum scripted_manner manner;
    int status; /* 0: the pool's own answer */
    const char *headers, *body;
    bool accept; /* a submission counts although the answer says otherwise or is lost */
    bool stop;   /* the driver is asked to stop while it waits for this answer */
};

struct fake_submission {
    char lease_id[64];
    char call[24];      /* "submit_lease" */
    char content[8192]; /* without the proof */
    int64_t at_ms;
};

struct fake_pool {
    struct scripted_server *server;
    atomic_int_least64_t now_ms; /* the clock of pool and driver */
    atomic_bool stop;            /* the driver's stop flag */
    /* the script: answers in turn, then the pool's own; set before the driver runs */
    struct fake_answer lease_answers[FAKE_SCRIPT_MAX], submit_answers[FAKE_SCRIPT_MAX];
    struct fake_answer register_answer;
    int leases_to_grant;                /* then 404 */
    int64_t lease_ms;                   /* how long a lease lasts */
    bool no_leases, no_tasks;           /* such a path is not known here */
    int missing_status;                 /* what is answered then; 0: 404 */
    bool no_evaluations, no_evolutions; /* of such tasks there are none */
    bool tasks_without_end;             /* the answer does not say when a task runs out */
    bool everything_is_known;           /* evolved algorithms are duplicates */
    int64_t evaluate_ms, evolve_ms;     /* what a submission of such a task moves the clock by */
    int stop_after_lease_calls;         /* 0: never */
    int64_t jump_after_ms, jump_ms;     /* by how much the clock jumps, after so much waiting */
    int64_t waited_ms;                  /* so far */
    bool down_after_grant;       /* from the first grant on every request is hung up on ... */
    atomic_bool down;            /* ... as long as this is set */
    int page_when_down;          /* status of a proxy's page that is answered then; 0: hangs up */
    int64_t health_remaining_s;  /* -1: not told */
    const char *dataset, *suite; /* as /health tells; NULL: not told */
    /* what happened */
    bool has_no_balance; /* the pool has no such call */
    int lease_calls, submit_calls, stats_calls, balance_calls, health_calls, granted, accepted;
    char asked[FAKE_CALLS_MAX + 1];      /* of each call for work: 'l'ease, e'v'aluate, 'e'volve */
    const char *unpaid;                  /* what /miners/unpaid says; NULL: there is no such call */
    const char *unpaid_after;            /* when asked for what comes after a place */
    char unpaid_asked[64];               /* with which query, last */
    int unpaid_calls, unpaid_from_start; /* these without a place */
    const char *stats;                   /* what /miners/stats says; NULL: the usual */
    int64_t lease_call_ms[FAKE_CALLS_MAX];
    bool resumed[FAKE_CALLS_MAX]; /* the request for work asked for an open lease again */
    struct fake_submission submissions[FAKE_CALLS_MAX];
};

void fake_pool_start(struct fake_pool *pool);
void fake_pool_stop(struct fake_pool *pool);

/* Time and chance for the driver: waits only move the clock, chance is always `0`. */
struct pm_driver_host fake_pool_host(struct fake_pool *pool);

#endif
