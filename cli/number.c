#include "cli/number.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

enum { MS = 1000, MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, DAYS_FROM_H = 48 };

static const double WRITTEN_OUT = 1e18; /* beyond, nobody counts the zeros */

void number_text(int64_t value, char out[NUMBER_TEXT_SIZE])
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu",
                         value < 0 ? -(unsigned long long)value : (unsigned long long)value);
    size_t at = 0;
    if (value < 0) {
        out[at++] = '-';
    }
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) {
            out[at++] = ',';
        }
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void number_digits(double value, int digits, char out[NUMBER_TEXT_SIZE])
{
    const bool has_more = fabs(value) >= pow(10, digits) && fabs(value) < WRITTEN_OUT;
    if (has_more) {
        snprintf(out, NUMBER_TEXT_SIZE, "%.0f", value);
    } else {
        snprintf(out, NUMBER_TEXT_SIZE, "%.*g", digits, value);
    }
}

void number_duration(int64_t duration_ms, char out[NUMBER_TEXT_SIZE])
{
    const long long seconds = duration_ms > 0 ? duration_ms / MS : 0;
    if (seconds < MINUTE_S) {
        snprintf(out, NUMBER_TEXT_SIZE, "%lld s", seconds);
    } else if (seconds < HOUR_S) {
        snprintf(out, NUMBER_TEXT_SIZE, "%lld min", seconds / MINUTE_S);
    } else if (seconds < (long long)DAYS_FROM_H * HOUR_S) {
        snprintf(out, NUMBER_TEXT_SIZE, "%lld h %lld min", seconds / HOUR_S,
                 seconds % HOUR_S / MINUTE_S);
    } else {
        snprintf(out, NUMBER_TEXT_SIZE, "%lld days", seconds / DAY_S);
    }
}

void number_moment(int64_t unix_ms, int64_t now_ms, char out[NUMBER_TEXT_SIZE])
{
    const time_t then = (time_t)(unix_ms / MS), now = (time_t)(now_ms / MS);
    struct tm local, today;
    localtime_r(&then, &local);
    localtime_r(&now, &today);
    const bool same_day = local.tm_yday == today.tm_yday && local.tm_year == today.tm_year;
    strftime(out, NUMBER_TEXT_SIZE, same_day ? "%H:%M" : "%e %b %H:%M", &local);
}
