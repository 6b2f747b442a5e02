/* An evolution on this machine, from the files it starts from to what is told of it. */
#ifndef CLI_EVOLVE_H
#define CLI_EVOLVE_H

#include "cli/evolve_trace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/evolution.h>
#include <poolminer/options.h>
#include <poolminer/suite.h>

struct evolution {
    const char *seed_names[PM_EVOLUTION_SEEDS_MAX]; /* the files they come from */
    struct pm_algorithm *seeds[PM_EVOLUTION_SEEDS_MAX];
    size_t seed_count;
    struct pm_dataset *dataset;
    struct pm_suite *evaluation_suite, *search_suite;
    struct pm_evolution_config config;
    struct pm_evolution_result result;
    double seconds;
    struct evolve_trace trace;
    int64_t shown_ms;            /* when progress was last shown */
    struct pm_error trace_error; /* what kept the trace from being whole, if anything */
};

/* The best that evolved and the seeds, side by side: the search saw only the search suite, and what
 * is better there need not be better on the suite that the pool's miners score on. */
struct evolve_candidate {
    const char *name; /* a seed's file, or "evolved" */
    const struct pm_algorithm *algorithm;
    double score, search_score; /* NaN: not scored in time */
};

struct evolve_comparison {
    struct evolve_candidate items[PM_EVOLUTION_SEEDS_MAX + 1]; /* seeds first */
    size_t seed_count, count, best;
    char *text; /* the best's, the caller's to free */
};

/* Scores them all. When the time is over, a moment is left for what is there by then; fails if
 * nothing could be scored. */
bool evolve_compare(const struct evolution *evolution, struct evolve_comparison *out,
                    struct pm_error *error);
/* Whether the best of all is none of the seeds. */
bool evolve_is_better(const struct evolve_comparison *comparison);

/* Prints the best text and how it came about: an algorithm's text with comments, or JSON. */
bool evolve_print(const struct evolution *evolution, const struct evolve_comparison *comparison,
                  bool json, struct pm_error *error);

/* Whether the drawing and the log (NULL: not wanted) can go where they are to: nowhere that one of
 * them or the result would write over another, and into a directory that is there. Said before the
 * search, which may take hours. */
bool evolve_check_paths(const char *plot, const char *log, struct pm_error *error);

#endif
