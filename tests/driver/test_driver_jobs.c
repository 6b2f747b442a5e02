/* A lease into jobs, results into a submission; the examples in tests/data/jobs are the contract.
 */
#include "cmocka_include.h"
#include "driver/lease_jobs.h"
#include "driver/submission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>

static const char address[] = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
static const struct pm_lease_plan plan = {.evaluate_until_ms = 1000000,
                                          .evolve_until_ms = 1042000,
                                          .submit_at_ms = 1045000,
                                          .deadline_ms = 1090000};

static char *load_text(const char *name)
{
    char path[512];
    char *text = NULL;
    size_t length = 0;
    snprintf(path, sizeof path, "%s/jobs/%s", PM_TEST_DATA, name);
    assert_true(pm_file_read(path, 1 << 20, &text, &length, NULL));
    return text;
}

static cJSON *load(const char *name)
{
    char *text = load_text(name);
    cJSON *json = cJSON_Parse(text);
    free(text);
    assert_non_null(json);
    return json;
}

static struct pm_lease example_lease(void)
{
    struct pm_lease lease;
    cJSON *json = load("lease.json");
    assert_true(pm_lease_parse(json, &lease, NULL));
    cJSON_Delete(json);
    return lease;
}

static struct pm_lease_job_settings example_settings(void)
{
    return (struct pm_lease_job_settings){
        .algorithms_per_job = 4, .evolve_jobs = 1, .generations = 5, .profile = "full"};
}

static struct pm_lease_jobs build(const struct pm_lease *lease,
                                  const struct pm_lease_job_settings *settings)
{
    struct pm_lease_jobs jobs;
    assert_true(pm_lease_jobs_build(lease, address, settings, &plan, &jobs, NULL));
    return jobs;
}

static double number(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    assert_true(cJSON_IsNumber(member));
    return member->valuedouble;
}

static void jobs_are_as_the_examples(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_lease_job_settings settings = example_settings();
    struct pm_lease_jobs jobs = build(&lease, &settings);
    assert_int_equal(jobs.count, 2);

    cJSON *expected = load("evaluate_job.json");
    cJSON *body = cJSON_Parse(jobs.items[0].body);
    assert_true(cJSON_Compare(body, expected, true));
    cJSON_Delete(body);
    cJSON_Delete(expected);
    assert_int_equal(jobs.items[0].deadline_ms, plan.evaluate_until_ms);

    expected = load("evolve_job.json"); /* whose seed and deadline are not this lease's */
    body = cJSON_Parse(jobs.items[1].body);
    assert_true(number(body, "deadline_ms") == 1042000);
    assert_int_equal(jobs.items[1].deadline_ms, 1042000);
    assert_true(number(body, "seed") >= 0 && number(body, "seed") < 9007199254740992.0);
    cJSON_ReplaceItemInObject(body, "deadline_ms", cJSON_CreateNumber(0));
    cJSON_ReplaceItemInObject(body, "seed", cJSON_CreateNumber(0));
    assert_true(cJSON_Compare(body, expected, true));
    cJSON_Delete(body);
    cJSON_Delete(expected);
    assert_true(jobs.items[0].priority > jobs.items[1].priority);
    pm_lease_jobs_clear(&jobs);
    pm_lease_clear(&lease);
}

static void keys_tell_miner_lease_and_part(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_lease_job_settings settings = example_settings();
    settings.algorithms_per_job = 2;
    settings.evolve_jobs = 3;
    struct pm_lease_jobs jobs = build(&lease, &settings);
    char prefix[PM_JOB_KEY_SIZE];
    static const char *const parts[] = {"evaluate/0", "evaluate/1", "evolve/0", "evolve/1",
                                        "evolve/2"};
    pm_lease_key_prefix(address, lease.id, prefix);
    assert_int_equal(jobs.count, 5);
    for (size_t i = 0; i < jobs.count; i++) {
        assert_memory_equal(jobs.items[i].key, prefix, strlen(prefix));
        assert_string_equal(jobs.items[i].key + strlen(prefix), parts[i]);
    }
    pm_lease_jobs_clear(&jobs);
    pm_lease_clear(&lease);
}

