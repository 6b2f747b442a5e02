/* The rules of docs/pool.md, one after the other, in virtual time. */
#include "cmocka_include.h"
#include "pool/population.h"
#include "pool/seeds.h"
#include "pool/virtual_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t START_MS = INT64_C(1790000000000);
static const int64_t POINT = PM_REPUTATION_UNIT;

static int open_pool(void **state)
{
    struct virtual_pool *pool = calloc(1, sizeof *pool);
    pool->rules = pm_pool_rules_default();
    pool->now_ms = START_MS;
    virtual_pool_open(pool, ":memory:");
    *state = pool;
    return 0;
}

static int close_pool(void **state)
{
    struct virtual_pool *pool = *state;
    virtual_pool_close(pool);
    free(pool);
    return 0;
}

static struct pm_grant lease_of(struct virtual_pool *pool, const char *hotkey, int64_t evaluate_max,
                                int64_t seed_max)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    if (virtual_pool_lease(pool, hotkey, PM_LEASE_BOTH, evaluate_max, seed_max, &grant, &refusal) !=
        200)
        fail_msg("%s: %d %s", hotkey, refusal.status, refusal.detail);
    return grant;
}

static void assert_lease_refused(struct virtual_pool *pool, const char *hotkey,
                                 enum pm_lease_kind kind, int64_t evaluate_max, int status,
                                 const char *detail)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    assert_int_equal(
        virtual_pool_lease(pool, hotkey, kind, evaluate_max, evaluate_max, &grant, &refusal),
        status);
    assert_string_equal(refusal.detail, detail);
}

static void submit_ok(struct virtual_pool *pool, const char *hotkey, const char *lease_id,
                      const struct pm_submission *submission)
{
    char *answer;
    struct pm_refusal refusal;
    if (virtual_pool_submit(pool, hotkey, lease_id, submission, &answer, &refusal) != 200)
        fail_msg("%s: %d %s", hotkey, refusal.status, refusal.detail);
    free(answer);
}

static void assert_submit_refused(struct virtual_pool *pool, const char *hotkey,
                                  const char *lease_id, const struct pm_submission *submission,
                                  int status, const char *said)
{
    char *answer;
    struct pm_refusal refusal;
    assert_int_equal(virtual_pool_submit(pool, hotkey, lease_id, submission, &answer, &refusal),
                     status);
    assert_null(answer);
    if (!strstr(refusal.detail, said))
        fail_msg("\"%s\" does not say \"%s\"", refusal.detail, said);
}

