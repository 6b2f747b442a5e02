/* The miners of `poolminer bench pool`: each takes a lease, hands in everything that it was asked
 * for, and takes the next, as fast as the pool lets it. */
#ifndef BENCH_POOL_LOAD_H
#define BENCH_POOL_LOAD_H

#include "bench/pool_proofs.h"
#include "bench/samples.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum bench_call { BENCH_CALL_LEASE, BENCH_CALL_SUBMIT, BENCH_CALLS };

struct bench_load {
    double seconds;                            /* it took */
    double cpu_s;                              /* of processor time it took the miners */
    struct bench_samples answers[BENCH_CALLS]; /* ns from sending to the 200 */
    size_t not_now;                            /* 429: asked again when it said */
    size_t hung_up;                            /* no answer: asked again */
    size_t evaluations, evolutions;            /* acknowledged */
};

/* Lets all miners at a pool for so long. Everything submitted is sent again until it is
 * acknowledged; another answer than 200 or 429 is an error. The caller clears *out. */
bool bench_load_run(int port, struct bench_proofs *proofs, double seconds, struct bench_load *out,
                    struct pm_error *error);
void bench_load_clear(struct bench_load *load);

#endif
