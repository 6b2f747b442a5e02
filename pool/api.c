#include "pool/api.h"

#include "pool/api_call.h"
#include "pool/openapi.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { STORE_RETRY_AFTER_S = 5 };

enum authentication { NOBODY, MINER, RECIPIENT_UPDATE, MONITOR };
/* Work that only reads is not in line for the one who writes. A submission writes even when its
 * body has no meaning: that it was refused. */
enum access { READS, WRITES, SUBMITS };

struct route {
    const char *method;
    const char *pattern; /* {} stands for one part of the path */
    enum authentication authentication;
    enum access access;
    pm_api_work *work; /* NULL: the description of the API, which needs no store */
};

/* Where two patterns fit a path, the first one counts. */
static const struct route routes[] = {
    {"GET", "/health", NOBODY, READS, pm_api_health},
    {"GET", "/openapi.json", NOBODY, READS, NULL},
    {"POST", "/api/v1/miners/register", MINER, WRITES, pm_api_register},
    {"GET", "/api/v1/miners/stats", MINER, WRITES, pm_api_stats},
    {"GET", "/api/v1/miners/unpaid", MINER, READS, pm_api_unpaid},
    {"GET", "/api/v1/miners/leaderboard", NOBODY, READS, pm_api_leaderboard},
    {"PUT", "/api/v1/miners/recipient-coldkey", RECIPIENT_UPDATE, WRITES, pm_api_recipient_set},
    {"POST", "/api/v1/miners/recipient-coldkey", RECIPIENT_UPDATE, WRITES, pm_api_recipient_set},
    {"GET", "/api/v1/miners/recipient-coldkey", MINER, READS, pm_api_recipient_own},
    {"GET", "/api/v1/miners/recipient-coldkey/{}", NOBODY, READS, pm_api_recipient_of},
    {"GET", "/api/v1/tasks/pending_evaluations", MINER, READS, pm_api_pending},
    {"POST", "/api/v1/tasks/request", MINER, WRITES, pm_api_task},
    {"POST", "/api/v1/tasks/lease", MINER, WRITES, pm_api_lease},
    {"POST", "/api/v1/tasks/{}/submit_lease", MINER, SUBMITS, pm_api_submit_lease},
    {"POST", "/api/v1/tasks/{}/submit_evolution", MINER, SUBMITS, pm_api_submit_evolution},
    {"POST", "/api/v1/tasks/{}/submit_evaluation", MINER, SUBMITS, pm_api_submit_evaluation},
    {"GET", "/api/v1/results", MINER, READS, pm_api_results},
    {"GET", "/api/v1/results/sota", NOBODY, READS, pm_api_sota},
    {"POST", "/api/v1/results/verify/{}", MINER, WRITES, pm_api_verify},
    {"GET", "/api/v1/rewards/balance/{}", MINER, WRITES, pm_api_balance},
    {"GET", "/api/v1/rewards/history/{}", MINER, WRITES, pm_api_history},
    {"POST", "/api/v1/rewards/withdraw/{}", MINER, WRITES, pm_api_withdraw},
    {"GET", "/api/v1/monitor/summary", MONITOR, READS, pm_api_monitor},
    {"GET", "/metrics", MONITOR, READS, pm_api_metrics},
};
enum { ROUTE_COUNT = sizeof routes / sizeof *routes };

/* Whether the path fits; what stands for {} is copied out. A part that is empty or too long for
 * anything we gave a name fits nothing. */
static bool fits(const char *pattern, const char *path, char parameter[PM_API_PARAMETER_SIZE])
{
    const char *hole = strstr(pattern, "{}");
    if (hole == NULL) {
        return strcmp(pattern, path) == 0;
    }
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0) {
        return false;
    }
    size_t length = strcspn(path + before, "/");
    if (length == 0 || length >= PM_API_PARAMETER_SIZE ||
        strcmp(path + before + length, hole + 2) != 0) {
        return false;
    }
    memcpy(parameter, path + before, length);
    parameter[length] = '\0';
    return true;
}

