/* A pool in virtual time: miners that are honest, lie, are lazy or collude, under the pool's own
 * rules (<poolminer/consensus.h>, <poolminer/payout.h>, <poolminer/seed_choice.h>), for epochs that
 * take as long as the processor needs. What miners are like stands in docs/simulation.md. */
#ifndef CLI_SIMULATION_H
#define CLI_SIMULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/payout.h>

enum { SIMULATION_MINERS_MAX = 100000, SIMULATION_QUORUM_MAX = 99, SIMULATION_SEEDS_MAX = 16 };

enum simulation_strategy {
    SIMULATION_HONEST,
    SIMULATION_LIAR,
    SIMULATION_LAZY,
    SIMULATION_COLLUDER,
    SIMULATION_SELECTIVE, /* colludes, too, and judges nothing but its friends' */
    SIMULATION_STRATEGIES
};

struct simulation_config {
    /* The pool's. */
    int quorum;
    double tolerance, evaluation_reward, reward_base, reward_threshold;
    int seeds_per_evolution;
    int64_t epoch_s;
    /* By each of these, of which there is at least one, every epoch's reputation is divided anew;
     * so rules of payment can be compared over the same course of things. */
    const struct pm_payout_rules *payouts;
    size_t payout_count;
    /* The miners'. */
    size_t miners;
    double shares[SIMULATION_STRATEGIES]; /* of all miners; the honest are the rest */
    double haste;    /* so many leases do who compute nothing, while they would do one honestly */
    double noise;    /* honest scores are off by at most this share of the true one */
    int64_t lease_s; /* that a miner of speed 1 takes for a lease */
    int64_t epochs;
    uint64_t seed; /* same config, same seed: same result, on every machine */
};

struct simulation_group {
    size_t miners;
    double speed; /* of all together */
    int64_t leases;
    int64_t evaluations, accurate;      /* that came to a consensus */
    int64_t evolutions, over_threshold; /* so did these */
    int64_t reputation;                 /* micro-points, of settled epochs */
    int64_t paid_rao;                   /* by the first of the payout rules */
};

/* What one of the payout rules came to. */
struct simulation_division {
    int64_t budget_rao, paid_rao, pool_rao; /* of all epochs */
    int64_t largest_rao;                    /* of one miner */
    double gini;                            /* of what miners got */
};

struct simulation_result {
    struct simulation_group groups[SIMULATION_STRATEGIES];
    struct simulation_division *divisions; /* `payout_count` */
    int64_t captured; /* evolutions of colluders, of both kinds, on which these had the majority */
    double best_quality; /* truly, of what reached a consensus */
};

/* PM_ERROR_INVALID: shares over 1 in all. PM_ERROR_LIMIT: so much reputation cannot be counted.
 * PM_ERROR_INTERRUPTED: Ctrl-C. PM_ERROR_MEMORY. The caller clears the result in any case. */
bool simulation_run(const struct simulation_config *config, struct simulation_result *out,
                    struct pm_error *error);
void simulation_clear(struct simulation_result *result);

/* What a miner of this kind was paid, as a multiple of what an honest one was; NaN without either.
 */
double simulation_to_honest(const struct simulation_result *result,
                            enum simulation_strategy strategy);

/* The share of colluders' evolutions, of both kinds, that got the colluders' score; NaN without
 * any. */
double simulation_captured(const struct simulation_result *result);

/* part / whole; NaN of nothing. */
double simulation_share(int64_t part, int64_t whole);

const char *simulation_strategy_name(enum simulation_strategy strategy);

#endif
