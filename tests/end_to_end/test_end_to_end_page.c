/* The page, as a person uses it in a browser: mining is started there, earns, is paused; the pool
 * breaks, and the page says so; settings are changed; it is stopped. And what strangers say is
 * shown there, and nothing more. */
#include "cmocka_include.h"
#include "programs.h"
#include "run_program.h"
#include "webdriver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/queue_client.h>

/* What takes a second takes a minute on a machine that is busy with something else. */
enum { SOON_MS = 120000, PHONE = 390 };

#define IS_STATUS(word) "document.getElementById('status').textContent === '" word "'"
/* The figure of the tile with this name. */
#define FIGURE(name)                                                                               \
    "parseFloat([...document.querySelectorAll('#tiles .tile')]"                                    \
    ".find((tile) => tile.querySelector('dt').textContent === '" name                              \
    "')?.querySelector('dd').textContent)"

/* Keys, as WebDriver writes them: U+E014, U+E007; U+E009 is Control, which U+E000 lets go. */
#define ARROW_RIGHT "\xee\x80\x94"
#define ENTER "\xee\x80\x87"
#define SELECT_ALL                                                                                 \
    "\xee\x80\x89"                                                                                 \
    "a"                                                                                            \
    "\xee\x80\x80"

struct setting {
    struct place place;
    char config[128];
    char address[256];
    pid_t pool, gui;
    struct browser browser;
};

/* One place and one browser, which takes long to start, for all tests. */
static struct setting the_setting;

static int open_browser(void **state)
{
    (void)state;
    place_create(&the_setting.place);
    browser_open(&the_setting.browser, &the_setting.place);
    browser_resize(&the_setting.browser, 1100, 900);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    browser_close(&the_setting.browser);
    place_destroy(&the_setting.place);
    return 0;
}

