/* `poolminer bench pool`: how many leases and submissions a pool takes a second, and how near that
 * is to what verifying their signatures allows. */
#ifndef CLI_BENCH_POOL_H
#define CLI_BENCH_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

struct bench_pool_config {
    bool json;
    const char *store; /* "sqlite", "postgresql", a URL; NULL: the first two */
    size_t miners;     /* 0: 10, 100 and 1000 */
    double seconds;    /* for each number of miners */
};

bool bench_pool(const struct bench_pool_config *config, struct pm_error *error);

#endif
