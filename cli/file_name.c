#include "cli/file_name.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/text.h>

cJSON *file_name_json(const char *name)
{
    char *copy = strdup(name);
    if (copy == NULL) {
        return NULL;
    }
    pm_text_make_utf8(copy);
    cJSON *json = cJSON_CreateString(copy);
    free(copy);
    return json;
}

void file_name_print(const char *name, FILE *stream)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", name);
    pm_text_make_printable(copy);
    fputs(copy, stream);
}
