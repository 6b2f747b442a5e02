#include "sidecar/requests.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

enum { WAIT_MAX_MS = 60000, REPLY_BODIES_MAX = 2 * 1024 * 1024 };

/* One request on its way through a verb. */
struct errand {
    struct pm_desk *desk;
    struct pm_peer *peer;
    const cJSON *arguments;
    uint64_t request_id;
    const struct pm_wire_frame *body; /* NULL: none */
    struct pm_reply_out *reply;
    bool parked;
};

/* ---- replies ---- */

void pm_reply_out_clear(struct pm_reply_out *reply)
{
    free(reply->arguments);
    reply->arguments = NULL;
    for (size_t i = 0; i < reply->body_count; i++) {
        free((void *)reply->bodies[i].data);
    }
    reply->body_count = 0;
}

static const char *error_name(enum pm_error_code code)
{
    switch (code) {
    case PM_ERROR_PROTOCOL:
        return "version";
    case PM_ERROR_LIMIT:
        return "limit";
    case PM_ERROR_UNAVAILABLE:
        return "full";
    case PM_ERROR_REFUSED:
        return "lease-lost";
    case PM_ERROR_NOT_FOUND:
        return "not-found";
    case PM_ERROR_IO:
    case PM_ERROR_MEMORY:
        return "store";
    default:
        return "invalid";
    }
}

/* Takes `object`. */
static bool set_arguments(struct pm_reply_out *reply, cJSON *object, struct pm_error *error)
{
    reply->verb = "ok";
    reply->arguments = object == NULL ? NULL : pm_json_print(object, error);
    cJSON_Delete(object);
    return reply->arguments != NULL || pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
}

static bool format_arguments(struct pm_reply_out *reply, struct pm_error *error, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

static bool format_arguments(struct pm_reply_out *reply, struct pm_error *error, const char *format,
                             ...)
{
    va_list values;
    va_start(values, format);
    int length = vasprintf(&reply->arguments, format, values);
    va_end(values);
    reply->verb = "ok";
    if (length < 0) {
        reply->arguments = NULL;
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
    }
    return true;
}

bool pm_reply_out_error(struct pm_reply_out *reply, const struct pm_error *error)
{
    pm_reply_out_clear(reply);
    reply->lease_token = 0;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "error", error_name(error->code));
    cJSON_AddStringToObject(object, "message", error->message);
    bool good = set_arguments(reply, object, NULL);
    reply->verb = "error";
    return good;
}

/* ---- drivers ---- */

static bool handle_put(struct errand *errand, struct pm_error *error)
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
           format_arguments(errand->reply, error, "{\"job\":%lld,\"existed\":%s}", (long long)id,
                            existed ? "true" : "false");
}

static bool add_outcome(struct errand *errand, cJSON *list, int64_t id, struct pm_error *error)
{
    struct pm_store_job job;
    struct pm_wire_identity worker = {0};
    void *result;
    size_t size;
    if (!pm_queue_outcome(errand->desk->queue, id, &job, &result, &size, error)) {
        return false;
    }
    errand->reply->bodies[errand->reply->body_count++] = (struct pm_wire_frame){result, size};
    pm_wire_identity_decode(job.holder, strlen(job.holder), &worker);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "job", (double)id);
    cJSON_AddStringToObject(item, "state", pm_job_state_name(job.state));
    cJSON_AddStringToObject(item, "key", job.key);
    cJSON_AddStringToObject(item, "kind", job.kind);
    cJSON_AddStringToObject(item, "reason", job.reason);
    cJSON_AddStringToObject(item, "worker", worker.name);
    cJSON_AddNumberToObject(item, "attempts",
                            (double)(job.failures + (job.state == PM_JOB_DONE ? 1 : 0)));
    return cJSON_AddItemToArray(list, item) || pm_fail(error, PM_ERROR_MEMORY, "out of memory");
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

static bool handle_results(struct errand *errand, struct pm_error *error)
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
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "jobs");
    size_t taken = 0, bytes = 0;
    while (taken < count && bytes < REPLY_BODIES_MAX) {
        if (!add_outcome(errand, list, ids[taken], error)) {
            cJSON_Delete(object);
            return false;
        }
        bytes += errand->reply->bodies[taken++].size;
    }
    cJSON_AddBoolToObject(object, "more", taken < count || count == (size_t)limit);
    return set_arguments(errand->reply, object, error);
}

static bool handle_collect(struct errand *errand, struct pm_error *error)
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
        double number = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(number >= 0 && number <= 9007199254740992.0)) {
            return pm_fail(error, PM_ERROR_INVALID, "jobs: expected numbers of jobs");
        }
        ids[count++] = (int64_t)number;
    }
    return pm_queue_collect(errand->desk->queue, ids, count, &collected, error) &&
           format_arguments(errand->reply, error, "{\"collected\":%lld}", (long long)collected);
}

