/* The part of `poolminer status` about the work: the lease, the workers, the machines. */
#include "cli/number.h"
#include "cli/status_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MACHINES_MAX = 3, WORKERS_MAX = 4 };

/* ---- the lease ---- */

static double part_done(const cJSON *worker)
{
    const cJSON *progress = status_member(worker, "progress");
    const double total = status_number(progress, "total");
    return total > 0 ? fmin(1, status_number(progress, "done") / total) : 0;
}

static double share_of_lease(const struct status_view *view, const cJSON *lease)
{
    const double jobs = status_number(lease, "jobs"), done = status_number(lease, "jobs_done");
    double begun = 0;
    const cJSON *worker = NULL;
    cJSON_ArrayForEach(worker, status_member(view->state, "workers"))
    {
        if (strcmp(status_text(worker, "run"), status_text(view->miner, "run")) == 0) {
            begun += part_done(worker);
        }
    }
    return jobs > 0 ? (done + fmin(begun, jobs - done)) / jobs : 0;
}

static void write_lease(const struct status_view *view)
{
    const cJSON *lease = status_member(view->miner, "lease");
    const int64_t left_ms = status_integer(lease, "deadline_ms") - view->now_ms;
    char bar[SCREEN_BAR_SIZE], left[NUMBER_TEXT_SIZE];
    if (!cJSON_IsObject(lease)) {
        screen_row(view->screen, "Lease", SCREEN_PLAIN, "none: waiting for work");
        return;
    }
    const double share = share_of_lease(view, lease);
    screen_bar(view->screen, share, bar);
    number_duration(left_ms > 0 ? left_ms : -left_ms, left);
    screen_row(view->screen, "Lease", left_ms > 0 ? SCREEN_PLAIN : SCREEN_WARN,
               left_ms > 0 ? "%s %3.0f %%, %s left" : "%s %3.0f %%, over for %s", bar, 100 * share,
               left);
    if (status_number(lease, "jobs_done") >= status_number(lease, "jobs")) {
        screen_row(view->screen, "", SCREEN_PLAIN, "all done; to be acknowledged by the pool");
    } else {
        screen_row(view->screen, "", SCREEN_PLAIN,
                   "%.0f of %.0f jobs done; %.0f to evaluate, %.0f seeds to evolve from",
                   status_number(lease, "jobs_done"), status_number(lease, "jobs"),
                   status_number(lease, "algorithms"), status_number(lease, "seeds"));
    }
}

static void write_worker(const struct status_view *view, const cJSON *worker)
{
    const cJSON *progress = status_member(worker, "progress");
    char best[40] = "";
    if (status_text(worker, "paused")[0] != '\0') {
        screen_row(view->screen, "", SCREEN_WARN, "rests: %s", status_text(worker, "paused"));
    } else if (status_number(progress, "total") > 0) {
        if (status_number(progress, "best") > 0) {
            snprintf(best, sizeof best, ", best %.4f", status_number(progress, "best"));
        }
        screen_row(view->screen, "", SCREEN_PLAIN, "%s: %.0f of %.0f %s%s",
                   strcmp(status_text(worker, "kind"), "evolve") == 0 ? "evolving" : "evaluating",
                   status_number(progress, "done"), status_number(progress, "total"),
                   status_text(progress, "unit"), best);
    }
}

static void write_workers(const struct status_view *view)
{
    const cJSON *workers = status_member(view->state, "workers"), *worker = NULL;
    int shown = 0;
    cJSON_ArrayForEach(worker, workers)
    {
        if (shown++ < WORKERS_MAX) {
            write_worker(view, worker);
        }
    }
    if (shown == 0) {
        screen_row(view->screen, "", SCREEN_WARN, "no worker is here");
    } else if (shown > WORKERS_MAX) {
        screen_row(view->screen, "", SCREEN_PLAIN, "and %d more workers", shown - WORKERS_MAX);
    }
}

void status_write_work(const struct status_view *view)
{
    write_lease(view);
    write_workers(view);
}

/* ---- the machine ---- */

static void append(char *out, size_t size, const char *words)
{
    const size_t length = strlen(out);
    snprintf(out + length, size - length, "%s%s", length > 0 ? ", " : "", words);
}

static void write_machine(const struct status_view *view, const cJSON *report)
{
    char words[256] = "", part[96];
    if (status_number(report, "threads") > 0) {
        const double threads = status_number(report, "threads");
        snprintf(part, sizeof part, "%.0f %s", threads, threads > 1 ? "threads" : "thread");
        append(words, sizeof words, part);
    }
    if (status_number(report, "cpu_percent") >= 0) {
        snprintf(part, sizeof part, "%.0f %% of %.3g processors",
                 status_number(report, "cpu_percent"), status_number(report, "processors"));
        append(words, sizeof words, part);
    }
    if (!isnan(status_number(report, "temperature_c"))) {
        snprintf(part, sizeof part, "%.0f degrees C", status_number(report, "temperature_c"));
        append(words, sizeof words, part);
    }
    if (strcmp(status_text(report, "power"), "battery") == 0) {
        snprintf(part, sizeof part, "on battery");
        if (status_number(report, "charge_percent") >= 0) {
            snprintf(part, sizeof part, "on battery, charged to %.0f %%",
                     status_number(report, "charge_percent"));
        }
        append(words, sizeof words, part);
    }
    if (words[0] != '\0') {
        screen_row(view->screen, "Machine", SCREEN_PLAIN, "%s", words);
    }
}

/* A process says the same for each of its jobs: it is shown once. */
void status_write_machines(const struct status_view *view)
{
    const cJSON *shown[MACHINES_MAX];
    const cJSON *worker = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(worker, status_member(view->state, "workers"))
    {
        const cJSON *report = status_member(worker, "report");
        bool again = !cJSON_IsObject(report) || count == MACHINES_MAX;
        for (size_t i = 0; !again && i < count; i++) {
            again = cJSON_Compare(shown[i], report, true);
        }
        if (!again) {
            shown[count++] = report;
            write_machine(view, report);
        }
    }
}
