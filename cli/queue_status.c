#include "cli/queue_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>

enum { ANSWER_MS = 1000, STATUS_MAX = 4 << 20 };

bool queue_status_connect(const char *sidecar_url, const char *key_file,
                          struct pm_queue_client **out, struct pm_error *error)
{
    char name[32];
    snprintf(name, sizeof name, "poolminer-%ld", (long)getpid());
    const struct pm_queue_client_config config = {.url = sidecar_url,
                                                  .key_file = key_file,
                                                  .role = "admin",
                                                  .name = name,
                                                  .timeout_ms = ANSWER_MS};
    if (!pm_queue_client_create(&config, out, error)) {
        return false;
    }
    pm_queue_client_set_stop_flag(*out, pm_stop_flag());
    return true;
}

static bool take(const cJSON *root, struct queue_status *out, struct pm_error *error)
{
    const cJSON *jobs = NULL;
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(root, "records");
    *out = (struct queue_status){0};
    return pm_json_object(root, "jobs", &jobs, error) &&
           pm_json_integer(jobs, "queued", &out->queued, error) &&
           pm_json_integer(jobs, "leased", &out->leased, error) &&
           pm_json_integer(jobs, "completed", &out->completed, error) &&
           pm_json_optional_integer(records, "submitted", &out->submitted, error);
}

bool queue_status_read(struct pm_queue_client *client, struct queue_status *out,
                       struct pm_error *error)
{
    char *text = NULL;
    cJSON *root = NULL;
    bool done = pm_queue_client_status(client, &text, error) &&
                pm_json_parse(text, strlen(text), STATUS_MAX, &root, error) &&
                take(root, out, error);
    cJSON_Delete(root);
    free(text);
    return done;
}
