#include "sidecar/requests_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

bool pm_errand_text(const cJSON *arguments, const char *name, char *out, size_t size,
                    struct pm_error *error)
{
    const char *text;
    if (!pm_json_string(arguments, name, &text, error)) {
        return false;
    }
    return (size_t)snprintf(out, size, "%s", text) < size ||
           pm_fail(error, PM_ERROR_INVALID, "%s: more than %zu bytes", name, size - 1);
}

/* ---- anyone ---- */

static bool handle_status(struct pm_errand *errand, struct pm_error *error)
{
    return pm_request_status(errand->desk, errand->reply, error);
}

static bool handle_retry(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job;
    return pm_json_integer(errand->arguments, "job", &job, error) &&
           pm_queue_retry(errand->desk->queue, job, error) &&
           pm_reply_format(errand->reply, error, "{\"job\":%lld}", (long long)job);
}

static bool handle_discard(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job;
    return pm_json_integer(errand->arguments, "job", &job, error) &&
           pm_queue_discard(errand->desk->queue, job, error) &&
           pm_reply_format(errand->reply, error, "{\"job\":%lld}", (long long)job);
}

/* ---- the table ---- */

static const struct verb {
    const char *name;
    bool (*handle)(struct pm_errand *errand, struct pm_error *error);
    size_t bodies_min, bodies_max;
    bool light;
} VERBS[] = {
    {"put", pm_errand_put, 1, 1, false},
    {"lease", pm_errand_lease, 0, 0, false},
    {"progress", pm_errand_progress, 0, 0, true},
    {"checkpoint", pm_errand_checkpoint, 1, 1, false},
    {"finish", pm_errand_finish, 1, 1, false},
    {"fail", pm_errand_fail, 0, 0, false},
    {"release", pm_errand_release, 0, 1, false},
    {"results", pm_errand_results, 0, 0, true},
    {"collect", pm_errand_collect, 0, 0, false},
    {"cancel", pm_errand_cancel, 0, 0, false},
    {"record-put", pm_errand_record_put, 1, 1, false},
    {"records", pm_errand_records, 0, 0, true},
    {"status", handle_status, 0, 0, true},
    {"wish", pm_errand_wish, 0, 0, false},
    {"report", pm_errand_report, 0, 0, true},
    {"room", pm_errand_room, 0, 0, true},
    {"record-state", pm_errand_record_state, 0, 0, true},
    {"retry", handle_retry, 0, 0, false},
    {"discard", handle_discard, 0, 0, false},
    {"tell", pm_errand_tell, 0, 0, true},
    {"supervise", pm_errand_supervise, 0, 0, true},
    {"state", pm_errand_state, 0, 0, true},
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
    struct pm_errand errand = {.desk = desk,
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
