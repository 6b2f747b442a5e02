/* What a server means by Retry-After. */
#include "cmocka_include.h"

#include <stdint.h>

#include <poolminer/http_client.h>

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    const int64_t date = 784111777000; /* Sun, 06 Nov 1994 08:49:37 GMT */
    assert_int_equal(pm_http_retry_after_ms("120", -1, 0), 120000);
    assert_int_equal(pm_http_retry_after_ms("0", -1, 0), 0);
    assert_int_equal(pm_http_retry_after_ms("99999999999999999999", -1, 0),
                     PM_HTTP_RETRY_AFTER_MAX_MS);
    assert_int_equal(pm_http_retry_after_ms("7200", -1, 0), PM_HTTP_RETRY_AFTER_MAX_MS);
    assert_int_equal(pm_http_retry_after_ms("Sun, 06 Nov 1994 08:49:57 GMT", date, 5), 20000);
    assert_int_equal(pm_http_retry_after_ms("Sun, 06 Nov 1994 08:49:57 GMT", -1, date), 20000);
    assert_int_equal(pm_http_retry_after_ms("Sun, 06 Nov 1994 08:49:07 GMT", date, 5), 0);
    assert_int_equal(pm_http_retry_after_ms("soon", date, 5), -1);
    assert_int_equal(pm_http_retry_after_ms("", date, 5), -1);
    assert_int_equal(pm_http_retry_after_ms("-5", date, 5), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
