#include "driver/pool_client.h"

#include "driver/endpoints.h"
#include "driver/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/http_client.h>
#include <poolminer/json.h>
#include <poolminer/log.h>
#include <poolminer/pool_proof.h>

enum {
    TIMEOUT_MS = 30 * 1000,
    STATS_TIMEOUT_MS = 5 * 1000, /* a figure for people must not hold up a submission */
    GRACE_AFTER_STOP_MS = 800,   /* with what follows within a supervisor's patience */
    CLOCK_WARNING_MS = 5000,
};

struct pm_pool_client {
    struct pm_endpoints *endpoints;
    const struct pm_hotkey *hotkey;
    const char *last_url; /* the address of the last call */
    int64_t timeout_ms;
    int64_t clock_offset_ms;
    int64_t told_min_ms, told_max_ms; /* between these the log has told of an offset */
    bool unbelievable;                /* a Date that was not believed has been reported */
};

struct call {
    enum pm_call kind;
    const char *method, *path;
    bool is_signed;
    const cJSON *content; /* NULL: empty body */
    const char *url;      /* NULL: the address in use */
    bool elsewhere;       /* any address but `url` */
    size_t answer_max_bytes;
    int64_t timeout_ms;
    bool finish_on_stop;
};

bool pm_pool_client_create(const struct pm_pool_client_config *config, struct pm_pool_client **out,
                           struct pm_error *error)
{
    struct pm_pool_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the pool's client");
    }
    const struct pm_http_config http = {.ca_file = config->ca_file,
                                        .stop = config->stop,
                                        .grace_after_stop_ms = GRACE_AFTER_STOP_MS};
    if (!pm_endpoints_create(&http, config->pool_urls, config->pool_url_count,
                             config->probe_every_ms, &client->endpoints, error)) {
        free(client);
        return pm_fail_context(error, "pool URL");
    }
    client->hotkey = config->hotkey;
    client->last_url = config->pool_urls[0];
    client->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    *out = client;
    return true;
}

void pm_pool_client_destroy(struct pm_pool_client *client)
{
    if (client != NULL) {
        pm_endpoints_destroy(client->endpoints);
        free(client);
    }
}

const char *pm_pool_client_url(const struct pm_pool_client *client)
{
    return client->last_url;
}

int64_t pm_pool_client_clock_offset_ms(const struct pm_pool_client *client)
{
    return client->clock_offset_ms;
}

/* ---- the clock ---- */

static bool believe(struct pm_pool_client *client, int64_t offset_ms)
{
    if (llabs(offset_ms) <= PM_POOL_CLOCK_OFFSET_MAX_MS) {
        return true;
    }
    if (!client->unbelievable) {
        client->unbelievable = true;
        pm_log(PM_LOG_WARN, "POOL-CLOCK-UNBELIEVABLE",
               "the pool's Date is %" PRId64 " hours %s this machine's clock; more than a day is "
               "not corrected: set the clock (timedatectl set-ntp true)",
               (int64_t)(llabs(offset_ms) / 3600000), offset_ms > 0 ? "ahead of" : "behind");
    }
    return false;
}

/* The pool's clock minus ours, by this answer's Date; false when it has none that can be used. */
static bool measured_offset(struct pm_pool_client *client, const struct pm_http_response *response,
                            int64_t *offset_ms)
{
    if (response->date_ms < 0) {
        return false;
    }
    *offset_ms =
        pm_pool_clock_offset_ms(response->date_ms, response->sent_ms, response->received_ms);
    return believe(client, *offset_ms);
}

/* Two front ends of a pool whose clocks differ take turns: what was told once is not told again. */
static bool is_news(struct pm_pool_client *client, int64_t offset_ms)
{
    if (offset_ms <= client->told_min_ms - CLOCK_WARNING_MS) {
        client->told_min_ms = offset_ms;
        return true;
    }
    if (offset_ms >= client->told_max_ms + CLOCK_WARNING_MS) {
        client->told_max_ms = offset_ms;
        return true;
    }
    return false;
}

