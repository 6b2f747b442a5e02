/* What drivers and a person ask of the queue: outcomes, cancelling, records, jobs set aside. */
#include "sidecar/queue_fixture.h"
#include "sidecar/test_store.h"

#include <stdio.h>
#include <stdlib.h>

/* Thousands of transactions, each of which takes a millisecond over a socket to a server. What a
 * store has to do with these bounds, test_sidecar_store_postgres looks at. */
static void leave_to_sqlite(void)
{
    if (test_store_is_postgres()) {
        skip();
    }
}

static void done_job(const char *run, const char *key, const char *result)
{
    int64_t id = put_job(run, key);
    assert_int_equal(lease_job(run, "worker:w:0123456789abcdef"), id);
    finish_job(id, last_job.token, result);
}

static int64_t lost_job(const char *key)
{
    int64_t id = put_job("r", key);
    for (int i = 0; i < PM_QUEUE_ATTEMPTS_MAX; i++) {
        assert_int_equal(lease_job("", "h"), id);
        pass(FIXTURE_LEASE_MS);
    }
    assert_int_equal(state_of(id), PM_JOB_SET_ASIDE);
    return id;
}

static size_t results(const char *run, const char *prefix, int64_t after, int64_t *ids,
                      size_t capacity)
{
    size_t count;
    DO(pm_queue_results(&queue, run, prefix, after, ids, capacity, &count, &error));
    return count;
}

/* ---- outcomes ---- */

static void results_are_listed_until_collected(void **state)
{
    (void)state;
    int64_t ids[8];
    size_t collected;
    done_job("r", "l1/0", "a");
    done_job("r", "l1/1", "b");
    done_job("r", "l2/0", "c");
    put_job("r", "l2/1");
    assert_int_equal(results("r", "", 0, ids, 8), 3);
    assert_int_equal(results("r", "l1/", 0, ids, 8), 2);
    assert_int_equal(results("r", "l1/", ids[0], ids, 8), 1);
    assert_int_equal(results("r", "", 0, ids, 1), 1);
    assert_int_equal(results("other", "", 0, ids, 8), 0);
    assert_int_equal(results("r", "l1/", 0, ids, 8), 2);
    DO(pm_queue_collect(&queue, ids, 2, &collected, &error));
    assert_int_equal(collected, 2);
    DO(pm_queue_collect(&queue, ids, 2, &collected, &error)); /* said twice */
    assert_int_equal(collected, 0);
    assert_int_equal(state_of(ids[0]), -1);
    assert_int_equal(results("r", "", 0, ids, 8), 1);
    assert_int_equal(counted(PM_COUNTER_COLLECTED), 2);
    assert_int_equal(counted(PM_COUNTER_COMPLETED), 3);
}

static void only_outcomes_are_collected(void **state)
{
    (void)state;
    size_t collected;
    int64_t leased = put_job("r", "1"), queued = put_job("r", "2");
    lease_job("", "h");
    const int64_t ids[] = {queued, leased, 99, 0};
    DO(pm_queue_collect(&queue, ids, 4, &collected, &error));
    assert_int_equal(collected, 0);
    assert_int_equal(state_of(queued), PM_JOB_QUEUED);
    assert_int_equal(state_of(leased), PM_JOB_LEASED);
}

static void a_collected_key_is_free_again(void **state)
{
    (void)state;
    int64_t ids[1];
    size_t collected;
    done_job("r", "k", "first");
    assert_int_equal(results("r", "", 0, ids, 1), 1);
    DO(pm_queue_collect(&queue, ids, 1, &collected, &error));
    assert_true(put_job("r", "k") > ids[0]);
}

static void filters_must_be_names(void **state)
{
    (void)state;
    int64_t id;
    size_t count;
    bool more;
    char last[PM_STORE_KEY_MAX + 1];
    REFUSED(pm_queue_results(&queue, "", "", 0, &id, 1, &count, &error), PM_ERROR_INVALID, "run:");
    REFUSED(pm_queue_results(&queue, "r", "\x7f", 0, &id, 1, &count, &error), PM_ERROR_INVALID,
            "prefix:");
    REFUSED(pm_queue_cancel(&queue, "r", "", "\t", &count, &more, last, &error), PM_ERROR_INVALID,
            "after:");
}

/* ---- cancelling ---- */

