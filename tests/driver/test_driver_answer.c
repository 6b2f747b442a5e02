#include "cmocka_include.h"
#include "driver/answer.h"

#include <stdio.h>
#include <string.h>

/* The kind of an answer to `call`; `answer` is for looking further, and for pm_answer_clear. */
static enum pm_answer_kind classify(enum pm_call call, int status, const char *body,
                                    struct pm_answer *answer)
{
    struct pm_http_response response = {
        .status = status, .body = strdup(body), .body_size = strlen(body), .date_ms = -1};
    pm_answer_classify(call, &response, NULL, answer);
    pm_http_response_clear(&response);
    return answer->kind;
}

static void assert_kind(enum pm_call call, int status, const char *body,
                        enum pm_answer_kind expected)
{
    struct pm_answer answer;
    enum pm_answer_kind kind = classify(call, status, body, &answer);
    assert_int_equal(kind, expected);
    assert_int_equal(answer.reason.message[0] != '\0', kind != PM_ANSWER_OK);
    pm_answer_clear(&answer);
}

static void every_row_of_the_table(void **state)
{
    (void)state;
    assert_kind(PM_CALL_LEASE, 200, "{}", PM_ANSWER_OK);
    assert_kind(PM_CALL_SUBMIT, 200, "{}", PM_ANSWER_OK);
    assert_kind(PM_CALL_REGISTER, 201, "{}", PM_ANSWER_OK);
    assert_kind(PM_CALL_LEASE, 400, "{\"detail\":\"Miner already has active task\"}",
                PM_ANSWER_ACTIVE_TASK);
    assert_kind(PM_CALL_LEASE, 400,
                "{\"detail\":\"Lease already issued for this window. Wait for next window.\"}",
                PM_ANSWER_WINDOW_TAKEN);
    assert_kind(PM_CALL_LEASE, 400, "{\"detail\":\"no\"}", PM_ANSWER_REFUSED);
    assert_kind(PM_CALL_LEASE, 401, "{\"detail\":\"Invalid signature\"}", PM_ANSWER_UNAUTHORIZED);
    assert_kind(PM_CALL_LEASE, 404, "{\"detail\":\"No tasks available\"}", PM_ANSWER_NO_WORK);
    assert_kind(PM_CALL_SUBMIT, 404, "{\"detail\":\"Active lease assignment not found\"}",
                PM_ANSWER_LEASE_GONE);
    assert_kind(PM_CALL_STATS, 404, "{\"detail\":\"Miner not registered\"}", PM_ANSWER_REFUSED);
    assert_kind(PM_CALL_SUBMIT, 400, "{\"detail\":\"Miner already has active task\"}",
                PM_ANSWER_REFUSED);
    assert_kind(PM_CALL_SUBMIT, 403, "{\"detail\":\"banned\"}", PM_ANSWER_REFUSED);
    assert_kind(PM_CALL_SUBMIT, 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"bad\"}]}",
                PM_ANSWER_REFUSED);
    assert_kind(PM_CALL_SUBMIT, 429, "{}", PM_ANSWER_NOT_NOW);
    assert_kind(PM_CALL_SUBMIT, 500, "oops", PM_ANSWER_NOT_NOW);
    assert_kind(PM_CALL_SUBMIT, 503, "", PM_ANSWER_NOT_NOW);
    assert_kind(PM_CALL_SUBMIT, 302, "", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_LEASE, 307, "", PM_ANSWER_UNUSABLE);
}

static void a_call_that_a_pool_does_not_have(void **state)
{
    (void)state;
    assert_kind(PM_CALL_LEASE, 404, "{\"detail\":\"Not Found\"}", PM_ANSWER_MISSING);
    assert_kind(PM_CALL_LEASE, 404, "<html>404</html>", PM_ANSWER_MISSING);
    assert_kind(PM_CALL_LEASE, 405, "{\"detail\":\"Method Not Allowed\"}", PM_ANSWER_MISSING);
    assert_kind(PM_CALL_LEASE, 501, "", PM_ANSWER_MISSING);
    assert_kind(PM_CALL_LEASE, 404, "{\"detail\":\"not found: no work\"}", PM_ANSWER_NO_WORK);
    assert_kind(PM_CALL_LEASE, 404, "{}", PM_ANSWER_NO_WORK);
}

