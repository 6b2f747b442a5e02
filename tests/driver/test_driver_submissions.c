/* What each answer to a submission leads to, and what its record says. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <stdlib.h>
#include <string.h>

static void what_is_not_now_is_sent_again_before_anything_else(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] = (struct fake_answer){.status = 500, .body = "oops"};
    bench->pool.submit_answers[1] =
        (struct fake_answer){.status = 429, .headers = "Retry-After: 20\r\n", .body = "{}"};
    bench->pool.submit_answers[2] = (struct fake_answer){.manner = SCRIPTED_CLOSE};
    bench->pool.submit_answers[3] = (struct fake_answer){.manner = SCRIPTED_HANG};
    bench->pool.submit_answers[4] =
        (struct fake_answer){.status = 302, .headers = "Location: /x\r\n"};
    bench->pool.leases_to_grant = 2;
    assert_true(live(bench));
    const struct fake_submission *submissions = bench->pool.submissions;
    assert_int_equal(bench->pool.submit_calls, 7);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(submissions[i].lease_id, "lease-1");
        assert_string_equal(submissions[i].content, submissions[0].content);
    }
    assert_string_equal(submissions[6].lease_id, "lease-2");
    assert_int_equal(submissions[1].at_ms - submissions[0].at_ms, 500); /* jitter 0: the half */
    assert_int_equal(submissions[2].at_ms - submissions[1].at_ms, 20 * SECOND);
    assert_int_equal(submissions[3].at_ms - submissions[2].at_ms, 2 * SECOND);
    assert_int_equal(submissions[4].at_ms - submissions[3].at_ms, 4 * SECOND);
    assert_int_equal(submissions[5].at_ms - submissions[4].at_ms, 8 * SECOND);
    assert_closed(bench, "submitted", "");
}

static void a_page_with_status_200_is_no_acknowledgement(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 200, .body = "<html>Please log in</html>"};
    bench->pool.submit_answers[1] = (struct fake_answer){.status = 200, .body = ""};
    bench->pool.submit_answers[2] = (struct fake_answer){.manner = SCRIPTED_TRUNCATE};
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 4);
    for (int i = 1; i < 4; i++) {
        assert_string_equal(bench->pool.submissions[i].content, bench->pool.submissions[0].content);
    }
    assert_closed(bench, "submitted", "");
    assert_int_equal(bench->driver.counters.submissions_accepted, 1);
}

static void a_pool_that_never_answers_costs_the_lease_and_no_more(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_ms = 300 * SECOND;
    bench->pool.leases_to_grant = 2;
    bench->settings.duration_ms = 3600 * SECOND;
    for (int i = 0; i < FAKE_SCRIPT_MAX; i++) {
        bench->pool.submit_answers[i] = (struct fake_answer){.status = 503};
    }
    assert_true(live(bench));
    int64_t began_ms = bench->pool.lease_call_ms[0];
    /* and 15 tries more, in which it might tell what became of it */
    assert_int_equal(bench->pool.lease_call_ms[1] - began_ms, (300 + 15 * 30) * SECOND);
    assert_string_equal(record(bench, "lease-1")->state, "expired");
    assert_int_equal(bench->driver.counters.leases_expired, 2);
    assert_string_equal(record_member(bench, "lease-1", "cause"), "answer_lost");
    assert_string_equal(record_member(bench, "lease-1", "http_status"), "503");
}

/* However long the pool asks to wait, there is one more try before all is lost. */
static void the_last_try_comes_shortly_before_the_end(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_ms = 300 * SECOND;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 429, .headers = "Retry-After: 1000000000000\r\n"};
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 2);
    assert_int_equal(bench->pool.submissions[1].at_ms - bench->pool.lease_call_ms[0], 297 * SECOND);
    assert_closed(bench, "submitted", "");
}