/* The route, or NULL with the refusal (and the Allow header) set. */
static const struct route *find_route(struct pm_api_call *call)
{
    size_t length = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!fits(routes[i].pattern, call->request->path, call->parameter)) {
            continue;
        }
        if (strcmp(routes[i].method, call->request->method) == 0) {
            call->allow[0] = '\0'; /* of the path's other methods */
            return &routes[i];
        }
        length += (size_t)snprintf(call->allow + length, sizeof call->allow - length, "%s%s",
                                   length ? ", " : "", routes[i].method);
    }
    if (length) {
        pm_refuse(&call->refusal, 405, "Method Not Allowed");
    } else {
        pm_refuse(&call->refusal, 404, "Not Found");
    }
    return NULL;
}

/* A key that has called too often is sent away before its signature is looked at, for that is the
 * dearest part of a call. Only what it did sign counts. */
static bool within_limit(struct pm_api_call *call)
{
    int retry_after_s;
    if (call->headers.key == NULL ||
        pm_rate_limit_allows(call->pool->rate_limit, call->headers.key, pm_clock_monotonic_ms(),
                             &retry_after_s)) {
        return true;
    }
    pm_refuse(&call->refusal, 429, "This key may make %d calls a minute; try again in %d s",
              call->pool->requests_per_minute, retry_after_s);
    call->refusal.retry_after_s = retry_after_s;
    return false;
}

static bool count_call(struct pm_api_call *call, bool authentic)
{
    if (authentic) {
        pm_rate_limit_count(call->pool->rate_limit, call->headers.key, pm_clock_monotonic_ms());
    }
    return authentic;
}

/* What the headers alone can show, so that nobody's body is read before it has to be. Says whether
 * the call may go on; else it has its refusal. */
static bool authenticate_headers(struct pm_api_call *call, enum authentication authentication)
{
    call->headers = (struct pm_auth_headers){
        .key = pm_http_server_header(call->request, "X-Key"),
        .timestamp = pm_http_server_header(call->request, "X-Timestamp"),
        .signature = pm_http_server_header(call->request, "X-Signature"),
    };
    call->hotkey = call->headers.key;
    if ((authentication == MINER || authentication == RECIPIENT_UPDATE) && !within_limit(call)) {
        return false;
    }
    if (authentication == MINER) {
        return count_call(call, pm_auth_check(&call->headers, call->now_ms,
                                              call->pool->rules.clock_tolerance_s, &call->refusal));
    }
    if (authentication == RECIPIENT_UPDATE) { /* what is signed is in the body */
        return pm_auth_check_form(&call->headers, call->now_ms, call->pool->rules.clock_tolerance_s,
                                  &call->refusal);
    }
    if (authentication == MONITOR) {
        return pm_auth_check_monitor(pm_http_server_header(call->request, "Authorization"),
                                     call->pool->monitor_token, &call->refusal);
    }
    return true;
}

static bool authenticate_miner_body(struct pm_api_call *call)
{
    struct pm_body_proof proof;
    if (!pm_body_proof(call->body, &proof, &call->unreadable)) {
        pm_api_refuse(call, 422, &call->unreadable);
        return false;
    }
    return pm_auth_check_proof(&call->headers, &proof, &call->refusal);
}

static bool authenticate_recipient_update(struct pm_api_call *call)
{
    const char *coldkey;
    if (!pm_body_recipient(call->body, &coldkey, &call->unreadable)) {
        pm_api_refuse(call, 422, &call->unreadable);
        return false;
    }
    return count_call(call, pm_auth_check_recipient(&call->headers, coldkey, &call->refusal));
}

static bool authenticate_body(struct pm_api_call *call, enum authentication authentication)
{
    if (authentication == MINER) {
        return authenticate_miner_body(call);
    }
    return authentication != RECIPIENT_UPDATE || authenticate_recipient_update(call);
}

