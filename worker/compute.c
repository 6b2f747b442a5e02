#include "worker/compute.h"

#include "worker/compute_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>
#include <poolminer/clock.h>
#include <poolminer/cost.h>

/* Groups big enough to keep the threads busy, small enough for progress and deadlines. */
enum { GROUP_MIN = 8, GROUP_MAX = 64 };

bool pm_compute(const struct pm_compute_config *config, const struct pm_work *work,
                struct pm_outcome *out, struct pm_error *error)
{
    const char *family = pm_workbench_task_type(config->bench);
    *out = (struct pm_outcome){0};
    if (strcmp(work->task_type, family) != 0) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "task_type: the job is for %.32s, this worker's data for %s; start the "
                       "worker with another --dataset",
                       work->task_type, family);
    }
    if (work->kind == PM_WORK_EVALUATE) {
        return pm_compute_evaluate(config, work, out, error);
    }
    return pm_compute_evolve(config, work, out, error);
}

bool pm_compute_read(const struct pm_listed *listed, struct pm_algorithm **out,
                     struct pm_error *error)
{
    return pm_algorithm_parse(listed->text, strlen(listed->text), listed->input_dim,
                              PM_PARSE_LENIENT, NULL, NULL, out, error);
}

/* To the millisecond: more digits would only be noise. */
static double seconds_since(int64_t start_ns)
{
    const int64_t elapsed_ms = (pm_clock_monotonic_ns() - start_ns) / 1000000;
    return (double)elapsed_ms / 1000.0;
}

struct pm_provenance pm_compute_provenance(const struct pm_compute_config *config, int64_t start_ns)
{
    return (struct pm_provenance){
        .dataset = pm_workbench_fingerprint(config->bench),
        .suite = pm_suite_edition_name(pm_workbench_edition(config->bench)),
        .seconds = seconds_since(start_ns),
    };
}

static size_t group_size(size_t threads)
{
    const size_t wanted = 2 * threads;
    return wanted < GROUP_MIN ? GROUP_MIN : wanted > GROUP_MAX ? GROUP_MAX : wanted;
}

/* What is finished when scoring is interrupted counts too. */
static bool score_group(const struct pm_compute_config *config, const struct pm_suite *suite,
                        struct pm_scoring *const *scorings, size_t count, struct pm_error *error)
{
    const struct pm_algorithm *algorithms[GROUP_MAX];
    double scores[GROUP_MAX];
    for (size_t i = 0; i < count; i++) {
        algorithms[i] = scorings[i]->algorithm;
    }
    const struct pm_until until = {.stop = &config->control->stop, .gate = config->gate};
    const bool ok = pm_suite_score(suite, algorithms, count, scores, NULL, &until, error);
    for (size_t i = 0; i < count; i++) {
        scorings[i]->done = ok || (error->code == PM_ERROR_INTERRUPTED && !isnan(scores[i]));
        scorings[i]->score = scorings[i]->done ? scores[i] : 0.0;
    }
    return ok;
}

static int cheapest_first(const void *left, const void *right)
{
    const struct pm_scoring *a = *(struct pm_scoring *const *)left;
    const struct pm_scoring *b = *(struct pm_scoring *const *)right;
    return (a->cost > b->cost) - (a->cost < b->cost);
}

/* Time may be over before all are scored: it should have gone into as many as possible. */
static void put_in_order(struct pm_scoring *scorings, size_t count, struct pm_scoring **order)
{
    for (size_t i = 0; i < count; i++) {
        const struct pm_cost cost = pm_algorithm_cost(scorings[i].algorithm);
        scorings[i].cost = pm_cost_total(&cost);
        order[i] = &scorings[i];
    }
    qsort(order, count, sizeof(struct pm_scoring *), cheapest_first);
}

static bool score_in_groups(const struct pm_compute_config *config, const struct pm_suite *suite,
                            struct pm_scoring *const *order, size_t count,
                            pm_scoring_observer *observer, void *context, struct pm_error *error)
{
    const size_t group = group_size(config->threads);
    for (size_t first = 0; first < count; first += group) {
        const size_t size = count - first < group ? count - first : group;
        /* The heartbeat looks too, but may not have had its turn yet. */
        pm_job_control_check_deadline(config->control);
        if (!score_group(config, suite, order + first, size, error)) {
            return false;
        }
        if (observer != NULL) {
            observer(context, first + size);
        }
    }
    return true;
}

bool pm_compute_scores(const struct pm_compute_config *config, int input_dim,
                       struct pm_scoring *scorings, size_t count, pm_scoring_observer *observer,
                       void *context, struct pm_error *error)
{
    assert(count <= PM_JOB_ALGORITHMS_MAX);
    const struct pm_until until = {.stop = &config->control->stop, .gate = config->gate};
    struct pm_scoring *order[PM_JOB_ALGORITHMS_MAX];
    const struct pm_suite *suite;
    struct pm_error reason = {0};
    put_in_order(scorings, count, order);
    bool ok =
        pm_workbench_get(config->bench, PM_BENCH_EVALUATION, input_dim, &until, &suite, &reason);
    if (ok) {
        ok = score_in_groups(config, suite, order, count, observer, context, &reason);
        pm_workbench_put(config->bench, suite);
    }
    if (ok || (reason.code == PM_ERROR_INTERRUPTED &&
               pm_job_control_cause(config->control) == PM_STOP_DEADLINE)) {
        return true;
    }
    if (error != NULL) {
        *error = reason;
    }
    return false;
}
