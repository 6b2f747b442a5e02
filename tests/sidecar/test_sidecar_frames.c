/* Peers that break the protocol: each gets its error, and nobody else notices. Also the protocol's
 * edges that the client library never shows: request ids, repeated messages, unnamed peers. */
#include "sidecar/sidecar_program.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/wire.h>

static struct pm_error error;
static void *context;
static void *open_peers[4]; /* closed by tear_down also when a test fails */

/* ---- a peer that sends what it likes ---- */

static void *peer_open(const char *routing_id)
{
    const int zero = 0;
    void *socket = zmq_socket(context, ZMQ_DEALER);
    assert_non_null(socket);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero), 0);
    if (routing_id != NULL) {
        assert_int_equal(zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)), 0);
    }
    assert_int_equal(zmq_connect(socket, sidecar_url), 0);
    for (size_t i = 0; i < sizeof open_peers / sizeof open_peers[0]; i++) {
        if (open_peers[i] == NULL) {
            open_peers[i] = socket;
            return socket;
        }
    }
    zmq_close(socket);
    fail_msg("too many peers");
    return NULL;
}

static void peer_close(void *socket)
{
    for (size_t i = 0; i < sizeof open_peers / sizeof open_peers[0]; i++) {
        if (open_peers[i] != NULL && (socket == NULL || open_peers[i] == socket)) {
            zmq_close(open_peers[i]);
            open_peers[i] = NULL;
        }
    }
}

static int tear_down(void **state)
{
    peer_close(NULL);
    return sidecar_tear_down(state);
}
#define WITH_PEERS(test) cmocka_unit_test_setup_teardown(test, sidecar_set_up, tear_down)

static void peer_send(void *socket, const struct pm_wire_frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(
            zmq_send(socket, frames[i].data, frames[i].size, i + 1 < count ? ZMQ_SNDMORE : 0),
            frames[i].size);
    }
}

struct answer {
    zmq_msg_t parts[8];
    struct pm_wire_frame frames[8];
    size_t count;
    struct pm_wire_message message;
};

enum { PATIENCE_MS = 30000, SILENCE_MS = 1000 };

static bool receive_any(void *socket, struct answer *answer, long wait_ms)
{
    zmq_pollitem_t item = {socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, wait_ms) <= 0) {
        return false;
    }
    assert_done(pm_wire_receive(socket, answer->parts, 8, &answer->count, &error), error);
    assert_in_range(answer->count, 2, 8);
    for (size_t i = 0; i < answer->count; i++) {
        answer->frames[i] = (struct pm_wire_frame){zmq_msg_data(&answer->parts[i]),
                                                   zmq_msg_size(&answer->parts[i])};
    }
    assert_done(pm_wire_decode(answer->frames, answer->count, PM_WIRE_REPLY_ARGUMENTS_MAX,
                               &answer->message, &error),
                error);
    return true;
}

static void answer_clear(struct answer *answer)
{
    pm_wire_message_clear(&answer->message);
    pm_wire_close(answer->parts, answer->count);
}

/* The next message that is no ping; false when nothing comes for so long. */
static bool peer_receive(void *socket, struct answer *answer, long wait_ms)
{
    while (receive_any(socket, answer, wait_ms)) {
        if (answer->message.request_id != 0 || strcmp(answer->message.verb, "ping") != 0) {
            return true;
        }
        answer_clear(answer);
    }
    return false;
}

/* Sends frames, expects an error and its code. */
static void expect_error(void *socket, const struct pm_wire_frame *frames, size_t count,
                         uint64_t request_id, const char *code, const char *words)
{
    struct answer answer = {.count = 0};
    const char *name, *text;
    peer_send(socket, frames, count);
    assert_true(peer_receive(socket, &answer, PATIENCE_MS));
    assert_true(answer.message.request_id == request_id);
    assert_string_equal(answer.message.verb, "error");
    assert_done(pm_json_string(answer.message.arguments, "error", &name, &error), error);
    assert_done(pm_json_string(answer.message.arguments, "message", &text, &error), error);
    assert_string_equal(name, code);
    if (strstr(text, words) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", words, text);
    }
    answer_clear(&answer);
}

