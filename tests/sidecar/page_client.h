/* An HTTP client that sends what it is told, byte for byte, for tests of the sidecar's page. */
#ifndef PM_TESTS_SIDECAR_PAGE_CLIENT_H
#define PM_TESTS_SIDECAR_PAGE_CLIENT_H

#include <cjson/cJSON.h>
#include <stddef.h>

struct page_answer {
    int status;
    char *text; /* headers and body */
    char *body; /* in it */
};
void page_answer_clear(struct page_answer *answer);

/* A connection to the page. */
int page_connect(int port);
/* Sends these bytes and reads until the page hangs up. */
struct page_answer page_send(int port, const char *bytes, size_t size);

/* A request of one header block: `headers` are whole lines, as "Origin: x\r\n". */
struct page_answer page_get(int port, const char *path, const char *headers);
struct page_answer page_post(int port, const char *path, const char *headers, const char *body);
/* The same with everything that a change wants. */
struct page_answer page_change(int port, const char *path, const char *body);

/* GET, which must be answered with 200, as JSON; the caller deletes. */
cJSON *page_document(int port, const char *path);

#endif
