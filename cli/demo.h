/* What demo.c (the run) and demo_report.c (the table and the verdict) share. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "cli/figures.h"

#include <stdbool.h>

#include <poolminer/error.h>

enum { DEMO_MINERS = 3, DEMO_QUORUM = 2 };

/* What has to have happened for a demo to have succeeded, over all miners. */
struct demo_verdict {
    bool evaluated, evolved, agreed, paid;
};
struct demo_verdict demo_judge(const struct figures figures[DEMO_MINERS]);
bool demo_succeeded(const struct demo_verdict *verdict);

struct demo_report {
    const struct figures *figures; /* DEMO_MINERS of them */
    struct demo_verdict verdict;
    const char *dataset, *fingerprint, *suite;
    double duration_s;
};

/* To standard output: a table for people, or one JSON object. */
bool demo_print(const struct demo_report *report, bool json, struct pm_error *error);

/* Names to standard error every part of the verdict that failed. */
void demo_print_failures(const struct demo_verdict *verdict);

#endif
