/* Bodies: what is read, and that everything else is named and refused. */
#include "cmocka_include.h"
#include "pool/request_body.h"

#include <stdio.h>
#include <string.h>

#include <poolminer/text.h>

static cJSON *parse(const char *text)
{
    cJSON *json;
    struct pm_error error = {0};
    if (!pm_body_parse(text, strlen(text), &json, &error)) {
        fail_msg("%s", error.message);
    }
    return json;
}

static void test_bodies_that_are_no_objects(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } bad[] = {
        {"[]", 2},
        {"1", 1},
        {"null", 4},
        {"\"x\"", 3},
        {"{", 1},
        {"{}x", 3},
        {"{\"a\":1,}", 8},
        {"{\"a\":\"\xff\"}", 9},
        {"{\0}", 3},
        {"\xef\xbb\xbf", 3},
        {"{\"a\":NaN}", 9},
        {"{\"a\":1e999}", 11},
        {"{\"a\":\"\\u0000\"}", 14},
        {"{\"a\":\"\\ud800\"}", 14},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cJSON *json = NULL;
        struct pm_error error = {0};
        if (pm_body_parse(bad[i].text, bad[i].length, &json, &error)) {
            fail_msg("accepted: %s", bad[i].text);
        }
        assert_null(json);
        assert_int_equal(strncmp(error.message, "body: ", 6), 0);
    }
}

static void test_an_empty_body_is_an_empty_object(void **state)
{
    (void)state;
    cJSON *json;
    struct pm_body_lease lease;
    struct pm_body_task task;
    assert_true(pm_body_parse("", 0, &json, NULL));
    assert_null(json);
    assert_true(pm_body_lease(json, &lease, NULL));
    assert_int_equal(lease.evaluate_max, PM_EVALUATE_DEFAULT);
    assert_int_equal(lease.seed_max, PM_SEED_DEFAULT);
    assert_true(pm_body_task(json, &task, NULL));
    assert_int_equal(task.kind, PM_POOL_LEASE_BOTH);
    struct pm_pool_submission submission;
    assert_false(pm_body_submission(json, PM_POOL_LEASE_BOTH, &submission, NULL));
}

static void test_lease(void **state)
{
    (void)state;
    struct pm_body_lease lease;
    cJSON *json = parse("{\"task_type\":\"cifar10_binary\",\"eval_batch_size\":4,"
                        "\"seed_batch_size\":1000,\"gossip_limit\":0,\"other\":[]}");
    assert_true(pm_body_lease(json, &lease, NULL));
    assert_int_equal(lease.evaluate_max, 4);
    assert_int_equal(lease.seed_max, PM_BATCH_MAX);
    cJSON_Delete(json);
    const char *const bad[] = {
        "{\"eval_batch_size\":-1}",    "{\"eval_batch_size\":1.5}", "{\"seed_batch_size\":\"8\"}",
        "{\"gossip_limit\":true}",     "{\"task_type\":\"mnist\"}", "{\"task_type\":5}",
        "{\"eval_batch_size\":1e300}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json = parse(bad[i]);
        assert_false(pm_body_lease(json, &lease, NULL));
        cJSON_Delete(json);
    }
}

static void test_task(void **state)
{
    (void)state;
    struct pm_body_task task;
    cJSON *json = parse("{\"task_type\":\"evolve\"}");
    assert_true(pm_body_task(json, &task, NULL));
    assert_int_equal(task.kind, PM_POOL_LEASE_EVOLVE);
    assert_false(task.resume);
    cJSON_Delete(json);
    json = parse("{\"task_type\":\"evaluate\",\"resume\":true}");
    assert_true(pm_body_task(json, &task, NULL));
    assert_int_equal(task.kind, PM_POOL_LEASE_EVALUATE);
    assert_true(task.resume);
    cJSON_Delete(json);
    json = parse("{\"task_type\":\"sleep\"}");
    assert_false(pm_body_task(json, &task, NULL));
    cJSON_Delete(json);
}

