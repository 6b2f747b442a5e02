/* Holds answers against an OpenAPI 3.1 description: as much of JSON Schema as that one uses. */
#ifndef TESTS_OPENAPI_CHECK_H
#define TESTS_OPENAPI_CHECK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct complaint {
    char text[256];
};

/* Whether `answer` (status and JSON) is one that the description allows for this call. A path it
 * does not know may be answered with 404 and a known one with 405; both carry an Error. */
bool openapi_allows(const cJSON *description, const char *method, const char *path, int status,
                    const cJSON *answer, struct complaint *complaint);

#endif
