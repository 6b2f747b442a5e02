/* The "# meta:" lines of an algorithm's text. Private to the room. */
#ifndef POOLMINER_ALGORITHM_META_H
#define POOLMINER_ALGORITHM_META_H

#include "algorithm/lines.h"
#include "algorithm/report.h"

#include <stdbool.h>

#include <poolminer/algorithm.h>

enum {
    PM_META_COUNTS = 4,    /* scalar_count, vector_count, matrix_count, vector_dim */
    PM_META_SPELLINGS = 4, /* of a phase's bound; the first that is given counts */
    PM_META_KEYS = PM_META_COUNTS + PM_PHASE_COUNT * PM_META_SPELLINGS,
};

/* What the meta lines of a text say, before limits and defaults. */
struct pm_meta_text {
    struct {
        bool given;
        int line;
        int value; /* saturated at +-1,000,000 */
    } values[PM_META_KEYS];
};

/* Takes in one meta line; the last value of a repeated key counts. */
bool pm_meta_read_line(struct pm_meta_text *meta, const struct pm_line *line,
                       const struct pm_report *report, struct pm_error *error);

/* Limits and defaults applied. */
bool pm_meta_resolve(const struct pm_meta_text *text, int input_dim, const struct pm_report *report,
                     struct pm_algorithm_meta *out, struct pm_error *error);

#endif
