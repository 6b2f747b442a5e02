/* What the view asks of the broker: its status, drivers' figures, closed leases. */
#include "sidecar/view_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum {
    STATUS_MAX = 1 << 20,
    RUNS_MAX = 16,      /* asked for figures, the first ones */
    FIGURES_MAX = 8,    /* of one run */
    ERRORS_MAX = 10,    /* shown */
    ERRORS_LOOKED = 40, /* lines looked at for them */
    ERRORS_AGE_MS = 24 * 3600 * 1000,
    LOOKED_FACTOR = 2, /* records looked at for a page of results: open leases are among them */
};

/* What drivers call their records; docs/jobs.md. */
static const char FIGURES_PREFIX[] = "figures/";
/* Leases, and results that the pool agreed on and did not pay. */
static const char *const RESULT_PREFIXES[] = {"lease/", "unpaid/"};
enum { PREFIX_COUNT = sizeof RESULT_PREFIXES / sizeof *RESULT_PREFIXES };
static const char OPEN[] = "open";

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

/* Adds to an object or an array; a NULL item counts as no memory. */
static bool append(cJSON *array, cJSON *item)
{
    if (cJSON_AddItemToArray(array, item)) {
        return true;
    }
    cJSON_Delete(item);
    return false;
}

/* What cannot be read is left out: it may be of another version. */
static bool add_figures(cJSON *list, const char *run, const struct pm_record *record)
{
    cJSON *object = NULL;
    if (!pm_json_parse(record->body, record->body_size, PM_JOB_BODY_MAX, &object, NULL)) {
        return true;
    }
    if (!cJSON_IsObject(object)) {
        cJSON_Delete(object);
        return true;
    }
    const char *account = record->key + strlen(FIGURES_PREFIX);
    return append(list, object) && cJSON_AddStringToObject(object, "run", run) != NULL &&
           cJSON_AddStringToObject(object, "account", account) != NULL &&
           cJSON_AddNumberToObject(object, "recorded_ms", (double)record->updated_ms) != NULL;
}

static bool ask_run(struct pm_view *view, const char *run, cJSON *list, struct pm_error *error)
{
    struct pm_records records;
    if (!pm_queue_client_records(view->client, run, FIGURES_PREFIX, "", FIGURES_MAX, &records,
                                 error)) {
        return false;
    }
    bool done = true;
    for (size_t i = 0; done && i < records.count; i++) {
        done = add_figures(list, run, &records.items[i]);
    }
    pm_records_clear(&records);
    return done || pm_fail(error, PM_ERROR_MEMORY, "no memory for figures");
}

bool pm_view_ask_figures(struct pm_view *view, const cJSON *status, cJSON **out,
                         struct pm_error *error)
{
    const cJSON *run = NULL;
    int asked = 0;
    *out = cJSON_CreateArray();
    cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(status, "runs"))
    {
        if (asked++ < RUNS_MAX && !ask_run(view, run->string, *out, error)) {
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
        if (is_listed(errors, line)) {
            continue;
        }
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(line, "id");
        cJSON_AddStringToObject(line, "remedy", pm_remedy(id->valuestring));
        append(errors, cJSON_DetachItemViaPointer(lines, line));
    }
    cJSON_Delete(found);
    return errors;
}

/* ---- results ---- */

/* One closed lease; its body, what the driver recorded, is JSON of the driver's own. */
static cJSON *write_result(const char *run, const struct pm_record *record)
{
    cJSON *body = NULL;
    cJSON *object = cJSON_CreateObject();
    if (!pm_json_parse(record->body, record->body_size, PM_JOB_BODY_MAX, &body, NULL)) {
        body = cJSON_CreateNull();
    }
    bool done = cJSON_AddNumberToObject(object, "cursor", (double)record->sequence) != NULL &&
                cJSON_AddNumberToObject(object, "time_ms", (double)record->updated_ms) != NULL &&
                cJSON_AddStringToObject(object, "run", run) != NULL &&
                cJSON_AddStringToObject(object, "key", record->key) != NULL &&
                cJSON_AddStringToObject(object, "state", record->state) != NULL &&
                cJSON_AddStringToObject(object, "reason", record->reason) != NULL &&
                cJSON_AddItemToObject(object, "record", body);
    if (!done) {
        cJSON_Delete(body);
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static int64_t cursor_of(const cJSON *result)
{
    return (int64_t)cJSON_GetObjectItemCaseSensitive(result, "cursor")->valuedouble;
}

/* Keeps the list ordered, the newest first. */
static bool insert_result(cJSON *list, cJSON *result)
{
    if (result == NULL) {
        return false;
    }
    int place = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (cursor_of(item) < cursor_of(result)) {
            break;
        }
        place++;
    }
    return cJSON_InsertItemInArray(list, place, result);
}

static bool ask_results(struct pm_view *view, const char *run, const char *prefix, int64_t before,
                        size_t limit, cJSON *list, struct pm_error *error)
{
    struct pm_records records;
    if (!pm_queue_client_records_before(view->client, run, prefix, "", before,
                                        limit * LOOKED_FACTOR, &records, error)) {
        return false;
    }
    bool done = true;
    size_t taken = 0;
    for (size_t i = 0; done && i < records.count && taken < limit; i++) {
        if (strcmp(records.items[i].state, OPEN) != 0) {
            done = insert_result(list, write_result(run, &records.items[i]));
            taken++;
        }
    }
    pm_records_clear(&records);
    return done || pm_fail(error, PM_ERROR_MEMORY, "no memory for results");
}

static bool ask_all_results(struct pm_view *view, int64_t before, size_t limit, cJSON *list,
                            struct pm_error *error)
{
    cJSON *status = NULL;
    const cJSON *run = NULL;
    int asked = 0;
    bool done = pm_view_ask_status(view, &status, error);
    cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(status, "runs"))
    {
        for (size_t i = 0; done && asked < RUNS_MAX && i < PREFIX_COUNT; i++) {
            done = ask_results(view, run->string, RESULT_PREFIXES[i], before, limit, list, error);
        }
        asked++;
    }
    cJSON_Delete(status);
    return done;
}

cJSON *pm_view_results(struct pm_view *view, int64_t before, size_t limit, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "results");
    pthread_mutex_lock(&view->client_mutex);
    bool done = ask_all_results(view, before, limit, list, error);
    pthread_mutex_unlock(&view->client_mutex);
    while (done && (size_t)cJSON_GetArraySize(list) > limit) {
        cJSON_DeleteItemFromArray(list, cJSON_GetArraySize(list) - 1);
    }
    const int count = cJSON_GetArraySize(list);
    cJSON *cursor = done && (size_t)count == limit
                        ? cJSON_CreateNumber((double)cursor_of(cJSON_GetArrayItem(list, count - 1)))
                        : cJSON_CreateNull();
    if (!cJSON_AddItemToObject(object, "cursor", cursor)) {
        cJSON_Delete(cursor);
        done = done && pm_fail(error, PM_ERROR_MEMORY, "no memory for results");
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

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
