/* The life of a job, verb by verb, with exact times. */
#include "sidecar/queue_fixture.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- put ---- */

static void put_makes_a_job_once(void **state)
{
    (void)state;
    const struct pm_job_put put = {
        .run_id = "r", .key = "k", .kind = "evaluate", .body = "other", .body_size = 5};
    int64_t first = put_job("r", "k"), again, elsewhere = put_job("r2", "k");
    bool existed;
    DO(pm_queue_put(&queue, now, &put, &again, &existed, &error));
    assert_true(existed);
    assert_int_equal(again, first);
    assert_int_not_equal(elsewhere, first);
    assert_int_equal(in_state(PM_JOB_QUEUED), 2);
    assert_int_equal(counted(PM_COUNTER_PUT), 2);
    assert_int_equal(lease_job("r", "h"), first);
    assert_string_equal(last_body, "body");
}

static void refuse_put(struct pm_job_put put, enum pm_error_code code, const char *words)
{
    int64_t id;
    bool existed;
    REFUSED(pm_queue_put(&queue, now, &put, &id, &existed, &error), code, words);
    assert_int_equal(counted(PM_COUNTER_PUT), 0);
}

static void put_refuses_what_breaks_a_rule(void **state)
{
    (void)state;
    char long_key[PM_STORE_KEY_MAX + 2];
    memset(long_key, 'k', sizeof long_key);
    long_key[sizeof long_key - 1] = '\0';
    const struct pm_job_put good = {.run_id = "r", .key = "k", .kind = "e", .body = ""};
    struct pm_job_put put = good;
    put.run_id = "";
    refuse_put(put, PM_ERROR_INVALID, "run: expected 1 to 128 bytes");
    put = good;
    put.key = long_key;
    refuse_put(put, PM_ERROR_INVALID, "key: expected");
    put.key = "caf\xc3\xa9";
    refuse_put(put, PM_ERROR_INVALID, "key: expected");
    put = good;
    put.kind = "line\nbreak";
    refuse_put(put, PM_ERROR_INVALID, "kind: expected");
    put = good;
    put.priority = PM_QUEUE_PRIORITY_MAX + 1;
    refuse_put(put, PM_ERROR_INVALID, "priority: expected");
    put = good;
    put.deadline_ms = -1;
    refuse_put(put, PM_ERROR_INVALID, "deadline_ms");
    put = good;
    put.body_size = PM_JOB_BODY_MAX + 1;
    refuse_put(put, PM_ERROR_LIMIT, "the body has 1048577 bytes");
    long_key[PM_STORE_KEY_MAX] = '\0';
    put_job("r", long_key);
}

static void put_is_refused_when_the_queue_is_full(void **state)
{
    (void)state;
    char key[16], large[9000];
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "k%d", i);
        put_with("r", key, 0, 0, "");
    }
    const struct pm_job_put one_more = {.run_id = "new", .key = "k", .kind = "e", .body = ""};
    const struct pm_job_put known = {.run_id = "r", .key = "k7", .kind = "e", .body = ""};
    int64_t id;
    bool existed;
    REFUSED(pm_queue_put(&queue, now, &one_more, &id, &existed, &error), PM_ERROR_UNAVAILABLE,
            "holds 100 jobs");
    assert_int_equal(queue.store->verbs->run_at(queue.store, 1), 0); /* nor was the run made */
    DO(pm_queue_put(&queue, now, &known, &id, &existed, &error));
    assert_true(existed);

    queue.config.max_jobs = 1000;
    memset(large, 'x', sizeof large);
    const struct pm_job_put big = {
        .run_id = "r", .key = "big", .kind = "e", .body = large, .body_size = sizeof large};
    struct pm_job_put bigger = big;
    bigger.key = "bigger";
    DO(pm_queue_put(&queue, now, &big, &id, &existed, &error));
    REFUSED(pm_queue_put(&queue, now, &bigger, &id, &existed, &error), PM_ERROR_UNAVAILABLE,
            "collect results");
    bigger.body_size = 1000;
    DO(pm_queue_put(&queue, now, &bigger, &id, &existed, &error)); /* exactly the bound */
}

/* ---- the order ---- */

static void higher_priority_first_then_oldest(void **state)
{
    (void)state;
    int64_t first = put_with("r", "1", 0, 0, ""), second = put_with("r", "2", 0, 0, "");
    int64_t urgent = put_with("r", "3", 10, 0, ""), idle = put_with("r", "4", -10, 0, "");
    assert_int_equal(lease_job("", "h"), urgent);
    assert_int_equal(lease_job("", "h"), first);
    assert_int_equal(lease_job("", "h"), second);
    assert_int_equal(lease_job("", "h"), idle);
    assert_int_equal(lease_job("", "h"), 0);
}

