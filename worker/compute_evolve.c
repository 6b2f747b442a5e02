#include "worker/compute_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/evolution.h>
#include <poolminer/log.h>

/* So many more than asked for go from the search into the final choice, which is made by their
 * score on the evaluation suite: tasks that the search has not seen, and what the pool pays for. */
enum { MORE_FINALISTS = 8 };

/* Of the time left, what is kept for the final choice. */
static const double FINAL_SHARE = 0.1;
static const int64_t FINAL_LEAST_MS = 200, FINAL_MOST_MS = 10000;

/* For what was found before a checkpoint to be handed over, when the time was up then. */
static const int64_t RESUMED_LEAST_MS = 1000;

/* An evolve job under way. */
struct evolving {
    const struct pm_compute_config *config;
    const struct pm_work *work;
    struct pm_algorithm *seeds[PM_JOB_SEEDS_MAX];
    size_t listed[PM_JOB_SEEDS_MAX]; /* the place of each seed in the job */
    size_t seed_count;
    struct pm_job_deadline deadline; /* when the result must be there */
    bool resumed;                    /* goes on from the job's checkpoint */
    bool resumption_told;
    uint64_t earlier_ms; /* spent on it by earlier workers, up to their checkpoint */
    struct pm_evolution_result found;
    struct pm_scoring finals[PM_EVOLUTION_BUDGET_MAX];
};

/* Seeds come from a pool: one that cannot be read is left out, as long as another can. */
static bool read_seeds(struct evolving *evolving, struct pm_error *error)
{
    struct pm_error reason = {0};
    for (size_t i = 0; i < evolving->work->count; i++) {
        struct pm_algorithm **seed = &evolving->seeds[evolving->seed_count];
        if (pm_compute_read(&evolving->work->algorithms[i], seed, &reason)) {
            evolving->listed[evolving->seed_count++] = i;
        } else {
            pm_log(PM_LOG_WARN, "WORKER-SEED-UNREADABLE", "seed=%lld: %s",
                   (long long)evolving->work->algorithms[i].id, reason.message);
        }
    }
    if (evolving->seed_count > 0) {
        return true;
    }
    return pm_fail(error, reason.code, "no seed can be read; the last: %s", reason.message);
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == 0 || b_ms == 0) {
        return a_ms + b_ms;
    }
    return a_ms < b_ms ? a_ms : b_ms;
}

static struct pm_job_deadline find_deadline(const struct evolving *evolving)
{
    const struct pm_work *work = evolving->work;
    struct pm_job_deadline deadline = {
        .unix_ms = earlier(evolving->config->deadline_ms, work->deadline_ms)};
    /* Beyond ten years a limit is none, and the sum might overflow. */
    if (work->max_seconds > 0.0 && work->max_seconds < 3.2e8) {
        int64_t limit_ms = (int64_t)(work->max_seconds * 1000.0) - (int64_t)evolving->earlier_ms;
        if (evolving->earlier_ms > 0 && limit_ms < RESUMED_LEAST_MS) {
            limit_ms = RESUMED_LEAST_MS;
        }
        deadline.monotonic_ms = pm_clock_monotonic_ms() + limit_ms;
    }
    return deadline;
}

static struct pm_job_deadline search_deadline(struct pm_job_deadline deadline)
{
    int64_t kept_ms = (int64_t)((double)pm_job_deadline_left_ms(deadline) * FINAL_SHARE);
    if (kept_ms < FINAL_LEAST_MS) {
        kept_ms = FINAL_LEAST_MS;
    }
    if (kept_ms > FINAL_MOST_MS) {
        kept_ms = FINAL_MOST_MS;
    }
    return pm_job_deadline_before(deadline, kept_ms);
}

/* Once the first generation since then shows that it is so. */
static void tell_resumption(struct evolving *evolving, int generation)
{
    if (evolving->resumed && !evolving->resumption_told) {
        pm_log(PM_LOG_INFO, "WORKER-JOB-RESUMED", "in generation=%d of %d, after seconds=%.1f",
               generation, evolving->work->generations, (double)evolving->earlier_ms * 1e-3);
    }
    evolving->resumption_told = true;
}

