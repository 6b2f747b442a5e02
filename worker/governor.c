#include "worker/governor.h"

#include "worker/guest_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/sysfs.h>

enum {
    LOOK_MS = 500, /* at the machine */
    TICK_MS = 100, /* how long an end may stay unseen */
    TURN_MS = 10,  /* how long turns last at least */
    REPORT_MS = 500,
    AWAY_MS = 3000, /* a sidecar that is away need not be asked all the time */
};

static const int64_t CPU_WINDOW_NS = INT64_C(5000000000);

static int64_t used_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * INT64_C(1000000000) + used.tv_nsec;
}

/* ---- the machine ---- */

static void look_for_use(struct pm_governor *governor)
{
    struct pm_use_seen seen;
    if (governor->config.rules.pause_while_used_s == 0) {
        return;
    }
    pm_use_look(&governor->use, pm_clock_unix_ms() / 1000, pm_clock_monotonic_ms() / 1000, &seen);
    governor->readings.use_known = seen.known;
    governor->readings.idle_s = seen.idle_s;
    if (seen.blind != governor->blind) {
        governor->blind = seen.blind;
        pm_log(seen.blind ? PM_LOG_WARN : PM_LOG_INFO, "WORKER-USE",
               seen.blind
                   ? "--pause-while-used sees what is typed at terminals, and nothing so far "
                     "of this desktop's keyboard and mouse: docs/guest.md tells how the "
                     "desktop can say it"
                   : "--pause-while-used sees this machine's keyboard");
    }
}

static void read_machine(struct pm_governor *governor)
{
    char sys[PM_SYSFS_PATH_SIZE];
    snprintf(sys, sizeof sys, "%s/sys", governor->config.root);
    pm_power_read(sys, &governor->readings.power);
    pm_heat_read(sys, &governor->readings.heat);
    look_for_use(governor);
}

/* ---- what is decided ---- */

/* Logged once a change; the numbers in the reason are kept fresh for who asks. */
static void decide(struct pm_governor *governor)
{
    char reason[PM_GUEST_REASON_SIZE];
    const enum pm_guest_cause cause =
        pm_guest_decide(&governor->guest, &governor->config.rules, &governor->readings,
                        governor->wish, pm_clock_monotonic_ms(), reason);
    pm_pause_set(governor->config.pause, cause != PM_GUEST_WORKS ? reason : NULL);
    if (cause == governor->cause) {
        return;
    }
    if (cause != PM_GUEST_WORKS) {
        pm_log(PM_LOG_INFO, "WORKER-PAUSED", "%s", reason);
    } else {
        pm_log(PM_LOG_INFO, "WORKER-RESUMED", "computing goes on");
    }
    governor->cause = cause;
    governor->next_report_ms = 0;
}

/* ---- what is said ---- */

static void measure_cpu(struct pm_governor *governor)
{
    struct pm_governor_use_of_cpu *cpu = &governor->cpu;
    const int64_t now_ns = pm_clock_monotonic_ns(), used = used_ns();
    if (cpu->at_ns != 0 && now_ns - cpu->at_ns < CPU_WINDOW_NS) {
        return;
    }
    cpu->percent = cpu->at_ns == 0
                       ? -1
                       : 100 * (double)(used - cpu->used_ns) / (double)(now_ns - cpu->at_ns) /
                             governor->config.processors.available;
    cpu->at_ns = now_ns;
    cpu->used_ns = used;
}

/* Says how it is and hears the wish. An older sidecar knows of none, and one that is away has not
 * changed it. */
static void report(struct pm_governor *governor)
{
    const struct pm_governor_config *config = &governor->config;
    const struct pm_guest_report state = {.processors = config->processors,
                                          .plan = config->plan,
                                          .percent = config->percent,
                                          .cpu_percent = governor->cpu.percent,
                                          .readings = &governor->readings};
    char paused[PM_PAUSE_REASON_SIZE];
    enum pm_wish wish;
    pm_pause_is_on(config->pause, paused);
    char *json = pm_guest_report_write(&state);
    const bool heard = config->sidecar.report(config->sidecar.context, paused, json, &wish, NULL);
    free(json);
    if (heard) {
        governor->wish = wish;
    }
    governor->next_report_ms = pm_clock_monotonic_ms() + (heard ? REPORT_MS : AWAY_MS);
}

/* ---- the thread ---- */

static void look(struct pm_governor *governor)
{
    governor->next_look_ms = pm_clock_monotonic_ms() + LOOK_MS;
    read_machine(governor);
    decide(governor);
    measure_cpu(governor);
}

/* A change of the wish, or of what there is to say, waits for nothing. */
static void tick(struct pm_governor *governor)
{
    if (pm_clock_monotonic_ms() >= governor->next_look_ms) {
        look(governor);
    }
    if (pm_clock_monotonic_ms() >= governor->next_report_ms) {
        const enum pm_wish before = governor->wish;
        report(governor);
        if (governor->wish != before) {
            decide(governor);
        }
    }
}

static void take_turns(struct pm_governor *governor)
{
    const bool mine = pm_guest_turn(&governor->turns, governor->config.plan.processors,
                                    pm_clock_monotonic_ns(), used_ns());
    pm_pause_set_between_turns(governor->config.pause, !mine);
}

static void *governor_main(void *argument)
{
    struct pm_governor *governor = argument;
    const struct pm_governor_config *config = &governor->config;
    while (!atomic_load(config->stop) && !atomic_load(&governor->ending)) {
        const bool turns = config->plan.limited && governor->cause == PM_GUEST_WORKS;
        tick(governor);
        if (turns) {
            take_turns(governor);
        }
        pm_clock_sleep_ms(turns ? TURN_MS : TICK_MS);
    }
    return NULL;
}

bool pm_governor_start(struct pm_governor *governor, const struct pm_governor_config *config,
                       struct pm_error *error)
{
    *governor = (struct pm_governor){.config = *config, .cpu = {.percent = -1}};
    pm_use_init(&governor->use, config->root);
    tick(governor);
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
