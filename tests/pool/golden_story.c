/* Uses only what every pool since schema 1 has, so that it can be built beside each of them. */
#include "pool/golden_story.h"

#include "cmocka_include.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { EPOCH_MS = 3600 * 1000, STEP_MS = 1000 };

#define A "miner-a"
#define B "miner-b"
#define C "miner-c"
#define D "miner-d"
#define E "miner-e"

enum { SCORES_MAX = 8 };

/* What one of them brings: scores of algorithms, an evolved program, its parents. */
struct harvest {
    struct {
        int64_t algorithm;
        double score;
    } scores[SCORES_MAX];
    int64_t programs[2]; /* numbers of virtual_program; 0: none */
    int64_t parents[2];
};

static const struct harvest first_of_b = {
    {{1, 0.5}, {2, 0.5}, {3, 0.6}, {4, 0.72}, {5, 0.88}, {6, 0.8}}, {2, 1}, {3, 4}};
static const struct harvest second_of_b = {{{8, 0.92}}, {4}, {6, 8}};

void story_set_rules(struct pm_pool_rules *rules)
{
    rules->epoch_ms = EPOCH_MS;
    rules->quorum = 2;
    rules->tolerance = 0.1;
    rules->payout.cap_ppm = 450000;
    rules->payout.fee_ppm = 50000;
    rules->payout.budget_rao = 1000000007;
    rules->task_timeout_ms = EPOCH_MS / 2;
    rules->minimum_withdrawal_rao = 5000000;
    rules->evolve_budget = 2;
    rules->seeds_per_evolution = 2;
    rules->leases_per_window = 4;
    rules->minimum_iterations = 0;
}

static void take(struct virtual_pool *pool, const char *hotkey, enum pm_pool_lease_kind kind,
                 size_t evaluations)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    pool->now_ms += STEP_MS;
    assert_int_equal(virtual_pool_lease(pool, hotkey, kind, 8, 4, &grant, &refusal), 200);
    assert_int_equal(grant.evaluate_count, evaluations);
    pm_grant_clear(&grant);
}

/* Returns the answer, for the caller to free, or NULL with `status`. */
static char *submit(struct virtual_pool *pool, const char *hotkey, int64_t lease,
                    enum pm_pool_lease_kind kind, const struct harvest *harvest, int status)
{
    char id[PM_POOL_LEASE_ID_SIZE], texts[2][128], *answer = NULL;
    struct pm_refusal refusal;
    struct pm_pool_submission submission = {.kind = kind, .iterations = 50};
    snprintf(id, sizeof id, "%032" PRIx64, (uint64_t)lease);
    for (size_t i = 0; i < SCORES_MAX && harvest->scores[i].algorithm; i++) {
        submission.evaluations[submission.evaluation_count++] =
            (struct pm_pool_submitted_evaluation){.algorithm_id = harvest->scores[i].algorithm,
                                                  .score = harvest->scores[i].score};
    }
    for (size_t i = 0; i < 2 && harvest->programs[i]; i++) {
        submission.evolutions[submission.evolution_count++] = (struct pm_pool_submitted_evolution){
            .dsl = virtual_program(harvest->programs[i], texts[i]),
            .parents = {harvest->parents[0], harvest->parents[1]},
            .parent_count = harvest->parents[1] ? 2 : 1};
    }
    assert_int_equal(virtual_pool_submit(pool, hotkey, id, &submission, &answer, &refusal), status);
    return answer;
}

static void bring(struct virtual_pool *pool, const char *hotkey, int64_t lease,
                  enum pm_pool_lease_kind kind, const struct harvest *harvest)
{
    pool->now_ms += STEP_MS;
    free(submit(pool, hotkey, lease, kind, harvest, 200));
}

/* An algorithm that the lease did not give: refused, and the lease stays open. */
static void bring_wrong(struct virtual_pool *pool, const char *hotkey, int64_t lease)
{
    const struct harvest wrong = {.scores = {{999, 0.5}}};
    pool->now_ms += STEP_MS;
    assert_null(submit(pool, hotkey, lease, PM_POOL_LEASE_BOTH, &wrong, 422));
}

