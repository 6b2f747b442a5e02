/* The governor: a thread that decides several times a second whether this process computes: by the
 * rules of a guest, by a person's wish, which the sidecar keeps, and by its share of the
 * processors. It says at each change what it does and why, in the log and to the sidecar. */
#ifndef WORKER_GOVERNOR_H
#define WORKER_GOVERNOR_H

#include "worker/pause.h"
#include "worker/use.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/guest.h>
#include <poolminer/processors.h>

/* Where the wish comes from, and where the state goes: pm_queue_client_report behind a pointer, so
 * that tests can do without a sidecar. */
struct pm_governor_sidecar {
    void *context;
    bool (*report)(void *context, const char *paused, const char *report_json, enum pm_wish *wish,
                   struct pm_error *error);
};

struct pm_governor_config {
    const char *root; /* below which /sys, /proc and the like are; "" as a rule */
    struct pm_guest_rules rules;
    struct pm_processors processors;
    struct pm_guest_plan plan;
    double percent; /* the limit that the plan was made of */
    struct pm_governor_sidecar sidecar;
    const atomic_bool *stop;
    struct pm_pause *pause; /* what it decides; outlives it */
};

struct pm_governor {
    struct pm_governor_config config;
    pthread_t thread;
    atomic_bool ending;

    struct pm_guest guest;
    struct pm_guest_readings readings;
    struct pm_use use;
    struct pm_guest_turns turns;
    enum pm_wish wish;         /* as last heard */
    enum pm_guest_cause cause; /* as last said; likewise whether it is blind */
    bool blind;
    int64_t next_look_ms, next_report_ms; /* monotonic */
    struct pm_governor_use_of_cpu {
        int64_t at_ns, used_ns;
        double percent; /* below 0: not known yet */
    } cpu;
};

/* Has decided for the first time when it returns. False when no thread could be started. */
bool pm_governor_start(struct pm_governor *governor, const struct pm_governor_config *config,
                       struct pm_error *error);
/* Ends the thread; nothing is decided any more. */
void pm_governor_join(struct pm_governor *governor);

#endif
