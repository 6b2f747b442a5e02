/* The store suite over PostgreSQL, its calls that fail, and what is its own: two stores over one
 * database. The server's URL is in POOLMINER_TEST_STORE. */
#include "sidecar/call_faults.h"
#include "sidecar/queue.h"
#include "sidecar/sidecar_test.h"
#include "sidecar/store_postgres.h"
#include "sidecar/store_suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/log.h>

static const char *url;
static struct pm_error error;
static struct pm_store *here, *there;

static bool open_store(struct pm_store **out, struct pm_error *why)
{
    return pm_store_postgres_open(url, true, out, why);
}

static void ask_server(const char *sql)
{
    PGconn *connection = PQconnectdb(url);
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    }
    PQclear(result);
    PQfinish(connection);
}

static void erase(void)
{
    ask_server("SET client_min_messages = warning; DROP SCHEMA IF EXISTS poolminer_queue CASCADE");
}

static int open_two(void **state)
{
    (void)state;
    erase();
    assert_done(open_store(&here, &error), error);
    assert_done(open_store(&there, &error), error);
    return 0;
}

static int close_two(void **state)
{
    (void)state;
    here->verbs->close(here);
    if (there != NULL) {
        there->verbs->close(there);
    }
    return 0;
}

static void begin(struct pm_store *store)
{
    assert_done(store->verbs->begin(store, true, &error), error);
}

static void commit(struct pm_store *store)
{
    assert_done(store->verbs->commit(store, &error), error);
}

static int64_t put(struct pm_store *store, const char *key)
{
    struct pm_store_job job = {.state = PM_JOB_QUEUED, .created_ms = 1, .bytes = 1};
    const struct pm_wire_frame body = {"x", 1};
    snprintf(job.key, sizeof job.key, "%s", key);
    snprintf(job.kind, sizeof job.kind, "evaluate");
    assert_done(store->verbs->run_find(store, "r", true, &job.run, &error), error);
    assert_done(store->verbs->job_insert(store, &job, &body, &error), error);
    store->verbs->count(store, job.run, PM_COUNTER_PUT, 1);
    return job.id;
}

static bool next(struct pm_store *store, struct pm_store_job *job)
{
    bool found;
    assert_done(store->verbs->job_next(store, 0, job, &found, &error), error);
    return found;
}

static void lease(struct pm_store *store, struct pm_store_job *job, int64_t until_ms)
{
    job->state = PM_JOB_LEASED;
    job->token++;
    job->lease_until_ms = until_ms;
    snprintf(job->holder, sizeof job->holder, "worker:w:0123456789abcdef");
    assert_done(store->verbs->job_move(store, job, PM_JOB_QUEUED, NULL, &error), error);
}

/* A job that one sidecar is about to lease is not there for the other one. */
static void one_job_goes_to_one_sidecar(void **state)
{
    (void)state;
    struct pm_store_job first, second, third;
    begin(here);
    put(here, "a");
    put(here, "b");
    commit(here);
    begin(here);
    begin(there);
    assert_true(next(here, &first));
    assert_true(next(there, &second));
    assert_true(first.id != second.id);
    lease(here, &first, 1000);
    lease(there, &second, 1000);
    assert_false(next(here, &third));
    assert_false(next(there, &third));
    commit(here);
    commit(there);
}

static void what_both_count_adds_up(void **state)
{
    (void)state;
    begin(here);
    put(here, "a");
    commit(here);
    begin(here);
    begin(there);
    put(here, "b");
    put(there, "c");
    commit(here);
    put(there, "d");
    commit(there);
    begin(here);
    assert_int_equal(here->verbs->counted(here, 0, PM_COUNTER_PUT), 4);
    here->verbs->rollback(here);
}

static size_t due(struct pm_store *store)
{
    const struct pm_store_query query = {.list = PM_STORE_LEASES_DUE, .time_ms = INT64_MAX};
    int64_t ids[8];
    size_t count;
    assert_done(store->verbs->list(store, &query, ids, 8, &count, &error), error);
    return count;
}

