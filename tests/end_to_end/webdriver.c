#include "webdriver.h"

#include "cmocka_include.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>
#include <poolminer/process.h>
#include <poolminer/text.h>

enum {
    CALL_S = 240, /* a browser's first start on a busy machine takes long */
    READY_MS = 120000,
    LOOK_MS = 100,
    ANSWER_MAX = 16 << 20,
    SCRIPT_SIZE = 4096,
};

/* The member under which WebDriver hands out elements; W3C WebDriver, "Elements". */
static const char ELEMENT[] = "element-6066-11e4-a52e-4f735466cecf";

/* ---- calls ---- */

static size_t collect(char *bytes, size_t size, size_t count, void *context)
{
    pm_text_append_bytes(context, bytes, size * count);
    return size * count;
}

static void request(const struct browser *browser, const char *path, const char *body,
                    const char *method, struct pm_text *answer, bool *sent)
{
    char url[512];
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    assert_non_null(curl);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s%s", browser->port, browser->session, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CALL_S);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    *sent = curl_easy_perform(curl) == CURLE_OK;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

/* The answer's "value", which the caller deletes; NULL: no answer, or an error of WebDriver's,
 * shown on standard error if it is to be. */
static cJSON *try_call(const struct browser *browser, const char *method, const char *path,
                       cJSON *body, bool show)
{
    struct pm_text answer = {0};
    cJSON *root = NULL;
    bool sent = false;
    char *text = body != NULL ? cJSON_PrintUnformatted(body) : NULL;
    cJSON_Delete(body);
    request(browser, path, text, method, &answer, &sent);
    free(text);
    if (sent && answer.data != NULL) {
        pm_json_parse(answer.data, answer.length, ANSWER_MAX, &root, NULL);
    }
    cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(root, "value");
    if (value != NULL && cJSON_HasObjectItem(value, "error")) {
        if (show) {
            fprintf(stderr, "%s %s: %.600s\n", method, path, answer.data);
        }
        cJSON_Delete(value);
        value = NULL;
    }
    cJSON_Delete(root);
    pm_text_clear(&answer);
    return value;
}

static cJSON *call(const struct browser *browser, const char *method, const char *path, cJSON *body)
{
    cJSON *value = try_call(browser, method, path, body, true);
    if (value == NULL) {
        show_logs(browser->place);
        fail_msg("the browser refused: %s %s", method, path);
    }
    return value;
}

/* ---- life ---- */

static bool driver_is_ready(void *context)
{
    cJSON *value = try_call(context, "GET", "/status", NULL, false);
    const bool ready = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(value, "ready"));
    cJSON_Delete(value);
    return ready;
}

/* Nothing that leaves this machine, nothing that another run left. */
static cJSON *capabilities(const struct place *place)
{
    char profile[256];
    static const char *const arguments[] = {"--headless",
                                            "--no-sandbox",
                                            "--disable-gpu",
                                            "--disable-dev-shm-usage",
                                            "--disable-quic",
                                            "--no-first-run",
                                            "--disable-background-networking",
                                            "--disable-component-update",
                                            "--disable-sync"};
    cJSON *root = cJSON_CreateObject();
    cJSON *all =
        cJSON_AddObjectToObject(cJSON_AddObjectToObject(root, "capabilities"), "alwaysMatch");
    cJSON *options = cJSON_AddObjectToObject(all, "goog:chromeOptions");
    cJSON *list = cJSON_AddArrayToObject(options, "args");
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateString(arguments[i]));
    }
    snprintf(profile, sizeof profile, "--user-data-dir=%s", place_file(place, "profile"));
    cJSON_AddItemToArray(list, cJSON_CreateString(profile));
    cJSON_AddStringToObject(options, "binary", "/usr/bin/chromium");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(all, "goog:loggingPrefs"), "browser", "ALL");
    return root;
}

