#include "cli/evolve_trace.h"
#include "cli/plot.h"

#include <math.h>
#include <stdlib.h>

static const double STEP = 0.05;

/* Whole steps around all scores there are. */
static void find_field(const struct evolve_trace *trace, struct plot *plot)
{
    double low = 1, high = 0;
    plot->x_first = 1;
    plot->x_last = 2;
    for (size_t i = 0; i < trace->count; i++) {
        const struct pm_evolution_progress *point = &trace->points[i];
        plot->x_last = fmax(plot->x_last, point->generation);
        low = fmin(low, fmin(point->best, point->mean));
        high = fmax(high, fmax(point->best, point->mean));
    }
    plot->y_low = floor(fmin(low, high) / STEP) * STEP;
    plot->y_high = fmax(ceil(high / STEP) * STEP, plot->y_low + STEP);
    plot->y_step = STEP;
}

bool evolve_plot_write(const char *path, const char *title, const struct evolve_trace *trace,
                       struct pm_error *error)
{
    double *values = calloc(3 * trace->count + 1, sizeof *values);
    if (values == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: out of memory to draw it", path);
    }
    double *generations = values, *best = generations + trace->count, *mean = best + trace->count;
    for (size_t i = 0; i < trace->count; i++) {
        generations[i] = trace->points[i].generation;
        best[i] = trace->points[i].best;
        mean[i] = trace->points[i].mean;
    }
    struct plot plot = {
        .title = title,
        .x_name = "generation",
        .names_low = true,
        .curves = {{"best so far", generations, best, trace->count},
                   {"mean of population", generations, mean, trace->count}},
        .curve_count = 2,
    };
    find_field(trace, &plot);
    bool done = plot_write(path, &plot, error);
    free(values);
    return done;
}
