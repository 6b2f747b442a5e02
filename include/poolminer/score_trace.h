/* How the threads spent their time while a batch of algorithms was scored. Benchmarks use this to
 * show how evenly the work was shared. */
#ifndef POOLMINER_SCORE_TRACE_H
#define POOLMINER_SCORE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* pm_suite_score fills it in when the suite's `trace` points to one. Scoring divides the suite's
 * tasks into parts; the work of running one algorithm on one part is a piece. Algorithms are listed
 * in the order in which threads took them up, which begins with the expensive ones. All times are
 * in nanoseconds. */
struct pm_score_trace {
    size_t algorithms_max, groups_max, threads_max; /* the sizes of the arrays, from _create */
    /* The sizes of the last batch; all 0 if the arrays were too small for it. */
    size_t algorithms, parts, threads;
    int64_t *compile_ns; /* [algorithm]: how long its compilation took */
    int64_t *piece_ns;   /* [algorithm * parts + part]: how long the piece took */
    int64_t begin_ns;    /* when the batch began, by the monotonic clock */
    int64_t *end_ns;     /* [thread]: when it ran out of work; 0: it never got to work at all */
};

/* Makes a trace for batches of at most this many algorithms, groups of tasks and threads. NULL when
 * memory is out. */
struct pm_score_trace *pm_score_trace_create(size_t algorithms_max, size_t groups_max,
                                             size_t threads_max);
void pm_score_trace_destroy(struct pm_score_trace *trace);

/* The share of the threads' time in the last batch in which they had nothing to do: 0 to 1. */
double pm_score_trace_idle(const struct pm_score_trace *trace);

/* Computes what that share would be on a machine with a processor for each of `threads` threads, if
 * every piece took as long there as it took here. This simulates the batch with the code that hands
 * out pieces in a real one; it measures nothing. NaN when memory is out. */
double pm_score_trace_idle_with(const struct pm_score_trace *trace, size_t threads);

/* A lower bound of that share, however the pieces are handed out: a batch cannot end before each of
 * its algorithms has been compiled and, after that, its longest piece has run. */
double pm_score_trace_least_idle_with(const struct pm_score_trace *trace, size_t threads);

#endif
