#include "algorithm/number.h"

#include "algorithm/lexer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 9 }; /* enough for every float */

/* |value| rounded to `count` significant digits: 0.d1d2d3... times 10^exponent. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int exponent;
};

static struct decimal round_to_digits(float value, int count)
{
    char text[32];
    struct decimal decimal = {0};
    snprintf(text, sizeof text, "%.*e", count - 1, fabs((double)value));
    const char *at = text;
    for (; *at != 'e'; at++) { /* whatever the locale puts between the digits */
        if (*at >= '0' && *at <= '9') {
            decimal.digits[decimal.count++] = *at;
        }
    }
    decimal.exponent = (int)strtol(at + 1, NULL, 10) + 1;
    return decimal;
}

/* 0.0000123 is still written out, as is 123456789.0; beyond that, 1.23e-06. */
static bool reads_better_in_full(const struct decimal *decimal)
{
    return decimal->exponent > -4 && decimal->exponent <= DIGITS_MAX;
}

static void write_in_full(const struct decimal *decimal, const char *sign, char out[PM_NUMBER_SIZE])
{
    static const char zeros[] = "00000000";
    int before = decimal->exponent; /* digits before the point; not above 0: zeros behind it */
    if (before <= 0) {
        snprintf(out, PM_NUMBER_SIZE, "%s0.%.*s%s", sign, -before, zeros, decimal->digits);
    } else if (before >= decimal->count) {
        snprintf(out, PM_NUMBER_SIZE, "%s%s%.*s.0", sign, decimal->digits, before - decimal->count,
                 zeros);
    } else {
        snprintf(out, PM_NUMBER_SIZE, "%s%.*s.%s", sign, before, decimal->digits,
                 decimal->digits + before);
    }
}

static void write_scientific(const struct decimal *decimal, const char *sign,
                             char out[PM_NUMBER_SIZE])
{
    snprintf(out, PM_NUMBER_SIZE, "%s%c%s%se%+03d", sign, decimal->digits[0],
             decimal->count > 1 ? "." : "", decimal->digits + 1, decimal->exponent - 1);
}

static bool reads_back(const char *text, float value, locale_t c_locale)
{
    struct pm_cursor cursor = {.at = text, .end = text + strlen(text), .c_locale = c_locale};
    float read;
    return pm_take_number(&cursor, &read) && read == value;
}

/* Up to here floats are no farther apart than whole numbers: of a whole number all digits count but
 * the zeros at its end. */
#define WHOLE_BELOW 16777216.0F /* 2^24 */

void pm_number_write(float value, char out[PM_NUMBER_SIZE])
{
    const char *sign = signbit(value) ? "-" : "";
    if (isinf(value)) {
        snprintf(out, PM_NUMBER_SIZE, "%s1e39", sign);
        return;
    }
    if (value == 0.0F) {
        snprintf(out, PM_NUMBER_SIZE, "%s0.0", sign);
        return;
    }
    if (fabsf(value) < WHOLE_BELOW && value == truncf(value)) {
        snprintf(out, PM_NUMBER_SIZE, "%d.0", (int)value);
        return;
    }
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    for (int count = 1; count <= DIGITS_MAX; count++) {
        struct decimal decimal = round_to_digits(value, count);
        if (reads_better_in_full(&decimal)) {
            write_in_full(&decimal, sign, out);
        } else {
            write_scientific(&decimal, sign, out);
        }
        if (reads_back(out, value, c_locale)) {
            break;
        }
    }
    freelocale(c_locale);
}
