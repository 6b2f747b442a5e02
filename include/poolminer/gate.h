/* A gate that computing threads pass all the time: while it is shut they wait where they are, with
 * all they have, and nothing is lost by it. */
#ifndef POOLMINER_GATE_H
#define POOLMINER_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pm_gate {
    atomic_bool shut; /* read without the mutex on the way through */
    pthread_mutex_t mutex;
    pthread_cond_t opened; /* on the monotonic clock */
};

/* Open at first. */
void pm_gate_init(struct pm_gate *gate);
/* When nobody passes any more. */
void pm_gate_clear(struct pm_gate *gate);

void pm_gate_set_shut(struct pm_gate *gate, bool shut);

/* Waits while the gate is shut, but a tenth of a second at most: whoever passes looks after other
 * reasons to end, and comes again. True when it is open. */
bool pm_gate_pass(struct pm_gate *gate);

static inline bool pm_gate_is_shut(const struct pm_gate *gate)
{
    return atomic_load_explicit(&gate->shut, memory_order_relaxed);
}

#endif
