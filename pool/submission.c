#include "pool/submission.h"

#include "pool/ledger.h"
#include "pool/population.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

enum { DIGEST_BYTES = 32 };

static void hash_bytes(crypto_generichash_state *state, const void *bytes, size_t size)
{
    crypto_generichash_update(state, bytes, size);
}

static void hash_integer(crypto_generichash_state *state, int64_t value)
{
    hash_bytes(state, &value, sizeof value);
}

/* What is the same when a miner sends its submission again: the work, not the proof that comes with
 * it (whose timestamp may have moved on). */
static void digest_of(const struct pm_pool_submission *submission, char out[PM_DIGEST_SIZE])
{
    crypto_generichash_state state;
    unsigned char digest[DIGEST_BYTES];
    crypto_generichash_init(&state, NULL, 0, sizeof digest);
    hash_integer(&state, submission->kind);
    hash_integer(&state, submission->iterations);
    hash_integer(&state, (int64_t)submission->evaluation_count);
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        hash_integer(&state, submission->evaluations[i].algorithm_id);
        hash_bytes(&state, &submission->evaluations[i].score, sizeof(double));
    }
    hash_integer(&state, (int64_t)submission->evolution_count);
    for (size_t i = 0; i < submission->evolution_count; i++) {
        const struct pm_pool_submitted_evolution *evolution = &submission->evolutions[i];
        hash_integer(&state, (int64_t)strlen(evolution->dsl));
        hash_bytes(&state, evolution->dsl, strlen(evolution->dsl));
        hash_integer(&state, (int64_t)evolution->parent_count);
        for (size_t j = 0; j < evolution->parent_count; j++) {
            hash_integer(&state, evolution->parents[j]);
        }
    }
    crypto_generichash_final(&state, digest, sizeof digest);
    sodium_bin2hex(out, PM_DIGEST_SIZE, digest, sizeof digest);
}

/* A submission on its way through the checks and the books. */
struct taking {
    struct pm_pool_store *store;
    const struct pm_pool_rules *rules;
    int64_t now_ms;
    const struct pm_pool_submission *submission;
    struct pm_pool_lease lease;
    struct pm_pool_epoch epoch;
    char digest[PM_DIGEST_SIZE];
    struct pm_pool_program programs[PM_EVOLVE_BUDGET_MAX]; /* what the evolutions read as */
    int64_t agreed; /* algorithms that came to consensus with this submission */
    struct pm_refusal *refusal;
};

/* ---- checks: each true unless the store failed; a refusal is in taking->refusal ---- */

static const char *call_for(enum pm_pool_lease_kind kind)
{
    switch (kind) {
    case PM_POOL_LEASE_EVALUATE:
        return "submit_evaluation";
    case PM_POOL_LEASE_EVOLVE:
        return "submit_evolution";
    case PM_POOL_LEASE_BOTH:
        break;
    }
    return "submit_lease";
}

static void check_figures(struct taking *taking)
{
    const struct pm_pool_submission *submission = taking->submission;
    const struct pm_pool_lease *lease = &taking->lease;
    if (submission->kind != lease->kind) {
        pm_refuse(taking->refusal, 400, "This task is to be submitted with %s",
                  call_for(lease->kind));
    } else if (submission->kind == PM_POOL_LEASE_BOTH &&
               submission->iterations < taking->rules->minimum_iterations) {
        pm_refuse(taking->refusal, 400, "iterations: %lld is below this pool's minimum of %lld",
                  (long long)submission->iterations, (long long)taking->rules->minimum_iterations);
    } else if (submission->evolution_count > (size_t)lease->evolve_budget) {
        pm_refuse(taking->refusal, 422, "evolutions: %zu given, this lease allows %d",
                  submission->evolution_count, lease->evolve_budget);
    }
}

