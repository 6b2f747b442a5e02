#include "cli/queue_status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/queue_client.h>
#include <poolminer/stop.h>
#include <poolminer/terminal.h>
#include <poolminer/text.h>

enum { ANSWER_MS = 1000, STATUS_MAX = 4 << 20 };

bool queue_status_connect(const char *sidecar_url, const char *const *more_urls,
                          const char *key_file, struct pm_queue_client **out,
                          struct pm_error *error)
{
    char name[32];
    snprintf(name, sizeof name, "poolminer-%ld", (long)getpid());
    const struct pm_queue_client_config config = {.url = sidecar_url,
                                                  .more_urls = more_urls,
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

/* Progress is a worker's own word: what is not as expected is left out. */
static void add_evolution(const cJSON *worker, struct queue_evolution *evolution)
{
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(worker, "kind");
    const cJSON *progress = cJSON_GetObjectItemCaseSensitive(worker, "progress");
    double done = 0, total = 0, best = 0;
    if (!cJSON_IsString(kind) || strcmp(kind->valuestring, "evolve") != 0 ||
        !pm_json_number(progress, "done", &done, NULL) ||
        !pm_json_number(progress, "total", &total, NULL) || done < 0 || total <= 0) {
        return;
    }
    pm_json_optional_number(progress, "best", &best, NULL);
    evolution->jobs++;
    evolution->done += fmin(done, total);
    evolution->of_all += total;
    evolution->best = fmax(evolution->best, best);
}

/* They rest when all do that say anything of it. */
static void take_workers(const cJSON *root, struct queue_status *out)
{
    const cJSON *worker;
    bool working = false;
    cJSON_ArrayForEach(worker, cJSON_GetObjectItemCaseSensitive(root, "workers"))
    {
        const cJSON *paused = cJSON_GetObjectItemCaseSensitive(worker, "paused");
        const char *reason = cJSON_IsString(paused) ? paused->valuestring : "";
        working = working || reason[0] == '\0';
        snprintf(out->resting, sizeof out->resting, "%s", working ? "" : reason);
        add_evolution(worker, &out->evolution);
    }
    pm_text_make_printable(out->resting);
}

static bool take(const cJSON *root, struct queue_status *out, struct pm_error *error)
{
    const cJSON *jobs = NULL;
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(root, "records");
    *out = (struct queue_status){0};
    take_workers(root, out);
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

void queue_status_bar(const struct queue_status *status, char out[QUEUE_BAR_SIZE])
{
    enum { CELLS = 20 };
    const struct queue_evolution *evolution = &status->evolution;
    char cells[CELLS + 1], of[32] = "the evolution", best[32] = "";
    out[0] = '\0';
    if (evolution->jobs == 0) {
        return;
    }
    const double share = evolution->done / evolution->of_all;
    pm_terminal_bar(share, CELLS, cells);
    if (evolution->jobs > 1) {
        snprintf(of, sizeof of, "%d evolutions", evolution->jobs);
    }
    if (evolution->best > 0) {
        snprintf(best, sizeof best, ", best %.4f", evolution->best);
    }
    snprintf(out, QUEUE_BAR_SIZE, "[%s] %.0f %% of %s%s", cells, floor(100 * share), of, best);
}
