/* What the miner reports to the page; docs/page.md describes it. */
#include "cli/forecast.h"
#include "cli/miner.h"
#include "cli/settings_describe.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { FORECAST_EVERY_MS = 5000, RECORDS_MAX = 8, FIGURES_MAX = 1 << 20 };

static const char *const STATUS_NAMES[] = {[MINER_IDLE] = "idle",
                                           [MINER_STARTING] = "starting",
                                           [MINER_MINING] = "mining",
                                           [MINER_STOPPING] = "stopping",
                                           [MINER_FAILED] = "failed"};

static bool add_answer(cJSON *report, const struct miner_answer *answer)
{
    cJSON *object = cJSON_AddObjectToObject(report, "answered");
    return pm_json_add_integer(object, "number", answer->number) &&
           pm_json_add_bool(object, "ok", answer->ok) &&
           pm_json_add_string(object, "message", answer->message);
}

static bool add_programs(cJSON *report, const char *name, const struct supervisor *supervisor)
{
    cJSON *list = cJSON_AddArrayToObject(report, name);
    struct child_state state;
    for (size_t i = 0; supervisor_child(supervisor, i, &state); i++) {
        cJSON *item = pm_json_append_object(list);
        if (!pm_json_add_string(item, "name", state.name) ||
            !pm_json_add_bool(item, "running", state.running) ||
            !pm_json_add_number(item, "restarts", state.ends)) {
            return false;
        }
    }
    return list != NULL;
}

static bool add_task(cJSON *report, struct miner *miner)
{
    bool practises = miner->task == MINER_PRACTICE;
    const struct pm_options *options = miner_options(miner);
    if (practises && miner->address[0] == '\0') {
        practice_find_address(miner);
    }
    return pm_json_add_string(report, "task", miner_task_name(miner->task)) &&
           pm_json_add_string(report, "run",
                              practises ? PRACTICE_RUN : pm_options_text(options, "run-id")) &&
           pm_json_add_string(report, "pool",
                              practises ? miner->pool_url : pm_options_text(options, "pool-url")) &&
           (!practises || pm_json_add_string(report, "hotkey", miner->address));
}

/* ---- the forecast ---- */

/* Of a driver's figures. False: they are not this miner's, for in practice its partner has some
 * too; there may be no forecast in those that are. */
static bool forecast_from_record(const struct miner *miner, const struct pm_record *record,
                                 cJSON **out)
{
    struct pm_pool_forecast forecast;
    cJSON *figures = NULL;
    const char *hotkey = "";
    bool done = pm_json_parse(record->body, record->body_size, FIGURES_MAX, &figures, NULL) &&
                pm_json_optional_string(figures, "hotkey", &hotkey, NULL) &&
                (miner->task != MINER_PRACTICE || strcmp(hotkey, miner->address) == 0);
    if (done && forecast_from_figures(figures, &forecast)) {
        *out = forecast_write(&forecast);
    }
    cJSON_Delete(figures);
    return done;
}

static void update_forecast(struct miner *miner)
{
    struct pm_records records;
    bool found = false;
    const char *run = miner->task == MINER_PRACTICE
                          ? PRACTICE_RUN
                          : pm_options_text(miner_options(miner), "run-id");
    if (pm_clock_monotonic_ms() < miner->next_forecast_ms) {
        return;
    }
    miner->next_forecast_ms = pm_clock_monotonic_ms() + FORECAST_EVERY_MS;
    cJSON_Delete(miner->forecast);
    miner->forecast = NULL;
    if (miner->status != MINER_MINING ||
        !pm_queue_client_records(miner->client, run, "figures/", "", RECORDS_MAX, &records, NULL)) {
        return;
    }
    /* The newest only: older ones are of another pool or key. */
    for (size_t i = 0; i < records.count && !found; i++) {
        found = forecast_from_record(miner, &records.items[i], &miner->forecast);
    }
    pm_records_clear(&records);
}

char *miner_report_write(struct miner *miner)
{
    cJSON *report = cJSON_CreateObject();
    update_forecast(miner);
    bool done =
        pm_json_add_string(report, "program", miner->program) &&
        pm_json_add_string(report, "status", STATUS_NAMES[miner->status]) &&
        pm_json_add_integer(report, "since_ms", miner->since_ms) && add_task(report, miner) &&
        pm_json_add_string(report, "data_dir", miner->data_directory) &&
        pm_json_add_string(report, "failure", miner->failure) &&
        add_answer(report, &miner->answer) && add_programs(report, "programs", miner->work) &&
        (miner->forecast == NULL ||
         cJSON_AddItemReferenceToObject(report, "forecast", miner->forecast)) &&
        (miner->settings == NULL ||
         cJSON_AddItemReferenceToObject(report, "settings", miner->settings));
    char *text = done ? pm_json_print(report, NULL) : NULL;
    cJSON_Delete(report);
    return text;
}

/* ---- settings ---- */

/* The settings as they are now, or, when they cannot be loaded, why. */
static cJSON *describe_settings(const struct miner *miner)
{
    struct pm_error error = {0};
    struct settings now;
    char *path = NULL;
    bool there = false;
    cJSON *object = cJSON_CreateObject();
    cJSON *rows = NULL;
    if (settings_file(miner->session, &path, &there, &error)) {
        pm_json_add_string(object, "file", path);
        cJSON_AddBoolToObject(object, "exists", there);
    }
    if (settings_load_again(miner->session, &now, &error)) {
        rows = settings_describe(now.options);
        settings_clear(&now);
    }
    pm_json_add_string(object, "error", error.message);
    pm_json_add(object, "rows", rows);
    free(path);
    return object;
}

void miner_report_settings(struct miner *miner)
{
    cJSON_Delete(miner->settings);
    miner->settings = describe_settings(miner);
    miner->next_report_ms = 0;
}
