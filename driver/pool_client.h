/* The pool's API as the driver uses it: signed requests, typed answers. One client, one thread. */
#ifndef DRIVER_POOL_CLIENT_H
#define DRIVER_POOL_CLIENT_H

#include "driver/answer.h"
#include "driver/lease.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

struct pm_pool_client;

struct pm_pool_client_config {
    const char *const *pool_urls; /* of one pool, the preferred one first; at most 8 */
    size_t pool_url_count;
    int64_t probe_every_ms; /* how often the first is tried when another is in use; 0: 60 s */
    const char *ca_file;    /* certificates to trust; NULL: the system's store */
    const struct pm_hotkey *hotkey; /* must outlive the client */
    int64_t timeout_ms;             /* of one exchange; 0: 30,000 */
    const atomic_bool *stop;        /* may be NULL */
};

bool pm_pool_client_create(const struct pm_pool_client_config *config, struct pm_pool_client **out,
                           struct pm_error *error);
void pm_pool_client_destroy(struct pm_pool_client *client);

/* Every call: true with the answer's meaning in `answer` (to be cleared), whatever it is; "no
 * answer" is one of them. False only for PM_ERROR_INTERRUPTED (a stop came; leases and submissions
 * get a moment more to end well), PM_ERROR_MEMORY, PM_ERROR_INVALID and PM_ERROR_IO. A 401 that a
 * wrong clock may explain is tried once more with the clock learned from the answer. */
bool pm_pool_client_register(struct pm_pool_client *client, struct pm_answer *answer,
                             struct pm_error *error);
bool pm_pool_client_stats(struct pm_pool_client *client, struct pm_answer *answer,
                          struct pm_error *error);
/* What the pool owes the key of this address, its own. */
bool pm_pool_client_balance(struct pm_pool_client *client, const char *address,
                            struct pm_answer *answer, struct pm_error *error);
bool pm_pool_client_health(struct pm_pool_client *client, struct pm_answer *answer,
                           struct pm_error *error);

/* Results that were agreed on and earned nothing, judged from `since_ms` on (by the pool's clock),
 * or after the place that an answer before gave as `next` (NULL: none). Not every pool has this
 * call. */
bool pm_pool_client_unpaid(struct pm_pool_client *client, int64_t since_ms, const char *after,
                           int64_t limit, struct pm_answer *answer, struct pm_error *error);

struct pm_lease_request {
    const char *task_type;
    int64_t eval_batch_size, seed_batch_size;
    bool resume; /* a lease that is open already is wanted again; pools that cannot, ignore it */
};
bool pm_pool_client_lease(struct pm_pool_client *client, const struct pm_lease_request *request,
                          struct pm_answer *answer, struct pm_error *error);

/* Asks for a task: PM_LEASE_EVALUATE or PM_LEASE_EVOLVE. `resume` as above. */
bool pm_pool_client_task(struct pm_pool_client *client, enum pm_lease_kind kind, bool resume,
                         struct pm_answer *answer, struct pm_error *error);

struct pm_lease_submission {
    enum pm_lease_kind kind;
    const char *lease_id; /* of the characters that pm_lease_parse admits */
    const cJSON *content; /* from pm_submission_write; the proof is added, anew for each try */
    const char *url;      /* the address to send it to; NULL, or none of ours: the one in use */
    bool elsewhere;       /* to another address than `url`, if there is one */
    int64_t timeout_ms;   /* of this try, if that is less than the client's; 0: the client's */
};
bool pm_pool_client_submit(struct pm_pool_client *client,
                           const struct pm_lease_submission *submission, struct pm_answer *answer,
                           struct pm_error *error);

/* The address that the last call went to; belongs to the client. */
const char *pm_pool_client_url(const struct pm_pool_client *client);

/* The pool's clock minus ours, as learned from Date headers; 0 when they agree within 2 s. A Date
 * that is more than a day off is not believed. */
int64_t pm_pool_client_clock_offset_ms(const struct pm_pool_client *client);

#endif
