/* The drivers' verbs: room, put, results, collect, cancel, and records. */
#include "common/queue_client_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

enum { COLLECT_MAX = 1000, CANCEL_KEY_MAX = 256, PAGE_MAX = PM_WIRE_BODIES_MAX };

bool pm_queue_client_room(struct pm_queue_client *client, int64_t bytes,
                          char paused[PM_QUEUE_PAUSED_SIZE], struct pm_error *error)
{
    struct pm_request request;
    struct pm_reply reply;
    const char *reason = ""; /* an older sidecar gives none */
    pm_request_begin(&request, "room");
    pm_request_add_number(&request, "bytes", bytes);
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    const bool good = pm_json_optional_string(reply.message.arguments, "paused", &reason, error);
    if (good) {
        snprintf(paused, PM_QUEUE_PAUSED_SIZE, "%s", reason);
    }
    pm_reply_clear(&reply);
    return good || pm_reply_fail("room", error);
}

bool pm_queue_client_put(struct pm_queue_client *client, const struct pm_job_put *put,
                         int64_t *job_id, bool *existed, struct pm_error *error)
{
    if (put->body_size > PM_JOB_BODY_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "the body of job %s has %zu bytes, at most %d",
                       put->key, put->body_size, PM_JOB_BODY_MAX);
    }
    struct pm_request request;
    pm_request_begin(&request, "put");
    pm_request_add_text(&request, "run", put->run_id);
    pm_request_add_text(&request, "key", put->key);
    pm_request_add_text(&request, "kind", put->kind);
    pm_request_add_number(&request, "priority", put->priority);
    pm_request_add_number(&request, "deadline_ms", put->deadline_ms);
    pm_request_set_body(&request, put->body, put->body_size);
    struct pm_reply reply;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    bool known = false;
    int64_t id = 0;
    bool good = pm_json_integer(reply.message.arguments, "job", &id, error) &&
                pm_json_bool(reply.message.arguments, "existed", &known, error);
    pm_reply_clear(&reply);
    if (job_id != NULL) {
        *job_id = id;
    }
    if (existed != NULL) {
        *existed = known;
    }
    return good || pm_reply_fail("put", error);
}

const char *pm_job_state_name(enum pm_job_state state)
{
    static const char *const names[] = {
        [PM_JOB_QUEUED] = "queued",       [PM_JOB_LEASED] = "leased",
        [PM_JOB_DONE] = "done",           [PM_JOB_FAILED] = "failed",
        [PM_JOB_SET_ASIDE] = "set_aside", [PM_JOB_COLLECTED] = "collected",
    };
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static bool state_parse(const char *name, enum pm_job_state *out, struct pm_error *error)
{
    for (enum pm_job_state state = PM_JOB_QUEUED; state <= PM_JOB_COLLECTED; state++) {
        if (strcmp(name, pm_job_state_name(state)) == 0) {
            *out = state;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_PROTOCOL, "unknown job state %s", name);
}

/* ---- pages: lists longer than one reply may be ---- */

struct page {
    const char *verb, *list, *run_id, *prefix;
    const char *state; /* NULL: of any */
    const char *cursor_name, *cursor_member;
    int64_t cursor; /* where the first page begins */
    size_t limit;
    /* Reads item `index` of a reply. */
    bool (*read)(void *list, const struct pm_reply *reply, const cJSON *item, size_t index,
                 struct pm_error *error);
};

static bool read_page(struct pm_queue_client *client, const struct page *page, size_t limit,
                      int64_t *cursor, size_t *taken, bool *more, void *list,
                      struct pm_error *error)
{
    struct pm_request request;
    pm_request_begin(&request, page->verb);
    pm_request_add_text(&request, "run", page->run_id);
    pm_request_add_text(&request, "prefix", page->prefix);
    if (page->state != NULL) {
        pm_request_add_text(&request, "state", page->state);
    }
    pm_request_add_number(&request, page->cursor_name, *cursor);
    pm_request_add_number(&request, "limit", (int64_t)limit);
    struct pm_reply reply;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    const cJSON *items = NULL;
    bool good = pm_json_array(reply.message.arguments, page->list, &items, error) &&
                pm_json_bool(reply.message.arguments, "more", more, error);
    if (good && (size_t)cJSON_GetArraySize(items) != reply.message.body_count) {
        good = pm_fail(error, PM_ERROR_PROTOCOL, "bodies are missing");
    }
    size_t count = 0;
    for (const cJSON *item = good ? items->child : NULL; good && item != NULL; item = item->next) {
        good = page->read(list, &reply, item, count, error) &&
               pm_json_integer(item, page->cursor_member, cursor, error);
        count += good ? 1 : 0;
    }
    pm_reply_clear(&reply);
    *taken = count;
    return good || pm_reply_fail(page->verb, error);
}

static bool read_pages(struct pm_queue_client *client, const struct page *page, void *list,
                       struct pm_error *error)
{
    size_t left = page->limit;
    int64_t cursor = page->cursor;
    bool more = true;
    while (more && left > 0) {
        size_t taken;
        if (!read_page(client, page, left < PAGE_MAX ? left : PAGE_MAX, &cursor, &taken, &more,
                       list, error)) {
            return false;
        }
        if (taken > left || (more && taken == 0)) {
            return pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar's reply to %s does not end",
                           page->verb);
        }
        left -= taken;
    }
    return true;
}

/* Room for one more of `size` bytes, zeroed; NULL: no memory. Capacity doubles at powers of two. */
static void *grow(void **items, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) {
        void *larger = reallocarray(*items, count == 0 ? 1 : count * 2, size);
        if (larger == NULL) {
            return NULL;
        }
        *items = larger;
    }
    void *item = (char *)*items + count * size;
    memset(item, 0, size);
    return item;
}

