/* Pausing: what a person wishes, what workers tell of themselves, and whether a driver should take
 * on work at all. */
#include "sidecar/requests_internal.h"

#include <stdlib.h>

#include <poolminer/json.h>

bool pm_errand_wish(struct pm_errand *errand, struct pm_error *error)
{
    struct pm_desk *desk = errand->desk;
    struct pm_wish_state state;
    const char *name = NULL;
    enum pm_wish wish;
    if (!pm_json_optional_string(errand->arguments, "wish", &name, error) ||
        (name != NULL && (!pm_wish_parse(name, &wish, error) ||
                          !pm_queue_set_wish(desk->queue, desk->now, wish, error)))) {
        return false;
    }
    return pm_queue_wish(desk->queue, &state, error) &&
           pm_reply_format(errand->reply, error, "{\"wish\":\"%s\",\"since_ms\":%lld}",
                           pm_wish_name(state.wish), (long long)state.since_ms);
}

bool pm_errand_report(struct pm_errand *errand, struct pm_error *error)
{
    char paused[PM_QUEUE_PAUSED_SIZE];
    char *report;
    struct pm_wish_state state;
    if (errand->peer == NULL) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "a report needs a client with a routing id of the form ROLE:NAME:SESSION");
    }
    if (!pm_errand_text(errand->arguments, "paused", paused, sizeof paused, error) ||
        !pm_errand_shown(errand->arguments, "report", PM_WIRE_REPORT_MAX, &report, error)) {
        return false;
    }
    const bool good =
        pm_roster_set_report(errand->peer, report != NULL ? report : "{}", paused, error) &&
        pm_queue_wish(errand->desk->queue, &state, error);
    free(report);
    return good &&
           pm_reply_format(errand->reply, error, "{\"wish\":\"%s\"}", pm_wish_name(state.wish));
}

bool pm_errand_paused(struct pm_errand *errand, const char **out, struct pm_error *error)
{
    static const char by_wish[] = "a person paused it; `poolminer resume` goes on";
    const struct pm_desk *desk = errand->desk;
    struct pm_wish_state state;
    if (!pm_queue_wish(desk->queue, &state, error)) {
        return false;
    }
    *out =
        state.wish == PM_WISH_PAUSE ? by_wish : pm_roster_paused(desk->roster, desk->now.steady_ms);
    *out = *out != NULL ? *out : "";
    return true;
}
