/* The rows of `poolminer bench evolve`, as a table or as JSON. */
#ifndef BENCH_EVOLVE_REPORT_H
#define BENCH_EVOLVE_REPORT_H

#include "bench/evolve_run.h"
#include "bench/statistics.h"

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

enum { BENCH_ENGINES_MAX = 8 };

/* The scores of an engine's runs from one start, kept until the engines are compared. */
struct bench_evolve_series {
    char engine[BENCH_NAME_SIZE];
    double scores[PM_BENCH_SERIES_MAX];
    size_t count;
};

struct bench_evolve_table {
    bool json;
    bool has_heading;
    struct bench_evolve_series series[BENCH_ENGINES_MAX];
    size_t series_count;
};

bool bench_evolve_print_reference(struct bench_evolve_table *table, const char *name, double score,
                                  double search_score, struct pm_error *error);
bool bench_evolve_print_run(struct bench_evolve_table *table, const struct bench_evolve_run *run,
                            struct pm_error *error);
/* Of at least one run, all of one engine and one start. */
bool bench_evolve_print_summary(struct bench_evolve_table *table,
                                const struct bench_evolve_run *runs, size_t count,
                                struct pm_error *error);
/* Every two engines summed up since the last call, which are then forgotten. */
bool bench_evolve_print_comparisons(struct bench_evolve_table *table, const char *start,
                                    struct pm_error *error);

#endif