static void take_and_bring(struct virtual_pool *pool, const char *hotkey,
                           enum pm_pool_lease_kind kind, size_t evaluations,
                           const struct harvest *harvest)
{
    take(pool, hotkey, kind, evaluations);
    bring(pool, hotkey, pool->leases_asked, kind, harvest);
}

static int withdraw(struct virtual_pool *pool, const char *hotkey, int64_t rao)
{
    struct pm_refusal refusal;
    pool->now_ms += STEP_MS;
    return virtual_pool_withdraw(pool, hotkey, rao, &refusal);
}

/* The five seeds, then algorithms 6 (good), 7 (judged differently: nobody earns) and 8 (waits). */
static void tell_first_epoch(struct virtual_pool *pool)
{
    take_and_bring(
        pool, A, PM_POOL_LEASE_BOTH, 5,
        &(struct harvest){{{1, 0.5}, {2, 0.5}, {3, 0.6}, {4, 0.7}, {5, 0.9}}, {1}, {1, 2}});
    take_and_bring(pool, B, PM_POOL_LEASE_BOTH, 6, &first_of_b); /* program 1 is there already */
    take_and_bring(pool, C, PM_POOL_LEASE_BOTH, 2,
                   &(struct harvest){{{6, 0.84}, {7, 0.75}}, {0}, {0}});
    take_and_bring(pool, D, PM_POOL_LEASE_EVALUATE, 1, &(struct harvest){{{7, 0.25}}, {0}, {0}});
    take_and_bring(pool, D, PM_POOL_LEASE_EVOLVE, 0, &(struct harvest){{{0}}, {3}, {5, 6}});
    take(pool, E, PM_POOL_LEASE_BOTH, 1); /* never brought */
    take(pool, A, PM_POOL_LEASE_BOTH, 1);
    bring_wrong(pool, A, pool->leases_asked);
    take_and_bring(pool, A, PM_POOL_LEASE_BOTH, 1, &(struct harvest){{{8, 0.9}}, {0}, {0}});
    virtual_pool_set_recipient(pool, A, "coldkey-a");
    virtual_pool_set_recipient(pool, B, "coldkey-b");
    virtual_pool_set_recipient(pool, D, "coldkey-d");
}

void story_tell(struct virtual_pool *pool)
{
    pool->now_ms = STORY_BEGIN_MS;
    assert_int_equal(virtual_pool_tick(pool).number, 1);
    tell_first_epoch(pool);
    pool->now_ms = STORY_BEGIN_MS + EPOCH_MS;
    assert_int_equal(virtual_pool_tick(pool).number, 2);
    assert_int_equal(withdraw(pool, A, 10000000), 200);
    assert_int_equal(virtual_pool_decide(pool, 1, true), 200);
    assert_int_equal(withdraw(pool, A, 5000000), 200);
    assert_int_equal(virtual_pool_decide(pool, 2, false), 200);
    assert_int_equal(withdraw(pool, A, 7000000), 200);
    assert_int_equal(withdraw(pool, B, 0), 200);
    take_and_bring(pool, B, PM_POOL_LEASE_BOTH, 1, &second_of_b);
    take_and_bring(pool, C, PM_POOL_LEASE_EVALUATE, 1, &(struct harvest){{{9, 0.81}}, {0}, {0}});
    take(pool, C, PM_POOL_LEASE_BOTH, 0);
    bring_wrong(pool, C, pool->leases_asked);
    take(pool, D, PM_POOL_LEASE_BOTH, 1);
    take(pool, E, PM_POOL_LEASE_EVOLVE, 0);
    take(pool, A, PM_POOL_LEASE_BOTH, 0);
    bring_wrong(pool, A, pool->leases_asked);
    assert_int_equal(pool->leases_asked, STORY_LEASES);
}

