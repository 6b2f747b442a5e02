#include "worker/pause.h"

#include <stdio.h>

void pm_pause_init(struct pm_pause *pause)
{
    *pause = (struct pm_pause){.resting = false};
    pm_gate_init(&pause->gate);
    pthread_mutex_init(&pause->mutex, NULL);
}

void pm_pause_clear(struct pm_pause *pause)
{
    pm_gate_clear(&pause->gate);
    pthread_mutex_destroy(&pause->mutex);
}

static void set_gate(struct pm_pause *pause)
{
    pm_gate_set_shut(&pause->gate, pause->resting || pause->between_turns);
}

void pm_pause_set(struct pm_pause *pause, const char *reason)
{
    pthread_mutex_lock(&pause->mutex);
    pause->resting = reason != NULL;
    snprintf(pause->reason, sizeof pause->reason, "%s", reason != NULL ? reason : "");
    set_gate(pause);
    pthread_mutex_unlock(&pause->mutex);
}

void pm_pause_set_between_turns(struct pm_pause *pause, bool between_turns)
{
    pthread_mutex_lock(&pause->mutex);
    if (pause->between_turns != between_turns) {
        pause->between_turns = between_turns;
        set_gate(pause);
    }
    pthread_mutex_unlock(&pause->mutex);
}

bool pm_pause_is_on(struct pm_pause *pause, char reason[PM_PAUSE_REASON_SIZE])
{
    pthread_mutex_lock(&pause->mutex);
    const bool on = pause->resting;
    if (reason != NULL) {
        snprintf(reason, PM_PAUSE_REASON_SIZE, "%s", pause->reason);
    }
    pthread_mutex_unlock(&pause->mutex);
    return on;
}
