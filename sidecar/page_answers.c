/* What can be read: documents for the page and for tools. */
#include "sidecar/page_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum {
    LINES_DEFAULT = 200,
    LINES_MAX = 1000,
    RESULTS_DEFAULT = 20,
    POINTS_DEFAULT = 500,
    POINTS_MAX = 2000,
    HEALTHY_MS = 10000, /* a state that could not be made anew for longer: the queue is stuck */
    STATE_MAX = 4 << 20,
    ACCOUNT_SIZE = 256,
};

/* A whole number of the query; `fallback` when it is not there. False: the answer is made. */
static bool query_integer(const struct pm_http_server_request *request, const char *name,
                          int64_t minimum, int64_t maximum, int64_t fallback, int64_t *out,
                          struct pm_http_server_response *response)
{
    const char *text = pm_http_server_query(request, name);
    char sentence[128];
    char *end = NULL;
    *out = fallback;
    if (text == NULL) {
        return true;
    }
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (text[strspn(text, "-0123456789")] != '\0' || end == text || errno != 0 || value < minimum ||
        value > maximum) {
        snprintf(sentence, sizeof sentence, "%s: must be a whole number from %lld to %lld", name,
                 (long long)minimum, (long long)maximum);
        pm_page_refuse(response, 400, sentence);
        return false;
    }
    *out = value;
    return true;
}

void pm_page_get_health(struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    struct pm_text text = {0};
    char *state = NULL;
    int64_t age_ms = 0;
    (void)request;
    bool known = pm_view_state(page->view, &state, &age_ms, &error);
    free(state);
    bool healthy = known && age_ms < HEALTHY_MS;
    pm_text_append(&text, "{\"status\":\"%s\",\"version\":\"%s\",\"time_ms\":%lld}",
                   healthy ? "ok" : "the queue does not answer", PM_VERSION,
                   (long long)pm_clock_unix_ms());
    response->status = healthy ? 200 : 503;
    response->body = text.data;
}

void pm_page_get_state(struct pm_page *page, const struct pm_http_server_request *request,
                       struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    int64_t age_ms = 0;
    (void)request;
    if (!pm_view_state(page->view, &response->body, &age_ms, &error)) {
        pm_page_answer_error(response, &error);
    }
}

void pm_page_get_logs(struct pm_page *page, const struct pm_http_server_request *request,
                      struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    int64_t cursor, limit;
    enum pm_log_level least = PM_LOG_DEBUG;
    const char *level = pm_http_server_query(request, "level");
    if (level != NULL && !pm_log_level_parse(level, &least, &error)) {
        pm_page_answer_error(response, &error);
        return;
    }
    if (query_integer(request, "cursor", -1, INT64_MAX, -1, &cursor, response) &&
        query_integer(request, "limit", 1, LINES_MAX, LINES_DEFAULT, &limit, response)) {
        cJSON *document =
            pm_history_lines(pm_view_history(page->view), cursor, least, (size_t)limit, &error);
        pm_page_answer_json(response, document, &error);
    }
}

void pm_page_get_results(struct pm_page *page, const struct pm_http_server_request *request,
                         struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    int64_t cursor, limit;
    if (query_integer(request, "cursor", 0, INT64_MAX, 0, &cursor, response) &&
        query_integer(request, "limit", 1, PM_VIEW_RESULTS_MAX, RESULTS_DEFAULT, &limit,
                      response)) {
        pm_page_answer_json(response, pm_view_results(page->view, cursor, (size_t)limit, &error),
                            &error);
    }
}

/* The account of the miner that the state shows; "" when there is none. */
static void find_account(struct pm_page *page, char *out, size_t size)
{
    char *text = NULL;
    cJSON *state = NULL;
    int64_t age_ms;
    out[0] = '\0';
    if (pm_view_state(page->view, &text, &age_ms, NULL) &&
        pm_json_parse(text, strlen(text), STATE_MAX, &state, NULL)) {
        const char *account = "";
        pm_json_optional_string(cJSON_GetObjectItemCaseSensitive(state, "miner"), "account",
                                &account, NULL);
        snprintf(out, size, "%s", account);
    }
    cJSON_Delete(state);
    free(text);
}

/* A text of the query, whose percent escapes the server leaves as they are; an escape of a NUL ends
 * it. False: it does not fit. */
static bool decode(const char *text, char *out, size_t size)
{
    size_t length = 0;
    for (; *text != '\0'; text++) {
        char digits[3] = {0};
        unsigned char byte = (unsigned char)*text;
        if (length + 1 >= size) {
            return false;
        }
        if (*text == '%' && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2])) {
            memcpy(digits, text + 1, 2);
            byte = (unsigned char)strtoul(digits, NULL, 16);
            text += 2;
        }
        out[length++] = (char)byte;
    }
    out[length] = '\0';
    return true;
}

void pm_page_get_history(struct pm_page *page, const struct pm_http_server_request *request,
                         struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    int64_t from_ms, points;
    char account[ACCOUNT_SIZE];
    const char *given = pm_http_server_query(request, "account");
    if (given == NULL) {
        find_account(page, account, sizeof account);
    } else if (!decode(given, account, sizeof account)) {
        pm_page_refuse(response, 400, "account: too long");
        return;
    }
    pm_text_make_utf8(account);
    if (query_integer(request, "from_ms", 0, INT64_MAX, 0, &from_ms, response) &&
        query_integer(request, "points", 2, POINTS_MAX, POINTS_DEFAULT, &points, response)) {
        cJSON *document = pm_history_series(pm_view_history(page->view), account, from_ms,
                                            (size_t)points, &error);
        pm_page_answer_json(response, document, &error);
    }
}

void pm_page_get_settings(struct pm_page *page, const struct pm_http_server_request *request,
                          struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    (void)request;
    pm_page_answer_json(response, pm_view_settings(page->view, &error), &error);
}

void pm_page_get_metrics(struct pm_page *page, const struct pm_http_server_request *request,
                         struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    char *text = NULL;
    cJSON *state = NULL;
    int64_t age_ms;
    (void)request;
    if (!pm_view_state(page->view, &text, &age_ms, &error) ||
        !pm_json_parse(text, strlen(text), STATE_MAX, &state, &error)) {
        pm_page_answer_error(response, &error);
    } else {
        response->content_type = "text/plain; version=0.0.4; charset=utf-8";
        response->body = pm_page_metrics_write(state);
        response->status = response->body != NULL ? 200 : 500;
    }
    cJSON_Delete(state);
    free(text);
}

void pm_page_get_events(struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    /* Nobody listens to the answer of a HEAD. */
    bool is_head = strcmp(request->method, "HEAD") == 0;
    response->content_type = "text/event-stream; charset=utf-8";
    if (!is_head && !pm_page_events_open(page->view, &response->stream)) {
        pm_page_refuse(response, 503, "no memory for another stream");
    }
}
