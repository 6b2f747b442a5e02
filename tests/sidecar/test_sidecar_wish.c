/* Pausing: what a person wishes reaches workers and drivers, and outlives the sidecar; what workers
 * tell of themselves is shown, and believed for a while. */
#include "sidecar/sidecar_program.h"

#include <stdio.h>
#include <stdlib.h>

#include <poolminer/json.h>
#include <poolminer/wire.h>

static struct pm_error error;

static struct pm_wish_state wish(struct pm_queue_client *client, const enum pm_wish *wished)
{
    struct pm_wish_state state = {0};
    assert_done(pm_queue_client_wish(client, wished, &state, &error), error);
    return state;
}

static enum pm_wish report(struct pm_queue_client *worker, const char *paused)
{
    enum pm_wish heard = PM_WISH_AUTO;
    assert_done(pm_queue_client_report(worker, paused, "{\"threads\":3}", &heard, &error), error);
    return heard;
}

static void assert_paused(struct pm_queue_client *driver, const char *words)
{
    char paused[PM_QUEUE_PAUSED_SIZE];
    assert_done(pm_queue_client_room(driver, 1000, paused, &error), error);
    if (words[0] == '\0' ? paused[0] != '\0' : strstr(paused, words) == NULL) {
        fail_msg("expected \"%s\", got \"%s\"", words, paused);
    }
}

static cJSON *status(struct pm_queue_client *client)
{
    char *text;
    cJSON *root;
    assert_done(pm_queue_client_status(client, &text, &error), error);
    assert_done(pm_json_parse(text, strlen(text), 1 << 20, &root, &error), error);
    free(text);
    return root;
}

static void a_wish_is_heard_and_kept(void **state)
{
    (void)state;
    static const enum pm_wish pause = PM_WISH_PAUSE, anyway = PM_WISH_ANYWAY, aut = PM_WISH_AUTO;
    struct pm_queue_client *person = client_open("admin", "person");
    struct pm_queue_client *worker = client_open("worker", "w");
    struct pm_queue_client *driver = client_open("driver", "d");
    assert_int_equal(wish(person, NULL).wish, PM_WISH_AUTO);
    assert_int_equal(wish(person, NULL).since_ms, 0);
    assert_paused(driver, "");

    const struct pm_wish_state first = wish(person, &pause);
    assert_int_equal(first.wish, PM_WISH_PAUSE);
    assert_true(first.since_ms > 0);
    assert_int_equal(wish(person, &pause).since_ms, first.since_ms); /* nothing new */
    assert_int_equal(report(worker, ""), PM_WISH_PAUSE);
    assert_paused(driver, "a person paused it");

    sidecar_kill();
    sidecar_start();
    assert_int_equal(wish(person, NULL).wish, PM_WISH_PAUSE);
    assert_int_equal(wish(person, NULL).since_ms, first.since_ms);
    assert_int_equal(report(worker, ""), PM_WISH_PAUSE);

    assert_int_equal(wish(person, &anyway).wish, PM_WISH_ANYWAY);
    assert_int_equal(report(worker, ""), PM_WISH_ANYWAY);
    assert_paused(driver, "");
    assert_int_equal(wish(person, &aut).wish, PM_WISH_AUTO);
    assert_int_equal(report(worker, ""), PM_WISH_AUTO);

    /* It is a record of a run, which is nobody's business. */
    cJSON *root = status(person);
    assert_string_equal(cJSON_GetObjectItem(root, "wish")->valuestring, "auto");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "runs")), 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "records")), 0);
    cJSON_Delete(root);
    pm_queue_client_destroy(person);
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(driver);
}

static void a_driver_hears_when_all_workers_rest(void **state)
{
    (void)state;
    struct pm_queue_client *first = client_open("worker", "first");
    struct pm_queue_client *second = client_open("worker", "second");
    struct pm_queue_client *driver = client_open("driver", "d");
    report(first, "on battery");
    assert_paused(driver, "on battery");
    report(second, "");
    assert_paused(driver, "");
    report(second, "too warm");
    assert_paused(driver, "too warm"); /* the latest to speak */
    report(first, "");
    assert_paused(driver, "");
    pm_queue_client_destroy(first);
    pm_queue_client_destroy(second);
    pm_queue_client_destroy(driver);
}

static void a_resting_worker_is_shown_with_its_reason(void **state)
{
    (void)state;
    struct pm_queue_client *worker = client_open("worker", "laptop");
    struct pm_queue_client *reports = client_open("worker", "laptop");
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_job job;
    report(reports, "on battery");
    for (int leased = 0; leased <= 1; leased++) {
        cJSON *root = status(driver);
        const cJSON *workers = cJSON_GetObjectItem(root, "workers");
        assert_int_equal(cJSON_GetArraySize(workers), 1);
        const cJSON *shown = cJSON_GetArrayItem(workers, 0);
        assert_string_equal(cJSON_GetObjectItem(shown, "name")->valuestring, "laptop");
        assert_int_equal(cJSON_IsNull(cJSON_GetObjectItem(shown, "job")), leased == 0);
        assert_string_equal(cJSON_GetObjectItem(shown, "paused")->valuestring, "on battery");
        const cJSON *told = cJSON_GetObjectItem(shown, "report");
        assert_int_equal(cJSON_GetObjectItem(told, "threads")->valueint, 3);
        cJSON_Delete(root);
        if (leased == 0) {
            client_put(driver, "k");
            assert_true(client_lease(worker, 1000, &job));
            pm_job_clear(&job);
        }
    }
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(reports);
    pm_queue_client_destroy(driver);
}

static void bad_wishes_and_reports_are_refused(void **state)
{
    (void)state;
    struct pm_queue_client *worker = client_open("worker", "w");
    char large[PM_WIRE_REPORT_MAX + 20], reason[PM_QUEUE_PAUSED_SIZE + 1];
    enum pm_wish heard;
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    assert_refused(pm_queue_client_report(worker, reason, NULL, &heard, &error), error,
                   PM_ERROR_INVALID, "paused: more than 256 bytes");
    snprintf(large, sizeof large, "{\"a\":\"%0*d\"}", PM_WIRE_REPORT_MAX, 0);
    assert_refused(pm_queue_client_report(worker, "", large, &heard, &error), error, PM_ERROR_LIMIT,
                   "report: more than 1024 bytes");
    enum pm_wish parsed = PM_WISH_PAUSE;
    assert_refused(pm_wish_parse("never", &parsed, &error), error, PM_ERROR_INVALID,
                   "expected auto, pause or anyway");
    assert_int_equal(parsed, PM_WISH_PAUSE);
    pm_queue_client_destroy(worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIDECAR(a_wish_is_heard_and_kept),
        WITH_SIDECAR(a_driver_hears_when_all_workers_rest),
        WITH_SIDECAR(a_resting_worker_is_shown_with_its_reason),
        WITH_SIDECAR(bad_wishes_and_reports_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pm_test_remove_directory();
    return failed;
}
