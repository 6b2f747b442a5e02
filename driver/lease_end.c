#include "driver/lease_end.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

enum { LEFT_OUT_MAX = 64, ANSWER_MAX_BYTES = 16 * 1024 };

void pm_lease_end_clear(struct pm_lease_end *end)
{
    cJSON_Delete(end->answer);
    cJSON_Delete(end->left_out);
    *end = (struct pm_lease_end){0};
}

void pm_lease_end_set(struct pm_lease_end *end, const char *state, const char *cause,
                      int64_t now_ms, int64_t late_ms, const char *format, ...)
{
    char text[sizeof end->reason.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pm_fail(&end->reason, PM_ERROR_REFUSED, "%s", text); /* the pool's words may be anything */
    end->state = state;
    end->cause = cause;
    end->closed_ms = now_ms;
    end->late_ms = late_ms > 0 ? late_ms : 0;
}

const char *pm_lease_refusal_cause(const char *reason)
{
    static const struct {
        const char *word, *cause;
    } words[] = {
        {"signature", PM_CAUSE_SIGNATURE},
        {"window", PM_CAUSE_WINDOW},
        {"iteration", PM_CAUSE_ITERATIONS},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(reason, words[i].word) != NULL) {
            return words[i].cause;
        }
    }
    return PM_CAUSE_CONTENT;
}

void pm_lease_end_leave_out(struct pm_lease_end *end, const char *job, const char *reason)
{
    if (end->left_out == NULL) {
        end->left_out = cJSON_CreateArray();
    }
    if (cJSON_GetArraySize(end->left_out) >= LEFT_OUT_MAX) {
        return;
    }
    cJSON *item = cJSON_CreateObject();
    if (pm_json_add_string(item, "job", job) && pm_json_add_string(item, "reason", reason)) {
        pm_json_append(end->left_out, item);
    } else {
        cJSON_Delete(item);
    }
}

size_t pm_lease_end_duplicates(const struct pm_lease_end *end)
{
    const cJSON *evolutions = cJSON_GetObjectItemCaseSensitive(end->answer, "evolutions");
    const cJSON *item = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(item, evolutions)
    {
        const cJSON *status = cJSON_GetObjectItemCaseSensitive(item, "status");
        count += cJSON_IsString(status) && strcmp(status->valuestring, "duplicate") == 0;
    }
    return count;
}

/* A pool may be talkative: its answer is kept while it is short. */
static bool is_short(const cJSON *answer)
{
    char text[ANSWER_MAX_BYTES];
    /* cJSON writes into the buffer and into nothing else. */
    return cJSON_PrintPreallocated((cJSON *)answer, text, sizeof text, false);
}

bool pm_lease_end_write(const struct pm_lease_end *end, cJSON *object)
{
    return pm_json_add_string(object, "cause", end->cause) &&
           pm_json_add_integer(object, "closed_ms", end->closed_ms) &&
           pm_json_add_integer(object, "late_ms", end->late_ms) &&
           pm_json_add_number(object, "http_status", end->http_status) &&
           (end->answer == NULL || !is_short(end->answer) ||
            pm_json_add_copy(object, "answer", end->answer)) &&
           (end->left_out == NULL || pm_json_add_copy(object, "left_out", end->left_out));
}