/* What stands between the pool and us must not cost a submission. */
static void who_stands_between_settles_nothing(void **state)
{
    (void)state;
    assert_kind(PM_CALL_SUBMIT, 404, "<html>404</html>", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_SUBMIT, 404, "{\"detail\":\"Not Found\"}", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_SUBMIT, 404, "{\"message\":\"no route matched\"}", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_SUBMIT, 404, "{\"detail\":\"Task not found\"}", PM_ANSWER_LEASE_GONE);
    assert_kind(PM_CALL_SUBMIT, 407, "<html>proxy</html>", PM_ANSWER_NOT_NOW);
    assert_kind(PM_CALL_SUBMIT, 408, "", PM_ANSWER_NOT_NOW);
    assert_kind(PM_CALL_REGISTER, 401, "<html>log in</html>", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_LEASE, 401, "", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_LEASE, 401, "{\"error\":\"bad signature\"}", PM_ANSWER_UNAUTHORIZED);
}

static void a_pools_words_are_told_from_others(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        bool foreign;
    } answers[] = {
        {200, "{}", false},
        {400, "{\"detail\":\"no\"}", false},
        {422, "{\"detail\":[{\"msg\":\"field required\"}]}", false},
        {403, "<html>blocked</html>", true},
        {403, "", true},
        {403, "{\"error\":\"blocked\"}", true},
        {404, "404 page not found", true},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct pm_answer answer;
        classify(PM_CALL_SUBMIT, answers[i].status, answers[i].body, &answer);
        assert_int_equal(answer.foreign, answers[i].foreign);
        pm_answer_clear(&answer);
    }
}

static void bad_bodies_of_good_answers(void **state)
{
    (void)state;
    assert_kind(PM_CALL_LEASE, 200, "", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_LEASE, 200, "{\"lease_id\":", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_LEASE, 200, "[]", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_STATS, 200, "null", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_STATS, 200, "\xff\xfe", PM_ANSWER_UNUSABLE);
    assert_kind(PM_CALL_REGISTER, 200, "", PM_ANSWER_OK);
}

static void only_an_object_acknowledges_a_submission(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "<html>Please log in</html>", "{\"status\":\"acc",
                                         "[]", "\"accepted\""};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct pm_answer answer;
        assert_int_equal(classify(PM_CALL_SUBMIT, 200, bodies[i], &answer), PM_ANSWER_UNUSABLE);
        assert_true(answer.lost); /* it may have arrived all the same */
        pm_answer_clear(&answer);
    }
}

static void reasons_are_the_pools_own_words(void **state)
{
    (void)state;
    struct pm_answer answer;
    classify(PM_CALL_SUBMIT, 400, "{\"detail\":\"iterations: 3 is too few\"}", &answer);
    assert_string_equal(answer.reason.message, "iterations: 3 is too few");
    pm_answer_clear(&answer);
    classify(PM_CALL_SUBMIT, 422, "{\"detail\":[{\"msg\":\"field required\"}]}", &answer);
    assert_string_equal(answer.reason.message, "[{\"msg\":\"field required\"}]");
    pm_answer_clear(&answer);
    classify(PM_CALL_SUBMIT, 403, "<html>", &answer);
    assert_string_equal(answer.reason.message,
                        "HTTP status 403 without a reason: is this a pool's address?");
    pm_answer_clear(&answer);
}

/* One word of a pool's, as "busy", says neither who nor what. */
static void a_pools_short_words_are_put_into_a_sentence(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *says;
    } rows[] = {
        {503, "the pool is not ready (HTTP status 503): busy"},
        {500, "the pool has a fault of its own (HTTP status 500): busy"},
        {408, "the request took too long to arrive (HTTP status 408): busy"},
        {407, "a proxy on the way wants a login (HTTP status 407): busy"},
    };
    struct pm_answer answer;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        classify(PM_CALL_LEASE, rows[i].status, "{\"detail\":\"busy\"}", &answer);
        assert_int_equal(answer.kind, PM_ANSWER_NOT_NOW);
        assert_string_equal(answer.reason.message, rows[i].says);
        pm_answer_clear(&answer);
    }
    classify(PM_CALL_LEASE, 503, "<html>", &answer);
    assert_string_equal(answer.reason.message,
                        "HTTP status 503 without a reason: is this a pool's address?");
    pm_answer_clear(&answer);
}

