#include "driver/driver.h"

#include "driver/report.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/log.h>

enum { STEP_MS = 200, QUEUE_WAIT_MS = 1000 };

void pm_driver_account(const char *address, const char *pool_url, char out[PM_ACCOUNT_SIZE])
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    char tag[17];
    size_t length = strlen(pool_url);
    while (length > 0 && pool_url[length - 1] == '/') {
        length--;
    }
    crypto_generichash(hash, sizeof hash, (const unsigned char *)pool_url, length, NULL, 0);
    sodium_bin2hex(tag, sizeof tag, hash, (sizeof tag - 1) / 2);
    snprintf(out, PM_ACCOUNT_SIZE, "%.*s@%s", PM_ADDRESS_SIZE - 1, address, tag);
}

static const char *const mode_names[] = {
    [PM_MODE_LEASE] = "lease",
    [PM_MODE_EVALUATE] = "evaluate",
    [PM_MODE_EVOLVE] = "evolve",
    [PM_MODE_ALTERNATE] = "alternate",
};

const char *pm_work_mode_name(enum pm_work_mode mode)
{
    return mode_names[mode];
}

bool pm_work_mode_parse(const char *name, enum pm_work_mode *out)
{
    for (enum pm_work_mode mode = PM_MODE_LEASE; mode <= PM_MODE_ALTERNATE; mode++) {
        if (strcmp(name, mode_names[mode]) == 0) {
            *out = mode;
            return true;
        }
    }
    return false;
}

struct pm_share_judged pm_driver_judged(const struct pm_driver *driver)
{
    return pm_share_judged(driver->first_stats, driver->stats);
}

int64_t pm_driver_now_ms(const struct pm_driver *driver)
{
    return driver->host.now_ms(driver->host.context);
}

bool pm_driver_stopping(const struct pm_driver *driver)
{
    return driver->stop != NULL && atomic_load(driver->stop);
}

bool pm_driver_holds_until(const struct pm_driver *driver, int64_t until_ms, int64_t most_ms)
{
    const int64_t left_ms = until_ms - pm_driver_now_ms(driver);
    return left_ms > 0 && left_ms <= most_ms;
}

int64_t pm_driver_end_ms(const struct pm_driver *driver)
{
    if (driver->settings.duration_ms == 0) {
        return 0;
    }
    return driver->started_ms + driver->settings.duration_ms + driver->settings.grace_ms;
}

bool pm_driver_over(const struct pm_driver *driver)
{
    return driver->settings.duration_ms > 0 &&
           pm_driver_now_ms(driver) >= driver->started_ms + driver->settings.duration_ms;
}

bool pm_driver_wait_until(struct pm_driver *driver, int64_t until_ms)
{
    int64_t most_ms = until_ms - pm_driver_now_ms(driver); /* should the clock be set back */
    while (!pm_driver_stopping(driver)) {
        pm_report_tick(driver);
        int64_t left_ms = until_ms - pm_driver_now_ms(driver);
        left_ms = left_ms < most_ms ? left_ms : most_ms;
        if (left_ms <= 0) {
            return !pm_driver_stopping(driver);
        }
        const int64_t step_ms = left_ms < STEP_MS ? left_ms : STEP_MS;
        driver->host.wait_ms(driver->host.context, step_ms);
        most_ms -= step_ms;
    }
    return false;
}

bool pm_driver_queue_again(struct pm_driver *driver, bool done, int64_t deadline_ms,
                           struct pm_error *error)
{
    if (done) {
        pm_notice_clear(&driver->queue_notice, "DRIVER-SIDECAR-BACK");
        return false;
    }
    if (error->code != PM_ERROR_UNAVAILABLE) {
        return false;
    }
    if (!pm_driver_stopping(driver)) {
        pm_notice_raise(&driver->queue_notice, "DRIVER-SIDECAR-AWAY", error);
    }
    int64_t now_ms = pm_driver_now_ms(driver);
    if (deadline_ms > 0 && now_ms >= deadline_ms) {
        return false;
    }
    if (!pm_driver_wait_until(driver, now_ms + QUEUE_WAIT_MS)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while the sidecar did not answer");
    }
    return true;
}

void pm_driver_note_unfinished(struct pm_driver *driver, const char *lease_id, const char *how,
                               const struct pm_error *reason)
{
    snprintf(driver->unfinished, sizeof driver->unfinished, "%s%.60s%s %s (%.150s)",
             lease_id[0] != '\0' ? "lease " : "a lease", lease_id, lease_id[0] != '\0' ? "," : "",
             how, reason->message);
}

void pm_notice_raise(struct pm_notice *notice, const char *id, const struct pm_error *reason)
{
    bool known = notice->active && strcmp(notice->last.message, reason->message) == 0;
    pm_log(known ? PM_LOG_DEBUG : PM_LOG_WARN, id, "%s", reason->message);
    notice->active = true;
    notice->last = *reason;
}

void pm_notice_clear(struct pm_notice *notice, const char *id)
{
    if (notice->active) {
        notice->active = false;
        pm_log(PM_LOG_WARN, id, "works again"); /* as loud as what it ends */
    }
}
