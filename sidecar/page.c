#include "sidecar/page_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/log.h>

enum {
    BODY_MAX = 32 * 1024,
    REQUEST_MS = 10000,
    CONNECTIONS_MAX = 256,
    THREADS = 4,
    STREAMS_MAX = 32,
};

/* What a browser may do with our answers: nothing but show this page, and load nothing from
 * elsewhere. */
static const char POLICY[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
static const char *const HEADERS[] = {
    "Content-Security-Policy",
    POLICY,
    "X-Content-Type-Options",
    "nosniff",
    "Referrer-Policy",
    "no-referrer",
    "Cross-Origin-Resource-Policy",
    "same-origin",
    "Cross-Origin-Opener-Policy",
    "same-origin",
    "Cache-Control",
    "no-store",
    NULL,
};

static const struct route {
    const char *path, *method;
    pm_page_answer *answer;
} ROUTES[] = {
    {"/health", "GET", pm_page_get_health},       {"/state", "GET", pm_page_get_state},
    {"/logs", "GET", pm_page_get_logs},           {"/jobs/results", "GET", pm_page_get_results},
    {"/history", "GET", pm_page_get_history},     {"/metrics", "GET", pm_page_get_metrics},
    {"/settings", "GET", pm_page_get_settings},   {"/events", "GET", pm_page_get_events},
    {"/order", "POST", pm_page_post_order},       {"/pause", "POST", pm_page_post_pause},
    {"/queue/retry", "POST", pm_page_post_retry}, {"/queue/discard", "POST", pm_page_post_discard},
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
        if (strcmp(ROUTES[i].path, path) == 0) {
            return &ROUTES[i];
        }
    }
    return NULL;
}

static bool is_reading(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void refuse_method(struct pm_http_server_response *response, const char *allowed)
{
    snprintf(response->allow, sizeof response->allow, "%s", allowed);
    pm_page_refuse(response, 405, "this path knows another method");
}

static void answer_route(struct pm_page *page, const struct route *route,
                         const struct pm_http_server_request *request,
                         struct pm_http_server_response *response)
{
    bool reads = is_reading(route->method);
    if (reads != is_reading(request->method) ||
        (!reads && strcmp(request->method, route->method) != 0)) {
        refuse_method(response, route->method);
    } else if (reads || pm_page_may_change(page, request, response)) {
        route->answer(page, request, response);
    }
}

static void handle(void *context, const struct pm_http_server_request *request,
                   struct pm_http_server_response *response)
{
    struct pm_page *page = context;
    const struct route *route = find_route(request->path);
    response->status = 200;
    response->headers = HEADERS;
    if (!pm_page_is_local(page, request, response)) {
        return;
    }
    if (route != NULL) {
        answer_route(page, route, request, response);
    } else if (!is_reading(request->method)) {
        refuse_method(response, "GET");
    } else if (!pm_page_file(request->path, response)) {
        pm_page_refuse(response, 404, "there is no such page");
    }
}

static void on_change(void *context)
{
    struct pm_page *page = context;
    pm_http_server_wake(page->server);
}

static bool start(struct pm_page *page, const struct pm_page_config *config, struct pm_error *error)
{
    const struct pm_http_server_config server = {
        .host = "127.0.0.1",
        .port = config->port,
        .body_max = BODY_MAX,
        .request_ms = REQUEST_MS,
        .connections_max = CONNECTIONS_MAX,
        .threads = THREADS,
        .streams_max = STREAMS_MAX,
        .requests_max = CONNECTIONS_MAX,
        .handler = handle,
        .context = page,
    };
    page->view = config->view;
    if (config->token_file != NULL && !pm_page_read_token(config->token_file, page->token, error)) {
        return false;
    }
    if (!pm_http_server_create(&server, &page->server, error)) {
        return pm_fail_context(error, "the page");
    }
    atomic_store(&page->port, pm_http_server_port(page->server));
    pm_view_set_listener(page->view, on_change, page);
    return true;
}

bool pm_page_create(const struct pm_page_config *config, struct pm_page **out,
                    struct pm_error *error)
{
    struct pm_page *page = calloc(1, sizeof *page);
    if (page == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "the page: no memory");
    }
    if (!start(page, config, error)) {
        free(page);
        return false;
    }
    *out = page;
    return true;
}

void pm_page_destroy(struct pm_page *page)
{
    if (page == NULL) {
        return;
    }
    pm_view_set_listener(page->view, NULL, NULL);
    pm_http_server_destroy(page->server);
    free(page);
}

int pm_page_port(const struct pm_page *page)
{
    return atomic_load(&page->port);
}
