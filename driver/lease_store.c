#include "driver/lease_store.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

/* Repeats the call until the sidecar has the record, `deadline_ms` (0: none) or a stop. */
static bool put_record(struct pm_driver *driver, const struct pm_lease *lease, const char *state,
                       const char *reason, const char *body, int64_t deadline_ms,
                       struct pm_error *error)
{
    char key[PM_JOB_KEY_SIZE];
    pm_lease_record_key(driver->account, lease->id, key);
    const struct pm_record_put put = {.run_id = driver->settings.run_id,
                                      .key = key,
                                      .state = state,
                                      .reason = reason,
                                      .body = body,
                                      .body_size = strlen(body)};
    bool done;
    do {
        done = driver->queue.record_put(driver->queue.context, &put, error);
    } while (pm_driver_queue_again(driver, done, deadline_ms, error));
    return done || pm_fail_context(error, "recording lease %s as %s", lease->id, state);
}

bool pm_lease_store_open(struct pm_driver *driver, const struct pm_lease_record *record,
                         struct pm_error *error)
{
    char *body = pm_lease_record_encode(record, error);
    if (body == NULL) {
        return false;
    }
    bool done =
        put_record(driver, &record->lease, PM_LEASE_OPEN, "", body, record->deadline_ms, error);
    free(body);
    return done;
}

bool pm_lease_store_closed(struct pm_driver *driver, const struct pm_lease_record *record,
                           const struct pm_submission *submission, const struct pm_lease_end *end,
                           struct pm_error *error)
{
    char *body = pm_lease_record_encode_closed(record, submission, end, error);
    if (body == NULL) {
        return false;
    }
    bool done = put_record(driver, &record->lease, end->state, end->reason.message, body,
                           pm_driver_end_ms(driver), error);
    free(body);
    if (strcmp(end->state, PM_LEASE_SUBMITTED) == 0 ||
        pm_driver_now_ms(driver) >= record->deadline_ms) { /* it has run out for the pool, too */
        driver->unfinished[0] = '\0';
    } else {
        pm_driver_note_unfinished(driver, record->lease.id,
                                  strcmp(end->state, PM_LEASE_REFUSED) == 0
                                      ? "whose results it refused"
                                      : "which ended here",
                                  &end->reason);
    }
    return done;
}

bool pm_lease_store_expired(struct pm_driver *driver, const struct pm_lease_record *record,
                            struct pm_lease_end *end, struct pm_error *error)
{
    struct pm_submission nothing;
    pm_submission_init(&nothing, &record->lease);
    end->state = PM_LEASE_EXPIRED;
    if (!pm_lease_store_closed(driver, record, &nothing, end, error)) {
        return false;
    }
    driver->counters.leases_expired++;
    pm_log(PM_LOG_WARN, "DRIVER-LEASE-EXPIRED", "lease=%s: %s", record->lease.id,
           end->reason.message);
    return true;
}
