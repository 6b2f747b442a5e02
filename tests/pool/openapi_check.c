#include "pool/openapi_check.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <poolminer/clock.h>

static bool complain(struct complaint *complaint, const char *where, const char *what)
{
    snprintf(complaint->text, sizeof complaint->text, "%s: %s", where, what);
    return false;
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* What "#/components/schemas/X" points to, or the value itself when it points nowhere. */
static const cJSON *resolve(const cJSON *description, const cJSON *value)
{
    const cJSON *reference = member(value, "$ref");
    if (!cJSON_IsString(reference)) {
        return value;
    }
    const char *part = reference->valuestring + 2; /* past "#/" */
    const cJSON *at = description;
    while (at != NULL && *part) {
        char name[64];
        size_t length = strcspn(part, "/");
        snprintf(name, sizeof name, "%.*s", (int)length, part);
        at = member(at, name);
        part += length + (part[length] == '/');
    }
    return at;
}

static bool is_type(const cJSON *value, const char *type)
{
    if (strcmp(type, "object") == 0) {
        return cJSON_IsObject(value);
    }
    if (strcmp(type, "array") == 0) {
        return cJSON_IsArray(value);
    }
    if (strcmp(type, "string") == 0) {
        return cJSON_IsString(value);
    }
    if (strcmp(type, "boolean") == 0) {
        return cJSON_IsBool(value);
    }
    if (strcmp(type, "null") == 0) {
        return cJSON_IsNull(value);
    }
    if (strcmp(type, "integer") == 0) {
        return cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble);
    }
    return strcmp(type, "number") == 0 && cJSON_IsNumber(value);
}

static bool has_type(const cJSON *value, const cJSON *types)
{
    const cJSON *type;
    if (types == NULL) {
        return true;
    }
    if (cJSON_IsString(types)) {
        return is_type(value, types->valuestring);
    }
    cJSON_ArrayForEach(type, types)
    {
        if (is_type(value, type->valuestring)) {
            return true;
        }
    }
    return false;
}

static bool is_one_of(const cJSON *value, const cJSON *allowed)
{
    const cJSON *item;
    if (allowed == NULL) {
        return true;
    }
    cJSON_ArrayForEach(item, allowed)
    {
        if (cJSON_Compare(value, item, true)) {
            return true;
        }
    }
    return false;
}

static bool fits_bounds(const cJSON *value, const cJSON *schema)
{
    const cJSON *minimum = member(schema, "minimum"), *maximum = member(schema, "maximum");
    const cJSON *above = member(schema, "exclusiveMinimum");
    if (!cJSON_IsNumber(value)) {
        return true;
    }
    return (minimum == NULL || value->valuedouble >= minimum->valuedouble) &&
           (above == NULL || value->valuedouble > above->valuedouble) &&
           (maximum == NULL || value->valuedouble <= maximum->valuedouble);
}

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    bool good = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0;
    if (good) {
        good = regexec(&regex, text, 0, NULL, 0) == 0;
        regfree(&regex);
    }
    return good;
}

/* The one format there is. */
static bool is_date_time(const char *text)
{
    int64_t unix_ms;
    return pm_clock_parse_iso(text, &unix_ms);
}

static bool fits_text(const cJSON *value, const cJSON *schema)
{
    const cJSON *pattern = member(schema, "pattern"), *format = member(schema, "format");
    if (!cJSON_IsString(value)) {
        return true;
    }
    return (pattern == NULL || matches(value->valuestring, pattern->valuestring)) &&
           (format == NULL ||
            (strcmp(format->valuestring, "date-time") == 0 && is_date_time(value->valuestring)));
}

static const char *const keywords[] = {
    "$ref",
    "additionalProperties",
    "allOf",
    "const",
    "description",
    "enum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maximum",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
};

