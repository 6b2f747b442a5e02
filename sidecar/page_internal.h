/* The page's inside, shared by its files. */
#ifndef PM_SIDECAR_PAGE_INTERNAL_H
#define PM_SIDECAR_PAGE_INTERNAL_H

#include "sidecar/page.h"

#include <cjson/cJSON.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/http_server.h>

enum { PM_PAGE_TOKEN_MIN = 16, PM_PAGE_TOKEN_MAX = 128 };

struct pm_page {
    struct pm_view *view;
    struct pm_http_server *server;
    atomic_int port;                   /* 0: not known yet, and nobody is served */
    char token[PM_PAGE_TOKEN_MAX + 1]; /* "": nothing can be changed */
};

/* page_guard.c: who may ask what. */

/* True: asked for by this machine's name, and not by another site's page. False: the answer is
 * made.
 */
bool pm_page_is_local(const struct pm_page *page, const struct pm_http_server_request *request,
                      struct pm_http_server_response *response);
/* True: the request bears the token. False: the answer is made. */
bool pm_page_may_change(const struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response);
/* Reads the token file's first line. */
bool pm_page_read_token(const char *path, char token[PM_PAGE_TOKEN_MAX + 1],
                        struct pm_error *error);

/* {"detail": "..."}. */
void pm_page_refuse(struct pm_http_server_response *response, int status, const char *detail);

/* Answers with this document (taken; NULL: `error` says why there is none). */
void pm_page_answer_json(struct pm_http_server_response *response, cJSON *document,
                         const struct pm_error *error);
void pm_page_answer_error(struct pm_http_server_response *response, const struct pm_error *error);

/* page_answers.c: what can be read. */
typedef void pm_page_answer(struct pm_page *page, const struct pm_http_server_request *request,
                            struct pm_http_server_response *response);
pm_page_answer pm_page_get_health, pm_page_get_state, pm_page_get_logs, pm_page_get_results,
    pm_page_get_history, pm_page_get_settings, pm_page_get_metrics, pm_page_get_events;
/* page_changes.c: what can be changed; the token has been seen. */
pm_page_answer pm_page_post_order, pm_page_post_pause, pm_page_post_retry, pm_page_post_discard;

/* page_files.c: a file of the page, by its path, or false. */
bool pm_page_file(const char *path, struct pm_http_server_response *response);

/* page_metrics.c: Prometheus' text (malloc'd) for a state; NULL: no memory. */
char *pm_page_metrics_write(const cJSON *state);

/* page_events.c: a stream of the view's states and lines. False: no memory. */
bool pm_page_events_open(struct pm_view *view, struct pm_http_stream *out);

#endif
