#include "common/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/error.h>
#include <poolminer/text.h>

/* Formats into a larger buffer first, so that a cut never leaves half a character. Messages quote
 * file names and what others sent: none of it may steer the terminal that shows them. */
__attribute__((format(printf, 3, 0))) static void
format_message(char *out, size_t size, const char *format, va_list arguments)
{
    char full[2 * sizeof((struct pm_error){0}.message)];
    int written = vsnprintf(full, sizeof full, format, arguments);
    size_t length = written < 0 ? 0 : strlen(full);
    length = pm_utf8_cut(full, length, size - 1);
    memcpy(out, full, length);
    out[length] = '\0';
    pm_text_make_printable(out);
}

bool pm_fail(struct pm_error *error, enum pm_error_code code, const char *format, ...)
{
    if (error != NULL) {
        /* `format` may take its arguments from error->message itself: format before writing. */
        char message[sizeof error->message];
        va_list arguments;
        va_start(arguments, format);
        format_message(message, sizeof message, format, arguments);
        va_end(arguments);
        error->code = code;
        memcpy(error->message, message, sizeof message);
    }
    return false;
}

bool pm_fail_context(struct pm_error *error, const char *format, ...)
{
    if (error == NULL) {
        return false;
    }
    char context[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    format_message(context, sizeof context, format, arguments);
    va_end(arguments);
    return pm_fail(error, error->code, "%s: %s", context, error->message);
}
