/* Pausing: what a person wishes, what workers tell of themselves, and whether a driver should take
 * on work at all. */
#include "sidecar/requests_internal.h"

#include <stdio.h>
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

/* What the workers say of themselves, those that other sidecars over the store know among them: one
 * that computes is enough, wherever it is. */
static bool ask_workers(struct pm_desk *desk, char out[PM_QUEUE_PAUSED_SIZE],
                        struct pm_error *error)
{
    struct pm_store *store = desk->queue->store;
    const char *here = pm_roster_paused(desk->roster, desk->now.steady_ms);
    char there[PM_QUEUE_PAUSED_SIZE] = "";
    bool told = false;
    const bool computes = here != NULL && here[0] == '\0';
    if (!computes && store->shared && !store->verbs->rest_ask(store, &told, there, error)) {
        return false;
    }
    const bool is_there = told && (here == NULL || there[0] == '\0');
    snprintf(out, PM_QUEUE_PAUSED_SIZE, "%s", is_there ? there : here != NULL ? here : "");
    return true;
}

bool pm_errand_paused(struct pm_errand *errand, char out[PM_QUEUE_PAUSED_SIZE],
                      struct pm_error *error)
{
    struct pm_wish_state state;
    if (!pm_queue_wish(errand->desk->queue, &state, error)) {
        return false;
    }
    if (state.wish != PM_WISH_PAUSE) {
        return ask_workers(errand->desk, out, error);
    }
    snprintf(out, PM_QUEUE_PAUSED_SIZE, "a person paused it; `poolminer resume` goes on");
    return true;
}