static void evolve_jobs_differ_only_in_their_seed(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_lease_job_settings settings = example_settings();
    settings.evolve_jobs = 2;
    struct pm_lease_jobs jobs = build(&lease, &settings);
    struct pm_lease_jobs again = build(&lease, &settings);
    cJSON *first = cJSON_Parse(jobs.items[1].body);
    cJSON *second = cJSON_Parse(jobs.items[2].body);
    assert_true(number(first, "seed") != number(second, "seed"));
    assert_string_equal(jobs.items[1].body, again.items[1].body); /* also after a restart */
    cJSON_Delete(first);
    cJSON_Delete(second);
    pm_lease_jobs_clear(&jobs);
    pm_lease_jobs_clear(&again);
    pm_lease_clear(&lease);
}

static void seeds_of_different_dimensions_go_apart(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_lease_job_settings settings = example_settings();
    lease.seeds.items[1].input_dim = 8;
    struct pm_lease_jobs jobs = build(&lease, &settings);
    assert_int_equal(jobs.count, 3);
    for (size_t i = 1; i < 3; i++) {
        cJSON *body = cJSON_Parse(jobs.items[i].body);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(body, "seeds")), 1);
        cJSON_Delete(body);
    }
    pm_lease_jobs_clear(&jobs);
    pm_lease_clear(&lease);
}

static void without_a_budget_nothing_is_evolved(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_lease_job_settings settings = example_settings();
    lease.evolve_budget = 0;
    struct pm_lease_jobs jobs = build(&lease, &settings);
    assert_int_equal(jobs.count, 1);
    assert_int_equal(jobs.items[0].kind, PM_LEASE_JOB_EVALUATE);
    pm_lease_jobs_clear(&jobs);
    pm_lease_clear(&lease);
}

static void long_texts_make_more_jobs(void **state)
{
    (void)state;
    struct pm_lease lease = {.id = "x"};
    struct pm_lease_algorithm items[3];
    char *text = malloc(PM_ALGORITHM_TEXT_MAX_BYTES + 1);
    memset(text, 1, PM_ALGORITHM_TEXT_MAX_BYTES);
    text[PM_ALGORITHM_TEXT_MAX_BYTES] = '\0';
    for (int i = 0; i < 3; i++) {
        items[i] = (struct pm_lease_algorithm){.id = i, .input_dim = 16, .text = text};
    }
    lease.evaluate = (struct pm_lease_algorithms){.items = items, .count = 3};
    struct pm_lease_job_settings settings = example_settings();
    struct pm_lease_jobs jobs = build(&lease, &settings);
    assert_int_equal(jobs.count, 3); /* two would be 768 KiB of JSON */
    for (size_t i = 0; i < jobs.count; i++) {
        assert_true(strlen(jobs.items[i].body) <= 1048576);
    }
    pm_lease_jobs_clear(&jobs);
    free(text);
}

/* ---- results ---- */

static bool take(struct pm_submission *submission, enum pm_lease_job_kind kind, const char *text,
                 struct pm_error *error)
{
    return pm_submission_take(submission, kind, text, strlen(text), error);
}

static void results_become_the_submission(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_submission submission;
    char *evaluated = load_text("evaluate_result.json");
    char *evolved = load_text("evolve_result.json");
    pm_submission_init(&submission, &lease);
    assert_true(take(&submission, PM_LEASE_JOB_EVALUATE, evaluated, NULL));
    assert_true(take(&submission, PM_LEASE_JOB_EVOLVE, evolved, NULL));
    pm_submission_finish(&submission);
    assert_int_equal(pm_submission_iterations(&submission), 3 + 5);
    cJSON *written = pm_submission_write(&submission);
    cJSON *expected =
        cJSON_Parse("{\"evaluations\":[{\"algorithm_id\":17,\"score\":0.7548},"
                    "{\"algorithm_id\":18,\"score\":0.4875},{\"algorithm_id\":19,\"score\":0}],"
                    "\"evolutions\":[{\"parent_algorithm_ids\":[3,9],\"algorithm_dsl\":\"\"}],"
                    "\"iterations\":8,\"gossip\":null}");
    cJSON *evolution = cJSON_GetArrayItem(cJSON_GetObjectItem(expected, "evolutions"), 0);
    cJSON_ReplaceItemInObject(evolution, "algorithm_dsl",
                              cJSON_CreateString(submission.evolutions[0].text));
    assert_true(cJSON_Compare(written, expected, true));
    cJSON_Delete(written);
    cJSON_Delete(expected);
    free(evaluated);
    free(evolved);
    pm_submission_clear(&submission);
    pm_lease_clear(&lease);
}

