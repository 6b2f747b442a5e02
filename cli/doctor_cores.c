/* What this machine computes with: SIMD level, affinity, and what cgroups leave of it. */
#include "cli/doctor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <poolminer/lanes.h>
#include <poolminer/processors.h>
#include <poolminer/sysfs.h>

static void check_processor(struct doctor *doctor)
{
    enum pm_simd_level used = pm_simd_level_best(), best = PM_SIMD_BASELINE;
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        if (pm_simd_level_available((enum pm_simd_level)level)) {
            best = (enum pm_simd_level)level;
        }
    }
    if (used < best) {
        doctor_say(doctor, "processor", DOCTOR_WARN, "unset POOLMINER_SIMD",
                   "computes with %s, though it has %s", pm_simd_level_name(used),
                   pm_simd_level_name(best));
    } else {
        doctor_say(doctor, "processor", DOCTOR_PASS, NULL, "computes with %s, the best it has",
                   pm_simd_level_name(used));
    }
}

static void check_affinity(struct doctor *doctor, int allowed, int64_t threads)
{
    long all = sysconf(_SC_NPROCESSORS_ONLN);
    if (threads > allowed) {
        doctor_say(doctor, "affinity", DOCTOR_WARN, "lower --threads, or widen it with taskset",
                   "%" PRId64 " threads are to share %d of %ld processors", threads, allowed, all);
    } else {
        doctor_say(doctor, "affinity", DOCTOR_PASS, NULL, "%d of %ld processors may be used",
                   allowed, all);
    }
}

/* Without --threads there are as many as the limit leaves. */
static void check_cgroup(struct doctor *doctor, double cpus, int64_t threads)
{
    char remedy[64];
    snprintf(remedy, sizeof remedy, "use --threads %.0f", fmax(1, ceil(cpus)));
    if (cpus == 0) {
        doctor_say(doctor, "cgroup", DOCTOR_PASS, NULL, "no limit told in %s/sys/fs/cgroup",
                   pm_sysfs_root(pm_options_text(doctor->options, "root-dir")));
    } else if ((double)threads > ceil(cpus)) {
        doctor_say(doctor, "cgroup", DOCTOR_WARN, remedy,
                   "%.2f processors' time for %" PRId64 " threads", cpus, threads);
    } else {
        doctor_say(doctor, "cgroup", DOCTOR_PASS, NULL, "%.2f processors' time", cpus);
    }
}

void doctor_check_cores(struct doctor *doctor)
{
    struct pm_processors processors;
    int64_t threads = pm_options_integer(doctor->options, "threads");
    pm_processors_read(pm_sysfs_root(pm_options_text(doctor->options, "root-dir")), &processors);
    check_processor(doctor);
    check_affinity(doctor, processors.allowed, threads);
    check_cgroup(doctor, processors.cgroup, threads);
}
