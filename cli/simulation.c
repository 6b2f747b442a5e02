#include "cli/simulation.h"

#include "cli/simulation_events.h"
#include "cli/simulation_miner.h"
#include "cli/simulation_population.h"
#include "cli/simulation_work.h"

#include <math.h>
#include <stdlib.h>

#include <poolminer/consensus.h>
#include <poolminer/inequality.h>
#include <poolminer/stop.h>

enum { LOOK = 4096 }; /* events between looks at Ctrl-C */

struct hands {
    simulation_slot slots[SIMULATION_BATCH_MAX];
    size_t count;
    bool leased;
};

struct simulation {
    const struct simulation_config *config;
    struct simulation_result *result;
    struct simulation_miner *miners;
    struct hands *hands;
    struct simulation_event *events;
    struct simulation_work *work;
    struct simulation_population population;
    int64_t *reputation; /* of each miner, in this epoch */
    int64_t *epoch_paid; /* to each miner, in the epoch that is settled */
    int64_t *paid;       /* to each miner in all; as many for each of the payout rules */
};

/* ---- consensus ---- */

static struct simulation_group *group_of(struct simulation *simulation, uint32_t miner)
{
    return &simulation->result->groups[simulation->miners[miner].strategy];
}

static void reward(struct simulation *simulation, uint32_t miner, double points)
{
    simulation->reputation[miner] += pm_reputation_micro(points);
}

static void reward_judges(struct simulation *simulation, const struct simulation_subject *subject,
                          double median)
{
    const struct simulation_config *config = simulation->config;
    for (int i = 0; i < subject->judge_count; i++) {
        struct simulation_group *group = group_of(simulation, subject->judges[i]);
        group->evaluations++;
        if (pm_consensus_accurate(subject->scores[i], median, config->tolerance)) {
            group->accurate++;
            reward(simulation, subject->judges[i], config->evaluation_reward);
        }
    }
}

static bool in_ring(const struct simulation *simulation, uint32_t miner)
{
    return simulation_miner_in_ring(&simulation->miners[miner]);
}

static bool is_captured(const struct simulation *simulation,
                        const struct simulation_subject *subject)
{
    int ring = 0;
    for (int i = 0; i < subject->judge_count; i++) {
        ring += in_ring(simulation, subject->judges[i]);
    }
    return in_ring(simulation, subject->author) && 2 * ring > subject->judge_count;
}

static bool agree(struct simulation *simulation, simulation_slot slot, struct pm_error *error)
{
    const struct simulation_config *config = simulation->config;
    const struct simulation_subject subject = simulation_work_look(simulation->work, slot);
    const double median = pm_consensus_median(subject.scores, (size_t)subject.judge_count);
    struct simulation_group *author = group_of(simulation, subject.author);
    reward_judges(simulation, &subject, median);
    author->evolutions++;
    author->over_threshold += median >= config->reward_threshold;
    reward(simulation, subject.author,
           pm_evolution_reward(median, config->reward_base, config->reward_threshold));
    simulation->result->captured += is_captured(simulation, &subject);
    simulation->result->best_quality = fmax(simulation->result->best_quality, subject.quality);
    simulation_work_remove(simulation->work, slot);
    return simulation_population_join(&simulation->population, median, subject.quality, error);
}

/* ---- leases ---- */

static bool submit(struct simulation *simulation, uint32_t index, struct pm_error *error)
{
    const struct simulation_config *config = simulation->config;
    struct simulation_miner *miner = &simulation->miners[index];
    struct hands *hands = &simulation->hands[index];
    for (size_t i = 0; i < hands->count; i++) {
        const struct simulation_subject subject =
            simulation_work_look(simulation->work, hands->slots[i]);
        const bool of_ring = in_ring(simulation, subject.author);
        if (!simulation_miner_judges(miner, of_ring)) {
            simulation_work_release(simulation->work, hands->slots[i], index);
            continue;
        }
        const double score = simulation_miner_score(config, miner, subject.quality,
                                                    simulation->population.typical, of_ring);
        if (simulation_work_judge(simulation->work, hands->slots[i], index, score) &&
            !agree(simulation, hands->slots[i], error)) {
            return false;
        }
    }
    group_of(simulation, index)->leases++;
    hands->leased = false;
    if (!simulation_miner_brings(config, miner)) {
        return true;
    }
    const double parent =
        simulation_population_parent(&simulation->population, (size_t)config->seeds_per_evolution,
                                     pm_random_u64(&miner->random));
    return simulation_work_add(simulation->work, index, simulation_miner_evolve(miner, parent),
                               error);
}

