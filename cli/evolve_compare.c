#include "cli/evolve.h"

#include <math.h>

#include <poolminer/clock.h>

/* For the final scores, after the time is over: nobody should wait two seconds for the end. */
enum { LAST_MOMENT_MS = 800 };

static void collect(const struct evolution *evolution, struct evolve_comparison *out)
{
    for (size_t i = 0; i < evolution->seed_count; i++) {
        out->items[out->count++] = (struct evolve_candidate){.name = evolution->seed_names[i],
                                                             .algorithm = evolution->seeds[i]};
    }
    out->seed_count = out->count;
    if (evolution->result.count > 0) {
        out->items[out->count++] = (struct evolve_candidate){
            .name = "evolved", .algorithm = evolution->result.items[0].algorithm};
    }
}

/* Scores everything on both suites; NaN is what could not be scored in time. */
static bool score(const struct evolution *evolution, const struct pm_until *until,
                  struct evolve_comparison *out, struct pm_error *error)
{
    const struct pm_algorithm *algorithms[PM_EVOLUTION_SEEDS_MAX + 1];
    double scores[PM_EVOLUTION_SEEDS_MAX + 1], search_scores[PM_EVOLUTION_SEEDS_MAX + 1];
    for (size_t i = 0; i < out->count; i++) {
        algorithms[i] = out->items[i].algorithm;
    }
    bool done = pm_suite_score(evolution->evaluation_suite, algorithms, out->count, scores, NULL,
                               until, error);
    if (!done && error->code != PM_ERROR_INTERRUPTED) {
        return false;
    }
    done = pm_suite_score(evolution->search_suite, algorithms, out->count, search_scores, NULL,
                          until, error) &&
           done;
    if (!done && error->code != PM_ERROR_INTERRUPTED) {
        return false;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i].score = scores[i];
        out->items[i].search_score = search_scores[i];
    }
    return done;
}

/* When the time is over the best so far is still worth its score: a moment is left for that. */
static bool score_in_time(const struct evolution *evolution, struct evolve_comparison *out,
                          struct pm_error *error)
{
    const struct pm_until until = {.stop = evolution->config.stop,
                                   .deadline_ms = evolution->config.deadline_ms};
    if (!pm_until_over(&until) && score(evolution, &until, out, error)) {
        return true;
    }
    if (!pm_until_over(&until)) {
        return false;
    }
    const struct pm_until moment = {.deadline_ms = pm_clock_unix_ms() + LAST_MOMENT_MS};
    return score(evolution, &moment, out, error) || error->code == PM_ERROR_INTERRUPTED;
}

/* By the evaluation suite, seeds winning a tie; what has no score there, only if nothing has. */
static size_t choose_best(const struct evolve_comparison *comparison)
{
    size_t best = comparison->count - 1; /* the evolved one, if there is one */
    for (size_t i = comparison->count; i-- > 0;) {
        const double best_score = comparison->items[best].score;
        if (isnan(best_score) ? !isnan(comparison->items[i].score)
                              : comparison->items[i].score >= best_score) {
            best = i;
        }
    }
    return best;
}

bool evolve_compare(const struct evolution *evolution, struct evolve_comparison *out,
                    struct pm_error *error)
{
    collect(evolution, out);
    if (!score_in_time(evolution, out, error)) {
        return false;
    }
    out->best = choose_best(out);
    if (out->best < out->seed_count && isnan(out->items[out->best].score)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED,
                       "evolve: the time was over before anything was scored; the seeds may be too "
                       "slow to run");
    }
    if (out->count > out->seed_count && isnan(out->items[out->seed_count].search_score)) {
        out->items[out->seed_count].search_score = evolution->result.items[0].fitness;
    }
    out->text = pm_algorithm_write(out->items[out->best].algorithm, error);
    return out->text != NULL;
}

bool evolve_is_better(const struct evolve_comparison *comparison)
{
    return comparison->best >= comparison->seed_count;
}
