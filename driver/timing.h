/* The driver's decisions about time, pure so that tests are exact. Times are unix milliseconds,
 * `random` is a uniform 32-bit number. */
#ifndef DRIVER_TIMING_H
#define DRIVER_TIMING_H

#include <stdint.h>

enum {
    PM_BACKOFF_FIRST_MS = 1000,
    PM_BACKOFF_MAX_MS = 60 * 1000,
    PM_ACTIVE_TASK_WAIT_MS = 5 * 1000,
    PM_STOP_EVALUATING_MS = 90 * 1000, /* before the lease runs out */
    PM_STOP_EVOLVING_MS = 48 * 1000,   /* the same */
    PM_SUBMIT_MS = 45 * 1000,          /* the same */
    PM_LATE_ATTEMPTS_MAX = 15, /* after its end: with the pauses between them some ten minutes */
};

/* How long to wait before repetition number `attempt` (from 1) of a failed request. The longest
 * wait is 1 s at first and doubles each time, up to 60 s; a random number between a half and all of
 * it is taken. It is never less than the pool's Retry-After (-1: none). */
int64_t pm_backoff_ms(unsigned attempt, int64_t retry_after_ms, uint32_t random);

/* How long to wait when the pool has no work: at random from `base_ms` to twice as much. */
int64_t pm_no_work_wait_ms(int64_t base_ms, uint32_t random);

/* How long to wait for the pool's next window, which begins in `time_remaining_ms` (-1: unknown).
 * Up to a second is added at random, so that not all miners ask at once. At least `minimum_ms`. */
int64_t pm_window_wait_ms(int64_t time_remaining_ms, int64_t minimum_ms, uint32_t random);

/* How long until results are looked for again, `elapsed_ms` after the jobs were put. */
int64_t pm_gather_wait_ms(int64_t elapsed_ms);

struct pm_lease_plan {
    int64_t evaluate_until_ms; /* no evaluation is started after this */
    int64_t evolve_until_ms; /* no search goes on after this: its result has to be there in time */
    int64_t submit_at_ms;    /* what is there is submitted */
    int64_t deadline_ms;     /* the lease is over; a submission is not tried again */
};

/* Margins before the end of a lease: 90 s for evaluating, 48 s for evolving, 45 s for submitting;
 * of a short lease at most a third, a quarter and a sixth of what was left when it came.
 * `run_end_ms` (0: none) is when this driver has to be done: the plan ends there if that is
 * earlier. */
struct pm_lease_plan pm_lease_plan(int64_t received_ms, int64_t deadline_ms, int64_t run_end_ms);

/* Generations for the next lease after a refusal that names iterations. The reason's largest number
 * above `sent` is taken for the pool's minimum; without one the generations double. Returns
 * `generations` unchanged when the reason does not speak of iterations. */
int64_t pm_generations_after_refusal(int64_t generations, const char *reason, int64_t sent);

#endif
