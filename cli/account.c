#include "cli/account.h"

#include "cli/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/http_client.h>
#include <poolminer/json.h>
#include <poolminer/pool_proof.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

enum { TIMEOUT_MS = 20000, PROBE_TIMEOUT_MS = 5000, ANSWER_MAX_BYTES = 1024 * 1024 };

struct account {
    struct pm_http *http;
    struct pm_hotkey *hotkey;
    const char *pool_url; /* the options' */
    int64_t clock_offset_ms;
};

/* One call; `coldkey` is signed for when it is to become the payout address. */
struct call {
    const char *method, *path, *coldkey;
    char *body; /* NULL: none */
};

/* ---- opening ---- */

static bool is_healthy(struct pm_http *http, struct pm_error *error)
{
    const struct pm_http_request request = {.method = "GET",
                                            .path = "/health",
                                            .answer_max_bytes = ANSWER_MAX_BYTES,
                                            .timeout_ms = PROBE_TIMEOUT_MS};
    struct pm_http_response response;
    bool came = pm_http_perform(http, &request, &response, error);
    bool healthy = came && response.status == 200;
    if (came && !healthy) {
        pm_fail(error, PM_ERROR_UNAVAILABLE, "/health answers with status %d", response.status);
    }
    pm_http_response_clear(&response);
    return healthy;
}

static bool try_pool(struct account *account, const char *url, struct pm_error *error)
{
    const struct pm_http_config config = {.base_url = url, .stop = pm_stop_flag()};
    account->pool_url = url;
    if (!pm_http_create(&config, &account->http, error)) {
        return pm_fail_context(error, "pool_endpoint");
    }
    if (is_healthy(account->http, error)) {
        return true;
    }
    pm_http_destroy(account->http);
    account->http = NULL;
    return false;
}

static bool choose_pool(struct account *account, const struct pm_options *options,
                        struct pm_error *error)
{
    for (size_t i = 0; i < pm_options_repeat_count(options, "pool-url"); i++) {
        if (try_pool(account, pm_options_repeat(options, "pool-url", i), error)) {
            return true;
        }
    }
    return pm_fail_context(error, "the pool does not answer (pool_endpoint, --pool-url)");
}

bool account_open(const struct pm_options *options, struct account **out, struct pm_error *error)
{
    struct account *account = calloc(1, sizeof *account);
    char *path = NULL;
    if (account == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a request to the pool");
    }
    pm_stop_install();
    pm_program_forbid_core_dumps();
    bool done =
        choose_pool(account, options, error) && key_load(options, &account->hotkey, &path, error);
    free(path);
    if (!done) {
        account_close(account);
        return false;
    }
    *out = account;
    return true;
}

void account_close(struct account *account)
{
    if (account != NULL) {
        pm_http_destroy(account->http);
        pm_hotkey_destroy(account->hotkey);
        free(account);
    }
}

bool account_use(const struct pm_options *options, account_action *action, struct pm_error *error)
{
    struct account *account = NULL;
    bool done = account_open(options, &account, error) && action(options, account, error);
    account_close(account);
    return done;
}

const char *account_address(const struct account *account)
{
    return pm_hotkey_address(account->hotkey);
}

const char *account_pool(const struct account *account)
{
    return account->pool_url;
}

/* ---- calls ---- */

static bool send_once(struct account *account, const struct call *call,
                      struct pm_http_response *response, struct pm_error *error)
{
    struct pm_pool_proof proof;
    int64_t seconds = (pm_clock_unix_ms() + account->clock_offset_ms) / 1000;
    *response = (struct pm_http_response){.date_ms = -1};
    if (!(call->coldkey == NULL ? pm_pool_proof_make(account->hotkey, seconds, &proof, error)
                                : pm_pool_proof_make_recipient(account->hotkey, seconds,
                                                               call->coldkey, &proof, error))) {
        return false;
    }
    const char *const headers[] = {proof.key_header, proof.timestamp_header,
                                   proof.signature_header};
    const struct pm_http_request request = {.method = call->method,
                                            .path = call->path,
                                            .headers = headers,
                                            .header_count = 3,
                                            .body = call->body,
                                            .body_size =
                                                call->body != NULL ? strlen(call->body) : 0,
                                            .answer_max_bytes = ANSWER_MAX_BYTES,
                                            .timeout_ms = TIMEOUT_MS,
                                            .finish_on_stop = true};
    return pm_http_perform(account->http, &request, response, error);
}

