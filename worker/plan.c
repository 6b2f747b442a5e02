#include "worker/plan.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include <poolminer/log.h>
#include <poolminer/sysfs.h>
#include <poolminer/threads.h>

/* A worker's own, its heartbeat's, and those of its two connections; for all, the governor's own
 * and that of the log's lines, and those of their connections, and the one that starts heartbeats.
 */
enum { THREADS_BESIDE = 6, THREADS_FOR_ALL = 7 };

enum { NICE_LAST = 19 };

void pm_plan_stand_back(int64_t nice_level)
{
    const struct sched_param none = {0};
    if (nice_level > 0 && setpriority(PRIO_PROCESS, 0, (int)nice_level) != 0) {
        pm_log(PM_LOG_WARN, "WORKER-NOT-NICE", "the priority could not be lowered to nice %lld",
               (long long)nice_level);
    }
    if (nice_level == NICE_LAST && sched_setscheduler(0, SCHED_IDLE, &none) != 0) {
        pm_log(PM_LOG_WARN, "WORKER-NOT-NICE",
               "nice 19 it is, but the system does not let it have only what others leave");
    }
}

/* As far as the system can spare them: OpenMP would end the process over one thread less. Each
 * worker has threads of its own beside those that compute. */
static bool afford_threads(size_t workers, int *threads, struct pm_error *error)
{
    const size_t wanted = (size_t)*threads;
    const size_t others = workers * THREADS_BESIDE + THREADS_FOR_ALL;
    const size_t affordable = pm_threads_affordable(wanted + others);
    if (affordable <= others) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "the system has too few threads left for --workers %zu; allow more "
                       "(ulimit -u, ulimit -v, pids.max) or start fewer workers",
                       workers);
    }
    *threads = (int)(affordable - others);
    if (affordable - others < wanted) {
        pm_log(PM_LOG_WARN, "WORKER-FEWER-THREADS",
               "the system cannot spare %zu threads for this process; computing with %d; allow "
               "more (ulimit -u, ulimit -v, pids.max) or ask for fewer (--threads, --workers)",
               wanted + others, *threads);
    }
    return true;
}

static bool has_battery(const char *root)
{
    struct pm_power power;
    char sys[PM_SYSFS_PATH_SIZE];
    snprintf(sys, sizeof sys, "%s/sys", root);
    pm_power_read(sys, &power);
    return power.has_battery;
}

bool pm_plan_make(const struct pm_options *options, struct pm_governor_config *out,
                  struct pm_error *error)
{
    *out = (struct pm_governor_config){.root = pm_sysfs_root(pm_options_text(options, "root-dir")),
                                       .percent = pm_options_number(options, "cpu-limit")};
    if (!pm_guest_rules_read(options, &out->rules, error)) {
        return false;
    }
    pm_processors_read(out->root, &out->processors);
    out->plan = pm_guest_plan(out->processors.available, has_battery(out->root),
                              (int)pm_options_integer(options, "threads"), out->percent);
    return afford_threads((size_t)pm_options_integer(options, "workers"), &out->plan.threads,
                          error);
}

void pm_plan_log(const struct pm_governor_config *config, int64_t nice_level)
{
    char words[PM_GUEST_WORDS_SIZE];
    pm_guest_describe(&config->plan, &config->rules, config->processors.available, config->percent,
                      words);
    pm_log(PM_LOG_INFO, "WORKER-PLAN", "nice %lld%s, %s", (long long)nice_level,
           nice_level == NICE_LAST ? " and only what other programs leave" : "", words);
}
