/* A file's name as the user gave it, which is any bytes at all, on its way to a reader. */
#ifndef CLI_FILE_NAME_H
#define CLI_FILE_NAME_H

#include <cjson/cJSON.h>
#include <stdio.h>

/* As a JSON string: what is not UTF-8 becomes "?". NULL when memory is out. */
cJSON *file_name_json(const char *name);

/* On a stream for people: control characters, too, become "?", so that no name steers the terminal.
 * Names longer than 4 KiB are cut. */
void file_name_print(const char *name, FILE *stream);

#endif
