/* What the rows of `poolminer bench evaluate` are measured with: the tasks, both executors, the
 * machine's own speed. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench/evaluate.h"
#include "bench/row.h"
#include "bench/tasks.h"

#include <poolminer/executor.h>
#include <poolminer/lane_probe.h>

struct bench {
    const struct pm_bench_evaluate_config *config;
    struct pm_suite suite;
    struct pm_machine machine;
    struct pm_lanes *lanes;
    struct pm_executor *executor;
    struct pm_lane_code *code;    /* NULL: none to be had */
    struct pm_score_trace *least; /* of each piece of a batch, the run in which it took least */
    double scores[BENCH_TASKS];
};

/* `batch`: algorithms that are scored at once, at most. Closed by bench_close, also after failure.
 */
bool bench_open(struct bench *bench, const struct pm_bench_evaluate_config *config, size_t batch,
                struct pm_error *error);
void bench_close(struct bench *bench);

/* What is timed; returns false with the error set. */
typedef bool bench_work(struct bench *bench, void *context, struct pm_error *error);

/* Microseconds of the run that took least: what disturbs a run only makes it slower. */
struct bench_timing {
    double us;     /* by the clock */
    double cpu_us; /* of processors, of all threads: other programs lengthen it less */
};
/* On one thread and on `threads`, in turns, so that both find the machine in the same mood. */
bool bench_measure_turns(struct bench *bench, bench_work *work, void *context, int threads,
                         struct bench_timing *one, struct bench_timing *all,
                         struct pm_error *error);
/* By the clock, on one thread. */
bool bench_measure(struct bench *bench, bench_work *work, void *context, double *us,
                   struct pm_error *error);

/* A bench_work: all tasks with the reference executor; the context is a struct pm_algorithm. */
bool bench_work_reference(struct bench *bench, void *context, struct pm_error *error);

/* Microseconds that the machine needs at least for all tasks on one thread, and why. */
double bench_least_us(const struct bench *bench, const struct pm_lane_program *program,
                      enum pm_machine_limit *limit);

struct bench_row bench_row_of(const struct bench *bench, const char *program, const char *executor);

#endif