static void replay(struct virtual_pool *pool, int64_t lease, const struct harvest *harvest,
                   const char *said)
{
    char *answer = submit(pool, B, lease, PM_POOL_LEASE_BOTH, harvest, 200);
    assert_string_equal(answer, said);
    free(answer);
}

/* Each is one of a request that was accepted before, or a new one that must not be. */
void story_replay(struct virtual_pool *pool)
{
    const struct harvest other = {{{8, 0.5}}, {4}, {6, 8}};
    replay(
        pool, 2, &first_of_b,
        "{\"status\":\"accepted\",\"lease_id\":\"00000000000000000000000000000002\","
        "\"evaluations_accepted\":6,\"evolutions\":[{\"status\":\"accepted\",\"algorithm_id\":7},"
        "{\"status\":\"duplicate\",\"algorithm_id\":6}],\"consensus_reached\":5}");
    replay(
        pool, 9, &second_of_b,
        "{\"status\":\"accepted\",\"lease_id\":\"00000000000000000000000000000009\","
        "\"evaluations_accepted\":1,\"evolutions\":[{\"status\":\"accepted\",\"algorithm_id\":9}],"
        "\"consensus_reached\":1}");
    assert_null(submit(pool, B, 9, PM_POOL_LEASE_BOTH, &other, 404));
    assert_null(submit(pool, A, 9, PM_POOL_LEASE_BOTH, &second_of_b, 403));
    assert_null(
        submit(pool, E, 6, PM_POOL_LEASE_BOTH, &(struct harvest){{{8, 0.9}}, {0}, {0}}, 404));
    assert_int_equal(virtual_pool_withdraw(pool, A, 7000000, &(struct pm_refusal){0}), 409);
    assert_int_equal(virtual_pool_withdraw(pool, B, 0, &(struct pm_refusal){0}), 409);
    assert_int_not_equal(virtual_pool_decide(pool, 1, false), 200);
    assert_int_not_equal(virtual_pool_decide(pool, 2, true), 200);
}

/* The open leases come back, or are let go of; all that waits is agreed on, paid and decided. */
void story_go_on(struct virtual_pool *pool)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    bring(pool, D, STORY_LEASE_D, PM_POOL_LEASE_BOTH, &(struct harvest){{{9, 0.79}}, {5}, {9, 1}});
    bring(pool, E, STORY_LEASE_E, PM_POOL_LEASE_EVOLVE, &(struct harvest){{{0}}, {6}, {7}});
    take_and_bring(pool, C, PM_POOL_LEASE_BOTH, 2,
                   &(struct harvest){{{10, 0.9}, {11, 0.7}}, {7}, {10, 11}});
    take_and_bring(pool, A, PM_POOL_LEASE_EVALUATE, 3,
                   &(struct harvest){{{10, 0.94}, {11, 0.66}, {12, 0.7}}, {0}, {0}});
    take_and_bring(pool, A, PM_POOL_LEASE_EVOLVE, 0, &(struct harvest){{{0}}, {1}, {10, 11}});
    take(pool, A, PM_POOL_LEASE_EVOLVE, 0);
    bring(pool, A, pool->leases_asked, PM_POOL_LEASE_EVOLVE, &(struct harvest){{{0}}, {8}, {1}});
    /* four in this window, one of them before the store was left */
    assert_int_equal(virtual_pool_lease(pool, A, PM_POOL_LEASE_BOTH, 8, 4, &grant, &refusal), 400);
    assert_int_equal(virtual_pool_decide(pool, 3, false), 200);
    assert_int_equal(virtual_pool_decide(pool, 4, true), 200);
    pool->now_ms = STORY_BEGIN_MS + 2 * EPOCH_MS;
    assert_int_equal(virtual_pool_tick(pool).number, 3);
    assert_int_equal(withdraw(pool, D, 0), 200);
    assert_int_equal(withdraw(pool, C, 0), 400); /* has no address */
}
