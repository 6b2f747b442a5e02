/* Job bodies and results against docs/jobs.md. */
#include "tests/cmocka_include.h"
#include "worker/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

static struct pm_work read_example(const char *name)
{
    char path[512];
    char *text;
    size_t size;
    struct pm_work work;
    struct pm_error error = {0};
    snprintf(path, sizeof path, "%s/jobs/%s", PM_TEST_DATA, name);
    assert_true(pm_file_read(path, 1 << 20, &text, &size, NULL));
    if (!pm_work_parse(text, size, &work, &error)) {
        fail_msg("%s", error.message);
    }
    free(text);
    return work;
}

static void test_evaluate_example(void **state)
{
    struct pm_work work = read_example("evaluate_job.json");
    (void)state;
    assert_int_equal(work.kind, PM_WORK_EVALUATE);
    assert_in_range(work.count, 2, PM_JOB_ALGORITHMS_MAX);
    assert_int_equal(work.algorithms[0].id, 17);
    assert_int_equal(work.algorithms[0].input_dim, 16);
    assert_non_null(strstr(work.algorithms[0].text, "def Learn():"));
    assert_int_equal(work.algorithms[1].id, 18);
    pm_work_clear(&work);
}

static void test_evolve_example(void **state)
{
    struct pm_work work = read_example("evolve_job.json");
    (void)state;
    assert_int_equal(work.kind, PM_WORK_EVOLVE);
    assert_int_equal(work.count, 2);
    assert_int_equal(work.algorithms[1].id, 9);
    assert_int_equal(work.generations, 5);
    assert_int_equal(work.budget, 1);
    assert_int_equal(work.seed, 0);
    assert_string_equal(work.profile, "full");
    assert_int_equal(work.deadline_ms, 0);
    assert_true(work.max_seconds == 0.0);
    pm_work_clear(&work);
}

#define ONE_SEED "\"seeds\":[{\"id\":1,\"algorithm_dsl\":\"x\"}]"
#define EVOLVE "{\"kind\":\"evolve\",\"task_type\":\"cifar10_binary\","
#define LIMITS "\"generations\":5,\"budget\":1,\"seed\":0,\"profile\":\"full\","
#define TIMES "\"deadline_ms\":0,\"max_seconds\":0}"
#define EVALUATE "{\"kind\":\"evaluate\",\"task_type\":\"cifar10_binary\","

static void test_input_dim_may_be_missing_and_extras_are_ignored(void **state)
{
    static const char BODY[] = EVOLVE "\"future\":{\"a\":[1]}," ONE_SEED "," LIMITS TIMES;
    struct pm_work work;
    (void)state;
    assert_true(pm_work_parse(BODY, strlen(BODY), &work, NULL));
    assert_int_equal(work.algorithms[0].input_dim, 16);
    pm_work_clear(&work);
}

static void test_largest_seed_is_exact(void **state)
{
    static const char BODY[] = EVOLVE ONE_SEED
        ",\"generations\":100000,\"budget\":64,\"seed\":9007199254740991,\"profile\":\"baseline\","
        "\"deadline_ms\":1790000000000,\"max_seconds\":1.5}";
    struct pm_work work;
    (void)state;
    assert_true(pm_work_parse(BODY, strlen(BODY), &work, NULL));
    assert_int_equal(work.seed, 9007199254740991);
    assert_int_equal(work.deadline_ms, 1790000000000);
    assert_true(work.max_seconds == 1.5);
    pm_work_clear(&work);
}

