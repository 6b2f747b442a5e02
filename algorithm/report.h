/* What reading an algorithm's text has to say about it. Private to the room. */
#ifndef POOLMINER_ALGORITHM_REPORT_H
#define POOLMINER_ALGORITHM_REPORT_H

#include <stdbool.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>

/* `refused`: strict reading ends here with this reason. */
typedef void pm_report_sink(void *context, int line, bool refused, const char *reason);

struct pm_report {
    bool strict;
    pm_report_sink *sink; /* may be NULL */
    void *context;
};

enum pm_severity {
    PM_ODD,    /* means what the grammar says, perhaps not what its writer thinks */
    PM_REFUSED /* a lenient reading: an error in strict mode */
};

/* False, with the error set, when the severity ends the reading. */
bool pm_report(const struct pm_report *report, int line, enum pm_severity severity,
               struct pm_error *error, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
