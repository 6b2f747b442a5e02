#include "pool/openapi_check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

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
    if (!cJSON_IsNumber(value)) {
        return true;
    }
    return (minimum == NULL || value->valuedouble >= minimum->valuedouble) &&
           (maximum == NULL || value->valuedouble <= maximum->valuedouble);
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
    if (cJSON_IsObject(value)) {
        return object_conforms(description, schema, value, where, complaint);
    }
    if (cJSON_IsArray(value) && member(schema, "items") != NULL) {
        cJSON_ArrayForEach(item, value)
        {
            if (!conforms(description, member(schema, "items"), item, where, complaint)) {
                return false;
            }
        }
    }
    return true;
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

bool openapi_allows(const cJSON *description, const char *method, const char *path, int status,
                    const cJSON *answer, struct complaint *complaint)
{
    const cJSON *described = find_path(description, path), *operation = NULL, *item;
    const cJSON *responses = member(member(description, "components"), "responses");
    char code[16];
    snprintf(code, sizeof code, "%d", status);
    cJSON_ArrayForEach(item, described)
    {
        if (strcasecmp(item->string, method) == 0) {
            operation = item;
        }
    }
    if (operation == NULL && status != (described != NULL ? 405 : 404) && status != 413) {
        return complain(complaint, path, "a call that is not described has an answer");
    }
    const cJSON *response = operation != NULL
                                ? member(member(operation, "responses"), code)
                                : member(responses, "404"); /* all refusals look alike */
    if (response == NULL) {
        return complain(complaint, code, "a status that is not described");
    }
    return conforms(description, schema_of(description, response), answer, "answer", complaint);
}
