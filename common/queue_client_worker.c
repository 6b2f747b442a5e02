/* The workers' verbs: lease, progress, checkpoint, finish (also with the next lease), fail,
 * release. */
#include "common/queue_client_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

/* A lease waits at the sidecar in slices, so that a worker notices a sidecar that was restarted. */
enum { PARK_SLICE_MS = 2000 };

static bool read_job(const struct pm_reply *reply, const cJSON *arguments, struct pm_job *job,
                     struct pm_error *error)
{
    const char *run, *key, *kind;
    bool checkpoint;
    if (!pm_json_integer(arguments, "job", &job->job_id, error) ||
        !pm_json_integer(arguments, "token", &job->token, error) ||
        !pm_json_integer(arguments, "attempt", &job->attempt, error) ||
        !pm_json_integer(arguments, "lease_ms", &job->lease_ms, error) ||
        !pm_json_integer(arguments, "deadline_ms", &job->deadline_ms, error) ||
        !pm_json_string(arguments, "run", &run, error) ||
        !pm_json_string(arguments, "key", &key, error) ||
        !pm_json_string(arguments, "kind", &kind, error) ||
        !pm_json_bool(arguments, "checkpoint", &checkpoint, error)) {
        return false;
    }
    if (reply->message.body_count != (checkpoint ? 2U : 1U)) {
        return pm_fail(error, PM_ERROR_PROTOCOL, "a body is missing");
    }
    job->run_id = strdup(run);
    job->key = strdup(key);
    job->kind = strdup(kind);
    job->body = pm_reply_copy_body(reply, 0, &job->body_size);
    if (checkpoint) {
        job->checkpoint = pm_reply_copy_body(reply, 1, &job->checkpoint_size);
    }
    if (job->run_id == NULL || job->key == NULL || job->kind == NULL || job->body == NULL ||
        (checkpoint && job->checkpoint == NULL)) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a job");
    }
    return true;
}

/* What a reply to a finish tells of the next lease; NULL: the sidecar does not know of that. */
static const cJSON *next_lease(const struct pm_reply *reply)
{
    return cJSON_GetObjectItemCaseSensitive(reply->message.arguments, "next");
}

static bool read_lease(const struct pm_reply *reply, const cJSON *lease, struct pm_job *out,
                       bool *found, struct pm_error *error)
{
    *out = (struct pm_job){0};
    if (pm_json_bool(lease, "found", found, error) &&
        (!*found || read_job(reply, lease, out, error))) {
        return true;
    }
    *found = false;
    pm_job_clear(out);
    return false;
}

/* Notes that the request may have made a lease that nobody knows of, until it is answered. */
static void open_lease(struct pm_queue_client *client, uint64_t request_id, const char *run_id)
{
    client->open_lease_request = request_id;
    snprintf(client->open_lease_run, sizeof client->open_lease_run, "%s", run_id);
}

static bool lease_slice(struct pm_queue_client *client, const char *run_id, int64_t wait_ms,
                        struct pm_job *out, bool *found, struct pm_error *error)
{
    if (client->open_lease_request == 0 || strcmp(client->open_lease_run, run_id) != 0) {
        open_lease(client, ++client->last_request_id, run_id);
    }
    struct pm_request request;
    pm_request_begin(&request, "lease");
    pm_request_add_text(&request, "run", run_id);
    pm_request_add_number(&request, "wait_ms", wait_ms);
    request.id = client->open_lease_request;
    request.wait_ms = wait_ms;
    struct pm_reply reply;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    client->open_lease_request = 0;
    /* The answer may be one to the finish that made the lease, come late. */
    const cJSON *next = next_lease(&reply);
    const bool good =
        read_lease(&reply, next != NULL ? next : reply.message.arguments, out, found, error);
    pm_reply_clear(&reply);
    if (!good) {
        pm_reply_fail("lease", error);
    }
    return good;
}

bool pm_queue_client_lease(struct pm_queue_client *client, const char *run_id, int64_t wait_ms,
                           struct pm_job *out, bool *found, struct pm_error *error)
{
    struct pm_error unheard;
    if (error == NULL) {
        error = &unheard;
    }
    int64_t end_ms = pm_clock_monotonic_ms() + wait_ms;
    int64_t left_ms = wait_ms;
    do {
        int64_t slice_ms = left_ms < PARK_SLICE_MS ? left_ms : PARK_SLICE_MS;
        if (!lease_slice(client, run_id, slice_ms < 0 ? 0 : slice_ms, out, found, error)) {
            return false;
        }
        left_ms = end_ms - pm_clock_monotonic_ms();
    } while (!*found && left_ms > 0);
    return true;
}

void pm_queue_client_listen(struct pm_queue_client *client)
{
    if (pm_queue_socket_open(client, NULL)) {
        pm_queue_socket_drain(client);
    }
}

void pm_job_clear(struct pm_job *job)
{
    free(job->run_id);
    free(job->key);
    free(job->kind);
    free(job->body);
    free(job->checkpoint);
    *job = (struct pm_job){0};
}