/* What it had is submitted, and the next lease taken. Returns when that one is done. */
static bool go_on(struct simulation *simulation, struct simulation_event *event,
                  struct pm_error *error)
{
    struct hands *hands = &simulation->hands[event->miner];
    if (hands->leased && !submit(simulation, event->miner, error)) {
        return false;
    }
    hands->leased = true;
    struct simulation_miner *miner = &simulation->miners[event->miner];
    hands->count = simulation_work_take(simulation->work, event->miner,
                                        simulation_miner_batch(miner), hands->slots);
    event->at_ms += simulation_miner_lease_ms(simulation->config, miner);
    return !simulation_miner_returns_at_once(miner) || submit(simulation, event->miner, error);
}

/* ---- epochs ---- */

static bool settle_by(struct simulation *simulation, size_t rules, struct pm_error *error)
{
    const struct simulation_config *config = simulation->config;
    struct simulation_division *division = &simulation->result->divisions[rules];
    int64_t *paid = simulation->paid + rules * config->miners, pool_rao;
    if (!pm_payout_divide(&config->payouts[rules], simulation->reputation, config->miners,
                          simulation->epoch_paid, &pool_rao, error)) {
        return false;
    }
    for (size_t i = 0; i < config->miners; i++) {
        paid[i] += simulation->epoch_paid[i];
    }
    division->budget_rao += config->payouts[rules].budget_rao;
    division->pool_rao += pool_rao;
    division->paid_rao += config->payouts[rules].budget_rao - pool_rao;
    return true;
}

