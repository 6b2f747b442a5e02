/* Dates in and out. */
#include "cmocka_include.h"

#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/condition.h>

static void writes_iso(void **state)
{
    (void)state;
    char text[PM_CLOCK_ISO_SIZE];
    pm_clock_format_iso(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    pm_clock_format_iso(1795176000123, text);
    assert_string_equal(text, "2026-11-20T12:00:00.123Z");
    pm_clock_format_iso(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    pm_clock_format_iso(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    pm_clock_format_iso(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000Z");
}

static void reads_iso(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t unix_ms;
    } good[] = {
        {"2026-11-20T12:00:00.123Z", 1795176000123},
        {"2026-11-20 12:00:00.123456789", 1795176000123},
        {"2026-11-20T12:00:00", 1795176000000},
        {"2026-11-20T12:00:00.1Z", 1795176000100},
        {"2026-11-20T14:30:00+02:30", 1795176000000},
        {"2026-11-20T14:30:00.5+0230", 1795176000500},
        {"2026-11-20T04:00:00-08:00", 1795176000000},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2016-12-31T23:59:60Z", 1483228800000},
        {"1969-12-31T23:59:59.999Z", -1},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t unix_ms = 0;
        if (!pm_clock_parse_iso(good[i].text, &unix_ms) || unix_ms != good[i].unix_ms) {
            fail_msg("%s was read as %lld", good[i].text, (long long)unix_ms);
        }
    }
}

static void refuses_what_is_no_iso(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-11-20",
                                      "2026-11-20T12:00",
                                      "2026-11-20T12:00:00.",
                                      "2026-11-20T12:00:00.1234567890Z",
                                      "2026-13-20T12:00:00Z",
                                      "2026-00-20T12:00:00Z",
                                      "2026-02-29T12:00:00Z",
                                      "1900-02-29T12:00:00Z",
                                      "2026-11-31T12:00:00Z",
                                      "2026-11-20T24:00:00Z",
                                      "2026-11-20T12:60:00Z",
                                      "2026-11-20T12:00:61Z",
                                      "2026-11-20T12:00:00ZZ",
                                      "2026-11-20T12:00:00+",
                                      "2026-11-20T12:00:00+2",
                                      "2026-11-20T12:00:00+24:00",
                                      "2026-11-20T12:00:00 UTC",
                                      "2026-11-20t12:00:00z ",
                                      "-026-11-20T12:00:00Z",
                                      "2026/11/20T12:00:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t unix_ms = 5;
        if (pm_clock_parse_iso(bad[i], &unix_ms) || unix_ms != 5) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void iso_round_trip(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < 4102444800000; ms += 86399123457) {
        char text[PM_CLOCK_ISO_SIZE];
        int64_t again = 0;
        pm_clock_format_iso(ms, text);
        assert_true(pm_clock_parse_iso(text, &again));
        assert_int_equal(again, ms);
    }
}

static void reads_http_dates(void **state)
{
    (void)state;
    int64_t unix_ms = 0;
    assert_true(pm_clock_parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", &unix_ms));
    assert_int_equal(unix_ms, 784111777000);
    static const char *const bad[] = {"",
                                      "Sunday, 06-Nov-94 08:49:37 GMT",
                                      "Sun Nov  6 08:49:37 1994",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 31 Nov 1994 08:49:37 GMT",
                                      "Xyz, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (pm_clock_parse_http_date(bad[i], &unix_ms)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void clocks_move(void **state)
{
    (void)state;
    int64_t before_ns = pm_clock_monotonic_ns();
    pm_clock_sleep_ms(20);
    int64_t passed_ns = pm_clock_monotonic_ns() - before_ns;
    assert_true(passed_ns >= 20000000);
    assert_true(pm_clock_unix_ms() > 1700000000000);
}

/* A wait may end for no reason, and then goes on; it is over no sooner than it should be. */
static void a_wait_is_over_in_time(void **state)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    (void)state;
    pm_condition_init(&condition);
    pthread_mutex_lock(&mutex);
    assert_false(pm_condition_wait(&condition, &mutex, pm_clock_monotonic_ns()));
    const int64_t until_ns = pm_clock_monotonic_ns() + 20000000;
    while (pm_condition_wait(&condition, &mutex, until_ns)) {
    }
    assert_true(pm_clock_monotonic_ns() >= until_ns);
    pthread_mutex_unlock(&mutex);
    pthread_cond_destroy(&condition);
    pthread_mutex_destroy(&mutex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_iso),
        cmocka_unit_test(reads_iso),
        cmocka_unit_test(refuses_what_is_no_iso),
        cmocka_unit_test(iso_round_trip),
        cmocka_unit_test(reads_http_dates),
        cmocka_unit_test(clocks_move),
        cmocka_unit_test(a_wait_is_over_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
