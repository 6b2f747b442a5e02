/* What the view asks of the broker: its status, drivers' figures; and of its own history: errors.
 */
#include "sidecar/view_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum {
    STATUS_MAX = 1 << 20,
    RUNS_MAX = 16,   /* asked for figures, the first ones */
    FIGURES_MAX = 8, /* of one run */
    /* In all, and the levels around them in the reply to `state`: the reply, the state, a list. */
    FIGURES_BYTES_MAX = 128 * 1024,
    FIGURES_LEVELS = 3,
    ERRORS_MAX = 10,    /* shown */
    ERRORS_LOOKED = 40, /* lines looked at for them */
    ERRORS_AGE_MS = 24 * 3600 * 1000,
};

/* What drivers call their records; docs/jobs.md. */
static const char FIGURES_PREFIX[] = "figures/";

bool pm_view_ask_status(struct pm_view *view, cJSON **out, struct pm_error *error)
{
    char *text = NULL;
    if (!pm_queue_client_status(view->client, &text, error)) {
        return false;
    }
    bool done = pm_json_parse(text, strlen(text), STATUS_MAX, out, error);
    free(text);
    return done;
}

/* ---- figures ---- */

/* What cannot be read is left out: it may be of another version; and so is what the state has no
 * room for, be it what a strange pool answered. */
static bool add_figures(cJSON *list, size_t *bytes_left, const char *run,
                        const struct pm_record *record)
{
    cJSON *object = NULL;
    if (!pm_json_parse(record->body, record->body_size, *bytes_left, &object, NULL)) {
        return true;
    }
    if (!cJSON_IsObject(object) || pm_json_is_deeper(object, PM_JSON_MAX_DEPTH - FIGURES_LEVELS)) {
        cJSON_Delete(object);
        return true;
    }
    *bytes_left -= record->body_size;
    const char *account = record->key + strlen(FIGURES_PREFIX);
    return pm_json_append(list, object) && pm_json_add_string(object, "run", run) &&
           pm_json_add_string(object, "account", account) &&
           pm_json_add_number(object, "recorded_ms", (double)record->updated_ms);
}

static bool ask_run(struct pm_view *view, const char *run, cJSON *list, size_t *bytes_left,
                    struct pm_error *error)
{
    struct pm_records records;
    if (!pm_queue_client_records(view->client, run, FIGURES_PREFIX, "", FIGURES_MAX, &records,
                                 error)) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < records.count; i++) {
        done = add_figures(list, bytes_left, run, &records.items[i]);
    }
    pm_records_clear(&records);
    return done || pm_fail(error, PM_ERROR_MEMORY, "no memory for figures");
}

bool pm_view_ask_figures(struct pm_view *view, const cJSON *status, cJSON **out,
                         struct pm_error *error)
{
    const cJSON *run = NULL;
    int asked = 0;
    size_t bytes_left = FIGURES_BYTES_MAX;
    *out = cJSON_CreateArray();
    cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(status, "runs"))
    {
        if (asked++ < RUNS_MAX && !ask_run(view, run->string, *out, &bytes_left, error)) {
            return false;
        }
    }
    return *out != NULL;
}

/* ---- errors ---- */

static bool is_recent(const cJSON *line)
{
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(line, "time_ms");
    return cJSON_IsNumber(time) &&
           (double)pm_clock_unix_ms() - time->valuedouble < (double)ERRORS_AGE_MS;
}

/* One of a kind: an error that repeats is shown once, where it came last. */
static bool is_listed(const cJSON *errors, const cJSON *line)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(line, "id");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, errors)
    {
        if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(item, "id"), id, true)) {
            return true;
        }
    }
    return false;
}

/* Of "DRIVER-POOL-AWAY" and "DRIVER-POOL-BACK" the length up to the last word, if it is that one.
 */
static size_t stem(const char *id, const char *word)
{
    const char *last = strrchr(id, '-');
    return last != NULL && strcmp(last + 1, word) == 0 ? (size_t)(last - id) : 0;
}

static const char *id_of(const cJSON *line)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "id"));
}

/* What was away and came back is over: the line says since when. */
static void add_end(cJSON *line)
{
    const size_t length = stem(id_of(line), "AWAY");
    for (const cJSON *later = line->next; length > 0 && later != NULL; later = later->next) {
        if (stem(id_of(later), "BACK") == length &&
            strncmp(id_of(later), id_of(line), length) == 0) {
            pm_json_add(line, "over_ms",
                        cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(later, "time_ms"), true));
            return;
        }
    }
}

cJSON *pm_view_errors(struct pm_view *view)
{
    cJSON *found = pm_history_lines(view->history, -1, PM_LOG_WARN, ERRORS_LOOKED, NULL);
    cJSON *lines = cJSON_GetObjectItemCaseSensitive(found, "lines");
    cJSON *errors = cJSON_CreateArray();
    for (int i = cJSON_GetArraySize(lines) - 1; i >= 0; i--) {
        cJSON *line = cJSON_GetArrayItem(lines, i);
        if (cJSON_GetArraySize(errors) == ERRORS_MAX || !is_recent(line)) {
            break;
        }
        if (is_listed(errors, line) || stem(id_of(line), "BACK") > 0) {
            continue;
        }
        cJSON_AddStringToObject(line, "remedy", pm_remedy(id_of(line)));
        add_end(line);
        pm_json_append(errors, cJSON_DetachItemViaPointer(lines, line));
    }
    cJSON_Delete(found);
    return errors;
}

/* ---- what a person changes ---- */

bool pm_view_wish(struct pm_view *view, enum pm_wish wish, struct pm_error *error)
{
    struct pm_wish_state now;
    pthread_mutex_lock(&view->client_mutex);
    bool done = pm_queue_client_wish(view->client, &wish, &now, error);
    pthread_mutex_unlock(&view->client_mutex);
    if (done) {
        pm_view_renew(view);
    }
    return done;
}

bool pm_view_retry(struct pm_view *view, int64_t job, struct pm_error *error)
{
    pthread_mutex_lock(&view->client_mutex);
    bool done = pm_queue_client_retry(view->client, job, error);
    pthread_mutex_unlock(&view->client_mutex);
    return done;
}

bool pm_view_discard(struct pm_view *view, int64_t job, struct pm_error *error)
{
    pthread_mutex_lock(&view->client_mutex);
    bool done = pm_queue_client_discard(view->client, job, error);
    pthread_mutex_unlock(&view->client_mutex);
    return done;
}
