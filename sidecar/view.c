/* The state, and the thread that makes it. */
#include "sidecar/view_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/condition.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum {
    WATCHED_MS = 1000, /* between two states while somebody looks, */
    ALONE_MS = 15000,  /* and while nobody does: for the figures over time */
    WANTED_MS = 10000, /* who has asked once is likely to ask again */
    FRESH_MS = 1000,
    FRESH_WAIT_MS = 2000,
    CALL_MS = 2000,
};

/* ---- time ---- */

static void wait_until_changed(struct pm_view *view, int64_t duration_ms)
{
    pm_condition_wait(&view->changed, &view->mutex,
                      pm_clock_monotonic_ns() + duration_ms * 1000000);
}

/* ---- the state ---- */

bool pm_view_is_watched(const struct pm_view *view)
{
    return view->watchers > 0 || pm_clock_monotonic_ms() < view->wanted_until_ms;
}

static bool copy_state(struct pm_view *view, char **json, int64_t *age_ms, struct pm_error *error)
{
    if (view->state == NULL) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "the state is not known yet");
    }
    *json = strdup(view->state);
    *age_ms = pm_clock_monotonic_ms() - view->state_ms;
    return *json != NULL || pm_fail(error, PM_ERROR_MEMORY, "no memory for the state");
}

/* With the mutex held. */
static void want_state(struct pm_view *view)
{
    int64_t now_ms = pm_clock_monotonic_ms();
    view->wanted_until_ms = now_ms + WANTED_MS;
    if (view->state == NULL || now_ms - view->state_ms >= FRESH_MS) {
        view->due_ms = 0;
        pthread_cond_broadcast(&view->changed);
    }
}

void pm_view_renew(struct pm_view *view)
{
    pthread_mutex_lock(&view->mutex);
    view->due_ms = 0;
    pthread_cond_broadcast(&view->changed);
    pthread_mutex_unlock(&view->mutex);
}

bool pm_view_state_last(struct pm_view *view, char **json, int64_t *age_ms, struct pm_error *error)
{
    pthread_mutex_lock(&view->mutex);
    want_state(view);
    bool done = copy_state(view, json, age_ms, error);
    pthread_mutex_unlock(&view->mutex);
    return done;
}

bool pm_view_state(struct pm_view *view, char **json, int64_t *age_ms, struct pm_error *error)
{
    int64_t until_ms = pm_clock_monotonic_ms() + FRESH_WAIT_MS;
    pthread_mutex_lock(&view->mutex);
    want_state(view);
    while (!view->stopping &&
           (view->state == NULL || pm_clock_monotonic_ms() - view->state_ms >= FRESH_MS)) {
        int64_t left_ms = until_ms - pm_clock_monotonic_ms();
        if (left_ms <= 0) {
            break;
        }
        wait_until_changed(view, left_ms);
    }
    bool done = copy_state(view, json, age_ms, error);
    pthread_mutex_unlock(&view->mutex);
    return done;
}

void pm_view_watch(struct pm_view *view, bool begins)
{
    pthread_mutex_lock(&view->mutex);
    view->watchers += begins ? 1 : -1;
    if (begins) {
        want_state(view);
    }
    pthread_mutex_unlock(&view->mutex);
}

void pm_view_set_listener(struct pm_view *view, void (*changed)(void *context), void *context)
{
    pthread_mutex_lock(&view->listener_mutex);
    view->listener = changed;
    view->listener_context = context;
    pthread_mutex_unlock(&view->listener_mutex);
}

static void tell_listener(struct pm_view *view)
{
    pthread_mutex_lock(&view->listener_mutex);
    if (view->listener != NULL) {
        view->listener(view->listener_context);
    }
    pthread_mutex_unlock(&view->listener_mutex);
}

uint64_t pm_view_version(struct pm_view *view)
{
    pthread_mutex_lock(&view->mutex);
    uint64_t version = view->version;
    pthread_mutex_unlock(&view->mutex);
    return version;
}

struct pm_history *pm_view_history(struct pm_view *view)
{
    return view->history;
}

/* ---- the view's thread ---- */

static void publish(struct pm_view *view, char *state)
{
    pthread_mutex_lock(&view->mutex);
    if (state != NULL) {
        free(view->state);
        view->state = state;
        view->state_ms = pm_clock_monotonic_ms();
        view->version++;
    }
    pthread_cond_broadcast(&view->changed);
    pthread_mutex_unlock(&view->mutex);
    tell_listener(view);
}

static void complain(struct pm_view *view, const struct pm_error *error)
{
    if (!view->complained) {
        view->complained = true;
        pm_log(PM_LOG_WARN, "SIDECAR-HISTORY-FAILED", "%s; the queue goes on", error->message);
    }
}

/* Lines that have come are written down; true when there were any. */
static bool keep_lines(struct pm_view *view)
{
    struct pm_error error = {0};
    pthread_mutex_lock(&view->mutex);
    size_t count = view->pending_count;
    memcpy(view->writing, view->pending, count * sizeof *view->pending);
    view->pending_count = 0;
    pthread_mutex_unlock(&view->mutex);
    if (count > 0 && !pm_history_add_lines(view->history, view->writing, count, &error)) {
        complain(view, &error);
    }
    return count > 0;
}

