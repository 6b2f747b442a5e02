#include "driver/work_request.h"

#include "driver/lease_take.h"
#include "driver/rest.h"

#include <string.h>

#include <poolminer/log.h>

enum { REFUSED_WAIT_MS = 60 * 1000, MISSING_FOR_MS = 60 * 60 * 1000 };

/* ---- which work ---- */

/* What is known of an address's calls is forgotten at another: it may be an older pool. */
static void know_address(struct pm_driver *driver)
{
    const char *url = pm_pool_client_url(driver->pool);
    struct pm_driver_work *work = &driver->work;
    if (work->url == NULL || strcmp(work->url, url) != 0) {
        work->url = url;
        work->leases_missing_until_ms = work->tasks_missing_until_ms = 0;
    }
}

static bool leases_missing(const struct pm_driver *driver)
{
    return pm_driver_holds_until(driver, driver->work.leases_missing_until_ms, MISSING_FOR_MS);
}

static bool tasks_missing(const struct pm_driver *driver)
{
    return pm_driver_holds_until(driver, driver->work.tasks_missing_until_ms, MISSING_FOR_MS);
}

static bool alternates(const struct pm_driver *driver)
{
    enum pm_work_mode mode = driver->settings.mode;
    return mode == PM_MODE_LEASE || mode == PM_MODE_ALTERNATE;
}

/* Says how the time is divided, when that changes. */
static void log_share(struct pm_driver *driver, const struct pm_share_judged *judged)
{
    struct pm_driver_work *work = &driver->work;
    double part = pm_share_of_evaluating(&work->share, judged);
    double evaluate = pm_share_per_hour(&work->share, PM_LEASE_EVALUATE, judged);
    double evolve = pm_share_per_hour(&work->share, PM_LEASE_EVOLVE, judged);
    if (evaluate >= 0 && evolve >= 0 && part != work->logged_part) {
        work->logged_part = part;
        pm_log(PM_LOG_INFO, "DRIVER-SHARE",
               "%.0f %% of the time for evaluating: it earns %.1f reputation an hour, evolving "
               "%.1f",
               100 * part, evaluate, evolve);
    }
}

static enum pm_lease_kind task_kind(struct pm_driver *driver)
{
    if (!alternates(driver)) {
        return driver->settings.mode == PM_MODE_EVALUATE ? PM_LEASE_EVALUATE : PM_LEASE_EVOLVE;
    }
    const struct pm_driver_work *work = &driver->work;
    const struct pm_share_judged judged = pm_driver_judged(driver);
    log_share(driver, &judged);
    if (work->no_evaluations != work->no_evolutions) {
        return work->no_evaluations ? PM_LEASE_EVOLVE : PM_LEASE_EVALUATE;
    }
    return pm_share_next(&work->share, &judged);
}

/* PM_LEASE_BOTH: by lease. */
static enum pm_lease_kind choose(struct pm_driver *driver)
{
    know_address(driver);
    bool by_lease =
        driver->settings.mode == PM_MODE_LEASE ? !leases_missing(driver) : tasks_missing(driver);
    return by_lease ? PM_LEASE_BOTH : task_kind(driver);
}

/* ---- what comes of it ---- */

/* The pool has no call for this style of work: the other one is asked for from now on, and this one
 * again in an hour. */
static bool follow_missing(struct pm_driver *driver, enum pm_lease_kind asked,
                           const struct pm_answer *answer, struct pm_error *error)
{
    struct pm_driver_work *work = &driver->work;
    struct pm_error reason = {0};
    int64_t until_ms = pm_driver_now_ms(driver) + MISSING_FOR_MS;
    if (asked == PM_LEASE_BOTH ? tasks_missing(driver) : leases_missing(driver)) {
        work->leases_missing_until_ms = work->tasks_missing_until_ms = 0;
        pm_fail(&reason, PM_ERROR_REFUSED,
                "the pool knows neither leases nor tasks (HTTP status %d): is its URL right?",
                answer->status);
        pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-REFUSED", &reason);
        return pm_rest(driver, REFUSED_WAIT_MS, error);
    }
    if (asked == PM_LEASE_BOTH) {
        work->leases_missing_until_ms = until_ms;
        pm_fail(&reason, PM_ERROR_REFUSED,
                "the pool has no leases (HTTP status %d): its tasks are taken instead, as with "
                "--mode alternate",
                answer->status);
    } else {
        work->tasks_missing_until_ms = until_ms;
        pm_fail(&reason, PM_ERROR_REFUSED,
                "the pool has no tasks (HTTP status %d): its leases are taken instead",
                answer->status);
    }
    pm_notice_raise(&work->style_notice, "DRIVER-OTHER-STYLE", &reason);
    return true;
}

