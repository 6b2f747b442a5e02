#include "common/queue_client_call.h"
#include "common/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/log.h>
#include <poolminer/text.h>

enum {
    FIRST_ATTEMPT_MS = 1000, /* silence after which a request is sent again over a fresh socket */
    LONGEST_ATTEMPT_MS = 8000,
    NOBODY_THERE_MS = 100, /* when that is so at all addresses, between one look and the next */
    RUN_ID_MAX = 128,
};

void pm_reply_clear(struct pm_reply *reply)
{
    pm_wire_message_clear(&reply->message);
    pm_wire_close(reply->parts, reply->part_count);
    reply->part_count = 0;
}

bool pm_reply_fail(const char *verb, struct pm_error *error)
{
    if (error != NULL && error->code == PM_ERROR_INVALID) {
        error->code = PM_ERROR_PROTOCOL;
    }
    return pm_fail_context(error, "the sidecar's reply to %s", verb);
}

void *pm_reply_copy_body(const struct pm_reply *reply, size_t index, size_t *size)
{
    const struct pm_wire_frame *body = &reply->message.bodies[index];
    char *copy = malloc(body->size + 1);
    if (copy != NULL) {
        memcpy(copy, body->data, body->size);
        copy[body->size] = '\0';
        *size = body->size;
    }
    return copy;
}

/* ---- the arguments of a request ---- */

static void spoil(struct pm_request *request)
{
    cJSON_Delete(request->arguments);
    request->arguments = NULL;
}

void pm_request_begin(struct pm_request *request, const char *verb)
{
    *request = (struct pm_request){.verb = verb, .arguments = cJSON_CreateObject()};
}

void pm_request_add_text(struct pm_request *request, const char *name, const char *value)
{
    if (!pm_json_add_string(request->arguments, name, value)) {
        spoil(request);
    }
}

void pm_request_add_number(struct pm_request *request, const char *name, int64_t value)
{
    if (!pm_json_add_integer(request->arguments, name, value)) {
        spoil(request);
    }
}

void pm_request_add_item(struct pm_request *request, const char *name, cJSON *item)
{
    if (!pm_json_add(request->arguments, name, item)) {
        spoil(request);
    }
}

void pm_request_add_reason(struct pm_request *request, const char *reason)
{
    char text[PM_WIRE_REASON_MAX + 1];
    reason = reason == NULL ? "" : reason;
    size_t length = pm_utf8_cut(reason, strlen(reason), PM_WIRE_REASON_MAX);
    memcpy(text, reason, length);
    text[length] = '\0';
    pm_text_make_utf8(text);
    pm_request_add_text(request, "reason", text);
}

void pm_request_set_body(struct pm_request *request, const void *body, size_t size)
{
    request->body = (struct pm_wire_frame){body, size};
    request->has_body = true;
}

/* ---- one call ---- */

static bool reply_error(const struct pm_wire_message *message, struct pm_error *error)
{
    static const struct {
        const char *name;
        enum pm_error_code code;
    } codes[] = {
        {"version", PM_ERROR_PROTOCOL},   {"invalid", PM_ERROR_INVALID},
        {"limit", PM_ERROR_LIMIT},        {"full", PM_ERROR_UNAVAILABLE},
        {"lease-lost", PM_ERROR_REFUSED}, {"not-found", PM_ERROR_NOT_FOUND},
        {"store", PM_ERROR_UNAVAILABLE},
    };
    const char *name, *text;
    if (!pm_json_string(message->arguments, "error", &name, error) ||
        !pm_json_string(message->arguments, "message", &text, error)) {
        error->code = PM_ERROR_PROTOCOL;
        return pm_fail_context(error, "the sidecar's error reply");
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(name, codes[i].name) == 0) {
            return pm_fail(error, codes[i].code, "the sidecar: %s", text);
        }
    }
    return pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar answered with the unknown error %s: %s",
                   name, text);
}

/* "tcp://a:8123 or tcp://b:8123" */
static const char *all_urls(const struct pm_queue_client *client, struct pm_text *text)
{
    for (size_t i = 0; i < client->url_count; i++) {
        pm_text_append(text, "%s%s", i > 0 ? " or " : "", client->urls[i]);
    }
    return text->failed ? client->urls[0] : text->data;
}

static bool fail_unanswered(const struct pm_queue_client *client, int64_t patience_ms,
                            struct pm_error *error)
{
    struct pm_text text = {0};
    const char *where = all_urls(client, &text);
    if (client->turned_away) {
        pm_fail(error, PM_ERROR_UNAVAILABLE,
                "the sidecar at %s does not let this client in: see there whether its "
                "key is authorized (poolminer keys list), and whether both use keys",
                where);
    } else {
        pm_fail(error, PM_ERROR_UNAVAILABLE,
                "no answer from the sidecar at %s within %lld ms: is it running there?", where,
                (long long)patience_ms);
    }
    free(text.data);
    return false;
}

static void note_answer(struct pm_queue_client *client)
{
    if (client->logs_moves && client->answered != client->current) {
        pm_log(PM_LOG_WARN, "SIDECAR-NEXT", "%s does not answer; going on with %s",
               client->urls[client->answered], client->urls[client->current]);
    }
    client->answered = client->current;
}

/* So much that each address is given a first attempt. */
static int64_t patience_ms(const struct pm_queue_client *client)
{
    const int64_t first_ms =
        client->timeout_ms < FIRST_ATTEMPT_MS ? client->timeout_ms : FIRST_ATTEMPT_MS;
    const int64_t round_ms = (int64_t)client->url_count * first_ms;
    return client->timeout_ms > round_ms ? client->timeout_ms : round_ms;
}

