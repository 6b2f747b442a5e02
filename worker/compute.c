#include "worker/compute.h"

#include "worker/compute_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>
#include <poolminer/clock.h>

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

static bool score_group(const struct pm_compute_config *config, const struct pm_suite *suite,
                        struct pm_scoring *scorings, size_t count, struct pm_error *error)
{
    const struct pm_algorithm *algorithms[GROUP_MAX];
    double scores[GROUP_MAX];
    for (size_t i = 0; i < count; i++) {
        algorithms[i] = scorings[i].algorithm;
    }
    const struct pm_until until = {.stop = &config->control->stop};
    if (!pm_suite_score(suite, algorithms, count, scores, NULL, &until, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        scorings[i].score = scores[i];
        scorings[i].done = true;
    }
    return true;
}

bool pm_compute_scores(const struct pm_compute_config *config, int input_dim,
                       struct pm_scoring *scorings, size_t count, pm_scoring_observer *observer,
                       void *context, struct pm_error *error)
{
    const struct pm_suite *suite;
    if (!pm_workbench_get(config->bench, PM_BENCH_EVALUATION, input_dim, &suite, error)) {
        return false;
    }
    struct pm_error reason = {0};
    const size_t group = group_size(config->threads);
    bool ok = true;
    for (size_t first = 0; ok && first < count; first += group) {
        const size_t size = count - first < group ? count - first : group;
        /* The heartbeat looks too, but may not have had its turn yet. */
        pm_job_control_check_deadline(config->control);
        ok = score_group(config, suite, scorings + first, size, &reason);
        if (ok && observer != NULL) {
            observer(context, first + size);
        }
    }
    pm_workbench_put(config->bench, suite);
    if (ok || (reason.code == PM_ERROR_INTERRUPTED &&
               pm_job_control_cause(config->control) == PM_STOP_DEADLINE)) {
        return true;
    }
    if (error != NULL) {
        *error = reason;
    }
    return false;
}
