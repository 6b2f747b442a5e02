#include "driver/rest.h"

#include "driver/timing.h"

#include <inttypes.h>
#include <stdio.h>

#include <poolminer/log.h>

static uint32_t chance(const struct pm_driver *driver)
{
    return driver->host.random(driver->host.context);
}

bool pm_rest(struct pm_driver *driver, int64_t wait_ms, struct pm_error *error)
{
    int64_t until_ms = pm_driver_now_ms(driver) + wait_ms;
    int64_t over_ms = driver->started_ms + driver->settings.duration_ms;
    if (driver->settings.duration_ms > 0 && until_ms > over_ms) {
        until_ms = over_ms;
    }
    return pm_driver_wait_until(driver, until_ms) ||
           pm_fail(error, PM_ERROR_INTERRUPTED, "stopped");
}

bool pm_rest_after_failure(struct pm_driver *driver, const struct pm_answer *answer,
                           unsigned *failures, struct pm_error *error)
{
    (*failures)++;
    return pm_rest(driver, pm_backoff_ms(*failures, answer->retry_after_ms, chance(driver)), error);
}

bool pm_rest_without_work(struct pm_driver *driver, struct pm_error *error)
{
    return pm_rest(driver, pm_no_work_wait_ms(driver->settings.no_work_wait_ms, chance(driver)),
                   error);
}

/* Until when other work is in the way; coarse, so that it is not news every time. */
static void describe_wait(int64_t left_ms, char *out, size_t size)
{
    int64_t minutes = (left_ms + 59999) / 60000;
    if (left_ms < 0) {
        snprintf(out, size, "until it has run out (pools usually give three hours)");
    } else {
        snprintf(out, size, "until it has run out, in %" PRId64 " min at most",
                 minutes > 10 ? (minutes + 9) / 10 * 10 : minutes);
    }
}

bool pm_rest_while_taken(struct pm_driver *driver, const struct pm_answer *answer,
                         struct pm_error *error)
{
    struct pm_error reason = {0};
    char until[64];
    describe_wait(answer->time_remaining_ms, until, sizeof until);
    if (driver->unfinished[0] != '\0') {
        pm_fail(&reason, PM_ERROR_REFUSED,
                "the pool says: %.120s; it holds %s; asked again every %d s, %s",
                answer->reason.message, driver->unfinished, PM_ACTIVE_TASK_WAIT_MS / 1000, until);
    } else {
        pm_fail(&reason, PM_ERROR_REFUSED,
                "the pool says: %.200s; this driver knows of no lease that is open, so one was "
                "lost on its way or another machine mines with this key; asked again every %d s, "
                "%s",
                answer->reason.message, PM_ACTIVE_TASK_WAIT_MS / 1000, until);
    }
    pm_notice_raise(&driver->lease_notice, "DRIVER-ACTIVE-TASK", &reason);
    return pm_rest(driver, PM_ACTIVE_TASK_WAIT_MS, error);
}

bool pm_rest_until_next_window(struct pm_driver *driver, int64_t time_remaining_ms,
                               struct pm_error *error)
{
    if (time_remaining_ms < 0) {
        struct pm_answer health;
        if (!pm_pool_client_health(driver->pool, &health, error)) {
            return false;
        }
        time_remaining_ms = health.time_remaining_ms;
        pm_answer_clear(&health);
    }
    int64_t wait_ms =
        pm_window_wait_ms(time_remaining_ms, driver->settings.window_wait_min_ms, chance(driver));
    pm_log(PM_LOG_INFO, "DRIVER-NEXT-WINDOW", "this window's lease is done; next in %" PRId64 " s",
           wait_ms / 1000);
    return pm_rest(driver, wait_ms, error);
}
