/* Whether the pool's hand-out of work makes progress: honest miners in virtual time, whose programs
 * are numbers that are better the larger they are, evolve in small random steps. Some are away for
 * a while with a lease in their hands. The best score rises, and nobody is ever sent away. */
#include "cmocka_include.h"
#include "pool/rule_steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINERS = 6, ROUNDS = 400, QUARTERS = 4, STEP_MS = 30000, LEASE_MS = 300000, IDS_MAX = 4096 };

static uint64_t chance_state = 20261120;

static int64_t below(int64_t limit)
{
    chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((chance_state >> 33) % (uint64_t)limit);
}

/* The number of virtual_program; the pool's own seeds have none and count as 0. */
static int64_t number_of(const char *dsl)
{
    const char *predict = strstr(dsl, "  s0 = s0 + s1\n");
    const char *at = strstr(dsl, "  s0 = ");
    return predict != NULL && at != NULL ? strtoll(at + strlen("  s0 = "), NULL, 10) : 0;
}

static double true_score(int64_t number)
{
    return 0.5 + 0.5 * (double)number / (double)(number + 20000);
}

/* A better or a worse neighbour of the better of the two parents. */
static int64_t evolve(const struct pm_grant *grant)
{
    int64_t best = 0;
    for (size_t i = 0; i < grant->seed_count; i++) {
        int64_t number = number_of(grant->seeds[i].dsl);
        best = number > best ? number : best;
    }
    int64_t child = best + below(1200) - 700;
    return child > 0 ? child : 0;
}

struct watch {
    bool seen[IDS_MAX]; /* algorithms that were handed out as seeds */
    size_t different_seeds;
};

static void note_seeds(struct watch *watch, const struct pm_grant *grant)
{
    for (size_t i = 0; i < grant->seed_count; i++) {
        assert_in_range(grant->seeds[i].id, 1, IDS_MAX - 1);
        watch->different_seeds += !watch->seen[grant->seeds[i].id];
        watch->seen[grant->seeds[i].id] = true;
    }
}

static void work(struct virtual_pool *pool, const char *miner, struct watch *watch)
{
    char program[128];
    struct pm_grant grant = rule_lease(pool, miner, 8, 8);
    struct pm_pool_submission submission = {.evaluation_count = grant.evaluate_count};
    assert_true(grant.evaluate_count + grant.seed_count > 0);
    assert_int_equal(grant.seed_count, 2);
    note_seeds(watch, &grant);
    for (size_t i = 0; i < grant.evaluate_count; i++) {
        submission.evaluations[i] = (struct pm_pool_submitted_evaluation){
            grant.evaluate[i].id, true_score(number_of(grant.evaluate[i].dsl))};
    }
    if (below(10) != 0) { /* else it is away, and its lease runs out */
        submission.evolution_count = 1;
        submission.evolutions[0].dsl = virtual_program(evolve(&grant), program);
        rule_submit(pool, miner, grant.lease.id, &submission);
    }
    pm_grant_clear(&grant);
}

static enum pm_pool_outcome look_at_best(struct pm_pool_store *store, void *context,
                                         struct pm_error *error)
{
    int64_t waiting, id;
    bool any;
    return pm_store_algorithms_summary(store, &waiting, context, &id, &any, error)
               ? PM_POOL_ROLLBACK
               : PM_POOL_FAILED;
}

static double best_score(struct virtual_pool *pool)
{
    double best = 0;
    assert_true(pm_pool_store_run(pool->store, look_at_best, &best, NULL));
    return best;
}

/* A miner that is away does nothing until the lease it left open has run out. */
static void take_turn(struct virtual_pool *pool, int number, int64_t *away_until_ms,
                      struct watch *watch)
{
    char miner[16];
    struct pm_grant grant;
    struct pm_refusal refusal;
    snprintf(miner, sizeof miner, "m%d", number);
    if (pool->now_ms < *away_until_ms) {
        return;
    }
    const struct pm_pool_lease_wish nothing = {.hotkey = miner};
    if (virtual_pool_wish(pool, &nothing, &grant, &refusal) == 400) {
        *away_until_ms = pool->now_ms + refusal.seconds_left * 1000;
        return;
    }
    work(pool, miner, watch);
}

static void test_the_best_score_rises(void **state)
{
    struct virtual_pool *pool = *state;
    static struct watch watch;
    int64_t away_until_ms[MINERS] = {0};
    double best = 0;
    pool->rules.task_timeout_ms = LEASE_MS;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MINERS; i++) {
            take_turn(pool, i, &away_until_ms[i], &watch);
        }
        pool->now_ms += STEP_MS;
        virtual_pool_tick(pool);
        if ((round + 1) % (ROUNDS / QUARTERS) == 0) {
            double now_best = best_score(pool);
            if (now_best <= best) {
                fail_msg("round %d: best %.4f, before %.4f", round, now_best, best);
            }
            best = now_best;
        }
    }
    assert_true(best > 0.65);                /* from 0.5, which the pool's seeds have here */
    assert_true(watch.different_seeds > 50); /* not always the same ones */
}

int main(void)
{
    const struct CMUnitTest tests[] = {RULE(test_the_best_score_rises)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