static void set_offset(struct pm_pool_client *client, int64_t offset_ms)
{
    client->clock_offset_ms = offset_ms;
    if (is_news(client, offset_ms)) {
        pm_log(PM_LOG_WARN, "POOL-CLOCK-SKEW",
               "offset_s=%" PRId64 ": this machine's clock is %s the pool's; signatures are "
               "corrected, but set the clock (timedatectl set-ntp true)",
               offset_ms / 1000, offset_ms > 0 ? "behind" : "ahead of");
    }
}

/* After an answer that was no 401: what its Date says is taken for the truth. */
static void follow_clock(struct pm_pool_client *client, const struct pm_http_response *response)
{
    int64_t offset_ms = 0;
    if (measured_offset(client, response, &offset_ms) &&
        llabs(offset_ms - client->clock_offset_ms) > PM_POOL_CLOCK_NOISE_MS) {
        set_offset(client, offset_ms);
    }
}

/* After a 401: true when another offset is worth a try. The Date may be a proxy's; when it says
 * what we already used, our own clock uncorrected is the other guess. */
static bool try_other_clock(struct pm_pool_client *client, const struct pm_http_response *response)
{
    int64_t offset_ms = 0;
    if (measured_offset(client, response, &offset_ms) &&
        llabs(offset_ms - client->clock_offset_ms) > PM_POOL_CLOCK_NOISE_MS) {
        set_offset(client, offset_ms);
        return true;
    }
    if (client->clock_offset_ms != 0) {
        set_offset(client, 0);
        return true;
    }
    return false;
}

/* ---- one call ---- */

/* The body's text; submissions carry the proof once more. NULL: memory is out. */
static char *print_body(const struct pm_pool_client *client, const struct call *call,
                        const struct pm_pool_proof *proof, struct pm_error *error)
{
    cJSON *body = cJSON_CreateObject(); /* its content is referred to, not copied */
    bool complete = body != NULL;
    for (cJSON *item = call->content->child; complete && item != NULL; item = item->next) {
        complete = cJSON_AddItemReferenceToObject(body, item->string, item);
    }
    if (complete && call->kind == PM_CALL_SUBMIT) {
        complete = pm_json_add_string(body, "public_address", pm_hotkey_address(client->hotkey)) &&
                   pm_json_add_string(body, "signature", proof->signature) &&
                   pm_json_add_string(body, "message", proof->message);
    }
    char *text = NULL;
    if (complete) {
        text = pm_json_print(body, error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "no memory for a request to the pool");
    }
    cJSON_Delete(body);
    return text;
}

static struct pm_http *address_of(struct pm_pool_client *client, const struct call *call)
{
    struct pm_http *http = NULL;
    if (call->url != NULL) {
        http = call->elsewhere ? pm_endpoints_besides(client->endpoints, call->url)
                               : pm_endpoints_at(client->endpoints, call->url);
    }
    return http != NULL ? http : pm_endpoints_choose(client->endpoints);
}

static bool exchange(struct pm_pool_client *client, const struct call *call,
                     struct pm_http_response *response, struct pm_error *error)
{
    struct pm_pool_proof proof = {0};
    int64_t seconds = (pm_clock_unix_ms() + client->clock_offset_ms) / 1000;
    if (call->is_signed && !pm_pool_proof_make(client->hotkey, seconds, &proof, error)) {
        return false;
    }
    const char *headers[] = {proof.key_header, proof.timestamp_header, proof.signature_header};
    char *body = NULL;
    if (call->content != NULL) {
        body = print_body(client, call, &proof, error);
        if (body == NULL) {
            return false;
        }
    }
    struct pm_http_request request = {
        .method = call->method,
        .path = call->path,
        .headers = headers,
        .header_count = call->is_signed ? sizeof headers / sizeof headers[0] : 0,
        .body = body,
        .body_size = body == NULL ? 0 : strlen(body),
        .answer_max_bytes = call->answer_max_bytes,
        .timeout_ms = call->timeout_ms,
        .finish_on_stop = call->finish_on_stop,
    };
    struct pm_http *http = address_of(client, call);
    client->last_url = pm_endpoints_url(client->endpoints);
    bool done = pm_http_perform(http, &request, response, error);
    free(body);
    return done;
}