static void nobody_serving_the_call_just_then_settles_nothing(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 404, .body = "{\"detail\":\"Not Found\"}"};
    bench->pool.submit_answers[1] = (struct fake_answer){.status = 404, .body = "no such page"};
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 3);
    assert_closed(bench, "submitted", "");
}

/* A firewall's page does not stay; where it does, it is taken for a refusal. */
static void a_refusal_in_nobodys_words_is_doubted_for_a_while(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 2;
    for (int i = 0; i < 8; i++) {
        bench->pool.submit_answers[i] =
            (struct fake_answer){.status = 403, .body = "<html>blocked</html>"};
    }
    bench->pool.submit_answers[3] = (struct fake_answer){0}; /* the pool's own: accepted */
    assert_true(live(bench));
    assert_closed(bench, "submitted", "");
    assert_string_equal(record(bench, "lease-2")->state, "submitted");
    assert_int_equal(bench->pool.submit_calls, 4 + 5);
}

static void a_refusal_in_nobodys_words_that_stays_is_one(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 8; i++) {
        bench->pool.submit_answers[i] =
            (struct fake_answer){.status = 403, .body = "<html>blocked</html>"};
    }
    bench->pool.leases_to_grant = 2;
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 8 + 1);
    assert_string_equal(record(bench, "lease-1")->state, "refused");
    assert_string_equal(record_member(bench, "lease-1", "http_status"), "403");
    assert_string_equal(record(bench, "lease-2")->state, "submitted");
}

static void what_is_too_large_stays_so(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] = (struct fake_answer){.status = 413, .body = "<html>"};
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 1);
    assert_string_equal(record(bench, "lease-1")->state, "refused");
}

static void what_may_have_arrived_is_asked_for_after_the_end(void **state)
{
    struct bench *bench = *state;
    bench->pool.lease_ms = 60 * SECOND;
    bench->settings.duration_ms = 3600 * SECOND;
    bench->pool.submit_answers[0] = (struct fake_answer){.manner = SCRIPTED_CLOSE, .accept = true};
    for (int i = 1; i < 10; i++) {
        bench->pool.submit_answers[i] = (struct fake_answer){.status = 503};
    }
    assert_true(live(bench));
    assert_true(bench->pool.submissions[10].at_ms - bench->pool.lease_call_ms[0] > 60 * SECOND);
    assert_string_equal(bench->pool.submissions[10].content, bench->pool.submissions[0].content);
    assert_closed(bench, "submitted", "");
}

static void a_refusal_is_kept_with_its_reason_and_life_goes_on(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 2;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 422, .body = "{\"detail\":\"score out of range\"}"};
    assert_true(live(bench));
    const struct fake_record *refused = record(bench, "lease-1");
    assert_string_equal(refused->state, "refused");
    assert_string_equal(refused->reason, "score out of range");
    assert_string_equal(record_member(bench, "lease-1", "cause"), "content");
    assert_non_null(strstr(refused->body, "\"algorithm_id\":11")); /* the work itself is kept */
    assert_string_equal(record(bench, "lease-2")->state, "submitted");
    assert_int_equal(bench->driver.counters.submissions_refused, 1);
    assert_int_equal(bench->driver.counters.submissions_accepted, 1);
}

static void too_few_iterations_raise_the_next_leases_generations(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 2;
    bench->pool.submit_answers[0] = (struct fake_answer){
        .status = 400,
        .body = "{\"detail\":\"iterations: 53 is below this pool's minimum of 160\"}"};
    assert_true(live(bench));
    assert_string_equal(record_member(bench, "lease-1", "cause"), "iterations");
    cJSON *content = cJSON_Parse(bench->pool.submissions[1].content);
    assert_int_equal(cJSON_GetObjectItem(content, "iterations")->valueint, 3 + 160);
    cJSON_Delete(content);
}

