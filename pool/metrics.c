#include "pool/metrics.h"

#include <inttypes.h>

#define PREFIX "poolminer_pool_"

void pm_metrics_begin(struct pm_metrics *metrics)
{
    atomic_fetch_add(&metrics->in_hand, 1);
}

void pm_metrics_count_status(struct pm_metrics *metrics, int status)
{
    if (status >= 0 && status < PM_METRICS_STATUS_MAX) {
        atomic_fetch_add(&metrics->requests[status], 1);
    }
}

void pm_metrics_count(struct pm_metrics *metrics, int status, int64_t took_ns)
{
    pm_metrics_count_status(metrics, status);
    atomic_fetch_add(&metrics->request_ns, took_ns);
    atomic_fetch_sub(&metrics->in_hand, 1);
}

static void write_head(struct pm_text *text, const char *name, const char *type, const char *help)
{
    pm_text_append(text, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
                   type);
}

void pm_metrics_write(struct pm_text *text, const char *name, const char *type, const char *help,
                      double value)
{
    write_head(text, name, type, help);
    pm_text_append(text, PREFIX "%s %.17g\n", name, value);
}

void pm_metrics_write_all(struct pm_text *text, struct pm_metrics *metrics)
{
    write_head(text, "requests_total", "counter", "Requests answered, by status.");
    for (int status = 0; status < PM_METRICS_STATUS_MAX; status++) {
        int64_t count = atomic_load(&metrics->requests[status]);
        if (count > 0) {
            pm_text_append(text, PREFIX "requests_total{status=\"%d\"} %" PRId64 "\n", status,
                           count);
        }
    }
    pm_metrics_write(text, "request_seconds_total", "counter", "Time spent on answering.",
                     (double)atomic_load(&metrics->request_ns) / 1e9);
    pm_metrics_write(text, "requests_in_hand", "gauge",
                     "Requests that wait for their answer, this one among them.",
                     (double)atomic_load(&metrics->in_hand));
    pm_metrics_write(text, "store_failures_total", "counter",
                     "Calls and settlings that the store failed.",
                     (double)atomic_load(&metrics->store_failures));
}