/* The miner takes all that waits for judgement and gives each the same score. */
static void judge_all(struct virtual_pool *pool, const char *hotkey, double score)
{
    struct pm_grant grant = lease_of(pool, hotkey, PM_BATCH_MAX, 2);
    struct pm_submission submission = {.evaluation_count = grant.evaluate_count};
    for (size_t i = 0; i < grant.evaluate_count; i++)
        submission.evaluations[i] = (struct pm_submitted_evaluation){grant.evaluate[i].id, score};
    submit_ok(pool, hotkey, grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

/* The miner submits program `number`; returns the id the pool gave it. */
static int64_t evolve(struct virtual_pool *pool, const char *hotkey, int64_t number)
{
    char program[128], *answer, *id;
    struct pm_refusal refusal;
    struct pm_grant grant = lease_of(pool, hotkey, 0, 2);
    struct pm_submission submission = {
        .evolutions = {{.dsl = virtual_program(number, program),
                        .parents = {grant.seeds[0].id, grant.seeds[1].id},
                        .parent_count = 2}},
        .evolution_count = 1,
    };
    assert_int_equal(
        virtual_pool_submit(pool, hotkey, grant.lease.id, &submission, &answer, &refusal), 200);
    assert_non_null(strstr(answer, "\"status\":\"accepted\",\"algorithm_id\":"));
    id = strstr(answer, "\"algorithm_id\":") + strlen("\"algorithm_id\":");
    int64_t result = strtoll(id, NULL, 10);
    free(answer);
    pm_grant_clear(&grant);
    return result;
}

/* The built-in seeds wait for judgement too; most tests want them out of the way. */
static void settle_seeds(struct virtual_pool *pool)
{
    judge_all(pool, "s1", 0.5);
    judge_all(pool, "s2", 0.5);
    judge_all(pool, "s3", 0.5);
}

static void test_a_lease_holds_work_and_seeds(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = lease_of(pool, "a", 3, 8);
    assert_int_equal(grant.evaluate_count, 3);
    assert_int_equal(grant.seed_count, 2);
    assert_int_equal(grant.lease.evolve_budget, 1);
    assert_int_equal(grant.lease.window, 1);
    assert_int_equal(grant.lease.timeout_ms, START_MS + 10800000);
    for (size_t i = 0; i < grant.evaluate_count; i++)
        assert_int_equal(grant.evaluate[i].input_dim, PM_POOL_INPUT_DIM);
    pm_grant_clear(&grant);
}

static void test_every_seed_is_a_strict_program(void **state)
{
    struct virtual_pool *pool = *state;
    assert_in_range(pm_seed_count, 4, 16);
    for (size_t i = 0; i < pm_seed_count; i++) {
        struct virtual_algorithm seed = virtual_pool_algorithm(pool, (int64_t)i + 1);
        assert_true(seed.found);
        assert_true(seed.in_population);
        assert_false(seed.agreed);
    }
    assert_false(virtual_pool_algorithm(pool, (int64_t)pm_seed_count + 1).found);
}

static void test_one_active_task(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = lease_of(pool, "a", 1, 1);
    assert_lease_refused(pool, "a", PM_LEASE_BOTH, 8, 400, "Miner already has active task");
    assert_lease_refused(pool, "a", PM_LEASE_EVALUATE, 8, 400, "Miner already has active task");
    submit_ok(pool, "a", grant.lease.id, &(struct pm_submission){.evaluation_count = 0});
    pm_grant_clear(&grant);
    grant = lease_of(pool, "a", 1, 1);
    pm_grant_clear(&grant);
}

static void test_leases_per_window(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.leases_per_window = 1;
    judge_all(pool, "a", 0.5);
    assert_lease_refused(pool, "a", PM_LEASE_BOTH, 8, 400,
                         "Lease already issued for this window. Wait for next window.");
    pool->now_ms += pool->rules.epoch_ms;
    judge_all(pool, "a", 0.5);
}

static void test_nothing_to_do(void **state)
{
    struct virtual_pool *pool = *state;
    assert_lease_refused(pool, "a", PM_LEASE_BOTH, 0, 404, "No work available");
    struct pm_grant grant = lease_of(pool, "a", PM_BATCH_MAX, 2);
    struct pm_submission submission = {.evaluation_count = grant.evaluate_count};
    for (size_t i = 0; i < grant.evaluate_count; i++)
        submission.evaluations[i].algorithm_id = grant.evaluate[i].id;
    submit_ok(pool, "a", grant.lease.id, &submission);
    pm_grant_clear(&grant);
    assert_lease_refused(pool, "a", PM_LEASE_EVALUATE, 8, 404, "No work available");
    grant = lease_of(pool, "a", 8, 2); /* but there are seeds to evolve */
    assert_int_equal(grant.evaluate_count, 0);
    assert_int_equal(grant.seed_count, 2);
    pm_grant_clear(&grant);
}

static void test_consensus_rewards_the_accurate(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
    int64_t id = evolve(pool, "author", 1);
    judge_all(pool, "a", 0.92);
    judge_all(pool, "b", 0.50);
    assert_false(virtual_pool_algorithm(pool, id).agreed);
    judge_all(pool, "c", 0.91);
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
    settle_seeds(pool);
    int64_t good = evolve(pool, "author", 1);
    judge_all(pool, "a", 0.85);
    judge_all(pool, "b", 0.85);
    judge_all(pool, "c", 0.85);
    assert_true(virtual_pool_algorithm(pool, good).agreed);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1700000);
    evolve(pool, "author", 2);
    judge_all(pool, "a", 0.65);
    judge_all(pool, "b", 0.65);
    judge_all(pool, "c", 0.65);
    struct virtual_miner author = virtual_pool_miner(pool, "author");
    assert_int_equal(author.reputation, 1700000);
    assert_int_equal(author.miner.counts.evolutions_submitted, 2);
    assert_int_equal(author.miner.counts.evolutions_finalised, 2);
    assert_int_equal(author.miner.counts.evolutions_over_threshold, 1);
    assert_true(author.miner.best_score == 0.85);
}

static void test_author_and_judge_are_never_asked_again(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
    evolve(pool, "author", 1);
    struct pm_grant grant = lease_of(pool, "author", 8, 2);
    assert_int_equal(grant.evaluate_count, 0);
    pm_grant_clear(&grant);
    judge_all(pool, "a", 0.8);
    grant = lease_of(pool, "a", 8, 2);
    assert_int_equal(grant.evaluate_count, 0);
    pm_grant_clear(&grant);
}

static void test_no_more_in_hand_than_the_quorum_needs(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
    evolve(pool, "author", 1);
    const char *const miners[] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < 4; i++) {
        struct pm_grant grant = lease_of(pool, miners[i], 8, 2);
        assert_int_equal(grant.evaluate_count, i < 3);
        pm_grant_clear(&grant);
    }
}