/* Goes on with the next address. `lost`: how many in a row had nobody there. */
static void move_on(struct pm_queue_client *client, size_t lost)
{
    pm_queue_socket_close(client);
    client->current = (client->current + 1) % client->url_count;
    if (lost > 0 && lost % client->url_count == 0) {
        pm_clock_sleep_ms(NOBODY_THERE_MS);
    }
}

/* Sends, waits, and sends again, where there are several addresses to the next: at once when the
 * connection is lost, over a fresh socket after silence; until the call's time is up. */
static bool exchange(struct pm_queue_client *client, const struct pm_request *request,
                     const char *arguments, struct pm_reply *reply, struct pm_error *error)
{
    const int64_t wait_ms = patience_ms(client) + request->wait_ms;
    int64_t end_ms = pm_clock_monotonic_ms() + wait_ms;
    int64_t attempt_ms =
        client->timeout_ms < FIRST_ATTEMPT_MS ? client->timeout_ms : FIRST_ATTEMPT_MS;
    size_t lost_in_a_row = 0;
    for (;;) {
        int64_t until_ms = pm_clock_monotonic_ms() + attempt_ms + request->wait_ms;
        if (until_ms > end_ms) {
            until_ms = end_ms;
        }
        if (!pm_queue_socket_open(client, error)) {
            return false;
        }
        bool lost = false;
        if (pm_queue_socket_send(client, request, arguments, until_ms, &lost, error) &&
            pm_queue_socket_receive(client, request->id, until_ms, reply, &lost, error)) {
            note_answer(client);
            return true;
        }
        if (error->code != PM_ERROR_UNAVAILABLE) {
            pm_queue_socket_close(client);
            return false;
        }
        if (lost && client->url_count == 1 && pm_clock_monotonic_ms() < end_ms) {
            continue; /* ZeroMQ connects again by itself; the request went down with the line */
        }
        lost_in_a_row = lost ? lost_in_a_row + 1 : 0;
        move_on(client, lost_in_a_row);
        if (pm_clock_monotonic_ms() >= end_ms) {
            return fail_unanswered(client, wait_ms, error);
        }
        if (!lost && client->current == 0) {
            attempt_ms = attempt_ms * 2 < LONGEST_ATTEMPT_MS ? attempt_ms * 2 : LONGEST_ATTEMPT_MS;
        }
    }
}

static bool check_reply(struct pm_reply *reply, size_t bodies_min, struct pm_error *error)
{
    if (strcmp(reply->message.verb, "ok") != 0) {
        return reply_error(&reply->message, error);
    }
    return reply->message.body_count >= bodies_min ||
           pm_fail(error, PM_ERROR_PROTOCOL, "the sidecar's reply lacks a body");
}

bool pm_queue_client_call(struct pm_queue_client *client, struct pm_request *request,
                          size_t bodies_min, struct pm_reply *reply, struct pm_error *error)
{
    struct pm_error unheard;
    if (error == NULL) {
        error = &unheard;
    }
    char *arguments = NULL;
    if (request->arguments == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for a request to the sidecar");
    } else {
        arguments = pm_json_print(request->arguments, error);
    }
    cJSON_Delete(request->arguments);
    request->arguments = NULL;
    if (arguments == NULL) {
        return false;
    }
    if (request->id == 0) {
        request->id = ++client->last_request_id;
    }
    reply->part_count = 0;
    reply->message = (struct pm_wire_message){0};
    bool answered = exchange(client, request, arguments, reply, error);
    free(arguments);
    if (answered && !check_reply(reply, bodies_min, error)) {
        pm_reply_clear(reply);
        return false;
    }
    return answered;
}

bool pm_queue_client_tell(struct pm_queue_client *client, struct pm_request *request,
                          struct pm_error *error)
{
    struct pm_reply reply;
    if (!pm_queue_client_call(client, request, 0, &reply, error)) {
        return false;
    }
    pm_reply_clear(&reply);
    return true;
}

/* ---- verbs that belong to nobody ---- */

bool pm_queue_check_run_id(const char *run_id, struct pm_error *error)
{
    size_t length = strnlen(run_id, RUN_ID_MAX + 1);
    bool printable = true;
    for (size_t i = 0; i < length; i++) {
        printable = printable && run_id[i] > ' ' && run_id[i] <= '~';
    }
    if (length == 0 || length > RUN_ID_MAX || !printable) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "run-id: must be 1 to %d printable ASCII characters without blanks",
                       RUN_ID_MAX);
    }
    return true;
}

static bool tell_about_job(struct pm_queue_client *client, const char *verb, int64_t job_id,
                           struct pm_error *error)
{
    struct pm_request request;
    pm_request_begin(&request, verb);
    pm_request_add_number(&request, "job", job_id);
    return pm_queue_client_tell(client, &request, error);
}

bool pm_queue_client_retry(struct pm_queue_client *client, int64_t job_id, struct pm_error *error)
{
    return tell_about_job(client, "retry", job_id, error);
}

bool pm_queue_client_discard(struct pm_queue_client *client, int64_t job_id, struct pm_error *error)
{
    return tell_about_job(client, "discard", job_id, error);
}

bool pm_queue_client_status(struct pm_queue_client *client, char **json, struct pm_error *error)
{
    struct pm_request request;
    pm_request_begin(&request, "status");
    struct pm_reply reply;
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    *json = pm_json_print(reply.message.arguments, error);
    pm_reply_clear(&reply);
    return *json != NULL;
}
