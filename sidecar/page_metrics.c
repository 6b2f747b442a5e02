/* The state as Prometheus reads it. */
#include "sidecar/page_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

struct metric {
    const char *name, *type, *help;
    const char *path; /* members of the state, joined by dots */
};

static const struct metric METRICS[] = {
    {"poolminer_uptime_seconds", "gauge", "Since the sidecar started.", "uptime_s"},
    {"poolminer_jobs_queued", "gauge", "Jobs that wait for a worker.", "jobs.queued"},
    {"poolminer_jobs_leased", "gauge", "Jobs that are being computed.", "jobs.leased"},
    {"poolminer_jobs_set_aside", "gauge", "Jobs that three workers were lost with.",
     "jobs.set_aside"},
    {"poolminer_jobs_completed_total", "counter", "Jobs computed.", "completed_jobs"},
    {"poolminer_jobs_failed_total", "counter", "Jobs that could not be computed.", "failed_jobs"},
    {"poolminer_leases_lost_total", "counter", "Jobs that a worker was lost with.",
     "jobs.lost_leases"},
    {"poolminer_store_bytes", "gauge", "Of all bodies, results and records.", "jobs.bytes"},
    {"poolminer_connections", "gauge", "Of drivers, workers and people, open now.", "connections"},
    {"poolminer_connections_no_handshake_total", "counter",
     "Closed as the peer did not say what it is.", "closed_connections.no_handshake"},
    {"poolminer_connections_broken_total", "counter", "Closed for a frame too large, or no ZMTP 3.",
     "closed_connections.broken"},
    {"poolminer_connections_overfull_total", "counter", "Closed as too much came unread.",
     "closed_connections.overfull"},
    {"poolminer_connections_deaf_total", "counter", "Closed as replies were not taken.",
     "closed_connections.deaf"},
    {"poolminer_connections_excess_total", "counter", "Closed as there were too many.",
     "closed_connections.excess"},
    {"poolminer_submissions_accepted_total", "counter", "Leases whose results the pool took.",
     "successful_submissions"},
    {"poolminer_submissions_refused_total", "counter", "Leases whose results the pool refused.",
     "refused_submissions"},
    {"poolminer_leases_expired_total", "counter", "Leases that ran out.", "expired_leases"},
    {"poolminer_results_unpaid_total", "counter", "Results agreed on and not paid.",
     "unpaid_results"},
    {"poolminer_evaluations_total", "counter", "Evaluations sent in, as the pool counts them.",
     "miner.stats.evaluations_submitted"},
    {"poolminer_evolutions_total", "counter",
     "Evolved algorithms sent in, as the pool counts them.", "miner.stats.evolutions_submitted"},
    {"poolminer_accuracy_ratio", "gauge", "Of the evaluations that reached consensus.",
     "miner.stats.accuracy_rate"},
    {"poolminer_success_ratio", "gauge", "Of the evolutions that reached consensus.",
     "miner.stats.success_rate"},
    {"poolminer_reputation", "gauge", "In this epoch.", "miner.stats.reputation"},
    {"poolminer_reputation_total", "counter", "In all epochs.", "miner.stats.reputation_total"},
    {"poolminer_balance_rao", "gauge", "Settled and not withdrawn.", "miner.stats.balance_rao"},
    {"poolminer_paid_rao_total", "counter", "Paid by all epochs.", "miner.stats.lifetime_rao"},
    {"poolminer_best_score", "gauge", "Best consensus of an own algorithm.",
     "miner.stats.best_score"},
    {"poolminer_lease_seconds_left", "gauge", "Of the lease that is being computed.", ""},
};

/* NAN: not known. */
static double find_value(const cJSON *state, const char *path)
{
    char name[64];
    const cJSON *item = state;
    while (*path != '\0' && item != NULL) {
        size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            return NAN;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        item = cJSON_GetObjectItemCaseSensitive(item, name);
        path += length + (path[length] == '.' ? 1 : 0);
    }
    return item != NULL && cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static double lease_seconds_left(const cJSON *state)
{
    return (find_value(state, "miner.lease.deadline_ms") - find_value(state, "now_ms")) / 1000;
}

char *pm_page_metrics_write(const cJSON *state)
{
    struct pm_text text = {0};
    for (size_t i = 0; i < sizeof METRICS / sizeof *METRICS; i++) {
        const struct metric *metric = &METRICS[i];
        double value =
            metric->path[0] != '\0' ? find_value(state, metric->path) : lease_seconds_left(state);
        if (isfinite(value)) {
            pm_text_append(&text, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", metric->name,
                           metric->help, metric->name, metric->type, metric->name, value);
        }
    }
    const cJSON *workers = cJSON_GetObjectItemCaseSensitive(state, "workers");
    pm_text_append(&text,
                   "# HELP poolminer_workers Jobs that are computed at once, and waiting "
                   "workers.\n# TYPE poolminer_workers gauge\npoolminer_workers %d\n",
                   cJSON_GetArraySize(workers));
    if (text.failed) {
        pm_text_clear(&text);
    }
    return text.data;
}
