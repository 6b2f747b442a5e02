/* What a request is answered with: whole, or not at all. */
#include "sidecar/requests_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

void pm_reply_out_clear(struct pm_reply_out *reply)
{
    free(reply->arguments);
    reply->arguments = NULL;
    for (size_t i = 0; i < reply->body_count; i++) {
        free((void *)reply->bodies[i].data);
    }
    reply->body_count = 0;
    reply->incomplete = false;
}

static const char *error_name(enum pm_error_code code)
{
    switch (code) {
    case PM_ERROR_PROTOCOL:
        return "version";
    case PM_ERROR_LIMIT:
        return "limit";
    case PM_ERROR_UNAVAILABLE:
        return "full";
    case PM_ERROR_REFUSED:
        return "lease-lost";
    case PM_ERROR_NOT_FOUND:
        return "not-found";
    case PM_ERROR_IO:
    case PM_ERROR_MEMORY:
        return "store";
    default:
        return "invalid";
    }
}

/* ---- members ---- */

/* A reply that lacks anything is not sent. */
static cJSON *note(struct pm_reply_out *reply, cJSON *added)
{
    reply->incomplete = reply->incomplete || added == NULL;
    return added;
}

cJSON *pm_reply_begin(struct pm_reply_out *reply)
{
    return note(reply, cJSON_CreateObject());
}

void pm_reply_add_text(struct pm_reply_out *reply, cJSON *object, const char *name,
                       const char *text)
{
    note(reply, cJSON_AddStringToObject(object, name, text));
}

void pm_reply_add_bool(struct pm_reply_out *reply, cJSON *object, const char *name, bool value)
{
    note(reply, cJSON_AddBoolToObject(object, name, value));
}

void pm_reply_add_null(struct pm_reply_out *reply, cJSON *object, const char *name)
{
    note(reply, cJSON_AddNullToObject(object, name));
}

void pm_reply_add_number(struct pm_reply_out *reply, cJSON *object, const char *name, double value)
{
    note(reply, cJSON_AddNumberToObject(object, name, value));
}

void pm_reply_add_integer(struct pm_reply_out *reply, cJSON *object, const char *name,
                          int64_t value)
{
    pm_reply_add_number(reply, object, name, (double)value);
}

void pm_reply_add_json(struct pm_reply_out *reply, cJSON *object, const char *name,
                       const char *text)
{
    if (!pm_json_add(object, name, cJSON_Parse(text))) {
        note(reply, NULL);
    }
}

cJSON *pm_reply_add_object(struct pm_reply_out *reply, cJSON *object, const char *name)
{
    return note(reply, cJSON_AddObjectToObject(object, name));
}

cJSON *pm_reply_add_array(struct pm_reply_out *reply, cJSON *object, const char *name)
{
    return note(reply, cJSON_AddArrayToObject(object, name));
}

cJSON *pm_reply_add_item(struct pm_reply_out *reply, cJSON *array)
{
    return note(reply, pm_json_append_object(array));
}

/* ---- the whole ---- */

bool pm_reply_set(struct pm_reply_out *reply, cJSON *object, struct pm_error *error)
{
    reply->verb = "ok";
    reply->arguments = reply->incomplete ? NULL : pm_json_print(object, NULL);
    cJSON_Delete(object);
    return reply->arguments != NULL || pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
}

bool pm_reply_set_text(struct pm_reply_out *reply, struct pm_text *text, struct pm_error *error)
{
    reply->verb = "ok";
    if (reply->incomplete || text->failed) {
        pm_text_clear(text);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
    }
    reply->arguments = text->data;
    *text = (struct pm_text){0};
    return true;
}

bool pm_reply_format(struct pm_reply_out *reply, struct pm_error *error, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int length = vasprintf(&reply->arguments, format, values);
    va_end(values);
    reply->verb = "ok";
    if (length < 0) {
        reply->arguments = NULL;
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for a reply");
    }
    return true;
}

bool pm_reply_out_error(struct pm_reply_out *reply, const struct pm_error *error)
{
    pm_reply_out_clear(reply);
    reply->lease_token = 0;
    cJSON *object = pm_reply_begin(reply);
    pm_reply_add_text(reply, object, "error", error_name(error->code));
    pm_reply_add_text(reply, object, "message", error->message);
    bool good = pm_reply_set(reply, object, NULL);
    reply->verb = "error";
    return good;
}
