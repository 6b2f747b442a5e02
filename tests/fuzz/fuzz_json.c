/* JSON comes from pools, workers and files. Whatever the text: reading ends in a value or a
 * sentence, and what was read is written to text that reads back to the same value, every number to
 * the bit. */
#include <math.h>
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

static void require_same(const cJSON *a, const cJSON *b)
{
    require((a == NULL) == (b == NULL), "as many values");
    if (a == NULL) {
        return;
    }
    require((a->type & 0xff) == (b->type & 0xff), "the same kind of value");
    if (cJSON_IsNumber(a)) {
        require(isfinite(a->valuedouble), "a number is finite");
        require(a->valuedouble == b->valuedouble, "the same number");
    }
    if (cJSON_IsString(a)) {
        require(strcmp(a->valuestring, b->valuestring) == 0, "the same string");
    }
    const cJSON *x = a->child, *y = b->child;
    for (; x != NULL && y != NULL; x = x->next, y = y->next) {
        require(x->string == NULL || strcmp(x->string, y->string) == 0, "the same name");
        require_same(x, y);
    }
    require(x == NULL && y == NULL, "as many members");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_error error = {0};
    cJSON *value = NULL;
    if (!pm_json_parse((const char *)data, size, MAX_BYTES, &value, &error)) {
        require(error.code != PM_ERROR_NONE && error.message[0] != '\0', "a refusal has a reason");
        require(value == NULL, "a refusal gives nothing");
        return 0;
    }
    require(memchr(data, '\0', size) == NULL, "no NUL is accepted");
    char *text = pm_json_print(value, &error);
    require(text, "what was read can be written");
    cJSON *again = NULL;
    /* An escape may be written longer than it was read: twice the limit is enough. */
    require(pm_json_parse(text, strlen(text), (size_t)8 * MAX_BYTES, &again, &error),
            "what was written reads back");
    require_same(value, again);
    cJSON_Delete(again);
    free(text);
    cJSON_Delete(value);
    return 0;
}