static bool read_result(void *list, const struct pm_reply *reply, const cJSON *item, size_t index,
                        struct pm_error *error)
{
    struct pm_job_results *results = list;
    const char *state, *key, *kind, *reason, *worker;
    void *items = results->items;
    struct pm_job_result *result = grow(&items, results->count, sizeof *result);
    if (result == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory");
    }
    results->items = items;
    results->count++;
    if (!pm_json_integer(item, "job", &result->job_id, error) ||
        !pm_json_integer(item, "attempts", &result->attempts, error) ||
        !pm_json_string(item, "state", &state, error) ||
        !state_parse(state, &result->state, error) || !pm_json_string(item, "key", &key, error) ||
        !pm_json_string(item, "kind", &kind, error) ||
        !pm_json_string(item, "reason", &reason, error) ||
        !pm_json_string(item, "worker", &worker, error)) {
        return false;
    }
    result->key = strdup(key);
    result->kind = strdup(kind);
    result->reason = strdup(reason);
    result->worker = strdup(worker);
    result->body = pm_reply_copy_body(reply, index, &result->body_size);
    return (result->key != NULL && result->kind != NULL && result->reason != NULL &&
            result->worker != NULL && result->body != NULL) ||
           pm_fail(error, PM_ERROR_MEMORY, "out of memory");
}

bool pm_queue_client_results(struct pm_queue_client *client, const char *run_id,
                             const char *key_prefix, size_t limit, struct pm_job_results *out,
                             struct pm_error *error)
{
    const struct page page = {.verb = "results",
                              .list = "jobs",
                              .run_id = run_id,
                              .prefix = key_prefix,
                              .cursor_name = "after",
                              .cursor_member = "job",
                              .limit = limit,
                              .read = read_result};
    *out = (struct pm_job_results){0};
    if (read_pages(client, &page, out, error)) {
        return true;
    }
    pm_job_results_clear(out);
    return false;
}

void pm_job_results_clear(struct pm_job_results *results)
{
    for (size_t i = 0; i < results->count; i++) {
        struct pm_job_result *item = &results->items[i];
        free(item->key);
        free(item->kind);
        free(item->reason);
        free(item->worker);
        free(item->body);
    }
    free(results->items);
    *results = (struct pm_job_results){0};
}

/* The numbers as an array; NULL: no memory. */
static cJSON *number_list(const int64_t *numbers, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (!pm_json_append(list, cJSON_CreateNumber((double)numbers[i]))) {
            cJSON_Delete(list);
            return NULL;
        }
    }
    return list;
}

bool pm_queue_client_collect(struct pm_queue_client *client, const int64_t *job_ids, size_t count,
                             struct pm_error *error)
{
    for (size_t done = 0; done < count;) {
        size_t slice = count - done < COLLECT_MAX ? count - done : COLLECT_MAX;
        struct pm_request request;
        pm_request_begin(&request, "collect");
        pm_request_add_item(&request, "jobs", number_list(job_ids + done, slice));
        if (!pm_queue_client_tell(client, &request, error)) {
            return false;
        }
        done += slice;
    }
    return true;
}

/* Takes the next key to go on after; each must lie behind the one before, or there is no end. */
static bool advance(char after[CANCEL_KEY_MAX + 1], const char *last, struct pm_error *error)
{
    size_t length = strlen(last);
    if (length > CANCEL_KEY_MAX || strcmp(last, after) <= 0) {
        return pm_fail(error, PM_ERROR_PROTOCOL,
                       "last: expected a key of at most %d bytes behind "
                       "the one asked for",
                       CANCEL_KEY_MAX);
    }
    memcpy(after, last, length + 1);
    return true;
}

