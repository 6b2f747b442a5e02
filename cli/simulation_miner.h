/* What the miners of a simulation do: the one place where the strategies differ. */
#ifndef CLI_SIMULATION_MINER_H
#define CLI_SIMULATION_MINER_H

#include "cli/simulation.h"

#include <poolminer/random.h>

enum { SIMULATION_BATCH_MAX = 64 }; /* algorithms of a lease, as at the pool */

struct simulation_miner {
    enum simulation_strategy strategy;
    double speed; /* leases in the time of one of a miner of speed 1 */
    struct pm_random random;
};

/* Speeds are spread as incomes are: most near the least, 1, few far above it (Pareto's law with
 * exponent 2, cut at 50). */
void simulation_miner_init(const struct simulation_config *config, uint32_t index,
                           struct simulation_miner *out);

int64_t simulation_miner_lease_ms(const struct simulation_config *config,
                                  struct simulation_miner *miner);

/* Whether it lies for others that do so, too. */
bool simulation_miner_in_ring(const struct simulation_miner *miner);

/* How many algorithms it asks for, of those that a lease may have. */
size_t simulation_miner_batch(const struct simulation_miner *miner);

/* Whether it sends its lease back as soon as it has seen what is in it. */
bool simulation_miner_returns_at_once(const struct simulation_miner *miner);

/* Whether it judges what it was given at all; `of_ring` says that the author is in the ring. */
bool simulation_miner_judges(const struct simulation_miner *miner, bool of_ring);

/* The score it reports for an algorithm of this quality; `typical` is the median of the scores that
 * everybody can see. */
double simulation_miner_score(const struct simulation_config *config,
                              struct simulation_miner *miner, double quality, double typical,
                              bool of_ring);

/* Whether it brings an algorithm back with its lease: who looks again and again for what its
 * friends have submitted brings as many in a while as others do. */
bool simulation_miner_brings(const struct simulation_config *config,
                             struct simulation_miner *miner);

/* The quality of what it evolves from a parent of this one. */
double simulation_miner_evolve(struct simulation_miner *miner, double parent);

#endif
