/* Pausing and going on: what a person wishes, and what workers tell of themselves. */
#include "common/queue_client_call.h"

#include <string.h>

#include <poolminer/json.h>

static bool read_wish(const struct pm_reply *reply, enum pm_wish *out, struct pm_error *error)
{
    const char *name;
    return pm_json_string(reply->message.arguments, "wish", &name, error) &&
           pm_wish_parse(name, out, error);
}

static bool read_state(const struct pm_reply *reply, struct pm_wish_state *out,
                       struct pm_error *error)
{
    return read_wish(reply, &out->wish, error) &&
           pm_json_integer(reply->message.arguments, "since_ms", &out->since_ms, error);
}

bool pm_queue_client_wish(struct pm_queue_client *client, const enum pm_wish *wish,
                          struct pm_wish_state *out, struct pm_error *error)
{
    struct pm_request request;
    struct pm_reply reply;
    pm_request_begin(&request, "wish");
    if (wish != NULL) {
        pm_request_add_text(&request, "wish", pm_wish_name(*wish));
    }
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    const bool good = read_state(&reply, out, error);
    pm_reply_clear(&reply);
    return good || pm_reply_fail("wish", error);
}

bool pm_queue_client_report(struct pm_queue_client *client, const char *paused,
                            const char *report_json, enum pm_wish *wish, struct pm_error *error)
{
    struct pm_request request;
    struct pm_reply reply;
    pm_request_begin(&request, "report");
    pm_request_add_text(&request, "paused", paused);
    if (report_json != NULL) {
        pm_request_add_item(&request, "report", cJSON_Parse(report_json));
    }
    if (!pm_queue_client_call(client, &request, 0, &reply, error)) {
        return false;
    }
    const bool good = read_wish(&reply, wish, error);
    pm_reply_clear(&reply);
    return good || pm_reply_fail("report", error);
}
