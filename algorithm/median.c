#include <assert.h>
#include <stddef.h>

#include <poolminer/suite.h>

/* Moves the value that sorting would put at `wanted` there, none greater before it and none smaller
 * behind it. Hoare's FIND. */
static void select_value(double *values, ptrdiff_t count, ptrdiff_t wanted)
{
    ptrdiff_t first = 0, last = count - 1;
    while (first < last) {
        const double pivot = values[wanted];
        ptrdiff_t i = first, j = last;
        do {
            while (values[i] < pivot) {
                i++;
            }
            while (pivot < values[j]) {
                j--;
            }
            if (i <= j) {
                const double value = values[i];
                values[i++] = values[j];
                values[j--] = value;
            }
        } while (i <= j);
        if (j < wanted) {
            first = i;
        }
        if (wanted < i) {
            last = j;
        }
    }
}

double pm_median(double *values, size_t count)
{
    assert(count > 0);
    const size_t middle = count / 2;
    select_value(values, (ptrdiff_t)count, (ptrdiff_t)middle);
    if (count % 2 == 1) {
        return values[middle];
    }
    double lower = values[0];
    for (size_t i = 1; i < middle; i++) {
        lower = values[i] > lower ? values[i] : lower;
    }
    return (lower + values[middle]) / 2;
}
