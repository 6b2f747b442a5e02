#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <poolminer/clock.h>
#include <poolminer/http_client.h>

enum { POLL_MS = 100, HEAD_MAX_BYTES = 64 * 1024, URL_MAX_BYTES = 2048, FIRST_CAPACITY = 4096 };

struct pm_http {
    CURLM *multi;
    CURL *easy;
    char *base_url; /* without a slash at its end */
    char *ca_file;  /* NULL: the system's store */
    bool is_here;   /* on this machine, where no proxy leads */
    int64_t connect_timeout_ms;
    const atomic_bool *stop;
    int64_t grace_after_stop_ms;
};

/* What the callbacks of one exchange share. */
struct exchange {
    struct pm_http_response *response;
    size_t capacity, max_bytes, head_bytes;
    bool too_large, out_of_memory;
    int sendings;
};

/* ---- the URL ---- */

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool present = curl_url_get(url, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return present;
}

/* Does the URL name this machine? A proxy would look for it at its own place. */
static bool is_loopback(const char *base_url)
{
    char *host = NULL;
    CURLU *url = curl_url();
    bool here = url != NULL && curl_url_set(url, CURLUPART_URL, base_url, 0) == CURLUE_OK &&
                curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
                 (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host)));
    curl_free(host);
    curl_url_cleanup(url);
    return here;
}

static bool check_parts(CURLU *url, const char *base_url, struct pm_error *error)
{
    char *scheme = NULL;
    bool web = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
               (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0);
    curl_free(scheme);
    if (!web) {
        return pm_fail(error, PM_ERROR_INVALID, "%.200s: must begin with http:// or https://",
                       base_url);
    }
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD) ||
        has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
        /* not repeated here: it may hold a password */
        return pm_fail(error, PM_ERROR_INVALID,
                       "a user name, query or fragment has no place in it");
    }
    return true;
}

static bool check_url(const char *base_url, struct pm_error *error)
{
    if (strnlen(base_url, URL_MAX_BYTES) == URL_MAX_BYTES) {
        return pm_fail(error, PM_ERROR_LIMIT, "longer than %d bytes", URL_MAX_BYTES);
    }
    CURLU *url = curl_url();
    if (url == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a URL");
    }
    bool good = curl_url_set(url, CURLUPART_URL, base_url, 0) == CURLUE_OK
                    ? check_parts(url, base_url, error)
                    : pm_fail(error, PM_ERROR_INVALID,
                              "%.200s: not a URL; write it like http://127.0.0.1:8434", base_url);
    curl_url_cleanup(url);
    return good;
}

/* ---- making and destroying ---- */

bool pm_http_create(const struct pm_http_config *config, struct pm_http **out,
                    struct pm_error *error)
{
    if (!check_url(config->base_url, error)) {
        return false;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return pm_fail(error, PM_ERROR_IO, "libcurl could not be initialised");
    }
    struct pm_http *http = calloc(1, sizeof *http);
    if (http == NULL) {
        curl_global_cleanup();
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the HTTP client");
    }
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    http->base_url = strdup(config->base_url);
    http->ca_file = config->ca_file != NULL ? strdup(config->ca_file) : NULL;
    http->is_here = is_loopback(config->base_url);
    http->connect_timeout_ms = config->connect_timeout_ms > 0 ? config->connect_timeout_ms : 10000;
    http->stop = config->stop;
    http->grace_after_stop_ms = config->grace_after_stop_ms;
    if (http->multi == NULL || http->easy == NULL || http->base_url == NULL ||
        (config->ca_file != NULL && http->ca_file == NULL)) {
        pm_http_destroy(http);
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the HTTP client");
    }
    /* One server, one request at a time: more connections would be left over ones. */
    if (curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK) {
        pm_http_destroy(http);
        return pm_fail(error, PM_ERROR_IO, "libcurl refused a limit of its connections");
    }
    size_t length = strlen(http->base_url);
    while (length > 0 && http->base_url[length - 1] == '/') {
        http->base_url[--length] = '\0';
    }
    *out = http;
    return true;
}

void pm_http_destroy(struct pm_http *http)
{
    if (http == NULL) {
        return;
    }
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    free(http->base_url);
    free(http->ca_file);
    free(http);
    curl_global_cleanup();
}

