/* Server-sent events: a `state` whenever there is a new one, `lines` when there are new ones, and a
 * comment now and then, by which both sides learn that the other is there. */
#include "sidecar/page_internal.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/text.h>

enum { LINES_AT_ONCE = 100, SILENCE_MS = 10000 };

struct events {
    struct pm_view *view;
    uint64_t version;  /* of the state sent last */
    int64_t last_line; /* sent */
    int64_t spoke_ms;
    struct pm_text pending;
    size_t sent; /* of what is pending */
};

/* Neither contains a line break: JSON escapes them. */
static void add_event(struct events *events, const char *name, const char *data)
{
    pm_text_append(&events->pending, "event: %s\ndata: ", name);
    pm_text_append_bytes(&events->pending, data, strlen(data));
    pm_text_append(&events->pending, "\n\n");
}

static void add_state(struct events *events)
{
    uint64_t version = pm_view_version(events->view);
    char *state = NULL;
    int64_t age_ms;
    if (version != events->version && pm_view_state_last(events->view, &state, &age_ms, NULL)) {
        events->version = version;
        add_event(events, "state", state);
    }
    free(state);
}

static void add_lines(struct events *events)
{
    struct pm_history *history = pm_view_history(events->view);
    if (pm_history_last_line(history) <= events->last_line) {
        return;
    }
    cJSON *document =
        pm_history_lines(history, events->last_line, PM_LOG_DEBUG, LINES_AT_ONCE, NULL);
    char *text = document != NULL ? pm_json_print(document, NULL) : NULL;
    if (text != NULL) {
        pm_json_integer(document, "cursor", &events->last_line, NULL);
        add_event(events, "lines", text);
    }
    free(text);
    cJSON_Delete(document);
}

static void add_sign_of_life(struct events *events)
{
    int64_t now_ms = pm_clock_monotonic_ms();
    if (events->pending.length > 0) {
        events->spoke_ms = now_ms;
    } else if (now_ms - events->spoke_ms >= SILENCE_MS) {
        events->spoke_ms = now_ms;
        pm_text_append(&events->pending, ": nothing new\n\n");
    }
}

static size_t read_events(void *context, char *out, size_t size)
{
    struct events *events = context;
    if (events->sent == events->pending.length) {
        pm_text_clear(&events->pending);
        events->sent = 0;
        add_state(events);
        add_lines(events);
        add_sign_of_life(events);
        if (events->pending.failed) {
            pm_text_clear(&events->pending);
        }
    }
    size_t left = events->pending.length - events->sent;
    size_t count = left < size ? left : size;
    if (count > 0) {
        memcpy(out, events->pending.data + events->sent, count);
        events->sent += count;
    }
    return count;
}

static void close_events(void *context)
{
    struct events *events = context;
    pm_view_watch(events->view, false);
    pm_text_clear(&events->pending);
    free(events);
}

bool pm_page_events_open(struct pm_view *view, struct pm_http_stream *out)
{
    struct events *events = calloc(1, sizeof *events);
    if (events == NULL) {
        return false;
    }
    events->view = view;
    events->last_line = pm_history_last_line(pm_view_history(view));
    events->spoke_ms = pm_clock_monotonic_ms();
    pm_text_append(&events->pending, "retry: 1000\n\n");
    *out = (struct pm_http_stream){.read = read_events, .close = close_events, .context = events};
    pm_view_watch(view, true);
    return true;
}
