#include "growing_file.h"

#include <stddef.h>

#include <poolminer/file.h>

enum { FILE_MAX = 16 * 1024 * 1024, TRIES = 1000 };

/* One that grew meanwhile is refused, to be read again. */
char *growing_file_read(const char *path, struct pm_error *error)
{
    char *text = NULL;
    size_t length;
    for (int i = 0; i < TRIES && !pm_file_read(path, FILE_MAX, &text, &length, error); i++) {
        if (error->code != PM_ERROR_IO) {
            return NULL;
        }
    }
    return text;
}