void pm_http_response_clear(struct pm_http_response *response)
{
    free(response->body);
    *response = (struct pm_http_response){.date_ms = -1};
}

/* ---- callbacks ---- */

static bool grow(struct exchange *exchange, size_t needed)
{
    if (needed <= exchange->capacity) {
        return true;
    }
    size_t capacity = exchange->capacity == 0 ? FIRST_CAPACITY : exchange->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    char *body = realloc(exchange->response->body, capacity);
    if (body == NULL) {
        exchange->out_of_memory = true;
        return false;
    }
    exchange->response->body = body;
    exchange->capacity = capacity;
    return true;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    struct pm_http_response *response = exchange->response;
    size_t bytes = size * count; /* libcurl: size is always 1 */
    if (bytes > exchange->max_bytes - response->body_size) {
        exchange->too_large = true;
        return 0;
    }
    if (!grow(exchange, response->body_size + bytes + 1)) {
        return 0;
    }
    memcpy(response->body + response->body_size, data, bytes);
    response->body_size += bytes;
    response->body[response->body_size] = '\0';
    return bytes;
}

/* Copies the value of "Name: value\r\n" without the blanks around it when the name matches. */
static bool header_value(const char *line, size_t length, const char *name, char *out, size_t room)
{
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':' ||
        strncasecmp(line, name, name_length) != 0) {
        return false;
    }
    const char *start = line + name_length + 1;
    const char *end = line + length;
    while (start < end && (*start == ' ' || *start == '\t')) {
        start++;
    }
    while (end > start && strchr(" \t\r\n", end[-1]) != NULL) {
        end--;
    }
    if ((size_t)(end - start) >= room) {
        return false;
    }
    memcpy(out, start, (size_t)(end - start));
    out[end - start] = '\0';
    return true;
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    struct pm_http_response *response = exchange->response;
    size_t bytes = size * count;
    char value[64];
    exchange->head_bytes += bytes;
    if (exchange->head_bytes > HEAD_MAX_BYTES) {
        exchange->too_large = true;
        return 0;
    }
    if (header_value(data, bytes, "Date", value, sizeof value)) {
        int64_t date_ms = -1;
        response->date_ms = pm_clock_parse_http_date(value, &date_ms) ? date_ms : -1;
    } else if (header_value(data, bytes, "Retry-After", value, sizeof value)) {
        memcpy(response->retry_after, value, sizeof response->retry_after);
    }
    return bytes;
}

/* libcurl repeats a request by itself when a kept-alive connection closes under it. The first
 * sending may have had its effect, so repeating is for those who know what they do: not here. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int before_sending(void *context, char *to, char *from, int to_port, int from_port)
{
    struct exchange *exchange = context;
    (void)to, (void)from, (void)to_port, (void)from_port;
    exchange->sendings++;
    exchange->response->sent = true;
    return exchange->sendings == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- one exchange ---- */

static struct curl_slist *header_list(const struct pm_http_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    for (size_t i = 0; list != NULL && i < request->header_count; i++) {
        struct curl_slist *longer = curl_slist_append(list, request->headers[i]);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    struct curl_slist *longer =
        list == NULL ? NULL : curl_slist_append(list, "Content-Type: application/json");
    struct curl_slist *whole = /* "Expect:" without value: send the body without asking first */
        longer == NULL ? NULL : curl_slist_append(longer, "Expect:");
    if (whole == NULL) {
        curl_slist_free_all(longer == NULL ? list : longer);
    }
    return whole;
}

/* What is not set as asked is no request: the limits and the way that a certificate is checked are
 * among it. */
static bool set_up(struct pm_http *http, const struct pm_http_request *request, const char *url,
                   struct curl_slist *headers, struct exchange *exchange)
{
    CURL *easy = http->easy;
    int refused = 0;
    curl_easy_reset(easy); /* keeps the connection */
    refused += curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_USERAGENT, "poolminer/" PM_VERSION) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms) !=
               CURLE_OK;
    if (http->is_here) {
        refused += curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK;
    }
    /* What a proxy says while it makes way is not the server's: not its Date, for one. */
    refused += curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) != CURLE_OK;
    if (http->ca_file != NULL) {
        refused += curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file) != CURLE_OK;
    }
    refused += curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending) != CURLE_OK;
    refused += curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange) != CURLE_OK;
    if (strcmp(request->method, "GET") != 0) {
        refused += curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK;
        refused += curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                    request->body == NULL ? "" : request->body) != CURLE_OK;
        refused +=
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body_size) != CURLE_OK;
        refused += curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method) != CURLE_OK;
    }
    return refused == 0;
}

