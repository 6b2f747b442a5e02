/* Whether this process rests, and why: said by the governor, heeded by all who compute here. */
#ifndef WORKER_PAUSE_H
#define WORKER_PAUSE_H

#include <pthread.h>
#include <stdbool.h>

#include <poolminer/gate.h>

enum { PM_PAUSE_REASON_SIZE = 200 };

struct pm_pause {
    struct pm_gate gate; /* shut while resting; also between the turns of a limited share */
    pthread_mutex_t mutex;
    bool resting, between_turns;
    char reason[PM_PAUSE_REASON_SIZE];
};

void pm_pause_init(struct pm_pause *pause);
void pm_pause_clear(struct pm_pause *pause);

/* `reason` is copied; NULL: computing goes on. */
void pm_pause_set(struct pm_pause *pause, const char *reason);
/* A moment without computing, which is no rest that anybody need hear of. */
void pm_pause_set_between_turns(struct pm_pause *pause, bool between_turns);

/* True while resting; `reason` may be NULL, and is "" while not resting. */
bool pm_pause_is_on(struct pm_pause *pause, char reason[PM_PAUSE_REASON_SIZE]);

#endif
