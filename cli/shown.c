#include "cli/shown.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

enum { SHOWN_MAX = 4096 };

cJSON *shown_json(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        return NULL;
    }
    pm_text_make_utf8(copy);
    cJSON *json = cJSON_CreateString(copy);
    free(copy);
    return json;
}

void shown_print(const char *text, FILE *stream)
{
    char copy[SHOWN_MAX + 1];
    snprintf(copy, sizeof copy, "%s", text);
    pm_text_make_printable(copy);
    fputs(copy, stream);
}
