#include "driver/endpoints.h"

#include "driver/answer.h"
#include "driver/limits.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

enum {
    PROBE_TIMEOUT_MS = 3000, /* a probe must not hold up what is to be sent, */
    PROBES_MS = 6000,        /* nor must several: no other is begun after so long */
};

struct pm_endpoints {
    struct pm_http *http[PM_ENDPOINTS_MAX];
    char *urls[PM_ENDPOINTS_MAX];
    size_t count, current;
    size_t used;   /* by the last request */
    size_t detour; /* which of the others is next when one is to be avoided */
    int failures;  /* of the current one, in a row */
    size_t looked; /* at so many of the others since these began */
    int64_t probe_every_ms, next_probe_ms;
};

static bool add(struct pm_endpoints *endpoints, const struct pm_http_config *shared,
                const char *url, struct pm_error *error)
{
    struct pm_http_config config = *shared;
    config.base_url = url;
    size_t index = endpoints->count;
    endpoints->urls[index] = strdup(url);
    if (endpoints->urls[index] == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the pool's addresses");
    }
    endpoints->count++;
    return pm_http_create(&config, &endpoints->http[index], error);
}

bool pm_endpoints_create(const struct pm_http_config *http, const char *const *urls, size_t count,
                         int64_t probe_every_ms, struct pm_endpoints **out, struct pm_error *error)
{
    if (count == 0 || count > PM_ENDPOINTS_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "give 1 to %d addresses, not %zu", PM_ENDPOINTS_MAX,
                       count);
    }
    struct pm_endpoints *endpoints = calloc(1, sizeof *endpoints);
    if (endpoints == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the pool's addresses");
    }
    endpoints->probe_every_ms = probe_every_ms > 0 ? probe_every_ms : PM_ENDPOINT_PROBE_EVERY_MS;
    for (size_t i = 0; i < count; i++) {
        if (!add(endpoints, http, urls[i], error)) {
            pm_endpoints_destroy(endpoints);
            return false;
        }
    }
    *out = endpoints;
    return true;
}

void pm_endpoints_destroy(struct pm_endpoints *endpoints)
{
    if (endpoints == NULL) {
        return;
    }
    for (size_t i = 0; i < endpoints->count; i++) {
        pm_http_destroy(endpoints->http[i]);
        free(endpoints->urls[i]);
    }
    free(endpoints);
}

const char *pm_endpoints_url(const struct pm_endpoints *endpoints)
{
    return endpoints->urls[endpoints->used];
}

static bool is_healthy(struct pm_http *http)
{
    const struct pm_http_request request = {.method = "GET",
                                            .path = "/health",
                                            .answer_max_bytes = PM_ANSWER_MAX_BYTES,
                                            .timeout_ms = PROBE_TIMEOUT_MS};
    struct pm_http_response response = {.date_ms = -1};
    struct pm_answer answer;
    struct pm_error failure = {0};
    bool came = pm_http_perform(http, &request, &response, &failure);
    pm_answer_classify(PM_CALL_HEALTH, &response, came ? NULL : &failure, &answer);
    bool healthy = answer.kind == PM_ANSWER_OK;
    pm_answer_clear(&answer);
    pm_http_response_clear(&response);
    return healthy;
}

static void go_to(struct pm_endpoints *endpoints, size_t index)
{
    endpoints->current = index;
    endpoints->failures = 0;
    endpoints->looked = 0;
    endpoints->next_probe_ms = pm_clock_monotonic_ms() + endpoints->probe_every_ms;
}

struct pm_http *pm_endpoints_choose(struct pm_endpoints *endpoints)
{
    if (endpoints->current != 0 && pm_clock_monotonic_ms() >= endpoints->next_probe_ms) {
        if (is_healthy(endpoints->http[0])) {
            pm_log(PM_LOG_WARN, "POOL-ENDPOINT-BACK", "%s answers again", endpoints->urls[0]);
            go_to(endpoints, 0);
        } else {
            endpoints->next_probe_ms = pm_clock_monotonic_ms() + endpoints->probe_every_ms;
        }
    }
    endpoints->used = endpoints->current;
    return endpoints->http[endpoints->current];
}

struct pm_http *pm_endpoints_at(struct pm_endpoints *endpoints, const char *url)
{
    for (size_t i = 0; i < endpoints->count; i++) {
        if (strcmp(endpoints->urls[i], url) == 0) {
            endpoints->used = i;
            return endpoints->http[i];
        }
    }
    return NULL;
}

struct pm_http *pm_endpoints_besides(struct pm_endpoints *endpoints, const char *url)
{
    pm_endpoints_choose(endpoints);
    if (endpoints->count > 1 && strcmp(endpoints->urls[endpoints->used], url) == 0) {
        size_t step = 1 + endpoints->detour++ % (endpoints->count - 1);
        endpoints->used = (endpoints->used + step) % endpoints->count;
    }
    return endpoints->http[endpoints->used];
}

/* On to the next that answers; where none does, everything stays as it is, for another three. What
 * there was no time to look at is looked at after the next failure. */
static void move_on(struct pm_endpoints *endpoints)
{
    const int64_t begun_ms = pm_clock_monotonic_ms();
    while (endpoints->looked + 1 < endpoints->count) {
        if (pm_clock_monotonic_ms() - begun_ms >= PROBES_MS) {
            return;
        }
        size_t next = (endpoints->current + ++endpoints->looked) % endpoints->count;
        if (is_healthy(endpoints->http[next])) {
            pm_log(PM_LOG_WARN, "POOL-ENDPOINT-NEXT",
                   "%s failed %d times in a row; going on with %s",
                   endpoints->urls[endpoints->current], PM_ENDPOINT_FAILURES_MAX,
                   endpoints->urls[next]);
            go_to(endpoints, next);
            return;
        }
    }
    endpoints->failures = 0;
    endpoints->looked = 0;
}

void pm_endpoints_note(struct pm_endpoints *endpoints, bool healthy)
{
    if (endpoints->used != endpoints->current) {
        return; /* says nothing about the one in use */
    }
    endpoints->failures = healthy ? 0 : endpoints->failures + 1;
    endpoints->looked = healthy ? 0 : endpoints->looked;
    if (endpoints->failures >= PM_ENDPOINT_FAILURES_MAX && endpoints->count > 1) {
        move_on(endpoints);
    }
}
