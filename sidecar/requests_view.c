/* The verbs of the view: what programs tell it, and what it shows. */
#include "sidecar/requests_internal.h"
#include "sidecar/view.h"

#include <stdlib.h>

#include <poolminer/json.h>

static bool find_view(const struct pm_errand *errand, struct pm_view **view, struct pm_error *error)
{
    *view = errand->desk->view;
    return *view != NULL || pm_fail(error, PM_ERROR_NOT_FOUND, "this sidecar keeps no view");
}

bool pm_errand_tell(struct pm_errand *errand, struct pm_error *error)
{
    struct pm_view *view;
    const char *program;
    const cJSON *lines;
    struct pm_peer *peer = errand->peer;
    const bool repeated = peer != NULL && peer->last_tell_request == errand->request_id;
    if (!pm_json_string(errand->arguments, "program", &program, error) ||
        !pm_json_array(errand->arguments, "lines", &lines, error) ||
        !find_view(errand, &view, error) ||
        (!repeated && !pm_view_tell(view, program, lines, error))) {
        return false;
    }
    if (peer != NULL) {
        peer->last_tell_request = errand->request_id;
    }
    return pm_reply_format(errand->reply, error, "{}");
}

bool pm_errand_supervise(struct pm_errand *errand, struct pm_error *error)
{
    struct pm_view *view;
    const cJSON *report;
    int64_t number;
    char *order;
    if (!pm_json_object(errand->arguments, "report", &report, error) ||
        !find_view(errand, &view, error) ||
        !pm_view_supervise(view, report, &number, &order, error)) {
        return false;
    }
    cJSON *object = pm_reply_begin(errand->reply);
    pm_reply_add_integer(errand->reply, object, "number", number);
    if (order != NULL) {
        pm_reply_add_json(errand->reply, object, "order", order);
    }
    free(order);
    return pm_reply_set(errand->reply, object, error);
}

bool pm_errand_state(struct pm_errand *errand, struct pm_error *error)
{
    struct pm_view *view;
    int64_t age_ms;
    char *state;
    if (!find_view(errand, &view, error) || !pm_view_state_last(view, &state, &age_ms, error)) {
        return false;
    }
    cJSON *object = pm_reply_begin(errand->reply);
    pm_reply_add_integer(errand->reply, object, "age_ms", age_ms);
    pm_reply_add_json(errand->reply, object, "state", state);
    free(state);
    return pm_reply_set(errand->reply, object, error);
}