static void test_lease_submission(void **state)
{
    (void)state;
    struct pm_pool_submission submission;
    cJSON *json = parse("{\"evaluations\":[{\"algorithm_id\":7,\"score\":0.75},"
                        "{\"algorithm_id\":8,\"score\":0}],"
                        "\"evolutions\":[{\"parent_algorithm_ids\":[1,2],"
                        "\"algorithm_dsl\":\"text\",\"search_score\":1}],"
                        "\"iterations\":52,\"gossip\":null}");
    assert_true(pm_body_submission(json, PM_POOL_LEASE_BOTH, &submission, NULL));
    assert_int_equal(submission.evaluation_count, 2);
    assert_int_equal(submission.evaluations[0].algorithm_id, 7);
    assert_true(submission.evaluations[0].score == 0.75);
    assert_int_equal(submission.evolution_count, 1);
    assert_string_equal(submission.evolutions[0].dsl, "text");
    assert_int_equal(submission.evolutions[0].parent_count, 2);
    assert_int_equal(submission.evolutions[0].parents[1], 2);
    assert_int_equal(submission.iterations, 52);
    cJSON_Delete(json);
    json = parse("{}");
    assert_true(pm_body_submission(json, PM_POOL_LEASE_BOTH, &submission, NULL));
    assert_int_equal(submission.evaluation_count + submission.evolution_count, 0);
    assert_int_equal(submission.iterations, 0);
    cJSON_Delete(json);
}

/* Each body with what its error has to name. */
static void assert_each_refused(enum pm_pool_lease_kind kind, const char *const (*bad)[2],
                                size_t count)
{
    static struct pm_pool_submission submission;
    for (size_t i = 0; i < count; i++) {
        struct pm_error error = {0};
        cJSON *json = parse(bad[i][0]);
        if (pm_body_submission(json, kind, &submission, &error)) {
            fail_msg("accepted: %s", bad[i][0]);
        }
        if (strstr(error.message, bad[i][1]) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", bad[i][0], error.message, bad[i][1]);
        }
        cJSON_Delete(json);
    }
}

static void test_bad_lease_submissions(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"evaluations\":5}", "evaluations: expected an array"},
        {"{\"evaluations\":[5]}", "evaluations[0]: "},
        {"{\"evaluations\":[{}]}", "evaluations[0]: algorithm_id: missing"},
        {"{\"evaluations\":[{\"algorithm_id\":1}]}", "evaluations[0]: score: missing"},
        {"{\"evaluations\":[{\"algorithm_id\":1,\"score\":\"1\"}]}", "score: expected a number"},
        {"{\"evaluations\":[{\"algorithm_id\":1.5,\"score\":1}]}", "algorithm_id: "},
        {"{\"evaluations\":[{\"algorithm_id\":1,\"score\":1.01}]}", "from 0 to 1"},
        {"{\"evaluations\":[{\"algorithm_id\":1,\"score\":-0.01}]}", "from 0 to 1"},
        {"{\"evaluations\":[{\"algorithm_id\":1,\"score\":1},{\"algorithm_id\":1,\"score\":1}]}",
         "evaluations[1]: algorithm_id: 1 is there twice"},
        {"{\"evolutions\":{}}", "evolutions: expected an array"},
        {"{\"evolutions\":[[]]}", "evolutions[0]: "},
        {"{\"evolutions\":[{}]}", "evolutions[0]: algorithm_dsl: missing"},
        {"{\"evolutions\":[{\"algorithm_dsl\":7}]}", "algorithm_dsl: expected a string"},
        {"{\"evolutions\":[{\"algorithm_dsl\":\"\",\"parent_algorithm_ids\":[\"1\"]}]}",
         "parent_algorithm_ids[0]: "},
        {"{\"evolutions\":[{\"algorithm_dsl\":\"\",\"parent_algorithm_ids\":[0,1e20]}]}",
         "parent_algorithm_ids[1]: "},
        {"{\"iterations\":-5}", "iterations: "},
        {"{\"iterations\":\"many\"}", "iterations: "},
    };
    assert_each_refused(PM_POOL_LEASE_BOTH, bad, sizeof bad / sizeof *bad);
}

static void test_bad_single_submissions(void **state)
{
    (void)state;
    static const char *const evolutions[][2] = {
        {"{}", "evolved_function: missing"},
        {"{\"evolved_function\":[]}", "evolved_function: "},
        {"{\"evolved_function\":\"\",\"parent_functions\":[1]}", "parent_functions[0]: "},
        {"{\"evolved_function\":\"\",\"parent_functions\":[{\"id\":\"1\"}]}", "id: "},
    };
    static const char *const evaluations[][2] = {
        {"{}", "evaluations: missing"},
        {"{\"evaluations\":null}", "evaluations: "},
    };
    assert_each_refused(PM_POOL_LEASE_EVOLVE, evolutions, sizeof evolutions / sizeof *evolutions);
    assert_each_refused(PM_POOL_LEASE_EVALUATE, evaluations,
                        sizeof evaluations / sizeof *evaluations);
}

