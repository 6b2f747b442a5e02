/* Workers' results as one submission. Pure. */
#ifndef DRIVER_SUBMISSION_H
#define DRIVER_SUBMISSION_H

#include "driver/lease.h"
#include "driver/lease_jobs.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_submitted_evaluation {
    int64_t id;
    double score;
};

enum { PM_BEHAVIOUR_SIZE = 17 };

struct pm_submitted_evolution {
    int64_t parents[PM_LEASE_SEEDS_MAX];
    size_t parent_count;
    char *text;
    double score; /* the worker's, on the evaluation suite */
    /* The same for two that behave the same; "": the worker did not say. */
    char behaviour[PM_BEHAVIOUR_SIZE];
};

struct pm_submission {
    const struct pm_lease *lease; /* must outlive the submission */
    struct pm_submitted_evaluation *evaluations;
    size_t evaluation_count;
    struct pm_submitted_evolution *evolutions; /* after pm_submission_finish best first */
    size_t evolution_count;
    int64_t generations; /* run, over all evolve jobs */
};

void pm_submission_init(struct pm_submission *submission, const struct pm_lease *lease);
void pm_submission_clear(struct pm_submission *submission);

/* Adds one job's result. PM_ERROR_INVALID or _LIMIT name what is wrong in it; nothing of it is then
 * added: scores outside 0 to 1, algorithms that were not asked for or came twice, parents that are
 * no seeds. A text that is a seed's own or came before is passed over in silence. */
bool pm_submission_take(struct pm_submission *submission, enum pm_lease_job_kind kind,
                        const void *body, size_t body_size, struct pm_error *error);

/* Sorts the evolutions, best first, and keeps as many as the pool wants, of those that behave the
 * same the best. */
void pm_submission_finish(struct pm_submission *submission);

/* Algorithms evaluated plus generations run. */
int64_t pm_submission_iterations(const struct pm_submission *submission);

/* A task for evolution has nothing to submit when nothing new was found. */
bool pm_submission_is_empty_evolution(const struct pm_submission *submission);

/* What the lease's call takes: for a lease {"evaluations", "evolutions", "iterations", "gossip"},
 * for a task {"evaluations"}, or, with one evolution at least, {"evolved_function",
 * "parent_functions"}. NULL when memory is out. */
cJSON *pm_submission_write(const struct pm_submission *submission);

#endif
