/* What this machine computes with: SIMD level, affinity, and what cgroups leave of it. */
#include "cli/doctor.h"

#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/lanes.h>

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

/* Processors this process may run on; 0: not to be known. */
static int allowed_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

static void check_affinity(struct doctor *doctor, int allowed, int64_t threads)
{
    long all = sysconf(_SC_NPROCESSORS_ONLN);
    if (allowed == 0) {
        doctor_say(doctor, "affinity", DOCTOR_UNKNOWN, NULL, "the system does not tell it");
    } else if (threads > allowed) {
        doctor_say(doctor, "affinity", DOCTOR_WARN, "lower --threads, or widen it with taskset",
                   "%" PRId64 " threads are to share %d of %ld processors", threads, allowed, all);
    } else {
        doctor_say(doctor, "affinity", DOCTOR_PASS, NULL, "%d of %ld processors may be used",
                   allowed, all);
    }
}

static void check_cgroup(struct doctor *doctor, int allowed, int64_t threads)
{
    const char *sys = pm_options_text(doctor->options, "sys-dir");
    char membership[4096] = "", remedy[64];
    FILE *file = fopen("/proc/self/cgroup", "re");
    size_t length = file != NULL ? fread(membership, 1, sizeof membership - 1, file) : 0;
    membership[length] = '\0';
    if (file != NULL) {
        fclose(file);
    }
    double cpus = doctor_cgroup_cpus(sys, membership);
    int64_t wanted = threads > 0 ? threads : allowed;
    snprintf(remedy, sizeof remedy, "use --threads %.0f", fmax(1, ceil(cpus)));
    if (cpus == 0) {
        doctor_say(doctor, "cgroup", DOCTOR_PASS, NULL, "no limit told in %s/fs/cgroup", sys);
    } else if ((double)wanted > ceil(cpus)) {
        doctor_say(doctor, "cgroup", DOCTOR_WARN, remedy,
                   "%.2f processors' time for %" PRId64 " threads", cpus, wanted);
    } else {
        doctor_say(doctor, "cgroup", DOCTOR_PASS, NULL, "%.2f processors' time", cpus);
    }
}

void doctor_check_cores(struct doctor *doctor)
{
    int allowed = allowed_count();
    int64_t threads = pm_options_integer(doctor->options, "threads");
    check_processor(doctor);
    check_affinity(doctor, allowed, threads);
    check_cgroup(doctor, allowed, threads);
}
