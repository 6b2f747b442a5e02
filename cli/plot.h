/* Drawings: a few curves over a field with axes, as SVG. */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/error.h>

enum { PLOT_CURVES_MAX = 4 };

struct plot_curve {
    const char *name;
    const double *xs, *ys; /* `count`; a y that is not finite is left out */
    size_t count;
};

struct plot {
    const char *title;
    const char *x_name;
    double x_first, x_last;
    int x_digits;         /* behind the point */
    double y_low, y_high; /* what is beyond is drawn at the edge */
    double y_step;        /* between the lines */
    bool names_low;       /* the curves' names stand at the bottom, where nothing is drawn */
    struct plot_curve curves[PLOT_CURVES_MAX];
    size_t curve_count;
};

/* Writes the file as a whole or not at all. */
bool plot_write(const char *path, const struct plot *plot, struct pm_error *error);

#endif
