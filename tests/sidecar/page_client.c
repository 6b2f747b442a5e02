#include "sidecar/page_client.h"

#include "loopback.h"
#include "sidecar/sidecar_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/text.h>

enum { PATIENCE_S = 20 };

void page_answer_clear(struct page_answer *answer)
{
    free(answer->text);
    *answer = (struct page_answer){0};
}

int page_connect(int port)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int peer = loopback_connect(port);
    assert_true(peer >= 0);
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return peer;
}

struct page_answer page_send(int port, const char *bytes, size_t size)
{
    struct pm_text text = {0};
    char block[4096];
    ssize_t count;
    int peer = page_connect(port);
    /* The page may hang up before it has taken everything. */
    for (size_t sent = 0; sent < size; sent += (size_t)count) {
        count = send(peer, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            break;
        }
    }
    while ((count = recv(peer, block, sizeof block, 0)) > 0) {
        pm_text_append_bytes(&text, block, (size_t)count);
    }
    close(peer);
    struct page_answer answer = {.text = text.data != NULL ? text.data : strdup("")};
    assert_non_null(answer.text);
    char *end = strstr(answer.text, "\r\n\r\n");
    answer.body = end != NULL ? end + 4 : answer.text + strlen(answer.text);
    sscanf(answer.text, "HTTP/1.1 %d", &answer.status);
    return answer;
}

static struct page_answer request(int port, const char *method, const char *path,
                                  const char *headers, const char *body)
{
    struct pm_text text = {0};
    pm_text_append(&text, "%s %s HTTP/1.1\r\nConnection: close\r\n%s", method, path, headers);
    if (strstr(headers, "Host:") == NULL) {
        pm_text_append(&text, "Host: 127.0.0.1:%d\r\n", port);
    }
    if (body != NULL) {
        pm_text_append(&text, "Content-Length: %zu\r\n", strlen(body));
    }
    pm_text_append(&text, "\r\n");
    pm_text_append_bytes(&text, body != NULL ? body : "", body != NULL ? strlen(body) : 0);
    assert_false(text.failed);
    struct page_answer answer = page_send(port, text.data, text.length);
    pm_text_clear(&text);
    return answer;
}

struct page_answer page_get(int port, const char *path, const char *headers)
{
    return request(port, "GET", path, headers, NULL);
}

struct page_answer page_post(int port, const char *path, const char *headers, const char *body)
{
    return request(port, "POST", path, headers, body);
}

struct page_answer page_change(int port, const char *path, const char *body)
{
    return page_post(
        port, path, "Authorization: Bearer " SIDECAR_TOKEN "\r\nContent-Type: application/json\r\n",
        body);
}

cJSON *page_document(int port, const char *path)
{
    struct pm_error error = {0};
    cJSON *document = NULL;
    struct page_answer answer = page_get(port, path, "");
    if (answer.status != 200) {
        fail_msg("%s: %s", path, answer.text);
    }
    assert_done(pm_json_parse(answer.body, strlen(answer.body), 1 << 22, &document, &error), error);
    page_answer_clear(&answer);
    return document;
}
