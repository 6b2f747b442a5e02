#include "pool/store_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void pm_store_list_write(const int64_t *ids, size_t count, char out[PM_STORE_LIST_SIZE])
{
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(out + length, PM_STORE_LIST_SIZE - length, "%s%" PRId64,
                                   i > 0 ? "," : "", ids[i]);
    }
}

bool pm_store_list_read(const char *text, int64_t ids[PM_BATCH_MAX], size_t *count,
                        struct pm_error *error)
{
    *count = 0;
    while (text != NULL && *text != '\0') {
        char *end;
        if (*count == PM_BATCH_MAX) {
            return pm_fail(error, PM_ERROR_IO, "store: a list of more than %d algorithms",
                           PM_BATCH_MAX);
        }
        ids[(*count)++] = strtoll(text, &end, 10);
        if (end == text || (*end != ',' && *end != '\0')) {
            return pm_fail(error, PM_ERROR_IO, "store: no list of algorithms: %.40s", text);
        }
        text = *end == ',' ? end + 1 : end;
    }
    return true;
}
