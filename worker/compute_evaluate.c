#include "worker/compute_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>

/* An algorithm of the job, as listed and as read. */
struct entry {
    const struct pm_listed *listed;
    struct pm_algorithm *algorithm; /* NULL where the text could not be read */
};

/* An evaluate job under way. Algorithms are scored by input_dim, because each dimension has a suite
 * of its own; results go back to the job's order. */
struct evaluating {
    const struct pm_compute_config *config;
    const struct pm_work *work;
    struct entry *entries;
    struct pm_evaluation *evaluations;
    struct pm_scoring *scorings; /* of one input_dim */
    size_t *places;              /* where in the job each scoring belongs */
    size_t done;
};

static void report(struct evaluating *evaluating, size_t done)
{
    const struct pm_job_progress progress = {
        .done = done, .total = evaluating->work->count, .unit = "algorithms"};
    pm_job_control_set_progress(evaluating->config->control, &progress);
}

static void observe(void *context, size_t done)
{
    struct evaluating *evaluating = context;
    report(evaluating, evaluating->done + done);
}

/* A text that cannot be read is not the job's failure: it scores 0, and the reason goes along. */
static bool read_all(struct evaluating *evaluating, struct pm_error *error)
{
    const struct pm_work *work = evaluating->work;
    for (size_t i = 0; i < work->count; i++) {
        struct pm_evaluation *evaluation = &evaluating->evaluations[i];
        struct pm_error reason = {0};
        struct entry *entry = &evaluating->entries[i];
        entry->listed = &work->algorithms[i];
        evaluation->algorithm_id = entry->listed->id;
        if (pm_compute_read(entry->listed, &entry->algorithm, &reason)) {
            continue;
        }
        evaluation->problem = reason.code == PM_ERROR_MEMORY ? NULL : strdup(reason.message);
        if (evaluation->problem == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "reading algorithms: out of memory");
        }
        evaluation->done = true;
        evaluating->done++;
    }
    report(evaluating, evaluating->done);
    return true;
}

/* Scores what is left of one input_dim. */
static bool score_dimension(struct evaluating *evaluating, int input_dim, struct pm_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < evaluating->work->count; i++) {
        const struct entry *entry = &evaluating->entries[i];
        if (entry->algorithm != NULL && entry->listed->input_dim == input_dim) {
            evaluating->places[count] = i;
            evaluating->scorings[count++] = (struct pm_scoring){.algorithm = entry->algorithm};
        }
    }
    if (!pm_compute_scores(evaluating->config, input_dim, evaluating->scorings, count, observe,
                           evaluating, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct pm_evaluation *evaluation = &evaluating->evaluations[evaluating->places[i]];
        evaluation->score = evaluating->scorings[i].score;
        evaluation->done = evaluating->scorings[i].done;
        evaluating->done += evaluation->done;
    }
    return true;
}

static bool score_all(struct evaluating *evaluating, struct pm_error *error)
{
    bool seen[PM_TASK_INPUT_DIM_MAX + 1] = {false};
    for (size_t i = 0; i < evaluating->work->count; i++) {
        const int input_dim = evaluating->entries[i].listed->input_dim;
        if (evaluating->entries[i].algorithm == NULL || seen[input_dim]) {
            continue;
        }
        seen[input_dim] = true;
        if (!score_dimension(evaluating, input_dim, error)) {
            return false;
        }
    }
    return true;
}

static void summarise(const struct evaluating *evaluating, struct pm_outcome *out)
{
    out->count = evaluating->done;
    out->partial = evaluating->done < evaluating->work->count;
    for (size_t i = 0; i < evaluating->work->count; i++) {
        if (evaluating->evaluations[i].score > out->best_score) {
            out->best_score = evaluating->evaluations[i].score;
        }
    }
}

static bool evaluate(struct evaluating *evaluating, struct pm_outcome *out, struct pm_error *error)
{
    const int64_t start_ns = pm_clock_monotonic_ns();
    const struct pm_job_deadline deadline = {.unix_ms = evaluating->config->deadline_ms};
    pm_job_control_set_deadline(evaluating->config->control, deadline);
    if (!read_all(evaluating, error) || !score_all(evaluating, error)) {
        return false;
    }
    if (evaluating->done == 0) {
        return pm_fail(error, PM_ERROR_INTERRUPTED,
                       "the deadline passed before anything was scored");
    }
    const struct pm_provenance provenance = pm_compute_provenance(evaluating->config, start_ns);
    out->result =
        pm_evaluations_write(&provenance, evaluating->evaluations, evaluating->work->count, error);
    summarise(evaluating, out);
    return out->result != NULL;
}

bool pm_compute_evaluate(const struct pm_compute_config *config, const struct pm_work *work,
                         struct pm_outcome *out, struct pm_error *error)
{
    struct evaluating evaluating = {
        .config = config,
        .work = work,
        .entries = calloc(work->count, sizeof *evaluating.entries),
        .evaluations = calloc(work->count, sizeof *evaluating.evaluations),
        .scorings = calloc(work->count, sizeof *evaluating.scorings),
        .places = calloc(work->count, sizeof *evaluating.places),
    };
    bool ok;
    if (evaluating.entries != NULL && evaluating.evaluations != NULL &&
        evaluating.scorings != NULL && evaluating.places != NULL) {
        ok = evaluate(&evaluating, out, error);
    } else {
        ok = pm_fail(error, PM_ERROR_MEMORY, "evaluating: out of memory");
    }
    for (size_t i = 0; i < work->count; i++) {
        if (evaluating.entries != NULL) {
            pm_algorithm_destroy(evaluating.entries[i].algorithm);
        }
        if (evaluating.evaluations != NULL) {
            free(evaluating.evaluations[i].problem);
        }
    }
    free(evaluating.entries);
    free(evaluating.evaluations);
    free(evaluating.scorings);
    free(evaluating.places);
    return ok;
}