static bool is_answer(const struct pm_error *error)
{
    return error->code == PM_ERROR_UNAVAILABLE || error->code == PM_ERROR_LIMIT;
}

/* Busy is healthy, too; an error page of who stands before the pool is not. */
static bool is_healthy(const struct pm_answer *answer)
{
    return (answer->kind != PM_ANSWER_NOT_NOW && answer->kind != PM_ANSWER_UNUSABLE &&
            !answer->foreign) ||
           answer->status == 429;
}

static bool perform(struct pm_pool_client *client, const struct call *call,
                    struct pm_answer *answer, struct pm_error *error)
{
    *answer = (struct pm_answer){.retry_after_ms = -1, .time_remaining_ms = -1};
    for (int try = 1;; try++) {
        struct pm_http_response response = {.date_ms = -1};
        struct pm_error failure = {0};
        bool came = exchange(client, call, &response, &failure);
        if (!came && !is_answer(&failure)) {
            pm_http_response_clear(&response);
            return pm_fail(error, failure.code, "%s", failure.message);
        }
        pm_answer_classify(call->kind, &response, came ? NULL : &failure, answer);
        bool again = false;
        if (answer->kind == PM_ANSWER_UNAUTHORIZED) {
            again = try == 1 && try_other_clock(client, &response);
        } else if (came) {
            follow_clock(client, &response);
        }
        pm_http_response_clear(&response);
        if (!again) {
            pm_endpoints_note(client->endpoints, is_healthy(answer));
            return true;
        }
        pm_answer_clear(answer);
    }
}

/* ---- the calls ---- */

bool pm_pool_client_register(struct pm_pool_client *client, struct pm_answer *answer,
                             struct pm_error *error)
{
    const struct call call = {.kind = PM_CALL_REGISTER,
                              .method = "POST",
                              .path = "/api/v1/miners/register",
                              .is_signed = true,
                              .answer_max_bytes = PM_ANSWER_MAX_BYTES,
                              .timeout_ms = client->timeout_ms};
    return perform(client, &call, answer, error);
}

/* Asks for figures, which only people wait for. */
static bool ask_for_figures(struct pm_pool_client *client, const char *path,
                            struct pm_answer *answer, struct pm_error *error)
{
    const struct call call = {.kind = PM_CALL_STATS,
                              .method = "GET",
                              .path = path,
                              .is_signed = true,
                              .answer_max_bytes = PM_ANSWER_MAX_BYTES,
                              .timeout_ms = STATS_TIMEOUT_MS};
    return perform(client, &call, answer, error);
}

bool pm_pool_client_stats(struct pm_pool_client *client, struct pm_answer *answer,
                          struct pm_error *error)
{
    return ask_for_figures(client, "/api/v1/miners/stats", answer, error);
}

bool pm_pool_client_balance(struct pm_pool_client *client, const char *address,
                            struct pm_answer *answer, struct pm_error *error)
{
    char path[128];
    snprintf(path, sizeof path, "/api/v1/rewards/balance/%s", address);
    return ask_for_figures(client, path, answer, error);
}

bool pm_pool_client_unpaid(struct pm_pool_client *client, int64_t since_ms, const char *after,
                           int64_t limit, struct pm_answer *answer, struct pm_error *error)
{
    char path[256];
    snprintf(path, sizeof path, "/api/v1/miners/unpaid?since_ms=%" PRId64 "&limit=%" PRId64 "%s%s",
             since_ms, limit, after != NULL ? "&after=" : "", after != NULL ? after : "");
    return ask_for_figures(client, path, answer, error);
}

