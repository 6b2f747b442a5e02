/* poolminer bench evaluate: how fast algorithms are evaluated, and how fast they could be. */
#ifndef CLI_BENCH_EVALUATE_H
#define CLI_BENCH_EVALUATE_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

struct bench_evaluate_config {
    bool json;           /* one object a row, else a table */
    const char *program; /* "linear", "net", "random", "job_of_8", "random_mean"; NULL: all */
    int threads;         /* the most to use; 1 or more */
    size_t algorithms;   /* random ones, for their mean */
};

bool bench_evaluate(const struct bench_evaluate_config *config, struct pm_error *error);

#endif
