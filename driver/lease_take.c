#include "driver/lease_take.h"

#include "driver/lease_record.h"
#include "driver/lease_run.h"
#include "driver/lease_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/log.h>

/* Nothing to evaluate and nothing to evolve: closed at once, and then no better than no work. */
static bool is_empty(const struct pm_lease *lease)
{
    return lease->evaluate.count == 0 && (lease->seeds.count == 0 || lease->evolve_budget == 0);
}

static void log_lease(const struct pm_driver *driver, const struct pm_lease_record *record)
{
    const struct pm_lease *lease = &record->lease;
    pm_log(PM_LOG_INFO, "DRIVER-LEASE",
           "lease=%s kind=%s window=%" PRId64 " evaluate=%zu seeds=%zu budget=%" PRId64
           " seconds=%" PRId64,
           lease->id, pm_lease_kind_name(lease->kind), lease->window_number, lease->evaluate.count,
           lease->seeds.count, lease->evolve_budget,
           (record->deadline_ms - pm_driver_now_ms(driver)) / 1000);
    if (lease->skipped > 0) {
        pm_log(PM_LOG_WARN, "DRIVER-LEASE-SKIPPED", "lease=%s: %zu algorithms cannot be used: %s",
               lease->id, lease->skipped, lease->skip_reason.message);
    }
}

static void pass_over(struct pm_driver *driver, const char *lease_id, const struct pm_error *reason)
{
    pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-BAD", reason);
    pm_driver_note_unfinished(driver, lease_id, "which cannot be used here", reason);
}

/* A lease that is too large to be recorded is not usable, which is as far as it gets. */
static bool open_lease(struct pm_driver *driver, struct pm_lease_record *record,
                       struct pm_lease_grant *grant, struct pm_error *error)
{
    driver->counters.leases++;
    log_lease(driver, record);
    if (pm_lease_store_open(driver, record, error)) {
        grant->usable = true;
        grant->empty = is_empty(&record->lease);
        driver->lease_notice.active = false;
        driver->unfinished[0] = '\0'; /* another could not be had otherwise */
        return pm_lease_run(driver, record, error);
    }
    if (error->code != PM_ERROR_LIMIT) {
        return false;
    }
    pass_over(driver, record->lease.id, error);
    return true;
}

/* Fills `state` with what became of the lease here; "": nothing yet, or a stop leaves no time to
 * ask (the lease is then recorded, which matters more than being computed twice). */
static bool look_up(struct pm_driver *driver, const struct pm_lease_record *record,
                    char state[PM_RECORD_STATE_SIZE], struct pm_error *error)
{
    char key[PM_JOB_KEY_SIZE];
    const struct pm_driver_queue *queue = &driver->queue;
    pm_lease_record_key(driver->account, record->lease.id, key);
    bool done;
    do {
        done = queue->record_state(queue->context, driver->settings.run_id, key, state, error);
        if (!done && pm_driver_stopping(driver)) {
            return true;
        }
    } while (pm_driver_queue_again(driver, done, record->deadline_ms, error));
    return done || pm_fail_context(error, "looking up lease %s", record->lease.id);
}

/* A pool may hand out a lease again whose first answer was lost; one that is closed already would
 * only be computed again for nothing. False: see `reason`. */
static bool may_take(const struct pm_driver *driver, const struct pm_lease_record *record,
                     const char *state, struct pm_error *reason)
{
    const char *id = record->lease.id;
    bool closed = state[0] != '\0' && strcmp(state, PM_LEASE_OPEN) != 0;
    if (record->deadline_ms <= pm_driver_now_ms(driver)) {
        return pm_fail(reason, PM_ERROR_INVALID,
                       "the pool handed out lease %s, which has already run out; is a clock wrong?",
                       id);
    }
    if (closed && strcmp(id, driver->retry_lease_id) != 0) {
        return pm_fail(reason, PM_ERROR_INVALID,
                       "the pool handed out lease %s again, which is closed here as %s; the reason "
                       "was logged then",
                       id, state);
    }
    return true;
}

static bool parse(const struct pm_driver *driver, const struct pm_lease_grant *grant,
                  struct pm_lease *lease, struct pm_error *error)
{
    if (grant->asked == PM_LEASE_BOTH) {
        return pm_lease_parse(grant->body, lease, error);
    }
    int64_t received_ms = pm_driver_now_ms(driver) + pm_pool_client_clock_offset_ms(driver->pool);
    return pm_lease_parse_task(grant->body, grant->asked, received_ms, lease, error);
}

bool pm_lease_take(struct pm_driver *driver, struct pm_lease_grant *grant, struct pm_error *error)
{
    struct pm_lease_record record = {.jobs = driver->settings.jobs, .asked_ms = grant->asked_ms};
    struct pm_error reason = {0};
    char state[PM_RECORD_STATE_SIZE] = "";
    grant->usable = grant->empty = false;
    snprintf(record.granted_by, sizeof record.granted_by, "%s", pm_pool_client_url(driver->pool));
    if (!parse(driver, grant, &record.lease, &reason)) {
        pass_over(driver, "", &reason);
        return true;
    }
    record.deadline_ms = record.lease.timeout_ms - pm_pool_client_clock_offset_ms(driver->pool);
    bool done = look_up(driver, &record, state, error);
    if (done && !may_take(driver, &record, state, &reason)) {
        pass_over(driver, record.lease.id, &reason);
    } else if (done) {
        done = open_lease(driver, &record, grant, error);
    }
    pm_lease_record_clear(&record);
    return done;
}