static void test_what_breaks_the_contract_is_named(void **state)
{
    static const struct {
        const char *body, *word;
    } CASES[] = {
        {"", "JSON"},
        {"{", "JSON"},
        {"[]", "object"},
        {"{}", "kind"},
        {"{\"kind\":7}", "kind"},
        {"{\"kind\":\"evaluate\"}", "task_type"},
        {"{\"kind\":\"evaluate\",\"task_type\":5}", "task_type"},
        {"{\"kind\":\"dance\",\"task_type\":\"cifar10_binary\"}", "dance"},
        {EVALUATE "\"x\":1}", "algorithms"},
        {EVALUATE "\"algorithms\":{}}", "algorithms"},
        {EVALUATE "\"algorithms\":[]}", "algorithms"},
        {EVALUATE "\"algorithms\":[5]}", "algorithms[0]"},
        {EVALUATE "\"algorithms\":[{\"algorithm_dsl\":\"x\"}]}", "algorithms[0]: id"},
        {EVALUATE "\"algorithms\":[{\"id\":1}]}", "algorithm_dsl"},
        {EVALUATE "\"algorithms\":[{\"id\":1.5,\"algorithm_dsl\":\"x\"}]}", "id"},
        {EVALUATE "\"algorithms\":[{\"id\":1,\"algorithm_dsl\":\"x\",\"input_dim\":0}]}",
         "input_dim"},
        {EVALUATE "\"algorithms\":[{\"id\":1,\"algorithm_dsl\":\"x\",\"input_dim\":129}]}",
         "input_dim"},
        {EVALUATE "\"algorithms\":[{\"id\":1,\"algorithm_dsl\":\"x\"},"
                  "{\"id\":2,\"algorithm_dsl\":3}]}",
         "algorithms[1]"},
        {EVOLVE LIMITS TIMES, "seeds"},
        {EVOLVE ONE_SEED "," TIMES, "generations"},
        {EVOLVE ONE_SEED ",\"generations\":0,\"budget\":1}", "generations"},
        {EVOLVE ONE_SEED ",\"generations\":100001,\"budget\":1}", "generations"},
        {EVOLVE ONE_SEED ",\"generations\":5,\"budget\":0}", "budget"},
        {EVOLVE ONE_SEED ",\"generations\":5,\"budget\":65}", "budget"},
        {EVOLVE ONE_SEED ",\"generations\":5,\"budget\":1,\"seed\":-1}", "seed"},
        {EVOLVE ONE_SEED ",\"generations\":5,\"budget\":1,\"seed\":9007199254740992}", "seed"},
        {EVOLVE ONE_SEED "," LIMITS "\"max_seconds\":0}", "deadline_ms"},
        {EVOLVE ONE_SEED "," LIMITS "\"deadline_ms\":-1,\"max_seconds\":0}", "deadline_ms"},
        {EVOLVE ONE_SEED "," LIMITS "\"deadline_ms\":0}", "max_seconds"},
        {EVOLVE ONE_SEED "," LIMITS "\"deadline_ms\":0,\"max_seconds\":-0.5}", "max_seconds"},
        {EVOLVE ONE_SEED ",\"generations\":5,\"budget\":1,\"seed\":0,\"profile\":\"huge\"," TIMES,
         "huge"},
        {EVOLVE "\"seeds\":[{\"id\":1,\"algorithm_dsl\":\"x\"},{\"id\":2,\"algorithm_dsl\":\"y\","
                "\"input_dim\":8}]," LIMITS TIMES,
         "seeds[1].input_dim"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct pm_work work;
        struct pm_error error = {0};
        if (pm_work_parse(CASES[i].body, strlen(CASES[i].body), &work, &error)) {
            fail_msg("accepted: %s", CASES[i].body);
        }
        if (strstr(error.message, CASES[i].word) == NULL) {
            fail_msg("\"%s\" does not name %s", error.message, CASES[i].word);
        }
        assert_null(work.algorithms);
    }
}

static void test_too_many_algorithms_are_refused(void **state)
{
    enum { TOO_MANY = PM_JOB_ALGORITHMS_MAX + 1, ROOM = 64 * TOO_MANY };
    static const char ELEMENT[] = "{\"id\":1,\"algorithm_dsl\":\"x\"}";
    char *body = malloc(ROOM);
    struct pm_work work;
    struct pm_error error = {0};
    (void)state;
    int length = snprintf(body, ROOM, EVALUATE "\"algorithms\":[");
    for (int i = 0; i < TOO_MANY; i++) {
        length +=
            snprintf(body + length, (size_t)(ROOM - length), "%s%s", i > 0 ? "," : "", ELEMENT);
    }
    length += snprintf(body + length, (size_t)(ROOM - length), "]}");
    assert_false(pm_work_parse(body, (size_t)length, &work, &error));
    assert_non_null(strstr(error.message, "257"));
    free(body);
}

static const struct pm_provenance PROVENANCE = {
    .dataset = "abc", .suite = "first2000", .seconds = 0.5};

static cJSON *parse_result(char *text)
{
    cJSON *json = NULL;
    assert_non_null(text);
    assert_true(pm_json_parse(text, strlen(text), 1 << 20, &json, NULL));
    free(text);
    return json;
}

static double number_at(const cJSON *json, const char *list, int index, const char *key)
{
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, list), index);
    return cJSON_GetObjectItem(item, key)->valuedouble;
}

static void test_scores_survive_to_the_last_bit(void **state)
{
    static const double SCORES[] = {1.0 / 3.0, 0.1 + 0.2, 0.7548387096774194,
                                    0.0,       1.0,       0x1.fffffffffffffp-1};
    enum { COUNT = sizeof SCORES / sizeof *SCORES };
    struct pm_evaluation evaluations[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        evaluations[i] =
            (struct pm_evaluation){.algorithm_id = i, .score = SCORES[i], .done = true};
    }
    cJSON *json = parse_result(pm_evaluations_write(&PROVENANCE, evaluations, COUNT, NULL));
    for (int i = 0; i < COUNT; i++) {
        assert_true(number_at(json, "evaluations", i, "score") == SCORES[i]);
        assert_true(number_at(json, "evaluations", i, "algorithm_id") == i);
    }
    assert_string_equal(cJSON_GetObjectItem(json, "kind")->valuestring, "evaluate");
    assert_string_equal(cJSON_GetObjectItem(json, "dataset")->valuestring, "abc");
    assert_string_equal(cJSON_GetObjectItem(json, "suite")->valuestring, "first2000");
    cJSON_Delete(json);
}

