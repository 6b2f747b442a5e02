/* The rules of money in docs/pool.md, one after the other, in virtual time: consensus, reputation,
 * epochs, withdrawals. */
#include "cmocka_include.h"
#include "pool/rule_steps.h"
#include "pool/seeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/log.h>

static const int64_t POINT = PM_REPUTATION_UNIT;

static void test_consensus_rewards_the_accurate(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    int64_t id = rule_evolve(pool, "author", 1);
    rule_judge_all(pool, "a", 0.92);
    rule_judge_all(pool, "b", 0.50);
    assert_false(virtual_pool_algorithm(pool, id).agreed);
    rule_judge_all(pool, "c", 0.91);
    struct virtual_algorithm algorithm = virtual_pool_algorithm(pool, id);
    assert_true(algorithm.agreed);
    assert_true(algorithm.in_population);
    assert_true(algorithm.score == 0.91);
    assert_int_equal(virtual_pool_miner(pool, "a").reputation, POINT);
    assert_int_equal(virtual_pool_miner(pool, "b").reputation, 0);
    assert_int_equal(virtual_pool_miner(pool, "c").reputation, POINT);
    struct pm_pool_miner liar = virtual_pool_miner(pool, "b").miner;
    assert_int_equal(liar.counts.evaluations_submitted, 1);
    assert_int_equal(liar.counts.evaluations_finalised, 1);
    assert_int_equal(liar.counts.evaluations_accurate, 0);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1820000);
}

static void test_evolution_reward_by_its_consensus(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    int64_t good = rule_evolve(pool, "author", 1);
    rule_judge_all(pool, "a", 0.85);
    rule_judge_all(pool, "b", 0.85);
    rule_judge_all(pool, "c", 0.85);
    assert_true(virtual_pool_algorithm(pool, good).agreed);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1700000);
    rule_evolve(pool, "author", 2);
    rule_judge_all(pool, "a", 0.65);
    rule_judge_all(pool, "b", 0.65);
    rule_judge_all(pool, "c", 0.65);
    struct virtual_miner author = virtual_pool_miner(pool, "author");
    assert_int_equal(author.reputation, 1700000);
    assert_int_equal(author.miner.counts.evolutions_submitted, 2);
    assert_int_equal(author.miner.counts.evolutions_finalised, 2);
    assert_int_equal(author.miner.counts.evolutions_over_threshold, 1);
    assert_true(author.miner.best_score == 0.85);
    rule_evolve(pool, "author", 3); /* the threshold itself is over it */
    rule_judge_all(pool, "a", 0.7);
    rule_judge_all(pool, "b", 0.7);
    rule_judge_all(pool, "c", 0.7);
    author = virtual_pool_miner(pool, "author");
    assert_int_equal(author.reputation, 1700000 + 1400000);
    assert_int_equal(author.miner.counts.evolutions_over_threshold, 2);
}

static void test_an_epoch_pays_once(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    struct pm_pool_epoch first = virtual_pool_tick(pool);
    assert_int_equal(first.number, 1);
    pool->now_ms = first.end_ms - 1;
    assert_int_equal(virtual_pool_tick(pool).number, 1);
    assert_int_equal(virtual_pool_miner(pool, "s1").balance.lifetime_rao, 0);
    pool->now_ms = first.end_ms;
    assert_int_equal(virtual_pool_tick(pool).number, 2);
    for (int again = 0; again < 3; again++) {
        /* three equal miners, each at the cap of 5 % */
        assert_int_equal(virtual_pool_miner(pool, "s1").balance.lifetime_rao, 50000000);
        assert_int_equal(virtual_pool_miner(pool, "s2").balance.lifetime_rao, 50000000);
        assert_int_equal(virtual_pool_miner(pool, "s3").balance.lifetime_rao, 50000000);
        assert_int_equal(virtual_pool_tick(pool).number, 2);
    }
    assert_int_equal(virtual_pool_miner(pool, "s1").reputation, 0);
    assert_int_equal(virtual_pool_miner(pool, "s1").miner.reputation_total,
                     (int64_t)pm_seed_count * POINT);
}

