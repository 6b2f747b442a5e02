/* How much of the machine's processors this process may have. */
#ifndef POOLMINER_PROCESSORS_H
#define POOLMINER_PROCESSORS_H

struct pm_processors {
    int allowed;      /* that this process may run on (sched_setaffinity, taskset, cpuset) */
    double cgroup;    /* processors' time that cgroups leave it; 0: they set no limit */
    double available; /* the smaller of the two: what there is to be had, in whole and parts */
};

/* `root`: below which /sys and /proc are, "" as a rule. The affinity is this process's own. */
void pm_processors_read(const char *root, struct pm_processors *out);

/* The smallest of the limits of a process's cgroup and of all above it, version 2 (cpu.max) or 1
 * (cpu.cfs_quota_us, cpu.cfs_period_us), in processors; 0: no limit. `sys` is where /sys is;
 * `membership` the text of its /proc/PID/cgroup. */
double pm_processors_cgroup(const char *sys, const char *membership);

#endif