static void cancel_fails_what_is_queued_or_leased(void **state)
{
    (void)state;
    size_t cancelled;
    bool more, repeated;
    char last[PM_STORE_KEY_MAX + 1];
    int64_t ids[8];
    done_job("r", "l1/done", "x");
    int64_t leased = put_job("r", "l1/leased");
    lease_job("r", "h");
    int64_t queued = put_job("r", "l1/queued"), other = put_job("r", "l2/queued");
    DO(pm_queue_cancel(&queue, "r", "l1/", "", &cancelled, &more, last, &error));
    assert_int_equal(cancelled, 2);
    assert_false(more);
    assert_string_equal(last, "l1/queued");
    assert_int_equal(state_of(queued), PM_JOB_FAILED);
    assert_int_equal(state_of(other), PM_JOB_QUEUED);
    assert_int_equal(results("r", "l1/", 0, ids, 8), 3);
    REFUSED(pm_queue_progress(&queue, now, leased, 1, &error), PM_ERROR_REFUSED,
            "the driver cancelled the job");
    const struct pm_wire_frame result = {"x", 1};
    REFUSED(pm_queue_finish(&queue, leased, 1, &result, &repeated, &error), PM_ERROR_REFUSED,
            "cancelled");
    DO(pm_queue_cancel(&queue, "r", "l1/", "", &cancelled, &more, last, &error));
    assert_int_equal(cancelled, 0);
    DO(pm_queue_cancel(&queue, "unknown", "", "", &cancelled, &more, last, &error));
    assert_int_equal(cancelled, 0);
    assert_int_equal(counted(PM_COUNTER_CANCELLED), 2);
}

static void cancel_goes_on_after_the_last_key(void **state)
{
    (void)state;
    char key[16], last[PM_STORE_KEY_MAX + 1] = "";
    size_t cancelled, total = 0;
    bool more = true;
    queue.config.max_jobs = 5000;
    for (int i = 0; i < 2500; i++) {
        snprintf(key, sizeof key, "k%d", i);
        put_with("r", key, 0, 0, "");
    }
    int calls = 0;
    for (; more; calls++) {
        char after[PM_STORE_KEY_MAX + 1];
        memcpy(after, last, sizeof after);
        DO(pm_queue_cancel(&queue, "r", "k", after, &cancelled, &more, last, &error));
        total += cancelled;
    }
    assert_int_equal(calls, 3);
    assert_int_equal(total, 2500);
    assert_int_equal(in_state(PM_JOB_FAILED), 2500);
}

/* ---- jobs set aside ---- */

static void a_job_set_aside_is_an_outcome_that_stays(void **state)
{
    (void)state;
    int64_t ids[8];
    size_t collected;
    int64_t id = lost_job("poison");
    assert_int_equal(results("r", "", 0, ids, 8), 1);
    DO(pm_queue_collect(&queue, ids, 1, &collected, &error));
    assert_int_equal(collected, 1);
    assert_int_equal(results("r", "", 0, ids, 8), 0);
    assert_int_equal(state_of(id), PM_JOB_SET_ASIDE);
    DO(pm_queue_collect(&queue, &id, 1, &collected, &error));
    assert_int_equal(collected, 0);
    put_job("r", "poison"); /* its key is free */
    REFUSED(pm_queue_retry(&queue, id, &error), PM_ERROR_NOT_FOUND, "has taken the place");
    DO(pm_queue_discard(&queue, id, &error));
    assert_int_equal(state_of(id), -1);
    REFUSED(pm_queue_discard(&queue, id, &error), PM_ERROR_NOT_FOUND, "no job");
}

static void retry_begins_again_as_if_new(void **state)
{
    (void)state;
    const struct pm_wire_frame half = {"half", 4};
    int64_t id = put_job("r", "poison");
    lease_job("", "h");
    DO(pm_queue_release(&queue, id, 1, &half, &error));
    for (int i = 0; i < PM_QUEUE_ATTEMPTS_MAX; i++) {
        lease_job("", "h");
        assert_string_equal(last_checkpoint, "half");
        pass(FIXTURE_LEASE_MS);
    }
    DO(pm_queue_retry(&queue, id, &error));
    assert_int_equal(counted(PM_COUNTER_BYTES), 4);
    assert_int_equal(lease_job("", "h"), id);
    assert_string_equal(last_checkpoint, "");
    assert_int_equal(last_job.failures, 0);
    assert_int_equal(last_job.token, PM_QUEUE_ATTEMPTS_MAX + 2);
    REFUSED(pm_queue_retry(&queue, id, &error), PM_ERROR_NOT_FOUND, "no job");
    finish_job(id, last_job.token, "x");
}

