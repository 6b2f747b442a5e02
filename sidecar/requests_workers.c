/* The workers' verbs: lease, progress, finish, fail, release; and clients that wait for a lease. */
#include "sidecar/requests_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

/* What a lease tells, as an object; its bodies go into the reply, and when that reaches nobody it
 * is taken back. */
static void append_lease(struct pm_desk *desk, struct pm_queue_lease *lease,
                         struct pm_reply_out *reply, struct pm_text *text)
{
    const struct pm_store_job *job = &lease->job;
    struct pm_store *store = desk->queue->store;
    pm_json_put(text, "{\"found\":true");
    pm_json_put_integer(text, ",\"job\":", job->id);
    pm_json_put_integer(text, ",\"token\":", job->token);
    pm_json_put_integer(text, ",\"attempt\":", job->failures + 1);
    pm_json_put_integer(text, ",\"lease_ms\":", desk->lease_ms);
    pm_json_put_integer(text, ",\"deadline_ms\":", job->deadline_ms);
    pm_json_put_string(text, ",\"run\":", store->verbs->run_name(store, job->run));
    pm_json_put_string(text, ",\"key\":", job->key);
    pm_json_put_string(text, ",\"kind\":", job->kind);
    pm_json_put(text,
                lease->checkpoint != NULL ? ",\"checkpoint\":true}" : ",\"checkpoint\":false}");
    reply->lease_job = job->id;
    reply->lease_token = job->token;
    reply->bodies[reply->body_count++] = (struct pm_wire_frame){lease->body, lease->body_size};
    if (lease->checkpoint != NULL) {
        reply->bodies[reply->body_count++] =
            (struct pm_wire_frame){lease->checkpoint, lease->checkpoint_size};
    }
}

static bool lease_reply(struct pm_desk *desk, struct pm_queue_lease *lease,
                        struct pm_reply_out *reply, struct pm_error *error)
{
    struct pm_text text = {0};
    append_lease(desk, lease, reply, &text);
    return pm_reply_set_text(reply, &text, error);
}

/* A request id that this client used before, or a client not heard since the start, may ask for a
 * lease that exists already; over a shared store any may, which another sidecar has answered. */
static bool find_lease(struct pm_errand *errand, const char *run, struct pm_queue_lease *lease,
                       bool *found, struct pm_error *error)
{
    struct pm_desk *desk = errand->desk;
    struct pm_peer *peer = errand->peer;
    bool repeated = desk->queue->store->shared || peer->last_lease_request == 0 ||
                    peer->last_lease_request == errand->request_id;
    peer->last_lease_request = errand->request_id;
    *found = false;
    if (repeated && !pm_queue_lease_again(desk->queue, desk->now, peer->routing_id,
                                          errand->request_id, lease, found, error)) {
        return false;
    }
    return *found || pm_queue_lease(desk->queue, desk->now, run, peer->routing_id,
                                    errand->request_id, lease, found, error);
}

static bool may_lease(const struct pm_errand *errand, const char *run, struct pm_error *error)
{
    if (errand->peer == NULL) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "a lease needs a client with a routing id of the form ROLE:NAME:SESSION");
    }
    return strlen(run) <= PM_ROSTER_RUN_MAX ||
           pm_fail(error, PM_ERROR_INVALID, "expected a run of at most %d bytes",
                   PM_ROSTER_RUN_MAX);
}

bool pm_errand_lease(struct pm_errand *errand, struct pm_error *error)
{
    struct pm_desk *desk = errand->desk;
    const char *run = "";
    int64_t wait_ms = 0;
    if (!pm_json_optional_string(errand->arguments, "run", &run, error) ||
        !pm_json_optional_integer(errand->arguments, "wait_ms", &wait_ms, error) ||
        !may_lease(errand, run, error)) {
        return false;
    }
    if (wait_ms < 0 || wait_ms > PM_WAIT_MAX_MS) {
        return pm_fail(error, PM_ERROR_INVALID, "expected wait_ms from 0 to %d", PM_WAIT_MAX_MS);
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
    return errand->parked || pm_reply_format(errand->reply, error, "{\"found\":false}");
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
    return pm_reply_format(reply, error, "{\"found\":false}");
}

static bool read_lease(struct pm_errand *errand, int64_t *job, int64_t *token,
                       struct pm_error *error)
{
    return pm_json_integer(errand->arguments, "job", job, error) &&
           pm_json_integer(errand->arguments, "token", token, error);
}

/* Levels that `status` puts around a worker's progress: the reply, "workers", the worker. */
enum { STATUS_LEVELS = 3, SHOWN_DEPTH_MAX = PM_JSON_MAX_DEPTH - STATUS_LEVELS };

bool pm_errand_shown(const cJSON *arguments, const char *name, size_t max, char **out,
                     struct pm_error *error)
{
    const cJSON *shown = cJSON_GetObjectItemCaseSensitive(arguments, name);
    *out = NULL;
    if (shown == NULL) {
        return true;
    }
    if (!cJSON_IsObject(shown)) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: expected a JSON object", name);
    }
    if (pm_json_is_deeper(shown, SHOWN_DEPTH_MAX)) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: more than %d levels deep", name,
                       SHOWN_DEPTH_MAX);
    }
    *out = pm_json_print(shown, error);
    if (*out != NULL && strlen(*out) > max) {
        free(*out);
        *out = NULL;
        return pm_fail(error, PM_ERROR_LIMIT, "%s: more than %zu bytes", name, max);
    }
    return *out != NULL;
}

