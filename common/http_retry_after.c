#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/http_client.h>

static int64_t clamp(int64_t wait_ms)
{
    if (wait_ms < 0) {
        return 0;
    }
    return wait_ms > PM_HTTP_RETRY_AFTER_MAX_MS ? PM_HTTP_RETRY_AFTER_MAX_MS : wait_ms;
}

int64_t pm_http_retry_after_ms(const char *value, int64_t date_ms, int64_t received_ms)
{
    size_t digits = strspn(value, "0123456789");
    int64_t at_ms = 0;
    if (digits > 0 && value[digits] == '\0') {
        if (digits > 9) {
            return PM_HTTP_RETRY_AFTER_MAX_MS;
        }
        return clamp((int64_t)strtol(value, NULL, 10) * 1000);
    }
    if (pm_clock_parse_http_date(value, &at_ms)) {
        return clamp(at_ms - (date_ms >= 0 ? date_ms : received_ms));
    }
    return -1;
}
