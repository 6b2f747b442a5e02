/* poolminer bench evaluate: how fast algorithms are evaluated, and how fast they could be. */
#ifndef CLI_BENCH_EVALUATE_H
#define CLI_BENCH_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

struct bench_evaluate_config {
    bool json;           /* one object a row, else a table */
    const char *program; /* the row's name, if only that is wanted; NULL: all */
    int threads;         /* the most to use; 1 or more */
    size_t algorithms;   /* random ones, for their mean */
};

/* How many threads to measure with after this many: 1, 2, 4, ... and all; 0 at the end. */
static inline int bench_more_threads(const struct bench_evaluate_config *config, int threads)
{
    const int more = 2 * threads < config->threads ? 2 * threads : config->threads;
    return threads < config->threads ? more : 0;
}

bool bench_evaluate(const struct bench_evaluate_config *config, struct pm_error *error);

#endif
