/* JSON from outside: what is refused, what the accessors say, and that numbers keep their bits. */
#include "cmocka_include.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/text.h>

static bool parses(const char *text, struct pm_error *error)
{
    cJSON *value = NULL;
    bool done = pm_json_parse(text, strlen(text), 1000000, &value, error);
    cJSON_Delete(value);
    return done;
}

static void refuses(const char *text, enum pm_error_code code, const char *part)
{
    struct pm_error error = {0};
    if (parses(text, &error)) {
        fail_msg("accepted: %s", text);
    }
    assert_int_equal(error.code, code);
    if (strstr(error.message, part) == NULL) {
        fail_msg("\"%s\" is refused with \"%s\", which lacks \"%s\"", text, error.message, part);
    }
}

static void accepts_json(void **state)
{
    (void)state;
    static const char *const good[] = {"{}",
                                       " [] \n",
                                       "null",
                                       "true",
                                       "-0.5e-3",
                                       "0",
                                       "\"\\u00e9\\ud83d\\ude00\"",
                                       "{\"a\":[1,2,{\"b\":\"\xc3\xa9\"}],\"c\":null}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct pm_error error = {0};
        if (!parses(good[i], &error)) {
            fail_msg("%s: %s", good[i], error.message);
        }
    }
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    refuses("", PM_ERROR_INVALID, "ends too early");
    refuses("   ", PM_ERROR_INVALID, "byte");
    refuses("{", PM_ERROR_INVALID, "byte");
    refuses("{\"a\":1,}", PM_ERROR_INVALID, "byte");
    refuses("[1 2]", PM_ERROR_INVALID, "byte");
    refuses("]", PM_ERROR_INVALID, "byte");
    refuses("{a:1}", PM_ERROR_INVALID, "byte");
    refuses("'a'", PM_ERROR_INVALID, "unexpected character at byte 0");
    refuses("// c\n1", PM_ERROR_INVALID, "unexpected character");
    refuses("\"a", PM_ERROR_INVALID, "string without an end");
    refuses("\"a\\", PM_ERROR_INVALID, "string without an end");
    refuses("\"a\nb\"", PM_ERROR_INVALID, "control character");
    refuses("\"\\x41\"", PM_ERROR_INVALID, "byte");
    refuses("\"\\ud800\"", PM_ERROR_INVALID, "byte");
    refuses("[1]\x01", PM_ERROR_INVALID, "unexpected character");
    refuses("\xef\xbb\xbf{}", PM_ERROR_INVALID, "unexpected character at byte 0");
}

static void refuses_text_after_the_value(void **state)
{
    (void)state;
    refuses("{} {}", PM_ERROR_INVALID, "after the value at byte 3");
    refuses("1 true", PM_ERROR_INVALID, "after the value");
    refuses("[1]]", PM_ERROR_INVALID, "after the value at byte 3");
}

static void refuses_nul(void **state)
{
    (void)state;
    struct pm_error error = {0};
    cJSON *value = NULL;
    assert_false(pm_json_parse("{}\0", 3, 100, &value, &error));
    assert_false(pm_json_parse("\"a\0b\"", 5, 100, &value, &error));
    assert_string_equal(error.message, "JSON: bare control character in a string at byte 2");
    refuses("\"a\\u0000b\"", PM_ERROR_INVALID, "NUL in a string at byte 2");
    refuses("\"a\\ud\\x8b\"", PM_ERROR_INVALID, "malformed escape in a string at byte 2");
    refuses("\"a\\u00", PM_ERROR_INVALID, "malformed escape in a string at byte 2");
    refuses("\"a\\x41\"", PM_ERROR_INVALID, "unknown escape in a string at byte 2");
    assert_null(value);
}

static void refuses_bad_utf8(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"\xff\"",             /* no lead byte */
        "\"\xc0\xaf\"",         /* overlong */
        "\"\xe0\x80\xaf\"",     /* overlong */
        "\"\xed\xa0\x80\"",     /* surrogate */
        "\"\xf4\x90\x80\x80\"", /* beyond U+10FFFF */
        "\"\xe2\x82\"",         /* cut */
        "\"\x80\"",             /* continuation alone */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuses(bad[i], PM_ERROR_INVALID, "not valid UTF-8 at byte 1");
    }
}

