/* poolminer mine: sidecar, worker and driver from one settings file, kept alive, told of once a
 * minute, stopped together. */
#include "cli/figures.h"
#include "cli/key.h"
#include "cli/miner.h"
#include "cli/money.h"
#include "cli/number.h"
#include "cli/queue_status.h"
#include "cli/verb.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>
#include <poolminer/program.h>
#include <poolminer/service.h>
#include <poolminer/stop.h>

/* The driver writes its summary once a minute: ours is told a little later. */
enum { SUMMARY_LINE_MS = 60000, LAG_MS = 5000, HINT_MS = 10000, LOOK_MS = 1000 };

struct mining {
    struct miner miner;
    bool key_is_told;             /* where the key is has been said */
    bool pool_is_told;            /* how to find a pool has been said */
    bool resting;                 /* as last said */
    struct queue_status at_start; /* what earlier runs left in the store */
    struct next {
        int64_t line_ms, look_ms, hint_ms; /* monotonic */
    } next;
};

/* A line for who watches; into the log too where that is kept, and only there where all that is
 * printed is for programs. `rest` goes on below it, and is no event. */
static void say(const char *id, const char *rest, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(const char *id, const char *rest, const char *format, ...)
{
    char line[1024], now[16];
    const time_t seconds = time(NULL);
    struct tm local;
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    pm_service_tell("STATUS=%s", line);
    if (pm_log_has_file() || pm_log_is_json()) {
        pm_log(PM_LOG_INFO, id, "%s", line);
    }
    if (!pm_log_is_json()) {
        localtime_r(&seconds, &local);
        strftime(now, sizeof now, "%H:%M:%S", &local);
        printf("%s  %s%s\n", now, line, rest);
        fflush(stdout);
    }
}

/* Has the pool given anything to do in this run? False also when the sidecar does not answer, with
 * `status` all 0. */
static bool has_work(struct mining *mining, struct queue_status *status, bool *answered)
{
    *status = (struct queue_status){0};
    *answered = queue_status_read(mining->miner.client, status, NULL);
    return status->queued > 0 || status->leased > 0 ||
           status->completed > mining->at_start.completed ||
           status->submitted > mining->at_start.submitted;
}

/* A beginner's likeliest trouble: no pool where the settings say. */
static void print_no_work(struct mining *mining)
{
    static const char how[] =
        " Does a pool run there? Its address is pool_endpoint in gui_config.json\n          (or "
        "--pool-url); poolminer-pool, beside this program, starts a local one.";
    say("MINE-NO-WORK", mining->pool_is_told ? "" : how, "no work from %s yet.",
        pm_options_text(miner_options(&mining->miner), "pool-url"));
    mining->pool_is_told = true;
}

/* Who rests asks for no work. */
static void print_hint(struct mining *mining)
{
    struct queue_status status;
    bool answered;
    if (!has_work(mining, &status, &answered) && answered && status.resting[0] == '\0') {
        print_no_work(mining);
    }
}

/* Said when it begins and when it ends; the line a minute repeats why. */
static void tell_of_rest(struct mining *mining)
{
    struct queue_status status;
    if (!queue_status_read(mining->miner.client, &status, NULL) ||
        (status.resting[0] != '\0') == mining->resting) {
        return;
    }
    mining->resting = !mining->resting;
    if (mining->resting) {
        say("MINE-RESTS", "", "resting: %s", status.resting);
    } else {
        say("MINE-GOES-ON", "", "computing goes on");
    }
}

/* What the pool says of this miner, ending with `tail`. */
static void print_figures(const struct figures *figures, const char *tail)
{
    char evaluated[NUMBER_TEXT_SIZE], evolved[NUMBER_TEXT_SIZE], paid[MONEY_TEXT_SIZE];
    char accuracy[40] = "none judged yet", judged[64] = "none judged yet";
    if (figures->evaluations_finalised > 0) {
        snprintf(accuracy, sizeof accuracy, "%.0f %% accurate",
                 100.0 * (double)figures->evaluations_accurate /
                     (double)figures->evaluations_finalised);
    }
    if (figures->evolutions_finalised > 0) {
        snprintf(judged, sizeof judged, "%" PRId64 " over the threshold, best score %.4f",
                 figures->evolutions_over_threshold, figures->best_score);
    }
    number_text(figures->evaluations, evaluated);
    number_text(figures->evolutions, evolved);
    money_both(figures->paid_rao, paid);
    say("MINE-FIGURES", "", "evaluated %s (%s), evolved %s (%s), reputation %.2f, paid %s%s",
        evaluated, accuracy, evolved, judged, figures->reputation, paid, tail);
}

/* What there is to do, and how far it is. */
static void describe_queue(const struct queue_status *status, char *out, size_t size)
{
    char bar[QUEUE_BAR_SIZE];
    queue_status_bar(status, bar);
    const char *resting = status->resting;
    snprintf(out, size, "; %" PRId64 " computing, %" PRId64 " waiting%s%s%s%s", status->leased,
             status->queued, bar[0] != '\0' ? "; " : "", bar,
             resting[0] != '\0' ? "; resting: " : "", resting);
}

static void print_line(struct mining *mining)
{
    char queue[512] = "; the sidecar does not answer";
    struct queue_status status;
    bool answered, works = has_work(mining, &status, &answered);
    if (answered) {
        describe_queue(&status, queue, sizeof queue);
    }
    struct figures figures;
    bool known = figures_read(mining->miner.summary, &figures, NULL);
    if (known) {
        print_figures(&figures, queue);
    } else if (answered && !works && status.resting[0] == '\0') {
        print_no_work(mining);
    } else {
        say("MINE-FIGURES", "", "%" PRId64 " jobs computed, the pool has told no figures yet%s",
            status.completed - mining->at_start.completed, queue);
    }
}

/* A new key is the driver's to make: until its file is there, there is none to speak of. */
static void tell_of_key(struct mining *mining)
{
    const struct miner *miner = &mining->miner;
    if (mining->key_is_told || access(miner->hotkey_file, F_OK) != 0) {
        return;
    }
    mining->key_is_told = true;
    printf("Your key is %s%s\n", miner->hotkey_file,
           miner->key_is_new ? ", made on this first use: keep a copy of that file." : ".");
    fflush(stdout);
}

static bool is_due(int64_t *next_ms, int64_t every_ms)
{
    const int64_t now_ms = pm_clock_monotonic_ms();
    if (now_ms < *next_ms) {
        return false;
    }
    *next_ms = now_ms + every_ms;
    return true;
}

static void tell(struct mining *mining)
{
    struct next *next = &mining->next;
    tell_of_key(mining);
    if (is_due(&next->look_ms, LOOK_MS)) {
        tell_of_rest(mining);
    }
    if (is_due(&next->hint_ms, INT64_MAX / 2)) {
        print_hint(mining);
    }
    if (is_due(&next->line_ms, SUMMARY_LINE_MS)) {
        print_line(mining);
    }
}

/* Until asked to stop, or until the driver's duration is over. */
static bool look_after(struct mining *mining, struct pm_error *error)
{
    const int64_t now_ms = pm_clock_monotonic_ms();
    mining->next = (struct next){.line_ms = now_ms + SUMMARY_LINE_MS + LAG_MS,
                                 .look_ms = now_ms,
                                 .hint_ms = now_ms + HINT_MS};
    while (!pm_stop_requested() && !miner_is_done(&mining->miner)) {
        if (!miner_poll(&mining->miner, false, error)) {
            return false;
        }
        tell(mining);
        pm_clock_sleep_ms(100);
    }
    if (!pm_stop_requested()) {
        print_line(mining); /* the driver has just asked for the last figures */
    }
    return true;
}

static void print_start(const struct miner *miner)
{
    printf("Mining for %s. Ctrl-C stops, and loses nothing. No fee is taken but the pool's.\n"
           "Your files are in %s, the sidecar is at %s.\n",
           pm_options_text(miner_options(miner), "pool-url"), miner->data_directory,
           miner->sidecar_url);
    if (miner->page_url[0] != '\0') {
        printf("Your page: %s\n", miner->page_url);
    }
    fflush(stdout);
}

static bool mine(struct mining *mining, const struct settings *settings, struct pm_error *error)
{
    struct miner *miner = &mining->miner;
    if (!miner_check_dataset(settings->options, error) ||
        !miner_open(miner, settings, "mine", error)) {
        return false;
    }
    miner->duration_s = (double)pm_options_integer(settings->options, "duration-s");
    queue_status_read(miner->client, &mining->at_start, NULL);
    if (!miner_start(miner, MINER_POOL, error)) {
        return false;
    }
    print_start(miner);
    pm_service_tell("READY=1");
    return look_after(mining, error);
}

static int run(const struct settings *settings)
{
    struct pm_error error = {0};
    struct mining mining = {.miner = {.lock = -1}};
    pm_program_output_is_optional();
    bool done = mine(&mining, settings, &error);
    bool interrupted = !done && error.code == PM_ERROR_INTERRUPTED;
    int64_t stopping_ms = pm_clock_monotonic_ms();
    pm_service_tell("STOPPING=1");
    miner_stop_all(&mining.miner);
    struct figures figures;
    if (done && pm_stop_requested() && figures_read(mining.miner.summary, &figures, NULL)) {
        print_figures(&figures, ""); /* the driver has written its last ones while it stopped */
    }
    if (done || interrupted) {
        pm_log(PM_LOG_INFO, "MINE-STOPPED", "everything stopped in %.1f s",
               (double)(pm_clock_monotonic_ms() - stopping_ms) / 1000);
    }
    miner_close(&mining.miner);
    return done || interrupted ? EXIT_DONE : verb_fail(&error);
}

static const struct pm_option OPTIONS[] = {
    {.name = "duration-s",
     .type = PM_OPTION_INTEGER,
     .default_value = "0",
     .minimum = 0,
     .maximum = 31622400,
     .argument = "N",
     .help = "Mine this long; 0: until stopped."},
    KEY_PASSWORD_OPTION,
};

const struct verb verb_mine = {
    .name = "mine",
    .summary = "Mines: starts sidecar, worker and driver, and looks after them.",
    .usage = "poolminer mine [--config FILE] [OPTION]...",
    .purpose = "Mines for the pool of gui_config.json: starts sidecar, worker and driver, restarts "
               "what ends\nunexpectedly, and says once a minute what happened. Ctrl-C stops "
               "everything within two seconds\nand loses nothing. It also serves the page of "
               "`poolminer gui`, whose address it prints.",
    .uses = USE_ALL,
    .options = OPTIONS,
    .option_count = sizeof OPTIONS / sizeof *OPTIONS,
    .run_settings = run,
};
