/* The screen of `poolminer status`: what it shows of a state, at any width, and what it leaves out.
 */
#include "cli/occupancy.h"
#include "cli/queue_status.h"
#include "cli/sidecar_url.h"
#include "cli/status_screen.h"
#include "cmocka_include.h"
#include "run_program.h"

#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <poolminer/json.h>

enum { NOW_S = 1790000000 };
#define NOW_MS ((int64_t)NOW_S * 1000)

/* A miner in the midst of a lease, with every kind of trouble. */
static const char STATE[] =
    "{\"status\":\"mining\",\"now_ms\":1790000000000,\"started_ms\":1789990000000,"
    "\"successful_submissions\":1234,\"refused_submissions\":2,\"expired_leases\":1,"
    "\"unpaid_results\":3,"
    "\"supervisor\":{\"status\":\"mining\",\"since_ms\":1789992000000,\"task\":\"pool\"},"
    "\"miner\":{\"hotkey\":\"5Grw\",\"pool\":\"http://p:1\",\"run\":\"r\",\"trouble\":\"cannot "
    "connect to http://p:1\",\"pool_is_away\":true,"
    "\"lease\":{\"jobs\":4,\"jobs_done\":1,\"algorithms\":7,\"seeds\":2,"
    "\"deadline_ms\":1790000754000},"
    "\"counters\":{\"best_score\":0.8123},"
    "\"stats\":{\"evaluations_submitted\":12345,\"evaluations_finalised\":100,"
    "\"accuracy_rate\":0.93,\"evolutions_submitted\":56,\"evolutions_finalised\":40,"
    "\"evolutions_over_threshold\":30,\"success_rate\":0.75,\"reputation\":12.5,"
    "\"reputation_per_hour\":25,\"reputation_total\":500,\"balance_rao\":7654321,"
    "\"best_score\":0.9012,\"pool\":{\"total_reputation\":1000,\"best_score\":0.95,"
    "\"epoch_s\":3600,\"budget_rao\":1000000000,\"fee\":0.05,\"cap\":0.05}},"
    "\"balance\":{\"estimated_pending_rao\":11875000}},"
    "\"workers\":[{\"name\":\"w\",\"run\":\"r\",\"job\":4,\"kind\":\"evolve\",\"paused\":\"\","
    "\"progress\":{\"done\":25,\"total\":50,\"unit\":\"generations\",\"best\":0.8},"
    "\"report\":{\"threads\":3,\"processors\":4,\"cpu_percent\":71.4,\"temperature_c\":66.6,"
    "\"power\":\"battery\",\"charge_percent\":81}}],"
    "\"errors\":[{\"time_ms\":1789999000000,\"level\":\"warn\",\"program\":\"driver\","
    "\"id\":\"DRIVER-POOL-AWAY\",\"message\":\"the pool is away\\u001b[31m\",\"remedy\":\"wait\"},"
    "{\"time_ms\":1789999000000,\"over_ms\":1789999300000,\"level\":\"warn\",\"program\":"
    "\"driver\",\"id\":\"DRIVER-SIDECAR-AWAY\",\"message\":\"no answer\",\"remedy\":\"look "
    "after it\"},"
    "{\"time_ms\":1789000000000,\"level\":\"warn\",\"program\":\"driver\",\"id\":\"X\","
    "\"message\":\"old news\",\"remedy\":\"\"}],"
    "\"not_paid\":[{\"time_ms\":1789998000000,\"state\":\"unpaid\",\"key\":\"unpaid/a/evaluation/"
    "12\",\"reason\":\"evaluation of algorithm 12: outside consensus: 0.5000 here, the median is "
    "0.7000, the tolerance 0.0700\",\"remedy\":\"compare datasets\"},"
    "{\"time_ms\":1789000000000,\"state\":\"expired\",\"key\":\"lease/a/1\",\"reason\":\"days "
    "ago\"}]}";

static struct status_found found_of(const char *state, bool running)
{
    struct status_found found = {.running = running};
    struct pm_error error = {0};
    snprintf(found.reason, sizeof found.reason, "%s", running ? "" : "no miner runs here");
    if (state != NULL && !pm_json_parse(state, strlen(state), 1 << 20, &found.state, &error)) {
        fail_msg("%s", error.message);
    }
    return found;
}