void browser_open(struct browser *browser, const struct place *place)
{
    char port[32];
    *browser = (struct browser){.place = place, .port = pm_process_free_port()};
    snprintf(port, sizeof port, "--port=%d", browser->port);
    browser->driver = START(place, "chromedriver", "/usr/bin/chromedriver", port);
    if (!wait_until(driver_is_ready, browser, READY_MS)) {
        show_logs(place);
        fail_msg("chromedriver does not answer; scripts/install-deps.sh --test installs it");
    }
    cJSON *value = call(browser, "POST", "/session", capabilities(place));
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(value, "sessionId");
    assert_true(cJSON_IsString(id));
    snprintf(browser->session, sizeof browser->session, "/session/%s", id->valuestring);
    cJSON_Delete(value);
}

void browser_close(struct browser *browser)
{
    if (browser->session[0] != '\0') {
        cJSON_Delete(try_call(browser, "DELETE", "", NULL, true)); /* Chromium ends */
        browser->session[0] = '\0';
    }
    if (browser->driver != 0) {
        kill(browser->driver, SIGTERM);
        wait_end(browser->place, "chromedriver", browser->driver, READY_MS);
        browser->driver = 0;
    }
}

void browser_resize(struct browser *browser, int width, int height)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "cmd", "Emulation.setDeviceMetricsOverride");
    cJSON *parameters = cJSON_AddObjectToObject(body, "params");
    cJSON_AddNumberToObject(parameters, "width", width);
    cJSON_AddNumberToObject(parameters, "height", height);
    cJSON_AddNumberToObject(parameters, "deviceScaleFactor", 1);
    cJSON_AddBoolToObject(parameters, "mobile", false);
    cJSON_Delete(call(browser, "POST", "/goog/cdp/execute", body));
}

/* ---- using it ---- */

void browser_visit(struct browser *browser, const char *url)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "url", url);
    cJSON_Delete(call(browser, "POST", "/url", body));
}

/* Has the first element that fits do something: "click" or "value". */
static void act(struct browser *browser, const char *selector, const char *action, cJSON *body)
{
    char path[256];
    cJSON *query = cJSON_CreateObject();
    cJSON_AddStringToObject(query, "using", "css selector");
    cJSON_AddStringToObject(query, "value", selector);
    cJSON *found = call(browser, "POST", "/element", query);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(found, ELEMENT);
    assert_true(cJSON_IsString(id));
    snprintf(path, sizeof path, "/element/%s/%s", id->valuestring, action);
    cJSON_Delete(found);
    cJSON_Delete(call(browser, "POST", path, body));
}

void browser_click(struct browser *browser, const char *selector)
{
    act(browser, selector, "click", cJSON_CreateObject());
}

void browser_type(struct browser *browser, const char *selector, const char *keys)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "text", keys);
    act(browser, selector, "value", body);
}

cJSON *browser_value(struct browser *browser, const char *expression)
{
    char script[SCRIPT_SIZE];
    cJSON *body = cJSON_CreateObject();
    snprintf(script, sizeof script, "return (%s);", expression);
    cJSON_AddStringToObject(body, "script", script);
    cJSON_AddArrayToObject(body, "args");
    return call(browser, "POST", "/execute/sync", body);
}

static bool is_true(struct browser *browser, const char *expression)
{
    cJSON *value = browser_value(browser, expression);
    const bool answer = cJSON_IsTrue(value);
    cJSON_Delete(value);
    return answer;
}

void browser_await(struct browser *browser, const char *expression, int64_t timeout_ms)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + timeout_ms;
    while (!is_true(browser, expression)) {
        if (pm_clock_monotonic_ms() > until_ms) {
            cJSON *text = browser_value(browser, "document.body.innerText");
            fprintf(stderr, "the page:\n%s\n", cJSON_GetStringValue(text));
            cJSON_Delete(text);
            show_logs(browser->place);
            fail_msg("never true: %s", expression);
        }
        pm_clock_sleep_ms(LOOK_MS);
    }
}

int browser_complaints(struct browser *browser)
{
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "type", "browser");
    cJSON *lines = call(browser, "POST", "/se/log", body);
    const int count = cJSON_GetArraySize(lines);
    const cJSON *line = NULL;
    cJSON_ArrayForEach(line, lines)
    {
        const cJSON *message = cJSON_GetObjectItemCaseSensitive(line, "message");
        fprintf(stderr, "console: %s\n", cJSON_GetStringValue(message));
    }
    cJSON_Delete(lines);
    return count;
}
