#include "pool/trouble.h"

#include <inttypes.h>

#include <poolminer/log.h>

enum { PAUSE_MS = 60000 };

void pm_trouble_failed(struct pm_trouble *trouble, int64_t now_ms, const char *what,
                       const char *why)
{
    pthread_mutex_lock(&trouble->mutex);
    bool due = !trouble->on || now_ms - trouble->logged_ms >= PAUSE_MS;
    int64_t before = trouble->unlogged;
    trouble->on = true;
    trouble->unlogged = due ? 0 : before + 1;
    if (due) {
        trouble->logged_ms = now_ms;
    }
    pthread_mutex_unlock(&trouble->mutex);
    if (due && before == 0) {
        pm_log(PM_LOG_ERROR, "POOL-STORE-FAILED", "%s: %s", what, why);
    } else if (due) {
        pm_log(PM_LOG_ERROR, "POOL-STORE-FAILED", "%s: %s (and %" PRId64 " times before)", what,
               why, before);
    }
}

void pm_trouble_over(struct pm_trouble *trouble)
{
    pthread_mutex_lock(&trouble->mutex);
    bool was_on = trouble->on;
    int64_t unlogged = trouble->unlogged;
    trouble->on = false;
    trouble->unlogged = 0;
    pthread_mutex_unlock(&trouble->mutex);
    if (was_on) {
        pm_log(PM_LOG_WARN, "POOL-STORE-BACK",
               "the store can be written again (%" PRId64 " failures were not logged)", unlogged);
    }
}