/* The screen's text; to be freed. */
static char *shown(const char *state, bool running, size_t columns, bool colour)
{
    struct screen screen = {.columns = columns, .colour = colour};
    struct status_found found = found_of(state, running);
    status_screen_write(&screen, &found, NOW_MS);
    status_found_clear(&found);
    assert_false(screen.text.failed);
    return screen.text.data;
}

static void expect_parts(const char *text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strstr(text, parts[i]) == NULL) {
            fail_msg("\"%s\" is not in\n%s", parts[i], text);
        }
    }
}
#define EXPECT(text, ...)                                                                          \
    do {                                                                                           \
        const char *const parts[] = {__VA_ARGS__};                                                 \
        expect_parts(text, parts, sizeof parts / sizeof *parts);                                   \
    } while (false)

/* The bar in the line that `mine` writes once a minute while something evolves. */
static void the_line_a_minute_has_a_bar(void **state)
{
    (void)state;
    static const struct {
        struct queue_evolution evolution;
        const char *bar;
    } rows[] = {
        {{.jobs = 0}, ""},
        {{.jobs = 1, .done = 0, .of_all = 50}, "[....................] 0 % of the evolution"},
        {{.jobs = 2, .done = 50, .of_all = 100, .best = 0.78123},
         "[##########..........] 50 % of 2 evolutions, best 0.7812"},
        {{.jobs = 1, .done = 999, .of_all = 1000, .best = 0.9},
         "[###################.] 99 % of the evolution, best 0.9000"},
        {{.jobs = 1, .done = 7, .of_all = 7}, "[####################] 100 % of the evolution"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct queue_status status = {.evolution = rows[i].evolution};
        char bar[QUEUE_BAR_SIZE];
        queue_status_bar(&status, bar);
        assert_string_equal(bar, rows[i].bar);
    }
}

/* What the pool told long before the rest has its age; what it told just now has none. */
static void figures_of_long_ago_have_their_age(void **state)
{
    (void)state;
    static const char shape[] =
        "{\"status\":\"mining\",\"now_ms\":1790000000000,\"miner\":{\"pool_is_away\":true,"
        "\"stats_ms\":%s,\"stats\":{\"reputation\":12.5,\"balance_rao\":7}}}";
    char document[512];
    snprintf(document, sizeof document, shape, "1789992800000");
    for (int running = 0; running <= 1; running++) {
        char *text = shown(document, running == 1, 100, false);
        EXPECT(text, "12.50 this epoch", ", 2 h 0 min before; it has told nothing since\n");
        free(text);
    }
    snprintf(document, sizeof document, shape, "1789999930000");
    char *text = shown(document, true, 100, false);
    assert_null(strstr(text, "before; it has told"));
    free(text);
}

static void a_running_miner_is_told_in_full(void **state)
{
    (void)state;
    char *text = shown(STATE, true, 100, false);
    EXPECT(text, "Status       mining since ", "(2 h 13 min)\n", "http://p:1 (does not answer)",
           "Hotkey       5Grw\n", "[###############.........................]  38 %, 12 min left",
           "1 of 4 jobs done; 7 to evaluate, 2 seeds",
           "evolving: 25 of 50 generations, best 0.8000",
           "12,345, 93.0 % of those judged accurate (target: 95 %)",
           "56, 75 % of those judged score over 0.7 (30 of 40)",
           "12.50 this epoch, 25.0 an hour, 500.00 in all",
           "7,654,321 RAO, about 11,875,000 RAO more pending", "0.9012 (best of the pool: 0.9500)",
           "1,234 submitted, 2 refused, 1 ran out; 3 results not paid",
           "3 threads, 71 % of 4 processors, 67 degrees C, on battery, charged to 81 %",
           "cannot connect to http://p:1; it is tried again by itself", "driver: the pool is away",
           "-> wait", "Not paid     ", "outside consensus: 0.5000 here", "-> compare datasets");
    assert_null(strstr(text, "old news"));
    assert_null(strstr(text, "days ago"));
    assert_null(strchr(text, '\033')); /* neither ours nor a log line's */
    free(text);
}

/* The share of the epoch's reputation, 12.5 of 1000, of what is paid out of 24 epochs a day. */
static void the_forecast_is_the_payout_of_a_day(void **state)
{
    (void)state;
    char *text = shown(STATE, true, 100, false);
    EXPECT(text, "about 285,000,000 RAO a day at the rate of this epoch");
    free(text);
}

static void practice_has_no_forecast(void **state)
{
    (void)state;
    static const char pool[] = "\"task\":\"pool\"";
    char practice[sizeof STATE + 8];
    const char *at = strstr(STATE, pool);
    snprintf(practice, sizeof practice, "%.*s\"task\":\"practice\"%s", (int)(at - STATE), STATE,
             at + strlen(pool));
    char *text = shown(practice, true, 100, false);
    EXPECT(text, "Pool         http://p:1 (practice: worth nothing)",
           "Forecast     practice earns nothing of worth");
    free(text);
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    (void)state;
    for (size_t columns = 32; columns <= 100; columns++) {
        char *text = shown(STATE, true, columns, false);
        for (const char *line = text; *line != '\0';) {
            const size_t length = strcspn(line, "\n");
            if (length > columns) {
                fail_msg("%zu columns: %.*s", columns, (int)length, line);
            }
            line += length + 1;
        }
        EXPECT(text, "Reputation ", "Not paid ");
        free(text);
    }
}

static void colour_is_added_and_nothing_else(void **state)
{
    (void)state;
    char *plain = shown(STATE, true, 60, false), *coloured = shown(STATE, true, 60, true);
    char *to = coloured;
    assert_non_null(strstr(coloured, "\033[32mmining since "));
    for (const char *from = coloured; *from != '\0'; from++) {
        if (*from == '\033') {
            from = strchr(from, 'm');
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    assert_string_equal(coloured, plain);
    free(plain);
    free(coloured);
}

static void what_does_not_run_is_shown_as_it_was(void **state)
{
    (void)state;
    char *text = shown(STATE, false, 100, false);
    EXPECT(text, "Status       not running: no miner runs here\n", "last seen ",
           "Hotkey       5Grw", "7,654,321 RAO", "Not paid ");
    assert_null(strstr(text, "Lease "));
    assert_null(strstr(text, "Machine"));
    free(text);

    text = shown(NULL, false, 100, false);
    assert_string_equal(text, "Status       not running: no miner runs here\n");
    free(text);
}

/* Whatever is missing: nothing is made up, and nothing crashes. */
static void a_state_with_nothing_in_it_says_so(void **state)
{
    (void)state;
    static const char *const states[] = {
        "{}", "[]", "{\"status\":\"idle\"}", "{\"status\":\"paused\",\"miner\":{\"lease\":{}}}",
        "{\"status\":\"mining\",\"miner\":3,\"workers\":{\"a\":1},\"errors\":\"x\"}"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        char *text = shown(states[i], true, 80, false);
        EXPECT(text, "Evaluated    -, none judged yet", "the pool has told no figures yet");
        free(text);
    }
}

/* ---- on a terminal ---- */

enum { TERMINAL_COLUMNS = 41, TERMINAL_ROWS = 7 };

/* Standard output becomes a terminal of that size; returns where the terminal is read, and as *kept
 * what standard output was. */
static int open_terminal(int *kept)
{
    const struct winsize size = {.ws_col = TERMINAL_COLUMNS, .ws_row = TERMINAL_ROWS};
    int outside, inside;
    fflush(stdout);
    assert_int_equal(openpty(&outside, &inside, NULL, NULL, &size), 0);
    *kept = dup(STDOUT_FILENO);
    assert_true(*kept >= 0 && dup2(inside, STDOUT_FILENO) >= 0);
    close(inside);
    return outside;
}

static void leave_terminal(int kept)
{
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

static void a_terminal_is_asked_for_its_size_and_no_color_heeded(void **state)
{
    (void)state;
    struct screen plain, coloured, dumb, file;
    int kept, outside = open_terminal(&kept);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    screen_open(&coloured);
    setenv("NO_COLOR", "1", 1);
    screen_open(&plain);
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    screen_open(&dumb);
    setenv("TERM", "xterm", 1);
    leave_terminal(kept);
    close(outside);
    assert_true(coloured.colour);
    assert_false(plain.colour);
    assert_false(dumb.colour);
    assert_int_equal(plain.columns, TERMINAL_COLUMNS);
    assert_int_equal(plain.rows, TERMINAL_ROWS);
    screen_open(&file);
    if (!isatty(STDOUT_FILENO)) {
        assert_false(file.colour);
        assert_int_equal(file.columns, 100);
    }
}

static void what_is_drawn_anew_fits_the_terminal(void **state)
{
    (void)state;
    struct screen screen;
    struct status_found found = found_of(STATE, true);
    char seen[4096] = "";
    size_t lines = 0;
    int kept, outside = open_terminal(&kept);
    setenv("NO_COLOR", "1", 1);
    screen_open(&screen);
    status_screen_write(&screen, &found, NOW_MS);
    screen_show(&screen, true);
    leave_terminal(kept);
    size_t length = 0;
    for (ssize_t count = 1; count > 0; length += count > 0 ? (size_t)count : 0) {
        count = read(outside, seen + length, sizeof seen - 1 - length); /* -1: all was read */
    }
    close(outside);
    screen_close(&screen);
    status_found_clear(&found);
    assert_ptr_equal(strstr(seen, "\033[H\033[JStatus "), seen);
    for (const char *at = seen; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_int_equal(lines, TERMINAL_ROWS - 1);
}

/* ---- which sidecar is asked ---- */

static const char *asked(const char *directory, const char *option)
{
    static const struct pm_option table[] = {
        SIDECAR_URL_OPTIONS,
        {.name = "data-dir", .type = PM_OPTION_TEXT},
        {.name = "sidecar-port", .type = PM_OPTION_INTEGER, .default_value = "8123"}};
    static char url[SIDECAR_URL_SIZE];
    char *const arguments[] = {"status", "--data-dir", (char *)directory, (char *)option, NULL};
    struct pm_options *options = pm_options_create(table, sizeof table / sizeof *table);
    struct pm_error error = {0};
    assert_true(pm_options_load_arguments(options, option != NULL ? 4 : 3, arguments, NULL));
    if (!sidecar_url_find(options, url, &error)) {
        snprintf(url, sizeof url, "%.120s", error.message);
    }
    pm_options_destroy(options);
    return url;
}

static void a_running_miners_sidecar_is_found_at_its_own_port(void **state)
{
    (void)state;
    char directory[] = "/tmp/poolminer-status-XXXXXX";
    int lock = -1;
    assert_non_null(mkdtemp(directory));
    assert_string_equal(asked(directory, NULL), "tcp://127.0.0.1:8123");
    assert_non_null(strstr(asked(directory, "--sidecar-port=0"), "has told its port"));
    assert_true(occupancy_lock(directory, &lock, NULL));
    assert_string_equal(asked(directory, NULL), "tcp://127.0.0.1:8123"); /* it has told none */
    write_text(directory, "sidecar.ready", "{\"port\":4567}");
    assert_string_equal(asked(directory, NULL), "tcp://127.0.0.1:4567");
    assert_string_equal(asked(directory, "--sidecar-port=0"), "tcp://127.0.0.1:4567");
    assert_string_equal(asked(directory, "--sidecar-port=99"), "tcp://127.0.0.1:99");
    assert_string_equal(asked(directory, "--sidecar-url=tcp://h:1"), "tcp://h:1");
    occupancy_unlock(lock); /* a miner that was killed leaves the file behind */
    assert_string_equal(asked(directory, NULL), "tcp://127.0.0.1:8123");
    remove_directory(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_miner_is_told_in_full),
        cmocka_unit_test(figures_of_long_ago_have_their_age),
        cmocka_unit_test(practice_has_no_forecast),
        cmocka_unit_test(the_line_a_minute_has_a_bar),
        cmocka_unit_test(the_forecast_is_the_payout_of_a_day),
        cmocka_unit_test(no_line_is_wider_than_the_terminal),
        cmocka_unit_test(colour_is_added_and_nothing_else),
        cmocka_unit_test(what_does_not_run_is_shown_as_it_was),
        cmocka_unit_test(a_state_with_nothing_in_it_says_so),
        cmocka_unit_test(a_terminal_is_asked_for_its_size_and_no_color_heeded),
        cmocka_unit_test(what_is_drawn_anew_fits_the_terminal),
        cmocka_unit_test(a_running_miners_sidecar_is_found_at_its_own_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