static void test_work_that_times_out_goes_to_others(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
    int64_t id = evolve(pool, "author", 1);
    struct pm_grant lost = lease_of(pool, "lazy", 8, 2);
    assert_int_equal(lost.evaluate_count, 1);
    judge_all(pool, "a", 0.8);
    judge_all(pool, "b", 0.8);
    struct pm_grant none = lease_of(pool, "c", 8, 2); /* in three hands already */
    assert_int_equal(none.evaluate_count, 0);
    submit_ok(pool, "c", none.lease.id, &(struct pm_submission){.evaluation_count = 0});
    pm_grant_clear(&none);

    pool->now_ms += pool->rules.task_timeout_ms;
    const struct pm_submission late = {.evaluations = {{id, 0.8}}, .evaluation_count = 1};
    assert_submit_refused(pool, "lazy", lost.lease.id, &late, 404,
                          "Active lease assignment not found");
    judge_all(pool, "c", 0.8);
    assert_true(virtual_pool_algorithm(pool, id).agreed);
    assert_int_equal(virtual_pool_miner(pool, "lazy").reputation, 0);
    struct pm_grant next = lease_of(pool, "lazy", 8, 2); /* and the lazy one may go on */
    pm_grant_clear(&next);
    pm_grant_clear(&lost);
}

static void test_the_same_submission_again(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    struct pm_submission submission = {.evaluations = {{grant.evaluate[0].id, 0.5}},
                                       .evaluation_count = 1};
    char *first, *second;
    struct pm_refusal refusal;
    assert_int_equal(virtual_pool_submit(pool, "a", grant.lease.id, &submission, &first, &refusal),
                     200);
    pool->now_ms += 2 * pool->rules.task_timeout_ms; /* however late */
    assert_int_equal(virtual_pool_submit(pool, "a", grant.lease.id, &submission, &second, &refusal),
                     200);
    assert_string_equal(first, second);
    free(first);
    free(second);
    assert_int_equal(virtual_pool_miner(pool, "a").miner.counts.evaluations_submitted, 1);
    submission.evaluations[0].score = 0.6;
    assert_submit_refused(pool, "a", grant.lease.id, &submission, 404,
                          "Active lease assignment not found");
    assert_int_equal(virtual_pool_algorithm(pool, grant.evaluate[0].id).evaluation_count, 1);
    pm_grant_clear(&grant);
}