static bool settle(struct simulation *simulation, struct pm_error *error)
{
    for (size_t rules = 0; rules < simulation->config->payout_count; rules++) {
        if (!settle_by(simulation, rules, error)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < simulation->config->miners; i++) {
        int64_t *all = &group_of(simulation, i)->reputation;
        if (__builtin_add_overflow(*all, simulation->reputation[i], all)) {
            return pm_fail(error, PM_ERROR_LIMIT,
                           "simulate: reputations add up to over 2^63-1 micro-points; rewards are "
                           "too large");
        }
        simulation->reputation[i] = 0;
    }
    return true;
}

/* Until all epochs are over; what is in hand then is never submitted. */
static bool run_epochs(struct simulation *simulation, struct pm_error *error)
{
    const struct simulation_config *config = simulation->config;
    const int64_t epoch_ms = config->epoch_s * 1000;
    uint64_t events = 0;
    for (int64_t epoch = 1; epoch <= config->epochs; epoch++) {
        while (simulation->events[0].at_ms < epoch * epoch_ms) {
            struct simulation_event event = simulation->events[0];
            if (!go_on(simulation, &event, error)) {
                return false;
            }
            simulation_events_replace_first(simulation->events, config->miners, event);
            if (++events % LOOK == 0 && pm_stop_requested()) {
                return pm_fail(error, PM_ERROR_INTERRUPTED, "simulate: stopped before its end");
            }
        }
        if (!settle(simulation, error)) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

static bool sum_up(struct simulation *simulation, struct pm_error *error)
{
    const struct simulation_config *config = simulation->config;
    for (size_t rules = 0; rules < config->payout_count; rules++) {
        struct simulation_division *division = &simulation->result->divisions[rules];
        const int64_t *paid = simulation->paid + rules * config->miners;
        for (size_t i = 0; i < config->miners; i++) {
            division->largest_rao =
                paid[i] > division->largest_rao ? paid[i] : division->largest_rao;
        }
        if (!pm_inequality_gini(paid, config->miners, &division->gini, error)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < config->miners; i++) {
        group_of(simulation, i)->paid_rao += simulation->paid[i];
    }
    return true;
}

static bool prepare(struct simulation *simulation, struct pm_error *error)
{
    const struct simulation_config *config = simulation->config;
    const size_t miners = config->miners;
    simulation->miners = calloc(miners, sizeof *simulation->miners);
    simulation->hands = calloc(miners, sizeof *simulation->hands);
    simulation->events = calloc(miners, sizeof *simulation->events);
    simulation->reputation = calloc(miners, sizeof *simulation->reputation);
    simulation->epoch_paid = calloc(miners, sizeof *simulation->epoch_paid);
    simulation->paid = calloc(miners * config->payout_count, sizeof *simulation->paid);
    simulation->result->divisions =
        calloc(config->payout_count, sizeof *simulation->result->divisions);
    if (simulation->miners == NULL || simulation->hands == NULL || simulation->events == NULL ||
        simulation->reputation == NULL || simulation->epoch_paid == NULL ||
        simulation->paid == NULL || simulation->result->divisions == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "simulation: out of memory for %zu miners", miners);
    }
    simulation->work = simulation_work_create(config->quorum, error);
    if (simulation->work == NULL || !simulation_population_init(&simulation->population, error)) {
        return false;
    }
    for (uint32_t i = 0; i < miners; i++) {
        simulation_miner_init(config, i, &simulation->miners[i]);
        group_of(simulation, i)->miners++;
        group_of(simulation, i)->speed += simulation->miners[i].speed;
        /* They do not all come at the same time. */
        const int64_t come_ms =
            (int64_t)(pm_random_unit(&simulation->miners[i].random) *
                      (double)simulation_miner_lease_ms(config, &simulation->miners[i]));
        simulation_events_put(simulation->events, i, (struct simulation_event){come_ms, i});
    }
    return true;
}

static bool check_shares(const struct simulation_config *config, struct pm_error *error)
{
    double sum = 0;
    for (int i = SIMULATION_HONEST + 1; i < SIMULATION_STRATEGIES; i++) {
        sum += config->shares[i];
    }
    return sum <= 1 + 1e-9 ||
           pm_fail(error, PM_ERROR_INVALID,
                   "simulate: the shares of liars, lazy miners and colluders of both kinds "
                   "are more than 1 together");
}

bool simulation_run(const struct simulation_config *config, struct simulation_result *out,
                    struct pm_error *error)
{
    struct simulation simulation = {.config = config, .result = out};
    *out = (struct simulation_result){.captured = 0};
    bool good = check_shares(config, error) && prepare(&simulation, error) &&
                run_epochs(&simulation, error) && sum_up(&simulation, error);
    free(simulation.miners);
    free(simulation.hands);
    free(simulation.events);
    free(simulation.reputation);
    free(simulation.epoch_paid);
    free(simulation.paid);
    simulation_work_destroy(simulation.work);
    simulation_population_clear(&simulation.population);
    return good;
}

void simulation_clear(struct simulation_result *result)
{
    free(result->divisions);
    result->divisions = NULL;
}

double simulation_to_honest(const struct simulation_result *result,
                            enum simulation_strategy strategy)
{
    const struct simulation_group *group = &result->groups[strategy],
                                  *honest = &result->groups[SIMULATION_HONEST];
    if (group->miners == 0 || honest->paid_rao == 0) {
        return NAN;
    }
    return ((double)group->paid_rao / group->speed) / ((double)honest->paid_rao / honest->speed);
}

double simulation_share(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : NAN;
}

double simulation_captured(const struct simulation_result *result)
{
    return simulation_share(result->captured, result->groups[SIMULATION_COLLUDER].evolutions +
                                                  result->groups[SIMULATION_SELECTIVE].evolutions);
}
