/* What the page orders: {"action": "start", "task": "pool"}, {"action": "stop"}, {"action":
 * "settings", "changes": {...}}. */
#include "cli/miner.h"
#include "cli/settings_edit.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

enum { FILE_MAX = 64 * 1024, FILE_MODE = 0644 };

static bool start(struct miner *miner, const cJSON *order, struct pm_error *error)
{
    const char *name = "pool";
    enum miner_task task;
    if (!pm_json_optional_string(order, "task", &name, error)) {
        return false;
    }
    if (!miner_task_parse(name, &task)) {
        return pm_fail(error, PM_ERROR_INVALID, "task: expected pool or practice");
    }
    return miner_start(miner, task, error);
}

static bool stop(struct miner *miner, const cJSON *order, struct pm_error *error)
{
    (void)order;
    (void)error;
    miner->failure[0] = '\0';
    miner_stop(miner);
    return true;
}

/* ---- settings ---- */

static bool make_directory_of(const char *path, struct pm_error *error)
{
    char *copy = strdup(path);
    bool done = copy != NULL ? pm_file_make_directories(dirname(copy), 0700, error)
                             : pm_fail(error, PM_ERROR_MEMORY, "settings: no memory");
    free(copy);
    return done;
}

/* The new text is checked before the old one is touched. */
static bool change_file(struct miner *miner, const char *path, bool there, const cJSON *changes,
                        struct pm_error *error)
{
    char *old = NULL;
    size_t length = 0;
    if (there && !pm_file_read(path, FILE_MAX, &old, &length, error)) {
        return false;
    }
    char *text = settings_edit(old != NULL ? old : "", changes, error);
    bool done = text != NULL && settings_check(miner->session, text, path, error) &&
                (there || make_directory_of(path, error)) &&
                pm_file_write_atomic(path, text, strlen(text), FILE_MODE, true, error);
    free(text);
    free(old);
    return done;
}

static bool change_settings(struct miner *miner, const cJSON *order, struct pm_error *error)
{
    const cJSON *changes = NULL;
    char *path = NULL;
    bool there = false;
    bool done = pm_json_object(order, "changes", &changes, error) &&
                settings_file(miner->session, &path, &there, error) &&
                change_file(miner, path, there, changes, error);
    free(path);
    if (done) {
        miner_report_settings(miner);
    }
    return done;
}

/* ---- all of them ---- */

static const struct {
    const char *action;
    bool (*obey)(struct miner *miner, const cJSON *order, struct pm_error *error);
} ACTIONS[] = {{"start", start}, {"stop", stop}, {"settings", change_settings}};

static bool obey(struct miner *miner, const cJSON *order, struct pm_error *error)
{
    const char *action = "";
    if (!pm_json_string(order, "action", &action, error)) {
        return false;
    }
    for (size_t i = 0; i < sizeof ACTIONS / sizeof *ACTIONS; i++) {
        if (strcmp(ACTIONS[i].action, action) == 0) {
            return ACTIONS[i].obey(miner, order, error);
        }
    }
    return pm_fail(error, PM_ERROR_INVALID, "action: expected start, stop or settings");
}

void miner_obey(struct miner *miner, int64_t number, const cJSON *order)
{
    struct pm_error error = {0};
    bool done = obey(miner, order, &error);
    miner->answer = (struct miner_answer){.number = number, .ok = done};
    snprintf(miner->answer.message, sizeof miner->answer.message, "%s", error.message);
}
