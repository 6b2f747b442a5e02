/* Frames: headers and identities there and back, what is broken, what is too long. */
#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/wire.h>

static struct pm_error error;

/* ---- headers ---- */

static void headers_go_there_and_back(void **state)
{
    (void)state;
    const uint64_t ids[] = {0, 1, 0x0102030405060708, UINT64_MAX};
    const char *verbs[] = {"a", "put", "record-put", "sixteen-letters-"};
    for (size_t i = 0; i < 4; i++) {
        uint8_t bytes[PM_WIRE_HEADER_MAX];
        char verb[PM_WIRE_VERB_MAX + 1];
        uint64_t id;
        size_t size = pm_wire_header_encode(bytes, ids[i], verbs[i]);
        assert_int_equal(size, 11 + strlen(verbs[i]));
        const struct pm_wire_frame frame = {bytes, size};
        assert_true(pm_wire_header_decode(&frame, &id, verb, &error));
        assert_true(id == ids[i]);
        assert_string_equal(verb, verbs[i]);
    }
}

static void a_header_is_these_bytes(void **state)
{
    (void)state;
    uint8_t bytes[PM_WIRE_HEADER_MAX];
    assert_int_equal(pm_wire_header_encode(bytes, 0x0102030405060708, "put"), 14);
    assert_memory_equal(bytes, "PM1\1\2\3\4\5\6\7\10put", 14);
}

static void refuse_header(const char *bytes, size_t size, enum pm_error_code code)
{
    const struct pm_wire_frame frame = {bytes, size};
    char verb[PM_WIRE_VERB_MAX + 1];
    uint64_t id;
    assert_false(pm_wire_header_decode(&frame, &id, verb, &error));
    assert_int_equal(error.code, code);
}

static void broken_headers_are_refused(void **state)
{
    (void)state;
    refuse_header("", 0, PM_ERROR_PROTOCOL);
    refuse_header("PM", 2, PM_ERROR_PROTOCOL);
    refuse_header("PM2\0\0\0\0\0\0\0\1put", 14, PM_ERROR_PROTOCOL);
    refuse_header("pm1\0\0\0\0\0\0\0\1put", 14, PM_ERROR_PROTOCOL);
    refuse_header("PM1", 3, PM_ERROR_INVALID);
    refuse_header("PM1\0\0\0\0\0\0\0\1", 11, PM_ERROR_INVALID);
    refuse_header("PM1\0\0\0\0\0\0\0\1seventeen-letters", 28, PM_ERROR_INVALID);
    refuse_header("PM1\0\0\0\0\0\0\0\1pu7", 14, PM_ERROR_INVALID);
    refuse_header("PM1\0\0\0\0\0\0\0\1\0ut", 14, PM_ERROR_INVALID);
}

/* ---- messages ---- */

static bool decode(const struct pm_wire_frame *frames, size_t count, struct pm_wire_message *out)
{
    error = (struct pm_error){0};
    return pm_wire_decode(frames, count, 100, out, &error);
}

static void messages_are_read_with_their_bodies(void **state)
{
    (void)state;
    struct pm_wire_message message;
    int64_t number;
    const struct pm_wire_frame frames[] = {
        {"PM1\0\0\0\0\0\0\0\7lease", 16}, {"{\"a\":1}", 7}, {"one", 3}, {"", 0}};
    assert_true(decode(frames, 4, &message));
    assert_true(message.request_id == 7);
    assert_string_equal(message.verb, "lease");
    assert_true(pm_json_integer(message.arguments, "a", &number, &error));
    assert_int_equal(number, 1);
    assert_int_equal(message.body_count, 2);
    assert_ptr_equal(message.bodies, frames + 2);
    pm_wire_message_clear(&message);
    assert_null(message.arguments);
}

static void broken_messages_are_refused(void **state)
{
    (void)state;
    struct pm_wire_message message;
    char large[102];
    memset(large, ' ', sizeof large);
    large[0] = '{';
    large[100] = '}';
    const struct pm_wire_frame header = {"PM1\0\0\0\0\0\0\0\7lease", 16};
    assert_false(decode(NULL, 0, &message));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_false(decode(&header, 1, &message));
    assert_true(message.request_id == 7); /* so that the error can be answered */
    const struct pm_wire_frame list[] = {header, {"[]", 2}};
    assert_false(decode(list, 2, &message));
    assert_non_null(strstr(error.message, "expected a JSON object"));
    const struct pm_wire_frame cut[] = {header, {"{\"a\":", 5}};
    assert_false(decode(cut, 2, &message));
    assert_non_null(strstr(error.message, "the arguments of lease"));
    const struct pm_wire_frame long_one[] = {header, {large, 101}};
    assert_false(decode(long_one, 2, &message));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    const struct pm_wire_frame just_fits[] = {header, {large + 1, 100}};
    large[1] = '{';
    assert_true(decode(just_fits, 2, &message));
    pm_wire_message_clear(&message);
}

/* ---- identities ---- */

static void identities_go_there_and_back(void **state)
{
    (void)state;
    char text[PM_WIRE_ROUTING_ID_MAX + 1], name[PM_WIRE_NAME_MAX + 1];
    struct pm_wire_identity identity;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    size_t length = pm_wire_identity_encode("worker", name, 0xfedcba9876543210, text, &error);
    assert_int_equal(length, strlen("worker:") + PM_WIRE_NAME_MAX + 1 + 16);
    assert_true(pm_wire_identity_decode(text, length, &identity));
    assert_string_equal(identity.role, "worker");
    assert_string_equal(identity.name, name);
    assert_true(identity.session == 0xfedcba9876543210);
    assert_int_equal(pm_wire_identity_encode("admin", "a.b-c_d", 1, text, &error), 30);
    assert_string_equal(text, "admin:a.b-c_d:0000000000000001");
}

