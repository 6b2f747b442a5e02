#include "bench/samples.h"

#include <math.h>
#include <stdlib.h>

bool bench_samples_add(struct bench_samples *samples, int64_t value, struct pm_error *error)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity == 0 ? 4096 : samples->capacity * 2;
        int64_t *larger = reallocarray(samples->values, capacity, sizeof *larger);
        if (larger == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a benchmark's figures");
        }
        samples->values = larger;
        samples->capacity = capacity;
    }
    samples->values[samples->count++] = value;
    return true;
}

void bench_samples_clear(struct bench_samples *samples)
{
    free(samples->values);
    *samples = (struct bench_samples){0};
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

double bench_samples_quantile(struct bench_samples *samples, double share)
{
    if (samples->count == 0) {
        return NAN;
    }
    qsort(samples->values, samples->count, sizeof *samples->values, compare);
    size_t rank = (size_t)ceil(share * (double)samples->count);
    rank = rank < 1 ? 1 : rank;
    return (double)samples->values[rank <= samples->count ? rank - 1 : samples->count - 1];
}
