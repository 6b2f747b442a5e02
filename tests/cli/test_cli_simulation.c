/* The simulation: its hand-out of work keeps the pool's rules, its money adds up, the same seed
 * gives the same result, and what must come out of extreme crowds does. */
#include "cli/simulation.h"
#include "cli/simulation_events.h"
#include "cli/simulation_work.h"
#include "cmocka_include.h"

#include <math.h>
#include <string.h>

#include <poolminer/random.h>

static const struct pm_payout_rules PAYOUTS[] = {
    {.budget_rao = 1000000000, .fee_ppm = 50000, .cap_ppm = 50000},
    {.budget_rao = 1000000007, .fee_ppm = 0, .cap_ppm = 1000000},
    {.budget_rao = 999999999, .fee_ppm = 333333, .cap_ppm = 2500},
};
enum { PAYOUT_COUNT = sizeof PAYOUTS / sizeof *PAYOUTS };

static struct simulation_config config_of(size_t miners)
{
    return (struct simulation_config){
        .quorum = 3,
        .tolerance = 0.1,
        .evaluation_reward = 1,
        .reward_base = 2,
        .reward_threshold = 0.7,
        .seeds_per_evolution = 2,
        .epoch_s = 3600,
        .payouts = PAYOUTS,
        .payout_count = PAYOUT_COUNT,
        .miners = miners,
        .haste = 1,
        .lease_s = 900,
        .epochs = 3,
        .seed = 7,
    };
}

