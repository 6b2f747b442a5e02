/* Chooses which of a pool's addresses requests go to. The first address is the preferred one. After
 * three failures in a row at the address in use, the others are asked for /health in turn, and the
 * first that answers is used from then on. (Such a search takes nine seconds at most; what it did
 * not get to is asked after the next failures.) While another than the first address is in use, the
 * first is asked for /health once a minute, and used again as soon as it answers. An object belongs
 * to one thread. */
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

/* `urls` are the addresses, at most PM_ENDPOINTS_MAX, and `http` has everything else that the HTTP
 * client of each needs. `probe_every_ms` is how often the first is asked for /health while another
 * is in use; 0: PM_ENDPOINT_PROBE_EVERY_MS. */
bool pm_endpoints_create(const struct pm_http_config *http, const char *const *urls, size_t count,
                         int64_t probe_every_ms, struct pm_endpoints **out, struct pm_error *error);
void pm_endpoints_destroy(struct pm_endpoints *endpoints);

/* The HTTP client for the next request. When it is time to ask the first address for /health, does
 * that before. The client belongs to the object, here and below. */
struct pm_http *pm_endpoints_choose(struct pm_endpoints *endpoints);

/* The client of the address with this URL, for a request that only this address can answer; NULL
 * when there is no such address. */
struct pm_http *pm_endpoints_at(struct pm_endpoints *endpoints, const char *url);

/* The client of another address than this URL, which did not answer: the address in use, if it is
 * another; else the others, one after the other with each call. If there is only one address, that
 * one. */
struct pm_http *pm_endpoints_besides(struct pm_endpoints *endpoints, const char *url);

/* To be called after each request that was sent with one of these clients: `healthy` tells whether
 * the pool answered, whatever it said, or failed (no answer, or one of a server in trouble). */
void pm_endpoints_note(struct pm_endpoints *endpoints, bool healthy);

/* The URL that the last request went to; belongs to the object. */
const char *pm_endpoints_url(const struct pm_endpoints *endpoints);

#endif
