#include "driver/answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

static const double WINDOW_MAX_S = 7.0 * 24 * 3600; /* nobody's window is longer: a broken answer */

/* A wait that who watches would wonder at. */
enum { LONG_WAIT_MS = 60 * 1000 };

void pm_answer_clear(struct pm_answer *answer)
{
    cJSON_Delete(answer->body);
    *answer = (struct pm_answer){.retry_after_ms = -1, .time_remaining_ms = -1};
}

bool pm_answer_fail_unauthorized(const struct pm_answer *answer, struct pm_error *error)
{
    return pm_fail(
        error, PM_ERROR_REFUSED,
        "the pool does not accept this key's signature: %s; check that the pool's URL is "
        "right and this machine's clock is set",
        answer->reason.message);
}

/* FastAPI's "detail" is a text, an object, or a list of objects about members of the request. */
static void read_detail(const cJSON *body, struct pm_answer *out)
{
    const cJSON *detail = cJSON_GetObjectItemCaseSensitive(body, "detail");
    if (cJSON_IsString(detail)) {
        pm_fail(&out->reason, PM_ERROR_REFUSED, "%s", detail->valuestring);
        return;
    }
    out->foreign = detail == NULL;
    char *text = pm_json_print(out->foreign ? body : detail, NULL);
    pm_fail(&out->reason, PM_ERROR_REFUSED, "%s", text != NULL ? text : "");
    free(text);
}

static void read_time_remaining(const cJSON *body, struct pm_answer *out)
{
    const cJSON *detail = cJSON_GetObjectItemCaseSensitive(body, "detail");
    const cJSON *places[] = {body, detail};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(places[i], "time_remaining_s");
        if (cJSON_IsNumber(member) && member->valuedouble >= 0 &&
            member->valuedouble <= WINDOW_MAX_S) {
            out->time_remaining_ms = (int64_t)ceil(member->valuedouble * 1000.0);
        }
    }
}

static bool mentions(const struct pm_answer *answer, const char *words)
{
    return strcasestr(answer->reason.message, words) != NULL;
}

/* How web frameworks speak of a path that nobody serves. */
static bool is_no_such_path(const struct pm_answer *answer)
{
    return answer->status == 404 && strcasecmp(answer->reason.message, "Not Found") == 0;
}

/* Not in the words of a pool that has no work just then. */
static bool is_no_such_call(const struct pm_answer *answer, bool is_object)
{
    return answer->status == 405 || answer->status == 501 ||
           (answer->status == 404 && !is_object) || is_no_such_path(answer);
}

static enum pm_answer_kind kind_of_status(enum pm_call call, const struct pm_answer *answer,
                                          bool is_object)
{
    int status = answer->status;
    if (call == PM_CALL_LEASE && is_no_such_call(answer, is_object)) {
        return PM_ANSWER_MISSING;
    }
    if (status >= 200 && status < 300) {
        return PM_ANSWER_OK;
    }
    /* 407 and 408 are of who stands between: what was sent has not been looked at. */
    if (status == 407 || status == 408 || status == 429 || status >= 500) {
        return PM_ANSWER_NOT_NOW;
    }
    /* Only a pool's own words tell that it has forgotten a lease: not a proxy's page, nor that
     * nobody serves the call just then. */
    if (status < 400 ||
        (status == 404 && call == PM_CALL_SUBMIT && (answer->foreign || is_no_such_path(answer)))) {
        return PM_ANSWER_UNUSABLE;
    }
    /* A page is the word of who stands between (a hotel's network asks for a login): it may go. */
    if (status == 401) {
        return is_object ? PM_ANSWER_UNAUTHORIZED : PM_ANSWER_UNUSABLE;
    }
    if (status == 404 && call == PM_CALL_LEASE) {
        return PM_ANSWER_NO_WORK;
    }
    if (status == 404 && call == PM_CALL_SUBMIT) {
        return PM_ANSWER_LEASE_GONE;
    }
    if (status == 400 && call == PM_CALL_LEASE && mentions(answer, "active task")) {
        return PM_ANSWER_ACTIVE_TASK;
    }
    if (status == 400 && call == PM_CALL_LEASE && mentions(answer, "already issued")) {
        return PM_ANSWER_WINDOW_TAKEN;
    }
    return PM_ANSWER_REFUSED;
}