static bool handle_cancel(struct errand *errand, struct pm_error *error)
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
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "cancelled", (double)cancelled);
    cJSON_AddBoolToObject(object, "more", more);
    cJSON_AddStringToObject(object, "last", last);
    return set_arguments(errand->reply, object, error);
}

static bool copy_text(const cJSON *arguments, const char *name, char *out, size_t size,
                      struct pm_error *error)
{
    const char *text;
    if (!pm_json_string(arguments, name, &text, error)) {
        return false;
    }
    return (size_t)snprintf(out, size, "%s", text) < size ||
           pm_fail(error, PM_ERROR_INVALID, "%s: more than %zu bytes", name, size - 1);
}

static bool handle_record_put(struct errand *errand, struct pm_error *error)
{
    const char *run;
    struct pm_store_record record = {0};
    return pm_json_string(errand->arguments, "run", &run, error) &&
           copy_text(errand->arguments, "key", record.key, sizeof record.key, error) &&
           copy_text(errand->arguments, "state", record.state, sizeof record.state, error) &&
           copy_text(errand->arguments, "reason", record.reason, sizeof record.reason, error) &&
           pm_queue_record_put(errand->desk->queue, errand->desk->now, run, &record, errand->body,
                               error) &&
           format_arguments(errand->reply, error, "{\"sequence\":%lld}",
                            (long long)record.sequence);
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
    if (page->bytes >= REPLY_BODIES_MAX) {
        page->full = true;
        return true;
    }
    void *copy = malloc(body->size + 1);
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "key", record->key);
    cJSON_AddStringToObject(item, "state", record->state);
    cJSON_AddStringToObject(item, "reason", record->reason);
    cJSON_AddNumberToObject(item, "updated_ms", (double)record->updated_ms);
    cJSON_AddNumberToObject(item, "sequence", (double)record->sequence);
    if (copy == NULL || !cJSON_AddItemToArray(page->list, item)) {
        free(copy);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a record");
    }
    if (body->size > 0) {
        memcpy(copy, body->data, body->size);
    }
    page->reply->bodies[page->reply->body_count++] = (struct pm_wire_frame){copy, body->size};
    page->bytes += body->size;
    return true;
}

static bool handle_records(struct errand *errand, struct pm_error *error)
{
    const char *run, *state = "";
    int64_t before = 0, limit;
    if (!pm_json_string(errand->arguments, "run", &run, error) ||
        !pm_json_optional_string(errand->arguments, "state", &state, error) ||
        !pm_json_optional_integer(errand->arguments, "before", &before, error) ||
        !page_limit(errand->arguments, &limit, error)) {
        return false;
    }
    cJSON *object = cJSON_CreateObject();
    struct record_page page = {.reply = errand->reply,
                               .list = cJSON_AddArrayToObject(object, "records")};
    if (!pm_queue_records(errand->desk->queue, run, state, before, (size_t)limit, add_record, &page,
                          error)) {
        cJSON_Delete(object);
        return false;
    }
    cJSON_AddBoolToObject(object, "more", page.full || errand->reply->body_count == (size_t)limit);
    return set_arguments(errand->reply, object, error);
}

/* ---- workers ---- */

static bool lease_reply(struct pm_desk *desk, struct pm_queue_lease *lease,
                        struct pm_reply_out *reply, struct pm_error *error)
{
    const struct pm_store_job *job = &lease->job;
    struct pm_store *store = desk->queue->store;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddBoolToObject(object, "found", true);
    cJSON_AddNumberToObject(object, "job", (double)job->id);
    cJSON_AddNumberToObject(object, "token", (double)job->token);
    cJSON_AddNumberToObject(object, "attempt", (double)(job->failures + 1));
    cJSON_AddNumberToObject(object, "lease_ms", (double)desk->lease_ms);
    cJSON_AddNumberToObject(object, "heartbeat_ms", (double)desk->heartbeat_ms);
    cJSON_AddNumberToObject(object, "deadline_ms", (double)job->deadline_ms);
    cJSON_AddStringToObject(object, "run", store->verbs->run_name(store, job->run));
    cJSON_AddStringToObject(object, "key", job->key);
    cJSON_AddStringToObject(object, "kind", job->kind);
    cJSON_AddBoolToObject(object, "checkpoint", lease->checkpoint != NULL);
    reply->lease_job = job->id;
    reply->lease_token = job->token;
    reply->bodies[reply->body_count++] = (struct pm_wire_frame){lease->body, lease->body_size};
    if (lease->checkpoint != NULL) {
        reply->bodies[reply->body_count++] =
            (struct pm_wire_frame){lease->checkpoint, lease->checkpoint_size};
    }
    return set_arguments(reply, object, error);
}

