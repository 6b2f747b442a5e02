/* The store suite, about records: found, listed, counted, dropped. */
#include "sidecar/store_steps.h"

#include <stdio.h>
#include <string.h>

int64_t put_record(int64_t run_id, const char *key, const char *record_state, const char *body)
{
    struct pm_store_record record = {.updated_ms = 5};
    const struct pm_wire_frame frame = {body, strlen(body)};
    snprintf(record.key, sizeof record.key, "%s", key);
    snprintf(record.state, sizeof record.state, "%s", record_state);
    snprintf(record.reason, sizeof record.reason, "because");
    assert_done(store->verbs->record_put(store, run_id, &record, &frame, &error), error);
    return record.sequence;
}

struct seen {
    char text[256];
};

static bool see_record(void *context, const struct pm_store_record *record,
                       const struct pm_wire_frame *body, struct pm_error *why)
{
    struct seen *seen = context;
    size_t at = strlen(seen->text);
    (void)why;
    assert_string_equal(record->reason, "because");
    assert_int_equal(record->updated_ms, 5);
    snprintf(seen->text + at, sizeof seen->text - at, "%s=%s:%.*s ", record->key, record->state,
             (int)body->size, (const char *)body->data);
    return true;
}

static bool see_total(void *context, const char *name, int64_t count, struct pm_error *why)
{
    struct seen *seen = context;
    size_t at = strlen(seen->text);
    (void)why;
    snprintf(seen->text + at, sizeof seen->text - at, "%s=%lld ", name, (long long)count);
    return true;
}

void expect_records(int64_t run_id, const char *record_state, int64_t before, size_t limit,
                    const char *expected)
{
    struct seen seen = {""};
    const struct pm_store_record_query query = {
        .state = record_state, .prefix = "", .before = before, .limit = limit};
    assert_done(store->verbs->records(store, run_id, &query, see_record, &seen, &error), error);
    assert_string_equal(seen.text, expected);
}

static void expect_records_under(int64_t run_id, const char *prefix, const char *record_state,
                                 const char *expected)
{
    struct seen seen = {""};
    const struct pm_store_record_query query = {
        .state = record_state, .prefix = prefix, .before = INT64_MAX, .limit = 2};
    assert_done(store->verbs->records(store, run_id, &query, see_record, &seen, &error), error);
    assert_string_equal(seen.text, expected);
}

static void expect_found(int64_t of, const char *key, const char *expected_state,
                         int64_t expected_size)
{
    char found[PM_STORE_STATE_MAX + 1];
    int64_t size;
    assert_done(store->verbs->record_find(store, of, key, found, &size, &error), error);
    assert_string_equal(found, expected_state);
    assert_int_equal(size, expected_size);
}

static void records_are_listed_by_prefix(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a");
    put_record(a, "lease/a/1", "open", "1");
    put_record(a, "lease/a/2", "closed", "2");
    for (int i = 0; i < 5; i++) { /* newer, and more than are asked for */
        char key[16];
        snprintf(key, sizeof key, "lease/b/%d", i);
        put_record(a, key, "open", "other");
    }
    commit();
    begin();
    expect_records_under(a, "lease/a/", "", "lease/a/2=closed:2 lease/a/1=open:1 ");
    expect_records_under(a, "lease/a/", "open", "lease/a/1=open:1 ");
    expect_records_under(a, "lease/a", "open", "lease/a/1=open:1 ");
    expect_records_under(a, "lease/b/4", "open", "lease/b/4=open:other ");
    expect_records_under(a, "lease/c", "", "");
    commit();
}

static void records_are_replaced_listed_and_counted(void **state)
{
    (void)state;
    struct seen totals = {""};
    begin();
    int64_t a = run("a"), b = run("b");
    put_record(a, "r1", "open", "x");
    int64_t second = put_record(a, "r2", "open", "yy");
    put_record(b, "r1", "open", "other");
    put_record(a, "r1", "submitted", "xxx");
    commit();
    reopen();
    begin();
    expect_records(a, "", INT64_MAX, 10, "r1=submitted:xxx r2=open:yy ");
    expect_records(a, "open", INT64_MAX, 10, "r2=open:yy ");
    expect_records(a, "", INT64_MAX, 1, "r1=submitted:xxx ");
    expect_records(a, "", second + 1, 10, "r2=open:yy ");
    expect_records(a, "", second, 10, "");
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_RECORDS_OPEN), 1);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_RECORDS_CLOSED), 1);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_BYTES), 5);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_BYTES_CLOSED), 3);
    expect_found(a, "r1", "submitted", 3);
    expect_found(b, "r1", "open", 5);
    expect_found(a, "r3", "", 0);
    put_record(a, "r3", "submitted", "");
    assert_done(store->verbs->record_drop_oldest(store, a, &error), error);
    expect_records(a, "", INT64_MAX, 10, "r3=submitted: r2=open:yy ");
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_RECORDS_CLOSED), 1);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_BYTES), 2);
    assert_int_equal(store->verbs->counted(store, a, PM_COUNTER_BYTES_CLOSED), 0);
    assert_done(store->verbs->record_totals(store, a, see_total, &totals, &error), error);
    assert_string_equal(totals.text, "open=1 submitted=2 ");
    commit();
}

static void the_oldest_record_of_any_run_can_be_dropped(void **state)
{
    (void)state;
    begin();
    int64_t a = run("a"), b = run("b");
    put_record(a, "r1", "open", "x");
    put_record(b, "r1", "submitted", "yy");
    put_record(a, "r2", "submitted", "zzz");
    assert_done(store->verbs->record_drop_oldest(store, 0, &error), error);
    expect_records(b, "", INT64_MAX, 10, "");
    assert_int_equal(store->verbs->counted(store, b, PM_COUNTER_BYTES_CLOSED), 0);
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_BYTES_CLOSED), 3);
    for (int i = 0; i < 2; i++) { /* the second finds none */
        assert_done(store->verbs->record_drop_oldest(store, 0, &error), error);
    }
    expect_records(a, "", INT64_MAX, 10, "r1=open:x ");
    assert_int_equal(store->verbs->counted(store, 0, PM_COUNTER_BYTES), 1);
    commit();
}

static bool refuse_record(void *context, const struct pm_store_record *record,
                          const struct pm_wire_frame *body, struct pm_error *why)
{
    (void)record;
    (void)body;
    ++*(int *)context;
    return pm_fail(why, PM_ERROR_LIMIT, "enough");
}

static void a_visitor_can_stop_the_list(void **state)
{
    (void)state;
    int calls = 0;
    begin();
    int64_t a = run("a");
    put_record(a, "r1", "open", "x");
    put_record(a, "r2", "open", "x");
    const struct pm_store_record_query all = {
        .state = "", .prefix = "", .before = INT64_MAX, .limit = 10};
    assert_refused(store->verbs->records(store, a, &all, refuse_record, &calls, &error), error,
                   PM_ERROR_LIMIT, "enough");
    assert_int_equal(calls, 1);
    commit(); /* and the store goes on */
}

int store_suite_run_records(void)
{
    const struct CMUnitTest tests[] = {
        IN_STORE(records_are_listed_by_prefix),
        IN_STORE(records_are_replaced_listed_and_counted),
        IN_STORE(the_oldest_record_of_any_run_can_be_dropped),
        IN_STORE(a_visitor_can_stop_the_list),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