static void runs_take_turns(void **state)
{
    (void)state;
    int64_t a[6], b[3], c;
    char key[16];
    for (int i = 0; i < 6; i++) {
        snprintf(key, sizeof key, "%d", i);
        a[i] = put_job("a", key);
    }
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof key, "%d", i);
        b[i] = put_job("b", key);
    }
    assert_int_equal(lease_job("", "h"), a[0]);
    assert_int_equal(lease_job("", "h"), b[0]);
    assert_int_equal(lease_job("", "h"), a[1]);
    c = put_job("c", "late");
    assert_int_equal(lease_job("", "h"), b[1]);
    assert_int_equal(lease_job("", "h"), c); /* a newcomer waits for nobody's backlog */
    assert_int_equal(lease_job("", "h"), a[2]);
    assert_int_equal(lease_job("", "h"), b[2]);
    assert_int_equal(lease_job("", "h"), a[3]);
    assert_int_equal(lease_job("b", "h"), 0);
    assert_int_equal(lease_job("a", "h"), a[4]);
    assert_int_equal(lease_job("nobody's", "h"), 0);
}

static void a_job_that_comes_back_keeps_its_place(void **state)
{
    (void)state;
    int64_t first = put_job("r", "1");
    put_job("r", "2");
    assert_int_equal(lease_job("", "h"), first);
    assert_int_equal(pass(FIXTURE_LEASE_MS), 1);
    assert_int_equal(lease_job("", "h"), first);
}

/* ---- leases ---- */

static void a_lease_names_its_holder_and_token(void **state)
{
    (void)state;
    int64_t id = put_with("r", "k", 3, now.unix_ms + 99, "body");
    assert_int_equal(lease_job("", "worker:w:1"), id);
    assert_int_equal(last_job.token, 1);
    assert_int_equal(last_job.failures, 0);
    assert_int_equal(last_job.lease_until_ms, now.steady_ms + FIXTURE_LEASE_MS);
    assert_int_equal(last_job.deadline_ms, now.unix_ms + 99);
    assert_string_equal(last_job.holder, "worker:w:1");
    assert_string_equal(last_checkpoint, "");
    assert_int_equal(in_state(PM_JOB_LEASED), 1);
    assert_int_equal(in_state(PM_JOB_QUEUED), 0);
}

static void a_lease_runs_out_to_the_millisecond(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    assert_int_equal(state_of(id), PM_JOB_LEASED);
    assert_int_equal(pass(1), 1);
    assert_int_equal(state_of(id), PM_JOB_QUEUED);
    assert_int_equal(counted(PM_COUNTER_LOST_LEASES), 1);
    lease_job("", "h2");
    assert_int_equal(last_job.token, 2);
    assert_int_equal(last_job.failures, 1);
}

static void progress_renews_the_lease(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    DO(pm_queue_progress(&queue, now, id, 1, &error));
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    assert_int_equal(pass(1), 1);
    REFUSED(pm_queue_progress(&queue, now, id, 1, &error), PM_ERROR_REFUSED,
            "lease 1 of job 1 is lost: it ran out");
    lease_job("", "h2");
    REFUSED(pm_queue_progress(&queue, now, id, 1, &error), PM_ERROR_REFUSED,
            "another worker has the job");
    REFUSED(pm_queue_progress(&queue, now, id, 3, &error), PM_ERROR_REFUSED, "lease 3 of job 1");
    REFUSED(pm_queue_progress(&queue, now, 99, 1, &error), PM_ERROR_REFUSED,
            "collected or never was");
    DO(pm_queue_progress(&queue, now, id, 2, &error));
}

static void the_same_request_gets_the_same_lease(void **state)
{
    (void)state;
    struct pm_queue_lease lease;
    bool found;
    int64_t id = put_job("r", "k");
    put_job("r", "k2");
    DO(pm_queue_lease(&queue, now, "", "h", UINT64_MAX, &lease, &found, &error));
    assert_true(found);
    pm_queue_lease_clear(&lease);
    DO(pm_queue_lease_again(&queue, now, "h", UINT64_MAX, &lease, &found, &error));
    assert_true(found);
    assert_int_equal(lease.job.id, id);
    assert_int_equal(lease.job.token, 1);
    assert_memory_equal(lease.body, "body", 4);
    pm_queue_lease_clear(&lease);
    DO(pm_queue_lease_again(&queue, now, "h", 1, &lease, &found, &error));
    assert_false(found);
    DO(pm_queue_lease_again(&queue, now, "other", UINT64_MAX, &lease, &found, &error));
    assert_false(found);
    finish_job(id, 1, "result");
    DO(pm_queue_lease_again(&queue, now, "h", UINT64_MAX, &lease, &found, &error));
    assert_false(found);
}

