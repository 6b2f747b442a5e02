/* The course of an evolution: kept, logged and drawn. */
#ifndef CLI_EVOLVE_TRACE_H
#define CLI_EVOLVE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <poolminer/error.h>
#include <poolminer/evolution.h>

struct evolve_trace {
    struct pm_evolution_progress *points; /* one a generation */
    size_t count, capacity;
    FILE *log;            /* NULL: none */
    const char *log_path; /* for messages */
};

/* `log_path` (NULL: no log) is replaced. To be closed also when it fails. */
bool evolve_trace_open(struct evolve_trace *trace, const char *log_path, struct pm_error *error);
/* Keeps the point, and writes it to the log as a line of JSON; after a failure to write nothing
 * more goes to the log. */
bool evolve_trace_add(struct evolve_trace *trace, const struct pm_evolution_progress *progress,
                      struct pm_error *error);
/* False when the log did not reach its file. */
bool evolve_trace_close(struct evolve_trace *trace, struct pm_error *error);

/* Draws best and mean over the generations into an SVG file. `title` may hold any character. */
bool evolve_plot_write(const char *path, const char *title, const struct evolve_trace *trace,
                       struct pm_error *error);

#endif
