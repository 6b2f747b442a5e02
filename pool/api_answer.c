/* The JSON that a call is answered with. */
#include "pool/api_call.h"

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/payout.h>

cJSON *pm_api_answer(struct pm_api_call *call)
{
    call->json = cJSON_CreateObject();
    call->incomplete = call->json == NULL;
    return call->json;
}

static cJSON *note(struct pm_api_call *call, cJSON *added)
{
    call->incomplete = call->incomplete || added == NULL;
    return added;
}

void pm_api_add_text(struct pm_api_call *call, cJSON *object, const char *name, const char *text)
{
    note(call, text != NULL ? cJSON_AddStringToObject(object, name, text)
                            : cJSON_AddNullToObject(object, name));
}

void pm_api_add_bool(struct pm_api_call *call, cJSON *object, const char *name, bool value)
{
    note(call, cJSON_AddBoolToObject(object, name, value));
}

void pm_api_add_number(struct pm_api_call *call, cJSON *object, const char *name, double value)
{
    note(call, cJSON_AddNumberToObject(object, name, value));
}

void pm_api_add_integer(struct pm_api_call *call, cJSON *object, const char *name, int64_t value)
{
    call->incomplete = !pm_json_add_integer(object, name, value) || call->incomplete;
}

void pm_api_add_reputation(struct pm_api_call *call, cJSON *object, const char *name, int64_t micro)
{
    pm_api_add_number(call, object, name, (double)micro / PM_REPUTATION_UNIT);
}

void pm_api_add_time(struct pm_api_call *call, cJSON *object, const char *name, int64_t unix_ms)
{
    char text[PM_CLOCK_ISO_SIZE];
    pm_clock_format_iso(unix_ms, text);
    pm_api_add_text(call, object, name, unix_ms != 0 ? text : NULL);
}

cJSON *pm_api_add_object(struct pm_api_call *call, cJSON *object, const char *name)
{
    return note(call, cJSON_AddObjectToObject(object, name));
}

cJSON *pm_api_add_array(struct pm_api_call *call, cJSON *object, const char *name)
{
    return note(call, cJSON_AddArrayToObject(object, name));
}

cJSON *pm_api_add_item(struct pm_api_call *call, cJSON *array)
{
    return note(call, pm_json_append_object(array));
}
