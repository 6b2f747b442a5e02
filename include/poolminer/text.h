/* Text that grows: append without checking each call, check once at the end. */
#ifndef POOLMINER_TEXT_H
#define POOLMINER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct pm_text {
    char *data; /* NUL-terminated once something was appended, NULL before; free() it, or: */
    size_t length, capacity;
    bool failed; /* memory ran out: what was appended since is missing */
};

void pm_text_append(struct pm_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pm_text_append_bytes(struct pm_text *text, const void *bytes, size_t count);

/* Text from anywhere, in place, for a terminal or for JSON: every byte that is not UTF-8 becomes
 * "?". The first also turns each control character into one. */
void pm_text_make_printable(char *text);
void pm_text_make_utf8(char *text);

/* The byte order mark that some editors begin a file with: its length, or 0 where there is none. It
 * belongs to the file and not to what the file says. */
size_t pm_text_mark_length(const char *text, size_t length);

/* Frees the data; the text is empty and may be used again. */
void pm_text_clear(struct pm_text *text);

#endif
