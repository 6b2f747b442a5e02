/* poolminer status: whether it mines, how it does, what it earns, in one screen. */
#include "cli/sidecar_url.h"
#include "cli/status_find.h"
#include "cli/status_screen.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/json_line.h>
#include <poolminer/stop.h>

enum { EVERY_MS = 1000, TICK_MS = 100 };

/* ---- once ---- */

static bool print_json(const struct status_found *found, struct pm_error *error)
{
    cJSON *object = cJSON_CreateObject();
    bool done = pm_json_add_bool(object, "running", found->running) &&
                pm_json_add_string(object, "reason", found->reason) &&
                pm_json_add_copy(object, "state", found->state);
    return pm_json_line_print_built(object, done, error);
}

static void print_screen(const struct status_found *found, bool redraw)
{
    struct screen screen;
    screen_open(&screen);
    status_screen_write(&screen, found, pm_clock_unix_ms());
    screen_show(&screen, redraw);
    screen_close(&screen);
}

static bool print_once(const struct pm_options *options, bool redraw, bool *running,
                       struct pm_error *error)
{
    struct status_found found;
    bool done = status_find(options, &found, error);
    *running = done && found.running;
    if (done && pm_options_flag(options, "json")) {
        done = print_json(&found, error);
    } else if (done) {
        print_screen(&found, redraw);
    }
    status_found_clear(&found);
    return done;
}

/* ---- again and again ---- */

static void rest(int64_t until_ms)
{
    while (!pm_stop_requested() && pm_clock_monotonic_ms() < until_ms) {
        pm_clock_sleep_ms(TICK_MS);
    }
}

/* On a terminal in a screen of its own, which gives way to what was there before. */
static bool watch(const struct pm_options *options, struct pm_error *error)
{
    const bool redraw = isatty(STDOUT_FILENO) && !pm_options_flag(options, "json");
    bool done = true, running = false;
    if (redraw) {
        fputs("\033[?1049h", stdout);
    }
    while (done && !pm_stop_requested() && !ferror(stdout)) {
        const int64_t next_ms = pm_clock_monotonic_ms() + EVERY_MS;
        done = print_once(options, redraw, &running, error);
        if (done && !redraw && !pm_options_flag(options, "json")) {
            puts("");
        }
        rest(next_ms);
    }
    if (redraw) {
        fputs("\033[?1049l", stdout);
        fflush(stdout);
    }
    return done || error->code == PM_ERROR_INTERRUPTED;
}

static int run(const struct pm_options *options)
{
    struct pm_error error = {0};
    bool running = true;
    pm_stop_install();
    bool done = pm_options_flag(options, "watch") ? watch(options, &error)
                                                  : print_once(options, false, &running, &error);
    if (!done) {
        return verb_fail(&error);
    }
    return running ? EXIT_DONE : EXIT_FAILED;
}

static const struct pm_option OPTIONS[] = {
    {.name = "json",
     .type = PM_OPTION_FLAG,
     .help = "One line of JSON: running, reason, and as `state` what docs/page.md describes."},
    {.name = "watch",
     .type = PM_OPTION_FLAG,
     .help = "Again every second, until Ctrl-C; with --json a line each time."},
    SIDECAR_URL_OPTIONS,
};

const struct verb verb_status = {
    .name = "status",
    .summary = "Shows whether it mines, how it does and what it earns.",
    .usage = "poolminer status [--watch] [--json] [OPTION]...",
    .purpose = "Shows in one screen whether a miner runs here, its lease, what it has evaluated, "
               "evolved and\nearned, and what is wrong. Where none runs it shows what was known "
               "last, and exits with 1.",
    .uses = USE_QUEUE,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run = run,
};
