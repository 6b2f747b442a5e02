/* The log lines that programs tell, on their way to the history. */
#include "sidecar/view_internal.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/text.h>

static bool read_line(const cJSON *item, struct pm_history_line *line, struct pm_error *error)
{
    const char *level, *id, *message;
    if (!pm_json_integer(item, "time_ms", &line->unix_ms, error) ||
        !pm_json_string(item, "level", &level, error) || !pm_json_string(item, "id", &id, error) ||
        !pm_json_string(item, "message", &message, error)) {
        return false;
    }
    if (!pm_log_level_parse(level, &line->level, error)) {
        return false;
    }
    if ((size_t)snprintf(line->id, sizeof line->id, "%s", id) >= sizeof line->id) {
        return pm_fail(error, PM_ERROR_INVALID, "id: more than %d bytes", PM_HISTORY_ID_MAX);
    }
    snprintf(line->message, sizeof line->message, "%s", message);
    pm_text_make_printable(line->message); /* it may have been cut within a character */
    pm_text_make_printable(line->id);
    return true;
}

/* With the mutex held. */
static void add_pending(struct pm_view *view, const struct pm_history_line *line)
{
    if (view->pending_count < PM_VIEW_PENDING_MAX) {
        view->pending[view->pending_count++] = *line;
    }
    pthread_cond_broadcast(&view->changed);
}

bool pm_view_tell(struct pm_view *view, const char *program, const cJSON *lines,
                  struct pm_error *error)
{
    struct pm_history_line line = {0};
    const cJSON *item = NULL;
    size_t length = strlen(program);
    if (length == 0 || length > PM_HISTORY_PROGRAM_MAX) {
        return pm_fail(error, PM_ERROR_INVALID, "program: must have 1 to %d bytes",
                       PM_HISTORY_PROGRAM_MAX);
    }
    if (cJSON_GetArraySize(lines) > PM_VIEW_LINES_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "lines: more than %d", PM_VIEW_LINES_MAX);
    }
    cJSON_ArrayForEach(item, lines)
    {
        if (!read_line(item, &line, error)) {
            return false;
        }
        memcpy(line.program, program, length + 1);
        pm_text_make_printable(line.program);
        pthread_mutex_lock(&view->mutex);
        add_pending(view, &line);
        pthread_mutex_unlock(&view->mutex);
    }
    return true;
}

void pm_view_observe(void *context, enum pm_log_level level, const char *id, const char *message,
                     int64_t unix_ms)
{
    struct pm_view *view = context;
    struct pm_history_line line = {.unix_ms = unix_ms, .level = level, .program = "sidecar"};
    snprintf(line.id, sizeof line.id, "%s", id);
    snprintf(line.message, sizeof line.message, "%s", message);
    pm_text_make_printable(line.message);
    pthread_mutex_lock(&view->mutex);
    add_pending(view, &line);
    pthread_mutex_unlock(&view->mutex);
}
