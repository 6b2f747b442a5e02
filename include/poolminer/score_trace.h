/* How the time of a batch was spent: what a benchmark shows of scoring's threads. */
#ifndef POOLMINER_SCORE_TRACE_H
#define POOLMINER_SCORE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Filled in by pm_suite_score where a suite has one. Algorithms are in the order in which they were
 * taken, expensive ones first; a piece is an algorithm on one part of the suite. */
struct pm_score_trace {
    size_t algorithms_max, groups_max, threads_max; /* what there is room for */
    size_t algorithms, parts, threads;              /* of the last batch; 0: it had no room */
    int64_t *compile_ns;                            /* [algorithm] */
    int64_t *piece_ns;                              /* [algorithm * parts + part] */
    int64_t begin_ns;                               /* monotonic */
    int64_t *end_ns; /* [thread]: when there was nothing left for it to do; 0: it never came */
};

/* For batches of at most so many algorithms on so many groups of tasks. NULL when memory is out. */
struct pm_score_trace *pm_score_trace_create(size_t algorithms_max, size_t groups_max,
                                             size_t threads_max);
void pm_score_trace_destroy(struct pm_score_trace *trace);

/* The share of its threads' time that the last batch left them nothing to do, 0 to 1. */
double pm_score_trace_idle(const struct pm_score_trace *trace);

/* What that share would be if the same pieces, each taking as long as it took, were given to
 * `threads` threads with a processor each: no measurement, but the same code gives them out. NaN
 * when memory is out. */
double pm_score_trace_idle_with(const struct pm_score_trace *trace, size_t threads);

/* What that share cannot be below however pieces are given out: who runs the longest piece of an
 * algorithm has waited for its compilation, and all others for him. */
double pm_score_trace_least_idle_with(const struct pm_score_trace *trace, size_t threads);

#endif
