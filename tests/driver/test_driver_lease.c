/* Leases: what is read, what is refused, what is skipped; and the record they are kept in. */
#include "cmocka_include.h"
#include "driver/lease.h"
#include "driver/lease_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/queue_client.h>

static bool parse(const char *text, struct pm_lease *out, struct pm_error *error)
{
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    bool done = pm_lease_parse(json, out, error);
    cJSON_Delete(json);
    return done;
}

static void refuse(const char *text, const char *reason)
{
    struct pm_lease lease;
    struct pm_error error = {0};
    assert_false(parse(text, &lease, &error));
    if (strstr(error.message, reason) == NULL) {
        fail_msg("expected \"%s\" in: %s", reason, error.message);
    }
}

static cJSON *load(const char *name)
{
    char path[512];
    char *text = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/jobs/%s", PM_TEST_DATA, name);
    assert_true(pm_file_read(path, 1 << 20, &text, &length, NULL));
    cJSON *json = cJSON_Parse(text);
    free(text);
    assert_non_null(json);
    return json;
}

static void the_example_is_read(void **state)
{
    (void)state;
    struct pm_lease lease;
    cJSON *json = load("lease.json");
    assert_true(pm_lease_parse(json, &lease, NULL));
    cJSON_Delete(json);
    assert_string_equal(lease.id, "a81bc81b-dead-4e5d-abff-90865d1e13b1");
    assert_int_equal(lease.window_number, 7);
    assert_int_equal(lease.timeout_ms, 1795186800000); /* no zone: UTC */
    assert_int_equal(lease.evolve_budget, 1);
    assert_int_equal(lease.evaluate.count, 3);
    assert_int_equal(lease.evaluate.items[1].id, 18);
    assert_int_equal(lease.evaluate.items[2].input_dim, 16); /* missing: 16 */
    assert_int_equal(lease.seeds.count, 2);
    assert_int_equal(lease.skipped, 0);
    pm_lease_clear(&lease);
}

static void what_is_missing_may_be_missing(void **state)
{
    (void)state;
    struct pm_lease lease;
    assert_true(parse("{\"lease_id\":\"x\",\"timeout_at\":\"2026-11-20T15:00:00Z\","
                      "\"evaluate_algorithms\":null}",
                      &lease, NULL));
    assert_int_equal(lease.evaluate.count + lease.seeds.count, 0);
    assert_int_equal(lease.evolve_budget, 0);
    pm_lease_clear(&lease);
}

