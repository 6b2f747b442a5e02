#include "worker/progress_bar.h"

#include <stdio.h>

#include <poolminer/terminal.h>

/* Evolving has more to say. */
enum { CELLS = 24, CELLS_EVOLVING = 8 };

void pm_progress_bar_format(const struct pm_job_progress *progress,
                            char out[PM_PROGRESS_BAR_WIDTH + 1])
{
    char cells[CELLS + 1], course[64] = "";
    const size_t width = progress->evolving ? CELLS_EVOLVING : CELLS;
    const double total = progress->total > 0 ? (double)progress->total : 1;
    pm_terminal_bar((double)progress->done / total, width, cells);
    if (progress->evolving) {
        const double candidates = progress->candidates > 0 ? (double)progress->candidates : 1.0;
        snprintf(course, sizeof course, "  best %.4f, mean %.4f, %.0f/s, %.0f %% cached",
                 progress->best, progress->mean, progress->candidates_per_second,
                 100.0 * (double)progress->cache_hits / candidates);
    }
    int length = snprintf(out, PM_PROGRESS_BAR_WIDTH + 1, "[%s] %4llu/%llu %s%s", cells,
                          (unsigned long long)progress->done, (unsigned long long)progress->total,
                          progress->unit, course);
    for (; length < PM_PROGRESS_BAR_WIDTH; length++) {
        out[length] = ' ';
    }
    out[PM_PROGRESS_BAR_WIDTH] = '\0';
}

void pm_progress_bar_draw(struct pm_job_control *control)
{
    char line[PM_PROGRESS_BAR_WIDTH + 1];
    const struct pm_job_progress progress = pm_job_control_progress(control);
    pm_progress_bar_format(&progress, line);
    fprintf(stderr, "%s\r", line);
    fflush(stderr);
}

void pm_progress_bar_clear(void)
{
    fprintf(stderr, "%*s\r", PM_PROGRESS_BAR_WIDTH, "");
    fflush(stderr);
}