static struct simulation_result simulate(const struct simulation_config *config)
{
    struct simulation_result result;
    struct pm_error error = {0};
    if (!simulation_run(config, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

/* ---- hand-out ---- */

enum { MINERS = 12, STEPS = 40000, HELD = 8 };

struct held {
    simulation_slot slots[HELD];
    size_t count;
};

/* Everybody the subject is given to is another, and not its author. */
static void check_judges(const struct simulation_subject *subject, int quorum)
{
    assert_true(subject->judge_count <= quorum);
    for (int i = 0; i < subject->judge_count; i++) {
        assert_true(subject->judges[i] != subject->author);
        for (int j = 0; j < i; j++) {
            assert_true(subject->judges[i] != subject->judges[j]);
        }
    }
}

static void give_back(struct simulation_work *work, uint32_t miner, struct held *held, int quorum,
                      int *agreed)
{
    for (size_t i = 0; i < held->count; i++) {
        const bool last = simulation_work_judge(work, held->slots[i], miner, miner);
        const struct simulation_subject subject = simulation_work_look(work, held->slots[i]);
        check_judges(&subject, quorum);
        if (last) {
            assert_int_equal(subject.judge_count, quorum);
            for (int judge = 0; judge < quorum; judge++) { /* each said its own number */
                assert_true(subject.scores[judge] == subject.judges[judge]);
            }
            simulation_work_remove(work, held->slots[i]);
            ++*agreed;
        }
    }
    held->count = 0;
}

static void let_go(struct simulation_work *work, uint32_t miner, struct held *held)
{
    for (size_t i = 0; i < held->count; i++) {
        simulation_work_release(work, held->slots[i], miner);
    }
    held->count = 0;
}

static void work_is_handed_out_by_the_rules(void **state)
{
    (void)state;
    for (int quorum = 1; quorum <= 7; quorum += 2) {
        struct simulation_work *work = simulation_work_create(quorum, NULL);
        struct held held[MINERS] = {{.count = 0}};
        struct pm_random random;
        int added = 0, agreed = 0;
        pm_random_seed(&random, 1, 2, (uint64_t)quorum);
        for (int step = 0; step < STEPS; step++) {
            const uint32_t miner = pm_random_below(&random, MINERS);
            if (held[miner].count > 0 && pm_random_chance(&random, 0.1)) {
                let_go(work, miner, &held[miner]);
            } else if (held[miner].count > 0) {
                give_back(work, miner, &held[miner], quorum, &agreed);
            }
            held[miner].count = simulation_work_take(
                work, miner, pm_random_below(&random, HELD + 1), held[miner].slots);
            if (pm_random_chance(&random, 0.4)) {
                assert_true(simulation_work_add(work, miner, 0.5, NULL));
                added++;
            }
        }
        /* Nothing is left lying: a few more rounds end all of it. */
        for (int round = 0; round < 10 * STEPS && agreed < added; round++) {
            const uint32_t miner = (uint32_t)round % MINERS;
            give_back(work, miner, &held[miner], quorum, &agreed);
            held[miner].count = simulation_work_take(work, miner, HELD, held[miner].slots);
        }
        assert_int_equal(agreed, added);
        simulation_work_destroy(work);
    }
}

static void what_is_nearest_to_its_consensus_comes_first(void **state)
{
    (void)state;
    struct simulation_work *work = simulation_work_create(3, NULL);
    simulation_slot first, taken[HELD];
    for (int i = 0; i < 3; i++) {
        assert_true(simulation_work_add(work, 100, i, NULL));
    }
    assert_int_equal(simulation_work_take(work, 1, 2, taken), 2); /* the oldest two */
    assert_true(simulation_work_look(work, taken[0]).quality == 0);
    assert_true(simulation_work_look(work, taken[1]).quality == 1);
    assert_false(simulation_work_judge(work, taken[1], 1, 0.5));
    assert_int_equal(simulation_work_take(work, 2, 1, &first), 1);
    assert_true(simulation_work_look(work, first).quality == 1);       /* it has one already */
    assert_int_equal(simulation_work_take(work, 100, HELD, taken), 0); /* its author */
    simulation_work_destroy(work);
}

static void events_come_in_their_order(void **state)
{
    (void)state;
    enum { COUNT = 500, ROUNDS = 20000 };
    struct simulation_event heap[COUNT];
    struct pm_random random;
    pm_random_seed(&random, 3, 3, 3);
    for (uint32_t i = 0; i < COUNT; i++) {
        simulation_events_put(heap, i,
                              (struct simulation_event){pm_random_below(&random, 1000), i});
    }
    int64_t now_ms = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct simulation_event event = heap[0];
        assert_true(event.at_ms >= now_ms);
        now_ms = event.at_ms;
        event.at_ms += pm_random_below(&random, 1000);
        simulation_events_replace_first(heap, COUNT, event);
    }
}

/* ---- whole simulations ---- */

static void money_adds_up(void **state)
{
    (void)state;
    struct simulation_config config = config_of(300);
    config.shares[SIMULATION_LIAR] = config.shares[SIMULATION_LAZY] = 0.2;
    config.shares[SIMULATION_COLLUDER] = 0.2;
    config.shares[SIMULATION_SELECTIVE] = 0.1;
    struct simulation_result result = simulate(&config);
    int64_t paid = 0;
    size_t miners = 0;
    for (int i = 0; i < SIMULATION_STRATEGIES; i++) {
        paid += result.groups[i].paid_rao;
        miners += result.groups[i].miners;
        assert_true(result.groups[i].evaluations > 0 && result.groups[i].evolutions > 0);
    }
    assert_int_equal(miners, 300);
    assert_int_equal(paid, result.divisions[0].paid_rao);
    for (int i = 0; i < PAYOUT_COUNT; i++) {
        const struct simulation_division *division = &result.divisions[i];
        assert_int_equal(division->budget_rao, 3 * PAYOUTS[i].budget_rao);
        assert_int_equal(division->paid_rao + division->pool_rao, division->budget_rao);
        assert_true(division->paid_rao <= 3 * pm_payout_distributable(&PAYOUTS[i]));
        assert_true(division->largest_rao <= 3 * pm_payout_cap(&PAYOUTS[i]));
        assert_true(division->gini > 0 && division->gini < 1);
    }
    simulation_clear(&result);
}

static void same_seed_same_result(void **state)
{
    (void)state;
    struct simulation_config config = config_of(200);
    config.shares[SIMULATION_LAZY] = 0.25;
    config.haste = 3;
    struct simulation_result first = simulate(&config), second = simulate(&config);
    assert_memory_equal(first.groups, second.groups, sizeof first.groups);
    config.seed++;
    struct simulation_result third = simulate(&config);
    assert_memory_not_equal(first.groups, third.groups, sizeof first.groups);
    simulation_clear(&first);
    simulation_clear(&second);
    simulation_clear(&third);
}

static void honest_miners_are_always_accurate(void **state)
{
    (void)state;
    struct simulation_config config = config_of(100);
    struct simulation_result result = simulate(&config);
    const struct simulation_group *honest = &result.groups[SIMULATION_HONEST];
    assert_int_equal(honest->accurate, honest->evaluations);
    assert_int_equal(honest->evaluations, 3 * honest->evolutions);
    assert_true(isnan(simulation_to_honest(&result, SIMULATION_LIAR)));
    assert_true(isnan(simulation_captured(&result)));
    /* A point each, and twice the median for some. */
    assert_true(honest->reputation > honest->accurate * PM_REPUTATION_UNIT);
    simulation_clear(&result);
}

static void lying_does_not_pay(void **state)
{
    (void)state;
    struct simulation_config config = config_of(500);
    config.shares[SIMULATION_LIAR] = 0.1;
    struct simulation_result result = simulate(&config);
    assert_true(simulation_to_honest(&result, SIMULATION_LIAR) < 0.6);
    simulation_clear(&result);
}

/* A few colluders win nothing; who are nearly all win nearly everything. */
static void colluders_need_a_majority(void **state)
{
    (void)state;
    struct simulation_config config = config_of(400);
    config.shares[SIMULATION_COLLUDER] = 0.1;
    struct simulation_result few = simulate(&config);
    assert_true(simulation_captured(&few) < 0.1);
    assert_true(simulation_to_honest(&few, SIMULATION_COLLUDER) < 1);
    config.shares[SIMULATION_COLLUDER] = 0.9;
    struct simulation_result many = simulate(&config);
    assert_true(simulation_captured(&many) > 0.9);
    assert_true(simulation_to_honest(&many, SIMULATION_COLLUDER) > 1.5);
    simulation_clear(&few);
    simulation_clear(&many);
}

/* Few who judge nothing but their friends' work earn little at the pace of others, and much when
 * they look for it a hundred times as often. */
static void selective_colluders_need_to_be_quick(void **state)
{
    (void)state;
    struct simulation_config config = config_of(400);
    config.shares[SIMULATION_SELECTIVE] = 0.05;
    struct simulation_result slow = simulate(&config);
    assert_true(simulation_captured(&slow) < 0.1);
    assert_true(simulation_to_honest(&slow, SIMULATION_SELECTIVE) < 0.5);
    config.haste = 100;
    struct simulation_result quick = simulate(&config);
    const struct simulation_group *ring = &quick.groups[SIMULATION_SELECTIVE];
    assert_true(simulation_captured(&quick) > 0.8);
    assert_true(simulation_to_honest(&quick, SIMULATION_SELECTIVE) > 1.2);
    assert_true(10 * ring->accurate > 9 * ring->evaluations); /* no lie about a stranger */
    assert_true(ring->evaluations <= 3 * ring->evolutions);   /* of friends, that is */
    simulation_clear(&slow);
    simulation_clear(&quick);
}

/* With no more miners than the quorum nobody's work is ever agreed on, and the pool keeps all. */
static void too_few_miners_agree_on_nothing(void **state)
{
    (void)state;
    struct simulation_config config = config_of(3);
    struct simulation_result result = simulate(&config);
    assert_int_equal(result.groups[SIMULATION_HONEST].evolutions, 0);
    assert_int_equal(result.divisions[0].pool_rao, result.divisions[0].budget_rao);
    assert_true(result.divisions[0].gini == 0);
    assert_true(isnan(simulation_to_honest(&result, SIMULATION_HONEST)));
    simulation_clear(&result);
}

static void shares_over_one_are_refused(void **state)
{
    (void)state;
    struct simulation_config config = config_of(10);
    struct simulation_result result;
    struct pm_error error = {0};
    config.shares[SIMULATION_LIAR] = config.shares[SIMULATION_COLLUDER] = 0.6;
    assert_false(simulation_run(&config, &result, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    simulation_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_handed_out_by_the_rules),
        cmocka_unit_test(what_is_nearest_to_its_consensus_comes_first),
        cmocka_unit_test(events_come_in_their_order),
        cmocka_unit_test(money_adds_up),
        cmocka_unit_test(same_seed_same_result),
        cmocka_unit_test(honest_miners_are_always_accurate),
        cmocka_unit_test(lying_does_not_pay),
        cmocka_unit_test(colluders_need_a_majority),
        cmocka_unit_test(selective_colluders_need_to_be_quick),
        cmocka_unit_test(too_few_miners_agree_on_nothing),
        cmocka_unit_test(shares_over_one_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
