/* Rows of `poolminer bench evaluate` about search rather than programs. */
#ifndef BENCH_SEARCH_H
#define BENCH_SEARCH_H

#include "bench/evaluate.h"

/* "search": how many individuals a second the search of lane_search.h breeds and scores: linear
 * regression with 4 inputs, 10 tasks of 100 training and 100 validation examples, 4 scalars, 3
 * vectors, 1 matrix, at most 10, 2 and 8 instructions. On 1, 2, 4, ... and all threads, each with a
 * search of its own. */
bool bench_search(const struct pm_bench_evaluate_config *config, struct pm_error *error);

/* "evolution": what dead code removal and the functional cache spare in an evolution of 16 inputs,
 * which is run with the cache and without it. */
bool bench_savings(const struct pm_bench_evaluate_config *config, struct pm_error *error);

/* "tasks": how long the evaluation suite takes to be built, and to be opened once it is kept. */
bool bench_suite(const struct pm_bench_evaluate_config *config, struct pm_error *error);

#endif