static int64_t answered(void *socket, const char *member)
{
    struct answer answer;
    int64_t number;
    assert_true(peer_receive(socket, &answer, PATIENCE_MS));
    assert_string_equal(answer.message.verb, "ok");
    assert_done(pm_json_integer(answer.message.arguments, member, &number, &error), error);
    answer_clear(&answer);
    return number;
}

struct request_frames {
    uint8_t header[PM_WIRE_HEADER_MAX];
    struct pm_wire_frame frames[3];
};

static void request(struct request_frames *out, uint64_t id, const char *verb,
                    const char *arguments, const char *body)
{
    out->frames[0] =
        (struct pm_wire_frame){out->header, pm_wire_header_encode(out->header, id, verb)};
    out->frames[1] = (struct pm_wire_frame){arguments, strlen(arguments)};
    out->frames[2] = (struct pm_wire_frame){body, body == NULL ? 0 : strlen(body)};
}

static void expect_request_error(void *socket, const char *verb, const char *arguments,
                                 const char *body, const char *code, const char *words)
{
    struct request_frames out;
    request(&out, 7, verb, arguments, body);
    expect_error(socket, out.frames, body == NULL ? 2 : 3, 7, code, words);
}

/* ---- headers ---- */

static void broken_headers_are_told_so(void **state)
{
    (void)state;
    void *socket = peer_open(NULL);
    const struct pm_wire_frame arguments = {"{}", 2};
    const struct {
        const char *header;
        size_t size;
        const char *code, *words;
        uint64_t request_id;
    } cases[] = {
        {"", 0, "version", "does not begin with PM1", 0},
        {"PM", 2, "version", "does not begin with PM1", 0},
        {"PM2\0\0\0\0\0\0\0\1status", 17, "version", "another version", 0},
        {"GET / HTTP/1.1", 14, "version", "does not begin with PM1", 0},
        {"PM1", 3, "invalid", "the header has 3 bytes", 0},
        {"PM1\0\0\0\0\0\0\0\1", 11, "invalid", "the header has 11 bytes", 0},
        {"PM1\0\0\0\0\0\0\0\1averyveryverylong", 28, "invalid", "the header has 28 bytes", 0},
        {"PM1\0\0\0\0\0\0\0\1Status", 17, "invalid", "only a-z and -", 0},
        {"PM1\0\0\0\0\0\0\0\1st\0tus", 17, "invalid", "only a-z and -", 0},
        {"PM1\0\0\0\0\0\0\0\0status", 17, "invalid", "must not be 0", 0},
        {"PM1\0\0\0\0\0\0\0\5explode", 18, "invalid", "unknown verb explode", 5},
        {"PM1\0\0\0\0\0\0\0\5ping", 15, "invalid", "unknown verb ping", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct pm_wire_frame frames[2] = {{cases[i].header, cases[i].size}, arguments};
        expect_error(socket, frames, 2, cases[i].request_id, cases[i].code, cases[i].words);
    }
    peer_close(socket);
}

static void broken_messages_are_told_so(void **state)
{
    (void)state;
    void *socket = peer_open(NULL);
    struct request_frames out;
    char *large = malloc(PM_WIRE_ARGUMENTS_MAX + 2);
    assert_non_null(large);
    memset(large, ' ', PM_WIRE_ARGUMENTS_MAX + 1);
    large[PM_WIRE_ARGUMENTS_MAX + 1] = '\0';
    request(&out, 9, "status", "{}", NULL);
    expect_error(socket, out.frames, 1, 9, "invalid", "no arguments frame");
    expect_request_error(socket, "status", "", NULL, "invalid", "the arguments of status");
    expect_request_error(socket, "status", "[]", NULL, "invalid", "expected a JSON object");
    expect_request_error(socket, "status", "{\"a\":}", NULL, "invalid", "the arguments of status");
    expect_request_error(socket, "status", "{\"a\":\"\xff\"}", NULL, "invalid", "status");
    expect_request_error(socket, "status", large, NULL, "limit", "65537 bytes");
    expect_request_error(socket, "status", "{}", "body", "invalid",
                         "expected 0 to 0 bodies, got 1");
    expect_request_error(socket, "put", "{}", NULL, "invalid", "expected 1 to 1 bodies, got 0");
    free(large);

    const struct pm_wire_frame many[6] = {out.frames[0], {"{}", 2}, {"a", 1},
                                          {"b", 1},      {"c", 1},  {"d", 1}};
    expect_error(socket, many, 6, 9, "invalid", "expected 0 to 0 bodies");
    peer_close(socket);
}

static void broken_arguments_name_the_member(void **state)
{
    (void)state;
    void *socket = peer_open("worker:w:0123456789abcdef");
    const struct {
        const char *verb, *arguments, *body, *code, *words;
    } cases[] = {
        {"put", "{\"key\":\"k\",\"kind\":\"e\"}", "b", "invalid", "run"},
        {"put", "{\"run\":7,\"key\":\"k\",\"kind\":\"e\"}", "b", "invalid", "run"},
        {"put", "{\"run\":\"r\",\"key\":\"\",\"kind\":\"e\"}", "b", "invalid", "key"},
        {"put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\",\"priority\":1.5}", "b", "invalid",
         "priority"},
        {"put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\",\"priority\":1e300}", "b", "invalid",
         "priority"},
        {"put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\",\"deadline_ms\":\"soon\"}", "b",
         "invalid", "deadline_ms"},
        {"lease", "{\"wait_ms\":-1}", NULL, "invalid", "wait_ms from 0"},
        {"lease", "{\"wait_ms\":60001}", NULL, "invalid", "wait_ms from 0"},
        {"progress", "{\"token\":1}", NULL, "invalid", "job"},
        {"progress", "{\"job\":1,\"token\":1,\"progress\":7}", NULL, "invalid", "progress"},
        {"progress", "{\"job\":1,\"token\":1}", NULL, "lease-lost", "lease 1 of job 1"},
        {"finish", "{\"job\":1,\"token\":1}", "b", "lease-lost", "lease 1 of job 1"},
        {"finish", "{\"job\":1,\"token\":1,\"next_run\":\"\"}", "b", "lease-lost",
         "lease 1 of job 1"},
        {"finish", "{\"job\":1,\"token\":1,\"next_run\":true}", "b", "invalid", "next_run"},
        {"checkpoint", "{\"job\":1,\"token\":1}", "b", "lease-lost", "lease 1 of job 1"},
        {"checkpoint", "{\"job\":1,\"token\":1}", NULL, "invalid", "bodies"},
        {"fail", "{\"job\":1,\"token\":1}", NULL, "invalid", "reason"},
        {"release", "{\"job\":1,\"token\":1}", NULL, "lease-lost", "lease 1 of job 1"},
        {"results", "{\"run\":\"r\",\"limit\":0}", NULL, "invalid", "limit"},
        {"results", "{\"run\":\"\"}", NULL, "invalid", "run"},
        {"collect", "{\"jobs\":7}", NULL, "invalid", "jobs"},
        {"collect", "{\"jobs\":[1,\"two\"]}", NULL, "invalid", "jobs"},
        {"collect", "{\"jobs\":[-1]}", NULL, "invalid", "jobs"},
        {"collect", "{\"jobs\":[1.9]}", NULL, "invalid", "jobs"},
        {"cancel", "{}", NULL, "invalid", "run"},
        {"record-put", "{\"run\":\"r\",\"key\":\"k\",\"state\":\"?\",\"reason\":\"\"}", "b",
         "invalid", "state"},
        {"records", "{\"run\":\"r\",\"state\":\"A\"}", NULL, "invalid", "state"},
        {"record-state", "{\"run\":\"r\"}", NULL, "invalid", "key"},
        {"record-state", "{\"run\":\"r\",\"key\":\"\"}", NULL, "invalid", "key"},
        {"room", "{}", NULL, "invalid", "bytes"},
        {"room", "{\"bytes\":-1}", NULL, "invalid", "bytes"},
        {"room", "{\"bytes\":1048577}", NULL, "invalid", "bytes"},
        {"retry", "{\"job\":1}", NULL, "not-found", "no job 1 is set aside"},
        {"discard", "{\"job\":1}", NULL, "not-found", "no job 1 is set aside"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_request_error(socket, cases[i].verb, cases[i].arguments, cases[i].body,
                             cases[i].code, cases[i].words);
    }
    char many[16000] = "{\"jobs\":[0";
    for (int i = 0; i < 1000; i++) {
        strncat(many, ",0", sizeof many - strlen(many) - 1);
    }
    strncat(many, "]}", sizeof many - strlen(many) - 1);
    expect_request_error(socket, "collect", many, NULL, "limit", "at most 1000");
    peer_close(socket);
}

static void progress_has_a_bound(void **state)
{
    (void)state;
    void *socket = peer_open("worker:w:0123456789abcdef");
    char text[PM_WIRE_PROGRESS_MAX + 100];
    int at = snprintf(text, sizeof text, "{\"job\":1,\"token\":1,\"progress\":{\"x\":\"");
    memset(text + at, 'x', PM_WIRE_PROGRESS_MAX);
    snprintf(text + at + PM_WIRE_PROGRESS_MAX, 10, "\"}}");
    expect_request_error(socket, "progress", text, NULL, "limit", "more than 4096 bytes");
    peer_close(socket);
}

/* A progress request for job 1, `depth` levels deep: a number in objects. */
static void nested_progress(char *out, size_t size, int depth)
{
    size_t at = (size_t)snprintf(out, size, "{\"job\":1,\"token\":1,\"progress\":");
    for (int i = 1; i < depth; i++) {
        at += (size_t)snprintf(out + at, size - at, "{\"x\":");
    }
    at += (size_t)snprintf(out + at, size - at, "1}");
    for (int i = 1; i < depth; i++) {
        at += (size_t)snprintf(out + at, size - at, "}");
    }
}

/* The status is next, and shows the one worker's progress, which is nested_progress of `depth`. */
static void expect_progress_of(void *socket, int depth)
{
    struct answer answer;
    assert_true(peer_receive(socket, &answer, PATIENCE_MS));
    assert_string_equal(answer.message.verb, "ok");
    const cJSON *workers = cJSON_GetObjectItem(answer.message.arguments, "workers");
    assert_int_equal(cJSON_GetArraySize(workers), 1);
    const cJSON *at = cJSON_GetObjectItem(workers->child, "progress");
    for (int i = 1; i < depth; i++) {
        assert_true(cJSON_IsObject(at));
        at = at->child;
    }
    assert_true(cJSON_IsNumber(at));
    answer_clear(&answer);
}

static void deep_progress_cannot_break_the_status(void **state)
{
    (void)state;
    void *socket = peer_open("worker:w:0123456789abcdef");
    struct request_frames out;
    char text[512];
    request(&out, 1, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", "b");
    peer_send(socket, out.frames, 3);
    assert_int_equal(answered(socket, "job"), 1);
    request(&out, 2, "lease", "{}", NULL);
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "token"), 1);
    for (int depth = 31; depth > 29; depth--) {
        nested_progress(text, sizeof text, depth);
        expect_request_error(socket, "progress", text, NULL, "limit", "more than 29 levels");
    }
    nested_progress(text, sizeof text, 29);
    request(&out, 3, "progress", text, NULL);
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "lease_ms"), PROGRAM_LEASE_MS);
    request(&out, 4, "status", "{}", NULL);
    peer_send(socket, out.frames, 2);
    expect_progress_of(socket, 29);
    peer_close(socket);
}