static void forget_answer(struct pm_api_call *call)
{
    free(call->text);
    cJSON_Delete(call->json);
    call->text = NULL;
    call->json = NULL;
    call->incomplete = false;
    call->refusal = (struct pm_refusal){0};
}

/* A refusal is decided before anything is written but what is true in any case (an epoch settled, a
 * lease expired), so it commits too. An answer that cannot be written is a failure of the work. */
static enum pm_pool_outcome run(struct pm_pool_store *store, void *context, struct pm_error *error)
{
    struct pm_api_call *call = context;
    forget_answer(call); /* of a time before that was undone */
    call->refusal = call->refused_before;
    if (!call->work(store, call, error)) {
        return PM_POOL_FAILED;
    }
    if (call->incomplete) {
        pm_fail(error, PM_ERROR_MEMORY, "an answer: out of memory");
        return PM_POOL_FAILED;
    }
    if (call->refusal.status || call->text != NULL) {
        return PM_POOL_COMMIT;
    }
    call->text = pm_json_print(call->json, error);
    return call->text != NULL ? PM_POOL_COMMIT : PM_POOL_FAILED;
}

/* False: the call has its refusal. */
static bool read_body(struct pm_api_call *call, enum authentication authentication)
{
    if (!pm_body_parse(call->request->body, call->request->body_size, &call->body,
                       &call->unreadable)) {
        pm_api_refuse(call, 422, &call->unreadable);
        return false;
    }
    return authenticate_body(call, authentication);
}

/* {"detail": "..."}; NULL when memory is out, which the server answers by closing. */
static char *print_refusal(const struct pm_refusal *refusal)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = pm_json_add_string(json, "detail", refusal->detail) &&
              (refusal->seconds_left == 0 ||
               pm_json_add_number(json, "time_remaining_s", (double)refusal->seconds_left));
    char *text = ok ? pm_json_print(json, NULL) : NULL;
    cJSON_Delete(json);
    return text;
}

static void report(const struct pm_api_call *call, const struct pm_error *error)
{
    char what[PM_API_PARAMETER_SIZE];
    snprintf(what, sizeof what, "request=%s %s %s", call->request->id, call->request->method,
             call->request->path);
    atomic_fetch_add(&call->pool->metrics->store_failures, 1);
    pm_trouble_failed(call->pool->trouble, pm_clock_monotonic_ms(), what, error->message);
}

/* What the call has come to, as the server sends it. */
static struct pm_http_server_response respond(struct pm_api_call *call)
{
    struct pm_http_server_response response = {.status = 200};
    if (call->refusal.status) {
        response.status = call->refusal.status;
        response.body = print_refusal(&call->refusal);
        response.retry_after_s = call->refusal.retry_after_s;
        memcpy(response.allow, call->allow, sizeof response.allow);
    } else if (call->constant != NULL) {
        response.constant = call->constant;
        response.constant_size = strlen(call->constant);
    } else {
        response.body = call->text;
        response.content_type = call->text_type;
        call->text = NULL;
    }
    pm_metrics_count(call->pool->metrics, response.status,
                     pm_clock_monotonic_ns() - call->began_ns);
    return response;
}

static void destroy_call(struct pm_api_call *call)
{
    forget_answer(call);
    cJSON_Delete(call->body);
    free(call);
}

/* The store has failed the call, or memory is out. */
static void give_up(struct pm_api_call *call, const struct pm_error *error)
{
    report(call, error);
    forget_answer(call);
    pm_refuse(&call->refusal, 503, "The pool cannot store this now; try again");
    call->refusal.retry_after_s = STORE_RETRY_AFTER_S;
}

