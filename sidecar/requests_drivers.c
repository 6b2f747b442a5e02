/* The drivers' verbs: room, put, results, collect, cancel, record-put, record-state, records. */
#include "sidecar/requests_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

bool pm_errand_put(struct pm_errand *errand, struct pm_error *error)
{
    struct pm_job_put put = {.body = errand->body->data, .body_size = errand->body->size};
    int64_t id;
    bool existed;
    return pm_json_string(errand->arguments, "run", &put.run_id, error) &&
           pm_json_string(errand->arguments, "key", &put.key, error) &&
           pm_json_string(errand->arguments, "kind", &put.kind, error) &&
           pm_json_optional_integer(errand->arguments, "priority", &put.priority, error) &&
           pm_json_optional_integer(errand->arguments, "deadline_ms", &put.deadline_ms, error) &&
           pm_queue_put(errand->desk->queue, errand->desk->now, &put, &id, &existed, error) &&
           pm_reply_format(errand->reply, error, "{\"job\":%lld,\"existed\":%s}", (long long)id,
                           existed ? "true" : "false");
}

static bool add_outcome(struct pm_errand *errand, struct pm_text *list, int64_t id,
                        struct pm_error *error)
{
    struct pm_reply_out *reply = errand->reply;
    struct pm_store_job job;
    struct pm_wire_identity worker = {0};
    void *result;
    size_t size;
    if (!pm_queue_outcome(errand->desk->queue, id, &job, &result, &size, error)) {
        return false;
    }
    reply->bodies[reply->body_count++] = (struct pm_wire_frame){result, size};
    pm_wire_identity_decode(job.holder, strlen(job.holder), &worker);
    pm_json_put_integer(list, reply->body_count > 1 ? ",{\"job\":" : "{\"job\":", id);
    pm_json_put_string(list, ",\"state\":", pm_job_state_name(job.state));
    pm_json_put_string(list, ",\"key\":", job.key);
    pm_json_put_string(list, ",\"kind\":", job.kind);
    pm_json_put_string(list, ",\"reason\":", job.reason);
    pm_json_put_string(list, ",\"worker\":", worker.name);
    pm_json_put_integer(list, ",\"attempts\":", job.failures + (job.state == PM_JOB_DONE ? 1 : 0));
    pm_json_put(list, "}");
    return true;
}

static bool page_limit(const cJSON *arguments, int64_t *limit, struct pm_error *error)
{
    *limit = PM_WIRE_BODIES_MAX;
    if (!pm_json_optional_integer(arguments, "limit", limit, error)) {
        return false;
    }
    if (*limit < 1) {
        return pm_fail(error, PM_ERROR_INVALID, "limit: expected 1 or more");
    }
    *limit = *limit < PM_WIRE_BODIES_MAX ? *limit : PM_WIRE_BODIES_MAX;
    return true;
}

bool pm_errand_results(struct pm_errand *errand, struct pm_error *error)
{
    const char *run, *prefix = "";
    int64_t after = 0, limit;
    int64_t ids[PM_WIRE_BODIES_MAX];
    size_t count;
    if (!pm_json_string(errand->arguments, "run", &run, error) ||
        !pm_json_optional_string(errand->arguments, "prefix", &prefix, error) ||
        !pm_json_optional_integer(errand->arguments, "after", &after, error) ||
        !page_limit(errand->arguments, &limit, error) ||
        !pm_queue_results(errand->desk->queue, run, prefix, after, ids, (size_t)limit, &count,
                          error)) {
        return false;
    }
    struct pm_text text = {0};
    size_t taken = 0, bytes = 0;
    pm_json_put(&text, "{\"jobs\":[");
    while (taken < count && bytes < PM_REPLY_BODIES_MAX) {
        if (!add_outcome(errand, &text, ids[taken], error)) {
            pm_text_clear(&text);
            return false;
        }
        bytes += errand->reply->bodies[taken++].size;
    }
    const bool more = taken < count || count == (size_t)limit;
    pm_json_put(&text, more ? "],\"more\":true}" : "],\"more\":false}");
    return pm_reply_set_text(errand->reply, &text, error);
}

bool pm_errand_collect(struct pm_errand *errand, struct pm_error *error)
{
    const cJSON *list;
    int64_t ids[PM_QUEUE_LIST_MAX];
    size_t count = 0, collected;
    if (!pm_json_array(errand->arguments, "jobs", &list, error)) {
        return false;
    }
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (count == PM_QUEUE_LIST_MAX) {
            return pm_fail(error, PM_ERROR_LIMIT, "jobs: at most %d in one request",
                           PM_QUEUE_LIST_MAX);
        }
        if (!pm_json_item_integer(item, &ids[count], NULL) || ids[count] < 0) {
            return pm_fail(error, PM_ERROR_INVALID, "jobs: expected numbers of jobs");
        }
        count++;
    }
    return pm_queue_collect(errand->desk->queue, ids, count, &collected, error) &&
           pm_reply_format(errand->reply, error, "{\"collected\":%lld}", (long long)collected);
}

