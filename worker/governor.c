#include "worker/governor.h"

#include <stddef.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum {
    TICK_MS = 250,
    REPORT_MS = 500,
    AWAY_MS = 3000, /* a sidecar that is away need not be asked all the time */
};

/* Hears the wish. An older sidecar knows of none, and one that is away has not changed it. */
static void report(struct pm_governor *governor, const char *paused)
{
    const struct pm_governor_sidecar *sidecar = &governor->config.sidecar;
    const int64_t now_ms = pm_clock_monotonic_ms();
    enum pm_wish wish;
    struct pm_error error = {0};
    if (now_ms < governor->next_report_ms) {
        return;
    }
    const bool heard = sidecar->report(sidecar->context, paused, NULL, &wish, &error);
    if (heard) {
        governor->wish = wish;
    }
    governor->next_report_ms = pm_clock_monotonic_ms() + (heard ? REPORT_MS : AWAY_MS);
}

/* Said once a change. */
static void decide(struct pm_governor *governor)
{
    const char *reason =
        governor->wish == PM_WISH_PAUSE ? "a person paused it; `poolminer resume` goes on" : NULL;
    if (reason != NULL && !governor->resting) {
        pm_log(PM_LOG_INFO, "WORKER-PAUSED", "%s", reason);
    } else if (reason == NULL && governor->resting) {
        pm_log(PM_LOG_INFO, "WORKER-RESUMED", "computing goes on");
    }
    if ((reason != NULL) != governor->resting) {
        governor->resting = reason != NULL;
        governor->next_report_ms = 0;
        pm_pause_set(governor->config.pause, reason);
    }
}

static void look(struct pm_governor *governor)
{
    char reason[PM_PAUSE_REASON_SIZE];
    pm_pause_is_on(governor->config.pause, reason);
    report(governor, reason);
    decide(governor);
}

static void *governor_main(void *argument)
{
    struct pm_governor *governor = argument;
    while (!atomic_load(governor->config.stop) && !atomic_load(&governor->ending)) {
        look(governor);
        pm_clock_sleep_ms(TICK_MS);
    }
    return NULL;
}

bool pm_governor_start(struct pm_governor *governor, const struct pm_governor_config *config,
                       struct pm_error *error)
{
    *governor = (struct pm_governor){.config = *config};
    look(governor);
    if (pthread_create(&governor->thread, NULL, governor_main, governor) != 0) {
        return pm_fail(error, PM_ERROR_MEMORY, "starting the governor's thread failed");
    }
    return true;
}

void pm_governor_join(struct pm_governor *governor)
{
    atomic_store(&governor->ending, true);
    pthread_join(governor->thread, NULL);
}
