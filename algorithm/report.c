#include "algorithm/report.h"

#include <stdarg.h>
#include <stdio.h>

/* Reasons quote text from strangers, and end up in logs and JSON. */
static void keep_printable(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            *text = '?';
        }
    }
}

bool pm_report(const struct pm_report *report, int line, enum pm_severity severity,
               struct pm_error *error, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    keep_printable(reason);

    if (severity == PM_REFUSED && report->strict) {
        return pm_fail(error, PM_ERROR_INVALID, "line %d: %s", line, reason);
    }
    if (report->sink != NULL) {
        report->sink(report->context, line, severity == PM_REFUSED, reason);
    }
    return true;
}