static bool observe(void *context, const struct pm_evolution_progress *progress)
{
    struct evolving *evolving = context;
    tell_resumption(evolving, progress->generation);
    const double rate =
        progress->seconds > 0.0 ? (double)progress->candidates / progress->seconds : 0.0;
    const struct pm_job_progress shown = {.done = (uint64_t)progress->generation,
                                          .total = (uint64_t)progress->generations,
                                          .unit = "generations",
                                          .evolving = true,
                                          .best = progress->best,
                                          .mean = progress->mean,
                                          .candidates = progress->candidates,
                                          .cache_hits = progress->cache_hits,
                                          .hopeless = progress->hopeless,
                                          .candidates_per_second = rate};
    pm_job_control_set_progress(evolving->config->control, &shown);
    /* The heartbeat looks too, but may be waiting for a sidecar that is away. */
    pm_job_control_check_deadline(evolving->config->control);
    return !atomic_load(&evolving->config->control->stop);
}

/* A finished search needs one only if its final choice is interrupted. */
static void keep(void *context, const void *bytes, size_t size)
{
    const struct evolving *evolving = context;
    struct pm_evolution_checkpoint head;
    const bool finished = pm_evolution_checkpoint_read(bytes, size, &head, NULL) &&
                          head.generations == evolving->work->generations;
    pm_job_control_set_checkpoint(evolving->config->control, bytes, size, !finished);
}

/* What an earlier worker left, if it is what it should be. */
static void look_at_checkpoint(struct evolving *evolving)
{
    const struct pm_compute_config *config = evolving->config;
    struct pm_evolution_checkpoint head;
    struct pm_error error = {0};
    if (config->checkpoint == NULL) {
        return;
    }
    if (pm_evolution_checkpoint_read(config->checkpoint, config->checkpoint_size, &head, &error)) {
        evolving->resumed = true;
        evolving->earlier_ms = head.spent_ms;
    } else {
        pm_log(PM_LOG_WARN, "WORKER-CHECKPOINT-REFUSED", "%s; the evolution starts anew",
               error.message);
    }
}

static bool run_search(struct evolving *evolving, struct pm_evolution_config *evolution,
                       const struct pm_suite *suite, struct pm_error *error)
{
    const struct pm_compute_config *config = evolving->config;
    const struct pm_algorithm *const *seeds = (const struct pm_algorithm *const *)evolving->seeds;
    evolution->resume = evolving->resumed ? config->checkpoint : NULL;
    evolution->resume_size = config->checkpoint_size;
    if (pm_evolution_run(evolution, seeds, evolving->seed_count, suite, observe, evolving,
                         &evolving->found, error)) {
        return true;
    }
    if (error->code != PM_ERROR_REFUSED || !evolving->resumed) {
        return false;
    }
    pm_log(PM_LOG_WARN, "WORKER-CHECKPOINT-REFUSED", "%s; the evolution starts anew",
           error->message);
    evolving->resumed = false;
    evolving->earlier_ms = 0;
    return run_search(evolving, evolution, suite, error);
}

static bool search(struct evolving *evolving, struct pm_error *error)
{
    const struct pm_work *work = evolving->work;
    const struct pm_compute_config *config = evolving->config;
    const struct pm_suite *suite;
    const struct pm_job_progress none = {.total = (uint64_t)work->generations,
                                         .unit = "generations"};
    pm_job_control_set_progress(config->control, &none);
    const struct pm_until until = {.stop = &config->control->stop, .gate = config->gate};
    struct pm_error reason = {0};
    pm_job_control_set_deadline(config->control, evolving->deadline);
    /* The heartbeat looks too, but may not have had its turn yet. */
    pm_job_control_check_deadline(config->control);
    if (!pm_workbench_get(config->bench, PM_BENCH_SEARCH, work->algorithms[0].input_dim, &until,
                          &suite, &reason)) {
        const bool late = reason.code == PM_ERROR_INTERRUPTED &&
                          pm_job_control_cause(config->control) == PM_STOP_DEADLINE;
        return pm_fail(error, reason.code, "%s",
                       late ? "the deadline passed before the search began" : reason.message);
    }
    struct pm_evolution_config evolution = pm_evolution_config_default();
    evolution.profile = work->profile;
    evolution.generations = work->generations;
    evolution.seed = work->seed;
    evolution.stop = &config->control->stop;
    evolution.gate = config->gate;
    evolution.budget = work->budget + MORE_FINALISTS;
    if (evolution.budget > PM_EVOLUTION_BUDGET_MAX) {
        evolution.budget = PM_EVOLUTION_BUDGET_MAX;
    }
    /* The control stops it: the search itself has no deadline. */
    pm_job_control_set_deadline(config->control, search_deadline(evolving->deadline));
    evolution.keep = keep;
    if (config->checkpoint_interval_ms > 0) {
        evolution.keep_interval_ms = config->checkpoint_interval_ms;
    }
    const bool ok = run_search(evolving, &evolution, suite, error);
    pm_workbench_put(config->bench, suite);
    return ok;
}