static void a_lease_that_reached_nobody_is_taken_back(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    DO(pm_queue_take_back(&queue, id, 1, &error));
    assert_int_equal(state_of(id), PM_JOB_QUEUED);
    assert_true(queue.work_arrived);
    lease_job("", "h");
    assert_int_equal(last_job.token, 2);
    assert_int_equal(last_job.failures, 0);
    DO(pm_queue_take_back(&queue, id, 1, &error)); /* an old one: not the present lease */
    assert_int_equal(state_of(id), PM_JOB_LEASED);
    finish_job(id, 2, "x");
    DO(pm_queue_take_back(&queue, id, 2, &error));
    assert_int_equal(state_of(id), PM_JOB_DONE);
    DO(pm_queue_take_back(&queue, 99, 1, &error));
}

static void a_gone_worker_loses_all_it_holds(void **state)
{
    (void)state;
    struct pm_queue_event events[8];
    size_t count;
    int64_t first = put_job("r", "1"), second = put_job("r", "2"), third = put_job("r", "3");
    lease_job("", "gone");
    lease_job("", "stays");
    lease_job("", "gone");
    DO(pm_queue_holder_gone(&queue, now, "gone", events, 8, &count, &error));
    assert_int_equal(count, 2);
    assert_string_equal(events[0].holder, "gone");
    assert_int_equal(events[0].state, PM_JOB_QUEUED);
    assert_int_equal(state_of(first), PM_JOB_QUEUED);
    assert_int_equal(state_of(second), PM_JOB_LEASED);
    assert_int_equal(state_of(third), PM_JOB_QUEUED);
    DO(pm_queue_holder_gone(&queue, now, "gone", events, 8, &count, &error));
    assert_int_equal(count, 0);
}

static void a_job_that_three_workers_lost_is_set_aside(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    for (int attempt = 1; attempt <= 3; attempt++) {
        assert_int_equal(lease_job("", "h"), id);
        assert_int_equal(pass(FIXTURE_LEASE_MS), 1);
        assert_int_equal(state_of(id), attempt < 3 ? PM_JOB_QUEUED : PM_JOB_SET_ASIDE);
    }
    assert_int_equal(lease_job("", "h"), 0);
    REFUSED(pm_queue_progress(&queue, now, id, 3, &error), PM_ERROR_REFUSED, "is lost");
    assert_int_equal(counted(PM_COUNTER_SET_ASIDE_EVER), 1);
}

static void a_restart_gives_every_lease_a_fresh_period(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    pass(FIXTURE_LEASE_MS - 1);
    const struct pm_queue_config config = queue.config;
    struct pm_store *store = queue.store;
    now.steady_ms = 0; /* another process, another clock */
    assert_done(pm_queue_open(&queue, store, &config, now, &error), error);
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    DO(pm_queue_progress(&queue, now, id, 1, &error));
    finish_job(id, 1, "x");
}

/* ---- how a lease ends ---- */

static void finish_is_heard_once_and_may_be_said_twice(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    const struct pm_wire_frame other = {"other", 5};
    bool repeated;
    void *result;
    size_t size;
    struct pm_store_job job;
    lease_job("", "h");
    finish_job(id, 1, "result");
    DO(pm_queue_finish(&queue, id, 1, &other, &repeated, &error));
    assert_true(repeated);
    DO(pm_queue_outcome(&queue, id, &job, &result, &size, &error));
    assert_int_equal(size, 6);
    assert_memory_equal(result, "result", 6);
    free(result);
    assert_int_equal(counted(PM_COUNTER_COMPLETED), 1);
    REFUSED(pm_queue_finish(&queue, id, 2, &other, &repeated, &error), PM_ERROR_REFUSED,
            "the job has an outcome");
}

