#include "algorithm/lexer.h"

#include <stdlib.h>
#include <string.h>

bool pm_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool pm_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool pm_is_word(char c)
{
    return pm_is_letter(c) || is_digit(c) || c == '_';
}

char pm_lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        c = (char)(c - 'A' + 'a');
    }
    return c;
}

bool pm_at_end(const struct pm_cursor *cursor)
{
    return cursor->at >= cursor->end;
}

static char peek(const struct pm_cursor *cursor)
{
    if (pm_at_end(cursor)) {
        return '\0';
    }
    return *cursor->at;
}

void pm_skip_blanks(struct pm_cursor *cursor)
{
    while (!pm_at_end(cursor) && pm_is_blank(*cursor->at)) {
        cursor->at++;
    }
}

bool pm_take_char(struct pm_cursor *cursor, char c)
{
    if (pm_at_end(cursor) || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

bool pm_take_word(struct pm_cursor *cursor, const char *lower_case_word)
{
    size_t length = strlen(lower_case_word);
    if ((size_t)(cursor->end - cursor->at) < length) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (pm_lower(cursor->at[i]) != lower_case_word[i]) {
            return false;
        }
    }
    cursor->at += length;
    return true;
}

bool pm_take_name(struct pm_cursor *cursor, const char **name, size_t *length)
{
    const char *start = cursor->at;
    if (!pm_is_word(peek(cursor)) || is_digit(peek(cursor))) {
        return false;
    }
    while (!pm_at_end(cursor) && pm_is_word(*cursor->at)) {
        cursor->at++;
    }
    *name = start;
    *length = (size_t)(cursor->at - start);
    return true;
}

bool pm_take_index(struct pm_cursor *cursor, uint16_t *index)
{
    if (!is_digit(peek(cursor))) {
        return false;
    }
    uint32_t value = 0;
    for (; is_digit(peek(cursor)); cursor->at++) {
        value = value * 10 + (uint32_t)(*cursor->at - '0');
        if (value > UINT16_MAX) {
            value = UINT16_MAX;
        }
    }
    *index = (uint16_t)value;
    return true;
}

bool pm_take_register(struct pm_cursor *cursor, struct pm_operand *operand)
{
    struct pm_cursor start = *cursor;
    for (int kind = PM_KIND_SCALAR; kind < PM_KIND_NONE; kind++) {
        if (pm_lower(peek(cursor)) != pm_kind_letter((enum pm_kind)kind)) {
            continue;
        }
        cursor->at++;
        operand->kind = (uint8_t)kind;
        if (pm_take_index(cursor, &operand->index)) {
            return true;
        }
    }
    *cursor = start;
    return false;
}

static size_t skip_digits(struct pm_cursor *cursor)
{
    const char *start = cursor->at;
    while (is_digit(peek(cursor))) {
        cursor->at++;
    }
    return (size_t)(cursor->at - start);
}

static void skip_exponent(struct pm_cursor *cursor)
{
    struct pm_cursor start = *cursor;
    cursor->at++; /* e or E */
    if (peek(cursor) == '+' || peek(cursor) == '-') {
        cursor->at++;
    }
    if (skip_digits(cursor) == 0) {
        *cursor = start;
    }
}

bool pm_take_number(struct pm_cursor *cursor, float *number)
{
    struct pm_cursor start = *cursor;
    if (peek(cursor) == '+' || peek(cursor) == '-') {
        cursor->at++;
    }
    size_t digits = skip_digits(cursor);
    if (pm_take_char(cursor, '.')) {
        digits += skip_digits(cursor);
    }
    if (digits > 0 && pm_lower(peek(cursor)) == 'e') {
        skip_exponent(cursor);
    }
    if (digits == 0 || pm_is_word(peek(cursor)) || peek(cursor) == '.') {
        *cursor = start;
        return false;
    }
    *number = (float)strtod_l(start.at, NULL, cursor->c_locale);
    return true;
}
