/* Random stories of ten miners, honest, lying, lazy, colluding, replaying and stealing: told to the
 * pool and to the model alike. The same seed tells the same story. */
#ifndef TESTS_POOL_SCENARIO_H
#define TESTS_POOL_SCENARIO_H

#include "pool/model.h"
#include "pool/virtual_pool.h"

enum { SCENARIO_BATCH_MAX = VIRTUAL_CALLS_MAX };

struct scenario {
    uint64_t random;
    int steps; /* taken */
    struct model model;
};

/* Random rules. */
void scenario_create(struct scenario *scenario, uint64_t seed);

/* The next step; depends on the seed and on what the model has seen. */
void scenario_next(struct scenario *scenario, struct step *step);

/* Steps that come to the pool together and are committed together. */
struct scenario_batch {
    struct step steps[SCENARIO_BATCH_MAX];
    struct expectation expected[SCENARIO_BATCH_MAX];
    size_t count;
    bool one_by_one; /* one of them fails, so that each is committed by itself */
};

/* The next one, which the model has done when this returns. */
void scenario_next_batch(struct scenario *scenario, struct scenario_batch *out);

/* Makes the pool's time and rules those of the model; to be called before the model takes a step.
 */
void scenario_prepare(const struct scenario *scenario, struct virtual_pool *pool);

/* Tells the step to the pool and fails the test when it does not answer as expected. */
void scenario_perform(struct virtual_pool *pool, const struct step *step,
                      const struct expectation *expected);

void scenario_perform_batch(struct virtual_pool *pool, const struct scenario_batch *batch);

/* NULL when all that the pool knows of miners, algorithms, evaluations, leases, epochs, rewards,
 * payouts and withdrawals is what the model knows, else what is different (static text). */
const char *scenario_difference(const struct scenario *scenario, struct virtual_pool *pool);

#endif