static void a_lease_that_cannot_be_used_is_refused(void **state)
{
    (void)state;
    char long_id[256];
    char text[512];
    memset(long_id, 'a', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = '\0';
    snprintf(text, sizeof text, "{\"lease_id\":\"%s\",\"timeout_at\":\"2026-11-20T15:00:00Z\"}",
             long_id);
    refuse(text, "lease_id");
    refuse("[]", "lease_id");
    refuse("{}", "lease_id");
    refuse("{\"lease_id\":7}", "lease_id");
    refuse("{\"lease_id\":\"\"}", "lease_id");
    refuse("{\"lease_id\":\"../../admin\"}", "lease_id");
    refuse("{\"lease_id\":\"a?b\"}", "lease_id");
    refuse("{\"lease_id\":\"..\"}", "lease_id");
    refuse("{\"lease_id\":\"x\"}", "timeout_at");
    refuse("{\"lease_id\":\"x\",\"timeout_at\":\"tomorrow\"}", "timeout_at");
    refuse("{\"lease_id\":\"x\",\"timeout_at\":1700000000}", "timeout_at");
    refuse("{\"lease_id\":\"x\",\"timeout_at\":\"2026-11-20T15:00:00Z\",\"evolve_budget\":\"1\"}",
           "evolve_budget");
    refuse("{\"lease_id\":\"x\",\"timeout_at\":\"2026-11-20T15:00:00Z\",\"evolve_budget\":-1}",
           "evolve_budget");
    refuse("{\"lease_id\":\"x\",\"timeout_at\":\"2026-11-20T15:00:00Z\","
           "\"evaluate_algorithms\":{}}",
           "evaluate_algorithms");
    refuse("{\"lease_id\":\"x\",\"timeout_at\":\"2026-11-20T15:00:00Z\",\"seed_algorithms\":\"\"}",
           "seed_algorithms");
}

static void algorithms_that_break_a_rule_are_skipped(void **state)
{
    (void)state;
    struct pm_lease lease;
    assert_true(parse("{\"lease_id\":\"x\",\"timeout_at\":\"2026-11-20T15:00:00Z\","
                      "\"evaluate_algorithms\":["
                      "{\"id\":1,\"algorithm_dsl\":\"a\",\"input_dim\":0},"
                      "{\"id\":2,\"algorithm_dsl\":\"b\"},"
                      "{\"id\":2,\"algorithm_dsl\":\"c\"},"
                      "{\"id\":\"3\",\"algorithm_dsl\":\"d\"},"
                      "{\"id\":4.5,\"algorithm_dsl\":\"e\"},"
                      "{\"id\":5},7,null,"
                      "{\"id\":6,\"algorithm_dsl\":\"f\",\"input_dim\":129},"
                      "{\"id\":7,\"algorithm_dsl\":\"g\",\"input_dim\":128}]}",
                      &lease, NULL));
    assert_int_equal(lease.evaluate.count, 2);
    assert_int_equal(lease.evaluate.items[0].id, 2);
    assert_string_equal(lease.evaluate.items[0].text, "b");
    assert_int_equal(lease.evaluate.items[1].id, 7);
    assert_int_equal(lease.skipped, 8);
    assert_non_null(strstr(lease.skip_reason.message, "evaluate_algorithms[0].input_dim"));
    pm_lease_clear(&lease);
}

/* A lease of `count` algorithms to evaluate whose texts have `size` times the character `fill`. */
static void parse_large(size_t count, size_t size, char fill, struct pm_lease *out)
{
    char *text = malloc(size + 1);
    memset(text, fill, size);
    text[size] = '\0';
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "lease_id", "large");
    cJSON_AddStringToObject(json, "timeout_at", "2026-11-20T15:00:00Z");
    cJSON_AddNumberToObject(json, "evolve_budget", 1e15);
    cJSON *list = cJSON_AddArrayToObject(json, "evaluate_algorithms");
    for (size_t i = 0; i < count; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "id", (double)i);
        cJSON_AddStringToObject(item, "algorithm_dsl", text);
        cJSON_AddItemToArray(list, item);
    }
    assert_true(pm_lease_parse(json, out, NULL));
    cJSON_Delete(json);
    free(text);
}

static void numbers_and_sizes_have_bounds(void **state)
{
    (void)state;
    struct pm_lease lease;
    parse_large(300, 10, 'x', &lease);
    assert_int_equal(lease.evaluate.count, PM_LEASE_EVALUATE_MAX);
    assert_int_equal(lease.skipped, 300 - PM_LEASE_EVALUATE_MAX);
    assert_int_equal(lease.evolve_budget, PM_LEASE_EVOLVE_BUDGET_MAX);
    pm_lease_clear(&lease);
    parse_large(2, PM_ALGORITHM_TEXT_MAX_BYTES, 'x', &lease);
    assert_int_equal(lease.evaluate.count, 2);
    pm_lease_clear(&lease);
    parse_large(2, PM_ALGORITHM_TEXT_MAX_BYTES + 1, 'x', &lease);
    assert_int_equal(lease.evaluate.count, 0);
    assert_int_equal(lease.skipped, 2);
    pm_lease_clear(&lease);
    parse_large(256, PM_ALGORITHM_TEXT_MAX_BYTES, '\x01', &lease); /* six times as long in JSON */
    assert_int_equal(lease.evaluate.count, 1);
    assert_int_equal(lease.skipped, 255);
    pm_lease_clear(&lease);
}