static bool is_keyword(const char *name)
{
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (strcmp(keywords[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool schema_is_understood(const cJSON *schema, struct complaint *complaint)
{
    const cJSON *item, *format = member(schema, "format");
    if (format != NULL && strcmp(format->valuestring, "date-time") != 0) {
        return complain(complaint, format->valuestring, "a format that nobody checks");
    }
    cJSON_ArrayForEach(item, schema)
    {
        if (!is_keyword(item->string)) {
            return complain(complaint, item->string, "a word that nobody checks");
        }
    }
    cJSON_ArrayForEach(item, member(schema, "properties"))
    {
        if (!schema_is_understood(item, complaint)) {
            return false;
        }
    }
    cJSON_ArrayForEach(item, member(schema, "allOf"))
    {
        if (!schema_is_understood(item, complaint)) {
            return false;
        }
    }
    const cJSON *items = member(schema, "items");
    return items == NULL || schema_is_understood(items, complaint);
}

/* Whatever is called "schema", wherever it is. */
static bool all_schemas_are_understood(const cJSON *at, struct complaint *complaint)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, at)
    {
        const bool is_schema = item->string != NULL && strcmp(item->string, "schema") == 0;
        if (is_schema ? !schema_is_understood(item, complaint)
                      : !all_schemas_are_understood(item, complaint)) {
            return false;
        }
    }
    return true;
}

bool openapi_is_understood(const cJSON *description, struct complaint *complaint)
{
    const cJSON *components = member(description, "components"), *item;
    cJSON_ArrayForEach(item, member(components, "schemas"))
    {
        if (!schema_is_understood(item, complaint)) {
            return false;
        }
    }
    return all_schemas_are_understood(member(description, "paths"), complaint) &&
           all_schemas_are_understood(member(components, "responses"), complaint) &&
           all_schemas_are_understood(member(components, "headers"), complaint);
}

static bool conforms(const cJSON *description, const cJSON *schema, const cJSON *value,
                     const char *where, struct complaint *complaint);

static bool object_conforms(const cJSON *description, const cJSON *schema, const cJSON *value,
                            const char *where, struct complaint *complaint)
{
    const cJSON *item, *properties = member(schema, "properties");
    cJSON_ArrayForEach(item, member(schema, "required"))
    {
        if (member(value, item->valuestring) == NULL) {
            return complain(complaint, item->valuestring, "missing");
        }
    }
    cJSON_ArrayForEach(item, value)
    {
        const cJSON *property = member(properties, item->string);
        if (property == NULL && cJSON_IsFalse(member(schema, "additionalProperties"))) {
            return complain(complaint, item->string, "not described");
        }
        if (property != NULL && !conforms(description, property, item, item->string, complaint)) {
            return false;
        }
    }
    (void)where;
    return true;
}

static bool array_conforms(const cJSON *description, const cJSON *schema, const cJSON *value,
                           const char *where, struct complaint *complaint)
{
    const cJSON *item, *items = member(schema, "items"), *most = member(schema, "maxItems");
    if (most != NULL && cJSON_GetArraySize(value) > most->valueint) {
        return complain(complaint, where, "too many items");
    }
    cJSON_ArrayForEach(item, value)
    {
        if (items != NULL && !conforms(description, items, item, where, complaint)) {
            return false;
        }
    }
    return true;
}

static bool conforms(const cJSON *description, const cJSON *schema, const cJSON *value,
                     const char *where, struct complaint *complaint)
{
    const cJSON *item, *constant;
    schema = resolve(description, schema);
    if (schema == NULL) {
        return complain(complaint, where, "its schema is missing");
    }
    constant = member(schema, "const");
    if (!has_type(value, member(schema, "type"))) {
        return complain(complaint, where, "of another type");
    }
    if (!is_one_of(value, member(schema, "enum")) ||
        (constant != NULL && !cJSON_Compare(value, constant, true))) {
        return complain(complaint, where, "not one of the values allowed");
    }
    if (!fits_bounds(value, schema)) {
        return complain(complaint, where, "out of bounds");
    }
    if (!fits_text(value, schema)) {
        return complain(complaint, where, "not of the form described");
    }
    cJSON_ArrayForEach(item, member(schema, "allOf"))
    {
        if (!conforms(description, item, value, where, complaint)) {
            return false;
        }
    }
    if (cJSON_IsObject(value)) {
        return object_conforms(description, schema, value, where, complaint);
    }
    return !cJSON_IsArray(value) || array_conforms(description, schema, value, where, complaint);
}

/* "/a/{id}/b" fits "/a/17/b". */
static bool path_fits(const char *template, const char *path)
{
    size_t length = strcspn(path, "?");
    const char *end = path + length;
    while (*template) {
        if (*template == '{') {
            template += strcspn(template, "}") + 1;
            if (path == end || *path == '/') {
                return false;
            }
            while (path < end && *path != '/') {
                path++;
            }
        } else if (path < end && *template == *path) {
            template ++;
            path++;
        } else {
            return false;
        }
    }
    return path == end;
}

/* The description of a path; one written out counts before one with a hole. */
static const cJSON *find_path(const cJSON *description, const char *path)
{
    const cJSON *item, *found = NULL;
    cJSON_ArrayForEach(item, member(description, "paths"))
    {
        if (path_fits(item->string, path) && (found == NULL || strchr(item->string, '{') == NULL)) {
            found = item;
        }
    }
    return found;
}

static const cJSON *schema_of(const cJSON *description, const cJSON *response)
{
    const cJSON *content = member(resolve(description, response), "content");
    return member(member(content, "application/json"), "schema");
}

static const cJSON *find_operation(const cJSON *described, const char *method)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, described)
    {
        if (strcasecmp(item->string, method) == 0) {
            return item;
        }
    }
    return NULL;
}

