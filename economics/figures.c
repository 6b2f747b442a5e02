#include "economics/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Products of a few of them are far from overflow. */
static const double FIGURE_MAX = 1e15;

bool figure_is_amount(const char *name, double value, struct pm_error *error)
{
    if (!isfinite(value)) {
        return pm_fail(error, PM_ERROR_INVALID, "%s is not a finite number", name);
    }
    if (value > FIGURE_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s is %.10g: more than %.0g is not taken", name,
                       value, FIGURE_MAX);
    }
    return value >= 0 ||
           pm_fail(error, PM_ERROR_INVALID, "%s is %.10g: it cannot be negative", name, value);
}

bool figure_is_share(const char *name, double value, struct pm_error *error)
{
    return figure_is_amount(name, value, error) &&
           (value <= 1 ||
            pm_fail(error, PM_ERROR_INVALID, "%s is %.10g: a share is from 0 to 1 (5 %% is 0.05)",
                    name, value));
}

bool figure_is_total(const char *name, double total, const char *part_name, double part,
                     struct pm_error *error)
{
    if (!figure_is_amount(name, total, error)) {
        return false;
    }
    if (total <= 0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s is 0: there is nothing to take a part of",
                       name);
    }
    return part <= total ||
           pm_fail(error, PM_ERROR_INVALID,
                   "%s is %.10g, less than the %.10g of %s: the total has this miner's part in it",
                   name, total, part, part_name);
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double *figures_sorted(const double *figures, size_t count, struct pm_error *error)
{
    if (count == 0) {
        pm_fail(error, PM_ERROR_INVALID, "no figures: at least one is needed");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!figure_is_amount("a figure of the list", figures[i], error)) {
            return NULL;
        }
    }
    double *sorted = calloc(count, sizeof *sorted);
    if (sorted == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no memory for %zu figures", count);
        return NULL;
    }
    memcpy(sorted, figures, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    return sorted;
}
