/* Changing a settings file as its owner would. */
#include "cli/settings_edit.h"
#include "cmocka_include.h"

#include <stdlib.h>
#include <string.h>

static void expect_edit(const char *text, const char *changes, const char *expected)
{
    struct pm_error error = {0};
    cJSON *object = cJSON_Parse(changes);
    assert_non_null(object);
    char *edited = settings_edit(text, object, &error);
    if (edited == NULL) {
        fail_msg("%s: %s", text, error.message);
    }
    assert_string_equal(edited, expected);
    free(edited);
    cJSON_Delete(object);
}

static void values_change_in_place(void **state)
{
    (void)state;
    expect_edit("{\n    \"threads\": 0,   \n  \"suite\" :\"first2000\"\n}\n", "{\"threads\":2}",
                "{\n    \"threads\": 2,   \n  \"suite\" :\"first2000\"\n}\n");
    expect_edit("{\"a\":[1, {\"b\":\"}\"}],\"b\":\"x\\\"}\"}", "{\"b\":[\"u\",\"v\"],\"a\":null}",
                "{\"b\":[\"u\",\"v\"]}");
    expect_edit("{\"threads\": 0}", "{}", "{\"threads\": 0}");
    /* A name that is only a value, or one within another object, is not the setting. */
    expect_edit("{\"x\":\"threads\",\"y\":{\"threads\":1}}", "{\"threads\":2}",
                "{\"x\":\"threads\",\"y\":{\"threads\":1},\"threads\": 2}");
    expect_edit("{\"thr\\u0065ads\":1}", "{\"threads\":2}", "{\"thr\\u0065ads\":2}");
}

static void new_members_stand_as_the_others_do(void **state)
{
    (void)state;
    expect_edit("{\n    \"threads\": 0\n}\n", "{\"suite\":\"resampled\",\"workers\":2}",
                "{\n    \"threads\": 0,\n    \"suite\": \"resampled\",\n    \"workers\": 2\n}\n");
    expect_edit("", "{\"threads\":2}", "{\n    \"threads\": 2\n}\n");
    expect_edit("{ }", "{\"threads\":2}", "{\n    \"threads\": 2\n}");
    expect_edit("\xef\xbb\xbf{}", "{\"threads\":2}", "\xef\xbb\xbf{\n    \"threads\": 2\n}");
}

static void members_are_taken_away(void **state)
{
    (void)state;
    static const char three[] = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}";
    expect_edit(three, "{\"a\":null}", "{\n  \"b\": 2,\n  \"c\": 3\n}");
    expect_edit(three, "{\"b\":null}", "{\n  \"a\": 1,\n  \"c\": 3\n}");
    expect_edit(three, "{\"c\":null}", "{\n  \"a\": 1,\n  \"b\": 2\n}");
    expect_edit(three, "{\"d\":null}", three);
    expect_edit("{\"a\":1}", "{\"a\":null}", "{}");
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"[]", "{", "1", "{\"a\":}", "{\"a\":1}}"};
    cJSON *changes = cJSON_Parse("{\"a\":1}");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pm_error error = {0};
        assert_null(settings_edit(texts[i], changes, &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
    }
    cJSON_Delete(changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_change_in_place),
        cmocka_unit_test(new_members_stand_as_the_others_do),
        cmocka_unit_test(members_are_taken_away),
        cmocka_unit_test(what_is_no_object_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
