/* Errors: what every function that can fail hands back.
 *
 * A function that can fail returns bool (true: done) and takes a `struct pm_error *` as its last
 * argument, which may be NULL when the caller does not care. On false the error holds a code to
 * branch on and one sentence for a person: what failed, where, and what to do about it. On true it
 * is left alone. */
#ifndef POOLMINER_ERROR_H
#define POOLMINER_ERROR_H

#include <stdbool.h>

enum pm_error_code {
    PM_ERROR_NONE = 0,
    PM_ERROR_INVALID,     /* input that breaks a rule: text, option, frame, file content */
    PM_ERROR_LIMIT,       /* input beyond a stated limit */
    PM_ERROR_NOT_FOUND,   /* the named thing does not exist */
    PM_ERROR_REFUSED,     /* the other side understood and said no, for good */
    PM_ERROR_UNAVAILABLE, /* no answer, or "not now": trying again later may help */
    PM_ERROR_PROTOCOL,    /* the other side answered with something that is no answer */
    PM_ERROR_IO,          /* a system call or the store failed */
    PM_ERROR_MEMORY,      /* allocation failed */
    PM_ERROR_INTERRUPTED, /* asked to stop */
};

struct pm_error {
    enum pm_error_code code;
    char message[512];
};

/* Fills `error` (if not NULL) and returns false, so that `return pm_fail(...)` reads well.
 * A message that does not fit is cut at a character boundary; control characters in it, and what is
 * not UTF-8, become "?", so that it may go to a terminal and into JSON. */
bool pm_fail(struct pm_error *error, enum pm_error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context in front of the message that `error` already holds ("reading x: " + message).
 * Returns false, like pm_fail. */
bool pm_fail_context(struct pm_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