static bool score_finalists(struct evolving *evolving, struct pm_error *error)
{
    for (size_t i = 0; i < evolving->found.count; i++) {
        evolving->finals[i].algorithm = evolving->found.items[i].algorithm;
    }
    pm_job_control_set_deadline(evolving->config->control, evolving->deadline);
    return pm_compute_scores(evolving->config, evolving->work->algorithms[0].input_dim,
                             evolving->finals, evolving->found.count, NULL, NULL, error);
}

static int best_first(const void *a, const void *b)
{
    const struct pm_evolution_item *x = a, *y = b;
    if (x->score != y->score) {
        return x->score < y->score ? 1 : -1;
    }
    return (x->search_score < y->search_score) - (x->search_score > y->search_score);
}

static bool is_any_scored(const struct evolving *evolving)
{
    for (size_t i = 0; i < evolving->found.count; i++) {
        if (evolving->finals[i].done) {
            return true;
        }
    }
    return false;
}

/* What was scored in time. Where the time did not suffice for any score, something is better than
 * nothing: all of it, by what the search thinks of it. */
static bool collect(const struct evolving *evolving, struct pm_evolution_item *items, size_t *count,
                    struct pm_error *error)
{
    const bool any_scored = is_any_scored(evolving);
    for (size_t i = 0; i < evolving->found.count; i++) {
        const struct pm_evolved *evolved = &evolving->found.items[i];
        const struct pm_scoring *final = &evolving->finals[i];
        if (!final->done && any_scored) {
            continue;
        }
        struct pm_evolution_item *item = &items[*count];
        *item = (struct pm_evolution_item){
            .parent_count = evolved->parent_count,
            .text = pm_algorithm_write(evolved->algorithm, error),
            .search_score = evolved->fitness,
            .behaviour = evolved->behaviour,
            .score = final->done ? final->score : evolved->fitness,
            .lineage = evolved->lineage,
            .lineage_count = evolved->lineage_count,
        };
        for (size_t k = 0; k < evolved->parent_count; k++) {
            const size_t listed = evolving->listed[evolved->parents[k]];
            item->parent_ids[k] = evolving->work->algorithms[listed].id;
        }
        if (item->text == NULL) {
            return false;
        }
        ++*count;
    }
    qsort(items, *count, sizeof *items, best_first);
    return true;
}

static bool write_result(const struct evolving *evolving, int64_t start_ns, struct pm_outcome *out,
                         struct pm_error *error)
{
    struct pm_evolution_item items[PM_EVOLUTION_BUDGET_MAX];
    const struct pm_work *work = evolving->work;
    size_t count = 0;
    if (collect(evolving, items, &count, error)) {
        struct pm_provenance provenance = pm_compute_provenance(evolving->config, start_ns);
        provenance.seconds += (double)evolving->earlier_ms / 1000.0;
        out->count = count < work->budget ? count : work->budget;
        out->best_score = count > 0 ? items[0].score : 0.0;
        out->partial = evolving->found.generations < work->generations || !is_any_scored(evolving);
        out->result = pm_evolutions_write(&provenance, evolving->found.generations,
                                          evolving->found.candidates, items, out->count, error);
    }
    for (size_t i = 0; i < count; i++) {
        free(items[i].text);
    }
    return out->result != NULL;
}

static bool evolve(struct evolving *evolving, struct pm_outcome *out, struct pm_error *error)
{
    const int64_t start_ns = pm_clock_monotonic_ns();
    look_at_checkpoint(evolving);
    evolving->deadline = find_deadline(evolving);
    if (!read_seeds(evolving, error) || !search(evolving, error)) {
        return false;
    }
    /* The search hands over what it has whatever stopped it; only for a deadline is that wanted. */
    const enum pm_stop_cause cause = pm_job_control_cause(evolving->config->control);
    if (cause != PM_STOP_NONE && cause != PM_STOP_DEADLINE) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "evolving: asked to stop");
    }
    return score_finalists(evolving, error) && write_result(evolving, start_ns, out, error);
}

bool pm_compute_evolve(const struct pm_compute_config *config, const struct pm_work *work,
                       struct pm_outcome *out, struct pm_error *error)
{
    struct evolving *evolving = calloc(1, sizeof *evolving);
    if (evolving == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "evolving: out of memory");
    }
    evolving->config = config;
    evolving->work = work;
    const bool ok = evolve(evolving, out, error);
    for (size_t i = 0; i < evolving->seed_count; i++) {
        pm_algorithm_destroy(evolving->seeds[i]);
    }
    pm_evolution_result_clear(&evolving->found);
    free(evolving);
    return ok;
}