static void begin_about_lease(struct pm_request *request, const char *verb, int64_t job_id,
                              int64_t token)
{
    pm_request_begin(request, verb);
    pm_request_add_number(request, "job", job_id);
    pm_request_add_number(request, "token", token);
}

bool pm_queue_client_progress(struct pm_queue_client *client, int64_t job_id, int64_t token,
                              const char *progress_json, struct pm_error *error)
{
    struct pm_request request;
    begin_about_lease(&request, "progress", job_id, token);
    if (progress_json != NULL) {
        cJSON *progress = NULL;
        if (!pm_json_parse(progress_json, strlen(progress_json), PM_WIRE_PROGRESS_MAX, &progress,
                           error)) {
            cJSON_Delete(request.arguments);
            return pm_fail_context(error, "the progress of job %lld", (long long)job_id);
        }
        pm_request_add_item(&request, "progress", progress);
    }
    return pm_queue_client_tell(client, &request, error);
}

static bool check_checkpoint(int64_t job_id, size_t size, struct pm_error *error)
{
    return size <= PM_WIRE_BODY_MAX ||
           pm_fail(error, PM_ERROR_LIMIT, "the checkpoint of job %lld has %zu bytes, at most %d",
                   (long long)job_id, size, PM_WIRE_BODY_MAX);
}

bool pm_queue_client_checkpoint(struct pm_queue_client *client, int64_t job_id, int64_t token,
                                const void *checkpoint, size_t checkpoint_size,
                                struct pm_error *error)
{
    struct pm_request request;
    if (!check_checkpoint(job_id, checkpoint_size, error)) {
        return false;
    }
    begin_about_lease(&request, "checkpoint", job_id, token);
    pm_request_set_body(&request, checkpoint, checkpoint_size);
    return pm_queue_client_tell(client, &request, error);
}

static bool begin_finish(struct pm_request *request, const struct pm_job_finish *finish,
                         struct pm_error *error)
{
    if (finish->body_size > PM_WIRE_BODY_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "the result of job %lld has %zu bytes, at most %d",
                       (long long)finish->job_id, finish->body_size, PM_WIRE_BODY_MAX);
    }
    begin_about_lease(request, "finish", finish->job_id, finish->token);
    pm_request_set_body(request, finish->body, finish->body_size);
    return true;
}

bool pm_queue_client_finish(struct pm_queue_client *client, const struct pm_job_finish *finish,
                            struct pm_error *error)
{
    struct pm_request request;
    return begin_finish(&request, finish, error) && pm_queue_client_tell(client, &request, error);
}

bool pm_queue_client_finish_and_lease(struct pm_queue_client *client,
                                      const struct pm_job_finish *finish, const char *run_id,
                                      struct pm_job *next, bool *found, struct pm_error *error)
{
    struct pm_error unheard;
    struct pm_request request;
    struct pm_reply reply;
    if (error == NULL) {
        error = &unheard;
    }
    if (!begin_finish(&request, finish, error)) {
        return false;
    }
    pm_request_add_text(&request, "next_run", run_id);
    if (client->open_finish_request == 0 || client->open_finish_job != finish->job_id ||
        client->open_finish_token != finish->token) {
        client->open_finish_request = ++client->last_request_id;
        client->open_finish_job = finish->job_id;
        client->open_finish_token = finish->token;
    }
    request.id = client->open_finish_request;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        if (error->code == PM_ERROR_UNAVAILABLE || error->code == PM_ERROR_INTERRUPTED) {
            open_lease(client, request.id, run_id);
        } else {
            client->open_finish_request = 0;
        }
        return false;
    }
    client->open_finish_request = client->open_lease_request = 0;
    const cJSON *lease = next_lease(&reply);
    *next = (struct pm_job){0};
    *found = false;
    if (lease != NULL && !read_lease(&reply, lease, next, found, NULL)) {
        open_lease(client, request.id, run_id); /* the result is safe; the lease is asked for */
    }
    pm_reply_clear(&reply);
    return true;
}

bool pm_queue_client_fail(struct pm_queue_client *client, int64_t job_id, int64_t token,
                          const char *reason, bool retry, struct pm_error *error)
{
    struct pm_request request;
    begin_about_lease(&request, "fail", job_id, token);
    pm_request_add_reason(&request, reason);
    pm_request_add_item(&request, "retry", cJSON_CreateBool(retry));
    return pm_queue_client_tell(client, &request, error);
}

bool pm_queue_client_release(struct pm_queue_client *client, int64_t job_id, int64_t token,
                             const void *checkpoint, size_t checkpoint_size, struct pm_error *error)
{
    struct pm_request request;
    if (!check_checkpoint(job_id, checkpoint_size, error)) {
        return false;
    }
    begin_about_lease(&request, "release", job_id, token);
    if (checkpoint != NULL) {
        pm_request_set_body(&request, checkpoint, checkpoint_size);
    }
    return pm_queue_client_tell(client, &request, error);
}
