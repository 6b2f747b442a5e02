/* When a computation must end: a stop flag, a deadline and a gate, which it polls while it runs. */
#ifndef POOLMINER_UNTIL_H
#define POOLMINER_UNTIL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/clock.h>
#include <poolminer/gate.h>

/* Zeroed, or a NULL pointer to one: no limit. */
struct pm_until {
    const atomic_bool *stop; /* ends the computation when true; may be NULL */
    int64_t deadline_ms;     /* ends it at this time, unix; 0: no deadline */
    struct pm_gate *gate;    /* while it is shut the computation waits; may be NULL */
};

static inline bool pm_until_is_past(const struct pm_until *until)
{
    return (until->stop != NULL && atomic_load_explicit(until->stop, memory_order_relaxed)) ||
           (until->deadline_ms > 0 && pm_clock_unix_ms() >= until->deadline_ms);
}

/* Whether the computation must end. Takes some tens of nanoseconds; while the gate is shut, it
 * returns only when the gate opens or the computation must end. */
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