static bool is_in(const int64_t *ids, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

static void check_evaluations(struct taking *taking)
{
    const struct pm_pool_submission *submission = taking->submission;
    const struct pm_pool_lease *lease = &taking->lease;
    for (size_t i = 0; i < submission->evaluation_count && !taking->refusal->status; i++) {
        int64_t id = submission->evaluations[i].algorithm_id;
        if (!is_in(lease->work, lease->work_count, id)) {
            pm_refuse(taking->refusal, 422,
                      "evaluations[%zu]: algorithm %lld is not to be evaluated with this lease", i,
                      (long long)id);
        }
    }
}

static bool check_parents(struct taking *taking, size_t index, struct pm_error *error)
{
    const struct pm_pool_submitted_evolution *evolution = &taking->submission->evolutions[index];
    const struct pm_pool_lease *lease = &taking->lease;
    for (size_t i = 0; i < evolution->parent_count && !taking->refusal->status; i++) {
        int64_t id = evolution->parents[i];
        bool exists = is_in(lease->seeds, lease->seed_count, id);
        if (!exists && !pm_store_algorithm_exists(taking->store, id, &exists, error)) {
            return false;
        }
        if (!exists) {
            pm_refuse(taking->refusal, 422, "evolutions[%zu]: parent %lld is not known here", index,
                      (long long)id);
        }
    }
    return true;
}

static bool check_evolutions(struct taking *taking, struct pm_error *error)
{
    const struct pm_pool_submission *submission = taking->submission;
    for (size_t i = 0; i < submission->evolution_count && !taking->refusal->status; i++) {
        const char *dsl = submission->evolutions[i].dsl;
        struct pm_error reason = {0};
        if (!pm_pool_program_read(dsl, strlen(dsl), &taking->programs[i], &reason)) {
            if (reason.code == PM_ERROR_MEMORY) {
                return pm_fail(error, reason.code, "%s", reason.message);
            }
            pm_refuse(taking->refusal, 422, "evolutions[%zu].algorithm_dsl: %s", i, reason.message);
            return true;
        }
        if (taking->programs[i].cost > taking->rules->cost_max) {
            pm_refuse(taking->refusal, 422,
                      "evolutions[%zu].algorithm_dsl: an example costs %lld multiply-adds (setup"
                      " counted in full), this pool takes at most %lld; use fewer operations on"
                      " matrices, or a smaller vector_dim",
                      i, (long long)taking->programs[i].cost, (long long)taking->rules->cost_max);
            return true;
        }
        if (!check_parents(taking, i, error)) {
            return false;
        }
    }
    return true;
}

static bool check_content(struct taking *taking, struct pm_error *error)
{
    check_figures(taking);
    if (!taking->refusal->status) {
        check_evaluations(taking);
    }
    if (!taking->refusal->status && !check_evolutions(taking, error)) {
        return false;
    }
    if (taking->refusal->status) {
        return pm_store_lease_refused(taking->store, taking->lease.id, error);
    }
    return true;
}

/* ---- the books ---- */

/* The id is one of the lease's work, and goes out of it. */
static void take_from_work(struct pm_pool_lease *lease, int64_t id)
{
    for (size_t i = 0; i < lease->work_count; i++) {
        if (lease->work[i] == id) {
            lease->work[i] = lease->work[--lease->work_count];
            return;
        }
    }
}

static bool book_evaluation(struct taking *taking,
                            const struct pm_pool_submitted_evaluation *evaluation,
                            struct pm_error *error)
{
    bool agreed;
    if (!pm_ledger_judge(taking->store, taking->rules, taking->epoch.number,
                         evaluation->algorithm_id, taking->lease.hotkey, evaluation->score,
                         taking->now_ms, &agreed, error)) {
        return false;
    }
    take_from_work(&taking->lease, evaluation->algorithm_id);
    taking->agreed += agreed;
    return true;
}

static bool book_evaluations(struct taking *taking, struct pm_error *error)
{
    const struct pm_pool_submission *submission = taking->submission;
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        if (!book_evaluation(taking, &submission->evaluations[i], error)) {
            return false;
        }
    }
    const struct pm_pool_counts more = {.evaluations_submitted =
                                            (int64_t)submission->evaluation_count};
    return pm_store_miner_count(taking->store, taking->lease.hotkey, &more, error);
}

/* A program the pool has already is not added again and earns nothing: the answer names the one
 * that is there. */
static bool book_evolution(struct taking *taking, size_t index, struct pm_text *answer,
                           struct pm_error *error)
{
    const struct pm_pool_submitted_evolution *evolution = &taking->submission->evolutions[index];
    const struct pm_pool_descent descent = {.author = taking->lease.hotkey,
                                            .parents = evolution->parents,
                                            .parent_count = evolution->parent_count};
    int64_t id;
    bool known;
    if (!pm_population_add(taking->store, &taking->programs[index], &descent, taking->now_ms, &id,
                           &known, error)) {
        return false;
    }
    const struct pm_pool_counts more = {.evolutions_submitted = !known};
    if (!pm_store_miner_count(taking->store, taking->lease.hotkey, &more, error)) {
        return false;
    }
    pm_text_append(answer, "%s{\"status\":\"%s\",\"algorithm_id\":%" PRId64 "}",
                   index > 0 ? "," : "", known ? "duplicate" : "accepted", id);
    return true;
}

