/* Who may ask what. The page listens on this machine only; but a browser on this machine runs other
 * sites' programs too. They reach us by a name of theirs that leads to 127.0.0.1, which the Host
 * header gives away, or by a request across origins, which Origin and Sec-Fetch-Site give away.
 * What changes something wants a token that only the user's own files tell. */
#include "sidecar/page_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum { TOKEN_FILE_MAX = 4096, PLACE_SIZE = 64 };

static const char *const NAMES[] = {"127.0.0.1", "localhost"};
enum { NAME_COUNT = sizeof NAMES / sizeof *NAMES };

/* Is `text` `prefix` followed by one of our names and our port? */
static bool names_us(const struct pm_page *page, const char *prefix, const char *text)
{
    char place[PLACE_SIZE];
    for (size_t i = 0; i < NAME_COUNT; i++) {
        snprintf(place, sizeof place, "%s%s:%d", prefix, NAMES[i], atomic_load(&page->port));
        if (strcasecmp(place, text) == 0) {
            return true;
        }
    }
    return false;
}

bool pm_page_is_local(const struct pm_page *page, const struct pm_http_server_request *request,
                      struct pm_http_server_response *response)
{
    const char *host = pm_http_server_header(request, "Host");
    const char *origin = pm_http_server_header(request, "Origin");
    const char *site = pm_http_server_header(request, "Sec-Fetch-Site");
    const char *mode = pm_http_server_header(request, "Sec-Fetch-Mode");
    /* A link from elsewhere may lead here; it shows the page and tells its site nothing. */
    bool is_visit =
        mode != NULL && strcmp(mode, "navigate") == 0 && strcmp(request->method, "GET") == 0;
    bool is_foreign = site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    if (host == NULL || !names_us(page, "", host)) {
        pm_page_refuse(response, 403, "the page answers to 127.0.0.1 and localhost, with its port");
        return false;
    }
    if ((origin != NULL && !names_us(page, "http://", origin)) || (is_foreign && !is_visit)) {
        pm_page_refuse(response, 403, "asked for by another site's page");
        return false;
    }
    return true;
}

bool pm_page_may_change(const struct pm_page *page, const struct pm_http_server_request *request,
                        struct pm_http_server_response *response)
{
    static const char scheme[] = "Bearer ";
    const size_t length = strlen(page->token);
    const char *given = pm_http_server_header(request, "Authorization");
    const char *type = pm_http_server_header(request, "Content-Type");
    bool good = length > 0 && given != NULL && strncasecmp(given, scheme, sizeof scheme - 1) == 0 &&
                strlen(given) == sizeof scheme - 1 + length &&
                sodium_memcmp(given + sizeof scheme - 1, page->token, length) == 0;
    if (!good) {
        pm_page_refuse(response, 403,
                       "this wants the session's token; open the page by the address that "
                       "`poolminer gui` or `poolminer mine` prints");
        return false;
    }
    if (type == NULL || strncasecmp(type, "application/json", 16) != 0) {
        pm_page_refuse(response, 415, "the body must be application/json");
        return false;
    }
    return true;
}

bool pm_page_read_token(const char *path, char token[PM_PAGE_TOKEN_MAX + 1], struct pm_error *error)
{
    char *text = NULL;
    size_t size = 0;
    struct pm_error reason = {0};
    if (!pm_file_read(path, TOKEN_FILE_MAX, &text, &size, &reason)) {
        /* So long a file is not a token's: a mistake, and no limit of this machine. */
        const bool mistaken = reason.code == PM_ERROR_LIMIT;
        return pm_fail(error, mistaken ? PM_ERROR_INVALID : reason.code, "the page's token: %s",
                       reason.message);
    }
    size_t length = strcspn(text, "\r\n");
    bool good = length >= PM_PAGE_TOKEN_MIN && length <= PM_PAGE_TOKEN_MAX;
    for (size_t i = 0; i < length; i++) {
        good = good && text[i] > ' ' && text[i] <= '~';
    }
    if (good) {
        memcpy(token, text, length);
        token[length] = '\0';
    }
    sodium_memzero(text, size);
    free(text);
    return good || pm_fail(error, PM_ERROR_INVALID,
                           "the page's token: the first line of %s must be %d to %d printable "
                           "characters without blanks",
                           path, PM_PAGE_TOKEN_MIN, PM_PAGE_TOKEN_MAX);
}

/* ---- answers that say no ---- */

void pm_page_refuse(struct pm_http_server_response *response, int status, const char *detail)
{
    struct pm_text text = {0};
    cJSON *sentence = cJSON_CreateString(detail);
    char *quoted = sentence != NULL ? pm_json_print(sentence, NULL) : NULL;
    pm_text_append(&text, "{\"detail\":%s}", quoted != NULL ? quoted : "\"\"");
    free(quoted);
    cJSON_Delete(sentence);
    response->status = status;
    response->body = text.data;
    if (status == 503) {
        response->retry_after_s = 1;
    }
}

void pm_page_answer_error(struct pm_http_server_response *response, const struct pm_error *error)
{
    int status = 500;
    switch (error->code) {
    case PM_ERROR_INVALID:
    case PM_ERROR_PROTOCOL:
        status = 400;
        break;
    case PM_ERROR_LIMIT:
        status = 413;
        break;
    case PM_ERROR_NOT_FOUND:
        status = 404;
        break;
    case PM_ERROR_UNAVAILABLE:
    case PM_ERROR_INTERRUPTED:
        status = 503;
        break;
    default:
        break;
    }
    pm_page_refuse(response, status, error->message);
}

void pm_page_answer_json(struct pm_http_server_response *response, cJSON *document,
                         const struct pm_error *error)
{
    response->body = document != NULL ? pm_json_print(document, NULL) : NULL;
    if (document == NULL) {
        pm_page_answer_error(response, error);
    } else if (response->body == NULL) {
        pm_page_refuse(response, 500, "no memory for the answer");
    }
    cJSON_Delete(document);
}
