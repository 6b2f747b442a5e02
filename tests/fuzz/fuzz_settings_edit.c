/* A settings file is its owner's, and changes come from a page. Whatever both say: what comes of it
 * reads as the file's object with the changes made in it. The input is the file, a NUL, the
 * changes. */
#include "cli/settings_edit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BYTES = 64 * 1024 };

static void require(bool truth, const char *what)
{
    if (!truth) {
        fprintf(stderr, "violated: %s\n", what);
        abort();
    }
}

static cJSON *parse(const char *text)
{
    cJSON *value = NULL;
    bool marked = strncmp(text, "\xef\xbb\xbf", 3) == 0;
    text += marked ? 3 : 0;
    return pm_json_parse(text, strlen(text), 4 * MAX_BYTES, &value, NULL) ? value : NULL;
}

/* The file has each name once, as settings files must. */
static bool has_twins(const cJSON *object)
{
    for (const cJSON *item = object->child; item != NULL; item = item->next) {
        if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item) {
            return true;
        }
    }
    return false;
}

static void compare(const cJSON *before, const cJSON *changes, const cJSON *after)
{
    for (const cJSON *item = before->child; item != NULL; item = item->next) {
        if (!cJSON_HasObjectItem(changes, item->string)) {
            const cJSON *kept = cJSON_GetObjectItemCaseSensitive(after, item->string);
            require(kept != NULL && cJSON_Compare(item, kept, true), "the others are as they were");
        }
    }
    for (const cJSON *item = changes->child; item != NULL; item = item->next) {
        const cJSON *made = cJSON_GetObjectItemCaseSensitive(after, item->string);
        require(cJSON_IsNull(item) ? made == NULL : made != NULL && cJSON_Compare(item, made, true),
                "each change is made");
    }
}

static void edit(const char *text, const cJSON *before, const cJSON *changes)
{
    char *edited = settings_edit(text, changes, NULL);
    require(edited != NULL, "an object can be changed");
    cJSON *after = parse(edited);
    require(cJSON_IsObject(after), "an object comes of it");
    compare(before, changes, after);
    cJSON_Delete(after);
    free(edited);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 2);
    if (text == NULL || size > MAX_BYTES) {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    text[size] = text[size + 1] = '\0';
    const char *second = text + strlen(text) + 1;
    cJSON *before = parse(text);
    cJSON *changes = parse(second <= text + size ? second : "");
    if (cJSON_IsObject(before) && cJSON_IsObject(changes) && !has_twins(before) &&
        !has_twins(changes)) {
        edit(text, before, changes);
    } else if (cJSON_IsObject(changes) && text[0] != '\0' && !cJSON_IsObject(before)) {
        require(settings_edit(text, changes, NULL) == NULL, "what is no object is refused");
    }
    cJSON_Delete(before);
    cJSON_Delete(changes);
    free(text);
    return 0;
}
