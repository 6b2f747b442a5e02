/* What the pool counts of its own work since it started, for /metrics. Safe from several threads.
 */
#ifndef POOL_METRICS_H
#define POOL_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include <poolminer/text.h>

enum { PM_METRICS_STATUS_MAX = 600 };

struct pm_metrics {
    atomic_int_least64_t requests[PM_METRICS_STATUS_MAX]; /* by the status of the answer */
    atomic_int_least64_t request_ns;                      /* from the whole request to its answer */
    atomic_int_least64_t store_failures;
    atomic_int_least64_t in_hand; /* begun and not answered */
};

/* A request has come. */
void pm_metrics_begin(struct pm_metrics *metrics);
/* It was answered. */
void pm_metrics_count(struct pm_metrics *metrics, int status, int64_t took_ns);

/* What pm_metrics_count does first; by itself for a request that was refused before it could begin.
 */
void pm_metrics_count_status(struct pm_metrics *metrics, int status);

/* One figure in Prometheus' text format, with its help and type ("counter", "gauge"). */
void pm_metrics_write(struct pm_text *text, const char *name, const char *type, const char *help,
                      double value);
/* All of the above. */
void pm_metrics_write_all(struct pm_text *text, struct pm_metrics *metrics);

#endif
