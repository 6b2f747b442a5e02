/* What a machine can do, measured, and the least time that a lane program could take on it: what
 * `poolminer bench evaluate` compares the fast executor with. */
#ifndef POOLMINER_LANE_PROBE_H
#define POOLMINER_LANE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include <poolminer/lanes.h>

/* What runs that are not plain arithmetic consist of. */
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

/* Seconds for one element of all lanes, 64 bytes, on one thread. */
struct pm_machine {
    double multiply, add; /* the processor does both at once */
    double function[PM_FUNCTION_COUNT];
    double read_l1, write_l1; /* of data in the first-level cache */
    double read_l2;           /* in the second-level cache */
    double read_tasks;        /* of as much data as the tasks are */
};

/* Measures for about a tenth of a second. PM_ERROR_MEMORY. */
bool pm_machine_probe(enum pm_simd_level level, const struct pm_lane_tasks *tasks,
                      struct pm_machine *out, struct pm_error *error);

/* Work that threads do at once; `thread` counts from 0. */
typedef void pm_machine_work(void *context, int thread);

/* Does `work` on so many threads, all of which begin at a moment named in advance: to wake a thread
 * can take longer than what is to be measured. Nanoseconds from that moment to the end of the last.
 * Who came late makes it longer, so that the least of several is wanted. */
int64_t pm_machine_together(int threads, pm_machine_work *work, void *context);

/* What more threads are worth on this machine, whatever they run: the speed of arithmetic in
 * registers on `threads` at once, divided by that of one times their number. 1 where each has a
 * core of its own that runs as fast as before; about a half for two threads of one core. Takes
 * about a tenth of a second. */
double pm_machine_scaling(enum pm_simd_level level, int threads);

/* Elements of all lanes that running a program on one group computes, and moves between registers
 * and memory because no register file could hold them: matrices, inputs. */
struct pm_lane_work {
    double multiplications, additions;
    double functions[PM_FUNCTION_COUNT];
    double matrix_reads, matrix_writes;
    double l2_reads; /* of the matrix reads, those that the first-level cache has no room for */
    double inputs;
};
struct pm_lane_work pm_lane_program_work(const struct pm_lane_program *program,
                                         uint32_t train_count, uint32_t validation_count);

enum pm_machine_limit { PM_LIMIT_ARITHMETIC, PM_LIMIT_L1, PM_LIMIT_L2, PM_LIMIT_INPUT };
enum { PM_MACHINE_LIMITS = PM_LIMIT_INPUT + 1 };
/* "arithmetic", "l1", "l2", "input": what keeps the work from being faster. */
const char *pm_machine_limit_name(enum pm_machine_limit limit);

/* The time that the machine needs at least. */
double pm_machine_least_seconds(const struct pm_machine *machine, const struct pm_lane_work *work,
                                enum pm_machine_limit *limit);

#endif