static void test_another_miners_lease(void **state)
{
    struct virtual_pool *pool = *state;
    const struct pm_submission nothing = {.evaluation_count = 0};
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    assert_submit_refused(pool, "b", grant.lease.id, &nothing, 403, "another miner");
    submit_ok(pool, "a", grant.lease.id, &nothing);
    assert_submit_refused(pool, "b", grant.lease.id, &nothing, 403, "another miner");
    assert_submit_refused(pool, "b", "no such lease", &nothing, 404,
                          "Active lease assignment not found");
    pm_grant_clear(&grant);
}

static void test_work_that_was_not_given(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    struct pm_submission submission = {
        .evaluations = {{grant.evaluate[0].id, 0.5}, {grant.evaluate[0].id + 1, 0.5}},
        .evaluation_count = 2};
    assert_submit_refused(pool, "a", grant.lease.id, &submission, 422, "evaluations[1]");
    assert_int_equal(virtual_pool_algorithm(pool, grant.evaluate[0].id).evaluation_count, 0);
    submission.evaluation_count = 1;
    submit_ok(pool, "a", grant.lease.id, &submission); /* mended, it is taken */
    pm_grant_clear(&grant);
}

static void test_hostile_programs_leave_no_trace(void **state)
{
    struct virtual_pool *pool = *state;
    static char huge[70 * 1024], long_phase[64 * 1024 - 1];
    memset(huge, ' ', sizeof huge - 1);
    for (size_t i = 0; i + 1 < sizeof long_phase; i++)
        long_phase[i] = "s0 = 1\n"[i % 7];
    const char *const programs[] = {
        "s0 = system(1)\n",
        "def Predict():\n  s99 = 1\n",
        "def Predict():\n  s0 = outer(v0, v0)\n",
        "def Predict():\n  s0 = nan\n",
        "# meta: scalar_count=1000000000\n",
        "# meta: vector_dim=-1\n",
        "%s%n%s%n\n",
        "\xf0\x9f\x92\xa3\n",
        huge,
        long_phase,
    };
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const struct pm_submission submission = {
            .evaluations = {{grant.evaluate[0].id, 0.5}},
            .evaluation_count = 1,
            .evolutions = {{.dsl = programs[i]}},
            .evolution_count = 1,
        };
        if (i == 8) /* blank lines only: an empty program, which is there already */
            continue;
        assert_submit_refused(pool, "a", grant.lease.id, &submission, 422,
                              "evolutions[0].algorithm_dsl: ");
    }
    assert_int_equal(virtual_pool_algorithm(pool, grant.evaluate[0].id).evaluation_count, 0);
    assert_false(virtual_pool_algorithm(pool, (int64_t)pm_seed_count + 1).found);
    assert_int_equal(virtual_pool_miner(pool, "a").miner.counts.evaluations_submitted, 0);
    pm_grant_clear(&grant);
}

static void test_a_refused_lease_does_not_stand_in_the_way(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    const struct pm_submission bad = {.evolutions = {{.dsl = "s0 = oops()"}}, .evolution_count = 1};
    assert_submit_refused(pool, "a", grant.lease.id, &bad, 422, "line 1");
    struct pm_grant next = lease_of(pool, "a", 8, 2);
    assert_string_not_equal(grant.lease.id, next.lease.id);
    assert_submit_refused(pool, "a", grant.lease.id, &(struct pm_submission){.iterations = 0}, 404,
                          "Active lease assignment not found");
    pm_grant_clear(&grant);
    pm_grant_clear(&next);
}

static void test_more_evolutions_than_allowed(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    char one[128], two[128];
    struct pm_submission submission = {
        .evolutions = {{.dsl = virtual_program(1, one)}, {.dsl = virtual_program(2, two)}},
        .evolution_count = 2,
    };
    assert_submit_refused(pool, "a", grant.lease.id, &submission, 422, "this lease allows 1");
    submission.evolution_count = 1;
    submission.evolutions[0].parents[0] = 4711;
    submission.evolutions[0].parent_count = 1;
    assert_submit_refused(pool, "a", grant.lease.id, &submission, 422, "parent 4711 is not known");
    pm_grant_clear(&grant);
}