static void only_so_many_collected_ones_are_kept(void **state)
{
    (void)state;
    leave_to_sqlite();
    char key[16];
    size_t collected;
    int64_t first = 0;
    for (int i = 0; i <= PM_QUEUE_SET_ASIDE_MAX; i++) {
        snprintf(key, sizeof key, "p%d", i);
        int64_t id = lost_job(key);
        first = first == 0 ? id : first;
        DO(pm_queue_collect(&queue, &id, 1, &collected, &error));
        queue.config.max_jobs = 5000;
    }
    assert_int_equal(in_state(PM_JOB_SET_ASIDE), PM_QUEUE_SET_ASIDE_MAX);
    assert_int_equal(state_of(first), -1);
    assert_int_equal(state_of(first + 1), PM_JOB_SET_ASIDE);
}

/* ---- records ---- */

static void put_record(const char *run, const char *key, const char *record_state)
{
    struct pm_store_record record = {0};
    const struct pm_wire_frame body = {"body", 4};
    snprintf(record.key, sizeof record.key, "%s", key);
    snprintf(record.state, sizeof record.state, "%s", record_state);
    DO(pm_queue_record_put(&queue, now, run, &record, &body, &error));
    assert_int_equal(record.updated_ms, now.unix_ms);
}

static bool count_record(void *context, const struct pm_store_record *record,
                         const struct pm_wire_frame *body, struct pm_error *why)
{
    (void)record;
    (void)why;
    assert_int_equal(body->size, 4);
    ++*(size_t *)context;
    return true;
}

static size_t records(const char *run, const char *record_state)
{
    size_t count = 0;
    const struct pm_store_record_query query = {
        .state = record_state, .prefix = "", .before = INT64_MAX, .limit = 100000};
    DO(pm_queue_records(&queue, run, &query, count_record, &count, &error));
    return count;
}

static void records_are_kept_by_key(void **state)
{
    (void)state;
    put_record("r", "l1", "open");
    put_record("r", "l2", "open");
    put_record("r", "l1", "submitted");
    assert_int_equal(records("r", ""), 2);
    assert_int_equal(records("r", "open"), 1);
    assert_int_equal(records("r", "submitted"), 1);
    assert_int_equal(records("unknown", ""), 0);
}

static void records_refuse_what_breaks_a_rule(void **state)
{
    (void)state;
    const struct pm_wire_frame body = {"", 0};
    struct pm_store_record record = {.key = "k", .state = "Open"};
    REFUSED(pm_queue_record_put(&queue, now, "r", &record, &body, &error), PM_ERROR_INVALID,
            "state: expected");
    memcpy(record.state, "", 1);
    REFUSED(pm_queue_record_put(&queue, now, "r", &record, &body, &error), PM_ERROR_INVALID,
            "state: expected");
    memcpy(record.state, "open", 5);
    record.key[0] = '\0';
    REFUSED(pm_queue_record_put(&queue, now, "r", &record, &body, &error), PM_ERROR_INVALID,
            "key: expected");
    char name[16];
    for (int i = 0; i < PM_QUEUE_RECORD_STATES_MAX; i++) {
        snprintf(name, sizeof name, "s%d", i);
        put_record("r", "k", name);
    }
    memcpy(record.key, "k", 2);
    REFUSED(pm_queue_record_put(&queue, now, "r", &record, &body, &error), PM_ERROR_LIMIT,
            "at most 32 states");
    put_record("r", "k", "s0");
}

static void old_closed_records_are_dropped_and_open_ones_kept(void **state)
{
    (void)state;
    leave_to_sqlite();
    char key[16];
    queue.config.max_bytes = 1000000;
    put_record("r", "first", "open");
    for (int i = 0; i < PM_QUEUE_RECORDS_MAX + 3; i++) {
        snprintf(key, sizeof key, "k%d", i);
        put_record("r", key, "submitted");
    }
    assert_int_equal(records("r", "submitted"), PM_QUEUE_RECORDS_MAX);
    assert_int_equal(records("r", "open"), 1);
    assert_int_equal(counted(PM_COUNTER_BYTES), 4 * (PM_QUEUE_RECORDS_MAX + 1));
}

static void open_records_have_a_bound(void **state)
{
    (void)state;
    leave_to_sqlite();
    char key[16];
    const struct pm_wire_frame body = {"", 0};
    struct pm_store_record record = {.key = "one more", .state = "open"};
    queue.config.max_bytes = 1000000;
    for (int i = 0; i < PM_QUEUE_RECORDS_MAX; i++) {
        snprintf(key, sizeof key, "k%d", i);
        put_record("r", key, "open");
    }
    REFUSED(pm_queue_record_put(&queue, now, "r", &record, &body, &error), PM_ERROR_UNAVAILABLE,
            "10000 open records");
    put_record("r", "k0", "closed");
    DO(pm_queue_record_put(&queue, now, "r", &record, &body, &error));
}

