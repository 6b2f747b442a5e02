/* What the sidecar remembers for people: bounded, thinner with age, and there again afterwards. */
#include "sidecar/history.h"
#include "sidecar/sidecar_test.h"
#include "sidecar/view_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <poolminer/json.h>

#define STEP_MS 300000LL /* between two samples */
#define DAY_MS (288 * STEP_MS)

static struct pm_error error;

static struct pm_history *open_history(const char *path)
{
    struct pm_history *history;
    assert_done(pm_history_open(path, &history, &error), error);
    return history;
}

static void add_sample(struct pm_history *history, const char *account, int64_t unix_ms,
                       double reputation)
{
    double values[PM_SERIES_COUNT];
    for (int i = 0; i < PM_SERIES_COUNT; i++) {
        values[i] = NAN;
    }
    values[PM_SERIES_REPUTATION_TOTAL] = reputation;
    assert_done(pm_history_add_sample(history, account, unix_ms, values, &error), error);
}

static int count_samples(struct pm_history *history, const char *account, int64_t from_ms)
{
    cJSON *series = pm_history_series(history, account, from_ms, 1000000, &error);
    assert_non_null(series);
    int count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(series, "time_ms"));
    cJSON_Delete(series);
    return count;
}

static void lines_are_the_newest(void **state)
{
    (void)state;
    enum { BATCH = 100 };
    static struct pm_history_line lines[BATCH];
    struct pm_history *history = open_history(NULL);
    for (int batch = 0; batch < 60; batch++) {
        for (int i = 0; i < BATCH; i++) {
            lines[i] = (struct pm_history_line){.unix_ms = 1, .level = PM_LOG_INFO};
            snprintf(lines[i].program, sizeof lines[i].program, "worker");
            snprintf(lines[i].message, sizeof lines[i].message, "line %d", batch * BATCH + i + 1);
        }
        lines[0].level = PM_LOG_ERROR;
        assert_done(pm_history_add_lines(history, lines, BATCH, &error), error);
    }
    assert_int_equal(pm_history_last_line(history), 60 * BATCH);
    cJSON *all = pm_history_lines(history, 0, PM_LOG_DEBUG, 10000, &error);
    assert_non_null(all);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(all, "lines");
    assert_int_equal(cJSON_GetArraySize(list), PM_HISTORY_LINES_MAX);
    assert_string_equal(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 0), "message")->valuestring,
        "line 1001");
    cJSON_Delete(all);
    cJSON *errors = pm_history_lines(history, -1, PM_LOG_WARN, 3, &error);
    list = cJSON_GetObjectItemCaseSensitive(errors, "lines");
    assert_int_equal(cJSON_GetArraySize(list), 3);
    assert_string_equal(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 2), "message")->valuestring,
        "line 5901");
    cJSON_Delete(errors);
    pm_history_close(history);
}

/* A clock that is years ahead for a moment makes nothing old. */
static void one_sample_from_the_future_thins_nothing(void **state)
{
    (void)state;
    enum { SAMPLES = 500 };
    struct pm_history *history = open_history(NULL);
    for (int i = 0; i < SAMPLES; i++) {
        add_sample(history, "5Miner", 1790000000000LL + i * 1000LL, 1.0);
    }
    add_sample(history, "5Miner", 1790000000000LL + 3650 * DAY_MS, 1.0);
    for (int i = SAMPLES; i < 2 * SAMPLES; i++) {
        add_sample(history, "5Miner", 1790000000000LL + i * 1000LL, 1.0);
    }
    assert_int_equal(count_samples(history, "5Miner", 0), 2 * SAMPLES + 1);
    pm_history_close(history);
}

/* Samples of 40 days, and one that is older than anything is kept for. */
static void figures_thin_out_with_age(void **state)
{
    (void)state;
    const int64_t end_ms = 20000 * DAY_MS, begin_ms = end_ms - 40 * DAY_MS;
    struct pm_history *history = open_history(NULL);
    add_sample(history, "a", end_ms - 800 * DAY_MS, 0);
    for (int64_t at_ms = begin_ms; at_ms <= end_ms; at_ms += STEP_MS) {
        add_sample(history, "a", at_ms, (double)(at_ms - begin_ms));
    }
    const int last_day = 288, month = 29 * 144, rest = 10 * 4;
    int count = count_samples(history, "a", 0);
    /* Up to sixty samples wait to be thinned out, and ages are counted from the sixtieth. */
    assert_in_range(count, last_day + month + rest - 2, last_day + month + rest + 120 + 2);
    assert_in_range(count_samples(history, "a", end_ms - DAY_MS + 1), last_day - 1, last_day + 1);
    cJSON *series = pm_history_series(history, "a", 0, 500, &error);
    const cJSON *times = cJSON_GetObjectItemCaseSensitive(series, "time_ms");
    assert_in_range(cJSON_GetArraySize(times), 250, 500);
    const cJSON *last = cJSON_GetArrayItem(times, cJSON_GetArraySize(times) - 1);
    assert_true(last->valuedouble == (double)end_ms); /* the newest is always among them */
    cJSON_Delete(series);
    pm_history_close(history);
}