static void a_late_result_is_refused(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    const struct pm_wire_frame late = {"late", 4};
    bool repeated;
    lease_job("", "slow");
    pass(FIXTURE_LEASE_MS);
    REFUSED(pm_queue_finish(&queue, id, 1, &late, &repeated, &error), PM_ERROR_REFUSED, "ran out");
    lease_job("", "quick");
    REFUSED(pm_queue_finish(&queue, id, 1, &late, &repeated, &error), PM_ERROR_REFUSED,
            "another worker");
    finish_job(id, 2, "result");
    REFUSED(pm_queue_finish(&queue, id, 1, &late, &repeated, &error), PM_ERROR_REFUSED,
            "has an outcome");
}

static void results_have_room_where_new_jobs_have_not(void **state)
{
    (void)state;
    char large[9999];
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    int64_t first = put_with("r", "1", 0, 0, large), second = put_with("r", "2", 0, 0, "");
    bool repeated;
    lease_job("", "h");
    lease_job("", "h");
    finish_job(first, 1, large); /* 20,000 may be held, twice the bound for new jobs */
    REFUSED(pm_queue_has_room(&queue, 5, &error), PM_ERROR_UNAVAILABLE, "collect results");
    const struct pm_wire_frame more = {large, 5};
    REFUSED(pm_queue_finish(&queue, second, 1, &more, &repeated, &error), PM_ERROR_UNAVAILABLE,
            "collect results");
    size_t collected;
    DO(pm_queue_collect(&queue, &first, 1, &collected, &error));
    assert_int_equal(counted(PM_COUNTER_BYTES), 0);
    DO(pm_queue_has_room(&queue, 5, &error));
    DO(pm_queue_finish(&queue, second, 1, &more, &repeated, &error));
}

static void fail_ends_the_job_or_asks_for_another_worker(void **state)
{
    (void)state;
    enum pm_job_state after;
    int64_t bad = put_job("r", "bad");
    lease_job("", "h");
    DO(pm_queue_fail(&queue, bad, 1, "line 3: no such instruction", false, &after, &error));
    assert_int_equal(after, PM_JOB_FAILED);
    DO(pm_queue_fail(&queue, bad, 1, "again", false, &after, &error)); /* said twice */
    assert_int_equal(after, PM_JOB_FAILED);
    struct pm_store_job job;
    void *result;
    size_t size;
    DO(pm_queue_outcome(&queue, bad, &job, &result, &size, &error));
    assert_null(result);
    assert_string_equal(job.reason, "line 3: no such instruction");
    assert_int_equal(counted(PM_COUNTER_GONE_WRONG), 1);
    REFUSED(pm_queue_fail(&queue, bad, 2, "", false, &after, &error), PM_ERROR_REFUSED, "is lost");

    int64_t hard = put_job("r", "hard");
    for (int64_t token = 1; token <= 3; token++) {
        assert_int_equal(lease_job("", "h"), hard);
        assert_int_equal(last_job.failures, token - 1);
        DO(pm_queue_fail(&queue, hard, token, "no memory", true, &after, &error));
        assert_int_equal(after, token < 3 ? PM_JOB_QUEUED : PM_JOB_FAILED);
        DO(pm_queue_fail(&queue, hard, token, "no memory", true, &after, &error));
        assert_int_equal(after, token < 3 ? PM_JOB_QUEUED : PM_JOB_FAILED);
    }
}

static void release_hands_on_a_checkpoint_and_counts_no_attempt(void **state)
{
    (void)state;
    const struct pm_wire_frame one = {"one", 3}, three = {"three", 5};
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    DO(pm_queue_release(&queue, id, 1, &one, &error));
    DO(pm_queue_release(&queue, id, 1, &three, &error)); /* said twice: the first counts */
    lease_job("", "h");
    assert_int_equal(last_job.token, 2);
    assert_int_equal(last_job.failures, 0);
    assert_string_equal(last_checkpoint, "one");
    DO(pm_queue_release(&queue, id, 2, NULL, &error));
    lease_job("", "h");
    assert_string_equal(last_checkpoint, "one");
    DO(pm_queue_release(&queue, id, 3, &three, &error));
    lease_job("", "h");
    assert_string_equal(last_checkpoint, "three");
    assert_int_equal(counted(PM_COUNTER_BYTES), 4 + 5);
    REFUSED(pm_queue_release(&queue, id, 2, NULL, &error), PM_ERROR_REFUSED, "another worker");
    finish_job(id, 4, "x");
}