static void assert_same_lease(const struct pm_lease *a, const struct pm_lease *b)
{
    cJSON *left = pm_lease_write(a);
    cJSON *right = pm_lease_write(b);
    assert_non_null(left);
    assert_true(cJSON_Compare(left, right, true));
    cJSON_Delete(left);
    cJSON_Delete(right);
}

static void a_record_comes_back_as_it_was(void **state)
{
    (void)state;
    struct pm_lease_record record = {.deadline_ms = 1795186800123,
                                     .jobs = {.algorithms_per_job = 4,
                                              .evolve_jobs = 2,
                                              .generations = 50,
                                              .evolve_max_seconds = 60,
                                              .profile = "baseline"}};
    struct pm_lease_record back;
    struct pm_error error = {0};
    cJSON *json = load("lease.json");
    assert_true(pm_lease_parse(json, &record.lease, NULL));
    cJSON_Delete(json);
    char *text = pm_lease_record_encode(&record, &error);
    assert_non_null(text);
    assert_true(pm_lease_record_decode(text, strlen(text), &back, &error));
    assert_int_equal(back.deadline_ms, record.deadline_ms);
    assert_int_equal(back.jobs.algorithms_per_job, 4);
    assert_int_equal(back.jobs.evolve_jobs, 2);
    assert_int_equal(back.jobs.generations, 50);
    assert_int_equal(back.jobs.evolve_max_seconds, 60);
    assert_string_equal(back.jobs.profile, "baseline");
    assert_same_lease(&record.lease, &back.lease);
    free(text);
    pm_lease_record_clear(&back);
    pm_lease_record_clear(&record);
}

static void the_largest_lease_fits_a_record(void **state)
{
    (void)state;
    static const char fills[] = {'x', '\n', '\t', '\r', '\x01', '\x7f', '"', '\\'};
    for (size_t i = 0; i < sizeof fills; i++) {
        struct pm_lease_record record = {.jobs = {.algorithms_per_job = 1, .generations = 1}};
        record.jobs.profile = "full";
        parse_large(256, 60000, fills[i], &record.lease);
        assert_true(record.lease.evaluate.count > 0);
        char *text = pm_lease_record_encode(&record, NULL);
        assert_non_null(text);
        assert_true(strlen(text) <= PM_JOB_BODY_MAX);
        free(text);
        pm_lease_record_clear(&record);
    }
}

static void broken_records_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"version\":2}",
        "{\"version\":1,\"deadline_ms\":\"x\"}",
        "{\"version\":1,\"deadline_ms\":1,\"algorithms_per_job\":0}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct pm_lease_record record;
        struct pm_error error = {0};
        assert_false(pm_lease_record_decode(texts[i], strlen(texts[i]), &record, &error));
        assert_non_null(strstr(error.message, "lease record"));
    }
}

/* ---- tasks ---- */

static bool parse_task(const char *text, enum pm_lease_kind asked, struct pm_lease *out,
                       struct pm_error *error)
{
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    bool done = pm_lease_parse_task(json, asked, 1000, out, error);
    cJSON_Delete(json);
    return done;
}

static void tasks_are_read(void **state)
{
    (void)state;
    struct pm_lease task;
    static const char both[] = "{\"batch_id\":\"b-7\",\"algorithms\":["
                               "{\"id\":3,\"algorithm_dsl\":\"a\"},"
                               "{\"id\":4,\"algorithm_dsl\":\"b\",\"input_dim\":8}]}";
    assert_true(parse_task(both, PM_LEASE_EVALUATE, &task, NULL));
    assert_int_equal(task.kind, PM_LEASE_EVALUATE);
    assert_string_equal(task.id, "b-7");
    assert_int_equal(task.evaluate.count, 2);
    assert_int_equal(task.evaluate.items[1].input_dim, 8);
    assert_int_equal(task.seeds.count, 0);
    assert_int_equal(task.timeout_ms, 1000 + 3 * 3600 * 1000); /* it does not say */
    pm_lease_clear(&task);
    assert_true(parse_task(both, PM_LEASE_EVOLVE, &task, NULL));
    assert_int_equal(task.seeds.count, 2);
    assert_int_equal(task.evaluate.count, 0);
    assert_int_equal(task.evolve_budget, 1);
    pm_lease_clear(&task);
}

