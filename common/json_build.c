#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include <poolminer/json.h>

/* cJSON leaves an item that it could not add with the caller. */
bool pm_json_add(cJSON *object, const char *key, cJSON *item)
{
    if (cJSON_AddItemToObject(object, key, item)) {
        return true;
    }
    cJSON_Delete(item);
    return false;
}

bool pm_json_add_string(cJSON *object, const char *key, const char *value)
{
    return cJSON_AddStringToObject(object, key, value) != NULL;
}

bool pm_json_add_bool(cJSON *object, const char *key, bool value)
{
    return cJSON_AddBoolToObject(object, key, value) != NULL;
}

bool pm_json_add_null(cJSON *object, const char *key)
{
    return cJSON_AddNullToObject(object, key) != NULL;
}

bool pm_json_add_number(cJSON *object, const char *key, double value)
{
    return cJSON_AddNumberToObject(object, key, value) != NULL;
}

bool pm_json_add_integer(cJSON *object, const char *key, int64_t value)
{
    char digits[24];
    if (fabs((double)value) < PM_JSON_WHOLE_MAX) {
        return pm_json_add(object, key, cJSON_CreateNumber((double)value));
    }
    snprintf(digits, sizeof digits, "%" PRId64, value);
    return pm_json_add(object, key, cJSON_CreateRaw(digits));
}

bool pm_json_add_copy(cJSON *object, const char *key, const cJSON *value)
{
    return pm_json_add(object, key,
                       value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull());
}

bool pm_json_append(cJSON *array, cJSON *item)
{
    if (cJSON_AddItemToArray(array, item)) {
        return true;
    }
    cJSON_Delete(item);
    return false;
}

cJSON *pm_json_append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    return pm_json_append(array, object) ? object : NULL;
}