/* Books everything and writes the answer. */
static bool book_all(struct taking *taking, struct pm_text *answer, struct pm_error *error)
{
    const struct pm_pool_submission *submission = taking->submission;
    if (!book_evaluations(taking, error)) {
        return false;
    }
    pm_text_append(answer,
                   "{\"status\":\"accepted\",\"lease_id\":\"%s\",\"evaluations_accepted\":%zu,"
                   "\"evolutions\":[",
                   taking->lease.id, submission->evaluation_count);
    for (size_t i = 0; i < submission->evolution_count; i++) {
        if (!book_evolution(taking, i, answer, error)) {
            return false;
        }
    }
    pm_text_append(answer, "],\"consensus_reached\":%" PRId64 "}", taking->agreed);
    return !answer->failed ||
           pm_fail(error, PM_ERROR_MEMORY, "a submission's answer: out of memory");
}

static bool book(struct taking *taking, char **answer, struct pm_error *error)
{
    struct pm_text text = {0};
    if (book_all(taking, &text, error) &&
        pm_store_lease_finish(taking->store, &taking->lease, taking->digest, text.data,
                              taking->rules->quorum, error)) {
        *answer = text.data;
        return true;
    }
    pm_text_clear(&text);
    return false;
}

static bool is_live(const struct pm_pool_lease *lease, int64_t now_ms)
{
    return lease->state == PM_POOL_LEASE_ACTIVE && lease->timeout_ms > now_ms;
}

/* Is this the live lease of this miner? A lease that is done answers the same submission again. */
static bool check_lease(struct taking *taking, const char *hotkey, bool found, char **answer,
                        struct pm_error *error)
{
    const struct pm_pool_lease *lease = &taking->lease;
    if (found && strcmp(lease->hotkey, hotkey) != 0) {
        pm_refuse(taking->refusal, 403, "This lease belongs to another miner");
        return true;
    }
    if (found && lease->state == PM_POOL_LEASE_DONE &&
        strcmp(lease->submission_digest, taking->digest) == 0) {
        return pm_store_lease_answer(taking->store, lease->id, answer, error);
    }
    if (!found || !is_live(lease, taking->now_ms)) {
        pm_refuse(taking->refusal, 404, PM_DETAIL_NO_LEASE);
    }
    return true;
}

bool pm_pool_submission_take(struct pm_pool_store *store, const struct pm_pool_rules *rules,
                             int64_t now_ms, const char *hotkey, const char *lease_id,
                             const struct pm_pool_submission *submission, char **answer,
                             struct pm_refusal *refusal, struct pm_error *error)
{
    struct taking taking = {.store = store,
                            .rules = rules,
                            .now_ms = now_ms,
                            .submission = submission,
                            .refusal = refusal};
    bool found;
    *answer = NULL;
    *refusal = (struct pm_refusal){0};
    digest_of(submission, taking.digest);
    bool ok = pm_ledger_epoch(store, rules, now_ms, &taking.epoch, error) &&
              pm_store_lease_get(store, lease_id, &taking.lease, &found, error) &&
              check_lease(&taking, hotkey, found, answer, error);
    if (ok && *answer == NULL && !refusal->status) {
        ok = pm_store_miner_touch(store, hotkey, now_ms, error) && check_content(&taking, error);
    }
    if (ok && *answer == NULL && !refusal->status) {
        ok = book(&taking, answer, error);
    }
    for (size_t i = 0; i < PM_EVOLVE_BUDGET_MAX; i++) {
        pm_pool_program_clear(&taking.programs[i]);
    }
    return ok;
}

bool pm_pool_submission_unreadable(struct pm_pool_store *store, int64_t now_ms, const char *hotkey,
                                   const char *lease_id, struct pm_error *error)
{
    struct pm_pool_lease lease;
    bool found;
    if (!pm_store_lease_get(store, lease_id, &lease, &found, error)) {
        return false;
    }
    bool own = found && strcmp(lease.hotkey, hotkey) == 0 && is_live(&lease, now_ms);
    return !own || pm_store_lease_refused(store, lease_id, error);
}