/* A sidecar looks after its own leases, and after those of one that is gone. */
static void leases_of_the_dead_are_adopted(void **state)
{
    (void)state;
    struct pm_store_job job;
    bool found;
    begin(there);
    put(there, "a");
    assert_true(next(there, &job));
    lease(there, &job, 5);
    commit(there);
    begin(here);
    assert_done(here->verbs->adopt(here, 700, &error), error);
    assert_int_equal(due(here), 0);
    commit(here);
    there->verbs->close(there);
    there = NULL;
    for (int i = 0; i < 1000 && due(here) == 0; i++) { /* until the server has seen it go */
        begin(here);
        assert_done(here->verbs->adopt(here, 700, &error), error);
        commit(here);
    }
    assert_int_equal(due(here), 1);
    assert_done(here->verbs->job_get(here, job.id, &job, &found, &error), error);
    assert_int_equal(job.lease_until_ms, 700);
    assert_int_equal(job.token, 1);
}

static size_t leases_of_w(struct pm_store *store, bool own)
{
    const struct pm_store_query query = {
        .list = PM_STORE_LEASES_OF, .holder = "worker:w:0123456789abcdef", .own = own};
    int64_t ids[8];
    size_t count;
    begin(store);
    assert_done(store->verbs->list(store, &query, ids, 8, &count, &error), error);
    commit(store);
    return count;
}

/* Whose worker went on with another sidecar finds nothing there that it might lose. */
static void a_lease_that_moved_is_looked_after_where_it_is(void **state)
{
    (void)state;
    struct pm_store_job job;
    begin(here);
    put(here, "a");
    assert_true(next(here, &job));
    lease(here, &job, 5);
    commit(here);
    assert_int_equal(leases_of_w(here, true), 1);
    assert_int_equal(leases_of_w(there, true), 0);
    assert_int_equal(leases_of_w(there, false), 1); /* asked for again, it is found there, too */
    begin(there);
    assert_done(there->verbs->job_renew(there, job.id, 9, &error), error);
    commit(there);
    assert_int_equal(leases_of_w(here, true), 0);
    assert_int_equal(leases_of_w(there, true), 1);
}

/* ---- what workers say of themselves ---- */

static void tell(struct pm_store *store, const char *paused)
{
    begin(store);
    assert_done(store->verbs->rest_tell(store, paused, &error), error);
    commit(store);
}

/* NULL: nobody has told anything. */
static const char *heard_by(struct pm_store *store)
{
    static char paused[PM_QUEUE_PAUSED_SIZE];
    bool told;
    begin(store);
    assert_done(store->verbs->rest_ask(store, &told, paused, &error), error);
    commit(store);
    return told ? paused : NULL;
}

static void others_know_why_workers_rest(void **state)
{
    (void)state;
    assert_null(heard_by(there));
    tell(here, "on battery, 62 %");
    assert_string_equal(heard_by(there), "on battery, 62 %");
    assert_null(heard_by(here)); /* of others it was asked */
    tell(here, "");
    assert_string_equal(heard_by(there), "");
    tell(here, NULL);
    assert_null(heard_by(there));
    begin(here);
    assert_done(here->verbs->rest_tell(here, "never said", &error), error);
    here->verbs->rollback(here);
    tell(here, NULL);
    assert_null(heard_by(there));
    tell(there, "too warm");
    tell(here, "on battery");
    assert_string_equal(heard_by(here), "too warm");
    there->verbs->close(there);
    there = NULL;
    for (int i = 0; i < 6000 && heard_by(here) != NULL; i++) { /* until the server saw it go */
        pm_clock_sleep_ms(10);
    }
    assert_null(heard_by(here));
}

/* ---- two queues ---- */

static const struct pm_queue_time now = {.steady_ms = 1000, .unix_ms = 5};

static void open_queue(struct pm_queue *queue, struct pm_store *store)
{
    const struct pm_queue_config config = {.lease_ms = 100, .max_jobs = 10, .max_bytes = 1 << 20};
    assert_done(pm_queue_open(queue, store, &config, now, &error), error);
}

#define DO(queue, call)                                                                            \
    do {                                                                                           \
        assert_done(pm_queue_begin(queue, true, &error), error);                                   \
        assert_done(call, error);                                                                  \
        assert_done(pm_queue_commit(queue, &error), error);                                        \
    } while (0)

static void put_one(struct pm_queue *queue)
{
    const struct pm_job_put job = {
        .run_id = "r", .key = "k", .kind = "evaluate", .body = "x", .body_size = 1};
    int64_t id;
    bool existed;
    DO(queue, pm_queue_put(queue, now, &job, &id, &existed, &error));
}