static void test_minimum_iterations(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.minimum_iterations = 160;
    struct pm_grant grant = lease_of(pool, "a", 1, 2);
    struct pm_submission submission = {.iterations = 159};
    assert_submit_refused(pool, "a", grant.lease.id, &submission, 400,
                          "iterations: 159 is below this pool's minimum of 160");
    submission.iterations = 160;
    submit_ok(pool, "a", grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

static void test_a_known_program_is_not_added_again(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
    int64_t id = evolve(pool, "a", 1);
    struct pm_grant grant = lease_of(pool, "b", 0, 2);
    char expected[64], *answer;
    struct pm_refusal refusal;
    /* written differently, read the same */
    const struct pm_submission submission = {
        .evolutions = {{.dsl = "\n# Predict:\n\ts0 = 1.0 # one\n S0=s0+s1\n"}},
        .evolution_count = 1};
    assert_int_equal(virtual_pool_submit(pool, "b", grant.lease.id, &submission, &answer, &refusal),
                     200);
    snprintf(expected, sizeof expected, "{\"status\":\"duplicate\",\"algorithm_id\":%lld}",
             (long long)id);
    assert_non_null(strstr(answer, expected));
    free(answer);
    assert_int_equal(virtual_pool_miner(pool, "b").miner.counts.evolutions_submitted, 0);
    assert_false(virtual_pool_algorithm(pool, id + 1).found);
    pm_grant_clear(&grant);
}

static void test_batches_of_one_kind(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_grant grant;
    struct pm_refusal refusal;
    assert_int_equal(virtual_pool_lease(pool, "a", PM_LEASE_EVALUATE, 8, 8, &grant, &refusal), 200);
    assert_int_equal(grant.seed_count, 0);
    assert_int_equal(grant.evaluate_count, pm_seed_count);
    assert_submit_refused(pool, "a", grant.lease.id, &(struct pm_submission){.iterations = 1}, 400,
                          "submit_evaluation");
    pm_grant_clear(&grant);
    assert_int_equal(virtual_pool_lease(pool, "b", PM_LEASE_EVOLVE, 8, 8, &grant, &refusal), 200);
    assert_int_equal(grant.evaluate_count, 0);
    assert_int_equal(grant.seed_count, 2);
    char program[128];
    const struct pm_submission submission = {
        .kind = PM_LEASE_EVOLVE,
        .evolutions = {{.dsl = virtual_program(1, program)}},
        .evolution_count = 1,
    };
    submit_ok(pool, "b", grant.lease.id, &submission);
    pm_grant_clear(&grant);
}

static void test_an_epoch_pays_once(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
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
    settle_seeds(pool);
    evolve(pool, "author", 1);
    judge_all(pool, "s1", 0.8);
    judge_all(pool, "s2", 0.8);
    judge_all(pool, "s3", 0.8);
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
    pool->now_ms = START_MS - 1000000; /* the clock was set back */
    assert_int_equal(virtual_pool_tick(pool).number, 12);
}

static void test_consensus_counts_in_its_own_epoch(void **state)
{
    struct virtual_pool *pool = *state;
    pool->rules.task_timeout_ms = 10 * pool->rules.epoch_ms;
    settle_seeds(pool);
    int64_t id = evolve(pool, "author", 1);
    judge_all(pool, "a", 0.8);
    judge_all(pool, "b", 0.8);
    struct pm_grant grant = lease_of(pool, "c", 8, 2); /* in epoch 1 ... */
    pool->now_ms += pool->rules.epoch_ms;
    const struct pm_submission submission = {.evaluations = {{id, 0.8}}, .evaluation_count = 1};
    submit_ok(pool, "c", grant.lease.id, &submission); /* ... and back in epoch 2 */
    pm_grant_clear(&grant);
    assert_int_equal(virtual_pool_miner(pool, "a").balance.lifetime_rao, 0);
    assert_int_equal(virtual_pool_miner(pool, "a").reputation, POINT);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1600000);
}

static void test_withdrawals(void **state)
{
    struct virtual_pool *pool = *state;
    struct pm_refusal refusal;
    settle_seeds(pool);
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 0, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - below minimum");
    pool->now_ms += pool->rules.epoch_ms;
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 4999999, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - below minimum");
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 50000001, &refusal), 400);
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 5000000, &refusal), 400);
    assert_string_equal(refusal.detail, "Cannot withdraw - no recipient coldkey is set");
    virtual_pool_set_recipient(pool, "s1", "cold");
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 5000000, &refusal), 200);
    struct pm_pool_balance balance = virtual_pool_miner(pool, "s1").balance;
    assert_int_equal(balance.pending_rao, 5000000);
    assert_int_equal(pm_ledger_available_rao(&balance), 45000000);
    assert_int_equal(virtual_pool_withdraw(pool, "s1", 5000000, &refusal), 409);
    assert_int_equal(virtual_pool_withdraw(pool, "nobody", 0, &refusal), 400);
}