static bool stopping(const struct pm_http *http)
{
    return http->stop != NULL && atomic_load(http->stop);
}

/* Drives the transfer; false when a stop cut it short. */
static bool drive(struct pm_http *http, bool finish_on_stop, CURLcode *result)
{
    int64_t give_up_ms = INT64_MAX;
    int running = 1;
    while (running > 0) {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK) {
            *result = CURLE_FAILED_INIT;
            return true;
        }
        if (stopping(http) && give_up_ms == INT64_MAX) {
            int64_t grace_ms = finish_on_stop ? http->grace_after_stop_ms : 0;
            give_up_ms = pm_clock_monotonic_ms() + grace_ms;
        }
        if (running > 0 && pm_clock_monotonic_ms() >= give_up_ms) {
            return false;
        }
        if (running > 0) {
            curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
        }
    }
    int left = 0;
    *result = CURLE_FAILED_INIT;
    for (CURLMsg *message = curl_multi_info_read(http->multi, &left); message != NULL;
         message = curl_multi_info_read(http->multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
        }
    }
    return true;
}

/* What to look at, where libcurl's words tell the cause alone. */
static const char *advice(CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return " (is the name right, is there a network?)";
    case CURLE_COULDNT_CONNECT:
        return " (does it run there, is the port right?)";
    case CURLE_PEER_FAILED_VERIFICATION:
        return " (is the address right, and this machine's date?)";
    default:
        return "";
    }
}

static bool judge(const struct exchange *exchange, CURLcode result, const char *url,
                  const struct pm_http_request *request, struct pm_error *error)
{
    if (exchange->out_of_memory) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for the answer of %.200s", url);
    }
    if (result == CURLE_OUT_OF_MEMORY && exchange->sendings > 0) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "%.200s answered with a header that is too long (or memory is out)", url);
    }
    if (exchange->too_large) {
        return pm_fail(error, PM_ERROR_LIMIT, "%.200s answered with more than %zu bytes", url,
                       request->answer_max_bytes);
    }
    if (exchange->sendings > 1) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE,
                       "%.200s: the connection was closed before an answer came", url);
    }
    if (result != CURLE_OK) {
        return pm_fail(error, PM_ERROR_UNAVAILABLE, "%.200s: %s%s", url, curl_easy_strerror(result),
                       advice(result));
    }
    return true;
}

static bool exchange_once(struct pm_http *http, const struct pm_http_request *request,
                          const char *url, struct pm_http_response *response,
                          struct pm_error *error)
{
    struct exchange exchange = {.response = response, .max_bytes = request->answer_max_bytes};
    struct curl_slist *headers = header_list(request);
    if (headers == NULL || !grow(&exchange, 1)) {
        curl_slist_free_all(headers);
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a request");
    }
    response->body[0] = '\0';
    if (!set_up(http, request, url, headers, &exchange) ||
        curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
        curl_slist_free_all(headers);
        return pm_fail(error, PM_ERROR_IO, "libcurl refused a request");
    }
    CURLcode result = CURLE_OK;
    bool finished = drive(http, request->finish_on_stop, &result);
    long status = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = (int)status;
    curl_multi_remove_handle(http->multi, http->easy);
    curl_slist_free_all(headers);
    return finished ? judge(&exchange, result, url, request, error)
                    : pm_fail(error, PM_ERROR_INTERRUPTED, "stopped while waiting for %.200s", url);
}

bool pm_http_perform(struct pm_http *http, const struct pm_http_request *request,
                     struct pm_http_response *response, struct pm_error *error)
{
    char url[URL_MAX_BYTES + 512];
    *response = (struct pm_http_response){.date_ms = -1};
    int length = snprintf(url, sizeof url, "%s%s", http->base_url, request->path);
    if (length < 0 || (size_t)length >= sizeof url) {
        return pm_fail(error, PM_ERROR_LIMIT, "the URL of a request is too long");
    }
    response->sent_ms = pm_clock_unix_ms();
    bool done = exchange_once(http, request, url, response, error);
    response->received_ms = pm_clock_unix_ms();
    return done;
}
