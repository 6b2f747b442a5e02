#include "cli/status_screen.h"

#include "cli/number.h"
#include "cli/status_view.h"

static void write_since(const struct status_view *view, const char *word, enum screen_tone tone,
                        int64_t since_ms)
{
    char moment[NUMBER_TEXT_SIZE], duration[NUMBER_TEXT_SIZE];
    number_moment(since_ms, view->now_ms, moment);
    number_duration(view->now_ms - since_ms, duration);
    screen_row(view->screen, "Status", tone, "%s since %s (%s)", word, moment, duration);
}

static void write_status(const struct status_view *view)
{
    const int64_t since_ms = status_integer(view->supervisor, "since_ms") > 0
                                 ? status_integer(view->supervisor, "since_ms")
                                 : status_integer(view->state, "started_ms");
    if (status_is(view, "mining")) {
        write_since(view, "mining", SCREEN_GOOD, since_ms);
    } else if (status_is(view, "paused")) {
        write_since(view, "paused by a person; `poolminer resume` goes on; mining", SCREEN_WARN,
                    since_ms);
    } else if (status_is(view, "failed")) {
        write_since(view, "failed", SCREEN_BAD, since_ms);
        screen_row(view->screen, "", SCREEN_BAD, "%s", status_text(view->supervisor, "failure"));
    } else if (status_is(view, "idle")) {
        write_since(view,
                    cJSON_IsObject(view->supervisor)
                        ? "idle: not mining (start it on the page of `poolminer gui`)"
                        : "idle: no driver and no job here",
                    SCREEN_WARN, since_ms);
    } else {
        write_since(view, status_text(view->state, "status"), SCREEN_WARN, since_ms);
    }
}

static void write_not_running(const struct status_view *view, const struct status_found *found)
{
    char moment[NUMBER_TEXT_SIZE], duration[NUMBER_TEXT_SIZE];
    const int64_t seen_ms = status_integer(view->state, "now_ms");
    screen_row(view->screen, "Status", SCREEN_BAD, "not running: %s", found->reason);
    if (seen_ms > 0) {
        number_moment(seen_ms, view->now_ms, moment);
        number_duration(view->now_ms - seen_ms, duration);
        screen_row(view->screen, "", SCREEN_PLAIN,
                   "last seen %s (%s ago); what was known then:", moment, duration);
    }
}

static void write_who(const struct status_view *view)
{
    const char *pool = status_text(view->miner, "pool");
    if (pool[0] == '\0') {
        pool = status_text(view->supervisor, "pool");
    }
    if (pool[0] != '\0') {
        screen_row(view->screen, "Pool", SCREEN_PLAIN, "%s%s%s", pool,
                   status_practises(view) ? " (practice: worth nothing)" : "",
                   cJSON_IsTrue(status_member(view->miner, "pool_is_away")) ? " (does not answer)"
                                                                            : "");
    }
    if (status_text(view->miner, "hotkey")[0] != '\0') {
        screen_row(view->screen, "Hotkey", SCREEN_PLAIN, "%s", status_text(view->miner, "hotkey"));
    }
}

void status_screen_write(struct screen *screen, const struct status_found *found, int64_t now_ms)
{
    const cJSON *state = found->state, *miner = status_member(state, "miner");
    const struct status_view view = {.screen = screen,
                                     .state = state,
                                     .miner = miner,
                                     .stats = status_member(miner, "stats"),
                                     .counters = status_member(miner, "counters"),
                                     .balance = status_member(miner, "balance"),
                                     .supervisor = status_member(state, "supervisor"),
                                     .running = found->running,
                                     .now_ms = now_ms};
    if (found->running) {
        write_status(&view);
    } else {
        write_not_running(&view, found);
    }
    if (state == NULL) {
        return;
    }
    write_who(&view);
    screen_blank(screen);
    if (found->running && (status_is(&view, "mining") || status_is(&view, "paused"))) {
        status_write_work(&view);
        screen_blank(screen);
    }
    status_write_figures(&view);
    if (found->running) {
        status_write_machines(&view);
    }
    status_write_trouble(&view);
}
