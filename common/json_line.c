#include <stdio.h>
#include <stdlib.h>

#include <poolminer/json.h>
#include <poolminer/json_line.h>

bool pm_json_line_print(const cJSON *value, struct pm_error *error)
{
    char *text = pm_json_print(value, error);
    if (text == NULL) {
        return false;
    }
    puts(text);
    fflush(stdout);
    free(text);
    return true;
}

bool pm_json_line_print_built(cJSON *object, bool complete, struct pm_error *error)
{
    const bool printed = object != NULL && complete
                             ? pm_json_line_print(object, error)
                             : pm_fail(error, PM_ERROR_MEMORY, "out of memory for the result");
    cJSON_Delete(object);
    return printed;
}
