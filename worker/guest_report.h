/* What a worker tells of the machine it is a guest on: docs/jobs.md, "Report". */
#ifndef WORKER_GUEST_REPORT_H
#define WORKER_GUEST_REPORT_H

#include <poolminer/guest.h>
#include <poolminer/processors.h>

struct pm_guest_report {
    struct pm_processors processors;
    struct pm_guest_plan plan;
    double percent;     /* the limit */
    double cpu_percent; /* used lately, of what is available; below 0: not known yet */
    const struct pm_guest_readings *readings;
};

/* JSON, malloc'd; NULL when memory is out. */
char *pm_guest_report_write(const struct pm_guest_report *report);

#endif