/* One kind of task is not to be had now: is the other worth asking for, without a pause? */
static bool other_kind_is_left(struct pm_driver *driver, enum pm_lease_kind asked)
{
    struct pm_driver_work *work = &driver->work;
    if (asked == PM_LEASE_BOTH || !alternates(driver)) {
        return false;
    }
    bool *none = asked == PM_LEASE_EVALUATE ? &work->no_evaluations : &work->no_evolutions;
    *none = true;
    if (work->no_evaluations && work->no_evolutions) {
        work->no_evaluations = work->no_evolutions = false;
        return false;
    }
    return true;
}

static bool follow_grant(struct pm_driver *driver, struct pm_lease_grant *grant,
                         const struct pm_answer *answer, unsigned *failures, struct pm_error *error)
{
    driver->work.no_evaluations = driver->work.no_evolutions = false;
    if (!pm_lease_take(driver, grant, error)) {
        return false;
    }
    if (!grant->usable) {
        return pm_rest_after_failure(driver, answer, failures, error);
    }
    *failures = 0;
    if (grant->empty) {
        pm_log(PM_LOG_INFO, "DRIVER-NO-WORK", "the lease had nothing in it");
        return pm_rest_without_work(driver, error);
    }
    return true;
}

static bool follow(struct pm_driver *driver, enum pm_lease_kind asked, int64_t asked_ms,
                   const struct pm_answer *answer, unsigned *failures, struct pm_error *error)
{
    struct pm_lease_grant grant = {.body = answer->body, .asked = asked, .asked_ms = asked_ms};
    if (answer->kind != PM_ANSWER_NOT_NOW && answer->kind != PM_ANSWER_UNUSABLE) {
        pm_notice_clear(&driver->pool_notice, "DRIVER-POOL-BACK");
    }
    switch (answer->kind) {
    case PM_ANSWER_OK:
        return follow_grant(driver, &grant, answer, failures, error);
    case PM_ANSWER_NO_WORK:
        *failures = 0;
        driver->lease_notice.active = false;
        if (other_kind_is_left(driver, asked)) {
            return true;
        }
        pm_log(PM_LOG_INFO, "DRIVER-NO-WORK", "%s", answer->reason.message);
        return pm_rest_without_work(driver, error);
    case PM_ANSWER_MISSING:
        return follow_missing(driver, asked, answer, error);
    case PM_ANSWER_ACTIVE_TASK:
        *failures = 0;
        return pm_rest_while_taken(driver, answer, error);
    case PM_ANSWER_WINDOW_TAKEN:
        *failures = 0;
        driver->lease_notice.active = false;
        return pm_rest_until_next_window(driver, answer->time_remaining_ms, error);
    case PM_ANSWER_UNAUTHORIZED:
        return pm_answer_fail_unauthorized(answer, error);
    case PM_ANSWER_REFUSED:
    case PM_ANSWER_LEASE_GONE:
        pm_notice_raise(&driver->lease_notice, "DRIVER-LEASE-REFUSED", &answer->reason);
        return other_kind_is_left(driver, asked) || pm_rest(driver, REFUSED_WAIT_MS, error);
    case PM_ANSWER_NOT_NOW:
    case PM_ANSWER_UNUSABLE:
        pm_notice_raise(&driver->pool_notice, "DRIVER-POOL-AWAY", &answer->reason);
        return pm_rest_after_failure(driver, answer, failures, error);
    }
    return true;
}

/* In place of tasks of one kind: leases with that kind of work in them. */
static struct pm_lease_request lease_request(const struct pm_driver *driver)
{
    struct pm_lease_request request = driver->settings.request;
    request.resume = driver->lease_may_be_lost;
    if (driver->settings.mode == PM_MODE_EVALUATE) {
        request.seed_batch_size = 0;
    } else if (driver->settings.mode == PM_MODE_EVOLVE) {
        request.eval_batch_size = 0;
    }
    return request;
}

/* Work that is lost is asked for again, and only then: another machine with the same key has its
 * own, which is none of ours. */
bool pm_work_request(struct pm_driver *driver, unsigned *failures, struct pm_error *error)
{
    struct pm_answer answer;
    enum pm_lease_kind asked = choose(driver);
    const struct pm_lease_request request = lease_request(driver);
    int64_t asked_ms = pm_driver_now_ms(driver);
    driver->lease_may_be_lost = true;
    bool came = asked == PM_LEASE_BOTH
                    ? pm_pool_client_lease(driver->pool, &request, &answer, error)
                    : pm_pool_client_task(driver->pool, asked, request.resume, &answer, error);
    if (!came) {
        return false;
    }
    driver->lease_may_be_lost =
        answer.kind == PM_ANSWER_NOT_NOW || answer.kind == PM_ANSWER_UNUSABLE ||
        (answer.kind == PM_ANSWER_MISSING && request.resume); /* the other call may know of it */
    bool done = follow(driver, asked, asked_ms, &answer, failures, error);
    pm_answer_clear(&answer);
    return done;
}
