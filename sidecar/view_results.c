/* What became of leases, and of results that the pool agreed on and did not pay: records that
 * drivers leave with the broker. */
#include "sidecar/view_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

enum {
    RUNS_MAX = 16,     /* asked for results, the first ones */
    LOOKED_FACTOR = 2, /* records looked at for a page of results: open leases are among them */
    NOT_PAID_MAX = 16, /* of one run in one state */
    RECORD_LEVELS = 3, /* around one: the answer, the list, the result */
};

/* What drivers call their records; docs/driver.md. */
static const char *const RESULT_PREFIXES[] = {"lease/", "unpaid/"};
enum { PREFIX_COUNT = sizeof RESULT_PREFIXES / sizeof *RESULT_PREFIXES };
static const char OPEN[] = "open";
static const struct {
    const char *state, *prefix;
} NOT_PAID[PM_VIEW_NOT_PAID_STATES] = {
    {"refused", "lease/"}, {"expired", "lease/"}, {"unpaid", "unpaid/"}};

/* One record; its body, what the driver recorded, is JSON of the driver's own. */
static cJSON *write_result(const char *run, const struct pm_record *record)
{
    cJSON *body = NULL;
    cJSON *object = cJSON_CreateObject();
    if (!pm_json_parse(record->body, record->body_size, PM_JOB_BODY_MAX, &body, NULL) ||
        pm_json_is_deeper(body, PM_JSON_MAX_DEPTH - RECORD_LEVELS)) {
        cJSON_Delete(body);
        body = cJSON_CreateNull();
    }
    bool done = pm_json_add_number(object, "cursor", (double)record->sequence) &&
                pm_json_add_number(object, "time_ms", (double)record->updated_ms) &&
                pm_json_add_string(object, "run", run) &&
                pm_json_add_string(object, "key", record->key) &&
                pm_json_add_string(object, "state", record->state) &&
                pm_json_add_string(object, "reason", record->reason);
    done = pm_json_add(object, "record", body) && done;
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static int64_t cursor_of(const cJSON *result)
{
    return (int64_t)cJSON_GetObjectItemCaseSensitive(result, "cursor")->valuedouble;
}

/* Keeps the list ordered, the newest first. What is older moves behind it: the cJSON of Debian 12
 * inserts nothing into the middle of a list. */
static bool insert_result(cJSON *list, cJSON *result)
{
    if (result == NULL) {
        return false;
    }
    int place = 0;
    const int count = cJSON_GetArraySize(list);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        if (cursor_of(item) < cursor_of(result)) {
            break;
        }
        place++;
    }
    cJSON_AddItemToArray(list, result);
    for (int i = place; i < count; i++) {
        cJSON_AddItemToArray(list, cJSON_DetachItemFromArray(list, place));
    }
    return true;
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
    if (!pm_json_add(object, "cursor", cursor)) {
        done = done && pm_fail(error, PM_ERROR_MEMORY, "no memory for results");
    }
    if (!done) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

/* ---- what earned nothing ---- */

/* What to do, by the cause of a lease's end or the kind of what was not paid; docs/driver.md. */
static const struct {
    const char *cause, *remedy;
} REMEDIES[] = {
    {"ran_out",
     "Where the pool was away or the miner was stopped, no more could be done. Else, if it "
     "happens often, this machine is too slow for what it asks for: fewer generations, "
     "more threads, a higher CPU limit."},
    {"signature", "Does the clock go right, and is the key the one that earned here? `poolminer "
                  "doctor` looks."},
    {"window", "Results are wanted in the window that the lease was given in. If that happens "
               "often: fewer generations."},
    {"iterations", "The pool wants more work in a lease; the next ones run more generations."},
    {"evaluation", "If there are many, is the dataset the pool's? `poolminer doctor` compares "
                   "them."},
    {"evolution", "Evolved and agreed on, and not good enough for this pool: more generations "
                  "find better ones."},
};

static const char *remedy_of(const cJSON *body)
{
    const char *cause = "";
    pm_json_optional_string(body, "cause", &cause, NULL);
    if (cause[0] == '\0') {
        pm_json_optional_string(body, "kind", &cause, NULL);
    }
    for (size_t i = 0; i < sizeof REMEDIES / sizeof *REMEDIES; i++) {
        if (strcmp(REMEDIES[i].cause, cause) == 0) {
            return REMEDIES[i].remedy;
        }
    }
    return "";
}

/* With what to do, and without what was sent: who wants to know that asks for results. */
static bool add_not_paid(cJSON *list, const char *run, const struct pm_record *record)
{
    cJSON *result = write_result(run, record);
    cJSON *body = cJSON_DetachItemFromObjectCaseSensitive(result, "record");
    bool done = pm_json_add_string(result, "remedy", remedy_of(body));
    cJSON *cause = cJSON_DetachItemFromObjectCaseSensitive(body, "cause");
    if (cJSON_IsString(cause)) {
        done = pm_json_add(result, "cause", cause) && done;
    } else {
        cJSON_Delete(cause);
    }
    cJSON_Delete(body);
    if (!done) {
        cJSON_Delete(result);
        result = NULL;
    }
    return insert_result(list, result);
}

static bool ask_not_paid_of(struct pm_view *view, const char *run, cJSON *list)
{
    bool done = true;
    for (size_t i = 0; done && i < PM_VIEW_NOT_PAID_STATES; i++) {
        struct pm_records records;
        if (!pm_queue_client_records(view->client, run, NOT_PAID[i].prefix, NOT_PAID[i].state,
                                     NOT_PAID_MAX, &records, NULL)) {
            return false;
        }
        for (size_t k = 0; done && k < records.count; k++) {
            done = add_not_paid(list, run, &records.items[k]);
        }
        pm_records_clear(&records);
    }
    return done;
}

void pm_view_ask_not_paid(struct pm_view *view, const cJSON *status)
{
    int64_t counts[PM_VIEW_NOT_PAID_STATES] = {0};
    const cJSON *totals = cJSON_GetObjectItemCaseSensitive(status, "records");
    const cJSON *run = NULL;
    for (size_t i = 0; i < PM_VIEW_NOT_PAID_STATES; i++) {
        pm_json_optional_integer(totals, NOT_PAID[i].state, &counts[i], NULL);
    }
    if (view->not_paid != NULL && memcmp(counts, view->not_paid_counts, sizeof counts) == 0) {
        return;
    }
    cJSON *list = cJSON_CreateArray();
    bool done = list != NULL;
    int asked = 0;
    cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(status, "runs"))
    {
        done = done && (asked++ >= RUNS_MAX || ask_not_paid_of(view, run->string, list));
    }
    if (!done) { /* the old ones stay, and it is tried again */
        cJSON_Delete(list);
        return;
    }
    cJSON_Delete(view->not_paid);
    view->not_paid = list;
    memcpy(view->not_paid_counts, counts, sizeof counts);
}
