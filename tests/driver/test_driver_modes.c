/* Leases and plain tasks: what is asked for in each mode, at pools that have only one of the two,
 * and that tasks are as safe as leases. */
#include "cmocka_include.h"
#include "tests/driver/driver_bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is asked for ---- */

static void an_evaluate_task_is_computed_and_submitted(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVALUATE;
    assert_true(live(bench));
    const struct fake_submission *submission = &bench->pool.submissions[0];
    assert_int_equal(bench->pool.submit_calls, 1);
    assert_string_equal(submission->lease_id, "batch-1");
    assert_string_equal(submission->call, "submit_evaluation");
    assert_string_equal(submission->content,
                        "{\"evaluations\":[{\"algorithm_id\":11,\"score\":0.511},"
                        "{\"algorithm_id\":12,\"score\":0.512}]}");
    assert_string_equal(record(bench, "batch-1")->state, "submitted");
    assert_string_equal(record_member(bench, "batch-1", "kind"), "evaluate");
    assert_null(strpbrk(bench->pool.asked, "le"));
    assert_int_equal(bench->driver.counters.evaluations_submitted, 2);
    assert_int_equal(bench->driver.counters.evolutions_submitted, 0);
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

static void an_evolve_task_is_computed_and_submitted(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    assert_true(live(bench));
    const struct fake_submission *submission = &bench->pool.submissions[0];
    assert_int_equal(bench->pool.submit_calls, 1);
    assert_string_equal(submission->call, "submit_evolution");
    cJSON *content = cJSON_Parse(submission->content);
    cJSON *parents = cJSON_Parse("[{\"id\":21}]");
    assert_true(cJSON_Compare(cJSON_GetObjectItem(content, "parent_functions"), parents, true));
    const char *evolved = cJSON_GetObjectItem(content, "evolved_function")->valuestring;
    assert_int_equal(strncmp(evolved, "evolved with ", 13), 0);
    assert_int_equal(cJSON_GetArraySize(content), 2);
    cJSON_Delete(parents);
    cJSON_Delete(content);
    assert_null(strpbrk(bench->pool.asked, "lv"));
    assert_int_equal(bench->driver.counters.evolutions_submitted, 1);
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

static void a_task_without_an_end_has_three_hours(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVALUATE;
    bench->settings.duration_ms = 4 * 3600 * SECOND;
    bench->pool.tasks_without_end = true;
    bench->queue.work = FAKE_WORK_NONE;
    assert_true(live(bench));
    int64_t until_ms = bench->pool.submissions[0].at_ms - bench->pool.lease_call_ms[0];
    assert_in_range(until_ms, 3 * 3600 * SECOND - 47 * SECOND, 3 * 3600 * SECOND - 44 * SECOND);
}

/* Which kinds were asked for, up to the first that the pool had nothing for. */
static int asked(const struct bench *bench, char kind)
{
    int count = 0;
    for (int i = 0; i < bench->pool.granted; i++) {
        count += bench->pool.asked[i] == kind;
    }
    return count;
}

static void both_kinds_in_turn_most_of_the_time_what_earns_more(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_ALTERNATE;
    bench->settings.duration_ms = 3600 * SECOND;
    bench->pool.leases_to_grant = 60;
    bench->pool.evaluate_ms = 10 * SECOND; /* two evaluations: 720 an hour */
    bench->pool.evolve_ms = 10 * SECOND;   /* one of 0.8: 576 an hour */
    assert_true(live(bench));
    assert_int_equal(bench->pool.accepted, 60);
    assert_in_range(asked(bench, 'v'), 52, 56);
    assert_int_equal(asked(bench, 'v') + asked(bench, 'e'), 60);
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

static void the_pools_judgement_turns_the_share(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_ALTERNATE;
    bench->settings.duration_ms = 3600 * SECOND;
    bench->pool.leases_to_grant = 60;
    bench->pool.evaluate_ms = bench->pool.evolve_ms = 10 * SECOND;
    bench->pool.stats = "{\"evaluations_finalised\":100,\"evaluations_accurate\":10}";
    assert_true(live(bench));
    assert_true(asked(bench, 'e') > 40); /* of all evaluations a tenth was accurate */
}

static void duplicates_earn_nothing(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_ALTERNATE;
    bench->settings.duration_ms = 3600 * SECOND;
    bench->pool.leases_to_grant = 60;
    bench->pool.evaluate_ms = 100 * SECOND;
    bench->pool.evolve_ms = SECOND;
    bench->pool.everything_is_known = true;
    assert_true(live(bench));
    assert_true(asked(bench, 'v') > asked(bench, 'e') / 20);
    assert_true(pm_share_per_hour(&bench->driver.work.share, PM_LEASE_EVOLVE,
                                  &(struct pm_share_judged){-1, -1}) == 0);
}

static void where_one_kind_is_not_to_be_had_the_other_is_asked_for_at_once(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_ALTERNATE;
    bench->pool.leases_to_grant = 3;
    bench->pool.no_evaluations = true;
    assert_true(live(bench));
    assert_int_equal(bench->pool.accepted, 3);
    assert_int_equal(strncmp(bench->pool.asked, "veveve", 6), 0);
    assert_int_equal(bench->pool.lease_call_ms[5], bench->pool.lease_call_ms[0]); /* no pause */
    /* then there is neither, and a pause after each pair */
    assert_true(bench->pool.lease_call_ms[8] - bench->pool.lease_call_ms[6] >= 30 * SECOND);
}

/* At a pool without leases, too: tasks count in its window, and are waited for. */
static void where_a_window_has_no_more_tasks_the_next_is_awaited(void **state)
{
    static const char used_up[] =
        "{\"detail\":\"Lease already issued for this window. Wait for next window.\","
        "\"time_remaining_s\":90}";
    struct bench *bench = *state;
    bench->settings.duration_ms = 3600 * SECOND;
    bench->pool.no_leases = true;
    bench->pool.stop_after_lease_calls = 4;
    for (int i = 1; i < 4; i++) { /* the first call is for a lease, which is not there */
        bench->pool.lease_answers[i] = (struct fake_answer){.status = 400, .body = used_up};
    }
    assert_true(live(bench));
    assert_null(strchr(bench->pool.asked + 1, 'l'));
    for (int i = 1; i < 3; i++) {
        assert_int_equal(bench->pool.lease_call_ms[i + 1] - bench->pool.lease_call_ms[i],
                         90 * SECOND);
    }
}

static void a_kind_that_is_refused_does_not_hold_up_the_other(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_ALTERNATE;
    bench->pool.lease_answers[0] =
        (struct fake_answer){.status = 422, .body = "{\"detail\":\"evaluate is not served\"}"};
    assert_true(live(bench));
    assert_int_equal(strncmp(bench->pool.asked, "ve", 2), 0);
    assert_int_equal(bench->pool.lease_call_ms[1], bench->pool.lease_call_ms[0]);
    assert_int_equal(bench->pool.accepted, 1);
}

/* ---- pools with one style ---- */

static void a_pool_without_leases_is_recognised(void **state)
{
    static const int statuses[] = {404, 405, 501};
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        fake_queue_clear(&bench->queue);
        bench->pool.granted = bench->pool.lease_calls = bench->pool.accepted = 0;
        bench->pool.submit_calls = 0;
        bench->pool.no_leases = true;
        bench->pool.missing_status = statuses[i];
        bench->pool.leases_to_grant = 4;
        assert_true(live(bench));
        assert_int_equal(bench->pool.accepted, 4);
        assert_int_equal(strncmp(bench->pool.asked, "lve", 3), 0);
        assert_null(strchr(bench->pool.asked + 1, 'l')); /* once is enough */
    }
}

static void a_pool_without_tasks_is_recognised(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->pool.no_tasks = true;
    bench->pool.leases_to_grant = 2;
    assert_true(live(bench));
    assert_int_equal(bench->pool.accepted, 2);
    assert_int_equal(strncmp(bench->pool.asked, "ell", 3), 0);
    assert_string_equal(bench->pool.submissions[0].call, "submit_lease");
}

static void a_pool_with_neither_is_asked_again_after_a_minute(void **state)
{
    struct bench *bench = *state;
    bench->pool.no_leases = bench->pool.no_tasks = true;
    assert_true(live(bench));
    assert_int_equal(strncmp(bench->pool.asked, "lvlvlv", 6), 0);
    assert_int_equal(bench->pool.lease_call_ms[2] - bench->pool.lease_call_ms[0], 60 * SECOND);
    assert_int_equal(bench->pool.submit_calls, 0);
}

/* A proxy's page may have been in the way: after an hour leases are tried again. */
static void leases_are_asked_for_again_after_an_hour(void **state)
{
    struct bench *bench = *state;
    bench->settings.duration_ms = 2 * 3600 * SECOND;
    bench->pool.lease_answers[0] =
        (struct fake_answer){.status = 404, .body = "<html>nothing here</html>"};
    bench->pool.leases_to_grant = 0;
    assert_true(live(bench));
    const char *again = strchr(bench->pool.asked + 1, 'l');
    assert_non_null(again);
    int64_t after_ms =
        bench->pool.lease_call_ms[again - bench->pool.asked] - bench->pool.lease_call_ms[0];
    assert_in_range(after_ms, 3600 * SECOND, 3660 * SECOND);
}

/* ---- nothing is lost, nothing sent twice ---- */

static void whenever_it_dies_the_task_is_submitted_once(void **state)
{
    struct bench *bench = *state;
    static const enum pm_work_mode modes[] = {PM_MODE_EVALUATE, PM_MODE_EVOLVE};
    bench->settings.duration_ms = 20 * SECOND;
    for (int round = 0; round < 4; round++) {
        int die_at = 1;
        bench->settings.mode = modes[round / 2];
        for (; die_and_live_again(bench, die_at, round % 2 == 1); die_at++) {
            const struct fake_record *closed = fake_queue_record(&bench->queue, "batch-1");
            if (closed == NULL) { /* died with the task in hand: nothing to find */
                assert_int_equal(bench->pool.submit_calls, 0);
                continue;
            }
            assert_string_equal(closed->state, "submitted");
            assert_true(bench->pool.submit_calls >= 1);
            for (int i = 1; i < bench->pool.submit_calls; i++) {
                assert_string_equal(bench->pool.submissions[i].content,
                                    bench->pool.submissions[0].content);
                assert_string_equal(bench->pool.submissions[i].call,
                                    bench->pool.submissions[0].call);
            }
            assert_int_equal(fake_queue_left(&bench->queue), 0);
        }
        assert_true(die_at > 10);
    }
}

/* A task of an earlier life is submitted by its own call, whatever the mode is now. */
static void another_mode_takes_up_an_open_task(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->pool.lease_answers[0].stop = true;
    assert_true(live(bench));
    assert_string_equal(record(bench, "batch-1")->state, "open");
    atomic_store(&bench->pool.stop, false);
    bench->settings.mode = PM_MODE_LEASE;
    bench->pool.leases_to_grant = 2;
    assert_true(live(bench));
    assert_string_equal(bench->pool.submissions[0].call, "submit_evolution");
    assert_string_equal(bench->pool.submissions[1].call, "submit_lease");
}

static void a_task_is_sent_again_as_the_table_says(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVALUATE;
    bench->pool.submit_answers[0] = (struct fake_answer){.status = 500, .body = "oops"};
    bench->pool.submit_answers[1] =
        (struct fake_answer){.status = 429, .headers = "Retry-After: 20\r\n", .body = "{}"};
    bench->pool.submit_answers[2] = (struct fake_answer){.manner = SCRIPTED_CLOSE};
    bench->pool.submit_answers[3] =
        (struct fake_answer){.status = 200, .body = "<html>Please log in</html>"};
    assert_true(live(bench));
    const struct fake_submission *submissions = bench->pool.submissions;
    assert_int_equal(bench->pool.submit_calls, 5);
    for (int i = 1; i < 5; i++) {
        assert_string_equal(submissions[i].content, submissions[0].content);
    }
    assert_int_equal(submissions[2].at_ms - submissions[1].at_ms, 20 * SECOND);
    assert_string_equal(record(bench, "batch-1")->state, "submitted");
}

static void a_refused_task_keeps_its_reason(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->pool.submit_answers[0] =
        (struct fake_answer){.status = 422, .body = "{\"detail\":\"line 3: no such op\"}"};
    assert_true(live(bench));
    assert_string_equal(record(bench, "batch-1")->state, "refused");
    assert_string_equal(record(bench, "batch-1")->reason, "line 3: no such op");
    assert_string_equal(record_member(bench, "batch-1", "cause"), "content");
    assert_string_equal(record_member(bench, "batch-1", "http_status"), "422");
}

static void what_may_be_lost_is_asked_for_again(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_ALTERNATE;
    bench->pool.lease_answers[1] = (struct fake_answer){.manner = SCRIPTED_CLOSE};
    bench->pool.leases_to_grant = 2;
    assert_true(live(bench));
    assert_true(bench->pool.resumed[0]);  /* at the start */
    assert_false(bench->pool.resumed[1]); /* that was answered */
    assert_true(bench->pool.resumed[2]);  /* this one was not */
    assert_int_equal(bench->pool.accepted, 2);
}

static void tasks_may_be_lost_at_a_pool_without_leases(void **state)
{
    struct bench *bench = *state;
    bench->pool.no_leases = true;
    assert_true(live(bench));
    assert_true(bench->pool.resumed[0] && bench->pool.resumed[1]);
    assert_false(bench->pool.resumed[2]);
}

/* ---- a search that finds nothing ---- */

static void a_fruitless_search_goes_on_with_other_seeds(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->queue.fruitless = 3;
    assert_true(live(bench));
    assert_int_equal(bench->queue.job_count, 4);
    assert_int_equal(bench->pool.submit_calls, 1);
    assert_string_equal(record(bench, "batch-1")->state, "submitted");
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

static void killed_between_two_searches_it_goes_on(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->settings.duration_ms = 20 * SECOND;
    for (int die_at = 7; die_at < 14; die_at++) { /* from the first job on */
        bench->queue.fruitless = 2;
        assert_true(die_and_live_again(bench, die_at, true));
        assert_string_equal(record(bench, "batch-1")->state, "submitted");
        assert_int_equal(bench->queue.job_count, 3);
        for (int i = 1; i < bench->pool.submit_calls; i++) {
            assert_string_equal(bench->pool.submissions[i].content,
                                bench->pool.submissions[0].content);
        }
    }
}

/* The pool may have booked what a later search found: it is sent again even if there would be no
 * time for that search any more. */
static void what_a_later_search_found_is_looked_for_when_time_is_over(void **state)
{
    struct bench *bench = *state;
    int submitted = 0;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->settings.duration_ms = 20 * SECOND;
    bench->away_ms = bench->pool.lease_ms;
    for (int die_at = 7; die_at < 18; die_at++) {
        bench->queue.fruitless = 2;
        die_and_live_again(bench, die_at, false);
        if (bench->pool.submit_calls == 0) {
            assert_string_equal(record(bench, "batch-1")->state, "expired");
            continue;
        }
        submitted++;
        assert_string_equal(record(bench, "batch-1")->state, "submitted");
        for (int i = 1; i < bench->pool.submit_calls; i++) {
            assert_string_equal(bench->pool.submissions[i].content,
                                bench->pool.submissions[0].content);
        }
    }
    assert_true(submitted > 0);
}

static void a_search_that_never_finds_anything_ends(void **state)
{
    struct bench *bench = *state;
    bench->settings.mode = PM_MODE_EVOLVE;
    bench->queue.fruitless = 1000;
    assert_true(live(bench));
    assert_int_equal(bench->pool.submit_calls, 0);
    assert_string_equal(record(bench, "batch-1")->state, "expired");
    assert_string_equal(record_member(bench, "batch-1", "cause"), "nothing_found");
    assert_int_equal(fake_queue_left(&bench->queue), 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        TEST(an_evaluate_task_is_computed_and_submitted),
        TEST(an_evolve_task_is_computed_and_submitted),
        TEST(a_task_without_an_end_has_three_hours),
        TEST(both_kinds_in_turn_most_of_the_time_what_earns_more),
        TEST(the_pools_judgement_turns_the_share),
        TEST(duplicates_earn_nothing),
        TEST(where_one_kind_is_not_to_be_had_the_other_is_asked_for_at_once),
        TEST(where_a_window_has_no_more_tasks_the_next_is_awaited),
        TEST(a_kind_that_is_refused_does_not_hold_up_the_other),
        TEST(a_pool_without_leases_is_recognised),
        TEST(a_pool_without_tasks_is_recognised),
        TEST(a_pool_with_neither_is_asked_again_after_a_minute),
        TEST(leases_are_asked_for_again_after_an_hour),
        TEST(whenever_it_dies_the_task_is_submitted_once),
        TEST(another_mode_takes_up_an_open_task),
        TEST(a_task_is_sent_again_as_the_table_says),
        TEST(a_refused_task_keeps_its_reason),
        TEST(what_may_be_lost_is_asked_for_again),
        TEST(tasks_may_be_lost_at_a_pool_without_leases),
        TEST(a_fruitless_search_goes_on_with_other_seeds),
        TEST(killed_between_two_searches_it_goes_on),
        TEST(what_a_later_search_found_is_looked_for_when_time_is_over),
        TEST(a_search_that_never_finds_anything_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