/* True when a 401 may come of our clock, which then goes by the pool's. */
static bool correct_clock(struct account *account, const struct pm_http_response *response)
{
    if (response->status != 401 || response->date_ms < 0) {
        return false;
    }
    int64_t offset_ms =
        pm_pool_clock_offset_ms(response->date_ms, response->sent_ms, response->received_ms);
    if (offset_ms == 0 || llabs(offset_ms) > PM_POOL_CLOCK_OFFSET_MAX_MS) {
        return false;
    }
    account->clock_offset_ms = offset_ms;
    return true;
}

/* The pool's own words, as far as there are any. */
static bool fail_refused(const struct pm_http_response *response, const cJSON *body,
                         struct pm_error *error)
{
    bool later = response->status == 429 || response->status >= 500;
    const char *detail = "";
    pm_json_optional_string(body, "detail", &detail, NULL);
    enum pm_error_code code = later                     ? PM_ERROR_UNAVAILABLE
                              : response->status == 404 ? PM_ERROR_NOT_FOUND
                                                        : PM_ERROR_REFUSED;
    return detail[0] != '\0'
               ? pm_fail(error, code, "the pool says: %.300s (status %d)", detail, response->status)
               : pm_fail(error, code, "HTTP status %d without a reason: is this a pool's address?",
                         response->status);
}

static bool read_answer(const struct pm_http_response *response, cJSON **out,
                        struct pm_error *error)
{
    cJSON *body = NULL;
    bool is_json =
        pm_json_parse(response->body, response->body_size, ANSWER_MAX_BYTES, &body, NULL) &&
        cJSON_IsObject(body);
    bool good = response->status >= 200 && response->status < 300;
    if (good && is_json) {
        *out = body;
        return true;
    }
    if (good) {
        pm_fail(error, PM_ERROR_PROTOCOL, "the pool's answer is no JSON object");
    } else {
        fail_refused(response, body, error);
    }
    cJSON_Delete(body);
    return false;
}

static bool perform(struct account *account, const struct call *call, cJSON **out,
                    struct pm_error *error)
{
    struct pm_http_response response;
    bool came = send_once(account, call, &response, error);
    if (came && correct_clock(account, &response)) {
        pm_http_response_clear(&response);
        came = send_once(account, call, &response, error);
    }
    bool done = came && read_answer(&response, out, error);
    pm_http_response_clear(&response);
    return done || pm_fail_context(error, "%s %s", call->method, call->path);
}

/* The address where the path has %s. */
static bool write_path(const struct account *account, const char *path, char *out, size_t size)
{
    const char *place = strstr(path, "%s");
    if (place == NULL) {
        return (size_t)snprintf(out, size, "%s", path) < size;
    }
    return (size_t)snprintf(out, size, "%.*s%s%s", (int)(place - path), path,
                            account_address(account), place + 2) < size;
}

static bool perform_at(struct account *account, struct call call, const char *path, cJSON **out,
                       struct pm_error *error)
{
    char whole[256];
    call.path = whole;
    return write_path(account, path, whole, sizeof whole)
               ? perform(account, &call, out, error)
               : pm_fail(error, PM_ERROR_LIMIT, "the path of a request is too long");
}

bool account_get(struct account *account, const char *path, cJSON **out, struct pm_error *error)
{
    return perform_at(account, (struct call){.method = "GET"}, path, out, error);
}

static bool post(struct account *account, const char *path, cJSON *body, const char *coldkey,
                 cJSON **out, struct pm_error *error)
{
    char *text = body != NULL ? pm_json_print(body, error) : NULL;
    cJSON_Delete(body);
    if (text == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a request to the pool");
    }
    const struct call call = {.method = "POST", .body = text, .coldkey = coldkey};
    bool done = perform_at(account, call, path, out, error);
    free(text);
    return done;
}

bool account_post(struct account *account, const char *path, cJSON *body, cJSON **out,
                  struct pm_error *error)
{
    return post(account, path, body, NULL, out, error);
}

bool account_set_recipient(struct account *account, const char *coldkey, cJSON **out,
                           struct pm_error *error)
{
    cJSON *body = cJSON_CreateObject();
    if (!pm_json_add_string(body, "recipient_coldkey", coldkey)) {
        cJSON_Delete(body);
        body = NULL;
    }
    return post(account, "/api/v1/miners/recipient-coldkey", body, coldkey, out, error);
}
