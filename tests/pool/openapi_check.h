/* Holds calls against an OpenAPI 3.1 description: as much of it as that one uses, and no word of a
 * schema is passed over that is not understood. */
#ifndef TESTS_OPENAPI_CHECK_H
#define TESTS_OPENAPI_CHECK_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct complaint {
    char text[256];
};

/* Whether every schema of the description is made of words that are checked here. */
bool openapi_is_understood(const cJSON *description, struct complaint *complaint);

/* Whether `answer` (status and JSON) is one that the description allows for this call. A path it
 * does not know may be answered with 404 and a known one with 405; both carry an Error. */
bool openapi_allows(const cJSON *description, const char *method, const char *path, int status,
                    const cJSON *answer, struct complaint *complaint);

/* Whether its headers, as they came over the wire, are as described, and none of Retry-After, Allow
 * and X-Request-Id is there undescribed. */
bool openapi_allows_headers(const cJSON *description, const char *method, const char *path,
                            int status, const char *headers, struct complaint *complaint);

/* Whether a request that was accepted is described so: its query, and its body (NULL: none). */
bool openapi_allows_request(const cJSON *description, const char *method, const char *path,
                            const cJSON *body, struct complaint *complaint);

#endif
