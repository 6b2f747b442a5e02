#include "pool/lease.h"

#include "pool/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/seed_choice.h>

static void clear_granted(struct pm_granted *items, size_t *count)
{
    for (size_t i = 0; i < *count; i++) {
        free(items[i].dsl);
        items[i].dsl = NULL;
    }
    *count = 0;
}

void pm_grant_clear(struct pm_grant *grant)
{
    clear_granted(grant->evaluate, &grant->evaluate_count);
    clear_granted(grant->seeds, &grant->seed_count);
}

bool pm_pool_lease_pending(struct pm_pool_store *store, const char *hotkey, int64_t *count,
                           struct pm_error *error)
{
    return pm_store_judgeable_count(store, hotkey, count, error);
}

struct copying {
    struct pm_granted *items;
    size_t *count; /* what is to be freed, also when the visit fails */
    bool memory_is_out;
};

/* The store's texts end with the visit. */
static bool copy_next(void *context, const struct pm_pool_algorithm *algorithm)
{
    struct copying *copying = context;
    if (*copying->count == PM_BATCH_MAX) {
        return false;
    }
    struct pm_granted *granted = &copying->items[(*copying->count)++];
    *granted = (struct pm_granted){
        .id = algorithm->id,
        .input_dim = algorithm->input_dim,
        .dsl = strdup(algorithm->dsl),
        .agreed = algorithm->agreed,
        .score = algorithm->score,
    };
    copying->memory_is_out = copying->memory_is_out || granted->dsl == NULL;
    return !copying->memory_is_out;
}

static bool check_copies(const struct copying *copying, struct pm_error *error)
{
    return !copying->memory_is_out ||
           pm_fail(error, PM_ERROR_MEMORY, "granting a lease: out of memory");
}

static bool choose_evaluations(struct pm_pool_store *store, const struct pm_pool_lease_wish *wish,
                               struct pm_grant *out, struct pm_error *error)
{
    struct copying copying = {out->evaluate, &out->evaluate_count, false};
    return wish->evaluate_max == 0 ||
           (pm_store_judgeable_visit(store, wish->hotkey, wish->evaluate_max, copy_next, &copying,
                                     error) &&
            check_copies(&copying, error));
}

/* The last seed again, by another way of choosing it. */
static bool is_repeated(const struct pm_grant *grant)
{
    for (size_t i = 0; i + 1 < grant->seed_count; i++) {
        if (grant->seeds[i].id == grant->seeds[grant->seed_count - 1].id) {
            return true;
        }
    }
    return false;
}

/* A seed that is there already is replaced by the best that is not. */
static bool add_seed(struct pm_pool_store *store, const struct pm_seed_choice *choice,
                     struct pm_grant *out, struct pm_error *error)
{
    struct copying copying = {out->seeds, &out->seed_count, false};
    const size_t before = out->seed_count;
    bool ok = choice->by_place
                  ? pm_store_population_visit_place(store, choice->at, copy_next, &copying, error)
                  : pm_store_population_visit_rank(store, choice->at, copy_next, &copying, error);
    for (int64_t rank = 0; ok && out->seed_count > before && is_repeated(out); rank++) {
        free(out->seeds[--out->seed_count].dsl);
        ok = pm_store_population_visit_rank(store, rank, copy_next, &copying, error);
    }
    return ok && check_copies(&copying, error);
}

static bool choose_seeds(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                         const struct pm_pool_lease_wish *wish, struct pm_grant *out,
                         struct pm_error *error)
{
    struct pm_seed_choice choices[PM_BATCH_MAX];
    int64_t population, want = (int64_t)rules->seeds_per_evolution * rules->evolve_budget;
    if (want > wish->seed_max) {
        want = wish->seed_max;
    }
    if (want == 0) {
        return true;
    }
    if (!pm_store_population_count(store, &population, error)) {
        return false;
    }
    size_t count = pm_seed_choose(population, (size_t)want, wish->random, choices);
    for (size_t i = 0; i < count; i++) {
        if (!add_seed(store, &choices[i], out, error)) {
            return false;
        }
    }
    return true;
}

static int64_t seconds_until(int64_t then_ms, int64_t now_ms)
{
    return (then_ms - now_ms + 999) / 1000;
}

static void refuse_second(const struct pm_pool_lease *active, int64_t now_ms,
                          struct pm_refusal *refusal)
{
    pm_refuse(refusal, 400, PM_DETAIL_ACTIVE_TASK);
    refusal->seconds_left = seconds_until(active->timeout_ms, now_ms);
}

/* May this miner have a lease now? A lease whose submission was refused for its content does not
 * stand in the way: the miner has shown that it is through with it. */