bool pm_errand_cancel(struct pm_errand *errand, struct pm_error *error)
{
    const char *run, *prefix = "", *after = "";
    char last[PM_STORE_KEY_MAX + 1];
    size_t cancelled;
    bool more;
    if (!pm_json_string(errand->arguments, "run", &run, error) ||
        !pm_json_optional_string(errand->arguments, "prefix", &prefix, error) ||
        !pm_json_optional_string(errand->arguments, "after", &after, error) ||
        !pm_queue_cancel(errand->desk->queue, run, prefix, after, &cancelled, &more, last, error)) {
        return false;
    }
    cJSON *object = pm_reply_begin(errand->reply);
    pm_reply_add_integer(errand->reply, object, "cancelled", (int64_t)cancelled);
    pm_reply_add_bool(errand->reply, object, "more", more);
    pm_reply_add_text(errand->reply, object, "last", last);
    return pm_reply_set(errand->reply, object, error);
}

bool pm_errand_record_put(struct pm_errand *errand, struct pm_error *error)
{
    const char *run;
    struct pm_store_record record = {0};
    return pm_json_string(errand->arguments, "run", &run, error) &&
           pm_errand_text(errand->arguments, "key", record.key, sizeof record.key, error) &&
           pm_errand_text(errand->arguments, "state", record.state, sizeof record.state, error) &&
           pm_errand_text(errand->arguments, "reason", record.reason, sizeof record.reason,
                          error) &&
           pm_queue_record_put(errand->desk->queue, errand->desk->now, run, &record, errand->body,
                               error) &&
           pm_reply_format(errand->reply, error, "{\"sequence\":%lld}", (long long)record.sequence);
}

struct record_page {
    struct pm_reply_out *reply;
    cJSON *list;
    size_t bytes;
    bool full;
};

static bool add_record(void *context, const struct pm_store_record *record,
                       const struct pm_wire_frame *body, struct pm_error *error)
{
    struct record_page *page = context;
    if (page->bytes >= PM_REPLY_BODIES_MAX) {
        page->full = true;
        return true;
    }
    void *copy = malloc(body->size + 1);
    if (copy == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a record");
    }
    struct pm_reply_out *reply = page->reply;
    cJSON *item = pm_reply_add_item(reply, page->list);
    pm_reply_add_text(reply, item, "key", record->key);
    pm_reply_add_text(reply, item, "state", record->state);
    pm_reply_add_text(reply, item, "reason", record->reason);
    pm_reply_add_integer(reply, item, "updated_ms", record->updated_ms);
    pm_reply_add_integer(reply, item, "sequence", record->sequence);
    if (body->size > 0) {
        memcpy(copy, body->data, body->size);
    }
    reply->bodies[reply->body_count++] = (struct pm_wire_frame){copy, body->size};
    page->bytes += body->size;
    return true;
}

bool pm_errand_records(struct pm_errand *errand, struct pm_error *error)
{
    const char *run;
    int64_t before = 0, limit;
    struct pm_store_record_query query = {.state = "", .prefix = ""};
    if (!pm_json_string(errand->arguments, "run", &run, error) ||
        !pm_json_optional_string(errand->arguments, "state", &query.state, error) ||
        !pm_json_optional_string(errand->arguments, "prefix", &query.prefix, error) ||
        !pm_json_optional_integer(errand->arguments, "before", &before, error) ||
        !page_limit(errand->arguments, &limit, error)) {
        return false;
    }
    query.before = before <= 0 ? INT64_MAX : before;
    query.limit = (size_t)limit;
    cJSON *object = pm_reply_begin(errand->reply);
    struct record_page page = {.reply = errand->reply,
                               .list = pm_reply_add_array(errand->reply, object, "records")};
    if (!pm_queue_records(errand->desk->queue, run, &query, add_record, &page, error)) {
        cJSON_Delete(object);
        return false;
    }
    pm_reply_add_bool(errand->reply, object, "more",
                      page.full || errand->reply->body_count == (size_t)limit);
    return pm_reply_set(errand->reply, object, error);
}

bool pm_errand_record_state(struct pm_errand *errand, struct pm_error *error)
{
    const char *run, *key;
    char state[PM_STORE_STATE_MAX + 1];
    return pm_json_string(errand->arguments, "run", &run, error) &&
           pm_json_string(errand->arguments, "key", &key, error) &&
           pm_queue_record_state(errand->desk->queue, run, key, state, error) &&
           pm_reply_format(errand->reply, error, "{\"state\":\"%s\"}", state);
}

bool pm_errand_room(struct pm_errand *errand, struct pm_error *error)
{
    int64_t bytes;
    if (!pm_json_integer(errand->arguments, "bytes", &bytes, error)) {
        return false;
    }
    if (bytes < 0 || bytes > PM_WIRE_BODY_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "bytes from 0 to %d are asked for",
                       PM_WIRE_BODY_MAX);
    }
    char paused[PM_QUEUE_PAUSED_SIZE];
    if (!pm_queue_has_room(errand->desk->queue, bytes, error) ||
        !pm_errand_paused(errand, paused, error)) {
        return false;
    }
    cJSON *object = pm_reply_begin(errand->reply);
    pm_reply_add_text(errand->reply, object, "paused", paused);
    return pm_reply_set(errand->reply, object, error);
}
