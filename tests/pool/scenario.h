/* Random stories of ten miners, honest, lying, lazy, colluding, replaying and stealing: told to the
 * pool and to the model alike. The same seed tells the same story. */
#ifndef TESTS_POOL_SCENARIO_H
#define TESTS_POOL_SCENARIO_H

#include "pool/model.h"
#include "pool/virtual_pool.h"

struct scenario {
    uint64_t random;
    struct model model;
};

/* Random rules. */
void scenario_create(struct scenario *scenario, uint64_t seed);

/* The next step; depends on the seed and on what the model has seen. */
void scenario_next(struct scenario *scenario, struct step *step);

/* Makes the pool's time and rules those of the model; to be called before the model takes a step.
 */
void scenario_prepare(const struct scenario *scenario, struct virtual_pool *pool);

/* Tells the step to the pool and fails the test when it does not answer as expected. */
void scenario_perform(struct virtual_pool *pool, const struct step *step,
                      const struct expectation *expected);

/* NULL when all that the pool knows of miners, algorithms, leases and epochs is what the model
 * knows, else what is different (static text). */
const char *scenario_difference(const struct scenario *scenario, struct virtual_pool *pool);

#endif
