#include <stdlib.h>
#include <string.h>

#include <poolminer/inequality.h>

static int by_amount(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* With the amounts sorted, x(1) <= ... <= x(n):
 * G = sum over i of (2 i - n - 1) x(i), divided by n times the sum of x. */
static double gini_of_sorted(const int64_t *sorted, size_t count)
{
    double sum = 0, weighted = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)sorted[i];
        weighted += (2.0 * (double)i + 1 - (double)count) * (double)sorted[i];
    }
    return sum > 0 ? weighted / ((double)count * sum) : 0;
}

bool pm_inequality_gini(const int64_t *amounts, size_t count, double *out, struct pm_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (amounts[i] < 0) {
            return pm_fail(error, PM_ERROR_INVALID, "inequality: amount %zu is negative", i);
        }
    }
    if (count == 0) {
        *out = 0;
        return true;
    }
    int64_t *sorted = malloc(count * sizeof *sorted);
    if (sorted == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "inequality: no memory for %zu amounts", count);
    }
    memcpy(sorted, amounts, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_amount);
    *out = gini_of_sorted(sorted, count);
    free(sorted);
    return true;
}
