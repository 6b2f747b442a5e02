/* How long a computation may go on: what it polls while it runs. */
#ifndef POOLMINER_UNTIL_H
#define POOLMINER_UNTIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/clock.h>
#include <poolminer/gate.h>

/* Zeroed, and NULL: for ever. */
struct pm_until {
    const atomic_bool *stop; /* till this turns true; may be NULL */
    int64_t deadline_ms;     /* till then, unix; 0: no deadline */
    struct pm_gate *gate;    /* while it is shut the computation waits; may be NULL */
};

static inline bool pm_until_is_past(const struct pm_until *until)
{
    return (until->stop != NULL && atomic_load_explicit(until->stop, memory_order_relaxed)) ||
           (until->deadline_ms > 0 && pm_clock_unix_ms() >= until->deadline_ms);
}

/* Whether the time is over. Takes some tens of nanoseconds, and while the gate is shut as long as
 * it is, or until the time is over. */
static inline bool pm_until_over(const struct pm_until *until)
{
    if (until == NULL) {
        return false;
    }
    bool past = pm_until_is_past(until);
    while (!past && until->gate != NULL && !pm_gate_pass(until->gate)) {
        past = pm_until_is_past(until);
    }
    return past;
}

#endif
