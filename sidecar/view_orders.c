/* The supervisor, which starts and stops programs: its reports, and the page's orders for it. */
#include "sidecar/view_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { HEARD_MS = 5000 }; /* a supervisor that has not reported for so long is none */

static bool is_supervised(const struct pm_view *view)
{
    return view->report != NULL && pm_clock_monotonic_ms() - view->report_ms < HEARD_MS;
}

cJSON *pm_view_report(struct pm_view *view)
{
    pthread_mutex_lock(&view->mutex);
    cJSON *report = is_supervised(view) ? cJSON_Parse(view->report) : NULL;
    pthread_mutex_unlock(&view->mutex);
    return report;
}

/* A supervisor of an earlier sidecar has answered orders that this one knows nothing of: numbers go
 * on behind them. */
static void learn_number(struct pm_view *view, const cJSON *report)
{
    const cJSON *answered = cJSON_GetObjectItemCaseSensitive(report, "answered");
    int64_t number = 0;
    if (pm_json_integer(answered, "number", &number, NULL) && number > view->order_number) {
        view->order_number = number;
        free(view->order);
        view->order = NULL;
    }
}

bool pm_view_supervise(struct pm_view *view, const cJSON *report, int64_t *number, char **order,
                       struct pm_error *error)
{
    char *text = pm_json_print(report, error);
    if (text == NULL) {
        return false;
    }
    if (strlen(text) > PM_VIEW_REPORT_MAX || pm_json_is_deeper(report, PM_VIEW_REPORT_DEPTH_MAX)) {
        free(text);
        return pm_fail(error, PM_ERROR_LIMIT, "report: more than %d bytes, or %d levels deep",
                       PM_VIEW_REPORT_MAX, PM_VIEW_REPORT_DEPTH_MAX);
    }
    pthread_mutex_lock(&view->mutex);
    bool is_news = view->report == NULL || strcmp(view->report, text) != 0;
    free(view->report);
    view->report = text;
    view->report_ms = pm_clock_monotonic_ms();
    learn_number(view, report);
    *number = view->order != NULL ? view->order_number : 0;
    *order = view->order != NULL ? strdup(view->order) : NULL;
    bool done = view->order == NULL || *order != NULL;
    if (is_news && pm_view_is_watched(view)) {
        view->due_ms = 0;
        pthread_cond_broadcast(&view->changed);
    }
    pthread_mutex_unlock(&view->mutex);
    return done || pm_fail(error, PM_ERROR_MEMORY, "no memory for an order");
}

bool pm_view_order(struct pm_view *view, const cJSON *order, int64_t *number,
                   struct pm_error *error)
{
    char *text = pm_json_print(order, error);
    if (text == NULL) {
        return false;
    }
    if (strlen(text) > PM_VIEW_ORDER_MAX || pm_json_is_deeper(order, PM_VIEW_ORDER_DEPTH_MAX)) {
        free(text);
        return pm_fail(error, PM_ERROR_LIMIT,
                       "the order has more than %d bytes, or is more than %d levels deep",
                       PM_VIEW_ORDER_MAX, PM_VIEW_ORDER_DEPTH_MAX);
    }
    pthread_mutex_lock(&view->mutex);
    bool supervised = is_supervised(view);
    if (supervised) {
        free(view->order);
        view->order = text;
        *number = ++view->order_number;
    }
    pthread_mutex_unlock(&view->mutex);
    if (!supervised) {
        free(text);
        return pm_fail(error, PM_ERROR_UNAVAILABLE,
                       "nobody starts and stops programs here: this sidecar was started by hand, "
                       "not by `poolminer gui` or `poolminer mine`");
    }
    return true;
}

cJSON *pm_view_settings(struct pm_view *view, struct pm_error *error)
{
    pthread_mutex_lock(&view->mutex);
    cJSON *report = is_supervised(view) ? cJSON_Parse(view->report) : NULL;
    pthread_mutex_unlock(&view->mutex);
    cJSON *settings = cJSON_DetachItemFromObjectCaseSensitive(report, "settings");
    cJSON_Delete(report);
    if (settings == NULL) {
        pm_fail(error, PM_ERROR_UNAVAILABLE,
                "there are no settings to show: this sidecar was started by hand, not by "
                "`poolminer gui` or `poolminer mine`");
    }
    return settings;
}