static void refuse(const struct pm_lease *lease, enum pm_lease_job_kind kind, const char *text,
                   const char *reason)
{
    struct pm_submission submission;
    struct pm_error error = {0};
    pm_submission_init(&submission, lease);
    assert_false(take(&submission, kind, text, &error));
    assert_int_equal(submission.evaluation_count + submission.evolution_count, 0);
    assert_int_equal(submission.generations, 0);
    if (strstr(error.message, reason) == NULL) {
        fail_msg("expected \"%s\" in: %s", reason, error.message);
    }
    pm_submission_clear(&submission);
}

#define EVOLVED(MEMBERS)                                                                           \
    "{\"generations\":5,\"evolutions\":[{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"a\","    \
    "\"score\":0.5},{" MEMBERS "}]}"

static void wrong_results_are_refused_whole(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    const enum pm_lease_job_kind evaluate = PM_LEASE_JOB_EVALUATE;
    const enum pm_lease_job_kind evolve = PM_LEASE_JOB_EVOLVE;
    refuse(&lease, evaluate, "", "result");
    refuse(&lease, evaluate, "{}", "evaluations");
    refuse(&lease, evaluate, "{\"evaluations\":[{\"score\":0.5}]}", "algorithm_id");
    refuse(&lease, evaluate, "{\"evaluations\":[{\"algorithm_id\":17}]}", "score");
    refuse(&lease, evaluate,
           "{\"evaluations\":[{\"algorithm_id\":17,\"score\":0.5},"
           "{\"algorithm_id\":18,\"score\":1.5}]}",
           "score");
    refuse(&lease, evaluate, "{\"evaluations\":[{\"algorithm_id\":17,\"score\":-0.1}]}", "score");
    refuse(&lease, evaluate, "{\"evaluations\":[{\"algorithm_id\":3,\"score\":0.5}]}",
           "not asked for");
    refuse(&lease, evaluate,
           "{\"evaluations\":[{\"algorithm_id\":17,\"score\":0.5},"
           "{\"algorithm_id\":17,\"score\":0.5}]}",
           "twice");
    refuse(&lease, evolve, "{\"evolutions\":[]}", "generations");
    refuse(&lease, evolve, "{\"generations\":5}", "evolutions");
    refuse(&lease, evolve, "{\"generations\":-5,\"evolutions\":[]}", "generations");
    refuse(&lease, evolve, EVOLVED("\"parent_algorithm_ids\":[3],\"score\":0.5"), "algorithm_dsl");
    refuse(&lease, evolve,
           EVOLVED("\"parent_algorithm_ids\":[17],\"algorithm_dsl\":\"b\",\"score\":0.5"),
           "no seed");
    refuse(&lease, evolve,
           EVOLVED("\"parent_algorithm_ids\":[1e300],\"algorithm_dsl\":\"b\",\"score\":0.5"),
           "no seed");
    refuse(&lease, evolve,
           EVOLVED("\"parent_algorithm_ids\":[\"3\"],\"algorithm_dsl\":\"b\",\"score\":0.5"),
           "no seed");
    refuse(&lease, evolve,
           EVOLVED("\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"\",\"score\":0.5"),
           "algorithm_dsl");
    pm_lease_clear(&lease);
}

