#include "common/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

/* Makes room for `count` more bytes and the NUL. */
static bool reserve(struct pm_text *text, size_t count)
{
    if (text->failed) {
        return false;
    }
    if (count >= SIZE_MAX / 2 - text->length) {
        text->failed = true;
        return false;
    }
    size_t needed = text->length + count + 1;
    if (needed <= text->capacity) {
        return true;
    }
    size_t capacity = text->capacity < 128 ? 128 : text->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    char *data = realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

/* Into the room that is there, which is enough nearly always; else again, into what was needed. */
void pm_text_append(struct pm_text *text, const char *format, ...)
{
    const size_t room = text->failed ? 0 : text->capacity - text->length;
    char *end = room > 0 ? text->data + text->length : NULL;
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int count = vsnprintf(end, room, format, arguments);
    va_end(arguments);
    if (count < 0) {
        text->failed = true;
    } else if ((size_t)count < room) {
        text->length += (size_t)count;
    } else if (reserve(text, (size_t)count)) {
        vsnprintf(text->data + text->length, (size_t)count + 1, format, again);
        text->length += (size_t)count;
    } else if (end != NULL) {
        *end = '\0'; /* what did not fit is not there in part either */
    }
    va_end(again);
}

void pm_text_append_bytes(struct pm_text *text, const void *bytes, size_t count)
{
    if (!reserve(text, count)) {
        return;
    }
    if (count > 0) {
        memcpy(text->data + text->length, bytes, count);
    }
    text->length += count;
    text->data[text->length] = '\0';
}

/* A "?" is never longer than what it stands for. */
static void replace(char *text, bool controls)
{
    char *to = text;
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code_point = 0;
        size_t step = pm_utf8_sequence(text, left, &code_point);
        size_t length = step > 0 ? step : 1;
        if (step == 0 || (controls && pm_utf8_is_control(code_point))) {
            *to++ = '?';
        } else {
            memmove(to, text, length);
            to += length;
        }
        text += length;
        left -= length;
    }
    *to = '\0';
}

void pm_text_make_printable(char *text)
{
    replace(text, true);
}

void pm_text_make_utf8(char *text)
{
    replace(text, false);
}

size_t pm_text_mark_length(const char *text, size_t length)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    return length >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

void pm_text_clear(struct pm_text *text)
{
    free(text->data);
    *text = (struct pm_text){0};
}
