/* What a pool's store says after a load: whether all that it acknowledged is there, and counted
 * once. */
#ifndef BENCH_POOL_BOOKS_H
#define BENCH_POOL_BOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

struct bench_books {
    int64_t evaluations;           /* records of them */
    int64_t evaluations_submitted; /* as the miners' records count them */
    int64_t evolutions_submitted;
    int64_t reputation; /* of all miners, in millionths */
    int64_t rewards;    /* the sum of what was booked, in millionths */
};

/* As `poolminer-pool admin export` shows them; `directory` is for its files. */
bool bench_books_read(const char *store, const char *directory, struct bench_books *out,
                      struct pm_error *error);

/* How much of what happened between two readings is missing or too much, when so many evaluations
 * and evolutions were acknowledged. */
int64_t bench_books_lost(const struct bench_books *before, const struct bench_books *after,
                         int64_t evaluations, int64_t evolutions);

#endif
