#include "common/json_check.h"

#include "common/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* cJSON copies a number into 64 bytes before it reads it. */
enum { NUMBER_MAX = 63 };

struct scan {
    const char *text;
    size_t length, at;
    struct pm_error *error;
};

static bool fail_here(const struct scan *scan, const char *what)
{
    return pm_fail(scan->error, PM_ERROR_INVALID, "JSON: %s at byte %zu", what, scan->at);
}

static char peek(const struct scan *scan)
{
    if (scan->at == scan->length) {
        return '\0';
    }
    return scan->text[scan->at];
}

static size_t skip_digits(struct scan *scan)
{
    size_t start = scan->at;
    while (peek(scan) >= '0' && peek(scan) <= '9') {
        scan->at++;
    }
    return scan->at - start;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static bool skip_number(struct scan *scan)
{
    size_t start = scan->at;
    if (peek(scan) == '-') {
        scan->at++;
    }
    bool zero = peek(scan) == '0';
    size_t whole = skip_digits(scan);
    bool good = whole > 0 && !(zero && whole > 1);
    if (good && peek(scan) == '.') {
        scan->at++;
        good = skip_digits(scan) > 0;
    }
    const bool exponent = peek(scan) == 'e' || peek(scan) == 'E';
    if (good && exponent) {
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-') {
            scan->at++;
        }
        good = skip_digits(scan) > 0;
    }
    if (!good) {
        return fail_here(scan, "malformed number");
    }
    size_t count = scan->at - start;
    if (count > NUMBER_MAX) {
        return fail_here(scan, "number of more than 63 characters");
    }
    if (!exponent) {
        return true; /* 63 digits are far from the largest number */
    }
    char number[NUMBER_MAX + 1];
    memcpy(number, scan->text + start, count);
    number[count] = '\0';
    return isfinite(strtod(number, NULL)) || fail_here(scan, "number too large");
}

/* cJSON takes four characters that are no hexadecimal digits for U+0000. */
static bool skip_escape(struct scan *scan)
{
    enum { SHORT = 2, LONG = 6 };
    static const char hexadecimal[] = "0123456789abcdefABCDEF", shorts[] = "\"\\/bfnrt";
    const size_t left = scan->length - scan->at;
    const char *escape = scan->text + scan->at;
    if (left < SHORT) {
        scan->at = scan->length;
        return true; /* a string without an end */
    }
    if (escape[1] != 'u') {
        if (memchr(shorts, escape[1], sizeof shorts - 1) == NULL) {
            return fail_here(scan, "unknown escape in a string");
        }
        scan->at += SHORT;
        return true;
    }
    bool good = left >= LONG;
    for (size_t i = SHORT; good && i < LONG; i++) {
        good = memchr(hexadecimal, escape[i], sizeof hexadecimal - 1) != NULL;
    }
    if (!good) {
        return fail_here(scan, "malformed escape in a string");
    }
    if (memcmp(escape, "\\u0000", LONG) == 0) {
        return fail_here(scan, "NUL in a string");
    }
    scan->at += LONG;
    return true;
}

static bool skip_string(struct scan *scan)
{
    scan->at++;
    while (scan->at < scan->length) {
        char c = scan->text[scan->at];
        if (c == '"') {
            scan->at++;
            return true;
        }
        if ((unsigned char)c < 0x20) {
            return fail_here(scan, "bare control character in a string");
        }
        if (c == '\\') {
            if (!skip_escape(scan)) {
                return false;
            }
            continue;
        }
        size_t step = pm_utf8_sequence(scan->text + scan->at, scan->length - scan->at, NULL);
        if (step == 0) {
            return fail_here(scan, "not valid UTF-8");
        }
        scan->at += step;
    }
    return fail_here(scan, "string without an end");
}

static bool skip_token(struct scan *scan, int max_depth, int *depth)
{
    char c = peek(scan);
    if (c == '"') {
        return skip_string(scan);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        return skip_number(scan);
    }
    if (c == '{' || c == '[') {
        if (++*depth > max_depth) {
            return pm_fail(scan->error, PM_ERROR_LIMIT, "JSON: nested deeper than %d at byte %zu",
                           max_depth, scan->at);
        }
    } else if (c == '}' || c == ']') {
        --*depth;
    } else if (strchr(" \t\r\n,:truefalsn", c) == NULL || c == '\0') {
        return fail_here(scan, "unexpected character");
    }
    scan->at++;
    return true;
}

bool pm_json_check(const char *text, size_t length, int max_depth, struct pm_error *error)
{
    struct scan scan = {.text = text, .length = length, .error = error};
    int depth = 0;
    while (scan.at < scan.length) {
        if (!skip_token(&scan, max_depth, &depth)) {
            return false;
        }
    }
    return true;
}
