#include <poolminer/clock.h>
#include <poolminer/condition.h>
#include <poolminer/gate.h>

/* Seldom enough to leave an idle processor asleep, often enough for who is asked to stop. */
static const int64_t WAIT_NS = 100 * INT64_C(1000000);

void pm_gate_init(struct pm_gate *gate)
{
    atomic_init(&gate->shut, false);
    pthread_mutex_init(&gate->mutex, NULL);
    pm_condition_init(&gate->opened);
}

void pm_gate_clear(struct pm_gate *gate)
{
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->mutex);
}

void pm_gate_set_shut(struct pm_gate *gate, bool shut)
{
    pthread_mutex_lock(&gate->mutex);
    atomic_store(&gate->shut, shut);
    if (!shut) {
        pthread_cond_broadcast(&gate->opened);
    }
    pthread_mutex_unlock(&gate->mutex);
}

bool pm_gate_pass(struct pm_gate *gate)
{
    if (!pm_gate_is_shut(gate)) {
        return true;
    }
    const int64_t until_ns = pm_clock_monotonic_ns() + WAIT_NS;
    pthread_mutex_lock(&gate->mutex);
    while (atomic_load(&gate->shut) && pm_condition_wait(&gate->opened, &gate->mutex, until_ns)) {
    }
    const bool open = !atomic_load(&gate->shut);
    pthread_mutex_unlock(&gate->mutex);
    return open;
}