static bool check_free(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                       int64_t now_ms, const struct pm_pool_lease_wish *wish,
                       const struct pm_pool_epoch *epoch, const struct pm_pool_lease *active,
                       struct pm_refusal *refusal, struct pm_error *error)
{
    if (active != NULL && !active->refused) {
        refuse_second(active, now_ms, refusal);
        return true;
    }
    if (active != NULL && !pm_store_lease_drop(store, active, rules->quorum, error)) {
        return false;
    }
    if (rules->leases_per_window == 0) {
        return true;
    }
    int64_t issued;
    if (!pm_store_leases_in_window(store, wish->hotkey, epoch->number, &issued, error)) {
        return false;
    }
    if (issued >= rules->leases_per_window) {
        pm_refuse(refusal, 400, PM_DETAIL_WINDOW);
        refusal->seconds_left = seconds_until(epoch->end_ms, now_ms);
    }
    return true;
}

/* The miner's open lease as it was given; or not, when it is of before seeds were noted (schema 1)
 * and had some. */
static bool give_again(struct pm_pool_store *store, const struct pm_pool_lease *active,
                       int64_t now_ms, struct pm_grant *out, struct pm_refusal *refusal,
                       struct pm_error *error)
{
    struct copying evaluate = {out->evaluate, &out->evaluate_count, false};
    struct copying seeds = {out->seeds, &out->seed_count, false};
    bool found;
    out->lease = *active;
    if (active->evolve_budget > 0 && active->seed_count == 0) {
        refuse_second(active, now_ms, refusal);
        return true;
    }
    for (size_t i = 0; i < active->work_count; i++) {
        if (!pm_store_algorithm_visit(store, active->work[i], copy_next, &evaluate, &found,
                                      error)) {
            return false;
        }
    }
    for (size_t i = 0; i < active->seed_count; i++) {
        if (!pm_store_algorithm_visit(store, active->seeds[i], copy_next, &seeds, &found, error)) {
            return false;
        }
    }
    return check_copies(&evaluate, error) && check_copies(&seeds, error);
}

static bool record(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                   struct pm_grant *grant, struct pm_error *error)
{
    struct pm_pool_lease *lease = &grant->lease;
    for (size_t i = 0; i < grant->evaluate_count; i++) {
        lease->work[lease->work_count++] = grant->evaluate[i].id;
    }
    for (size_t i = 0; i < grant->seed_count; i++) {
        lease->seeds[lease->seed_count++] = grant->seeds[i].id;
    }
    return pm_store_lease_add(store, lease, rules->quorum, error);
}

static bool grant(struct pm_pool_store *store, const struct pm_pool_rules *rules, int64_t now_ms,
                  const struct pm_pool_lease_wish *wish, int64_t window, struct pm_grant *out,
                  struct pm_refusal *refusal, struct pm_error *error)
{
    if (wish->kind != PM_POOL_LEASE_EVOLVE && !choose_evaluations(store, wish, out, error)) {
        return false;
    }
    if (wish->kind != PM_POOL_LEASE_EVALUATE && !choose_seeds(store, rules, wish, out, error)) {
        return false;
    }
    if (out->evaluate_count == 0 && out->seed_count == 0) {
        pm_refuse(refusal, 404, PM_DETAIL_NO_WORK);
        return true;
    }
    out->lease = (struct pm_pool_lease){
        .kind = wish->kind,
        .window = window,
        .issued_ms = now_ms,
        .timeout_ms = now_ms + rules->task_timeout_ms,
        .evolve_budget = out->seed_count ? rules->evolve_budget : 0,
    };
    snprintf(out->lease.id, sizeof out->lease.id, "%s", wish->lease_id);
    snprintf(out->lease.hotkey, sizeof out->lease.hotkey, "%s", wish->hotkey);
    return record(store, rules, out, error);
}

bool pm_pool_lease_issue(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                         int64_t now_ms, const struct pm_pool_lease_wish *wish,
                         struct pm_grant *out, struct pm_refusal *refusal, struct pm_error *error)
{
    struct pm_pool_epoch epoch;
    struct pm_pool_lease active;
    int64_t expired;
    bool found;
    *refusal = (struct pm_refusal){0};
    memset(out, 0, sizeof *out);
    if (!pm_ledger_epoch(store, rules, now_ms, &epoch, error) ||
        !pm_store_leases_expire(store, now_ms, rules->quorum, &expired, error) ||
        !pm_store_miner_touch(store, wish->hotkey, now_ms, error) ||
        !pm_store_lease_active(store, wish->hotkey, &active, &found, error)) {
        return false;
    }
    bool again = wish->resume && found && !active.refused &&
                 (active.kind == PM_POOL_LEASE_BOTH) == (wish->kind == PM_POOL_LEASE_BOTH);
    if (!again &&
        !check_free(store, rules, now_ms, wish, &epoch, found ? &active : NULL, refusal, error)) {
        return false;
    }
    if (refusal->status) {
        return true;
    }
    bool ok = again ? give_again(store, &active, now_ms, out, refusal, error)
                    : grant(store, rules, now_ms, wish, epoch.number, out, refusal, error);
    if (!ok) {
        pm_grant_clear(out);
    }
    return ok;
}
