#include "pool/http_client.h"

#include "cmocka_include.h"
#include "pool/openapi.h"
#include "pool/openapi_check.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum { ANSWER_MAX = 16 * 1024 * 1024, TIMEOUT_S = 20 };

void answer_clear(struct answer *answer)
{
    cJSON_Delete(answer->json);
    free(answer->text);
    free(answer->headers);
    *answer = (struct answer){0};
}

static size_t receive(char *data, size_t size, size_t count, void *context)
{
    pm_text_append_bytes(context, data, size * count);
    return size * count;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[512];
    if (value == NULL) {
        return list;
    }
    snprintf(line, sizeof line, *value ? "%s: %s" : "%s;", name, value);
    return curl_slist_append(list, line);
}

static struct curl_slist *headers_of(const struct request *request)
{
    struct curl_slist *list = add_header(NULL, "Content-Type", "application/json");
    list = add_header(list, "X-Key", request->key);
    list = add_header(list, "X-Timestamp", request->timestamp);
    list = add_header(list, "X-Signature", request->signature);
    list = add_header(list, "Authorization", request->authorization);
    list = add_header(list, "X-Request-Id", request->request_id);
    list = add_header(list, "Expect", "");
    if (request->chunked) {
        list = add_header(list, "Transfer-Encoding", "chunked");
    }
    return list;
}

static pthread_once_t description_once = PTHREAD_ONCE_INIT;
static cJSON *description;

static void free_description(void)
{
    cJSON_Delete(description);
}

static void parse_description(void)
{
    struct complaint complaint;
    pm_json_parse(pm_openapi_json, strlen(pm_openapi_json), ANSWER_MAX, &description, NULL);
    atexit(free_description);
    if (!openapi_is_understood(description, &complaint)) {
        fail_msg("the description: %s", complaint.text);
    }
}

static void load_description(void)
{
    pthread_once(&description_once, parse_description);
    assert_non_null(description);
}

static void check_description(const struct request *request, const struct answer *answer)
{
    struct complaint complaint;
    load_description();
    if (!openapi_allows(description, request->method, request->path, answer->status, answer->json,
                        &complaint)) {
        fail_msg("%s %s: %d %s: %s", request->method, request->path, answer->status, answer->text,
                 complaint.text);
    }
}

static void check_headers(const struct request *request, const struct answer *answer)
{
    struct complaint complaint;
    load_description();
    if (!openapi_allows_headers(description, request->method, request->path, answer->status,
                                answer->headers, &complaint)) {
        fail_msg("%s %s: %d %s: %s", request->method, request->path, answer->status,
                 answer->headers, complaint.text);
    }
}

/* What the pool accepts has to be described as well. */
static void check_request(const struct request *request)
{
    struct complaint complaint;
    cJSON *body = NULL;
    size_t size = request->body_size      ? request->body_size
                  : request->body != NULL ? strlen(request->body)
                                          : 0;
    if (size > 0) {
        assert_true(pm_json_parse(request->body, size, ANSWER_MAX, &body, NULL));
    }
    load_description();
    if (!openapi_allows_request(description, request->method, request->path, body, &complaint)) {
        fail_msg("%s %s took %s: %s", request->method, request->path, request->body,
                 complaint.text);
    }
    cJSON_Delete(body);
}

/* What all answers share. */
static void check(const struct request *request, struct answer *answer)
{
    struct pm_error error = {0};
    if (answer->text == NULL || answer->headers == NULL) {
        fail_msg("%s: status %d without a body", request->path, answer->status);
        return; /* which fail_msg has done already, but not every analyser knows */
    }
    answer->detail = "";
    assert_non_null(strstr(answer->headers, "Date: "));
    check_headers(request, answer);
    if (request->plain && answer->status == 200) {
        assert_non_null(strstr(answer->headers, "Content-Type: text/plain"));
        return;
    }
    if (!pm_json_parse(answer->text, strlen(answer->text), ANSWER_MAX, &answer->json, &error)) {
        fail_msg("%s: %s", request->path, error.message);
    }
    assert_non_null(strstr(answer->headers, "Content-Type: application/json"));
    check_description(request, answer);
    if (answer->status == 200) {
        return;
    }
    if (!pm_json_string(answer->json, "detail", &answer->detail, &error)) {
        fail_msg("%s: status %d without a detail", request->path, answer->status);
    }
}

