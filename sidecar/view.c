#include "sidecar/view_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum {
    WATCHED_MS = 1000, /* between two states while somebody looks, */
    ALONE_MS = 15000,  /* and while nobody does: for the figures over time */
    WANTED_MS = 10000, /* who has asked once is likely to ask again */
    FRESH_MS = 1000,
    FRESH_WAIT_MS = 2000,
    CALL_MS = 2000,
    HEARD_MS = 5000, /* a supervisor that has not reported for so long is none */
};

/* ---- time ---- */

static void wait_until_changed(struct pm_view *view, int64_t duration_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += duration_ms / 1000;
    until.tv_nsec += duration_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&view->changed, &view->mutex, &until);
}

/* ---- lines ---- */

static bool read_line(const cJSON *item, struct pm_history_line *line, struct pm_error *error)
{
    const char *level, *id, *message;
    if (!pm_json_integer(item, "time_ms", &line->unix_ms, error) ||
        !pm_json_string(item, "level", &level, error) || !pm_json_string(item, "id", &id, error) ||
        !pm_json_string(item, "message", &message, error)) {
        return false;
    }
    if (!pm_log_level_parse(level, &line->level, error)) {
        return false;
    }
    if ((size_t)snprintf(line->id, sizeof line->id, "%s", id) >= sizeof line->id) {
        return pm_fail(error, PM_ERROR_INVALID, "id: more than %d bytes", PM_HISTORY_ID_MAX);
    }
    snprintf(line->message, sizeof line->message, "%s", message);
    pm_text_make_printable(line->message); /* it may have been cut within a character */
    pm_text_make_printable(line->id);
    return true;
}

/* With the mutex held. */
static void add_pending(struct pm_view *view, const struct pm_history_line *line)
{
    if (view->pending_count < PM_VIEW_PENDING_MAX) {
        view->pending[view->pending_count++] = *line;
    }
    pthread_cond_broadcast(&view->changed);
}

bool pm_view_tell(struct pm_view *view, const char *program, const cJSON *lines,
                  struct pm_error *error)
{
    struct pm_history_line line = {0};
    const cJSON *item = NULL;
    size_t length = strlen(program);
    if (length == 0 || length > PM_HISTORY_PROGRAM_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "program: must have 1 to %d bytes",
                       PM_HISTORY_PROGRAM_MAX);
    }
    if (cJSON_GetArraySize(lines) > PM_VIEW_LINES_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "lines: more than %d", PM_VIEW_LINES_MAX);
    }
    cJSON_ArrayForEach(item, lines)
    {
        if (!read_line(item, &line, error)) {
            return false;
        }
        memcpy(line.program, program, length + 1);
        pm_text_make_printable(line.program);
        pthread_mutex_lock(&view->mutex);
        add_pending(view, &line);
        pthread_mutex_unlock(&view->mutex);
    }
    return true;
}

/* The sidecar's own. */
static void observe(void *context, enum pm_log_level level, const char *id, const char *message,
                    int64_t unix_ms)
{
    struct pm_view *view = context;
    struct pm_history_line line = {.unix_ms = unix_ms, .level = level, .program = "sidecar"};
    snprintf(line.id, sizeof line.id, "%s", id);
    snprintf(line.message, sizeof line.message, "%s", message);
    pm_text_make_printable(line.message);
    pthread_mutex_lock(&view->mutex);
    add_pending(view, &line);
    pthread_mutex_unlock(&view->mutex);
}

/* ---- supervisor and orders ---- */

static bool is_watched(const struct pm_view *view)
{
    return view->watchers > 0 || pm_clock_monotonic_ms() < view->wanted_until_ms;
}

static bool is_supervised(const struct pm_view *view)
{
    return view->report != NULL && pm_clock_monotonic_ms() - view->report_ms < HEARD_MS;
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
    if (strlen(text) > PM_VIEW_REPORT_MAX) {
        free(text);
        return pm_fail(error, PM_ERROR_LIMIT, "report: more than %d bytes", PM_VIEW_REPORT_MAX);
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
    if (is_news && is_watched(view)) {
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
    if (strlen(text) > PM_VIEW_ORDER_MAX) {
        free(text);
        return pm_fail(error, PM_ERROR_LIMIT, "the order has more than %d bytes",
                       PM_VIEW_ORDER_MAX);
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

/* ---- the state ---- */

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

/* The supervisor's last report, parsed; NULL: none lately. */
static cJSON *current_report(struct pm_view *view)
{
    pthread_mutex_lock(&view->mutex);
    cJSON *report = is_supervised(view) ? cJSON_Parse(view->report) : NULL;
    pthread_mutex_unlock(&view->mutex);
    return report;
}

static void refresh(struct pm_view *view)
{
    struct pm_error error = {0};
    cJSON *status = NULL, *figures = NULL;
    pthread_mutex_lock(&view->client_mutex);
    if (pm_view_ask_status(view, &status, &error)) {
        pm_view_ask_figures(view, status, &figures, &error);
    }
    pthread_mutex_unlock(&view->client_mutex);
    keep_samples(view, figures);
    cJSON *report = current_report(view);
    cJSON *errors = pm_view_errors(view);
    const struct pm_view_parts parts = {.status = status,
                                        .figures = figures,
                                        .report = report,
                                        .errors = errors,
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
        int64_t due_ms = view->due_ms + (is_watched(view) ? WATCHED_MS : ALONE_MS);
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
    pm_log_observe(observe, view);
    return true;
}

static void clear(struct pm_view *view)
{
    pm_queue_client_destroy(view->client);
    pm_history_close(view->history);
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
    pthread_cond_init(&view->changed, NULL);
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