/* {"KEY":[ITEM,ITEM,...]} */
static cJSON *parse_many(const char *key, const char *item, size_t count)
{
    struct pm_text text = {0};
    pm_text_append(&text, "{\"evolved_function\":\"\",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        pm_text_append(&text, "%s%s", i ? "," : "", item);
    }
    pm_text_append(&text, "]}");
    cJSON *json = parse(text.data);
    pm_text_clear(&text);
    return json;
}

static void test_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    static struct pm_pool_submission submission;
    static const struct {
        enum pm_pool_lease_kind kind;
        const char *key, *item;
        size_t maximum;
    } cases[] = {
        {PM_POOL_LEASE_BOTH, "evolutions", "{\"algorithm_dsl\":\"\"}", PM_EVOLVE_BUDGET_MAX},
        {PM_POOL_LEASE_EVOLVE, "parent_functions", "{\"id\":1}", PM_PARENTS_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *json = parse_many(cases[i].key, cases[i].item, cases[i].maximum);
        assert_true(pm_body_submission(json, cases[i].kind, &submission, NULL));
        cJSON_Delete(json);
        struct pm_error error = {0};
        json = parse_many(cases[i].key, cases[i].item, cases[i].maximum + 1);
        assert_false(pm_body_submission(json, cases[i].kind, &submission, &error));
        assert_int_equal(error.code, PM_ERROR_LIMIT);
        cJSON_Delete(json);
    }
    struct pm_error error = {0};
    cJSON *json = parse_many("evaluations", "7", PM_BATCH_MAX + 1);
    assert_false(pm_body_submission(json, PM_POOL_LEASE_EVALUATE, &submission, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    cJSON_Delete(json);
}

static void test_single_submissions(void **state)
{
    (void)state;
    static struct pm_pool_submission submission;
    cJSON *json =
        parse("{\"evolved_function\":\"text\",\"parent_functions\":[{\"id\":4},{\"id\":5}]}");
    assert_true(pm_body_submission(json, PM_POOL_LEASE_EVOLVE, &submission, NULL));
    assert_int_equal(submission.evolution_count, 1);
    assert_int_equal(submission.evolutions[0].parents[1], 5);
    cJSON_Delete(json);
    json = parse("{\"evaluations\":[{\"algorithm_id\":4,\"score\":1}]}");
    assert_true(pm_body_submission(json, PM_POOL_LEASE_EVALUATE, &submission, NULL));
    assert_int_equal(submission.evaluation_count, 1);
    cJSON_Delete(json);
}

static void test_recipient_and_withdrawal(void **state)
{
    (void)state;
    const char *coldkey;
    int64_t amount;
    assert_false(pm_body_recipient(NULL, &coldkey, NULL));
    assert_true(pm_body_withdrawal(NULL, &amount, NULL));
    assert_int_equal(amount, 0);
    cJSON *json = parse("{\"recipient_coldkey\":\"5C\",\"amount_rao\":12}");
    assert_true(pm_body_recipient(json, &coldkey, NULL));
    assert_string_equal(coldkey, "5C");
    assert_true(pm_body_withdrawal(json, &amount, NULL));
    assert_int_equal(amount, 12);
    cJSON_Delete(json);
    json = parse("{\"recipient_coldkey\":5,\"amount_rao\":-12}");
    assert_false(pm_body_recipient(json, &coldkey, NULL));
    assert_false(pm_body_withdrawal(json, &amount, NULL));
    cJSON_Delete(json);
    json = parse("{\"amount_rao\":0}");
    assert_false(pm_body_withdrawal(json, &amount, NULL));
    cJSON_Delete(json);
    json = parse("{\"amount_rao\":null}");
    assert_true(pm_body_withdrawal(json, &amount, NULL));
    assert_int_equal(amount, 0);
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies_that_are_no_objects),
        cmocka_unit_test(test_an_empty_body_is_an_empty_object),
        cmocka_unit_test(test_lease),
        cmocka_unit_test(test_task),
        cmocka_unit_test(test_lease_submission),
        cmocka_unit_test(test_bad_lease_submissions),
        cmocka_unit_test(test_bad_single_submissions),
        cmocka_unit_test(test_no_more_than_there_is_room_for),
        cmocka_unit_test(test_single_submissions),
        cmocka_unit_test(test_recipient_and_withdrawal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