/* A request id that this client used before, or a client not heard since the start, may ask for a
 * lease that exists already. */
static bool find_lease(struct errand *errand, const char *run, struct pm_queue_lease *lease,
                       bool *found, struct pm_error *error)
{
    struct pm_desk *desk = errand->desk;
    struct pm_peer *peer = errand->peer;
    bool repeated = peer->last_lease_request == 0 || peer->last_lease_request == errand->request_id;
    peer->last_lease_request = errand->request_id;
    *found = false;
    if (repeated && !pm_queue_lease_again(desk->queue, peer->routing_id, errand->request_id, lease,
                                          found, error)) {
        return false;
    }
    return *found || pm_queue_lease(desk->queue, desk->now, run, peer->routing_id,
                                    errand->request_id, lease, found, error);
}

static bool handle_lease(struct errand *errand, struct pm_error *error)
{
    struct pm_desk *desk = errand->desk;
    const char *run = "";
    int64_t wait_ms = 0;
    if (!pm_json_optional_string(errand->arguments, "run", &run, error) ||
        !pm_json_optional_integer(errand->arguments, "wait_ms", &wait_ms, error)) {
        return false;
    }
    if (errand->peer == NULL) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "a lease needs a client with a routing id of the form ROLE:NAME:SESSION");
    }
    if (strlen(run) > PM_ROSTER_RUN_MAX || wait_ms < 0 || wait_ms > WAIT_MAX_MS) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "expected a run of at most %d bytes and wait_ms from 0 to %d",
                       PM_ROSTER_RUN_MAX, WAIT_MAX_MS);
    }
    pm_roster_unpark(desk->roster, errand->peer);
    struct pm_queue_lease lease;
    bool found;
    if (!find_lease(errand, run, &lease, &found, error)) {
        return false;
    }
    if (found) {
        return lease_reply(desk, &lease, errand->reply, error);
    }
    errand->parked = wait_ms > 0 && pm_roster_park(desk->roster, errand->peer, errand->request_id,
                                                   run, desk->now.steady_ms + wait_ms);
    return errand->parked || format_arguments(errand->reply, error, "{\"found\":false}");
}

bool pm_request_serve_parked(struct pm_desk *desk, struct pm_peer *peer, struct pm_reply_out *reply,
                             bool *found, struct pm_error *error)
{
    struct pm_queue_lease lease;
    return pm_queue_lease(desk->queue, desk->now, peer->parked_run, peer->routing_id,
                          peer->parked_request, &lease, found, error) &&
           (!*found || lease_reply(desk, &lease, reply, error));
}

bool pm_request_nothing_found(const struct pm_peer *peer, struct pm_reply_out *reply,
                              struct pm_error *error)
{
    reply->request_id = peer->parked_request;
    return format_arguments(reply, error, "{\"found\":false}");
}

static bool read_lease(struct errand *errand, int64_t *job, int64_t *token, struct pm_error *error)
{
    return pm_json_integer(errand->arguments, "job", job, error) &&
           pm_json_integer(errand->arguments, "token", token, error);
}

/* The text of the progress, malloc'd; NULL when the request has none. */
static bool read_progress(const cJSON *arguments, char **out, struct pm_error *error)
{
    const cJSON *progress = cJSON_GetObjectItemCaseSensitive(arguments, "progress");
    *out = NULL;
    if (progress == NULL) {
        return true;
    }
    if (!cJSON_IsObject(progress)) {
        return pm_fail(error, PM_ERROR_INVALID, "progress: expected a JSON object");
    }
    *out = pm_json_print(progress, error);
    if (*out != NULL && strlen(*out) > PM_WIRE_PROGRESS_MAX) {
        free(*out);
        *out = NULL;
        return pm_fail(error, PM_ERROR_LIMIT, "progress: more than %d bytes", PM_WIRE_PROGRESS_MAX);
    }
    return *out != NULL;
}

static bool handle_progress(struct errand *errand, struct pm_error *error)
{
    int64_t job, token;
    char *text;
    if (!read_lease(errand, &job, &token, error) ||
        !read_progress(errand->arguments, &text, error)) {
        return false;
    }
    bool good = pm_queue_progress(errand->desk->queue, errand->desk->now, job, token, error);
    if (good && text != NULL && errand->peer != NULL) {
        pm_roster_set_progress(errand->peer, job, text);
    }
    free(text);
    return good && format_arguments(errand->reply, error, "{\"lease_ms\":%lld}",
                                    (long long)errand->desk->lease_ms);
}

