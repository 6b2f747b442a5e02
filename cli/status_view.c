#include "cli/status_view.h"

#include <math.h>
#include <string.h>

#include <poolminer/json.h>

const cJSON *status_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

double status_number(const cJSON *object, const char *name)
{
    return pm_json_number_or(object, name, NAN);
}

int64_t status_integer(const cJSON *object, const char *name)
{
    double value = status_number(object, name);
    return fabs(value) < PM_JSON_WHOLE_MAX ? (int64_t)value : 0;
}

const char *status_text(const cJSON *object, const char *name)
{
    const cJSON *item = status_member(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

bool status_is(const struct status_view *view, const char *name)
{
    return strcmp(status_text(view->state, "status"), name) == 0;
}

bool status_practises(const struct status_view *view)
{
    return strcmp(status_text(view->supervisor, "task"), "practice") == 0;
}
