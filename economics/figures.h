/* Figures from outside, checked one by one: NaN, infinite and impossible values are named. */
#ifndef ECONOMICS_FIGURES_H
#define ECONOMICS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* `name` as in files: "p95_sales". An amount is finite and not negative; a share is at most 1, too.
 * A total has the part in it, and is not 0. */
bool figure_is_amount(const char *name, double value, struct pm_error *error);
bool figure_is_share(const char *name, double value, struct pm_error *error);
bool figure_is_total(const char *name, double total, const char *part_name, double part,
                     struct pm_error *error);

/* A sorted copy of amounts, which the caller frees; NULL with the error set. */
double *figures_sorted(const double *figures, size_t count, struct pm_error *error);

#endif
