/* The part of `poolminer status` about what is wrong, and what was not paid. */
#include "cli/number.h"
#include "cli/status_view.h"

#include <string.h>

enum { TROUBLE_MAX = 3, NOT_PAID_MAX = 3, HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

static void write_remedy(const struct status_view *view, const cJSON *item)
{
    if (status_text(item, "remedy")[0] != '\0') {
        screen_row(view->screen, "", SCREEN_PLAIN, "-> %s", status_text(item, "remedy"));
    }
}

/* A line of the log, and what to do about it unless it is over. */
static void write_line(const struct status_view *view, const char *label, const cJSON *line)
{
    char moment[NUMBER_TEXT_SIZE], end[NUMBER_TEXT_SIZE];
    const bool is_bad = strcmp(status_text(line, "level"), "error") == 0;
    number_moment(status_integer(line, "time_ms"), view->now_ms, moment);
    if (status_integer(line, "over_ms") > 0) {
        number_moment(status_integer(line, "over_ms"), view->now_ms, end);
        screen_row(view->screen, label, SCREEN_PLAIN, "%s to %s %s: %s", moment, end,
                   status_text(line, "program"), status_text(line, "message"));
        return;
    }
    screen_row(view->screen, label, is_bad ? SCREEN_BAD : SCREEN_WARN, "%s %s: %s", moment,
               status_text(line, "program"), status_text(line, "message"));
    write_remedy(view, line);
}

/* The newest of the last hour; what keeps the pool from giving work is mostly among them. */
static void write_trouble(const struct status_view *view)
{
    const char *label = "Trouble", *now = status_text(view->miner, "trouble");
    const cJSON *line = NULL;
    bool is_told = !view->running || !status_is(view, "mining") || now[0] == '\0';
    int shown = 0;
    cJSON_ArrayForEach(line, status_member(view->state, "errors"))
    {
        if (shown == TROUBLE_MAX ||
            status_integer(view->state, "now_ms") - status_integer(line, "time_ms") > HOUR_MS) {
            break;
        }
        write_line(view, label, line);
        is_told = is_told || strcmp(status_text(line, "message"), now) == 0;
        label = "";
        shown++;
    }
    if (!is_told) {
        screen_row(view->screen, label, SCREEN_BAD,
                   "%s; it is tried again by itself, and nothing is lost", now);
    }
}

static void write_not_paid(const struct status_view *view)
{
    const char *label = "Not paid", *remedy = "";
    const cJSON *item = NULL;
    int shown = 0;
    cJSON_ArrayForEach(item, status_member(view->state, "not_paid"))
    {
        char moment[NUMBER_TEXT_SIZE];
        const int64_t at_ms = status_integer(item, "time_ms");
        if (shown == NOT_PAID_MAX || status_integer(view->state, "now_ms") - at_ms > DAY_MS) {
            break;
        }
        number_moment(at_ms, view->now_ms, moment);
        screen_row(view->screen, label, SCREEN_PLAIN, "%s %s: %s", moment,
                   status_text(item, "state"), status_text(item, "reason"));
        if (strcmp(status_text(item, "remedy"), remedy) !=
            0) { /* the same need not be said twice */
            remedy = status_text(item, "remedy");
            write_remedy(view, item);
        }
        label = "";
        shown++;
    }
}

void status_write_trouble(const struct status_view *view)
{
    write_trouble(view);
    write_not_paid(view);
}