static bool page_is_there(void *context)
{
    struct setting *setting = context;
    char *text = NULL;
    size_t length = 0;
    if (!pm_file_read(place_file(&setting->place, "miner/page.address"), 1024, &text, &length,
                      NULL)) {
        return false;
    }
    snprintf(setting->address, sizeof setting->address, "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
    return true;
}

static void start_gui(struct setting *setting)
{
    setting->gui = START(&setting->place, "gui", "poolminer", "gui", "--no-browser", "--config",
                         setting->config, "--log-level", "info");
    if (!wait_until(page_is_there, setting, SOON_MS)) {
        show_logs(&setting->place);
        fail_msg("no page");
    }
}

/* A new one: what it hands out is handed to another after `lease_s`, and the miner of its settings
 * evolves so many generations. */
static void start_pool(struct setting *setting, const char *lease_s, int generations)
{
    char text[512], store[32];
    snprintf(store, sizeof store, "pool-%s.db", lease_s);
    setting->pool = START(&setting->place, "pool", "poolminer-pool", "--port", "0", "--store",
                          place_file(&setting->place, store), "--ready-file",
                          place_file(&setting->place, "pool.ready"), "--quorum", "1", "--epoch-s",
                          "600", "--task-timeout-s", lease_s);
    snprintf(text, sizeof text,
             "{\n    \"pool_endpoint\": \"http://127.0.0.1:%d\",\n    \"sidecar_port\": 0,\n"
             "    \"http_port\": 0,\n    \"data_dir\": \"%s/miner\",\n    \"generations\": %d\n}\n",
             wait_ready(&setting->place, "pool.ready"), setting->place.path, generations);
    snprintf(setting->config, sizeof setting->config, "%s",
             write_text(setting->place.path, "gui_config.json", text));
}

static void end_gui(struct setting *setting)
{
    kill(setting->gui, SIGTERM);
    assert_int_equal(wait_end(&setting->place, "gui", setting->gui, SOON_MS), 0);
}

/* ---- the parts of a day ---- */

/* Who has the address without its token sees everything and changes nothing. */
static void look_without_the_token(struct setting *setting)
{
    char address[256];
    snprintf(address, sizeof address, "%.*s", (int)strcspn(setting->address, "#"),
             setting->address);
    browser_visit(&setting->browser, address);
    browser_await(&setting->browser, IS_STATUS("Idle"), SOON_MS);
    browser_await(&setting->browser,
                  "document.getElementById('start').disabled && "
                  "!document.getElementById('notice').hidden",
                  SOON_MS);
    /* The address with the token differs by what stands behind its #: the page is not loaded anew
     * for that. */
    browser_visit(&setting->browser, "about:blank");
}

static void start_and_earn(struct setting *setting)
{
    struct browser *browser = &setting->browser;
    browser_visit(browser, setting->address);
    browser_await(browser, IS_STATUS("Idle"), SOON_MS);
    browser_await(browser, "location.hash === ''",
                  SOON_MS); /* the token is in no address any more */
    browser_click(browser, "#start");
    browser_await(browser, IS_STATUS("Mining"), SOON_MS);
    browser_await(browser, FIGURE("Evaluated") " > 0", SOON_MS);
    browser_await(browser, FIGURE("Reputation") " > 0", SOON_MS);
    /* A curve has its points, its axes and a figure that is told. */
    browser_await(browser,
                  "document.querySelectorAll('#plots .curve').length > 0 && "
                  "document.querySelectorAll('#plots text').length > 8 && "
                  "/Accuracy: 100/.test([...document.querySelectorAll('#plots svg')]"
                  ".map((svg) => svg.getAttribute('aria-label')).join())",
                  SOON_MS);
}

static void pause_and_resume(struct browser *browser)
{
    browser_click(browser, "#pause");
    browser_await(browser, IS_STATUS("Paused"), SOON_MS);
    browser_await(browser, "document.getElementById('pause').textContent === 'Resume'", SOON_MS);
    browser_await(browser, "/Resting|Paused/.test(document.getElementById('lease').textContent)",
                  SOON_MS);
    browser_click(browser, "#pause");
    browser_await(browser, IS_STATUS("Mining"), SOON_MS);
}

/* The arrow key on the row of tabs leads to the next. */
static void look_at_results_by_keyboard(struct browser *browser)
{
    browser_type(browser, "#tab-overview", ARROW_RIGHT);
    browser_await(browser,
                  "document.activeElement.id === 'tab-results' && "
                  "!document.getElementById('results').hidden",
                  SOON_MS);
    browser_await(browser, "document.querySelectorAll('details.result .pill.good').length > 0",
                  SOON_MS);
    browser_type(browser, "details.result summary", ENTER);
    browser_await(browser, "document.querySelectorAll('details.result[open] .code div').length > 3",
                  SOON_MS);
}

/* Nothing sticks out of a phone's width, and every part has something to show. */
static void fit_a_phone(struct browser *browser)
{
    static const char *const tabs[] = {"overview", "results", "queue", "log", "settings"};
    char selector[64], expression[256];
    browser_resize(browser, PHONE, 800);
    for (size_t i = 0; i < sizeof tabs / sizeof *tabs; i++) {
        snprintf(selector, sizeof selector, "#tab-%s", tabs[i]);
        browser_click(browser, selector);
        snprintf(expression, sizeof expression,
                 "document.getElementById('%s').innerText.length > 40 && "
                 "document.documentElement.scrollWidth <= %d",
                 tabs[i], PHONE);
        browser_await(browser, expression, SOON_MS);
    }
    browser_resize(browser, 1100, 900);
}

static void change_a_setting(struct setting *setting)
{
    struct browser *browser = &setting->browser;
    browser_click(browser, "#tab-settings");
    browser_await(browser, "document.getElementById('setting-generations') !== null", SOON_MS);
    browser_type(browser, "#setting-generations", SELECT_ALL "2.5");
    browser_click(browser, "#settings-form button");
    browser_await(browser, "/whole number/.test(document.getElementById('saved').textContent)",
                  SOON_MS);
    browser_type(browser, "#setting-generations", SELECT_ALL "31");
    browser_click(browser, "#settings-form button");
    browser_await(browser, "/^Saved/.test(document.getElementById('saved').textContent)", SOON_MS);
    cJSON *file = read_json(&setting->place, "gui_config.json");
    const cJSON *generations = cJSON_GetObjectItemCaseSensitive(file, "generations");
    assert_true(cJSON_IsNumber(generations) && generations->valuedouble == 31);
    assert_int_equal(cJSON_GetArraySize(file), 5);
    cJSON_Delete(file);
    browser_click(browser, "#tab-overview");
}

static void break_the_pool(struct setting *setting)
{
    struct browser *browser = &setting->browser;
    kill_hard(setting->pool);
    browser_await(browser, "document.getElementById('trouble-now') !== null", SOON_MS);
    browser_await(browser, "/connect/i.test(document.getElementById('errors').textContent)",
                  SOON_MS);
    browser_await(browser, IS_STATUS("Mining"), SOON_MS); /* it goes on trying */
}

static void stop(struct browser *browser)
{
    browser_click(browser, "#stop");
    browser_await(browser, IS_STATUS("Idle"), SOON_MS);
    browser_await(browser, "!document.getElementById('start').disabled", SOON_MS);
}

/* `poolminer status`, of what runs and of what has run. */
static void expect_told(const struct setting *setting, int status, const char *says)
{
    const char *const arguments[] = {PM_BIN_DIR "/poolminer", "status", "--config", setting->config,
                                     NULL};
    expect_output(run_at_home(setting->place.path, arguments, SOON_MS), status, says, "");
}

static bool was_told_thrice(void *context)
{
    const struct setting *setting = context;
    return times_in_log(&setting->place, "watch.log", "\"running\":true") >= 3;
}

/* `poolminer status --watch` goes on until Ctrl-C, which is a good end. */
static void watch_for_a_while(struct setting *setting)
{
    const pid_t watch = START(&setting->place, "watch", "poolminer", "status", "--watch", "--json",
                              "--config", setting->config);
    assert_true(wait_until(was_told_thrice, setting, SOON_MS));
    kill(watch, SIGINT);
    assert_int_equal(wait_end(&setting->place, "watch", watch, SOON_MS), 0);
}

/* The other task: the pool of the settings is dead, practice has one of its own. */
static void practise(struct browser *browser)
{
    browser_click(browser, ".tasks label:nth-of-type(2) span");
    browser_click(browser, "#start");
    browser_await(browser, IS_STATUS("Mining"), SOON_MS);
    browser_await(browser,
                  "/practice earns nothing/.test(document.getElementById('tiles').textContent) && "
                  "document.querySelector('[name=task][value=practice]').checked",
                  SOON_MS);
    /* Of a key that was made for it, so that these are no other figures. */
    browser_await(browser, FIGURE("Evaluated") " > 0 && " FIGURE("Balance") " === 0", SOON_MS);
    stop(browser);
}

static void a_day_with_the_page(void **state)
{
    (void)state;
    struct setting *setting = &the_setting;
    struct browser *browser = &setting->browser;
    start_pool(setting, "10800", 3);
    start_gui(setting);
    look_without_the_token(setting);
    start_and_earn(setting);
    expect_told(setting, 0, "Status       mining since ");
    expect_told(setting, 0, "100.0 % of those judged accurate");
    pause_and_resume(browser);
    look_at_results_by_keyboard(browser);
    fit_a_phone(browser);
    change_a_setting(setting);
    assert_int_equal(browser_complaints(browser), 0);
    break_the_pool(setting);
    expect_told(setting, 0, "Trouble      ");
    watch_for_a_while(setting);
    stop(browser);
    expect_told(setting, 0, "idle: not mining");

    end_gui(setting);
    browser_await(browser, IS_STATUS("No connection"), SOON_MS);
    expect_told(setting, 1, "not running: ");
    expect_told(setting, 1, "100.0 % of those judged accurate");

    start_gui(setting); /* and knows what was */
    browser_visit(browser, setting->address);
    browser_await(browser, IS_STATUS("Idle"), SOON_MS);
    browser_await(browser, "document.querySelectorAll('#plots .curve').length > 1", SOON_MS);
    browser_await(browser, FIGURE("Evaluated") " > 0", SOON_MS);
    practise(browser);
    end_gui(setting);
    browser_complaints(browser); /* that nobody is there any more */
}

/* A lease that takes nearly all of its time, and whose pool is gone by then: the page, `status` and
 * the log say that it ran out, and by how much. */
static void a_lease_that_runs_out_says_by_how_much(void **state)
{
    (void)state;
    struct setting *setting = &the_setting;
    struct browser *browser = &setting->browser;
    start_pool(setting, "12", 100000);
    start_gui(setting);
    browser_visit(browser, "about:blank");
    browser_visit(browser, setting->address);
    browser_await(browser, IS_STATUS("Idle"), SOON_MS);
    browser_click(browser, "#start");
    browser_await(browser, "/Lease of/.test(document.getElementById('lease').textContent)",
                  SOON_MS);
    kill_hard(setting->pool);
    browser_await(browser,
                  "/Not paid.* expired +the lease ran out before .*, \\d+ s ago, after \\d+ tries/"
                  ".test(document.getElementById('errors').textContent)",
                  SOON_MS);
    browser_click(browser, "#tab-results");
    browser_await(browser,
                  "[...document.querySelectorAll('details.result')].some((one) => "
                  "/expired/.test(one.textContent) && "
                  "/ran out before .*, \\d+ s ago/.test(one.querySelector('.why')?.textContent))",
                  SOON_MS);
    browser_click(browser, "#tab-log");
    browser_await(browser,
                  "/LEASE-EXPIRED.*ran out before .*, \\d+ s ago/"
                  ".test(document.getElementById('lines').textContent)",
                  SOON_MS);
    expect_told(setting, 0, "expired: the lease ran out before the pool acknowledged");
    end_gui(setting);
    browser_complaints(browser); /* that nobody is there any more */
}

/* ---- what strangers say ---- */

/* What a pool, a seed's author or a file's name might put into words that are shown. */
#define HOSTILE_TEXT                                                                               \
    "<img src=x onerror='window.taken=1'><script>window.taken=2</script>${window.taken=3}"
#define HOSTILE HOSTILE_TEXT "\\n\\nevent: state\\ndata: {}\\n\\n\\u2028" /* within JSON */

static void put_record(struct pm_queue_client *client, const char *key, const char *record_state,
                       const char *body)
{
    struct pm_error error = {0};
    const struct pm_record_put put = {.run_id = "r",
                                      .key = key,
                                      .state = record_state,
                                      .reason = HOSTILE_TEXT,
                                      .body = body,
                                      .body_size = strlen(body)};
    if (!pm_queue_client_record_put(client, &put, &error)) {
        fail_msg("%s", error.message);
    }
}

static void tell_hostile_words(struct pm_queue_client *client)
{
    static const char figures[] =
        "{\"version\":1,\"hotkey\":\"" HOSTILE "\",\"pool\":\"javascript:window.taken=4//" HOSTILE
        "\",\"trouble\":\"" HOSTILE
        "\",\"lease\":{\"jobs\":2,\"jobs_done\":1,\"algorithms\":\"" HOSTILE
        "\"},\"stats\":{\"evaluations_submitted\":\"" HOSTILE "\",\"reputation\":\"" HOSTILE "\"}}";
    static const char refused[] =
        "{\"lease_id\":\"" HOSTILE "\",\"evaluations\":1,\"evolutions\":1,\"cause\":\"" HOSTILE
        "\",\"submission\":{\"evaluations\":[{\"algorithm_id\":\"" HOSTILE "\",\"score\":1}]},"
        "\"evolved\":[{\"score\":0.5,\"algorithm_dsl\":\"def Setup():\\n s1 = 1\\n" HOSTILE
        "\",\"parents\":[{\"id\":\"" HOSTILE "\",\"algorithm_dsl\":\"" HOSTILE "\"}]}],"
        "\"answer\":{\"evolutions\":[{\"status\":\"" HOSTILE "\"}]},"
        "\"left_out\":[{\"job\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}]}";
    cJSON *lines = cJSON_CreateArray(), *line = cJSON_CreateObject();
    put_record(client, "figures/a", "figures", figures);
    put_record(client, "lease/a/1", "refused", refused);
    put_record(client, "unpaid/a/evaluation/7", "unpaid", "{\"algorithm_id\":\"" HOSTILE "\"}");
    cJSON_AddNumberToObject(line, "time_ms", (double)pm_clock_unix_ms());
    cJSON_AddStringToObject(line, "level", "warn");
    cJSON_AddStringToObject(line, "id", "DRIVER-REFUSED");
    cJSON_AddStringToObject(line, "message", HOSTILE_TEXT);
    cJSON_AddItemToArray(lines, line);
    assert_true(pm_queue_client_tell_lines(client, "driver", lines, NULL));
}

#define SHOWS_HOSTILE(part)                                                                        \
    "document.getElementById('" part "').innerText.includes('<script>window.taken=2</script>')"

/* The words of others are words: in every part of the page, and in a result that is opened. What
 * would run them is forbidden besides. */
static void what_strangers_say_is_only_shown(void **state)
{
    (void)state;
    const struct place *place = &the_setting.place;
    struct browser *browser = &the_setting.browser;
    char address[64], url[64];
    const pid_t sidecar =
        START(place, "sidecar", "poolminer-sidecar", "--port", "0", "--http-port", "0", "--store",
              place_file(place, "stranger.db"), "--ready-file", place_file(place, "sidecar.ready"),
              "--http-ready-file", place_file(place, "page.ready"), "--history",
              place_file(place, "stranger-history.db"));
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", wait_ready(place, "sidecar.ready"));
    snprintf(address, sizeof address, "http://127.0.0.1:%d/", wait_ready(place, "page.ready"));
    const struct pm_queue_client_config config = {
        .url = url, .role = "driver", .name = "stranger", .timeout_ms = SOON_MS};
    struct pm_queue_client *client = NULL;
    assert_true(pm_queue_client_create(&config, &client, NULL));
    tell_hostile_words(client);

    browser_visit(browser, "about:blank");
    browser_complaints(browser); /* of the page before, whose sidecar is gone */
    browser_visit(browser, address);
    browser_await(browser, SHOWS_HOSTILE("errors"), SOON_MS);
    browser_click(browser, "#tab-results");
    browser_await(browser, "document.querySelectorAll('details.result').length === 2", SOON_MS);
    browser_click(browser, "details.result:last-child summary");
    browser_await(browser, "document.querySelectorAll('details[open] .code div').length > 3",
                  SOON_MS);
    browser_await(browser, SHOWS_HOSTILE("result-list"), SOON_MS);
    browser_click(browser, "#tab-queue");
    browser_click(browser, "#tab-log");
    browser_await(browser, SHOWS_HOSTILE("lines"), SOON_MS);
    browser_await(browser,
                  "window.taken === undefined && document.images.length === 0 && "
                  "document.scripts.length === 1",
                  SOON_MS);
    assert_int_equal(browser_complaints(browser), 0);

    /* Had they come in as markup, they would not have been run. */
    cJSON_Delete(browser_value(
        browser, "document.body.insertAdjacentHTML('beforeend', '<p onclick=\"window.taken=5\" "
                 "id=\"trap\">trap</p><img src=\"x\" onerror=\"window.taken=6\">'), "
                 "document.body.append(Object.assign(document.createElement('script'), "
                 "{textContent: 'window.taken=7'})), document.getElementById('trap').click(), 1"));
    browser_await(browser, "window.taken === undefined", SOON_MS);
    assert_true(browser_complaints(browser) >= 3); /* of the policy's */
    pm_queue_client_destroy(client);
    kill(sidecar, SIGTERM);
    assert_int_equal(wait_end(place, "sidecar", sidecar, SOON_MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_with_the_page),
        cmocka_unit_test(a_lease_that_runs_out_says_by_how_much),
        cmocka_unit_test(what_strangers_say_is_only_shown),
    };
    return cmocka_run_group_tests(tests, open_browser, close_all);
}