static struct pm_store_job lease_from(struct pm_queue *queue, const char *holder)
{
    struct pm_queue_lease lease;
    bool found;
    DO(queue, pm_queue_lease(queue, now, "r", holder, 7, &lease, &found, &error));
    assert_true(found);
    pm_queue_lease_clear(&lease);
    return lease.job;
}

static size_t lost_with(struct pm_queue *queue, const char *holder)
{
    struct pm_queue_event events[8];
    size_t count;
    DO(queue, pm_queue_holder_gone(queue, now, holder, events, 8, &count, &error));
    return count;
}

/* The worker's connection broke when the first sidecar had made the lease and not told it yet: the
 * second tells it, and the first, which finds nobody there, takes nothing away. */
static void a_lease_told_by_another_sidecar_is_that_ones(void **state)
{
    (void)state;
    struct pm_queue first, second;
    struct pm_queue_lease again;
    bool found, repeated;
    open_queue(&first, here);
    open_queue(&second, there);
    put_one(&first);
    const struct pm_store_job job = lease_from(&first, "h");
    DO(&second, pm_queue_lease_again(&second, now, "h", 7, &again, &found, &error));
    assert_true(found);
    pm_queue_lease_clear(&again);
    assert_int_equal(again.job.token, job.token);
    DO(&first, pm_queue_take_back(&first, job.id, job.token, &error));
    assert_int_equal(lost_with(&first, "h"), 0);
    const struct pm_wire_frame result = {"y", 1};
    DO(&second, pm_queue_finish(&second, job.id, job.token, &result, &repeated, &error));
    assert_false(repeated);
}

#define REFUSED(queue, call)                                                                       \
    do {                                                                                           \
        assert_done(pm_queue_begin(queue, true, &error), error);                                   \
        assert_refused(call, error, PM_ERROR_REFUSED, "is lost");                                  \
        pm_queue_rollback(queue);                                                                  \
    } while (0)

static void everything_is_refused(struct pm_queue *queue, int64_t id, int64_t token)
{
    const struct pm_wire_frame bytes = {"late", 4};
    enum pm_job_state outcome;
    bool repeated;
    REFUSED(queue, pm_queue_progress(queue, now, id, token, &error));
    REFUSED(queue, pm_queue_checkpoint(queue, now, id, token, &bytes, &error));
    REFUSED(queue, pm_queue_finish(queue, id, token, &bytes, &repeated, &error));
    REFUSED(queue, pm_queue_fail(queue, id, token, "late", true, &outcome, &error));
    REFUSED(queue, pm_queue_release(queue, id, token, &bytes, &error));
}

/* The token of a lease is the same with all sidecars, and the next lease's is another one: what its
 * first holder says late is never taken for what the second says, whichever of them hears it. */
static void a_late_answer_is_refused_by_every_sidecar(void **state)
{
    (void)state;
    struct pm_queue first, second;
    bool repeated;
    open_queue(&first, here);
    open_queue(&second, there);
    put_one(&first);
    const struct pm_store_job late = lease_from(&first, "h");
    assert_int_equal(lost_with(&first, "h"), 1);
    everything_is_refused(&second, late.id, late.token);
    const struct pm_store_job job = lease_from(&second, "g");
    assert_int_equal(job.id, late.id);
    assert_int_equal(job.token, late.token + 1);
    everything_is_refused(&first, late.id, late.token);
    everything_is_refused(&second, late.id, late.token);
    const struct pm_wire_frame result = {"y", 1};
    DO(&first, pm_queue_finish(&first, job.id, job.token, &result, &repeated, &error));
    everything_is_refused(&first, late.id, late.token);
    everything_is_refused(&second, late.id, late.token);
    DO(&second, pm_queue_finish(&second, job.id, job.token, &result, &repeated, &error));
    assert_true(repeated);
}

/* The server hangs up, as it does when it is restarted: the next transaction has a new line. */
static void a_lost_connection_is_made_again(void **state)
{
    (void)state;
    begin(here);
    put(here, "a");
    commit(here);
    ask_server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
               " pid <> pg_backend_pid() AND application_name = 'poolminer-sidecar'");
    begin(here);
    put(here, "b");
    commit(here);
    begin(here);
    put(here, "c");
    ask_server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
               " pid <> pg_backend_pid() AND application_name = 'poolminer-sidecar'");
    assert_refused(here->verbs->commit(here, &error), error, PM_ERROR_IO, "PostgreSQL says");
    here->verbs->rollback(here);
    begin(here);
    assert_int_equal(here->verbs->counted(here, 0, PM_COUNTER_PUT), 2);
    here->verbs->rollback(here);
}