static bool handle_finish(struct errand *errand, struct pm_error *error)
{
    int64_t job, token;
    bool repeated;
    return read_lease(errand, &job, &token, error) &&
           pm_queue_finish(errand->desk->queue, job, token, errand->body, &repeated, error) &&
           format_arguments(errand->reply, error, "{\"job\":%lld,\"repeated\":%s}", (long long)job,
                            repeated ? "true" : "false");
}

static bool handle_fail(struct errand *errand, struct pm_error *error)
{
    int64_t job, token;
    char reason[PM_STORE_REASON_MAX + 1];
    bool retry = false;
    enum pm_job_state state;
    return read_lease(errand, &job, &token, error) &&
           copy_text(errand->arguments, "reason", reason, sizeof reason, error) &&
           pm_json_optional_bool(errand->arguments, "retry", &retry, error) &&
           pm_queue_fail(errand->desk->queue, job, token, reason, retry, &state, error) &&
           format_arguments(errand->reply, error, "{\"job\":%lld,\"state\":\"%s\"}", (long long)job,
                            pm_job_state_name(state));
}

static bool handle_release(struct errand *errand, struct pm_error *error)
{
    int64_t job, token;
    return read_lease(errand, &job, &token, error) &&
           pm_queue_release(errand->desk->queue, job, token, errand->body, error) &&
           format_arguments(errand->reply, error, "{\"job\":%lld}", (long long)job);
}

/* ---- anyone ---- */

static bool handle_status(struct errand *errand, struct pm_error *error)
{
    return pm_request_status(errand->desk, errand->reply, error);
}

static bool handle_retry(struct errand *errand, struct pm_error *error)
{
    int64_t job;
    return pm_json_integer(errand->arguments, "job", &job, error) &&
           pm_queue_retry(errand->desk->queue, job, error) &&
           format_arguments(errand->reply, error, "{\"job\":%lld}", (long long)job);
}

static bool handle_discard(struct errand *errand, struct pm_error *error)
{
    int64_t job;
    return pm_json_integer(errand->arguments, "job", &job, error) &&
           pm_queue_discard(errand->desk->queue, job, error) &&
           format_arguments(errand->reply, error, "{\"job\":%lld}", (long long)job);
}

/* ---- the table ---- */

static const struct verb {
    const char *name;
    bool (*handle)(struct errand *errand, struct pm_error *error);
    size_t bodies_min, bodies_max;
    bool light;
} VERBS[] = {
    {"put", handle_put, 1, 1, false},          {"lease", handle_lease, 0, 0, false},
    {"progress", handle_progress, 0, 0, true}, {"finish", handle_finish, 1, 1, false},
    {"fail", handle_fail, 0, 0, false},        {"release", handle_release, 0, 1, false},
    {"results", handle_results, 0, 0, true},   {"collect", handle_collect, 0, 0, false},
    {"cancel", handle_cancel, 0, 0, false},    {"record-put", handle_record_put, 1, 1, false},
    {"records", handle_records, 0, 0, true},   {"status", handle_status, 0, 0, true},
    {"retry", handle_retry, 0, 0, false},      {"discard", handle_discard, 0, 0, false},
};

static const struct verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof VERBS / sizeof VERBS[0]; i++) {
        if (strcmp(VERBS[i].name, name) == 0) {
            return &VERBS[i];
        }
    }
    return NULL;
}

bool pm_request_is_light(const char *verb)
{
    const struct verb *found = find_verb(verb);
    return found == NULL || found->light;
}

bool pm_request_handle(struct pm_desk *desk, struct pm_peer *peer,
                       const struct pm_wire_message *message, struct pm_reply_out *reply,
                       bool *parked, struct pm_error *error)
{
    const struct verb *verb = find_verb(message->verb);
    *parked = false;
    if (verb == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "unknown verb %s", message->verb);
    }
    if (message->request_id == 0) {
        return pm_fail(error, PM_ERROR_INVALID, "a request's id must not be 0");
    }
    if (message->body_count < verb->bodies_min || message->body_count > verb->bodies_max) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected %zu to %zu bodies, got %zu",
                       verb->name, verb->bodies_min, verb->bodies_max, message->body_count);
    }
    struct errand errand = {.desk = desk,
                            .peer = peer,
                            .arguments = message->arguments,
                            .request_id = message->request_id,
                            .body = message->body_count > 0 ? message->bodies : NULL,
                            .reply = reply};
    if (!verb->handle(&errand, error)) {
        return false;
    }
    *parked = errand.parked;
    return true;
}