static void test_unfinished_evaluations_are_left_out(void **state)
{
    char problem[] = "line 3: \"quoted\"";
    const struct pm_evaluation evaluations[] = {
        {.algorithm_id = 1, .done = false},
        {.algorithm_id = 9007199254740991, .done = true, .problem = problem},
    };
    (void)state;
    cJSON *json = parse_result(pm_evaluations_write(&PROVENANCE, evaluations, 2, NULL));
    const cJSON *list = cJSON_GetObjectItem(json, "evaluations");
    assert_int_equal(cJSON_GetArraySize(list), 1);
    assert_true(number_at(json, "evaluations", 0, "algorithm_id") == 9007199254740991.0);
    const cJSON *item = cJSON_GetArrayItem(list, 0);
    assert_string_equal(cJSON_GetObjectItem(item, "error")->valuestring, problem);
    cJSON_Delete(json);
}

static void test_evolutions_are_written(void **state)
{
    char text[] = "def Predict():\n  s0 = 1\n";
    const struct pm_lineage_step lineage[] = {
        {.generation = 2, .change = PM_CHANGE_MUTATION, .fitness = 0.6},
        {.generation = 40, .change = PM_CHANGE_TUNING, .fitness = 0.75}};
    const struct pm_evolution_item items[] = {{.parent_ids = {9, 4},
                                               .parent_count = 2,
                                               .text = text,
                                               .search_score = 0.75,
                                               .score = 0.7,
                                               .behaviour = 0xAB,
                                               .lineage = lineage,
                                               .lineage_count = 2}};
    (void)state;
    cJSON *json = parse_result(pm_evolutions_write(&PROVENANCE, 50, 5000, items, 1, NULL));
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "evolutions"), 0);
    const cJSON *parents = cJSON_GetObjectItem(item, "parent_algorithm_ids");
    assert_int_equal(cJSON_GetArraySize(parents), 2);
    assert_true(cJSON_GetArrayItem(parents, 0)->valuedouble == 9.0);
    assert_true(cJSON_GetArrayItem(parents, 1)->valuedouble == 4.0);
    const cJSON *steps = cJSON_GetObjectItem(item, "lineage");
    assert_int_equal(cJSON_GetArraySize(steps), 2);
    const cJSON *last = cJSON_GetArrayItem(steps, 1);
    assert_true(cJSON_GetObjectItem(last, "generation")->valuedouble == 40.0);
    assert_string_equal(cJSON_GetObjectItem(last, "change")->valuestring, "tuning");
    assert_true(cJSON_GetObjectItem(last, "search_score")->valuedouble == 0.75);
    assert_string_equal(cJSON_GetObjectItem(item, "algorithm_dsl")->valuestring, text);
    assert_string_equal(cJSON_GetObjectItem(item, "behaviour")->valuestring, "00000000000000ab");
    assert_true(number_at(json, "evolutions", 0, "score") == 0.7);
    assert_true(number_at(json, "evolutions", 0, "search_score") == 0.75);
    assert_true(cJSON_GetObjectItem(json, "generations")->valuedouble == 50.0);
    assert_true(cJSON_GetObjectItem(json, "candidates")->valuedouble == 5000.0);
    cJSON_Delete(json);
}

/* What this side writes has the members of the example that the driver's tests read. */
static void check_members(const char *name, cJSON *ours, const char *list)
{
    char path[512];
    char *text;
    size_t size;
    cJSON *example;
    snprintf(path, sizeof path, "%s/jobs/%s", PM_TEST_DATA, name);
    assert_true(pm_file_read(path, 1 << 20, &text, &size, NULL));
    assert_true(pm_json_parse(text, size, 1 << 20, &example, NULL));
    const cJSON *member;
    cJSON_ArrayForEach(member, example)
    {
        assert_non_null(cJSON_GetObjectItem(ours, member->string));
    }
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(example, list), 0);
    const cJSON *our_item = cJSON_GetArrayItem(cJSON_GetObjectItem(ours, list), 0);
    cJSON_ArrayForEach(member, item)
    {
        assert_non_null(cJSON_GetObjectItem(our_item, member->string));
    }
    cJSON_Delete(example);
    cJSON_Delete(ours);
    free(text);
}

static void test_results_have_the_examples_members(void **state)
{
    char text[] = "x";
    const struct pm_evaluation evaluation = {.algorithm_id = 1, .done = true};
    const struct pm_evolution_item item = {.text = text};
    (void)state;
    check_members("evaluate_result.json",
                  parse_result(pm_evaluations_write(&PROVENANCE, &evaluation, 1, NULL)),
                  "evaluations");
    check_members("evolve_result.json",
                  parse_result(pm_evolutions_write(&PROVENANCE, 1, 1, &item, 1, NULL)),
                  "evolutions");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_example),
        cmocka_unit_test(test_evolve_example),
        cmocka_unit_test(test_input_dim_may_be_missing_and_extras_are_ignored),
        cmocka_unit_test(test_largest_seed_is_exact),
        cmocka_unit_test(test_what_breaks_the_contract_is_named),
        cmocka_unit_test(test_too_many_algorithms_are_refused),
        cmocka_unit_test(test_scores_survive_to_the_last_bit),
        cmocka_unit_test(test_unfinished_evaluations_are_left_out),
        cmocka_unit_test(test_evolutions_are_written),
        cmocka_unit_test(test_results_have_the_examples_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
