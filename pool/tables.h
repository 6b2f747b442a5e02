/* What the operator may look at as tables: their columns, and their rows out of the store. */
#ifndef POOL_TABLES_H
#define POOL_TABLES_H

#include "pool/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum pm_cell_kind {
    PM_CELL_INTEGER,
    PM_CELL_REAL,
    PM_CELL_TEXT,
    PM_CELL_TIME,   /* unix milliseconds; 0 reads as empty */
    PM_CELL_POINTS, /* reputation in micro-points */
};

struct pm_cell {
    bool empty;
    int64_t integer; /* also of times and points */
    double real;
    const char *text; /* lives until the visit returns */
};

enum { PM_TABLE_COLUMNS_MAX = 16 };

struct pm_table_column {
    const char *name; /* of the JSON member and in the CSV's first line */
    enum pm_cell_kind kind;
    int width; /* for people, in characters; 0: not for people */
};

struct pm_table {
    const char *name;
    const char *query;
    struct pm_table_column columns[PM_TABLE_COLUMNS_MAX]; /* to the first without a name */
};

/* NULL when there is none of that name. */
const struct pm_table *pm_table_find(const char *name);
/* "miners, epochs, ...": their names, for an error. */
extern const char pm_table_names[];

size_t pm_table_column_count(const struct pm_table *table);

/* One cell a column. A visitor that returns false ends the walk. */
typedef bool pm_table_visit(void *context, const struct pm_table *table,
                            const struct pm_cell *cells);
/* Inside work, like the functions of store.h. */
bool pm_store_table_visit(struct pm_pool_store *store, const struct pm_table *table,
                          pm_table_visit *visit, void *context, struct pm_error *error);

#endif
