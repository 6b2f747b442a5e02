/* What a series of measurements amounts to, and whether two series differ. */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/bench.h>
#include <poolminer/error.h>

struct bench_quartiles {
    double least, lower, median, upper, most;
};

/* Of `count` > 0 values, in any order. Between two values the quartiles are interpolated linearly
 * (definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", 1996). */
bool bench_quartiles(const double *values, size_t count, struct bench_quartiles *out,
                     struct pm_error *error);

/* Mann and Whitney's test ("On a Test of Whether One of Two Random Variables is Stochastically
 * Larger than the Other", 1947). */
struct bench_mann_whitney {
    double u; /* pairs in which a's value is the larger, ties counting one half */
    double p; /* two-sided: of a sum of ranks as far from its mean, if both came from one source */
};

/* 1 to PM_BENCH_SERIES_MAX values each. The distribution is the exact one for these very ranks,
 * ties included. */
bool bench_mann_whitney(const double *a, size_t a_count, const double *b, size_t b_count,
                        struct bench_mann_whitney *out, struct pm_error *error);

#endif