static void prepare(CURL *curl, const struct request *request, const char *url)
{
    size_t size = request->body_size      ? request->body_size
                  : request->body != NULL ? strlen(request->body)
                                          : 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
    if (request->body != NULL || strcmp(request->method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         request->chunked ? (curl_off_t)-1 : (curl_off_t)size);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    }
}

/* False: no whole answer came, *why says why not. */
static bool send_request(const struct request *request, struct answer *out, const char **why)
{
    struct pm_text url = {0}, body = {0}, headers = {0};
    struct curl_slist *list = headers_of(request);
    CURL *curl = curl_easy_init();
    long status = 0;
    pm_text_append(&url, "%s%s", request->url, request->path);
    prepare(curl, request, url.data);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    curl_slist_free_all(list);
    pm_text_clear(&url);
    /* A server that answers before it has read the whole body may break the sending. */
    if (code != CURLE_OK && !(code == CURLE_SEND_ERROR && status)) {
        *why = curl_easy_strerror(code);
        pm_text_clear(&body);
        pm_text_clear(&headers);
        return false;
    }
    assert_false(body.failed || headers.failed || !body.data);
    *out = (struct answer){.status = (int)status, .text = body.data, .headers = headers.data};
    check(request, out);
    if (out->status == 200) {
        check_request(request);
    }
    return true;
}

bool http_try(const struct request *request, struct answer *out)
{
    const char *why;
    return send_request(request, out, &why);
}

struct answer http_send(const struct request *request)
{
    struct answer answer = {0};
    const char *why;
    if (!send_request(request, &answer, &why)) {
        fail_msg("%s %s: %s", request->method, request->path, why);
    }
    return answer;
}

int http_connect(const char *url)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(made >= 0);
    to.sin_port = htons((uint16_t)strtol(strrchr(url, ':') + 1, NULL, 10));
    assert_int_equal(connect(made, (struct sockaddr *)&to, sizeof to), 0);
    return made;
}

/* The size of the answer that begins here, or 0 when its head is not whole yet. */
static size_t size_of_answer(const char *bytes, size_t size, size_t *head)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    *head = (size_t)(end - bytes) + 4;
    const char *length = memmem(bytes, *head, "\r\nContent-Length: ", 18);
    assert_non_null(length);
    return *head + strtoul(length + 18, NULL, 10);
}

bool http_take_answer(const char *method, const char *path, const char *bytes, size_t size,
                      struct answer *out)
{
    const struct request request = {.method = method, .path = path};
    size_t head, whole = size_of_answer(bytes, size, &head);
    if (whole == 0 || whole > size) {
        return false;
    }
    assert_int_equal(strncmp(bytes, "HTTP/1.1 ", 9), 0);
    *out = (struct answer){
        .status = (int)strtol(bytes + 9, NULL, 10),
        .headers = strndup(bytes, head),
        .text = strndup(bytes + head, whole - head),
    };
    check(&request, out);
    return true;
}

struct answer http_send_raw(const char *url, const char *method, const char *path,
                            const char *bytes, size_t size, bool to_the_end)
{
    struct answer answer = {0};
    struct pm_text text = {0};
    char some[4096];
    ssize_t got = 1;
    int connection = http_connect(url);
    bool whole = false;
    const struct timeval limit = {.tv_sec = TIMEOUT_S};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(send(connection, bytes, size, MSG_NOSIGNAL), size);
    while ((to_the_end || !whole) && (got = recv(connection, some, sizeof some, 0)) > 0) {
        pm_text_append_bytes(&text, some, (size_t)got);
        whole = whole || http_take_answer(method, path, text.data, text.length, &answer);
    }
    close(connection);
    if (!whole || (to_the_end && got < 0)) {
        fail_msg("%s %s: %s", method, path, text.data != NULL ? text.data : "no answer");
    }
    assert_false(text.failed);
    assert_int_equal(text.length, strlen(answer.headers) + strlen(answer.text)); /* and no more */
    pm_text_clear(&text);
    const char *body = memmem(bytes, size, "\r\n\r\n", 4);
    const struct request request = {.method = method,
                                    .path = path,
                                    .body = body != NULL ? body + 4 : NULL,
                                    .body_size =
                                        body != NULL ? size - (size_t)(body + 4 - bytes) : 0};
    if (answer.status == 200) {
        check_request(&request);
    }
    return answer;
}