static void the_time_that_remains_is_found(void **state)
{
    (void)state;
    struct pm_answer answer;
    classify(PM_CALL_HEALTH, 200, "{\"time_remaining_s\": 12.5}", &answer);
    assert_int_equal(answer.time_remaining_ms, 12500);
    pm_answer_clear(&answer);
    classify(PM_CALL_LEASE, 400,
             "{\"detail\":{\"msg\":\"Lease already issued\",\"time_remaining_s\":90}}", &answer);
    assert_int_equal(answer.kind, PM_ANSWER_WINDOW_TAKEN);
    assert_int_equal(answer.time_remaining_ms, 90000);
    pm_answer_clear(&answer);
    static const char *const nonsense[] = {"{\"time_remaining_s\": -1}",
                                           "{\"time_remaining_s\": 1e300}",
                                           "{\"time_remaining_s\": \"12\"}", "{}"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        classify(PM_CALL_HEALTH, 200, nonsense[i], &answer);
        assert_int_equal(answer.time_remaining_ms, -1);
        pm_answer_clear(&answer);
    }
}

static void failures_are_not_now_or_unusable(void **state)
{
    (void)state;
    struct pm_http_response response = {.date_ms = -1, .sent = true};
    struct pm_answer answer;
    struct pm_error error = {.code = PM_ERROR_UNAVAILABLE, .message = "no route"};
    pm_answer_classify(PM_CALL_SUBMIT, &response, &error, &answer);
    assert_int_equal(answer.kind, PM_ANSWER_NOT_NOW);
    assert_true(answer.lost);
    assert_string_equal(answer.reason.message, "no route");
    error.code = PM_ERROR_LIMIT;
    pm_answer_classify(PM_CALL_LEASE, &response, &error, &answer);
    assert_int_equal(answer.kind, PM_ANSWER_UNUSABLE);
    response.status = 200; /* the head came, the rest was too much */
    pm_answer_classify(PM_CALL_SUBMIT, &response, &error, &answer);
    assert_int_equal(answer.kind, PM_ANSWER_UNUSABLE);
    assert_true(answer.lost);
    pm_answer_classify(PM_CALL_LEASE, &response, &error, &answer);
    assert_int_equal(answer.kind, PM_ANSWER_UNUSABLE);
}

static void a_long_wait_is_told(void **state)
{
    (void)state;
    struct pm_http_response response = {.status = 429, .date_ms = -1};
    struct pm_answer answer;
    snprintf(response.retry_after, sizeof response.retry_after, "99999999999");
    response.body = strdup("{\"detail\":\"slow\"}");
    response.body_size = strlen(response.body);
    pm_answer_classify(PM_CALL_LEASE, &response, NULL, &answer);
    assert_int_equal(answer.kind, PM_ANSWER_NOT_NOW);
    assert_string_equal(answer.reason.message,
                        "nothing more is sent for 3600 s (Retry-After): the pool wants fewer "
                        "requests (HTTP status 429): slow");
    pm_answer_clear(&answer);
    pm_http_response_clear(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table),
        cmocka_unit_test(a_call_that_a_pool_does_not_have),
        cmocka_unit_test(who_stands_between_settles_nothing),
        cmocka_unit_test(a_pools_words_are_told_from_others),
        cmocka_unit_test(bad_bodies_of_good_answers),
        cmocka_unit_test(only_an_object_acknowledges_a_submission),
        cmocka_unit_test(reasons_are_the_pools_own_words),
        cmocka_unit_test(a_pools_short_words_are_put_into_a_sentence),
        cmocka_unit_test(the_time_that_remains_is_found),
        cmocka_unit_test(failures_are_not_now_or_unusable),
        cmocka_unit_test(a_long_wait_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