static void keep_samples(struct pm_view *view, const cJSON *figures)
{
    struct pm_error error = {0};
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, figures)
    {
        double values[PM_SERIES_COUNT];
        int64_t unix_ms;
        const char *account = "";
        if (pm_view_sample(item, &unix_ms, values) &&
            pm_json_optional_string(item, "account", &account, NULL) && account[0] != '\0' &&
            !pm_history_add_sample(view->history, account, unix_ms, values, &error)) {
            complain(view, &error);
        }
    }
}

static void refresh(struct pm_view *view)
{
    struct pm_error error = {0};
    cJSON *status = NULL, *figures = NULL;
    pthread_mutex_lock(&view->client_mutex);
    if (pm_view_ask_status(view, &status, &error)) {
        pm_view_ask_figures(view, status, &figures, &error);
        pm_view_ask_not_paid(view, status);
    }
    pthread_mutex_unlock(&view->client_mutex);
    keep_samples(view, figures);
    cJSON *report = pm_view_report(view);
    cJSON *errors = pm_view_errors(view);
    const struct pm_view_parts parts = {.status = status,
                                        .figures = figures,
                                        .report = report,
                                        .errors = errors,
                                        .not_paid = view->not_paid,
                                        .now_ms = pm_clock_unix_ms(),
                                        .started_ms = view->started_ms,
                                        .last_line = pm_history_last_line(view->history)};
    /* Where the broker does not answer, the last one stays, and its age tells. */
    publish(view, status != NULL ? pm_view_state_write(&parts) : NULL);
    cJSON_Delete(status);
    cJSON_Delete(figures);
    cJSON_Delete(report);
    cJSON_Delete(errors);
}

/* Waits for something to do. *due: the state. False: asked to stop. */
static bool await_work(struct pm_view *view, bool *due)
{
    pthread_mutex_lock(&view->mutex);
    for (;;) {
        int64_t now_ms = pm_clock_monotonic_ms();
        int64_t due_ms = view->due_ms + (pm_view_is_watched(view) ? WATCHED_MS : ALONE_MS);
        *due = view->due_ms == 0 || now_ms >= due_ms;
        if (*due || view->pending_count > 0 || view->stopping) {
            break;
        }
        wait_until_changed(view, due_ms - now_ms);
    }
    if (*due) {
        view->due_ms = pm_clock_monotonic_ms();
    }
    bool goes_on = !view->stopping;
    pthread_mutex_unlock(&view->mutex);
    return goes_on;
}

static void *run(void *context)
{
    struct pm_view *view = context;
    bool due;
    while (await_work(view, &due)) {
        bool news = keep_lines(view);
        if (due) {
            refresh(view);
        } else if (news) {
            publish(view, NULL);
        }
    }
    keep_lines(view);
    return NULL;
}

/* ---- life ---- */

/* A history that cannot be opened is no reason not to keep a queue. */
static bool open_history(struct pm_view *view, struct pm_error *error)
{
    struct pm_error reason = {0};
    if (pm_history_open(view->config.history, &view->history, &reason)) {
        return true;
    }
    if (view->config.history == NULL) {
        return pm_fail(error, reason.code, "%s", reason.message);
    }
    complain(view, &reason);
    return pm_history_open(NULL, &view->history, error);
}

static bool start(struct pm_view *view, struct pm_error *error)
{
    const struct pm_queue_client_config client = {.url = view->config.url,
                                                  .role = "admin",
                                                  .name = "view",
                                                  .timeout_ms = CALL_MS,
                                                  .context = view->config.context};
    if (!open_history(view, error) || !pm_queue_client_create(&client, &view->client, error)) {
        return false;
    }
    pm_queue_client_set_stop_flag(view->client, view->config.stop);
    if (pthread_create(&view->thread, NULL, run, view) != 0) {
        return pm_fail(error, PM_ERROR_LIMIT, "the system gives no thread for the view");
    }
    pm_log_observe(pm_view_observe, view);
    return true;
}

static void clear(struct pm_view *view)
{
    pm_queue_client_destroy(view->client);
    pm_history_close(view->history);
    cJSON_Delete(view->not_paid);
    pthread_mutex_destroy(&view->mutex);
    pthread_mutex_destroy(&view->client_mutex);
    pthread_mutex_destroy(&view->listener_mutex);
    pthread_cond_destroy(&view->changed);
    free(view->report);
    free(view->order);
    free(view->state);
    free(view);
}

bool pm_view_create(const struct pm_view_config *config, struct pm_view **out,
                    struct pm_error *error)
{
    struct pm_view *view = calloc(1, sizeof *view);
    if (view == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the view");
    }
    view->config = *config;
    view->started_ms = pm_clock_unix_ms();
    pthread_mutex_init(&view->mutex, NULL);
    pthread_mutex_init(&view->client_mutex, NULL);
    pthread_mutex_init(&view->listener_mutex, NULL);
    pm_condition_init(&view->changed);
    if (!start(view, error)) {
        clear(view);
        return false;
    }
    *out = view;
    return true;
}

void pm_view_destroy(struct pm_view *view)
{
    if (view == NULL) {
        return;
    }
    pm_log_observe(NULL, NULL);
    pthread_mutex_lock(&view->mutex);
    view->stopping = true;
    pthread_cond_broadcast(&view->changed);
    pthread_mutex_unlock(&view->mutex);
    pthread_join(view->thread, NULL);
    clear(view);
}