static void test_an_operator_lowers_the_quorum(void **state)
{
    struct virtual_pool *pool = *state;
    settle_seeds(pool);
    int64_t id = evolve(pool, "author", 1);
    judge_all(pool, "a", 0.8);
    judge_all(pool, "b", 0.8);
    struct pm_grant late = lease_of(pool, "c", 8, 2);
    pool->rules.quorum = 2;
    virtual_pool_agree_due(pool);
    assert_true(virtual_pool_algorithm(pool, id).agreed);
    assert_int_equal(virtual_pool_miner(pool, "a").reputation, POINT);
    /* who was still at it is measured against the consensus */
    const struct pm_submission submission = {.evaluations = {{id, 0.81}}, .evaluation_count = 1};
    submit_ok(pool, "c", late.lease.id, &submission);
    assert_int_equal(virtual_pool_miner(pool, "c").reputation, POINT);
    assert_true(virtual_pool_algorithm(pool, id).score == 0.8);
    assert_int_equal(virtual_pool_miner(pool, "author").reputation, 1600000);
    pm_grant_clear(&late);
}

static void test_rules_out_of_range(void **state)
{
    (void)state;
    struct pm_error error;
    struct pm_pool_rules rules = pm_pool_rules_default();
    assert_true(pm_pool_rules_check(&rules, &error));
    rules.quorum = 0;
    assert_false(pm_pool_rules_check(&rules, &error));
    assert_non_null(strstr(error.message, "--quorum"));
    rules = pm_pool_rules_default();
    rules.payout.cap_ppm = PM_PPM + 1;
    assert_false(pm_pool_rules_check(&rules, &error));
    assert_non_null(strstr(error.message, "--cap"));
}

#define RULE(test) cmocka_unit_test_setup_teardown(test, open_pool, close_pool)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(test_a_lease_holds_work_and_seeds),
        RULE(test_every_seed_is_a_strict_program),
        RULE(test_one_active_task),
        RULE(test_leases_per_window),
        RULE(test_nothing_to_do),
        RULE(test_consensus_rewards_the_accurate),
        RULE(test_evolution_reward_by_its_consensus),
        RULE(test_author_and_judge_are_never_asked_again),
        RULE(test_no_more_in_hand_than_the_quorum_needs),
        RULE(test_work_that_times_out_goes_to_others),
        RULE(test_the_same_submission_again),
        RULE(test_another_miners_lease),
        RULE(test_work_that_was_not_given),
        RULE(test_hostile_programs_leave_no_trace),
        RULE(test_a_refused_lease_does_not_stand_in_the_way),
        RULE(test_more_evolutions_than_allowed),
        RULE(test_minimum_iterations),
        RULE(test_a_known_program_is_not_added_again),
        RULE(test_batches_of_one_kind),
        RULE(test_an_epoch_pays_once),
        RULE(test_proportional_without_fee_and_cap),
        RULE(test_quiet_epochs_are_skipped),
        RULE(test_consensus_counts_in_its_own_epoch),
        RULE(test_withdrawals),
        RULE(test_an_operator_lowers_the_quorum),
        cmocka_unit_test(test_rules_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
