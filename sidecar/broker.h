/* The broker: one ROUTER socket, rounds. In a round it takes the requests that have arrived,
 * carries them out in one transaction, commits, syncs, and only then answers: one sync serves many
 * clients, and nothing is acknowledged that is not durable. */
#ifndef PM_SIDECAR_BROKER_H
#define PM_SIDECAR_BROKER_H

#include "sidecar/store.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_broker_config {
    const char *host; /* numeric, or localhost */
    int port;         /* 0: any free one */
    const char *keys; /* directory, see access.h; NULL: a loopback address, no encryption */
    int64_t lease_ms, heartbeat_ms;
    int64_t max_jobs, max_bytes;
    size_t max_connections;
};

struct pm_broker;

/* Binds the socket. The store must outlive the broker. PM_ERROR_REFUSED: the address is in use, or
 * is not loopback and there are no keys. */
bool pm_broker_create(const struct pm_broker_config *config, struct pm_store *store,
                      struct pm_broker **out, struct pm_error *error);
void pm_broker_destroy(struct pm_broker *broker);
int pm_broker_port(const struct pm_broker *broker);

/* For the view, which is a client of this process: the ZeroMQ context, in which the broker listens
 * at PM_BROKER_INPROC_URL, whoever else is let in. */
#define PM_BROKER_INPROC_URL "inproc://broker"
void *pm_broker_context(const struct pm_broker *broker);
/* What the verbs `tell`, `supervise` and `state` go to; NULL: they are answered with `not-found`.
 */
struct pm_view;
void pm_broker_set_view(struct pm_broker *broker, struct pm_view *view);

/* Serves until `stop` is set. False when the socket failed, or the store is lost (store.h): then
 * those who wait have been told. */
bool pm_broker_run(struct pm_broker *broker, const atomic_bool *stop, struct pm_error *error);

#endif