bool pm_pool_client_health(struct pm_pool_client *client, struct pm_answer *answer,
                           struct pm_error *error)
{
    const struct call call = {.kind = PM_CALL_HEALTH,
                              .method = "GET",
                              .path = "/health",
                              .answer_max_bytes = PM_ANSWER_MAX_BYTES,
                              .timeout_ms = STATS_TIMEOUT_MS};
    return perform(client, &call, answer, error);
}

/* Asks for work with `content`, which is taken over; `complete` is false when memory was out. */
static bool ask_for_work(struct pm_pool_client *client, const char *path, cJSON *content,
                         bool complete, struct pm_answer *answer, struct pm_error *error)
{
    const struct call call = {.kind = PM_CALL_LEASE,
                              .method = "POST",
                              .path = path,
                              .is_signed = true,
                              .content = content,
                              .answer_max_bytes = PM_LEASE_ANSWER_MAX_BYTES,
                              .timeout_ms = client->timeout_ms,
                              .finish_on_stop = true};
    bool done = complete ? perform(client, &call, answer, error)
                         : pm_fail(error, PM_ERROR_MEMORY, "no memory for a request for work");
    cJSON_Delete(content);
    return done;
}

bool pm_pool_client_lease(struct pm_pool_client *client, const struct pm_lease_request *request,
                          struct pm_answer *answer, struct pm_error *error)
{
    cJSON *content = cJSON_CreateObject();
    bool complete = content != NULL &&
                    pm_json_add_string(content, "task_type", request->task_type) &&
                    pm_json_add_integer(content, "eval_batch_size", request->eval_batch_size) &&
                    pm_json_add_integer(content, "seed_batch_size", request->seed_batch_size) &&
                    pm_json_add_number(content, "gossip_limit", 0) &&
                    (!request->resume || pm_json_add_bool(content, "resume", true));
    return ask_for_work(client, "/api/v1/tasks/lease", content, complete, answer, error);
}

bool pm_pool_client_task(struct pm_pool_client *client, enum pm_lease_kind kind, bool resume,
                         struct pm_answer *answer, struct pm_error *error)
{
    cJSON *content = cJSON_CreateObject();
    bool complete = pm_json_add_string(content, "task_type", pm_lease_kind_name(kind)) &&
                    (!resume || pm_json_add_bool(content, "resume", true));
    return ask_for_work(client, "/api/v1/tasks/request", content, complete, answer, error);
}

bool pm_pool_client_submit(struct pm_pool_client *client,
                           const struct pm_lease_submission *submission, struct pm_answer *answer,
                           struct pm_error *error)
{
    static const char *const calls[] = {[PM_LEASE_BOTH] = "submit_lease",
                                        [PM_LEASE_EVALUATE] = "submit_evaluation",
                                        [PM_LEASE_EVOLVE] = "submit_evolution"};
    char path[64 + PM_LEASE_ID_MAX];
    snprintf(path, sizeof path, "/api/v1/tasks/%.*s/%s", PM_LEASE_ID_MAX, submission->lease_id,
             calls[submission->kind]);
    bool in_haste = submission->timeout_ms > 0 && submission->timeout_ms < client->timeout_ms;
    const struct call call = {.kind = PM_CALL_SUBMIT,
                              .method = "POST",
                              .path = path,
                              .is_signed = true,
                              .content = submission->content,
                              .url = submission->url,
                              .elsewhere = submission->elsewhere,
                              .answer_max_bytes = PM_ANSWER_MAX_BYTES,
                              .timeout_ms = in_haste ? submission->timeout_ms : client->timeout_ms,
                              .finish_on_stop = true};
    return perform(client, &call, answer, error);
}