static void bad_names_are_refused(void **state)
{
    (void)state;
    char text[PM_WIRE_ROUTING_ID_MAX + 1], name[PM_WIRE_NAME_MAX + 2];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(pm_wire_identity_encode("king", "a", 1, text, &error), 0);
    assert_non_null(strstr(error.message, "not king"));
    assert_int_equal(pm_wire_identity_encode(NULL, "a", 1, text, &error), 0);
    assert_int_equal(pm_wire_identity_encode("worker", "", 1, text, &error), 0);
    assert_int_equal(pm_wire_identity_encode("worker", NULL, 1, text, &error), 0);
    assert_int_equal(pm_wire_identity_encode("worker", name, 1, text, &error), 0);
    assert_int_equal(pm_wire_identity_encode("worker", "two words", 1, text, &error), 0);
    assert_non_null(strstr(error.message, "two words"));
}

static void other_routing_ids_are_not_identities(void **state)
{
    (void)state;
    struct pm_wire_identity identity;
    char large[PM_WIRE_ROUTING_ID_MAX + 1];
    const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"", 0},
        {"\0\1\2\3\4", 5},
        {"worker", 6},
        {"worker:", 7},
        {"worker:w", 8},
        {"worker:w:", 9},
        {"worker::0123456789abcdef", 24},
        {"worker:w:0123456789abcde", 24},
        {"worker:w:0123456789abcdef0", 26},
        {"worker:w:0123456789ABCDEF", 25},
        {"worker:w:0123456789abcdeg", 25},
        {"worker:w:0123456789abcde\0", 25},
        {"worker:\0:0123456789abcdef", 25},
        {"king:w:0123456789abcdef", 23},
        {"worker:w\n:0123456789abcdef", 26},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(pm_wire_identity_decode(cases[i].bytes, cases[i].size, &identity));
    }
    memset(large, 'x', sizeof large);
    assert_false(pm_wire_identity_decode(large, sizeof large, &identity));
    assert_true(pm_wire_identity_decode("worker:w:0123456789abcdef", 25, &identity));
}

/* ---- sockets ---- */

static void frames_travel_and_the_excess_is_dropped(void **state)
{
    (void)state;
    void *context = zmq_ctx_new();
    void *left = zmq_socket(context, ZMQ_PAIR), *right = zmq_socket(context, ZMQ_PAIR);
    zmq_msg_t parts[3];
    size_t count;
    assert_int_equal(zmq_bind(left, "inproc://wire"), 0);
    assert_int_equal(zmq_connect(right, "inproc://wire"), 0);
    assert_true(pm_wire_receive(left, parts, 3, &count, &error));
    assert_int_equal(count, 0);

    const struct pm_wire_frame five[] = {{"a", 1}, {"bb", 2}, {"", 0}, {"d", 1}, {"e", 1}};
    assert_int_equal(pm_wire_send(right, five, 5), PM_WIRE_SENT);
    assert_int_equal(pm_wire_send(right, five, 1), PM_WIRE_SENT);
    assert_true(pm_wire_receive(left, parts, 3, &count, &error));
    assert_int_equal(count, 5);
    assert_int_equal(zmq_msg_size(&parts[1]), 2);
    assert_memory_equal(zmq_msg_data(&parts[1]), "bb", 2);
    assert_int_equal(zmq_msg_size(&parts[2]), 0);
    pm_wire_close(parts, 3);
    assert_true(pm_wire_receive(left, parts, 3, &count, &error));
    assert_int_equal(count, 1);
    pm_wire_close(parts, 1);
    assert_false(pm_wire_receive(NULL, parts, 3, &count, &error));
    assert_int_equal(error.code, PM_ERROR_IO);
    zmq_close(left);
    zmq_close(right);
    zmq_ctx_term(context);
}

static void a_send_tells_who_does_not_read_and_who_is_gone(void **state)
{
    (void)state;
    void *context = zmq_ctx_new();
    void *router = zmq_socket(context, ZMQ_ROUTER), *pair = zmq_socket(context, ZMQ_PAIR);
    const int one = 1;
    const struct pm_wire_frame frames[] = {{"nobody", 6}, {"x", 1}};
    assert_int_equal(zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &one, sizeof one), 0);
    assert_int_equal(pm_wire_send(router, frames, 2), PM_WIRE_NOBODY);
    assert_int_equal(pm_wire_send(pair, frames, 2), PM_WIRE_FULL); /* no peer at all */
    assert_int_equal(pm_wire_send(NULL, frames, 2), PM_WIRE_FAILED);
    zmq_close(router);
    zmq_close(pair);
    zmq_ctx_term(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_go_there_and_back),
        cmocka_unit_test(a_header_is_these_bytes),
        cmocka_unit_test(broken_headers_are_refused),
        cmocka_unit_test(messages_are_read_with_their_bodies),
        cmocka_unit_test(broken_messages_are_refused),
        cmocka_unit_test(identities_go_there_and_back),
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(other_routing_ids_are_not_identities),
        cmocka_unit_test(frames_travel_and_the_excess_is_dropped),
        cmocka_unit_test(a_send_tells_who_does_not_read_and_who_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