static void accounts_are_limited(void **state)
{
    (void)state;
    struct pm_history *history = open_history(NULL);
    char account[16];
    for (int i = 0; i < 100; i++) {
        for (int k = 0; k < 3; k++) {
            snprintf(account, sizeof account, "account %d", i);
            add_sample(history, account, 1 + i * 10 + k, 1);
        }
    }
    int kept = 0;
    for (int i = 0; i < 100; i++) {
        snprintf(account, sizeof account, "account %d", i);
        kept += count_samples(history, account, 0) > 0 ? 1 : 0;
    }
    assert_in_range(kept, PM_HISTORY_ACCOUNTS_MAX, PM_HISTORY_ACCOUNTS_MAX + 20);
    assert_int_equal(count_samples(history, "account 99", 0), 3);
    pm_history_close(history);
}

static void it_is_there_again(void **state)
{
    (void)state;
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s", pm_test_path("history.db"));
    struct pm_history *history = open_history(path);
    const struct pm_history_line line = {.unix_ms = 5, .level = PM_LOG_WARN, .program = "driver"};
    assert_done(pm_history_add_lines(history, &line, 1, &error), error);
    add_sample(history, "a", 7, 1);
    add_sample(history, "a", 7, 2); /* the same moment again */
    pm_history_close(history);
    history = open_history(path);
    assert_int_equal(pm_history_last_line(history), 1);
    assert_int_equal(count_samples(history, "a", 0), 1);
    pm_history_close(history);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("something else that is long enough to be taken for a file with a header", file);
    assert_int_equal(fclose(file), 0);
    assert_false(pm_history_open(path, &history, &error));
}

static void every_warning_has_a_remedy(void **state)
{
    (void)state;
    assert_non_null(strstr(pm_remedy("DRIVER-NO-RESULTS"), "Is a worker running"));
    assert_non_null(strstr(pm_remedy("DRIVER-POOL-AWAY"), "; tried again"));
    assert_string_equal(pm_remedy("NO-SUCH-ID"), "");
}

static void a_state_is_made_of_what_there_is(void **state)
{
    (void)state;
    cJSON *figures = cJSON_Parse("[{\"hotkey\":\"a\",\"run\":\"r\",\"recorded_ms\":5},"
                                 "{\"hotkey\":\"b\",\"run\":\"r\",\"recorded_ms\":9},"
                                 "{\"hotkey\":\"c\",\"run\":\"s\",\"recorded_ms\":12}]");
    cJSON *report = cJSON_Parse("{\"status\":\"mining\",\"run\":\"r\"}");
    cJSON *status = cJSON_Parse("{\"jobs\":{\"completed\":4}}");
    const struct pm_view_parts parts = {
        .status = status, .figures = figures, .report = report, .now_ms = 20, .started_ms = 10};
    char *text = pm_view_state_write(&parts);
    cJSON *document = cJSON_Parse(text);
    const cJSON *miner = cJSON_GetObjectItemCaseSensitive(document, "miner");
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(miner, "hotkey")->valuestring, "b");
    assert_true(cJSON_GetObjectItemCaseSensitive(document, "completed_jobs")->valuedouble == 4);
    cJSON_Delete(document);
    free(text);
    cJSON_Delete(figures);
    cJSON_Delete(report);
    cJSON_Delete(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_newest),
        cmocka_unit_test(figures_thin_out_with_age),
        cmocka_unit_test(one_sample_from_the_future_thins_nothing),
        cmocka_unit_test(accounts_are_limited),
        cmocka_unit_test(it_is_there_again),
        cmocka_unit_test(every_warning_has_a_remedy),
        cmocka_unit_test(a_state_is_made_of_what_there_is),
    };
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    pm_test_remove_directory();
    return result;
}