static void an_unnamed_peer_may_do_all_but_lease(void **state)
{
    (void)state;
    void *socket = peer_open(NULL);
    struct request_frames out;
    struct answer answer;
    request(&out, UINT64_MAX, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", "b");
    peer_send(socket, out.frames, 3);
    assert_true(peer_receive(socket, &answer, PATIENCE_MS));
    assert_true(answer.message.request_id == UINT64_MAX);
    assert_string_equal(answer.message.verb, "ok");
    answer_clear(&answer);
    expect_request_error(socket, "lease", "{}", NULL, "invalid", "ROLE:NAME:SESSION");
    peer_close(socket);
}

/* ---- the page ---- */

/* The page's words on a verb, malloc'd. */
static char *words_on(const char *page, const char *verb)
{
    for (const char *at = strstr(page, "\n### "); at != NULL; at = strstr(at, "\n### ")) {
        at += strlen("\n### ");
        const char *word = strstr(at, verb), *end = strstr(at, "\n##");
        if (word != NULL && word < strchr(at, '\n')) {
            return strndup(at, end == NULL ? strlen(at) : (size_t)(end - at));
        }
    }
    fail_msg("the page has no section on %s", verb);
    return NULL;
}

/* Every member, at every depth, stands in the words: "name" in an example or `name` beside it. */
static void expect_members_in(const char *words, const cJSON *value, const char *verb)
{
    for (const cJSON *item = value->child; item != NULL; item = item->next) {
        if (item->string != NULL) {
            char quoted[80], marked[80];
            snprintf(quoted, sizeof quoted, "\"%s\"", item->string);
            snprintf(marked, sizeof marked, "`%s`", item->string);
            if (strstr(words, quoted) == NULL && strstr(words, marked) == NULL) {
                fail_msg("%s replies with %s, which the page does not name", verb, item->string);
            }
        }
        expect_members_in(words, item, verb);
    }
}

static void the_page_names_what_replies_hold(void **state)
{
    (void)state;
    /* run and state are those of the page's own examples: there they are members too */
    static const struct {
        const char *verb, *arguments, *body;
    } requests[] = {
        {"room", "{\"bytes\":1}", NULL},
        {"put", "{\"run\":\"pool_smoke\",\"key\":\"a\",\"kind\":\"e\"}", "b"},
        {"put", "{\"run\":\"pool_smoke\",\"key\":\"b\",\"kind\":\"e\"}", "b"},
        {"lease", "{}", NULL},
        {"checkpoint", "{\"job\":1,\"token\":1}", "b"},
        {"release", "{\"job\":1,\"token\":1}", NULL},
        {"lease", "{}", NULL},
        {"finish", "{\"job\":1,\"token\":2,\"next_run\":\"\"}", "result"},
        {"report", "{\"paused\":\"hot\",\"report\":{}}", NULL},
        {"wish", "{\"wish\":\"pause\"}", NULL},
        {"progress", "{\"job\":2,\"token\":1,\"progress\":{}}", NULL},
        {"record-put",
         "{\"run\":\"pool_smoke\",\"key\":\"k\",\"state\":\"submitted\",\"reason\":\"\"}", "b"},
        {"record-state", "{\"run\":\"pool_smoke\",\"key\":\"k\"}", NULL},
        {"records", "{\"run\":\"pool_smoke\"}", NULL},
        {"results", "{\"run\":\"pool_smoke\"}", NULL},
        {"status", "{}", NULL},
        {"fail", "{\"job\":2,\"token\":1,\"reason\":\"r\"}", NULL},
        {"collect", "{\"jobs\":[1]}", NULL},
        {"cancel", "{\"run\":\"pool_smoke\"}", NULL},
    };
    void *socket = peer_open("worker:w1:0123456789abcdef");
    char *page;
    size_t size;
    assert_done(pm_file_read(PM_PROTOCOL_PAGE, 1 << 20, &page, &size, &error), error);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct request_frames out;
        struct answer answer;
        char *words = words_on(page, requests[i].verb);
        request(&out, i + 1, requests[i].verb, requests[i].arguments, requests[i].body);
        peer_send(socket, out.frames, requests[i].body == NULL ? 2 : 3);
        assert_true(peer_receive(socket, &answer, PATIENCE_MS));
        assert_string_equal(answer.message.verb, "ok");
        expect_members_in(words, answer.message.arguments, requests[i].verb);
        answer_clear(&answer);
        free(words);
    }
    free(page);
    peer_close(socket);
}