static void what_cannot_be_opened_is_said(void **state)
{
    (void)state;
    struct pm_store *store;
    assert_refused(pm_store_postgres_open("postgresql:///x?host=/nowhere", true, &store, &error),
                   error, PM_ERROR_IO, "is the server there");
    ask_server("UPDATE poolminer_queue.version SET version = 77");
    assert_refused(open_store(&store, &error), error, PM_ERROR_INVALID, "newer version");
    assert_true(pm_store_is_postgres("postgres://h/d"));
    assert_false(pm_store_is_postgres("/tmp/postgresql"));
}

static void any_call_may_fail_and_the_step_be_tried_again(void **state)
{
    (void)state;
    const struct call_faults faults = {.open = open_store, .erase = erase};
    call_faults_run(&faults);
}

/* ---- durability ---- */

static void expect_commits(bool full_sync, bool durable, const char *expected)
{
    struct pm_store *store;
    assert_done(pm_store_postgres_open(url, full_sync, &store, &error), error);
    assert_done(store->verbs->begin(store, durable, &error), error);
    PGresult *result =
        PQexec(((struct pm_postgres_store *)store)->connection, "SHOW synchronous_commit");
    assert_string_equal(PQgetvalue(result, 0, 0), expected);
    PQclear(result);
    store->verbs->rollback(store);
    store->verbs->close(store);
}

static void a_commit_is_durable_whatever_the_server_is_set_to(void **state)
{
    (void)state;
    ask_server("ALTER DATABASE postgres SET synchronous_commit = off");
    expect_commits(true, true, "on");
    expect_commits(true, false, "off");
    expect_commits(false, true, "off");
    ask_server("ALTER DATABASE postgres SET synchronous_commit = local");
    expect_commits(true, true, "local"); /* written down on the server itself */
    ask_server("ALTER DATABASE postgres RESET synchronous_commit");
    expect_commits(true, true, "on");
}

static void count_unsafe(void *context, enum pm_log_level level, const char *id,
                         const char *message, int64_t unix_ms)
{
    (void)message, (void)unix_ms;
    *(int *)context += level == PM_LOG_WARN && strcmp(id, "SIDECAR-STORE-UNSAFE") == 0;
}

/* As the server of the tests is. */
static void a_server_that_does_not_sync_is_warned_of(void **state)
{
    (void)state;
    int warned = 0;
    pm_log_observe(count_unsafe, &warned);
    expect_commits(true, true, "on");
    assert_int_equal(warned, 1);
    expect_commits(false, true, "off"); /* who wants no sync misses none */
    pm_log_observe(NULL, NULL);
    assert_int_equal(warned, 1);
}

#define WITH_TWO(test) cmocka_unit_test_setup_teardown(test, open_two, close_two)

int main(void)
{
    url = getenv("POOLMINER_TEST_STORE");
    if (url == NULL) {
        printf("skipped: POOLMINER_TEST_STORE names no PostgreSQL server\n");
        return PM_TEST_SKIPPED;
    }
    const struct pm_store_backend postgres = {"postgres", open_store, erase};
    const struct CMUnitTest tests[] = {
        WITH_TWO(one_job_goes_to_one_sidecar),
        WITH_TWO(what_both_count_adds_up),
        WITH_TWO(leases_of_the_dead_are_adopted),
        WITH_TWO(a_lost_connection_is_made_again),
        WITH_TWO(a_lease_that_moved_is_looked_after_where_it_is),
        WITH_TWO(others_know_why_workers_rest),
        WITH_TWO(a_lease_told_by_another_sidecar_is_that_ones),
        WITH_TWO(a_late_answer_is_refused_by_every_sidecar),
        cmocka_unit_test(a_commit_is_durable_whatever_the_server_is_set_to),
        cmocka_unit_test(a_server_that_does_not_sync_is_warned_of),
        WITH_TWO(what_cannot_be_opened_is_said),
        cmocka_unit_test(any_call_may_fail_and_the_step_be_tried_again),
    };
    int failed = pm_store_suite_run(&postgres);
    failed += cmocka_run_group_tests_name("two over one database", tests, NULL, NULL);
    return failed;
}
