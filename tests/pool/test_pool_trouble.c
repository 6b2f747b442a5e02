/* What the log is told of a store that fails for every call. */
#include "cmocka_include.h"
#include "pool/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/log.h>

enum { TEXT_MAX = 65536 };

static char text[TEXT_MAX];

static int count_lines(const char *said)
{
    int count = 0;
    for (const char *at = text; (at = strstr(at, said)) != NULL; at++) {
        count++;
    }
    return count;
}

/* 1000 failures in 100 s, twice, and what works in between. */
static void fail_often(void)
{
    struct pm_trouble trouble = PM_TROUBLE_NONE;
    pm_trouble_over(&trouble); /* nothing was wrong */
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            pm_trouble_failed(&trouble, round * 1000000 + i * 100, "POST /x", "disk is full");
        }
        pm_trouble_over(&trouble);
        pm_trouble_over(&trouble);
    }
}

static void test_a_line_a_minute(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    assert_true(file != NULL && saved >= 0);
    pm_log_init("test", PM_LOG_INFO, PM_LOG_TEXT);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    fail_often();
    fflush(stderr);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, TEXT_MAX - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(count_lines("POOL-STORE-FAILED"), 4); /* the first, and after a minute */
    assert_int_equal(count_lines("POST /x: disk is full"), 4);
    assert_int_equal(count_lines("(and 599 times before)"), 2);
    assert_int_equal(count_lines("POOL-STORE-BACK"), 2);
    assert_int_equal(count_lines("(399 failures were not logged)"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_line_a_minute)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
