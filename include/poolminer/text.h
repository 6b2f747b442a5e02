/* Text that grows: append without checking each call, check once at the end. */
#ifndef POOLMINER_TEXT_H
#define POOLMINER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct pm_text {
    /* Ends with a NUL; NULL before anything was appended. Freed by pm_text_clear, or by free() when
     * it is to outlive the struct. */
    char *data;
    size_t length, capacity;
    bool failed; /* memory ran out; what was appended after that is missing */
};

void pm_text_append(struct pm_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pm_text_append_bytes(struct pm_text *text, const void *bytes, size_t count);

/* Make text of unknown origin safe to show, in place. Both replace every byte that is not valid
 * UTF-8 by "?"; the first, for terminals, does the same with control characters. The second is for
 * JSON, where those are escaped. */
void pm_text_make_printable(char *text);
void pm_text_make_utf8(char *text);

/* The length of the byte order mark that some editors write at the beginning of a file, 0 if there
 * is none. Readers skip it. */
size_t pm_text_mark_length(const char *text, size_t length);

/* Frees the data; the text is empty and may be used again. */
void pm_text_clear(struct pm_text *text);

#endif
