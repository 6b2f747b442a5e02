/* How much of the machine's processors this process may have. */
#ifndef POOLMINER_PROCESSORS_H
#define POOLMINER_PROCESSORS_H

struct pm_processors {
    int allowed;      /* processors that this process may run on (sched_setaffinity, cpuset) */
    double cgroup;    /* processor time that its cgroups allow: 1.5 is that of one and a half
                         processors; 0: no limit */
    double available; /* the smaller of the two */
};

/* `root` is the directory above /sys and /proc: "", or another in tests. The processors that this
 * process may run on are always its real ones. */
void pm_processors_read(const char *root, struct pm_processors *out);

/* The smallest limit that the cgroup of a process and all cgroups above it set, as a number of
 * processors; 0: no limit. Reads version 2 (cpu.max) and version 1 (cpu.cfs_quota_us and
 * cpu.cfs_period_us). `sys` is the path of /sys, `membership` the text of /proc/PID/cgroup. */
double pm_processors_cgroup(const char *sys, const char *membership);

#endif