/* ---- bytes ---- */

static bool record_fits(const char *key, const char *record_state, size_t size)
{
    static const char bytes[10001];
    struct pm_store_record record = {0};
    const struct pm_wire_frame body = {bytes, size};
    snprintf(record.key, sizeof record.key, "%s", key);
    snprintf(record.state, sizeof record.state, "%s", record_state);
    assert_done(pm_queue_begin(&queue, true, &error), error);
    bool done = pm_queue_record_put(&queue, now, "r", &record, &body, &error);
    assert_true(done || error.code == PM_ERROR_UNAVAILABLE);
    assert_done(pm_queue_commit(&queue, &error), error);
    return done;
}

static int64_t records_kept(void)
{
    return counted(PM_COUNTER_RECORDS_OPEN) + counted(PM_COUNTER_RECORDS_CLOSED);
}

static void a_full_store_lets_open_records_be_closed(void **state)
{
    (void)state;
    assert_true(record_fits("l1", "open", 6000));
    assert_true(record_fits("l2", "open", 4000));
    assert_false(record_fits("l3", "open", 1));
    assert_non_null(strstr(error.message, "--max-store-mib"));
    assert_true(record_fits("l2", "open", 4000)); /* an equal size is no growth */
    assert_true(record_fits("l2", "open", 6000)); /* what is in may go to twice the bound */
    assert_false(record_fits("l3", "open", 1));
    assert_true(record_fits("l1", "submitted", 6000));
    assert_true(record_fits("l3", "open", 1)); /* and what is closed gives way to what is new */
    assert_int_equal(counted(PM_COUNTER_BYTES), 6001);
}

static void what_is_in_has_a_bound_too(void **state)
{
    (void)state;
    assert_true(record_fits("l1", "open", 5000));
    assert_true(record_fits("l2", "open", 5000));
    assert_true(record_fits("l1", "open", 10000));
    assert_true(record_fits("l2", "open", 10000));
    assert_false(record_fits("l2", "submitted", 10001));
    assert_true(record_fits("l2", "submitted", 10000));
    assert_int_equal(counted(PM_COUNTER_BYTES_CLOSED), 10000);
}

static void closed_records_give_way_oldest_first(void **state)
{
    (void)state;
    char key[16];
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "l%d", i);
        assert_true(record_fits(key, "submitted", 1000));
        assert_in_range(counted(PM_COUNTER_BYTES), 0, 10000);
    }
    assert_int_equal(records_kept(), 10);
    char body[2501] = {0};
    memset(body, 'b', sizeof body - 1);
    int64_t id = put_with("other", "k", 0, 0, body); /* any run's work is worth more */
    assert_int_equal(records_kept(), 7);
    assert_true(record_fits("l13", "submitted", 1000)); /* the oldest left becomes the newest */
    assert_int_equal(records_kept(), 7);
    assert_true(record_fits("l20", "submitted", 1000));
    assert_int_equal(records_kept(), 7);
    assert_true(record_fits("l13", "submitted", 7000));
    assert_int_equal(records_kept(), 1);
    assert_int_equal(counted(PM_COUNTER_BYTES), 9500);
    assert_false(record_fits("l13", "submitted", 7501));
    assert_int_equal(state_of(id), PM_JOB_QUEUED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_QUEUE(results_are_listed_until_collected),
        WITH_QUEUE(only_outcomes_are_collected),
        WITH_QUEUE(a_collected_key_is_free_again),
        WITH_QUEUE(filters_must_be_names),
        WITH_QUEUE(cancel_fails_what_is_queued_or_leased),
        WITH_QUEUE(cancel_goes_on_after_the_last_key),
        WITH_QUEUE(a_job_set_aside_is_an_outcome_that_stays),
        WITH_QUEUE(retry_begins_again_as_if_new),
        WITH_QUEUE(only_so_many_collected_ones_are_kept),
        WITH_QUEUE(records_are_kept_by_key),
        WITH_QUEUE(records_refuse_what_breaks_a_rule),
        WITH_QUEUE(old_closed_records_are_dropped_and_open_ones_kept),
        WITH_QUEUE(open_records_have_a_bound),
        WITH_QUEUE(a_full_store_lets_open_records_be_closed),
        WITH_QUEUE(what_is_in_has_a_bound_too),
        WITH_QUEUE(closed_records_give_way_oldest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
