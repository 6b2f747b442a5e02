/* Errors and growing text. */
#include "cmocka_include.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/error.h>
#include <poolminer/text.h>

static void errors_carry_code_and_sentence(void **state)
{
    (void)state;
    struct pm_error error = {0};
    assert_false(pm_fail(&error, PM_ERROR_LIMIT, "%s: %d", "x", 5));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_string_equal(error.message, "x: 5");
    assert_false(pm_fail_context(&error, "reading %s", "y"));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_string_equal(error.message, "reading y: x: 5");
    assert_false(pm_fail(NULL, PM_ERROR_IO, "nobody listens"));
    assert_false(pm_fail_context(NULL, "nobody listens"));
}

static void a_message_may_be_made_of_itself(void **state)
{
    (void)state;
    struct pm_error error = {0};
    pm_fail(&error, PM_ERROR_IO, "inner");
    pm_fail(&error, PM_ERROR_REFUSED, "outer (%s)", error.message);
    assert_string_equal(error.message, "outer (inner)");
}

static void long_messages_are_cut_between_characters(void **state)
{
    (void)state;
    char text[1200];
    for (size_t shift = 0; shift < 4; shift++) {
        struct pm_error error = {0};
        memset(text, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof text; i += 2) {
            memcpy(text + i, "\xc3\xa9", 3);
        }
        pm_fail(&error, PM_ERROR_IO, "%s", text);
        size_t length = strlen(error.message);
        assert_in_range(length, sizeof error.message - 2, sizeof error.message - 1);
        assert_int_equal((unsigned char)error.message[length - 1], 0xa9);
    }
}

static void text_grows(void **state)
{
    (void)state;
    struct pm_text text = {0};
    for (int i = 0; i < 1000; i++) {
        pm_text_append(&text, "%03d,", i);
    }
    assert_false(text.failed);
    assert_int_equal(text.length, 4000);
    assert_int_equal(strlen(text.data), 4000);
    assert_memory_equal(text.data + 3996, "999,", 5);
    pm_text_clear(&text);
    assert_null(text.data);
    assert_int_equal(text.length, 0);
    pm_text_append_bytes(&text, "a\0b", 3);
    assert_int_equal(text.length, 3);
    assert_memory_equal(text.data, "a\0b", 4);
    pm_text_append_bytes(&text, NULL, 0);
    assert_int_equal(text.length, 3);
    free(text.data);
}

static void text_too_long_for_memory_fails_without_harm(void **state)
{
    (void)state;
    struct pm_text text = {0};
    pm_text_append(&text, "kept");
    pm_text_append_bytes(&text, "x", SIZE_MAX - 2);
    assert_true(text.failed);
    assert_string_equal(text.data, "kept");
    pm_text_append(&text, "missing");
    assert_string_equal(text.data, "kept");
    free(text.data);
}

/* A message quotes names and words of others. */
static void messages_are_printable(void **state)
{
    (void)state;
    struct pm_error error = {0};
    pm_fail(&error, PM_ERROR_IO, "%s: gone", "a\x1b[31m\xff\n\xc2\x9b\xe2\x80\xa8z\xc3\xa9");
    assert_string_equal(error.message, "a?[31m????z\xc3\xa9: gone");
    pm_fail_context(&error, "%s", "\t");
    assert_string_equal(error.message, "?: a?[31m????z\xc3\xa9: gone");
}

static void text_is_made_fit_for_its_reader(void **state)
{
    (void)state;
    char terminal[] = "\x1b]0;x\x07 \xc3\xa9 \xc3", json[] = "\x1b]0;x\x07 \xc3\xa9 \xc3",
         none[] = "";
    pm_text_make_printable(terminal);
    assert_string_equal(terminal, "?]0;x? \xc3\xa9 ?");
    pm_text_make_utf8(json);
    assert_string_equal(json, "\x1b]0;x\x07 \xc3\xa9 ?");
    assert_int_equal(pm_text_mark_length("\xef\xbb\xbfx", 4), 3);
    assert_int_equal(pm_text_mark_length("\xef\xbb\xbf", 2), 0);
    pm_text_make_printable(none);
    assert_string_equal(none, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_carry_code_and_sentence),
        cmocka_unit_test(a_message_may_be_made_of_itself),
        cmocka_unit_test(long_messages_are_cut_between_characters),
        cmocka_unit_test(messages_are_printable),
        cmocka_unit_test(text_is_made_fit_for_its_reader),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(text_too_long_for_memory_fails_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
