#include "pool/scenario.h"

#include "cmocka_include.h"
#include "pool/seeds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HONEST, LIAR, LAZY, COLLUDER, CHARACTERS };

static const int64_t START_MS = INT64_C(1790000000000);

/* SplitMix64. */
static uint64_t next_random(struct scenario *scenario)
{
    uint64_t z = scenario->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. limit - 1 */
static int64_t below(struct scenario *scenario, int64_t limit)
{
    return (int64_t)(next_random(scenario) % (uint64_t)limit);
}

static bool chance(struct scenario *scenario, int percent)
{
    return below(scenario, 100) < percent;
}

void scenario_create(struct scenario *scenario, uint64_t seed)
{
    struct pm_pool_rules rules = virtual_pool_default_rules();
    scenario->random = seed;
    rules.epoch_ms = 1000 + below(scenario, 60000);
    rules.quorum = 1 + (int)below(scenario, 5);
    rules.tolerance = (double)below(scenario, 30) / 100;
    rules.payout.budget_rao = chance(scenario, 70) ? 1000000000 : below(scenario, 1000);
    rules.payout.cap_ppm = below(scenario, 2) ? PM_PPM : 50000 + below(scenario, 400000);
    rules.task_timeout_ms = 1000 + below(scenario, 100000);
    rules.minimum_withdrawal_rao = 1 + rules.payout.budget_rao / (1 + below(scenario, 100));
    rules.evolve_budget = chance(scenario, 10) ? 0 : 1 + (int)below(scenario, 3);
    rules.leases_per_window = chance(scenario, 30) ? 1 + (int)below(scenario, 4) : 0;
    rules.minimum_iterations = chance(scenario, 20) ? 10 : 0;
    model_create(&scenario->model, &rules, (int64_t)pm_seed_count, START_MS);
}

/* ---- choosing ---- */

static double true_score(int64_t id)
{
    return (double)((uint64_t)id * 2654435761u % 1000) / 1000;
}

static double score_by(struct scenario *scenario, int miner, int64_t id)
{
    switch (miner % CHARACTERS) {
    case LIAR:
        return (double)below(scenario, 1001) / 1000;
    case COLLUDER:
        return 0.99;
    default:
        return true_score(id);
    }
}

/* What a miner of this character brings back for its lease: mostly all of it, and right in form. */
static void fill_submission(struct scenario *scenario, const struct model_lease *lease,
                            struct step *step)
{
    struct step_submission *out = &step->submission;
    int64_t known = scenario->model.algorithm_count;
    out->kind = lease->kind;
    out->iterations = below(scenario, 100);
    for (size_t i = 0; i < lease->evaluate_count; i++) {
        if (!chance(scenario, 90)) {
            continue;
        }
        int64_t id = lease->evaluate[i] + (chance(scenario, 1) ? MODEL_STEPS_MAX : 0);
        out->evaluations[out->evaluation_count++] =
            (struct pm_pool_submitted_evaluation){id, score_by(scenario, step->miner, id)};
    }
    int64_t evolutions =
        lease->kind == PM_POOL_LEASE_EVALUATE ? 0 : below(scenario, lease->evolve_budget + 1);
    evolutions += evolutions < PM_EVOLVE_BUDGET_MAX && chance(scenario, 2);
    for (int64_t i = 0; i < evolutions; i++) {
        /* A program number near those that exist is sometimes one of them. */
        out->programs[i] = chance(scenario, 3) ? MODEL_NO_PROGRAM : below(scenario, 2 * known + 10);
        out->parents[i] = chance(scenario, 2) ? known + 1 : 1 + below(scenario, known);
        out->evolution_count++;
    }
}

static void choose_lease(struct scenario *scenario, struct step *step)
{
    step->kind = STEP_LEASE;
    step->lease = scenario->model.leases_asked + 1;
    step->lease_kind = chance(scenario, 70)   ? PM_POOL_LEASE_BOTH
                       : chance(scenario, 50) ? PM_POOL_LEASE_EVALUATE
                                              : PM_POOL_LEASE_EVOLVE;
    step->evaluate_max = below(scenario, 12);
    step->seed_max = below(scenario, 9);
    step->resume = chance(scenario, 30);
}

static void choose_submission(struct scenario *scenario, int64_t live, struct step *step)
{
    const struct model *model = &scenario->model;
    step->kind = STEP_SUBMIT;
    step->lease = live;
    if (chance(scenario, 8)) { /* some other lease: an old one of its own, or another miner's */
        step->lease = below(scenario, model->leases_asked + 2);
    }
    const struct model_lease *lease = &model->leases[step->lease];
    if (lease->done && chance(scenario, 80)) {
        step->submission = lease->submission;
    } else {
        fill_submission(scenario, lease, step);
    }
    if (chance(scenario, 2)) {
        step->submission.kind = (enum pm_pool_lease_kind)below(scenario, 3);
    }
    /* Only lease submissions say iterations, only those of a kind bring that kind of work. */
    if (step->submission.kind != PM_POOL_LEASE_BOTH) {
        step->submission.iterations = 0;
    }
}

void scenario_next(struct scenario *scenario, struct step *step)
{
    const struct model *model = &scenario->model;
    memset(step, 0, sizeof *step);
    step->miner = (int)below(scenario, MODEL_MINERS);
    int64_t live = model_live_lease(model, step->miner), dice = below(scenario, 1000);
    int64_t shortest = model->rules.task_timeout_ms < model->rules.epoch_ms
                           ? model->rules.task_timeout_ms
                           : model->rules.epoch_ms;
    if (dice < 100) {
        step->kind = STEP_ADVANCE;
        step->advance_ms = below(scenario, chance(scenario, 10) ? 5 * shortest : shortest / 4);
    } else if (dice < 120) {
        step->kind = STEP_WITHDRAW;
        step->amount_rao = chance(scenario, 50) ? 0 : below(scenario, 100000000);
    } else if (dice < 130) {
        step->kind = STEP_DECIDE;
        step->withdrawal = model->withdrawals - below(scenario, 4) + 1;
        step->approve = chance(scenario, 50);
    } else if (dice < 140) {
        step->kind = STEP_SET_RECIPIENT;
    } else if (dice < 143) {
        step->kind = STEP_CHANGE_QUORUM;
        step->quorum = 1 + (int)below(scenario, 5);
    } else if (live && step->miner % CHARACTERS == LAZY && chance(scenario, 70)) {
        step->kind = STEP_ADVANCE; /* it lets its lease run out, little by little */
        step->advance_ms = below(scenario, 1 + shortest / 10);
    } else if (live && chance(scenario, 85)) {
        choose_submission(scenario, live, step);
    } else if (model->leases_asked > 0 && chance(scenario, 10)) {
        choose_submission(scenario, 1 + below(scenario, model->leases_asked), step);
    } else {
        choose_lease(scenario, step);
    }
}

/* ---- telling it to the pool ---- */

static const char *name_of(int miner, char name[16])
{
    snprintf(name, 16, "miner%d", miner);
    return name;
}

void scenario_prepare(const struct scenario *scenario, struct virtual_pool *pool)
{
    pool->now_ms = scenario->model.now_ms;
    pool->rules = scenario->model.rules;
    pool->leases_asked = scenario->model.leases_asked;
}

static bool holds(const struct expectation *expected, int64_t id)
{
    for (size_t i = 0; i < expected->evaluate_count; i++) {
        if (expected->evaluate[i] == id) {
            return true;
        }
    }
    return false;
}

static void perform_lease(struct virtual_pool *pool, const char *miner, const struct step *step,
                          const struct expectation *expected)
{
    struct pm_grant grant;
    struct pm_refusal refusal;
    const struct pm_pool_lease_wish wish = {.hotkey = miner,
                                            .kind = step->lease_kind,
                                            .evaluate_max = step->evaluate_max,
                                            .seed_max = step->seed_max,
                                            .resume = step->resume};
    int status = virtual_pool_wish(pool, &wish, &grant, &refusal);
    if (status != expected->status) {
        fail_msg("lease: %d %s, expected %d", status, refusal.detail, expected->status);
    }
    if (status != 200) {
        return;
    }
    assert_int_equal(grant.evaluate_count, expected->evaluate_count);
    assert_int_equal(grant.seed_count, expected->seed_count);
    for (size_t i = 0; i < grant.evaluate_count; i++) {
        assert_true(holds(expected, grant.evaluate[i].id));
        if (!expected->lease) {
            assert_int_equal(grant.evaluate[i].id, expected->evaluate[i]);
        }
    }
    if (expected->lease) {
        char lease_id[PM_POOL_LEASE_ID_SIZE];
        snprintf(lease_id, sizeof lease_id, "%032" PRIx64, (uint64_t)expected->lease);
        assert_string_equal(grant.lease.id, lease_id);
    }
    for (size_t i = 0; i < grant.seed_count; i++) {
        assert_true(virtual_pool_algorithm(pool, grant.seeds[i].id).in_population);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(grant.seeds[i].id, grant.seeds[j].id);
        }
    }
    pm_grant_clear(&grant);
}