static void test_proportional_without_fee_and_cap(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.payout.fee_ppm = 0;
    pool->rules.payout.cap_ppm = PM_PPM;
    rule_settle_seeds(pool);
    rule_evolve(pool, "author", 1);
    rule_judge_all(pool, "s1", 0.8);
    rule_judge_all(pool, "s2", 0.8);
    rule_judge_all(pool, "s3", 0.8);
    pool->now_ms += pool->rules.epoch_ms;
    virtual_pool_tick(pool);
    int64_t judge = (int64_t)pm_seed_count * POINT + POINT, author = 1600000;
    int64_t budget = pool->rules.payout.budget_rao, total = 3 * judge + author;
    assert_int_equal(virtual_pool_miner(pool, "s1").balance.lifetime_rao, judge * budget / total);
    assert_int_equal(virtual_pool_miner(pool, "author").balance.lifetime_rao,
                     author * budget / total);
}

static void test_quiet_epochs_are_skipped(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_pool_epoch first = virtual_pool_tick(pool);
    pool->now_ms = first.end_ms + 10 * pool->rules.epoch_ms + 5;
    struct pm_pool_epoch later = virtual_pool_tick(pool);
    assert_int_equal(later.number, 12);
    assert_int_equal(later.start_ms, pool->now_ms - 5);
    pool->now_ms = rule_start_ms - 1000000; /* the clock was set back */
    assert_int_equal(virtual_pool_tick(pool).number, 12);
}

static void test_consensus_counts_in_its_own_epoch(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.task_timeout_ms = 10 * pool->rules.epoch_ms;
    rule_settle_seeds(pool);
    int64_t id = rule_evolve(pool, "author", 1);
    rule_judge_all(pool, "a", 0.8);
    rule_judge_all(pool, "b", 0.8);
    struct pm_grant grant = rule_lease(pool, "c", 8, 2); /* in epoch 1 ... */
    pool->now_ms += pool->rules.epoch_ms;
    const struct pm_pool_submission submission = {.evaluations = {{id, 0.8}},
                                                  .evaluation_count = 1};
    rule_submit(pool, "c", grant.lease.id, &submission); /* ... and back in epoch 2 */
    pm_grant_clear(&grant);
    assert_int_equal(virtual_pool_miner(pool, "a").balance.lifetime_rao, 0);
    assert_int_equal(virtual_pool_miner(pool, "a").reputation, POINT);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1600000);
}

static void test_withdrawals(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_refusal refusal;
    rule_settle_seeds(pool);
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 0, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - below minimum");
    const int64_t minimum_rao = pool->rules.minimum_withdrawal_rao;
    pool->rules.minimum_withdrawal_rao = 0;
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 0, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - there is nothing");
    pool->rules.minimum_withdrawal_rao = minimum_rao;
    pool->now_ms += pool->rules.epoch_ms;
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 4999999, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - below minimum");
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 50000001, &refusal), 400);
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 5000000, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - no recipient coldkey is set");
    virtual_pool_set_recipient(pool, "s1", "cold");
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 50000001, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - the balance is 50000000 RAO");
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 5000000, &refusal), 200);
    struct pm_pool_balance balance = virtual_pool_miner(pool, "s1").balance;
    assert_int_equal(balance.pending_rao, 5000000);
    assert_int_equal(pm_ledger_available_rao(&balance), 45000000);
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 5000000, &refusal), 409);
    assert_int_equal(virtual_pool_withdraw(pool, "nobody", 0, &refusal), 400);
}

static enum pm_pool_outcome book_nothing(struct pm_pool_store *store, void *context,
                                         struct pm_error *error)
{
    const struct virtual_pool *pool = context;
    const struct pm_pool_evaluation evaluation = {.hotkey = "a", .score = 0.5};
    const struct pm_pool_verdict verdict = {.accurate = true, .epoch = 1, .micro = 0};
    return pm_store_miner_touch(store, "a", pool->now_ms, error) &&
                   pm_store_evaluation_add(store, 1, &evaluation, &verdict, pool->now_ms, error)
               ? PM_POOL_COMMIT
               : PM_POOL_FAILED;
}

