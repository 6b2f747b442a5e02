/* The hand-out of work in `poolminer simulate` (cli/simulation_work.c) against the pool's own, one
 * decision after another: the same stories told to both, and both must give everybody the same. */
#include "cli/simulation_work.h"
#include "cmocka_include.h"
#include "pool/rule_steps.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/random.h>

enum { MINERS = 7, STEPS = 1500, SEEDS = 5 };

static const uint32_t NOBODY = UINT32_MAX; /* wrote the pool's own seeds */

struct hands {
    bool leased;
    char lease_id[PM_POOL_LEASE_ID_SIZE];
    int64_t ids[PM_BATCH_MAX];
    simulation_slot slots[PM_BATCH_MAX];
    size_t count;
};

struct both {
    struct virtual_pool pool;
    struct simulation_work *work;
    struct hands hands[MINERS];
    char names[MINERS][16];
    int programs; /* the pool gives them ids from 1 on, in order; so the simulation's are numbers */
};

static void open_both(struct both *both, int quorum)
{
    *both = (struct both){.programs = SEEDS};
    both->pool.rules = virtual_pool_default_rules();
    both->pool.rules.quorum = quorum;
    both->pool.now_ms = rule_start_ms;
    virtual_pool_open(&both->pool, ":memory:");
    both->work = simulation_work_create(quorum, NULL);
    assert_non_null(both->work);
    for (int i = 0; i < SEEDS; i++) {
        assert_true(simulation_work_add(both->work, NOBODY, i + 1, NULL));
    }
    for (int i = 0; i < MINERS; i++) {
        snprintf(both->names[i], sizeof both->names[i], "miner%d", i);
    }
}

static void close_both(struct both *both)
{
    simulation_work_destroy(both->work);
    virtual_pool_close(&both->pool);
}

/* Which algorithm it is stands in the simulation as its quality. */
static int64_t id_of(const struct both *both, simulation_slot slot)
{
    return (int64_t)simulation_work_look(both->work, slot).quality;
}

static void take(struct both *both, uint32_t miner, int64_t want)
{
    struct hands *hands = &both->hands[miner];
    struct pm_grant grant;
    struct pm_refusal refusal = {0};
    const int status = virtual_pool_lease(&both->pool, both->names[miner], PM_POOL_LEASE_EVALUATE,
                                          want, 0, &grant, &refusal);
    hands->count = simulation_work_take(both->work, miner, (size_t)want, hands->slots);
    hands->leased = status == 200;
    if (!hands->leased) {
        assert_int_equal(status, 404); /* nothing to do: so say both */
        assert_int_equal(hands->count, 0);
        return;
    }
    assert_int_equal(hands->count, grant.evaluate_count);
    for (size_t i = 0; i < hands->count; i++) {
        hands->ids[i] = grant.evaluate[i].id;
        assert_int_equal(id_of(both, hands->slots[i]), hands->ids[i]); /* and in the same order */
    }
    memcpy(hands->lease_id, grant.lease.id, sizeof hands->lease_id);
    pm_grant_clear(&grant);
}

/* Each is judged, or left out; all of a lease that ran out is left out. */
static void put_back(struct both *both, struct pm_random *random, uint32_t miner, bool ran_out)
{
    struct hands *hands = &both->hands[miner];
    struct pm_pool_submission submission = {.kind = PM_POOL_LEASE_EVALUATE};
    for (size_t i = 0; i < hands->count; i++) {
        if (ran_out || pm_random_chance(random, 0.3)) {
            simulation_work_release(both->work, hands->slots[i], miner);
            continue;
        }
        submission.evaluations[submission.evaluation_count++] =
            (struct pm_pool_submitted_evaluation){hands->ids[i], 0.5};
        const bool last = simulation_work_judge(both->work, hands->slots[i], miner, 0.5);
        if (last) {
            simulation_work_remove(both->work, hands->slots[i]);
        }
    }
    if (!ran_out) {
        rule_submit(&both->pool, both->names[miner], hands->lease_id, &submission);
    }
    hands->leased = false;
    hands->count = 0;
}

static void assert_agreed(struct both *both, struct pm_random *random)
{
    const int64_t id = 1 + pm_random_below(random, (uint32_t)both->programs);
    const struct virtual_algorithm known = virtual_pool_algorithm(&both->pool, id);
    assert_true(known.found);
    assert_true(known.agreed == (known.evaluation_count == both->pool.rules.quorum));
}

static void evolve(struct both *both, uint32_t miner)
{
    const int64_t id = rule_evolve(&both->pool, both->names[miner], both->programs);
    both->programs++;
    assert_int_equal(id, both->programs);
    assert_true(simulation_work_add(both->work, miner, (double)id, NULL));
}

/* Everybody's lease is over. */
static void let_time_pass(struct both *both, struct pm_random *random)
{
    both->pool.now_ms += both->pool.rules.task_timeout_ms + 1;
    for (uint32_t miner = 0; miner < MINERS; miner++) {
        if (both->hands[miner].leased) {
            put_back(both, random, miner, true);
        }
    }
}

static void tell_a_story(int quorum)
{
    static struct both both;
    struct pm_random random;
    pm_random_seed(&random, 11, 0, (uint64_t)quorum);
    open_both(&both, quorum);
    for (int step = 0; step < STEPS; step++) {
        const uint32_t miner = pm_random_below(&random, MINERS);
        both.pool.now_ms += 1000;
        if (pm_random_chance(&random, 0.01)) {
            let_time_pass(&both, &random);
        } else if (both.hands[miner].leased) {
            put_back(&both, &random, miner, false);
        } else if (pm_random_chance(&random, 0.4)) {
            evolve(&both, miner);
        } else {
            take(&both, miner, 1 + pm_random_below(&random, 8));
        }
        assert_agreed(&both, &random);
    }
    assert_true(both.programs > SEEDS + STEPS / 10);
    close_both(&both);
}

static void test_both_give_the_same(void **state)
{
    (void)state;
    static const int quorums[] = {1, 2, 3, 5};
    for (size_t i = 0; i < sizeof quorums / sizeof *quorums; i++) {
        tell_a_story(quorums[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_give_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