/* What a status says that is no word on the request itself. */
static const char *not_now_words(int status)
{
    switch (status) {
    case 407:
        return "a proxy on the way wants a login";
    case 408:
        return "the request took too long to arrive";
    case 429:
        return "the pool wants fewer requests";
    case 502:
    case 503:
    case 504:
        return "the pool is not ready";
    default:
        return "the pool has a fault of its own";
    }
}

/* No answer, or one that broke off. */
static void classify_failure(bool sent, const struct pm_error *error, struct pm_answer *out)
{
    out->reason = *error;
    out->lost = sent;
    out->kind = error->code == PM_ERROR_LIMIT ? PM_ANSWER_UNUSABLE : PM_ANSWER_NOT_NOW;
}

/* Whether the body is a JSON object. */
static bool classify_body(enum pm_call call, const struct pm_http_response *response,
                          struct pm_answer *out)
{
    struct pm_error error = {0};
    cJSON *body = NULL;
    bool is_object =
        pm_json_parse(response->body, response->body_size, response->body_size, &body, &error) &&
        cJSON_IsObject(body);
    if (is_object) {
        read_time_remaining(body, out);
    }
    if (out->status >= 200 && out->status < 300) {
        if (is_object) {
            out->body = body;
            return true;
        }
        /* A proxy's page with a 200 is no pool's word that the work has arrived. */
        if (call != PM_CALL_REGISTER) {
            out->kind = PM_ANSWER_UNUSABLE;
            out->lost = true; /* though the pool may have acted on the request */
            pm_fail(&out->reason, PM_ERROR_PROTOCOL, "the answer is no JSON object: %s",
                    error.message);
        }
    } else if (is_object) {
        read_detail(body, out);
    } else {
        out->foreign = true;
        pm_fail(&out->reason, PM_ERROR_REFUSED,
                "HTTP status %d without a reason: is this a pool's address?", out->status);
    }
    cJSON_Delete(body);
    return is_object;
}

void pm_answer_classify(enum pm_call call, const struct pm_http_response *response,
                        const struct pm_error *error, struct pm_answer *out)
{
    *out = (struct pm_answer){
        .status = response->status, .retry_after_ms = -1, .time_remaining_ms = -1};
    if (error != NULL) {
        classify_failure(response->sent, error, out);
        return;
    }
    out->retry_after_ms =
        pm_http_retry_after_ms(response->retry_after, response->date_ms, response->received_ms);
    out->kind = PM_ANSWER_OK;
    bool is_object = classify_body(call, response, out);
    if (out->kind == PM_ANSWER_OK) {
        out->kind = kind_of_status(call, out, is_object);
    }
    if (out->kind == PM_ANSWER_UNUSABLE && out->status >= 300 && out->status < 400) {
        pm_fail(&out->reason, PM_ERROR_PROTOCOL,
                "a redirect (HTTP status %d), which is never followed: is the pool's URL right?",
                out->status);
    }
    if (out->kind == PM_ANSWER_UNUSABLE && out->status == 404) {
        pm_fail_context(&out->reason, "HTTP status 404, which is no pool's word on a lease");
    }
    if (out->kind == PM_ANSWER_NOT_NOW && is_object) { /* whose words may be as short as "busy" */
        pm_fail_context(&out->reason, "%s (HTTP status %d)", not_now_words(out->status),
                        out->status);
    }
    if (out->kind == PM_ANSWER_NOT_NOW && out->retry_after_ms >= LONG_WAIT_MS) {
        pm_fail_context(&out->reason, "nothing more is sent for %lld s (Retry-After)",
                        (long long)(out->retry_after_ms / 1000));
    }
}
