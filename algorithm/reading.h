/* Reading an algorithm, with more to tell than pm_algorithm_parse. Private to the room. */
#ifndef POOLMINER_ALGORITHM_READING_H
#define POOLMINER_ALGORITHM_READING_H

#include "algorithm/report.h"

#include <poolminer/algorithm.h>

/* The line that each instruction was read from. */
struct pm_instruction_lines {
    int line[PM_PHASE_COUNT][PM_PHASE_LENGTH_MAX];
};

/* pm_algorithm_parse with a report; `lines` may be NULL. */
bool pm_algorithm_read(const char *text, size_t length, int input_dim,
                       const struct pm_report *report, struct pm_instruction_lines *lines,
                       struct pm_algorithm **out, struct pm_error *error);

/* A sentence without subject: "a register is past its count". NULL for PM_ACTIVE. */
const char *pm_inertness_reason(enum pm_inertness inertness);

#endif
