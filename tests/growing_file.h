#ifndef TESTS_GROWING_FILE_H
#define TESTS_GROWING_FILE_H

#include <poolminer/error.h>

/* All of a file that another program may be writing to just then, a log mostly; to be freed. NULL:
 * it cannot be read, and *error says why. */
char *growing_file_read(const char *path, struct pm_error *error);

#endif
