/* The log: its form, and that nothing from outside can forge a line or leave the encoding. */
#include "cmocka_include.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/log.h>

static int saved_stderr, captured;
static char line[8192];

/* From here to end_capture, standard error goes to a file. */
static void begin_capture(void)
{
    char path[] = "/tmp/pm_test_log_XXXXXX";
    captured = mkstemp(path);
    assert_true(captured >= 0);
    unlink(path);
    saved_stderr = dup(STDERR_FILENO);
    dup2(captured, STDERR_FILENO);
}

static const char *end_capture(void)
{
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    ssize_t count = pread(captured, line, sizeof line - 1, 0);
    close(captured);
    line[count < 0 ? 0 : count] = '\0';
    return line;
}

static void text_line_has_its_parts(void **state)
{
    (void)state;
    begin_capture();
    pm_log_init("sidecar", PM_LOG_INFO, PM_LOG_TEXT);
    pm_log(PM_LOG_INFO, "QUEUE-LEASE-LOST", "job=%d worker=%s", 123, "w1");
    const char *text = end_capture();
    assert_int_equal(strlen(text),
                     24 + strlen(" INFO  sidecar QUEUE-LEASE-LOST job=123 worker=w1\n"));
    assert_string_equal(text + 24, " INFO  sidecar QUEUE-LEASE-LOST job=123 worker=w1\n");
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[23], 'Z');
}

static void levels_filter(void **state)
{
    (void)state;
    begin_capture();
    pm_log_init("p", PM_LOG_WARN, PM_LOG_TEXT);
    pm_log(PM_LOG_INFO, "LOW", "x");
    pm_log(PM_LOG_DEBUG, "LOWER", "x");
    pm_log(PM_LOG_WARN, "HIGH", "x");
    const char *text = end_capture();
    assert_null(strstr(text, "LOW"));
    assert_non_null(strstr(text, " WARN  p HIGH x\n"));
}

static void text_cannot_be_forged(void **state)
{
    (void)state;
    begin_capture();
    pm_log_init("p", PM_LOG_INFO, PM_LOG_TEXT);
    pm_log(PM_LOG_INFO, "ID", "%s", "a\nb\r\x1b[2J\x7f\t\\n\xff\xc2\x85\xe2\x80\xa8\xc3\xa9");
    const char *text = end_capture();
    assert_string_equal(text + 24, " INFO  p ID a\\nb\\u000d\\u001b[2J\\u007f\\t\\\\n\\xff\\u0085"
                                   "\\u2028\xc3\xa9\n");
}

static void json_line_is_json(void **state)
{
    (void)state;
    begin_capture();
    pm_log_init("pool", PM_LOG_INFO, PM_LOG_JSON);
    pm_log(PM_LOG_ERROR, "POOL-X", "%s", "say \"hi\"\n\\ \xff \xc3\xa9");
    const char *text = end_capture();
    cJSON *value = NULL;
    struct pm_error error = {0};
    if (!pm_json_parse(text, strlen(text), sizeof line, &value, &error)) {
        fail_msg("%s: %s", error.message, text);
    }
    const char *level = NULL, *id = NULL, *program = NULL, *message = NULL;
    assert_true(pm_json_string(value, "level", &level, NULL));
    assert_true(pm_json_string(value, "id", &id, NULL));
    assert_true(pm_json_string(value, "program", &program, NULL));
    assert_true(pm_json_string(value, "message", &message, NULL));
    assert_string_equal(level, "error");
    assert_string_equal(id, "POOL-X");
    assert_string_equal(program, "pool");
    assert_string_equal(message, "say \"hi\"\n\\ \xef\xbf\xbd \xc3\xa9");
    cJSON_Delete(value);
}

/* Long messages of `filler`: a line stays within 2 KiB, ends as a line and is whole UTF-8. */
static void check_cut(enum pm_log_format format, const char *filler)
{
    char message[6000] = "";
    for (size_t used = 0; used + strlen(filler) < sizeof message; used += strlen(filler)) {
        memcpy(message + used, filler, strlen(filler) + 1);
    }
    begin_capture();
    pm_log_init("p", PM_LOG_INFO, format);
    pm_log(PM_LOG_INFO, "LONG", "%s", message);
    const char *text = end_capture();
    size_t length = strlen(text);
    assert_in_range(length, 1500, 2048);
    assert_int_equal(text[length - 1], '\n');
    assert_ptr_equal(strchr(text, '\n'), text + length - 1);
    if (format == PM_LOG_JSON) {
        cJSON *value = NULL;
        assert_true(pm_json_parse(text, length, sizeof line, &value, NULL));
        cJSON_Delete(value);
    }
}

static void long_lines_are_cut_whole(void **state)
{
    (void)state;
    static const char *const fillers[] = {"x",  "\xc3\xa9", "\xf0\x9f\x98\x80",
                                          "\"", "\n",       "ab\xff"};
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        check_cut(PM_LOG_TEXT, fillers[i]);
        check_cut(PM_LOG_JSON, fillers[i]);
    }
}

static void errno_survives(void **state)
{
    (void)state;
    begin_capture();
    pm_log_init("p", PM_LOG_INFO, PM_LOG_TEXT);
    errno = EACCES;
    pm_log(PM_LOG_INFO, "ID", "x");
    int number = errno;
    end_capture();
    assert_int_equal(number, EACCES);
}

static void names_are_parsed(void **state)
{
    (void)state;
    struct pm_error error = {0};
    enum pm_log_level level = PM_LOG_INFO;
    enum pm_log_format format = PM_LOG_TEXT;
    assert_true(pm_log_level_parse("error", &level, NULL));
    assert_int_equal(level, PM_LOG_ERROR);
    assert_true(pm_log_format_parse("json", &format, NULL));
    assert_int_equal(format, PM_LOG_JSON);
    assert_false(pm_log_level_parse("loud", &level, &error));
    assert_string_equal(error.message, "log level \"loud\": expected debug, info, warn or error");
    assert_false(pm_log_format_parse("xml", &format, &error));
    assert_string_equal(error.message, "log format \"xml\": expected text or json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_line_has_its_parts),  cmocka_unit_test(levels_filter),
        cmocka_unit_test(text_cannot_be_forged),    cmocka_unit_test(json_line_is_json),
        cmocka_unit_test(long_lines_are_cut_whole), cmocka_unit_test(errno_survives),
        cmocka_unit_test(names_are_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
