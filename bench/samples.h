/* Latencies, and their quantiles. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct bench_samples {
    int64_t *values;
    size_t count, capacity;
};

bool bench_samples_add(struct bench_samples *samples, int64_t value, struct pm_error *error);
void bench_samples_clear(struct bench_samples *samples); /* frees; may be filled again */
/* The smallest value that at least this share of all does not exceed; sorts. NAN when empty. */
double bench_samples_quantile(struct bench_samples *samples, double share);

#endif
