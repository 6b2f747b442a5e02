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
    char resting[256];                 /* why no worker computes; "": one does, or none is there */
    struct queue_evolution {
        int jobs;            /* evolutions that are computed */
        double done, of_all; /* their generations together */
        double best;         /* search score; 0: none known yet */
    } evolution;
};

/* A client for asking, which gives up as soon as this process is to stop. `more_urls`: as
 * pm_queue_client_config's. `key_file` NULL: on this machine, and without keys. */
bool queue_status_connect(const char *sidecar_url, const char *const *more_urls,
                          const char *key_file, struct pm_queue_client **out,
                          struct pm_error *error);
bool queue_status_read(struct pm_queue_client *client, struct queue_status *out,
                       struct pm_error *error);

/* "[######......] 50 % of 2 evolutions, best 0.7812"; "" while nothing evolves. */
enum { QUEUE_BAR_SIZE = 96 };
void queue_status_bar(const struct queue_status *status, char out[QUEUE_BAR_SIZE]);

#endif
