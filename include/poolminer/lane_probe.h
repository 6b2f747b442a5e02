/* Measures how fast this machine is, and computes from that the least time in which it could run a
 * lane program. `poolminer bench evaluate` compares the fast executor with it. */
#ifndef POOLMINER_LANE_PROBE_H
#define POOLMINER_LANE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include <poolminer/lanes.h>

/* The operations that take longer than an addition or a multiplication. */
enum pm_lane_function {
    PM_FUNCTION_DIVIDE,
    PM_FUNCTION_ROOT,
    PM_FUNCTION_EXP,
    PM_FUNCTION_LOG,
    PM_FUNCTION_SIN,
    PM_FUNCTION_COS,
    PM_FUNCTION_TAN,
    PM_FUNCTION_GAUSSIAN,
    PM_FUNCTION_UNIFORM,
    PM_FUNCTION_COUNT
};

/* How many seconds one operation takes on one thread, on one element in all lanes (64 bytes). */
struct pm_machine {
    double multiply, add; /* the processor can do both at the same time */
    double function[PM_FUNCTION_COUNT];
    double read_l1, write_l1; /* when the data is in the first-level cache */
    double read_l2;           /* when it is in the second-level cache */
    double read_tasks;        /* when there is as much data as `tasks` has */
};

/* Measures all that, for about a tenth of a second. The only error is PM_ERROR_MEMORY. */
bool pm_machine_probe(enum pm_simd_level level, const struct pm_lane_tasks *tasks,
                      struct pm_machine *out, struct pm_error *error);

/* Work that several threads do at the same time; `thread` is the number of the one that calls it,
 * from 0. */
typedef void pm_machine_work(void *context, int thread);

/* Does `work` on `threads` threads and returns how long that took, in nanoseconds. Waking a thread
 * can take longer than the work, so all threads wait for a moment that was fixed before, and the
 * time counts from that moment to the end of the last thread. A thread that woke too late makes it
 * longer: callers should take the least of several measurements. */
int64_t pm_machine_together(int threads, pm_machine_work *work, void *context);

/* How well this machine scales with threads, whatever they run: the speed at which `threads`
 * threads together do arithmetic in registers, divided by `threads` times the speed of one alone.
 * It is 1 if each thread has a core that runs as fast as before, and about a half for two threads
 * on one core. Takes about a tenth of a second. */
double pm_machine_scaling(enum pm_simd_level level, int threads);

/* What running a program on one group of tasks takes at least: how many operations, and how many
 * reads and writes of data that cannot stay in the processor's registers. All counts are of one
 * element in all lanes. */
struct pm_lane_work {
    double multiplications, additions;
    double functions[PM_FUNCTION_COUNT];
    double matrix_reads, matrix_writes;
    double l2_reads; /* those of matrix_reads for which the first-level cache has no room */
    double inputs;   /* reads of the tasks' features */
};
struct pm_lane_work pm_lane_program_work(const struct pm_lane_program *program,
                                         uint32_t train_count, uint32_t validation_count);

enum pm_machine_limit { PM_LIMIT_ARITHMETIC, PM_LIMIT_L1, PM_LIMIT_L2, PM_LIMIT_INPUT };
enum { PM_MACHINE_LIMITS = PM_LIMIT_INPUT + 1 };
/* "arithmetic", "l1", "l2", "input". */
const char *pm_machine_limit_name(enum pm_machine_limit limit);

/* The least time, in seconds, that the machine needs for this work; *limit is what it spends that
 * time on: arithmetic, the first-level or second-level cache, or reading the tasks. */
double pm_machine_least_seconds(const struct pm_machine *machine, const struct pm_lane_work *work,
                                enum pm_machine_limit *limit);

#endif