/* ---- sending again ---- */

static void repeated_messages_have_one_effect(void **state)
{
    (void)state;
    void *socket = peer_open("worker:w:0123456789abcdef");
    struct request_frames out;
    request(&out, 1, "put", "{\"run\":\"r\",\"key\":\"k\",\"kind\":\"e\"}", "b");
    peer_send(socket, out.frames, 3);
    peer_send(socket, out.frames, 3);
    assert_int_equal(answered(socket, "job"), answered(socket, "job"));

    request(&out, 2, "lease", "{}", NULL);
    peer_send(socket, out.frames, 2);
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "token"), 1);
    assert_int_equal(answered(socket, "token"), 1);
    sidecar_kill();
    peer_close(socket);
    sidecar_start();
    socket = peer_open("worker:w:0123456789abcdef");
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "token"), 1); /* the same lease, from another process */

    request(&out, 3, "finish", "{\"job\":1,\"token\":1}", "result");
    peer_send(socket, out.frames, 3);
    peer_send(socket, out.frames, 3);
    assert_int_equal(answered(socket, "job"), 1);
    assert_int_equal(answered(socket, "job"), 1);
    request(&out, 4, "collect", "{\"jobs\":[1]}", NULL);
    peer_send(socket, out.frames, 2);
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "collected"), 1);
    assert_int_equal(answered(socket, "collected"), 0);
    peer_close(socket);
}