/* One slice of the jobs, those behind `after`. */
static bool cancel_some(struct pm_queue_client *client, const char *run_id, const char *key_prefix,
                        char after[CANCEL_KEY_MAX + 1], size_t *total, bool *more,
                        struct pm_error *error)
{
    struct pm_request request;
    pm_request_begin(&request, "cancel");
    pm_request_add_text(&request, "run", run_id);
    pm_request_add_text(&request, "prefix", key_prefix);
    pm_request_add_text(&request, "after", after);
    struct pm_reply reply;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    int64_t count = 0;
    const char *last = "";
    bool good = pm_json_integer(reply.message.arguments, "cancelled", &count, error) &&
                pm_json_bool(reply.message.arguments, "more", more, error) &&
                pm_json_string(reply.message.arguments, "last", &last, error) &&
                (!*more || advance(after, last, error));
    pm_reply_clear(&reply);
    *total += count > 0 ? (size_t)count : 0;
    return good || pm_reply_fail("cancel", error);
}

bool pm_queue_client_cancel(struct pm_queue_client *client, const char *run_id,
                            const char *key_prefix, size_t *cancelled, struct pm_error *error)
{
    size_t total = 0;
    bool more = true;
    char after[CANCEL_KEY_MAX + 1] = "";
    while (more) {
        if (!cancel_some(client, run_id, key_prefix, after, &total, &more, error)) {
            return false;
        }
    }
    if (cancelled != NULL) {
        *cancelled = total;
    }
    return true;
}

bool pm_queue_client_record_put(struct pm_queue_client *client, const struct pm_record_put *put,
                                struct pm_error *error)
{
    if (put->body_size > PM_WIRE_BODY_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "the record %s has %zu bytes, at most %d", put->key,
                       put->body_size, PM_WIRE_BODY_MAX);
    }
    struct pm_request request;
    pm_request_begin(&request, "record-put");
    pm_request_add_text(&request, "run", put->run_id);
    pm_request_add_text(&request, "key", put->key);
    pm_request_add_text(&request, "state", put->state);
    pm_request_add_reason(&request, put->reason);
    pm_request_set_body(&request, put->body, put->body_size);
    return pm_queue_client_tell(client, &request, error);
}

bool pm_queue_client_record_state(struct pm_queue_client *client, const char *run_id,
                                  const char *key, char state[PM_RECORD_STATE_SIZE],
                                  struct pm_error *error)
{
    struct pm_request request;
    pm_request_begin(&request, "record-state");
    pm_request_add_text(&request, "run", run_id);
    pm_request_add_text(&request, "key", key);
    struct pm_reply reply;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    const char *found = "";
    bool good =
        pm_json_string(reply.message.arguments, "state", &found, error) &&
        ((size_t)snprintf(state, PM_RECORD_STATE_SIZE, "%s", found) < PM_RECORD_STATE_SIZE ||
         pm_fail(error, PM_ERROR_PROTOCOL, "state: too long"));
    pm_reply_clear(&reply);
    return good || pm_reply_fail("record-state", error);
}

static bool read_record(void *list, const struct pm_reply *reply, const cJSON *item, size_t index,
                        struct pm_error *error)
{
    struct pm_records *records = list;
    const char *key, *state, *reason;
    void *items = records->items;
    struct pm_record *record = grow(&items, records->count, sizeof *record);
    if (record == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory");
    }
    records->items = items;
    records->count++;
    if (!pm_json_integer(item, "updated_ms", &record->updated_ms, error) ||
        !pm_json_integer(item, "sequence", &record->sequence, error) ||
        !pm_json_string(item, "key", &key, error) ||
        !pm_json_string(item, "state", &state, error) ||
        !pm_json_string(item, "reason", &reason, error)) {
        return false;
    }
    record->key = strdup(key);
    record->state = strdup(state);
    record->reason = strdup(reason);
    record->body = pm_reply_copy_body(reply, index, &record->body_size);
    return (record->key != NULL && record->state != NULL && record->reason != NULL &&
            record->body != NULL) ||
           pm_fail(error, PM_ERROR_MEMORY, "out of memory");
}

bool pm_queue_client_records(struct pm_queue_client *client, const char *run_id,
                             const char *key_prefix, const char *state, size_t limit,
                             struct pm_records *out, struct pm_error *error)
{
    return pm_queue_client_records_before(client, run_id, key_prefix, state, 0, limit, out, error);
}

bool pm_queue_client_records_before(struct pm_queue_client *client, const char *run_id,
                                    const char *key_prefix, const char *state, int64_t before,
                                    size_t limit, struct pm_records *out, struct pm_error *error)
{
    const struct page page = {.verb = "records",
                              .list = "records",
                              .run_id = run_id,
                              .prefix = key_prefix,
                              .state = state,
                              .cursor_name = "before",
                              .cursor_member = "sequence",
                              .cursor = before,
                              .limit = limit,
                              .read = read_record};
    *out = (struct pm_records){0};
    if (read_pages(client, &page, out, error)) {
        return true;
    }
    pm_records_clear(out);
    return false;
}

void pm_records_clear(struct pm_records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        struct pm_record *item = &records->items[i];
        free(item->key);
        free(item->state);
        free(item->reason);
        free(item->body);
    }
    free(records->items);
    *records = (struct pm_records){0};
}
