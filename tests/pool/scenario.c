#include "pool/scenario.h"

#include "pool/seeds.h"

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

static int64_t share_ppm(struct scenario *scenario)
{
    return chance(scenario, 10) ? PM_PPM : below(scenario, PM_PPM + 1);
}

static void draw_rules(struct scenario *scenario, struct pm_pool_rules *rules)
{
    *rules = virtual_pool_default_rules();
    rules->epoch_ms = 1000 + below(scenario, 60000);
    rules->quorum = 1 + (int)below(scenario, 5);
    rules->tolerance = (double)below(scenario, 30) / 100;
    rules->evaluation_reward = chance(scenario, 50) ? 1 : (double)below(scenario, 3000) / 1000;
    rules->reward_base = chance(scenario, 50) ? 2 : (double)below(scenario, 4000) / 1000;
    rules->reward_threshold = (double)below(scenario, 11) / 10;
    rules->payout.budget_rao = chance(scenario, 70) ? 1000000000 : below(scenario, 1000);
    rules->payout.fee_ppm = chance(scenario, 40) ? 50000 : share_ppm(scenario);
    rules->payout.cap_ppm = chance(scenario, 80) ? share_ppm(scenario) : below(scenario, 100000);
    rules->task_timeout_ms = 1000 + below(scenario, 100000);
    rules->minimum_withdrawal_rao = 1 + rules->payout.budget_rao / (1 + below(scenario, 100));
    rules->evolve_budget = chance(scenario, 10) ? 0 : 1 + (int)below(scenario, 3);
    rules->seeds_per_evolution = 1 + (int)below(scenario, 4);
    rules->leases_per_window = chance(scenario, 30) ? 1 + (int)below(scenario, 4) : 0;
    rules->minimum_iterations = chance(scenario, 20) ? 10 : 0;
}

void scenario_create(struct scenario *scenario, uint64_t seed)
{
    struct pm_pool_rules rules;
    scenario->random = seed;
    scenario->steps = 0;
    draw_rules(scenario, &rules);
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

static int64_t draw_time_ms(struct scenario *scenario, int64_t shortest)
{
    if (chance(scenario, 5)) {
        return -below(scenario, 2 * shortest); /* somebody has set the clock back */
    }
    return below(scenario, chance(scenario, 10) ? 5 * shortest : shortest / 4);
}

/* Something else than work for a lease; false: nothing else. */
static bool choose_aside(struct scenario *scenario, int64_t shortest, struct step *step)
{
    const struct model *model = &scenario->model;
    const int64_t dice = below(scenario, 1000);
    if (dice < 100) {
        step->kind = STEP_ADVANCE;
        step->advance_ms = draw_time_ms(scenario, shortest);
    } else if (dice < 120) {
        step->kind = STEP_WITHDRAW;
        step->amount_rao = chance(scenario, 50) ? 0 : below(scenario, 100000000);
    } else if (dice < 130) {
        step->kind = STEP_DECIDE;
        step->withdrawal = model->withdrawal_count - below(scenario, 4) + 1;
        step->approve = chance(scenario, 50);
    } else if (dice < 140) {
        step->kind = STEP_SET_RECIPIENT;
    } else if (dice < 144) {
        step->kind = STEP_CHANGE_RULES;
        draw_rules(scenario, &step->rules);
    } else if (dice < 150) {
        step->kind = STEP_FAIL;
    } else {
        return false;
    }
    return true;
}

void scenario_next(struct scenario *scenario, struct step *step)
{
    const struct model *model = &scenario->model;
    memset(step, 0, sizeof *step);
    step->miner = (int)below(scenario, MODEL_MINERS);
    scenario->steps++;
    int64_t live = model_live_lease(model, step->miner);
    int64_t shortest = model->rules.task_timeout_ms < model->rules.epoch_ms
                           ? model->rules.task_timeout_ms
                           : model->rules.epoch_ms;
    if (choose_aside(scenario, shortest, step)) {
        return;
    }
    if (live && step->miner % CHARACTERS == LAZY && chance(scenario, 70)) {
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

/* What the pool's program does between requests, never among them. */
static bool stands_alone(const struct step *step)
{
    return step->kind == STEP_ADVANCE || step->kind == STEP_CHANGE_RULES;
}

void scenario_next_batch(struct scenario *scenario, struct scenario_batch *out)
{
    const size_t wanted =
        chance(scenario, 60) ? 1 : 2 + (size_t)below(scenario, SCENARIO_BATCH_MAX - 1);
    out->count = 0;
    out->one_by_one = false;
    while (out->count < wanted) {
        struct step *step = &out->steps[out->count];
        scenario_next(scenario, step);
        if (out->count > 0 && stands_alone(step)) {
            scenario->steps--;
            continue;
        }
        out->one_by_one = out->one_by_one || step->kind == STEP_FAIL;
        out->expected[out->count++] = model_apply(&scenario->model, step);
        if (stands_alone(step)) {
            break;
        }
    }
}
