#include "cli/status_screen.h"

#include "cli/forecast.h"
#include "cli/money.h"
#include "cli/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

enum {
    TROUBLE_MAX = 3,
    NOT_PAID_MAX = 3,
    MACHINES_MAX = 3,
    WORKERS_MAX = 4,
    OLD_MS = 180 * 1000, /* the pool is asked once a minute */
    HOUR_MS = 3600 * 1000,
    DAY_MS = 24 * HOUR_MS,
};
#define TARGET_ACCURACY 0.95

struct view {
    struct screen *screen;
    const cJSON *state, *miner, *stats, *counters, *balance, *supervisor;
    bool running;
    int64_t now_ms;
};

/* ---- reading ---- */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* NAN where it is not there. */
static double number(const cJSON *object, const char *name)
{
    return pm_json_number_or(object, name, NAN);
}

static int64_t integer(const cJSON *object, const char *name)
{
    double value = number(object, name);
    return fabs(value) < PM_JSON_WHOLE_MAX ? (int64_t)value : 0;
}

static const char *text(const cJSON *object, const char *name)
{
    const cJSON *item = member(object, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is_status(const struct view *view, const char *name)
{
    return strcmp(text(view->state, "status"), name) == 0;
}

/* ---- the head ---- */

static void write_since(const struct view *view, const char *word, enum screen_tone tone,
                        int64_t since_ms)
{
    char moment[NUMBER_TEXT_SIZE], duration[NUMBER_TEXT_SIZE];
    number_moment(since_ms, view->now_ms, moment);
    number_duration(view->now_ms - since_ms, duration);
    screen_row(view->screen, "Status", tone, "%s since %s (%s)", word, moment, duration);
}

static void write_status(const struct view *view)
{
    const int64_t since_ms = integer(view->supervisor, "since_ms") > 0
                                 ? integer(view->supervisor, "since_ms")
                                 : integer(view->state, "started_ms");
    if (is_status(view, "mining")) {
        write_since(view, "mining", SCREEN_GOOD, since_ms);
    } else if (is_status(view, "paused")) {
        write_since(view, "paused by a person; `poolminer resume` goes on; mining", SCREEN_WARN,
                    since_ms);
    } else if (is_status(view, "failed")) {
        write_since(view, "failed", SCREEN_BAD, since_ms);
        screen_row(view->screen, "", SCREEN_BAD, "%s", text(view->supervisor, "failure"));
    } else if (is_status(view, "idle")) {
        write_since(view,
                    cJSON_IsObject(view->supervisor)
                        ? "idle: not mining (start it on the page of `poolminer gui`)"
                        : "idle: no driver and no job here",
                    SCREEN_WARN, since_ms);
    } else {
        write_since(view, text(view->state, "status"), SCREEN_WARN, since_ms);
    }
}

static void write_not_running(const struct view *view, const struct status_found *found)
{
    char moment[NUMBER_TEXT_SIZE], duration[NUMBER_TEXT_SIZE];
    const int64_t seen_ms = integer(view->state, "now_ms");
    screen_row(view->screen, "Status", SCREEN_BAD, "not running: %s", found->reason);
    if (seen_ms > 0) {
        number_moment(seen_ms, view->now_ms, moment);
        number_duration(view->now_ms - seen_ms, duration);
        screen_row(view->screen, "", SCREEN_PLAIN,
                   "last seen %s (%s ago); what was known then:", moment, duration);
    }
}

static bool practises(const struct view *view)
{
    return strcmp(text(view->supervisor, "task"), "practice") == 0;
}

static void write_who(const struct view *view)
{
    const char *pool = text(view->miner, "pool");
    if (pool[0] == '\0') {
        pool = text(view->supervisor, "pool");
    }
    if (pool[0] != '\0') {
        screen_row(view->screen, "Pool", SCREEN_PLAIN, "%s%s%s", pool,
                   practises(view) ? " (practice: worth nothing)" : "",
                   cJSON_IsTrue(member(view->miner, "pool_is_away")) ? " (does not answer)" : "");
    }
    if (text(view->miner, "hotkey")[0] != '\0') {
        screen_row(view->screen, "Hotkey", SCREEN_PLAIN, "%s", text(view->miner, "hotkey"));
    }
}

/* ---- the lease ---- */

static double part_done(const cJSON *worker)
{
    const cJSON *progress = member(worker, "progress");
    const double total = number(progress, "total");
    return total > 0 ? fmin(1, number(progress, "done") / total) : 0;
}

static double share_of_lease(const struct view *view, const cJSON *lease)
{
    const double jobs = number(lease, "jobs"), done = number(lease, "jobs_done");
    double begun = 0;
    const cJSON *worker = NULL;
    cJSON_ArrayForEach(worker, member(view->state, "workers"))
    {
        if (strcmp(text(worker, "run"), text(view->miner, "run")) == 0) {
            begun += part_done(worker);
        }
    }
    return jobs > 0 ? (done + fmin(begun, jobs - done)) / jobs : 0;
}

static void write_lease(const struct view *view)
{
    const cJSON *lease = member(view->miner, "lease");
    const int64_t left_ms = integer(lease, "deadline_ms") - view->now_ms;
    char bar[SCREEN_BAR_SIZE], left[NUMBER_TEXT_SIZE];
    if (!cJSON_IsObject(lease)) {
        screen_row(view->screen, "Lease", SCREEN_PLAIN, "none: waiting for work");
        return;
    }
    const double share = share_of_lease(view, lease);
    screen_bar(view->screen, share, bar);
    number_duration(left_ms > 0 ? left_ms : -left_ms, left);
    screen_row(view->screen, "Lease", left_ms > 0 ? SCREEN_PLAIN : SCREEN_WARN,
               left_ms > 0 ? "%s %3.0f %%, %s left" : "%s %3.0f %%, over for %s", bar, 100 * share,
               left);
    if (number(lease, "jobs_done") >= number(lease, "jobs")) {
        screen_row(view->screen, "", SCREEN_PLAIN, "all done; to be acknowledged by the pool");
    } else {
        screen_row(view->screen, "", SCREEN_PLAIN,
                   "%.0f of %.0f jobs done; %.0f to evaluate, %.0f seeds to evolve from",
                   number(lease, "jobs_done"), number(lease, "jobs"), number(lease, "algorithms"),
                   number(lease, "seeds"));
    }
}

static void write_worker(const struct view *view, const cJSON *worker)
{
    const cJSON *progress = member(worker, "progress");
    char best[40] = "";
    if (text(worker, "paused")[0] != '\0') {
        screen_row(view->screen, "", SCREEN_WARN, "rests: %s", text(worker, "paused"));
    } else if (number(progress, "total") > 0) {
        if (number(progress, "best") > 0) {
            snprintf(best, sizeof best, ", best %.4f", number(progress, "best"));
        }
        screen_row(view->screen, "", SCREEN_PLAIN, "%s: %.0f of %.0f %s%s",
                   strcmp(text(worker, "kind"), "evolve") == 0 ? "evolving" : "evaluating",
                   number(progress, "done"), number(progress, "total"), text(progress, "unit"),
                   best);
    }
}

static void write_workers(const struct view *view)
{
    const cJSON *workers = member(view->state, "workers"), *worker = NULL;
    int shown = 0;
    cJSON_ArrayForEach(worker, workers)
    {
        if (shown++ < WORKERS_MAX) {
            write_worker(view, worker);
        }
    }
    if (shown == 0) {
        screen_row(view->screen, "", SCREEN_WARN, "no worker is here");
    } else if (shown > WORKERS_MAX) {
        screen_row(view->screen, "", SCREEN_PLAIN, "and %d more workers", shown - WORKERS_MAX);
    }
}

/* ---- figures ---- */

/* "1,234"; what the pool does not tell is taken from the driver's own count, and else "-". */
static void count_text(const struct view *view, const char *name, char out[NUMBER_TEXT_SIZE])
{
    double value = number(view->stats, name);
    if (isnan(value)) {
        value = number(view->counters, name);
    }
    if (fabs(value) < PM_JSON_WHOLE_MAX) {
        number_text((int64_t)value, out);
    } else {
        snprintf(out, NUMBER_TEXT_SIZE, "-");
    }
}

static void write_evaluated(const struct view *view)
{
    char count[NUMBER_TEXT_SIZE];
    const double accuracy = number(view->stats, "accuracy_rate");
    count_text(view, "evaluations_submitted", count);
    if (number(view->stats, "evaluations_finalised") > 0 && !isnan(accuracy)) {
        screen_row(view->screen, "Evaluated",
                   accuracy >= TARGET_ACCURACY ? SCREEN_PLAIN : SCREEN_WARN,
                   "%s, %.1f %% of those judged accurate (target: 95 %%)", count, 100 * accuracy);
    } else {
        screen_row(view->screen, "Evaluated", SCREEN_PLAIN, "%s, none judged yet", count);
    }
}

static void write_evolved(const struct view *view)
{
    char count[NUMBER_TEXT_SIZE];
    count_text(view, "evolutions_submitted", count);
    if (number(view->stats, "evolutions_finalised") > 0) {
        screen_row(view->screen, "Evolved", SCREEN_PLAIN,
                   "%s, %.0f %% of those judged score over 0.7 (%.0f of %.0f)", count,
                   100 * number(view->stats, "success_rate"),
                   number(view->stats, "evolutions_over_threshold"),
                   number(view->stats, "evolutions_finalised"));
    } else {
        screen_row(view->screen, "Evolved", SCREEN_PLAIN, "%s, none judged yet", count);
    }
}

static void write_best(const struct view *view)
{
    const double agreed = number(view->stats, "best_score");
    const double own = number(view->counters, "best_score");
    const double pool = number(member(view->stats, "pool"), "best_score");
    const double best = fmax(isnan(agreed) ? 0 : agreed, isnan(own) ? 0 : own);
    char of_pool[48] = "";
    if (pool > 0) {
        snprintf(of_pool, sizeof of_pool, " (best of the pool: %.4f)", pool);
    }
    if (best > 0) {
        screen_row(view->screen, "Best score", SCREEN_PLAIN, "%.4f%s", best, of_pool);
    } else {
        screen_row(view->screen, "Best score", SCREEN_PLAIN, "none yet%s", of_pool);
    }
}

static void write_money(const struct view *view)
{
    char settled[MONEY_TEXT_SIZE], pending[MONEY_TEXT_SIZE];
    const double waiting = number(view->balance, "estimated_pending_rao");
    money_both(integer(view->stats, "balance_rao"), settled);
    if (isnan(waiting)) {
        screen_row(view->screen, "Balance", SCREEN_PLAIN, "%s", settled);
    } else {
        money_both(integer(view->balance, "estimated_pending_rao"), pending);
        screen_row(view->screen, "Balance", SCREEN_PLAIN, "%s, about %s more pending", settled,
                   pending);
    }
}

static void write_forecast(const struct view *view)
{
    struct pm_pool_forecast forecast;
    char a_day[MONEY_TEXT_SIZE];
    if (practises(view)) {
        screen_row(view->screen, "Forecast", SCREEN_PLAIN, "practice earns nothing of worth");
        return;
    }
    if (!forecast_from_figures(view->miner, &forecast) ||
        !(forecast.rao_per_day < PM_JSON_WHOLE_MAX)) {
        screen_row(view->screen, "Forecast", SCREEN_PLAIN, "none before this epoch has earned");
        return;
    }
    money_both((int64_t)forecast.rao_per_day, a_day);
    screen_row(view->screen, "Forecast", SCREEN_PLAIN, "about %s a day%s", a_day,
               forecast.is_capped ? ", at the pool's cap for one miner"
                                  : " at the rate of this epoch");
}

/* Figures that the pool told much earlier than the rest of what is shown. */
static void write_age(const struct view *view)
{
    char moment[NUMBER_TEXT_SIZE], duration[NUMBER_TEXT_SIZE];
    const int64_t told_ms = integer(view->miner, "stats_ms");
    const int64_t shown_ms = integer(view->state, "now_ms");
    if (told_ms > 0 && shown_ms - told_ms > OLD_MS) {
        number_moment(told_ms, view->now_ms, moment);
        number_duration(shown_ms - told_ms, duration);
        screen_row(view->screen, "", SCREEN_WARN,
                   "as the pool told it %s, %s before; it has told nothing since", moment,
                   duration);
    }
}

static void write_figures(const struct view *view)
{
    write_evaluated(view);
    write_evolved(view);
    if (!cJSON_IsObject(view->stats)) {
        screen_row(view->screen, "Reputation", SCREEN_PLAIN, "the pool has told no figures yet");
        return;
    }
    screen_row(view->screen, "Reputation", SCREEN_PLAIN,
               "%.2f this epoch, %.1f an hour, %.2f in all",
               fmax(0, number(view->stats, "reputation")),
               fmax(0, number(view->stats, "reputation_per_hour")),
               fmax(0, number(view->stats, "reputation_total")));
    write_money(view);
    write_forecast(view);
    write_best(view);
    write_age(view);
}

static void write_counts(const struct view *view)
{
    char submitted[NUMBER_TEXT_SIZE], refused[NUMBER_TEXT_SIZE], expired[NUMBER_TEXT_SIZE],
        unpaid[NUMBER_TEXT_SIZE];
    number_text(integer(view->state, "successful_submissions"), submitted);
    number_text(integer(view->state, "refused_submissions"), refused);
    number_text(integer(view->state, "expired_leases"), expired);
    number_text(integer(view->state, "unpaid_results"), unpaid);
    screen_row(view->screen, "Leases", SCREEN_PLAIN,
               "%s submitted, %s refused, %s ran out; %s results not paid", submitted, refused,
               expired, unpaid);
}

/* ---- the machine ---- */

static void append(char *out, size_t size, const char *words)
{
    const size_t length = strlen(out);
    snprintf(out + length, size - length, "%s%s", length > 0 ? ", " : "", words);
}

static void write_machine(const struct view *view, const cJSON *report)
{
    char words[256] = "", part[96];
    if (number(report, "threads") > 0) {
        const double threads = number(report, "threads");
        snprintf(part, sizeof part, "%.0f %s", threads, threads > 1 ? "threads" : "thread");
        append(words, sizeof words, part);
    }
    if (number(report, "cpu_percent") >= 0) {
        snprintf(part, sizeof part, "%.0f %% of %.3g processors", number(report, "cpu_percent"),
                 number(report, "processors"));
        append(words, sizeof words, part);
    }
    if (!isnan(number(report, "temperature_c"))) {
        snprintf(part, sizeof part, "%.0f degrees C", number(report, "temperature_c"));
        append(words, sizeof words, part);
    }
    if (strcmp(text(report, "power"), "battery") == 0) {
        snprintf(part, sizeof part, "on battery");
        if (number(report, "charge_percent") >= 0) {
            snprintf(part, sizeof part, "on battery, charged to %.0f %%",
                     number(report, "charge_percent"));
        }
        append(words, sizeof words, part);
    }
    if (words[0] != '\0') {
        screen_row(view->screen, "Machine", SCREEN_PLAIN, "%s", words);
    }
}

/* A process says the same for each of its jobs: it is shown once. */
static void write_machines(const struct view *view)
{
    const cJSON *shown[MACHINES_MAX];
    const cJSON *worker = NULL;
    size_t count = 0;
    cJSON_ArrayForEach(worker, member(view->state, "workers"))
    {
        const cJSON *report = member(worker, "report");
        bool again = !cJSON_IsObject(report) || count == MACHINES_MAX;
        for (size_t i = 0; !again && i < count; i++) {
            again = cJSON_Compare(shown[i], report, true);
        }
        if (!again) {
            shown[count++] = report;
            write_machine(view, report);
        }
    }
}

/* ---- what is wrong ---- */

static void write_remedy(const struct view *view, const cJSON *item)
{
    if (text(item, "remedy")[0] != '\0') {
        screen_row(view->screen, "", SCREEN_PLAIN, "-> %s", text(item, "remedy"));
    }
}

/* A line of the log, and what to do about it unless it is over. */
static void write_line(const struct view *view, const char *label, const cJSON *line)
{
    char moment[NUMBER_TEXT_SIZE], end[NUMBER_TEXT_SIZE];
    const bool is_bad = strcmp(text(line, "level"), "error") == 0;
    number_moment(integer(line, "time_ms"), view->now_ms, moment);
    if (integer(line, "over_ms") > 0) {
        number_moment(integer(line, "over_ms"), view->now_ms, end);
        screen_row(view->screen, label, SCREEN_PLAIN, "%s to %s %s: %s", moment, end,
                   text(line, "program"), text(line, "message"));
        return;
    }
    screen_row(view->screen, label, is_bad ? SCREEN_BAD : SCREEN_WARN, "%s %s: %s", moment,
               text(line, "program"), text(line, "message"));
    write_remedy(view, line);
}

/* The newest of the last hour; what keeps the pool from giving work is mostly among them. */
static void write_trouble(const struct view *view)
{
    const char *label = "Trouble", *now = text(view->miner, "trouble");
    const cJSON *line = NULL;
    bool is_told = !view->running || !is_status(view, "mining") || now[0] == '\0';
    int shown = 0;
    cJSON_ArrayForEach(line, member(view->state, "errors"))
    {
        if (shown == TROUBLE_MAX ||
            integer(view->state, "now_ms") - integer(line, "time_ms") > HOUR_MS) {
            break;
        }
        write_line(view, label, line);
        is_told = is_told || strcmp(text(line, "message"), now) == 0;
        label = "";
        shown++;
    }
    if (!is_told) {
        screen_row(view->screen, label, SCREEN_BAD,
                   "%s; it is tried again by itself, and nothing is lost", now);
    }
}

static void write_not_paid(const struct view *view)
{
    const char *label = "Not paid", *remedy = "";
    const cJSON *item = NULL;
    int shown = 0;
    cJSON_ArrayForEach(item, member(view->state, "not_paid"))
    {
        char moment[NUMBER_TEXT_SIZE];
        const int64_t at_ms = integer(item, "time_ms");
        if (shown == NOT_PAID_MAX || integer(view->state, "now_ms") - at_ms > DAY_MS) {
            break;
        }
        number_moment(at_ms, view->now_ms, moment);
        screen_row(view->screen, label, SCREEN_PLAIN, "%s %s: %s", moment, text(item, "state"),
                   text(item, "reason"));
        if (strcmp(text(item, "remedy"), remedy) != 0) { /* the same need not be said twice */
            remedy = text(item, "remedy");
            write_remedy(view, item);
        }
        label = "";
        shown++;
    }
}

void status_screen_write(struct screen *screen, const struct status_found *found, int64_t now_ms)
{
    const cJSON *state = found->state, *miner = member(state, "miner");
    const struct view view = {.screen = screen,
                              .state = state,
                              .miner = miner,
                              .stats = member(miner, "stats"),
                              .counters = member(miner, "counters"),
                              .balance = member(miner, "balance"),
                              .supervisor = member(state, "supervisor"),
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
    if (found->running && (is_status(&view, "mining") || is_status(&view, "paused"))) {
        write_lease(&view);
        write_workers(&view);
        screen_blank(screen);
    }
    write_figures(&view);
    write_counts(&view);
    if (found->running) {
        write_machines(&view);
    }
    write_trouble(&view);
    write_not_paid(&view);
}
