/* What the sidecar has to do, for lines that people read. */
#ifndef CLI_QUEUE_STATUS_H
#define CLI_QUEUE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_queue_client;

struct queue_status {
    int64_t queued, leased, completed; /* jobs; the last since the store was made */
    int64_t submitted;                 /* leases whose results the pool took */
};

/* A client for asking, which gives up as soon as this process is to stop. `key_file` NULL: on this
 * machine, and without keys. */
bool queue_status_connect(const char *sidecar_url, const char *key_file,
                          struct pm_queue_client **out, struct pm_error *error);
bool queue_status_read(struct pm_queue_client *client, struct queue_status *out,
                       struct pm_error *error);

#endif
