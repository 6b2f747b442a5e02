#include "driver/coordinator.h"

#include "driver/lease_resume.h"
#include "driver/registration.h"
#include "driver/report.h"
#include "driver/rest.h"
#include "driver/unpaid.h"
#include "driver/work_request.h"

#include <poolminer/log.h>

enum { PAUSED_WAIT_MS = 1000 };

/* Said once, when it begins and when it is over. */
static void note_pause(struct pm_driver *driver, const char *paused)
{
    if (paused[0] != '\0' && !driver->paused) {
        pm_log(PM_LOG_INFO, "DRIVER-PAUSED", "no work is asked for while no worker computes: %s",
               paused);
    } else if (paused[0] == '\0' && driver->paused) {
        pm_log(PM_LOG_INFO, "DRIVER-RESUMED", "work is asked for again");
    }
    driver->paused = paused[0] != '\0';
}

/* Without a sidecar that has room for a lease, and a worker that would compute it, none is taken:
 * it could only run out. */
static bool await_room(struct pm_driver *driver, struct pm_error *error)
{
    char paused[PM_QUEUE_PAUSED_SIZE] = "";
    do {
        bool done;
        do {
            done = driver->queue.room(driver->queue.context, PM_JOB_BODY_MAX, paused, error);
        } while (pm_driver_queue_again(driver, done, pm_driver_end_ms(driver), error));
        if (!done) {
            return false;
        }
        note_pause(driver, paused);
        if (paused[0] != '\0' && !pm_rest(driver, PAUSED_WAIT_MS, error)) {
            return false;
        }
    } while (paused[0] != '\0' && !pm_driver_over(driver));
    return true;
}

/* A sidecar that stayed away is no reason to end: its leases are found again when it is back. */
static bool may_go_on(const struct pm_driver *driver, const struct pm_error *error)
{
    return error->code == PM_ERROR_UNAVAILABLE && !pm_driver_over(driver);
}

static bool live(struct pm_driver *driver, struct pm_error *error)
{
    unsigned failures = 0;
    bool swept = false;
    driver->lease_may_be_lost = true; /* a driver before this one may have been killed */
    if (!pm_registration(driver, error)) {
        return false;
    }
    for (;;) {
        pm_report_tick(driver); /* also where the work leaves no pause */
        bool done = pm_lease_resume(driver, error);
        if (done && !swept) {
            pm_lease_sweep(driver);
            swept = true;
        }
        if (done && pm_driver_over(driver)) {
            return true;
        }
        done = done && await_room(driver, error);
        if (done && pm_driver_over(driver)) {
            return true;
        }
        done = done && pm_work_request(driver, &failures, error);
        if (!done && !may_go_on(driver, error)) {
            return false;
        }
    }
}

bool pm_coordinator_run(struct pm_driver *driver, struct pm_error *error)
{
    struct pm_error end = {0};
    driver->started_ms = pm_driver_now_ms(driver);
    driver->next_report_ms = driver->started_ms + PM_REPORT_EVERY_MS;
    bool done = live(driver, &end);
    pm_report_now(driver, !pm_driver_stopping(driver)); /* a stop must not wait for the network */
    if (done) {
        pm_unpaid_tick(driver);
    }
    pm_report_clear(driver);
    if (done || end.code == PM_ERROR_INTERRUPTED) {
        return true;
    }
    if (end.code == PM_ERROR_UNAVAILABLE && pm_driver_over(driver)) {
        return true; /* the duration is over, and what is open is in the sidecar's store */
    }
    return pm_fail(error, end.code, "%s", end.message);
}