/* A number in the member "next" of the next answer. */
static int64_t answered_next(void *socket, const char *member)
{
    struct answer answer;
    int64_t number;
    assert_true(peer_receive(socket, &answer, PATIENCE_MS));
    assert_string_equal(answer.message.verb, "ok");
    const cJSON *next = cJSON_GetObjectItem(answer.message.arguments, "next");
    assert_done(pm_json_integer(next, member, &number, &error), error);
    assert_int_equal(answer.message.body_count, 1);
    answer_clear(&answer);
    return number;
}

static void a_finish_that_leases_may_be_sent_again(void **state)
{
    (void)state;
    static const char finish_one[] = "{\"job\":1,\"token\":1,\"next_run\":\"r\"}";
    void *socket = peer_open("worker:w:0123456789abcdef");
    struct request_frames out;
    for (uint64_t i = 1; i <= 3; i++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments, "{\"run\":\"r\",\"key\":\"%d\",\"kind\":\"e\"}",
                 (int)i);
        request(&out, i, "put", arguments, "b");
        peer_send(socket, out.frames, 3);
        assert_int_equal(answered(socket, "job"), i);
    }
    request(&out, 4, "lease", "{}", NULL);
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "job"), 1);

    /* No lease without a name, and nothing is finished. */
    void *unnamed = peer_open(NULL);
    expect_request_error(unnamed, "finish", finish_one, "result", "invalid", "routing id");
    peer_close(unnamed);

    request(&out, 5, "finish", finish_one, "result");
    peer_send(socket, out.frames, 3);
    peer_send(socket, out.frames, 3);
    assert_int_equal(answered_next(socket, "job"), 2);
    assert_int_equal(answered_next(socket, "job"), 2);
    sidecar_kill();
    peer_close(socket);
    sidecar_start();
    socket = peer_open("worker:w:0123456789abcdef");
    peer_send(socket, out.frames, 3);
    assert_int_equal(answered_next(socket, "job"), 2); /* the same lease, from another process */
    peer_send(socket, out.frames, 3);
    assert_int_equal(answered_next(socket, "token"), 1);

    /* Of a run that has nothing it brings nothing, and does not wait. */
    request(&out, 6, "finish", "{\"job\":2,\"token\":1,\"next_run\":\"s\"}", "result");
    peer_send(socket, out.frames, 3);
    struct answer answer;
    assert_true(peer_receive(socket, &answer, PATIENCE_MS));
    assert_int_equal(answer.message.body_count, 0);
    assert_true(cJSON_IsFalse(
        cJSON_GetObjectItem(cJSON_GetObjectItem(answer.message.arguments, "next"), "found")));
    answer_clear(&answer);
    /* A lease that is lost brings nothing either: job 3 stays where it is. */
    expect_request_error(socket, "finish", "{\"job\":1,\"token\":9,\"next_run\":\"\"}", "result",
                         "lease-lost", "lease 9");
    request(&out, 7, "lease", "{}", NULL);
    peer_send(socket, out.frames, 2);
    assert_int_equal(answered(socket, "job"), 3);
    peer_close(socket);
}

