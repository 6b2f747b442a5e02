/* What can be changed from the page: orders for the supervisor, a pause, and jobs that were set
 * aside. The sidecar itself starts and stops nothing. */
#include "sidecar/page_internal.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/text.h>
#include <poolminer/wish.h>

/* The body as an object, which the caller deletes; NULL: the answer is made. */
static cJSON *read_body(const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    cJSON *body = NULL;
    if (!pm_json_parse(request->body, request->body_size, PM_VIEW_ORDER_MAX, &body, &error)) {
        pm_page_answer_error(response, &error);
        return NULL;
    }
    if (!cJSON_IsObject(body)) {
        cJSON_Delete(body);
        pm_page_refuse(response, 400, "the body must be a JSON object");
        return NULL;
    }
    return body;
}

void pm_page_post_order(struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    struct pm_text text = {0};
    const char *action;
    int64_t number = 0;
    cJSON *order = read_body(request, response);
    if (order == NULL) {
        return;
    }
    if (!pm_json_string(order, "action", &action, &error) ||
        !pm_view_order(page->view, order, &number, &error)) {
        pm_page_answer_error(response, &error);
    } else {
        pm_text_append(&text, "{\"number\":%lld}", (long long)number);
        response->status = 202;
        response->body = text.data;
    }
    cJSON_Delete(order);
}

void pm_page_post_pause(struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    struct pm_error error = {0};
    struct pm_text text = {0};
    const char *name;
    enum pm_wish wish;
    cJSON *body = read_body(request, response);
    if (body == NULL) {
        return;
    }
    if (!pm_json_string(body, "wish", &name, &error) || !pm_wish_parse(name, &wish, &error) ||
        !pm_view_wish(page->view, wish, &error)) {
        pm_page_answer_error(response, &error);
    } else {
        pm_text_append(&text, "{\"wish\":\"%s\"}", pm_wish_name(wish));
        response->body = text.data;
    }
    cJSON_Delete(body);
}

static void post_job(struct pm_page *page, const struct pm_http_server_request *request,
                     struct pm_http_server_response *response,
                     bool (*change)(struct pm_view *view, int64_t job, struct pm_error *error))
{
    struct pm_error error = {0};
    struct pm_text text = {0};
    int64_t job = 0;
    cJSON *body = read_body(request, response);
    if (body == NULL) {
        return;
    }
    if (!pm_json_integer(body, "job", &job, &error) || !change(page->view, job, &error)) {
        pm_page_answer_error(response, &error);
    } else {
        pm_text_append(&text, "{\"job\":%lld}", (long long)job);
        response->body = text.data;
    }
    cJSON_Delete(body);
}

void pm_page_post_retry(struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    post_job(page, request, response, pm_view_retry);
}

void pm_page_post_discard(struct pm_page *page, const struct pm_http_server_request *request,
                          struct pm_http_server_response *response)
{
    post_job(page, request, response, pm_view_discard);
}
