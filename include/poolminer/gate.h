/* A gate through which computing threads pass again and again. Shutting it pauses them where they
 * are: they keep their state in memory, so nothing of their work is lost. */
#ifndef POOLMINER_GATE_H
#define POOLMINER_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pm_gate {
    atomic_bool shut; /* read without the mutex, so that passing an open gate is cheap */
    pthread_mutex_t mutex;
    pthread_cond_t opened; /* on the monotonic clock */
};

/* The gate begins open. */
void pm_gate_init(struct pm_gate *gate);
/* Call it when no thread passes the gate any more. */
void pm_gate_clear(struct pm_gate *gate);

void pm_gate_set_shut(struct pm_gate *gate, bool shut);

/* Waits while the gate is shut, for 0.1 s at most: the caller then checks whether it should end,
 * and calls again. True when the gate is open. */
bool pm_gate_pass(struct pm_gate *gate);

static inline bool pm_gate_is_shut(const struct pm_gate *gate)
{
    return atomic_load_explicit(&gate->shut, memory_order_relaxed);
}

#endif