static void perform_submission(struct virtual_pool *pool, const char *miner,
                               const struct step *step, const struct expectation *expected)
{
    static struct pm_pool_submission submission;
    char programs[PM_EVOLVE_BUDGET_MAX][128], lease_id[PM_POOL_LEASE_ID_SIZE], *answer;
    struct pm_refusal refusal;
    memset(&submission, 0, sizeof submission);
    submission.kind = step->submission.kind;
    submission.iterations = step->submission.iterations;
    submission.evaluation_count = step->submission.evaluation_count;
    memcpy(submission.evaluations, step->submission.evaluations, sizeof submission.evaluations);
    submission.evolution_count = step->submission.evolution_count;
    for (size_t i = 0; i < submission.evolution_count; i++) {
        int64_t program = step->submission.programs[i];
        submission.evolutions[i].dsl =
            program == MODEL_NO_PROGRAM ? "s0 = oops()" : virtual_program(program, programs[i]);
        submission.evolutions[i].parents[0] = step->submission.parents[i];
        submission.evolutions[i].parent_count = 1;
    }
    snprintf(lease_id, sizeof lease_id, "%032" PRIx64, (uint64_t)step->lease);
    int status = virtual_pool_submit(pool, miner, lease_id, &submission, &answer, &refusal);
    if (status != expected->status) {
        fail_msg("submission: %d %s, expected %d", status, refusal.detail, expected->status);
    }
    free(answer);
}

