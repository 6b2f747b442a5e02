/* Writing the operator's tables: for people, as CSV (RFC 4180) and as JSON. */
#ifndef POOL_TABLE_PRINT_H
#define POOL_TABLE_PRINT_H

#include "pool/tables.h"

#include <stdio.h>

enum pm_table_format { PM_TABLE_TEXT, PM_TABLE_CSV, PM_TABLE_JSON };

/* "csv" | "json". */
bool pm_table_format_parse(const char *text, enum pm_table_format *out, struct pm_error *error);

/* Inside work. What is left of `out`'s errors is the caller's to look at. */
bool pm_table_print(struct pm_pool_store *store, const struct pm_table *table,
                    enum pm_table_format format, FILE *out, struct pm_error *error);

#endif