/* What the pool says of kind and end counts, and a number may be an id. */
static void a_task_says_what_it_is(void **state)
{
    (void)state;
    struct pm_lease task;
    assert_true(parse_task("{\"batch_id\":17,\"task_type\":\"evolve\",\"window_number\":5,"
                           "\"timeout_at\":\"1970-01-01T00:01:00\",\"algorithms\":["
                           "{\"id\":3,\"algorithm_dsl\":\"a\"}]}",
                           PM_LEASE_EVALUATE, &task, NULL));
    assert_int_equal(task.kind, PM_LEASE_EVOLVE);
    assert_string_equal(task.id, "17");
    assert_int_equal(task.window_number, 5);
    assert_int_equal(task.timeout_ms, 60000);
    pm_lease_clear(&task);
    /* other names of work leave it at what was asked for */
    assert_true(parse_task("{\"batch_id\":\"x\",\"task_type\":\"cifar10_binary\","
                           "\"timeout_at\":null}",
                           PM_LEASE_EVALUATE, &task, NULL));
    assert_int_equal(task.kind, PM_LEASE_EVALUATE);
    pm_lease_clear(&task);
}

static void bad_tasks_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"{}",
                                      "{\"batch_id\":\"\"}",
                                      "{\"batch_id\":1.5}",
                                      "{\"batch_id\":true}",
                                      "{\"batch_id\":\"../x\"}",
                                      "{\"batch_id\":\"x\",\"timeout_at\":7}",
                                      "{\"batch_id\":\"x\",\"task_type\":7}",
                                      "{\"batch_id\":\"x\",\"algorithms\":{}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct pm_lease task;
        struct pm_error error = {0};
        assert_false(parse_task(bad[i], PM_LEASE_EVOLVE, &task, &error));
        assert_non_null(strstr(error.message, "task"));
    }
}

static void a_tasks_record_reads_back(void **state)
{
    (void)state;
    struct pm_lease_record record = {
        .jobs = {.algorithms_per_job = 4, .evolve_jobs = 1, .generations = 50, .profile = "full"},
        .maybe_submitted = true};
    struct pm_lease_record back;
    assert_true(parse_task("{\"batch_id\":\"b\",\"algorithms\":["
                           "{\"id\":3,\"algorithm_dsl\":\"a\"}]}",
                           PM_LEASE_EVOLVE, &record.lease, NULL));
    char *text = pm_lease_record_encode(&record, NULL);
    assert_non_null(text);
    assert_true(pm_lease_record_decode(text, strlen(text), &back, NULL));
    assert_int_equal(back.lease.kind, PM_LEASE_EVOLVE);
    assert_int_equal(back.lease.seeds.count, 1);
    assert_true(back.maybe_submitted);
    pm_lease_record_clear(&back);
    pm_lease_record_clear(&record);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_read),
        cmocka_unit_test(a_task_says_what_it_is),
        cmocka_unit_test(bad_tasks_are_refused),
        cmocka_unit_test(a_tasks_record_reads_back),
        cmocka_unit_test(the_example_is_read),
        cmocka_unit_test(what_is_missing_may_be_missing),
        cmocka_unit_test(a_lease_that_cannot_be_used_is_refused),
        cmocka_unit_test(algorithms_that_break_a_rule_are_skipped),
        cmocka_unit_test(numbers_and_sizes_have_bounds),
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(the_largest_lease_fits_a_record),
        cmocka_unit_test(broken_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