bool pm_errand_progress(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job, token;
    char *text;
    if (!read_lease(errand, &job, &token, error) ||
        !pm_errand_shown(errand->arguments, "progress", PM_WIRE_PROGRESS_MAX, &text, error)) {
        return false;
    }
    bool good = pm_queue_progress(errand->desk->queue, errand->desk->now, job, token, error);
    if (good && text != NULL && errand->peer != NULL) {
        pm_roster_set_progress(errand->peer, job, text);
    }
    free(text);
    return good && pm_reply_format(errand->reply, error, "{\"lease_ms\":%lld}",
                                   (long long)errand->desk->lease_ms);
}

bool pm_errand_checkpoint(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job, token;
    return read_lease(errand, &job, &token, error) &&
           pm_queue_checkpoint(errand->desk->queue, errand->desk->now, job, token, errand->body,
                               error) &&
           pm_reply_format(errand->reply, error, "{\"lease_ms\":%lld}",
                           (long long)errand->desk->lease_ms);
}

/* The next job for whoever has finished one; it does not wait for one, as what it has finished is
 * to be acknowledged now. Leasing fails for nothing that concerns this request alone, so finishing
 * and leasing are both kept or both undone. */
static bool append_next(struct pm_errand *errand, const char *run, struct pm_text *text,
                        struct pm_error *error)
{
    struct pm_queue_lease lease;
    bool found;
    pm_roster_unpark(errand->desk->roster, errand->peer);
    if (!find_lease(errand, run, &lease, &found, error)) {
        return false;
    }
    pm_json_put(text, ",\"next\":");
    if (found) {
        append_lease(errand->desk, &lease, errand->reply, text);
    } else {
        pm_json_put(text, "{\"found\":false}");
    }
    return true;
}

bool pm_errand_finish(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job, token;
    const char *next_run = NULL;
    bool repeated;
    if (!read_lease(errand, &job, &token, error) ||
        !pm_json_optional_string(errand->arguments, "next_run", &next_run, error) ||
        (next_run != NULL && !may_lease(errand, next_run, error)) ||
        !pm_queue_finish(errand->desk->queue, job, token, errand->body, &repeated, error)) {
        return false;
    }
    struct pm_text text = {0};
    pm_json_put_integer(&text, "{\"job\":", job);
    pm_json_put(&text, repeated ? ",\"repeated\":true" : ",\"repeated\":false");
    if (next_run != NULL && !append_next(errand, next_run, &text, error)) {
        pm_text_clear(&text);
        return false;
    }
    pm_json_put(&text, "}");
    return pm_reply_set_text(errand->reply, &text, error);
}

bool pm_errand_fail(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job, token;
    char reason[PM_STORE_REASON_MAX + 1];
    bool retry = false;
    enum pm_job_state state;
    return read_lease(errand, &job, &token, error) &&
           pm_errand_text(errand->arguments, "reason", reason, sizeof reason, error) &&
           pm_json_optional_bool(errand->arguments, "retry", &retry, error) &&
           pm_queue_fail(errand->desk->queue, job, token, reason, retry, &state, error) &&
           pm_reply_format(errand->reply, error, "{\"job\":%lld,\"state\":\"%s\"}", (long long)job,
                           pm_job_state_name(state));
}

bool pm_errand_release(struct pm_errand *errand, struct pm_error *error)
{
    int64_t job, token;
    return read_lease(errand, &job, &token, error) &&
           pm_queue_release(errand->desk->queue, job, token, errand->body, error) &&
           pm_reply_format(errand->reply, error, "{\"job\":%lld}", (long long)job);
}