static void a_checkpoint_outlives_its_lease_and_renews_it(void **state)
{
    (void)state;
    const struct pm_wire_frame one = {"one", 3}, three = {"three", 5};
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    DO(pm_queue_checkpoint(&queue, now, id, 1, &three, &error));
    DO(pm_queue_checkpoint(&queue, now, id, 1, &one, &error));
    assert_int_equal(counted(PM_COUNTER_BYTES), 4 + 3);
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    assert_int_equal(pass(1), 1);
    REFUSED(pm_queue_checkpoint(&queue, now, id, 1, &three, &error), PM_ERROR_REFUSED, "ran out");
    lease_job("", "h");
    assert_string_equal(last_checkpoint, "one");
    assert_int_equal(last_job.failures, 1);
    REFUSED(pm_queue_checkpoint(&queue, now, id, 1, &three, &error), PM_ERROR_REFUSED,
            "another worker");
    finish_job(id, 2, "x");
    REFUSED(pm_queue_checkpoint(&queue, now, id, 2, &three, &error), PM_ERROR_REFUSED,
            "has an outcome");
}

static void deadlines_end_queued_jobs_and_lost_ones(void **state)
{
    (void)state;
    int64_t waits = put_with("r", "1", 0, now.unix_ms + 1000, "");
    assert_int_equal(pass(999), 0);
    assert_int_equal(pass(1), 1);
    assert_int_equal(state_of(waits), PM_JOB_FAILED);
    assert_int_equal(counted(PM_COUNTER_EXPIRED), 1);

    int64_t computed = put_with("r", "2", 0, now.unix_ms + 1000, "");
    int64_t lost = put_with("r", "3", 0, now.unix_ms + 1000, "");
    lease_job("", "h");
    lease_job("", "h");
    assert_int_equal(pass(2000), 0); /* a worker has them: the deadline is its affair */
    finish_job(computed, 1, "in time or not");
    assert_int_equal(pass(FIXTURE_LEASE_MS), 1);
    assert_int_equal(state_of(lost), PM_JOB_FAILED);

    int64_t unseen = put_with("r", "4", 0, now.unix_ms + 1, "");
    now.unix_ms += 1;
    assert_int_equal(lease_job("", "h"), 0); /* expired although no tick came by */
    assert_int_equal(state_of(unseen), PM_JOB_FAILED);
}

static void the_wall_clock_may_jump(void **state)
{
    (void)state;
    int64_t id = put_job("r", "k");
    lease_job("", "h");
    now.unix_ms += 86400000;
    assert_int_equal(pass(0), 0);
    now.unix_ms -= 2 * 86400000LL;
    assert_int_equal(pass(FIXTURE_LEASE_MS - 1), 0);
    assert_int_equal(state_of(id), PM_JOB_LEASED);
}

static void many_leases_run_out_in_slices(void **state)
{
    (void)state;
    char key[16];
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%d", i);
        put_job("r", key);
        lease_job("", "h");
    }
    assert_int_equal(pass(FIXTURE_LEASE_MS), 16);
    assert_int_equal(pass(0), 16);
    assert_int_equal(pass(0), 8);
    assert_int_equal(pass(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_QUEUE(put_makes_a_job_once),
        WITH_QUEUE(put_refuses_what_breaks_a_rule),
        WITH_QUEUE(put_is_refused_when_the_queue_is_full),
        WITH_QUEUE(higher_priority_first_then_oldest),
        WITH_QUEUE(runs_take_turns),
        WITH_QUEUE(a_job_that_comes_back_keeps_its_place),
        WITH_QUEUE(a_lease_names_its_holder_and_token),
        WITH_QUEUE(a_lease_runs_out_to_the_millisecond),
        WITH_QUEUE(progress_renews_the_lease),
        WITH_QUEUE(the_same_request_gets_the_same_lease),
        WITH_QUEUE(a_lease_that_reached_nobody_is_taken_back),
        WITH_QUEUE(a_gone_worker_loses_all_it_holds),
        WITH_QUEUE(a_job_that_three_workers_lost_is_set_aside),
        WITH_QUEUE(a_restart_gives_every_lease_a_fresh_period),
        WITH_QUEUE(finish_is_heard_once_and_may_be_said_twice),
        WITH_QUEUE(a_late_result_is_refused),
        WITH_QUEUE(results_have_room_where_new_jobs_have_not),
        WITH_QUEUE(fail_ends_the_job_or_asks_for_another_worker),
        WITH_QUEUE(release_hands_on_a_checkpoint_and_counts_no_attempt),
        WITH_QUEUE(a_checkpoint_outlives_its_lease_and_renews_it),
        WITH_QUEUE(deadlines_end_queued_jobs_and_lost_ones),
        WITH_QUEUE(the_wall_clock_may_jump),
        WITH_QUEUE(many_leases_run_out_in_slices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
