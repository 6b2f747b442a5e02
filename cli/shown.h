/* Text from outside (a file's name, which is any bytes at all, or another program's words) on its
 * way to a reader. */
#ifndef CLI_SHOWN_H
#define CLI_SHOWN_H

#include <cjson/cJSON.h>
#include <stdio.h>

/* As a JSON string: what is not UTF-8 becomes "?". NULL when memory is out. */
cJSON *shown_json(const char *text);

/* On a stream for people: control characters, too, become "?", so that no text steers the terminal.
 * What is longer than 4 KiB is cut. */
void shown_print(const char *text, FILE *stream);

#endif
