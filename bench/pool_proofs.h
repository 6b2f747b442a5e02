/* The keys and signatures of the miners of `poolminer bench pool`, and how fast signatures like
 * theirs are verified when that is all there is to do. */
#ifndef BENCH_POOL_PROOFS_H
#define BENCH_POOL_PROOFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

struct bench_proof {
    int64_t seconds; /* what is signed is "auth:SECONDS" */
    char signature[PM_SIGNATURE_HEX_SIZE];
};

/* Proofs made ahead of their use, each for one request: signing costs a third of verifying, and
 * would be taken for the pool's time on cores that both share. What goes beyond the stock is signed
 * when it is wanted. */
struct bench_proofs {
    struct pm_hotkey **miners;
    size_t miner_count;
    struct bench_proof *stock;
    size_t count;
    double sign_cpu_us;    /* processor time of one */
    size_t *next;          /* of each miner: its next proof in the stock */
    size_t signed_on_time; /* because the stock was used up */
};

/* New random keys, and `stock` proofs but no more than a million, by all cores.
 * PM_ERROR_INTERRUPTED: asked to stop meanwhile. */
bool bench_proofs_create(size_t miners, size_t stock, struct bench_proofs *out,
                         struct pm_error *error);
void bench_proofs_clear(struct bench_proofs *proofs);
bool bench_proofs_take(struct bench_proofs *proofs, size_t miner, struct bench_proof *out,
                       struct pm_error *error);

/* What verifying alone makes, by the very call that the pool makes for a request. */
struct bench_floor {
    double per_s;  /* by all cores at once */
    double cpu_us; /* processor time of one */
};
bool bench_floor_measure(const struct bench_proofs *proofs, double seconds, struct bench_floor *out,
                         struct pm_error *error);

#endif
