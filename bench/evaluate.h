/* What the parts of `poolminer bench evaluate` share. */
#ifndef BENCH_EVALUATE_H
#define BENCH_EVALUATE_H

#include <poolminer/bench.h>

/* How many threads to measure with after this many: 1, 2, 4, ... and all; 0 at the end. */
static inline int bench_more_threads(const struct pm_bench_evaluate_config *config, int threads)
{
    const int more = 2 * threads < config->threads ? 2 * threads : config->threads;
    return threads < config->threads ? more : 0;
}

#endif
