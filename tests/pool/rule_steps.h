/* Steps that tests of the rules are made of. Each fails the test when the pool does not play along.
 */
#ifndef TESTS_RULE_STEPS_H
#define TESTS_RULE_STEPS_H

#include "pool/virtual_pool.h"

extern const int64_t rule_start_ms;

/* cmocka's setup and teardown: *state is a struct virtual_pool with the default rules. */
int rule_open(void **state);
int rule_close(void **state);
#define RULE(test) cmocka_unit_test_setup_teardown(test, rule_open, rule_close)

struct pm_grant rule_lease(struct virtual_pool *pool, const char *hotkey, int64_t evaluate_max,
                           int64_t seed_max);
void rule_lease_refused(struct virtual_pool *pool, const char *hotkey, enum pm_pool_lease_kind kind,
                        int64_t evaluate_max, int status, const char *detail);

void rule_submit(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                 const struct pm_pool_submission *submission);
/* The refusal's detail contains `said`. */
void rule_submit_refused(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                         const struct pm_pool_submission *submission, int status, const char *said);

/* The miner takes all that waits for judgement and gives each the same score. */
void rule_judge_all(struct virtual_pool *pool, const char *hotkey, double score);

/* The miner submits program `number` (see virtual_program); returns the id the pool gave it. */
int64_t rule_evolve(struct virtual_pool *pool, const char *hotkey, int64_t number);

/* The built-in seeds wait for judgement too; most tests want them out of the way. */
void rule_settle_seeds(struct virtual_pool *pool);

#endif
