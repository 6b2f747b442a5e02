/* What goes to the sidecar's view and comes from it: log lines, a supervisor's report and the
 * page's orders, the state as a whole. */
#include "common/queue_client_call.h"

#include <stdlib.h>

#include <poolminer/json.h>

bool pm_queue_client_tell_lines(struct pm_queue_client *client, const char *program, cJSON *lines,
                                struct pm_error *error)
{
    struct pm_error unheard = {0};
    struct pm_request request;
    if (error == NULL) {
        error = &unheard;
    }
    pm_request_begin(&request, "tell");
    pm_request_add_text(&request, "program", program);
    pm_request_add_item(&request, "lines", lines);
    request.id = client->open_tell_request;
    if (request.id == 0) {
        request.id = ++client->last_request_id;
    }
    const bool told = pm_queue_client_tell(client, &request, error);
    const bool unknown =
        !told && (error->code == PM_ERROR_UNAVAILABLE || error->code == PM_ERROR_INTERRUPTED);
    client->open_tell_request = unknown ? request.id : 0;
    return told;
}

static bool read_order(const cJSON *arguments, int64_t *number, cJSON **order,
                       struct pm_error *error)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(arguments, "order");
    if (!pm_json_integer(arguments, "number", number, error)) {
        return false;
    }
    if (*number == 0) {
        return true;
    }
    if (!cJSON_IsObject(given)) {
        return pm_fail(error, PM_ERROR_INVALID, "order: expected an object");
    }
    *order = cJSON_Duplicate(given, true);
    return *order != NULL || pm_fail(error, PM_ERROR_MEMORY, "out of memory");
}

bool pm_queue_client_supervise(struct pm_queue_client *client, const char *report, int64_t *number,
                               cJSON **order, struct pm_error *error)
{
    struct pm_request request;
    struct pm_reply reply;
    *number = 0;
    *order = NULL;
    pm_request_begin(&request, "supervise");
    pm_request_add_item(&request, "report", cJSON_Parse(report));
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    bool done = read_order(reply.message.arguments, number, order, error);
    pm_reply_clear(&reply);
    return done || pm_reply_fail("supervise", error);
}

bool pm_queue_client_state(struct pm_queue_client *client, char **json, int64_t *age_ms,
                           struct pm_error *error)
{
    struct pm_request request;
    struct pm_reply reply;
    const cJSON *state = NULL;
    *json = NULL;
    pm_request_begin(&request, "state");
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    bool done = pm_json_integer(reply.message.arguments, "age_ms", age_ms, error) &&
                pm_json_object(reply.message.arguments, "state", &state, error);
    if (done) {
        *json = pm_json_print(state, error);
    }
    pm_reply_clear(&reply);
    return *json != NULL || pm_reply_fail("state", error);
}