void client_write_proof(const struct client *client, char out[CLIENT_PROOF_SIZE])
{
    char message[64], signature[PM_SIGNATURE_HEX_SIZE];
    const int64_t now_s = pm_clock_unix_ms() / 1000 + client->clock_offset_s;
    snprintf(message, sizeof message, "auth:%" PRId64, now_s);
    assert_true(pm_hotkey_sign_hex(client->hotkey, message, signature, NULL));
    snprintf(out, CLIENT_PROOF_SIZE, "X-Key: %s\r\nX-Timestamp: %" PRId64 "\r\nX-Signature: %s\r\n",
             client_address(client), now_s, signature);
}

void client_create(struct client *client, const char *url, uint8_t number)
{
    const uint8_t seed[PM_SEED_SIZE] = {0x70, number};
    *client = (struct client){.url = url};
    assert_true(pm_hotkey_from_seed(seed, &client->hotkey, NULL));
}

void client_destroy(struct client *client)
{
    pm_hotkey_destroy(client->hotkey);
}

const char *client_address(const struct client *client)
{
    return pm_hotkey_address(client->hotkey);
}

/* A request and the texts of its proof. */
struct signed_request {
    struct request request;
    char timestamp[32], signature[PM_SIGNATURE_HEX_SIZE];
};

static void sign(const struct client *client, const char *method, const char *path,
                 const char *body, struct signed_request *out)
{
    char message[64];
    int64_t now_s = pm_clock_unix_ms() / 1000 + client->clock_offset_s;
    snprintf(out->timestamp, sizeof out->timestamp, "%" PRId64, now_s);
    snprintf(message, sizeof message, "auth:%s", out->timestamp);
    assert_true(pm_hotkey_sign_hex(client->hotkey, message, out->signature, NULL));
    out->request = (struct request){
        .method = method,
        .url = client->url,
        .path = path,
        .key = client_address(client),
        .timestamp = out->timestamp,
        .signature = out->signature,
        .body = body,
    };
}

struct answer client_call(const struct client *client, const char *method, const char *path,
                          const char *body)
{
    struct signed_request request;
    sign(client, method, path, body, &request);
    return http_send(&request.request);
}

bool client_try(const struct client *client, const char *method, const char *path, const char *body,
                struct answer *out)
{
    struct signed_request request;
    sign(client, method, path, body, &request);
    return http_try(&request.request, out);
}

struct answer client_expect(const struct client *client, const char *method, const char *path,
                            const char *body, int status)
{
    struct answer answer = client_call(client, method, path, body);
    if (answer.status != status) {
        fail_msg("%s %s: %d instead of %d: %s", method, path, answer.status, status, answer.text);
    }
    return answer;
}

void client_expect_saying(const struct client *client, const char *method, const char *path,
                          const char *body, int status, const char *said)
{
    struct answer answer = client_expect(client, method, path, body, status);
    if (answer.text == NULL || strstr(answer.text, said) == NULL) {
        fail_msg("%s %s: \"%s\" not in the answer", method, path, said);
    }
    answer_clear(&answer);
}

const cJSON *answer_member(const struct answer *answer, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(answer->json, name);
    if (member == NULL) {
        fail_msg("no \"%s\" in %s", name, answer->text);
    }
    return member;
}

double answer_number(const struct answer *answer, const char *name)
{
    const cJSON *member = answer_member(answer, name);
    assert_true(cJSON_IsNumber(member));
    return member->valuedouble;
}

int64_t answer_integer(const struct answer *answer, const char *name)
{
    return (int64_t)answer_number(answer, name);
}

const char *answer_string(const struct answer *answer, const char *name)
{
    const cJSON *member = answer_member(answer, name);
    assert_true(cJSON_IsString(member));
    return member->valuestring;
}