/* Who is in the books with nothing takes nobody's place when the epoch pays. */
static void test_everybody_with_reputation_is_paid(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    assert_true(pm_pool_store_run(pool->store, book_nothing, pool, NULL));
    pool->now_ms = virtual_pool_tick(pool).end_ms;
    virtual_pool_tick(pool);
    assert_int_equal(virtual_pool_miner(pool, "a").balance.lifetime_rao, 0);
    for (int i = 1; i <= pool->rules.quorum; i++) {
        char hotkey[16];
        snprintf(hotkey, sizeof hotkey, "s%d", i);
        assert_int_equal(virtual_pool_miner(pool, hotkey).balance.lifetime_rao, 50000000);
    }
}

static void test_an_operator_lowers_the_quorum(void **state)
{
    struct virtual_pool *pool = *state;
    rule_settle_seeds(pool);
    int64_t id = rule_evolve(pool, "author", 1);
    rule_judge_all(pool, "a", 0.8);
    rule_judge_all(pool, "b", 0.8);
    struct pm_grant late = rule_lease(pool, "c", 8, 2);
    pool->rules.quorum = 2;
    virtual_pool_agree_due(pool);
    assert_true(virtual_pool_algorithm(pool, id).agreed);
    assert_int_equal(virtual_pool_miner(pool, "a").reputation, POINT);
    /* who was still at it is measured against the consensus */
    const struct pm_pool_submission submission = {.evaluations = {{id, 0.81}},
                                                  .evaluation_count = 1};
    rule_submit(pool, "c", late.lease.id, &submission);
    assert_int_equal(virtual_pool_miner(pool, "c").reputation, POINT);
    assert_true(virtual_pool_algorithm(pool, id).score == 0.8);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1600000);
    pm_grant_clear(&late);
}

/* ---- what is told of it ---- */

static enum pm_pool_outcome settle_and_undo(struct pm_pool_store *store, void *context,
                                            struct pm_error *error)
{
    const struct virtual_pool *pool = context;
    struct pm_pool_epoch epoch;
    return pm_ledger_epoch(store, &pool->rules, pool->now_ms, &epoch, error) ? PM_POOL_ROLLBACK
                                                                             : PM_POOL_FAILED;
}

/* Standard error while the pool settles an epoch, undone or for good. */
static void read_log(struct virtual_pool *pool, bool undo, char *out, size_t size)
{
    char path[] = "/tmp/pm_test_ledger_XXXXXX";
    int captured = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    assert_true(captured >= 0 && saved >= 0);
    unlink(path);
    dup2(captured, STDERR_FILENO);
    bool ok = true;
    if (undo) {
        ok = pm_pool_store_run(pool->store, settle_and_undo, pool, NULL);
    } else {
        virtual_pool_tick(pool);
    }
    dup2(saved, STDERR_FILENO);
    close(saved);
    ssize_t length = pread(captured, out, size - 1, 0);
    close(captured);
    assert_true(ok && length >= 0);
    out[length] = '\0';
}

static void test_only_what_is_committed_is_logged(void **state)
{
    struct virtual_pool *pool = *state;
    char text[2048];
    pm_log_init("pool", PM_LOG_INFO, PM_LOG_TEXT);
    pool->now_ms = virtual_pool_tick(pool).end_ms;
    read_log(pool, true, text, sizeof text);
    assert_string_equal(text, "");
    read_log(pool, false, text, sizeof text);
    const char *line = strstr(text, "POOL-EPOCH-SETTLED epoch=1 ");
    assert_non_null(line);
    assert_null(strstr(line + 1, "POOL-EPOCH-SETTLED"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_consensus_rewards_the_accurate),
        RULE(test_evolution_reward_by_its_consensus),
        RULE(test_an_epoch_pays_once),
        RULE(test_proportional_without_fee_and_cap),
        RULE(test_quiet_epochs_are_skipped),
        RULE(test_consensus_counts_in_its_own_epoch),
        RULE(test_withdrawals),
        RULE(test_everybody_with_reputation_is_paid),
        RULE(test_an_operator_lowers_the_quorum),
        RULE(test_only_what_is_committed_is_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
