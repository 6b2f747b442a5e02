/* Whether this process has paused computing, and why. The governor sets it; every thread that
 * computes obeys it. */
#ifndef WORKER_PAUSE_H
#define WORKER_PAUSE_H

#include <pthread.h>
#include <stdbool.h>

#include <poolminer/gate.h>

enum { PM_PAUSE_REASON_SIZE = 200 };

struct pm_pause {
    struct pm_gate gate; /* shut during a pause, and between the turns of a limited share */
    pthread_mutex_t mutex;
    bool resting, between_turns;
    char reason[PM_PAUSE_REASON_SIZE];
};

void pm_pause_init(struct pm_pause *pause);
void pm_pause_clear(struct pm_pause *pause);

/* Begins a pause for `reason`, which is copied, or ends it with NULL. */
void pm_pause_set(struct pm_pause *pause, const char *reason);
/* Shuts or opens the gate between two turns, which is too short to be reported as a pause. */
void pm_pause_set_between_turns(struct pm_pause *pause, bool between_turns);

/* Whether there is a pause. `reason` (may be NULL) receives why, or "". */
bool pm_pause_is_on(struct pm_pause *pause, char reason[PM_PAUSE_REASON_SIZE]);

#endif
