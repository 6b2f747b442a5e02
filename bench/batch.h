/* Rows of `poolminer bench evaluate` that are batches, on one thread, two, four, and all. */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include "bench/measure.h"

enum { BENCH_COPIES_MAX = 256 };

/* `count` copies of a program, at most BENCH_COPIES_MAX, which the reference executor takes
 * `reference_us` for. */
bool bench_copies(struct bench *bench, const char *name, const struct pm_algorithm *algorithm,
                  size_t count, double reference_us, struct pm_error *error);

/* A job's worth: half of it linear models, half of it networks. */
bool bench_job(struct bench *bench, struct pm_error *error);

/* The mean of random programs, as many as the configuration says. */
bool bench_random(struct bench *bench, struct pm_error *error);

#endif