static void a_new_connection_takes_over_the_parked_request(void **state)
{
    (void)state;
    void *first = peer_open("worker:w:0123456789abcdef");
    struct request_frames out;
    struct answer answer;
    request(&out, 5, "lease", "{\"wait_ms\":5000}", NULL);
    peer_send(first, out.frames, 2);
    assert_false(peer_receive(first, &answer, SILENCE_MS));
    void *second = peer_open("worker:w:0123456789abcdef");
    peer_send(second, out.frames, 2);
    struct pm_queue_client *driver = client_open("driver", "d");
    while (status_number(driver, "counters.requests") < 3) {
        pm_clock_sleep_ms(10);
    }
    assert_int_equal(status_number(driver, "parked"), 1);
    client_put(driver, "k");
    assert_int_equal(answered(second, "token"), 1);
    pm_queue_client_destroy(driver);
    peer_close(first);
    peer_close(second);
}

/* ---- bad messages ---- */

static void bad_messages_are_counted_and_logged_once(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    void *socket = peer_open("driver:noisy:0123456789abcdef");
    const struct pm_wire_frame frames[1] = {{"nonsense", 8}};
    for (int i = 0; i < 50; i++) {
        expect_error(socket, frames, 1, 0, "version", "PM1");
    }
    assert_int_equal(status_number(driver, "counters.bad_messages"), 50);
    char *log = sidecar_log();
    const char *first = strstr(log, "SIDECAR-BAD-MESSAGE client=noisy");
    assert_non_null(first);
    assert_null(strstr(first + 1, "SIDECAR-BAD-MESSAGE"));
    free(log);
    peer_close(socket);
    pm_queue_client_destroy(driver);
}

