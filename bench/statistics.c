#include "bench/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double share)
{
    const double place = share * (double)(count - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= count) {
        return sorted[count - 1];
    }
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

bool bench_quartiles(const double *values, size_t count, struct bench_quartiles *out,
                     struct pm_error *error)
{
    double *sorted = calloc(count, sizeof *sorted);
    if (sorted == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "statistics: out of memory");
    }
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    *out = (struct bench_quartiles){
        .least = sorted[0],
        .lower = quantile(sorted, count, 0.25),
        .median = quantile(sorted, count, 0.5),
        .upper = quantile(sorted, count, 0.75),
        .most = sorted[count - 1],
    };
    free(sorted);
    return true;
}

struct ranked {
    double value;
    size_t rank; /* twice the mean rank, so that it is whole among ties too */
    bool in_a;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static void rank(struct ranked *all, size_t count)
{
    qsort(all, count, sizeof *all, compare_ranked);
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && all[end].value == all[first].value) {
            end++;
        }
        for (size_t i = first; i < end; i++) {
            all[i].rank = first + end + 1; /* ranks first + 1 .. end, their mean doubled */
        }
        first = end;
    }
}

/* ways[k * width + s]: the share of the choices made so far that took k values whose doubled ranks
 * sum to s, each value being taken or left; divided by 2 at every value, so that nothing overflows.
 */
static void count_ways(double *ways, size_t width, const struct ranked *all, size_t count,
                       size_t chosen)
{
    ways[0] = 1.0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = chosen + 1; k-- > 0;) {
            for (size_t s = width; s-- > 0;) {
                double taken = 0.0;
                if (k > 0 && s >= all[i].rank) {
                    taken = ways[(k - 1) * width + s - all[i].rank];
                }
                ways[k * width + s] = 0.5 * (ways[k * width + s] + taken);
            }
        }
    }
}

static double two_sided(const double *sums, size_t width, double mean, double seen)
{
    double all = 0.0, far = 0.0;
    for (size_t s = 0; s < width; s++) {
        all += sums[s];
        far += fabs((double)s - mean) >= fabs(seen - mean) ? sums[s] : 0.0;
    }
    return far / all;
}

bool bench_mann_whitney(const double *a, size_t a_count, const double *b, size_t b_count,
                        struct bench_mann_whitney *out, struct pm_error *error)
{
    const size_t count = a_count + b_count, width = count * (count + 1) + 1;
    struct ranked all[2 * PM_BENCH_SERIES_MAX];
    double *ways = calloc((a_count + 1) * width, sizeof *ways);
    if (ways == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "statistics: out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct ranked){.value = i < a_count ? a[i] : b[i - a_count], .in_a = i < a_count};
    }
    rank(all, count);
    count_ways(ways, width, all, count, a_count);
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += all[i].in_a ? all[i].rank : 0;
    }
    out->u = 0.5 * (double)sum - 0.5 * (double)(a_count * (a_count + 1));
    out->p = two_sided(&ways[a_count * width], width, (double)(a_count * (count + 1)), (double)sum);
    free(ways);
    return true;
}