static void the_best_different_evolutions_are_kept(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_submission submission;
    lease.evolve_budget = 2;
    free(lease.seeds.items[0].text);
    lease.seeds.items[0].text = strdup("the seed itself");
    pm_submission_init(&submission, &lease);
    assert_true(take(&submission, PM_LEASE_JOB_EVOLVE,
                     "{\"generations\":5,\"evolutions\":["
                     "{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"low\",\"score\":0.5},"
                     "{\"parent_algorithm_ids\":[],\"algorithm_dsl\":\"high\",\"score\":0.9}]}",
                     NULL));
    assert_true(
        take(&submission, PM_LEASE_JOB_EVOLVE,
             "{\"generations\":7,\"evolutions\":["
             "{\"parent_algorithm_ids\":[9],\"algorithm_dsl\":\"high\",\"score\":0.9},"
             "{\"parent_algorithm_ids\":[9],\"algorithm_dsl\":\"the seed itself\",\"score\":1.0},"
             "{\"parent_algorithm_ids\":[3,9],\"algorithm_dsl\":\"middle\",\"score\":0.7}]}",
             NULL));
    pm_submission_finish(&submission);
    assert_int_equal(submission.evolution_count, 2);
    assert_string_equal(submission.evolutions[0].text, "high");
    assert_string_equal(submission.evolutions[1].text, "middle");
    assert_int_equal(submission.generations, 12);
    pm_submission_clear(&submission);
    pm_lease_clear(&lease);
}

/* Two searches of one lease that came to the same in other words; of what does not say how it
 * behaves nothing is dropped. */
static void of_those_that_behave_the_same_the_best_is_kept(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_submission submission;
    struct pm_error error = {0};
    lease.evolve_budget = 3;
    pm_submission_init(&submission, &lease);
    assert_true(take(&submission, PM_LEASE_JOB_EVOLVE,
                     "{\"generations\":5,\"evolutions\":["
                     "{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"a\",\"score\":0.8,"
                     "\"behaviour\":\"0123456789abcdef\"},"
                     "{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"c\",\"score\":0.6}]}",
                     NULL));
    assert_true(take(&submission, PM_LEASE_JOB_EVOLVE,
                     "{\"generations\":5,\"evolutions\":["
                     "{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"b\",\"score\":0.9,"
                     "\"behaviour\":\"0123456789abcdef\"},"
                     "{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"d\",\"score\":0.5}]}",
                     NULL));
    assert_false(take(&submission, PM_LEASE_JOB_EVOLVE,
                      "{\"generations\":5,\"evolutions\":["
                      "{\"parent_algorithm_ids\":[3],\"algorithm_dsl\":\"e\",\"score\":0.9,"
                      "\"behaviour\":\"0123456789abcdef0\"}]}",
                      &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    pm_submission_finish(&submission);
    assert_int_equal(submission.evolution_count, 3);
    assert_string_equal(submission.evolutions[0].text, "b");
    assert_string_equal(submission.evolutions[1].text, "c");
    assert_string_equal(submission.evolutions[2].text, "d");
    pm_submission_clear(&submission);
    pm_lease_clear(&lease);
}

static void nothing_is_a_submission_too(void **state)
{
    (void)state;
    struct pm_lease lease = example_lease();
    struct pm_submission submission;
    pm_submission_init(&submission, &lease);
    pm_submission_finish(&submission);
    cJSON *written = pm_submission_write(&submission);
    cJSON *expected =
        cJSON_Parse("{\"evaluations\":[],\"evolutions\":[],\"iterations\":0,\"gossip\":null}");
    assert_true(cJSON_Compare(written, expected, true));
    cJSON_Delete(written);
    cJSON_Delete(expected);
    pm_submission_clear(&submission);
    pm_lease_clear(&lease);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_as_the_examples),
        cmocka_unit_test(keys_tell_miner_lease_and_part),
        cmocka_unit_test(evolve_jobs_differ_only_in_their_seed),
        cmocka_unit_test(seeds_of_different_dimensions_go_apart),
        cmocka_unit_test(without_a_budget_nothing_is_evolved),
        cmocka_unit_test(long_texts_make_more_jobs),
        cmocka_unit_test(results_become_the_submission),
        cmocka_unit_test(wrong_results_are_refused_whole),
        cmocka_unit_test(the_best_different_evolutions_are_kept),
        cmocka_unit_test(of_those_that_behave_the_same_the_best_is_kept),
        cmocka_unit_test(nothing_is_a_submission_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
