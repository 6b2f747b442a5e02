#include "common/queue_client_call.h"
#include "common/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum {
    FIRST_ATTEMPT_MS = 1000, /* silence after which a request is sent again over a fresh socket */
    LONGEST_ATTEMPT_MS = 8000,
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
    if (cJSON_AddStringToObject(request->arguments, name, value) == NULL) {
        spoil(request);
    }
}

void pm_request_add_number(struct pm_request *request, const char *name, int64_t value)
{
    if (cJSON_AddNumberToObject(request->arguments, name, (double)value) == NULL) {
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

/* Sends, waits, and sends again: at once when the connection is lost, over a fresh socket after
 * silence; until the call's time is up. */
static bool exchange(struct pm_queue_client *client, const struct pm_request *request,
                     const char *arguments, struct pm_reply *reply, struct pm_error *error)
{
    int64_t end_ms = pm_clock_monotonic_ms() + client->timeout_ms + request->wait_ms;
    int64_t attempt_ms = FIRST_ATTEMPT_MS;
    for (;;) {
        int64_t until_ms = pm_clock_monotonic_ms() + attempt_ms + request->wait_ms;
        if (until_ms > end_ms) {
            until_ms = end_ms;
        }
        if (!pm_queue_socket_open(client, error)) {
            return false;
        }
        bool lost = false;
        if (pm_queue_socket_send(client, request, arguments, until_ms, error) &&
            pm_queue_socket_receive(client, request->id, until_ms, reply, &lost, error)) {
            return true;
        }
        if (error->code != PM_ERROR_UNAVAILABLE) {
            pm_queue_socket_close(client);
            return false;
        }
        if (lost && pm_clock_monotonic_ms() < end_ms) {
            continue; /* ZeroMQ connects again by itself; the request went down with the line */
        }
        pm_queue_socket_close(client);
        if (pm_clock_monotonic_ms() >= end_ms && client->turned_away) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE,
                           "the sidecar at %s does not let this client in: see there whether its "
                           "key is authorized (poolminer keys list), and whether both use keys",
                           client->url);
        }
        if (pm_clock_monotonic_ms() >= end_ms) {
            return pm_fail(error, PM_ERROR_UNAVAILABLE,
                           "no answer from the sidecar at %s within %lld ms: is it running there?",
                           client->url, (long long)client->timeout_ms + request->wait_ms);
        }
        attempt_ms = attempt_ms * 2 < LONGEST_ATTEMPT_MS ? attempt_ms * 2 : LONGEST_ATTEMPT_MS;
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

/* ---- life ---- */

/* A name that only looks like an address of this machine is somebody else's. */
static bool is_this_machine(const char *url)
{
    const char *host = url + strlen("tcp://");
    return pm_wire_is_loopback(host, strcspn(host, ":"));
}

static bool read_keys(struct pm_queue_client *client, const struct pm_queue_client_config *config,
                      struct pm_error *error)
{
    if (config->key_file == NULL) {
        return is_this_machine(config->url) ||
               pm_fail(error, PM_ERROR_INVALID,
                       "the sidecar at %s is on another machine and is only spoken to encrypted: "
                       "name the file that `poolminer keys authorize` made there with --key-file",
                       config->url);
    }
    client->keys = calloc(1, sizeof *client->keys);
    if (client->keys == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a key");
    }
    if (!pm_curve_keys_read(config->key_file, client->keys, error)) {
        return false;
    }
    return client->keys->is_client ||
           pm_fail(error, PM_ERROR_INVALID,
                   "the key file %s is a sidecar's own: name one that `poolminer keys authorize` "
                   "made",
                   config->key_file);
}

static bool client_start(struct pm_queue_client *client,
                         const struct pm_queue_client_config *config, struct pm_error *error)
{
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return pm_fail(error, PM_ERROR_IO, "reading random numbers: %s", strerror(errno));
    }
    client->last_request_id = random[1] >> 1; /* far from wrapping to 0, which means "none" */
    if (pm_wire_identity_encode(config->role, config->name, random[0], client->identity, error) ==
        0) {
        return false;
    }
    client->shares_context = config->context != NULL;
    if (!client->shares_context && !read_keys(client, config, error)) {
        return false;
    }
    client->timeout_ms = config->timeout_ms;
    client->url = strdup(config->url);
    client->context = client->shares_context ? config->context : zmq_ctx_new();
    if (client->url == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the sidecar's client");
    }
    if (client->context == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the sidecar's client");
    }
    return pm_queue_socket_open(client, error); /* tells a malformed URL now */
}

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

/* "tcp://HOST:PORT": ZeroMQ would cut a port of six digits down to one that fits. */
static bool is_url(const char *url)
{
    const char *colon = url == NULL ? NULL : strrchr(url, ':');
    if (colon == NULL || strncmp(url, "tcp://", 6) != 0) {
        return false;
    }
    size_t digits = strspn(colon + 1, "0123456789");
    long port = digits >= 1 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 0;
    return colon[1 + digits] == '\0' && port >= 1 && port <= 65535;
}

bool pm_queue_client_create(const struct pm_queue_client_config *config,
                            struct pm_queue_client **out, struct pm_error *error)
{
    if (config->context == NULL && !is_url(config->url)) {
        return pm_fail(error, PM_ERROR_INVALID,
                       "the sidecar's URL must look like tcp://127.0.0.1:8123, not %s",
                       config->url == NULL ? "nothing" : config->url);
    }
    if (config->timeout_ms <= 0) {
        return pm_fail(error, PM_ERROR_INVALID, "the sidecar client's timeout must be above 0 ms");
    }
    struct pm_queue_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for the sidecar's client");
    }
    if (!client_start(client, config, error)) {
        pm_queue_client_destroy(client);
        return false;
    }
    *out = client;
    return true;
}

void pm_queue_client_destroy(struct pm_queue_client *client)
{
    if (client == NULL) {
        return;
    }
    pm_queue_socket_close(client);
    if (client->context != NULL && !client->shares_context) {
        zmq_ctx_term(client->context);
    }
    if (client->keys != NULL) {
        pm_curve_keys_wipe(client->keys);
        free(client->keys);
    }
    free(client->url);
    free(client);
}

void pm_queue_client_set_stop_flag(struct pm_queue_client *client, const atomic_bool *stop)
{
    client->stop = stop;
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
