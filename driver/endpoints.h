/* Several addresses of one pool, the first preferred: which of them requests go to. After three
 * failures in a row it is the next one that answers /health (with many that take long to fail,
 * after some more: nobody waits longer than nine seconds for that); the first is probed once a
 * minute then, and returned to when it answers. One thread. */
#ifndef DRIVER_ENDPOINTS_H
#define DRIVER_ENDPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/http_client.h>

enum {
    PM_ENDPOINTS_MAX = 8,
    PM_ENDPOINT_FAILURES_MAX = 3,
    PM_ENDPOINT_PROBE_EVERY_MS = 60 * 1000,
};

struct pm_endpoints;

/* `http` gives all but the base URL. `probe_every_ms` 0: PM_ENDPOINT_PROBE_EVERY_MS. */
bool pm_endpoints_create(const struct pm_http_config *http, const char *const *urls, size_t count,
                         int64_t probe_every_ms, struct pm_endpoints **out, struct pm_error *error);
void pm_endpoints_destroy(struct pm_endpoints *endpoints);

/* Where the next request goes. Looks at the first one before, when that is due. */
struct pm_http *pm_endpoints_choose(struct pm_endpoints *endpoints);

/* The one with this URL, for a request that only it understands; NULL: it is none of these. What
 * becomes of that request is told like any other's. */
struct pm_http *pm_endpoints_at(struct pm_endpoints *endpoints, const char *url);

/* Another than the one with this URL, of which no answer comes: the one in use, or else the others
 * in turn. Where there is only one, that. */
struct pm_http *pm_endpoints_besides(struct pm_endpoints *endpoints, const char *url);

/* What became of it: an answer of whatever kind, or none that a healthy pool would give. */
void pm_endpoints_note(struct pm_endpoints *endpoints, bool healthy);

/* The URL that the last request went to; belongs to the object. */
const char *pm_endpoints_url(const struct pm_endpoints *endpoints);

#endif
