/* poolminer gui: the page, and a miner that does what is ordered there. */
#include "cli/key.h"
#include "cli/miner.h"
#include "cli/occupancy.h"
#include "cli/page_address.h"
#include "cli/paths.h"
#include "cli/verb.h"

#include <stdio.h>
#include <stdlib.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

static void show(const char *directory, const char *address, bool browser)
{
    bool opened = browser && page_address_open(directory);
    printf("%s %s\n",
           opened ? "Your page, which your browser shows now:"
                  : "Your page, to be opened in a browser:",
           address);
    fflush(stdout);
}

/* Another process mines here: its page is the one to see. */
static bool show_running(const struct settings *settings, bool browser, struct pm_error *error)
{
    char *directory = NULL;
    char address[sizeof((struct miner *)NULL)->page_url];
    bool done = path_data_directory(settings->options, &directory, error) &&
                page_address_read(directory, address, sizeof address, error);
    if (done) {
        puts("A miner runs here already.");
        show(directory, address, browser);
    }
    free(directory);
    return done;
}

static bool look_after(struct miner *miner, struct pm_error *error)
{
    while (!pm_stop_requested()) {
        if (!miner_poll(miner, true, error)) {
            return false;
        }
        pm_clock_sleep_ms(100);
    }
    return true;
}

static bool serve(struct miner *miner, const struct settings *settings, bool browser,
                  struct pm_error *error)
{
    struct pm_error absent = {0};
    if (!miner_open(miner, settings, "gui", error)) {
        /* Refused: the data directory is another process's, whose page can be shown instead. */
        return error->code == PM_ERROR_REFUSED && miner->lock < 0 &&
               show_running(settings, browser, &absent);
    }
    if (miner->page_url[0] == '\0') {
        return pm_fail(error, PM_ERROR_INVALID,
                       "there is no page: http_port (--http-port) is -1, or no port is to be had");
    }
    show(miner->data_directory, miner->page_url, browser);
    puts("Start and stop mining there. Ctrl-C stops everything.");
    fflush(stdout);
    return look_after(miner, error);
}

static int run(const struct settings *settings)
{
    struct pm_error error = {0};
    struct miner miner = {.lock = -1};
    pm_program_output_is_optional();
    bool done = serve(&miner, settings, pm_options_flag(settings->options, "browser"), &error);
    bool interrupted = !done && error.code == PM_ERROR_INTERRUPTED;
    miner_close(&miner);
    return done || interrupted ? EXIT_DONE : verb_fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "browser",
     .type = PM_OPTION_FLAG,
     .default_value = "true",
     .help = "Open the page in the desktop's browser, where there is one."},
    KEY_PASSWORD_OPTION,
};

const struct verb verb_gui = {
    .name = "gui",
    .summary = "Opens a page on this machine to mine from: start, stop, watch, settings.",
    .usage = "poolminer gui [--config FILE] [--no-browser] [OPTION]...",
    .purpose = "Serves a page on 127.0.0.1 and does what is ordered there: mines for the pool of "
               "gui_config.json,\nor practises at a pool of its own. Opens the page in the "
               "desktop's browser, else prints its\naddress. Where a miner runs already it shows "
               "that one's page. Ctrl-C stops everything within\ntwo seconds.",
    .uses = USE_ALL,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run_settings = run,
};
