/* Tells a relay of each new best algorithm that was evolved and agreed on here. On a thread of its
 * own: no miner waits for it, and what the relay does not take now is tried again, with growing
 * pauses or when the relay says (Retry-After, an hour at most), for as long as nothing better has
 * come. */
#ifndef POOL_RELAY_H
#define POOL_RELAY_H

#include "pool/store.h"

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/hotkey.h>

struct pm_relay_config {
    const char *url;     /* POST {url}/submit_solution */
    const char *task_id; /* what the relay calls the task */
    const struct pm_hotkey *hotkey;
    struct pm_pool_store *store; /* remembers what was forwarded last, also over a restart */
    int64_t timeout_ms;          /* of one try; 0: 30,000 */
    int64_t first_pause_ms;      /* after a try that failed, then twice as long; 0: 1,000 */
    int64_t last_pause_ms;       /* never longer than this; 0: 600,000 */
};

struct pm_relay;

/* Starts. PM_ERROR_INVALID: the URL. What `config` points at must outlive the relay. */
bool pm_relay_create(const struct pm_relay_config *config, struct pm_relay **out,
                     struct pm_error *error);
/* Stops within a second; a forwarding that was under way is made again next time. */
void pm_relay_destroy(struct pm_relay *relay);

#endif