/* The description of this answer; NULL with a complaint. */
static const cJSON *find_response(const cJSON *description, const char *method, const char *path,
                                  int status, struct complaint *complaint)
{
    const cJSON *described = find_path(description, path);
    const cJSON *operation = find_operation(described, method);
    char code[16];
    snprintf(code, sizeof code, "%d", status);
    if (operation == NULL && status != (described != NULL ? 405 : 404) && status != 400 &&
        status != 413 && status != 429) {
        complain(complaint, path, "a call that is not described has an answer");
        return NULL;
    }
    const cJSON *responses = operation != NULL
                                 ? member(operation, "responses")
                                 : member(member(description, "components"), "responses");
    const cJSON *response = resolve(description, member(responses, code));
    if (response == NULL) {
        complain(complaint, code, "a status that is not described");
    }
    return response;
}

bool openapi_allows(const cJSON *description, const char *method, const char *path, int status,
                    const cJSON *answer, struct complaint *complaint)
{
    const cJSON *response = find_response(description, method, path, status, complaint);
    return response != NULL &&
           conforms(description, schema_of(description, response), answer, "answer", complaint);
}

/* A text of a header or a query as the value that its schema speaks of. */
static bool text_conforms(const cJSON *description, const cJSON *schema, const char *text,
                          const char *where, struct complaint *complaint)
{
    char *end;
    double number = strtod(text, &end);
    const cJSON *type = member(resolve(description, schema), "type");
    bool numeric = cJSON_IsString(type) && strcmp(type->valuestring, "string") != 0;
    cJSON *value = numeric && end != text && *end == '\0' ? cJSON_CreateNumber(number)
                                                          : cJSON_CreateString(text);
    bool good = conforms(description, schema, value, where, complaint);
    cJSON_Delete(value);
    return good;
}

/* The value of a header into `out`; false: there is none. */
static bool find_header(const char *headers, const char *name, char *out, size_t size)
{
    const size_t length = strlen(name);
    for (const char *line = headers; line != NULL; line = strstr(line, "\r\n")) {
        line += strncmp(line, "\r\n", 2) == 0 ? 2 : 0;
        if (strncasecmp(line, name, length) == 0 && strncmp(line + length, ": ", 2) == 0) {
            const char *value = line + length + 2;
            snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
            return true;
        }
    }
    return false;
}

bool openapi_allows_headers(const cJSON *description, const char *method, const char *path,
                            int status, const char *headers, struct complaint *complaint)
{
    static const char *const own[] = {"X-Request-Id", "Retry-After", "Allow"};
    const cJSON *response = find_response(description, method, path, status, complaint);
    if (response == NULL) {
        return false;
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        char text[128];
        const cJSON *header = resolve(description, member(member(response, "headers"), own[i]));
        bool there = find_header(headers, own[i], text, sizeof text);
        if (there && header == NULL) {
            return complain(complaint, own[i], "a header that is not described");
        }
        if (!there && header != NULL && cJSON_IsTrue(member(header, "required"))) {
            return complain(complaint, own[i], "a header that is missing");
        }
        if (there &&
            !text_conforms(description, member(header, "schema"), text, own[i], complaint)) {
            return false;
        }
    }
    return true;
}

static const cJSON *find_parameter(const cJSON *operation, const char *name, size_t length)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, member(operation, "parameters"))
    {
        const char *known = member(item, "name")->valuestring;
        if (strcmp(member(item, "in")->valuestring, "query") == 0 && strlen(known) == length &&
            strncmp(known, name, length) == 0) {
            return item;
        }
    }
    return NULL;
}

static bool query_conforms(const cJSON *description, const cJSON *operation, const char *path,
                           struct complaint *complaint)
{
    const char *at = strchr(path, '?');
    while (at != NULL) {
        char value[128];
        const char *name = at + 1;
        const size_t length = strcspn(name, "=&");
        const cJSON *parameter = find_parameter(operation, name, length);
        const char *text = name + length + (name[length] == '=');
        snprintf(value, sizeof value, "%.*s", (int)strcspn(text, "&"), text);
        if (parameter == NULL) {
            return complain(complaint, name, "a parameter that is not described");
        }
        if (!text_conforms(description, member(parameter, "schema"), value, name, complaint)) {
            return false;
        }
        at = strchr(name, '&');
    }
    return true;
}

bool openapi_allows_request(const cJSON *description, const char *method, const char *path,
                            const cJSON *body, struct complaint *complaint)
{
    const cJSON *operation = find_operation(find_path(description, path), method);
    const cJSON *described = member(operation, "requestBody");
    if (operation == NULL) {
        return complain(complaint, path, "not described");
    }
    if (!query_conforms(description, operation, path, complaint)) {
        return false;
    }
    if (body == NULL) {
        return !cJSON_IsTrue(member(described, "required")) ||
               complain(complaint, "body", "missing");
    }
    const cJSON *json = member(member(described, "content"), "application/json");
    return json == NULL ? complain(complaint, "body", "not described")
                        : conforms(description, member(json, "schema"), body, "body", complaint);
}
