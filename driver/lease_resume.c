#include "driver/lease_resume.h"

#include "driver/lease_record.h"
#include "driver/lease_run.h"
#include "driver/lease_store.h"

#include <inttypes.h>
#include <string.h>

#include <poolminer/log.h>

enum { RECORDS_MAX = 10 * 1000, SWEEP_SLICE = 100 };

/* ---- open leases ---- */

/* Was it computed, so that it may have been submitted? The note of that may be lost, as may be the
 * clock's way. One without jobs is done as soon as it is there. */
static bool was_computed(struct pm_driver *driver, const struct pm_lease *lease, bool *out,
                         struct pm_error *error)
{
    char prefix[PM_JOB_KEY_SIZE];
    struct pm_job_results results = {0};
    *out = lease->evaluate.count == 0 && lease->seeds.count == 0;
    pm_lease_key_prefix(driver->account, lease->id, prefix);
    if (!*out && !driver->queue.results(driver->queue.context, driver->settings.run_id, prefix, 1,
                                        &results, error)) {
        return false;
    }
    *out = *out || results.count > 0;
    pm_job_results_clear(&results);
    return true;
}

static bool run_record(struct pm_driver *driver, struct pm_lease_record *record,
                       struct pm_error *error)
{
    int64_t late_ms = pm_driver_now_ms(driver) - record->deadline_ms;
    bool computed = true;
    if (late_ms >= 0 && !record->maybe_submitted &&
        !was_computed(driver, &record->lease, &computed, error)) {
        return false;
    }
    if (!computed) {
        struct pm_lease_end end = {0};
        pm_lease_end_set(&end, PM_LEASE_EXPIRED, PM_CAUSE_RAN_OUT, pm_driver_now_ms(driver),
                         late_ms, "it ran out %" PRId64 " s ago, while no driver was there",
                         late_ms / 1000);
        return pm_lease_store_expired(driver, record, &end, error);
    }
    pm_log(PM_LOG_INFO, "DRIVER-LEASE-RESUMED", "lease=%s seconds_left=%" PRId64, record->lease.id,
           (record->deadline_ms - pm_driver_now_ms(driver)) / 1000);
    return pm_lease_run(driver, record, error);
}

static bool resume_record(struct pm_driver *driver, const struct pm_record *stored,
                          struct pm_error *error)
{
    struct pm_lease_record record;
    struct pm_error reason = {0};
    if (!pm_lease_record_decode(stored->body, stored->body_size, &record, &reason)) {
        pm_log(PM_LOG_ERROR, "DRIVER-RECORD-BAD", "key=%s: %s", stored->key, reason.message);
        const struct pm_record_put put = {.run_id = driver->settings.run_id,
                                          .key = stored->key,
                                          .state = PM_LEASE_EXPIRED,
                                          .reason = reason.message,
                                          .body = stored->body,
                                          .body_size = stored->body_size};
        return driver->queue.record_put(driver->queue.context, &put, error);
    }
    record.maybe_submitted =
        record.maybe_submitted ||
        (stored->reason != NULL && strcmp(stored->reason, PM_LEASE_SUBMITTING) == 0);
    bool done = run_record(driver, &record, error);
    pm_lease_record_clear(&record);
    return done;
}

bool pm_lease_resume(struct pm_driver *driver, struct pm_error *error)
{
    struct pm_records records = {0};
    char prefix[PM_JOB_KEY_SIZE];
    pm_lease_record_prefix(driver->account, prefix);
    bool done;
    do {
        done = driver->queue.records(driver->queue.context, driver->settings.run_id, prefix,
                                     PM_LEASE_OPEN, RECORDS_MAX, &records, error);
    } while (pm_driver_queue_again(driver, done, pm_driver_end_ms(driver), error));
    for (size_t i = 0; done && i < records.count; i++) {
        done = resume_record(driver, &records.items[i], error);
    }
    pm_records_clear(&records);
    return done;
}

/* ---- outcomes of closed leases ---- */

/* Collects one slice of the outcomes under `prefix`; how many there were, or false. */
static bool sweep_slice(struct pm_driver *driver, const char *prefix, size_t *count,
                        struct pm_error *error)
{
    int64_t ids[SWEEP_SLICE];
    struct pm_job_results results = {0};
    const struct pm_driver_queue *queue = &driver->queue;
    if (!queue->results(queue->context, driver->settings.run_id, prefix, SWEEP_SLICE, &results,
                        error)) {
        return false;
    }
    for (size_t i = 0; i < results.count; i++) {
        ids[i] = results.items[i].job_id;
    }
    *count = results.count;
    pm_job_results_clear(&results);
    return *count == 0 || queue->collect(queue->context, ids, *count, error);
}

void pm_lease_sweep(struct pm_driver *driver)
{
    char prefix[PM_ACCOUNT_SIZE + 1];
    struct pm_error error = {0};
    size_t length = strlen(driver->account), swept = 0, count = SWEEP_SLICE;
    memcpy(prefix, driver->account, length);
    memcpy(prefix + length, "/", 2);
    bool done =
        driver->queue.cancel(driver->queue.context, driver->settings.run_id, prefix, &error);
    while (done && count == SWEEP_SLICE) { /* a slice that is not full is the last */
        done = sweep_slice(driver, prefix, &count, &error);
        swept += done ? count : 0;
    }
    if (!done) {
        pm_log(PM_LOG_DEBUG, "DRIVER-COLLECT-LATER", "%s", error.message);
    }
    if (swept > 0) {
        pm_log(PM_LOG_INFO, "DRIVER-SWEPT", "outcomes of closed leases: %zu", swept);
    }
}
