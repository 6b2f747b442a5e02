/* How unequally an amount is divided. */
#ifndef POOLMINER_INEQUALITY_H
#define POOLMINER_INEQUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* Gini's coefficient ("Variabilita e mutabilita", 1912) of `count` amounts >= 0: 0 when all have
 * the same, or nothing; (count - 1) / count when one has all. PM_ERROR_INVALID: an amount is
 * negative. PM_ERROR_MEMORY. */
bool pm_inequality_gini(const int64_t *amounts, size_t count, double *out, struct pm_error *error);

#endif
