/* A client that signs as miners do. Every answer it gets is held against the pool's OpenAPI
 * description (pool/openapi.json) and checked for what all answers share: JSON, a Date, and a
 * "detail" in a refusal. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include <poolminer/hotkey.h>

struct answer {
    int status;
    cJSON *json;
    char *text;
    char *headers;
    const char *detail; /* of a refusal; "" else */
};
void answer_clear(struct answer *answer);

/* A request as it goes out; NULL where something is not sent. */
struct request {
    const char *method, *url, *path;
    const char *key, *timestamp, *signature, *authorization;
    const char *body;
    size_t body_size; /* 0: strlen(body) */
    bool chunked;
    bool plain;             /* done, it is answered with text, not JSON */
    const char *request_id; /* X-Request-Id */
};
struct answer http_send(const struct request *request);
/* False when no whole answer came: nobody listens, or it hung up. */
bool http_try(const struct request *request, struct answer *out);

/* A connection to the server at `url`. */
int http_connect(const char *url);
/* Sends these bytes, which are a call of `method` and `path` as far as the description is
 * concerned, and reads until the server has answered and, if `to_the_end`, hung up. */
struct answer http_send_raw(const char *url, const char *method, const char *path,
                            const char *bytes, size_t size, bool to_the_end);
/* The answer that `bytes` begin with, checked like all others, once it is there as a whole. */
bool http_take_answer(const char *method, const char *path, const char *bytes, size_t size,
                      struct answer *out);

struct client {
    const char *url;
    struct pm_hotkey *hotkey;
    int64_t clock_offset_s;
};

/* A key of its own for every number. */
void client_create(struct client *client, const char *url, uint8_t number);
void client_destroy(struct client *client);
const char *client_address(const struct client *client);

/* The three headers of a proof made now, as they go over the wire. */
enum { CLIENT_PROOF_SIZE = 384 };
void client_write_proof(const struct client *client, char out[CLIENT_PROOF_SIZE]);

/* Headers signed for now; body may be NULL. */
struct answer client_call(const struct client *client, const char *method, const char *path,
                          const char *body);
/* The same; false when no whole answer came. */
bool client_try(const struct client *client, const char *method, const char *path, const char *body,
                struct answer *out);
/* The same, failing the test when the status is another one. */
struct answer client_expect(const struct client *client, const char *method, const char *path,
                            const char *body, int status);

/* And failing it when the answer's text does not contain `said`. */
void client_expect_saying(const struct client *client, const char *method, const char *path,
                          const char *body, int status, const char *said);

/* Members of an answer; the test fails when they are not there. */
int64_t answer_integer(const struct answer *answer, const char *name);
double answer_number(const struct answer *answer, const char *name);
const char *answer_string(const struct answer *answer, const char *name);
const cJSON *answer_member(const struct answer *answer, const char *name);

#endif
