/* The governor: a thread that decides whether this process computes, several times a second: a
 * person's wish, which the sidecar keeps. It says at each change what it does and why, in
 * the log and to the sidecar. */
#ifndef WORKER_GOVERNOR_H
#define WORKER_GOVERNOR_H

#include "worker/pause.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/wish.h>

/* Where the wish comes from, and where the state goes: pm_queue_client_report behind a pointer, so
 * that tests can do without a sidecar. */
struct pm_governor_sidecar {
    void *context;
    bool (*report)(void *context, const char *paused, const char *report_json, enum pm_wish *wish,
                   struct pm_error *error);
};

struct pm_governor_config {
    struct pm_governor_sidecar sidecar;
    const atomic_bool *stop;
    struct pm_pause *pause; /* what it decides; outlives it */
};

struct pm_governor {
    struct pm_governor_config config;
    pthread_t thread;
    atomic_bool ending;
    enum pm_wish wish;      /* as last heard */
    int64_t next_report_ms; /* monotonic */
    bool away;              /* the last report was not answered */
    bool resting;           /* as last said */
};

/* Has decided for the first time when it returns. False when no thread could be started. */
bool pm_governor_start(struct pm_governor *governor, const struct pm_governor_config *config,
                       struct pm_error *error);
/* Ends the thread; nothing is decided any more. */
void pm_governor_join(struct pm_governor *governor);

#endif
