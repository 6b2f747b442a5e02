#include "worker/progress_bar.h"

#include <stdio.h>
#include <string.h>

enum { CELLS = 24 };

void pm_progress_bar_format(const struct pm_job_progress *progress,
                            char out[PM_PROGRESS_BAR_WIDTH + 1])
{
    char cells[CELLS + 1], best[48] = "";
    const uint64_t total = progress->total > 0 ? progress->total : 1;
    const uint64_t done = progress->done < total ? progress->done : total;
    const int filled = (int)((double)CELLS * (double)done / (double)total);
    memset(cells, '.', CELLS);
    memset(cells, '#', (size_t)filled);
    cells[CELLS] = '\0';
    if (progress->evolving) {
        snprintf(best, sizeof best, "  best %.4f  %.0f/s", progress->best,
                 progress->candidates_per_second);
    }
    int length = snprintf(out, PM_PROGRESS_BAR_WIDTH + 1, "[%s] %4llu/%llu %s%s", cells,
                          (unsigned long long)progress->done, (unsigned long long)progress->total,
                          progress->unit, best);
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
