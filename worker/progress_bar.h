/* A progress bar on standard error, for a worker that runs on a terminal. */
#ifndef WORKER_PROGRESS_BAR_H
#define WORKER_PROGRESS_BAR_H

#include "worker/job_control.h"

#include <stddef.h>

enum { PM_PROGRESS_BAR_WIDTH = 79 };

/* "[####....]   25/50 generations  best 0.7812, mean 0.7500, 4200/s, 12 % cached" (candidates;
 * those whose meaning had been scored before), cut and padded to PM_PROGRESS_BAR_WIDTH. */
void pm_progress_bar_format(const struct pm_job_progress *progress,
                            char out[PM_PROGRESS_BAR_WIDTH + 1]);

/* Draws over the current line and goes back to its start, so that the next log line overwrites it.
 */
void pm_progress_bar_draw(struct pm_job_control *control);
void pm_progress_bar_clear(void);

#endif