/* ---- options ---- */

static void refuse_to_start(const char *const *arguments, int status, const char *words)
{
    char output[4096];
    assert_int_equal(sidecar_run(arguments, output, sizeof output), status);
    if (strstr(output, words) == NULL) {
        fail_msg("expected \"%s\" in \"%s\"", words, output);
    }
}

static void what_cannot_be_served_is_refused_with_a_sentence(void **state)
{
    (void)state;
    const char *port = strrchr(sidecar_url, ':') + 1;
    char missing[PATH_MAX];
    snprintf(missing, sizeof missing, "%s", pm_test_path("other.db"));
    refuse_to_start((const char *[]){"--port", "0", "--store", pm_test_path("store.db"), NULL}, 1,
                    "in use by another program");
    refuse_to_start((const char *[]){"--port", "0", "--store", "/proc/store.db", NULL}, 1,
                    "must be able to write the file and its directory");
    refuse_to_start(
        (const char *[]){"--host", sidecar_host, "--port", port, "--store", missing, NULL}, 1,
        "choose another --port");
    refuse_to_start((const char *[]){"--host", "0.0.0.0", "--port", "0", "--store", missing, NULL},
                    1, "poolminer keys create");
    refuse_to_start(
        (const char *[]){"--host", "192.0.2.1", "--port", "0", "--store", missing, NULL}, 1,
        "poolminer keys create");
    refuse_to_start(
        (const char *[]){"--host", "127.0.0.1x", "--port", "0", "--store", missing, NULL}, 1,
        "poolminer keys create");
    refuse_to_start((const char *[]){"--port", "70000", NULL}, 2, "port");
    refuse_to_start((const char *[]){"--lease-ms", "0", NULL}, 2, "lease-ms");
    refuse_to_start((const char *[]){"--frobnicate", NULL}, 2, "frobnicate");
    refuse_to_start((const char *[]){"--log-level", "loud", NULL}, 2, "loud");
    refuse_to_start((const char *[]){"--help", NULL}, 0, "--heartbeat-ms");
    refuse_to_start((const char *[]){"--version", NULL}, 0, "poolminer-sidecar ");
}

static void a_store_that_would_not_last_is_refused(void **state)
{
    (void)state;
    const char *const names[] = {":memory:", "file:x?mode=memory"};
    refuse_to_start((const char *[]){"--port", "0", "--store", "", NULL}, 2, "--store");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        refuse_to_start((const char *[]){"--port", "0", "--store", names[i], NULL}, 1,
                        "would not outlive the sidecar: name a file with --store");
    }
}

static int start_context(void **state)
{
    (void)state;
    context = zmq_ctx_new();
    return context == NULL ? -1 : 0;
}

static int end_context(void **state)
{
    (void)state;
    zmq_ctx_term(context);
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PEERS(broken_headers_are_told_so),
        WITH_PEERS(broken_messages_are_told_so),
        WITH_PEERS(broken_arguments_name_the_member),
        WITH_PEERS(progress_has_a_bound),
        WITH_PEERS(deep_progress_cannot_break_the_status),
        WITH_PEERS(an_unnamed_peer_may_do_all_but_lease),
        WITH_PEERS(the_page_names_what_replies_hold),
        WITH_PEERS(repeated_messages_have_one_effect),
        WITH_PEERS(a_finish_that_leases_may_be_sent_again),
        WITH_PEERS(a_new_connection_takes_over_the_parked_request),
        WITH_PEERS(bad_messages_are_counted_and_logged_once),
        WITH_PEERS(what_cannot_be_served_is_refused_with_a_sentence),
        cmocka_unit_test(a_store_that_would_not_last_is_refused),
    };
    return cmocka_run_group_tests(tests, start_context, end_context);
}