/* pm_pool_done of a call that was deferred. */
static void answer_deferred(void *context, bool ok, const struct pm_error *error)
{
    struct pm_api_call *call = context;
    if (!ok) {
        give_up(call, error);
    } else if (call->refusal.status == 0) {
        pm_trouble_over(call->pool->trouble);
    }
    const struct pm_http_server_request *request = call->request;
    const struct pm_http_server_response response = respond(call);
    destroy_call(call); /* before the request, in which it has texts, goes */
    pm_http_server_answer(request, &response);
}

/* Reads the body and checks the proof in it; false when there is nothing for the store to do. */
static bool prepare_work(struct pm_api_call *call, const struct route *route)
{
    if (route == NULL || !authenticate_headers(call, route->authentication)) {
        return false;
    }
    if (route->work == NULL) {
        call->constant = pm_openapi_json;
        return false;
    }
    call->work = route->work;
    if (read_body(call, route->authentication)) {
        return true;
    }
    call->refused_before = call->refusal;
    call->work = pm_api_submit_unreadable;
    return route->access == SUBMITS && call->refusal.status == 422;
}

/* Work that only reads is done here; who writes waits in the store's line, and no thread with him.
 */
static bool work(struct pm_api_call *call, const struct route *route, bool *deferred,
                 struct pm_error *error)
{
    if (route->access == READS) {
        return pm_pool_store_run(call->pool->reader, run, call, error);
    }
    *deferred = true;
    pm_http_server_defer(call->request);
    struct pm_error reason = {0};
    if (!pm_pool_store_post(call->pool->store, run, call, answer_deferred, &reason)) {
        answer_deferred(call, false, &reason);
    }
    return true;
}

void pm_api_handle(void *context, const struct pm_http_server_request *request,
                   struct pm_http_server_response *response)
{
    struct pm_api_call *call = calloc(1, sizeof *call);
    struct pm_error error = {0};
    bool deferred = false;
    if (call == NULL) {
        response->status = 503; /* without a word, for there is no memory for one */
        response->retry_after_s = STORE_RETRY_AFTER_S;
        return;
    }
    call->pool = context;
    call->request = request;
    call->now_ms = pm_clock_unix_ms();
    call->began_ns = pm_clock_monotonic_ns();
    pm_metrics_begin(call->pool->metrics);
    const struct route *route = find_route(call);
    if (prepare_work(call, route) && !work(call, route, &deferred, &error)) {
        give_up(call, &error);
    }
    if (!deferred) {
        *response = respond(call);
        destroy_call(call);
    }
}

void pm_api_refused(void *context, int status)
{
    const struct pm_pool *pool = context;
    pm_metrics_count_status(pool->metrics, status);
}

bool pm_api_refuse(struct pm_api_call *call, int status, const struct pm_error *error)
{
    pm_refuse(&call->refusal, status, "%s", error->message);
    return true;
}

bool pm_api_query_integer(struct pm_api_call *call, const char *name, int64_t minimum,
                          int64_t maximum, int64_t *out)
{
    const char *text = pm_http_server_query(call->request, name);
    if (text == NULL) {
        return true;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < minimum || value > maximum) {
        pm_refuse(&call->refusal, 422, "%s: expected a whole number from %lld to %lld", name,
                  (long long)minimum, (long long)maximum);
        return false;
    }
    *out = value;
    return true;
}

bool pm_api_query_number(struct pm_api_call *call, const char *name, double *out)
{
    const char *text = pm_http_server_query(call->request, name);
    if (text == NULL) {
        return true;
    }
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value)) {
        pm_refuse(&call->refusal, 422, "%s: expected a number", name);
        return false;
    }
    *out = value;
    return true;
}

bool pm_api_query_task_type(struct pm_api_call *call)
{
    const char *text = pm_http_server_query(call->request, "task_type");
    if (text == NULL || strcmp(text, PM_TASK_TYPE) == 0) {
        return true;
    }
    pm_refuse(&call->refusal, 422, "task_type: this pool has only \"%s\"", PM_TASK_TYPE);
    return false;
}