/* What the pool speaks of is told apart, and the work that is missing is named. */
static void a_record_tells_why(void **state)
{
    struct bench *bench = *state;
    bench->pool.leases_to_grant = 2;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 403, .body = "{\"detail\":\"Signature of a banned key\"}"};
    bench->pool.submit_answers[1] =
        (struct fake_answer){.status = 400, .body = "{\"detail\":\"Window 7 is closed\"}"};
    bench->queue.work = FAKE_WORK_FAIL;
    assert_true(live(bench));
    assert_string_equal(record_member(bench, "lease-1", "cause"), "signature");
    assert_string_equal(record_member(bench, "lease-2", "cause"), "window");
    cJSON *body = cJSON_Parse(record(bench, "lease-1")->body);
    const cJSON *left_out = cJSON_GetObjectItem(body, "left_out");
    assert_int_equal(cJSON_GetArraySize(left_out), 3);
    const cJSON *first = cJSON_GetArrayItem(left_out, 0);
    assert_string_equal(cJSON_GetObjectItem(first, "job")->valuestring, "evaluate/0");
    assert_string_equal(cJSON_GetObjectItem(first, "reason")->valuestring,
                        "failed: the worker's reason");
    cJSON_Delete(body);
}

static void a_lease_the_pool_forgot_is_dropped_with_the_likelier_story(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] = (struct fake_answer){
        .status = 404, .body = "{\"detail\":\"Active lease assignment not found\"}"};
    assert_true(live(bench));
    assert_closed(bench, "expired", "closed it early");
    assert_string_equal(record_member(bench, "lease-1", "cause"), "closed_early");
    assert_string_equal(record_member(bench, "lease-1", "http_status"), "404");
}

static void after_a_lost_answer_the_story_is_another(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] = (struct fake_answer){.manner = SCRIPTED_CLOSE, .accept = true};
    bench->pool.submit_answers[1] = (struct fake_answer){
        .status = 404, .body = "{\"detail\":\"Active lease assignment not found\"}"};
    assert_true(live(bench));
    assert_closed(bench, "expired", "probably got through");
    assert_string_equal(record_member(bench, "lease-1", "cause"), "answer_lost");
}

static void a_key_that_is_not_accepted_ends_it_with_a_sentence(void **state)
{
    struct bench *bench = *state;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 401, .body = "{\"detail\":\"Invalid signature\"}"};
    assert_false(live(bench));
    assert_int_equal(bench->error.code, PM_ERROR_REFUSED);
    assert_non_null(strstr(bench->error.message, "Invalid signature"));
    assert_string_equal(record(bench, "lease-1")->state, "open"); /* for when it is mended */
    assert_non_null(strstr(record(bench, "lease-1")->reason, "Invalid signature"));
    bench->pool.register_answer =
        (struct fake_answer){.status = 401, .body = "{\"detail\":\"Invalid signature\"}"};
    assert_false(live(bench));
    assert_int_equal(bench->error.code, PM_ERROR_REFUSED);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(what_may_have_arrived_is_asked_for_after_the_end),
        TEST(what_is_not_now_is_sent_again_before_anything_else),
        TEST(a_page_with_status_200_is_no_acknowledgement),
        TEST(a_pool_that_never_answers_costs_the_lease_and_no_more),
        TEST(the_last_try_comes_shortly_before_the_end),
        TEST(nobody_serving_the_call_just_then_settles_nothing),
        TEST(a_refusal_in_nobodys_words_is_doubted_for_a_while),
        TEST(a_refusal_in_nobodys_words_that_stays_is_one),
        TEST(what_is_too_large_stays_so),
        TEST(a_refusal_is_kept_with_its_reason_and_life_goes_on),
        TEST(too_few_iterations_raise_the_next_leases_generations),
        TEST(a_record_tells_why),
        TEST(a_lease_the_pool_forgot_is_dropped_with_the_likelier_story),
        TEST(after_a_lost_answer_the_story_is_another),
        TEST(a_key_that_is_not_accepted_ends_it_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