void scenario_perform(struct virtual_pool *pool, const struct step *step,
                      const struct expectation *expected)
{
    char miner[16];
    struct pm_refusal refusal;
    name_of(step->miner, miner);
    switch (step->kind) {
    case STEP_ADVANCE:
        pool->now_ms += step->advance_ms;
        virtual_pool_tick(pool);
        break;
    case STEP_LEASE:
        perform_lease(pool, miner, step, expected);
        break;
    case STEP_SUBMIT:
        perform_submission(pool, miner, step, expected);
        break;
    case STEP_WITHDRAW:
        assert_int_equal(virtual_pool_withdraw(pool, miner, step->amount_rao, &refusal),
                         expected->status);
        break;
    case STEP_DECIDE:
        assert_int_equal(virtual_pool_decide(pool, step->withdrawal, step->approve),
                         expected->status);
        break;
    case STEP_SET_RECIPIENT:
        virtual_pool_set_recipient(pool, miner, "cold");
        break;
    case STEP_CHANGE_QUORUM:
        pool->rules.quorum = step->quorum;
        virtual_pool_agree_due(pool);
        break;
    }
}

/* ---- comparing ---- */

static bool same_miner(const struct model_miner *model, const struct virtual_miner *pool)
{
    if (!model->known) {
        return !pool->found;
    }
    return pool->found && model->has_recipient == (pool->miner.recipient_coldkey[0] != '\0') &&
           memcmp(&model->counts, &pool->miner.counts, sizeof model->counts) == 0 &&
           model->best_score == pool->miner.best_score && model->reputation == pool->reputation &&
           model->reputation_total == pool->miner.reputation_total &&
           model->lifetime_rao == pool->balance.lifetime_rao &&
           model->pending_rao == pool->balance.pending_rao &&
           model->withdrawn_rao == pool->balance.withdrawn_rao;
}

static bool same_algorithm(const struct model_algorithm *model,
                           const struct virtual_algorithm *pool)
{
    return pool->found && model->agreed == pool->agreed &&
           (!model->agreed || model->score == pool->score) &&
           model->judged_count == pool->evaluation_count &&
           (model->agreed || model->author < 0) == pool->in_population;
}

static bool same_lease(const struct model_lease *model, const struct virtual_lease *pool)
{
    if (!model->granted || !pool->found) {
        return model->granted == pool->found;
    }
    return model->active == (pool->lease.state == PM_POOL_LEASE_ACTIVE) &&
           model->done == (pool->lease.state == PM_POOL_LEASE_DONE) &&
           model->refused == pool->lease.refused && model->window == pool->lease.window &&
           model->timeout_ms == pool->lease.timeout_ms;
}

static const char *difference_of_leases(const struct model *model, struct virtual_pool *pool)
{
    static char text[64];
    for (int64_t number = 1; number <= model->leases_asked + 1; number++) {
        struct virtual_lease lease = virtual_pool_find_lease(pool, number);
        snprintf(text, sizeof text, "lease %" PRId64, number);
        if (number > model->leases_asked ? lease.found
                                         : !same_lease(&model->leases[number], &lease)) {
            return text;
        }
    }
    return NULL;
}

const char *scenario_difference(const struct scenario *scenario, struct virtual_pool *pool)
{
    static char text[64];
    const struct model *model = &scenario->model;
    char name[16];
    for (int i = 0; i < MODEL_MINERS; i++) {
        struct virtual_miner miner = virtual_pool_miner(pool, name_of(i, name));
        snprintf(text, sizeof text, "miner %d", i);
        if (!same_miner(&model->miners[i], &miner)) {
            return text;
        }
    }
    for (int64_t id = 1; id <= model->algorithm_count + 1; id++) {
        struct virtual_algorithm algorithm = virtual_pool_algorithm(pool, id);
        snprintf(text, sizeof text, "algorithm %" PRId64, id);
        if (id > model->algorithm_count ? algorithm.found
                                        : !same_algorithm(&model->algorithms[id - 1], &algorithm)) {
            return text;
        }
    }
    if (virtual_pool_epoch(pool) != model->epoch) {
        return "the epoch";
    }
    return difference_of_leases(model, pool);
}
