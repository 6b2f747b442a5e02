/* A line of `poolminer bench pool`. */
#ifndef BENCH_POOL_ROW_H
#define BENCH_POOL_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

/* NAN: not known, or not of this row. What is not finite, as it is for too short a run, is not
 * shown. */
struct bench_pool_row {
    const char *store, *what;
    size_t miners;
    double per_s, p50_ms, p99_ms;
    double pool_cpu_us;   /* processor time of pool and database for one request */
    double load_cpu_us;   /* of the miners */
    double sign_cpu_us;   /* of one signature, which the miners make beforehand */
    double verify_cpu_us; /* of one verification, when nothing else is done */
    double verify_per_s;  /* by all cores at once, when nothing else is done */
    double wall_ratio;    /* per_s / verify_per_s: the miners' time counts as the pool's */
    double ratio;         /* verify_cpu_us / pool_cpu_us: what the bar is set for */
    double shared_ratio; /* the same where miners and pool share the cores: of signing and verifying
                            in all that a request costs both */
    double not_now;      /* answers 429 */
    double hung_up;
    double lost; /* acknowledged, and not in the store; or there, and not acknowledged */
};

struct bench_pool_row bench_pool_row_empty(const char *store, const char *what, size_t miners);
void bench_pool_row_print_heading(void);
bool bench_pool_row_print(const struct bench_pool_row *row, bool json, struct pm_error *error);

#endif