static void refuses_odd_numbers(void **state)
{
    (void)state;
    refuses("NaN", PM_ERROR_INVALID, "byte");
    refuses("nan", PM_ERROR_INVALID, "byte");
    refuses("Infinity", PM_ERROR_INVALID, "byte");
    refuses("-Infinity", PM_ERROR_INVALID, "malformed number");
    refuses("1e999", PM_ERROR_INVALID, "too large");
    refuses("-1e999", PM_ERROR_INVALID, "too large");
    refuses("01", PM_ERROR_INVALID, "malformed number");
    refuses("1.", PM_ERROR_INVALID, "malformed number");
    refuses(".5", PM_ERROR_INVALID, "unexpected character");
    refuses("+1", PM_ERROR_INVALID, "unexpected character");
    refuses("1e", PM_ERROR_INVALID, "malformed number");
    refuses("0x10", PM_ERROR_INVALID, "byte");
    refuses("-", PM_ERROR_INVALID, "malformed number");
    char digits[80];
    memset(digits, '1', sizeof digits);
    digits[64] = '\0';
    refuses(digits, PM_ERROR_INVALID, "63 characters");
    struct pm_error error = {0};
    digits[63] = '\0';
    assert_true(parses(digits, &error));
}

static void limits_depth(void **state)
{
    (void)state;
    char text[2 * (PM_JSON_MAX_DEPTH + 1) + 1];
    for (size_t depth = PM_JSON_MAX_DEPTH; depth <= PM_JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = '\0';
        if (depth == PM_JSON_MAX_DEPTH) {
            assert_true(parses(text, NULL));
        } else {
            refuses(text, PM_ERROR_LIMIT, "deeper than 32");
        }
    }
    /* Brackets in strings are no nesting. */
    assert_true(parses("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"", NULL));
}

/* What can be read can be written, down to what stands in the innermost brackets. */
static void writes_as_deep_as_it_reads(void **state)
{
    (void)state;
    struct pm_error error = {0};
    cJSON *value = cJSON_CreateNumber(1);
    for (int depth = 1; depth <= PM_JSON_MAX_DEPTH + 1; depth++) {
        cJSON *around = cJSON_CreateArray();
        cJSON_AddItemToArray(around, value);
        value = around;
        char *text = pm_json_print(value, &error);
        if (depth <= PM_JSON_MAX_DEPTH) {
            assert_non_null(text);
            assert_true(parses(text, NULL));
        } else {
            assert_null(text);
            assert_int_equal(error.code, PM_ERROR_LIMIT);
        }
        free(text);
    }
    cJSON_Delete(value);
}

static void limits_size(void **state)
{
    (void)state;
    struct pm_error error = {0};
    cJSON *value = NULL;
    assert_true(pm_json_parse("[1,2]", 5, 5, &value, &error));
    cJSON_Delete(value);
    assert_false(pm_json_parse("[1,2]", 5, 4, &value, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_string_equal(error.message, "JSON: 5 bytes, at most 4 are allowed");
}

static cJSON *object(const char *text)
{
    cJSON *value = NULL;
    struct pm_error error = {0};
    if (!pm_json_parse(text, strlen(text), 4096, &value, &error)) {
        fail_msg("%s: %s", text, error.message);
    }
    return value;
}

static void accessors_read(void **state)
{
    (void)state;
    cJSON *o = object("{\"s\":\"x\",\"i\":-9007199254740991,\"n\":0.25,\"b\":true,\"a\":[1],"
                      "\"o\":{},\"z\":null}");
    const char *s = NULL;
    int64_t i = 0;
    double n = 0;
    bool b = false;
    const cJSON *a = NULL, *child = NULL;
    assert_true(pm_json_string(o, "s", &s, NULL));
    assert_string_equal(s, "x");
    assert_true(pm_json_integer(o, "i", &i, NULL));
    assert_int_equal(i, -9007199254740991);
    assert_true(pm_json_number(o, "n", &n, NULL));
    assert_true(n == 0.25);
    assert_true(pm_json_bool(o, "b", &b, NULL) && b);
    assert_true(pm_json_array(o, "a", &a, NULL));
    assert_int_equal(cJSON_GetArraySize(a), 1);
    assert_true(pm_json_object(o, "o", &child, NULL));
    i = 7;
    s = "kept";
    assert_true(pm_json_optional_integer(o, "z", &i, NULL));
    assert_true(pm_json_optional_integer(o, "absent", &i, NULL));
    assert_true(pm_json_optional_string(o, "absent", &s, NULL));
    assert_int_equal(i, 7);
    assert_string_equal(s, "kept");
    cJSON_Delete(o);
}

static void accessors_name_the_member(void **state)
{
    (void)state;
    cJSON *o = object("{\"s\":5,\"i\":1.5,\"big\":9007199254740993,\"n\":\"1\",\"b\":1,\"a\":{},"
                      "\"o\":[]}");
    struct pm_error error = {0};
    const char *s = NULL;
    int64_t i = 0;
    double n = 0;
    bool b = false;
    const cJSON *child = NULL;
    assert_false(pm_json_string(o, "lease_id", &s, &error));
    assert_string_equal(error.message, "lease_id: missing");
    assert_false(pm_json_string(o, "s", &s, &error));
    assert_string_equal(error.message, "s: expected a string");
    assert_false(pm_json_integer(o, "i", &i, &error));
    assert_string_equal(error.message, "i: expected a whole number");
    assert_false(pm_json_integer(o, "big", &i, &error));
    assert_string_equal(error.message, "big: expected a whole number within +-(2^53 - 1)");
    assert_false(pm_json_number(o, "n", &n, &error));
    assert_string_equal(error.message, "n: expected a number");
    assert_false(pm_json_bool(o, "b", &b, &error));
    assert_string_equal(error.message, "b: expected true or false");
    assert_false(pm_json_array(o, "a", &child, &error));
    assert_string_equal(error.message, "a: expected an array");
    assert_false(pm_json_object(o, "o", &child, &error));
    assert_string_equal(error.message, "o: expected an object");
    assert_false(pm_json_optional_bool(o, "n", &b, &error));
    assert_string_equal(error.message, "n: expected true or false");
    cJSON *list = object("[1]");
    assert_false(pm_json_string(list, "k", &s, &error));
    assert_string_equal(error.message, "k: missing, since this is no object");
    cJSON_Delete(list);
    cJSON_Delete(o);
}

static void print_keeps_every_bit(void **state)
{
    (void)state;
    const double numbers[] = {0.1,
                              1.0 / 3.0,
                              0.1 + 0.2,
                              nextafter(0.755, 1),
                              nextafter(1e15, 2e15),
                              9007199254740991.0,
                              -9007199254740992.0,
                              1e300,
                              5e-324,
                              -0.0,
                              1790000000123.0};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cJSON *value = cJSON_CreateNumber(numbers[i]);
        char *text = pm_json_print(value, NULL);
        assert_non_null(text);
        cJSON *again = object(text);
        if (again->valuedouble != numbers[i]) {
            fail_msg("%.17g printed as %s", numbers[i], text);
        }
        cJSON_Delete(again);
        cJSON_Delete(value);
        free(text);
    }
}

static void print_writes_compact_json(void **state)
{
    (void)state;
    cJSON *value = object("{ \"a\" : [ 1, true, false, null, {} , [] ], \"b\\n\\u001f\" : "
                          "\"q\\\"\\\\\\/\xc3\xa9\", \"n\": 0.5 }");
    char *text = pm_json_print(value, NULL);
    assert_string_equal(text,
                        "{\"a\":[1,true,false,null,{},[]],\"b\\n\\u001f\":\"q\\\"\\\\/\xc3\xa9\","
                        "\"n\":0.5}");
    free(text);
    cJSON_Delete(value);
}

static void items_of_arrays_are_whole_numbers(void **state)
{
    (void)state;
    static const char *const refused[] = {"1.5", "\"1\"", "null", "9007199254740993", "-1e300"};
    struct pm_error error = {0};
    int64_t number = 0;
    cJSON *item = cJSON_CreateNumber(1 - PM_JSON_WHOLE_MAX);
    assert_true(pm_json_item_integer(item, &number, &error));
    assert_true(number == 1 - ((int64_t)1 << 53));
    cJSON_Delete(item);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        item = cJSON_Parse(refused[i]);
        assert_false(pm_json_item_integer(item, &number, &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
        assert_non_null(strstr(error.message, "expected a whole number"));
        cJSON_Delete(item);
    }
}

static void the_length_of_a_string_is_that_of_its_print(void **state)
{
    (void)state;
    char string[] = "a?\xc3\xa9";
    for (int c = 1; c <= 127; c++) {
        memset(&string[1], c, 1);
        cJSON *value = cJSON_CreateString(string);
        char *text = pm_json_print(value, NULL);
        assert_int_equal(pm_json_string_bytes(string), strlen(text));
        free(text);
        cJSON_Delete(value);
    }
}

static void print_refuses_what_json_cannot_say(void **state)
{
    (void)state;
    struct pm_error error = {0};
    cJSON *value = cJSON_CreateNumber(NAN);
    assert_null(pm_json_print(value, &error));
    assert_string_equal(error.message, "JSON: a number to be written is not finite");
    cJSON_Delete(value);
    value = cJSON_CreateString("\xff");
    assert_null(pm_json_print(value, &error));
    assert_string_equal(error.message, "JSON: a string to be written is not UTF-8");
    cJSON_Delete(value);
}

static void building_gives_everything_an_owner(void **state)
{
    (void)state;
    cJSON *object = cJSON_CreateObject(), *list = cJSON_CreateArray();
    cJSON *first = pm_json_append_object(list);
    assert_non_null(first);
    assert_true(pm_json_add(first, "n", cJSON_CreateNumber(1)));
    assert_true(pm_json_append(list, cJSON_CreateNull()));
    assert_true(pm_json_add(object, "list", list));
    assert_true(pm_json_add_string(object, "s", "a\"b"));
    assert_true(pm_json_add_bool(object, "b", false));
    assert_true(pm_json_add_number(object, "x", 0.5));
    assert_true(pm_json_add_null(object, "z"));
    char *text = pm_json_print(object, NULL);
    assert_string_equal(text, "{\"list\":[{\"n\":1},null],\"s\":\"a\\\"b\",\"b\":false,\"x\":0.5,"
                              "\"z\":null}");
    free(text);
    cJSON_Delete(object);
}

static void whole_numbers_keep_all_their_digits(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0,
                                      -7,
                                      9007199254740991,
                                      -9007199254740991,
                                      9007199254740993,
                                      1000000000000000001,
                                      INT64_MAX,
                                      INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[64];
        cJSON *object = cJSON_CreateObject();
        assert_true(pm_json_add_integer(object, "n", numbers[i]));
        char *text = pm_json_print(object, NULL);
        snprintf(expected, sizeof expected, "{\"n\":%" PRId64 "}", numbers[i]);
        assert_string_equal(text, expected);
        free(text);
        cJSON_Delete(object);
    }
}

/* What has no place is deleted: a sanitized build sees it if not. */
static void building_without_memory_leaks_nothing(void **state)
{
    (void)state;
    cJSON *object = cJSON_CreateObject();
    assert_false(pm_json_add(NULL, "n", cJSON_CreateNumber(1)));
    assert_false(pm_json_add(object, "n", NULL));
    assert_false(pm_json_add_string(NULL, "n", "text"));
    assert_false(pm_json_add_string(object, "n", NULL));
    assert_false(pm_json_add_bool(NULL, "n", true));
    assert_false(pm_json_add_number(NULL, "n", 1));
    assert_false(pm_json_add_null(NULL, "n"));
    assert_false(pm_json_append(NULL, cJSON_CreateNumber(1)));
    assert_false(pm_json_append(object, NULL));
    assert_null(pm_json_append_object(NULL));
    assert_int_equal(cJSON_GetArraySize(object), 0);
    cJSON_Delete(object);
}

static void a_number_may_have_a_fallback(void **state)
{
    (void)state;
    cJSON *object = NULL;
    assert_true(pm_json_parse("{\"n\":1.5,\"s\":\"2\"}", 17, 100, &object, NULL));
    assert_true(pm_json_number_or(object, "n", 7) == 1.5);
    assert_true(pm_json_number_or(object, "s", 7) == 7);
    assert_true(pm_json_number_or(object, "none", 7) == 7);
    assert_true(pm_json_number_or(NULL, "n", 7) == 7);
    cJSON_Delete(object);
}

static void writes_without_a_tree(void **state)
{
    (void)state;
    struct pm_text text = {0};
    pm_json_put_integer(&text, "{\"a\":", INT64_MIN);
    pm_json_put_number(&text, ",\"b\":", 0.1);
    pm_json_put_string(&text, ",\"c\":", "\"\n\xc3\xa9");
    pm_json_put(&text, ",\"d\":null}");
    assert_false(text.failed);
    assert_string_equal(text.data, "{\"a\":-9223372036854775808,\"b\":0.1,"
                                   "\"c\":\"\\\"\\n\xc3\xa9\",\"d\":null}");
    pm_text_clear(&text);
    pm_json_put_string(&text, "", "\xff");
    pm_json_put(&text, "");
    assert_true(text.failed);
    pm_text_clear(&text);
    pm_json_put_number(&text, "", (double)INFINITY);
    pm_json_put_integer(&text, ",", 1);
    assert_true(text.failed);
    pm_text_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_without_a_tree),
        cmocka_unit_test(accepts_json),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_text_after_the_value),
        cmocka_unit_test(refuses_nul),
        cmocka_unit_test(refuses_bad_utf8),
        cmocka_unit_test(refuses_odd_numbers),
        cmocka_unit_test(limits_depth),
        cmocka_unit_test(writes_as_deep_as_it_reads),
        cmocka_unit_test(limits_size),
        cmocka_unit_test(accessors_read),
        cmocka_unit_test(accessors_name_the_member),
        cmocka_unit_test(print_keeps_every_bit),
        cmocka_unit_test(print_writes_compact_json),
        cmocka_unit_test(items_of_arrays_are_whole_numbers),
        cmocka_unit_test(whole_numbers_keep_all_their_digits),
        cmocka_unit_test(the_length_of_a_string_is_that_of_its_print),
        cmocka_unit_test(print_refuses_what_json_cannot_say),
        cmocka_unit_test(building_gives_everything_an_owner),
        cmocka_unit_test(building_without_memory_leaks_nothing),
        cmocka_unit_test(a_number_may_have_a_fallback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
