#include "driver/registration.h"

#include "driver/rest.h"

#include <poolminer/log.h>

/* One try; *done when there is no use in another. */
static bool register_once(struct pm_driver *driver, unsigned *failures, bool *done,
                          struct pm_error *error)
{
    struct pm_answer answer;
    bool good = true;
    if (!pm_pool_client_register(driver->pool, &answer, error)) {
        return false;
    }
    switch (answer.kind) {
    case PM_ANSWER_OK:
        pm_notice_clear(&driver->pool_notice, "DRIVER-POOL-BACK");
        pm_log(PM_LOG_INFO, "DRIVER-REGISTERED", "hotkey=%s", driver->address);
        *done = true;
        break;
    case PM_ANSWER_UNAUTHORIZED:
        good = pm_answer_fail_unauthorized(&answer, error);
        break;
    case PM_ANSWER_REFUSED: /* a lease will tell whether the pool minds */
        pm_log(PM_LOG_WARN, "DRIVER-REGISTER-REFUSED", "%s", answer.reason.message);
        *done = true;
        break;
    default:
        pm_notice_raise(&driver->pool_notice, "DRIVER-POOL-AWAY", &answer.reason);
        good = pm_rest_after_failure(driver, &answer, failures, error);
    }
    pm_answer_clear(&answer);
    return good;
}

bool pm_registration(struct pm_driver *driver, struct pm_error *error)
{
    unsigned failures = 0;
    bool done = false;
    while (!done && !pm_driver_over(driver)) {
        if (!register_once(driver, &failures, &done, error)) {
            return false;
        }
    }
    return true;
}
