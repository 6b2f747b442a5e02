/* Clients and the real program over real sockets: the whole way, waiting, losing, dying. */
#include "sidecar/sidecar_program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <poolminer/clock.h>

static struct pm_error error;

enum {
    BUSY_MS = 1000, /* what a machine busy with other work may add to any time */
    PATIENCE_MS = 30000,
    TRIES = 3, /* of what must be done in time; it may be busier than that once */
};

/* ---- the whole way ---- */

static void a_job_goes_the_whole_way(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "driver-1");
    struct pm_queue_client *worker = client_open("worker", "worker-1");
    const struct pm_job_put put = {.run_id = "run",
                                   .key = "lease-1/evaluate/0",
                                   .kind = "evaluate",
                                   .priority = 5,
                                   .deadline_ms = pm_clock_unix_ms() + 60000,
                                   .body = "{\"a\":\0\"b\"}",
                                   .body_size = 10};
    int64_t id, again;
    bool existed;
    assert_done(pm_queue_client_put(driver, &put, &id, &existed, &error), error);
    assert_false(existed);
    assert_done(pm_queue_client_put(driver, &put, &again, &existed, &error), error);
    assert_true(existed);
    assert_int_equal(again, id);

    struct pm_job job;
    assert_true(client_lease(worker, 1000, &job));
    assert_int_equal(job.job_id, id);
    assert_int_equal(job.token, 1);
    assert_int_equal(job.attempt, 1);
    assert_int_equal(job.lease_ms, PROGRAM_LEASE_MS);
    assert_int_equal(job.deadline_ms, put.deadline_ms);
    assert_string_equal(job.run_id, "run");
    assert_string_equal(job.key, put.key);
    assert_string_equal(job.kind, "evaluate");
    assert_int_equal(job.body_size, 10);
    assert_memory_equal(job.body, put.body, 10);
    assert_null(job.checkpoint);
    assert_done(pm_queue_client_progress(worker, id, 1, "{\"done\":1,\"total\":2}", &error), error);
    char *status;
    assert_done(pm_queue_client_status(driver, &status, &error), error);
    assert_non_null(strstr(status, "\"progress\":{\"done\":1,\"total\":2}"));
    assert_non_null(strstr(status, "\"name\":\"worker-1\""));
    free(status);
    /* What a worker tells over its heartbeats' connection is its own; another's word is not. */
    struct pm_queue_client *heartbeats = client_open("worker", "worker-1");
    struct pm_queue_client *other = client_open("worker", "worker-2");
    assert_done(pm_queue_client_progress(heartbeats, id, 1, "{\"done\":2,\"total\":2}", &error),
                error);
    assert_done(pm_queue_client_progress(other, id, 1, "{\"done\":0,\"total\":2}", &error), error);
    assert_done(pm_queue_client_status(driver, &status, &error), error);
    assert_non_null(strstr(status, "\"progress\":{\"done\":2,\"total\":2}"));
    free(status);
    pm_queue_client_destroy(other);
    pm_queue_client_destroy(heartbeats);
    assert_done(pm_queue_client_checkpoint(worker, id, 1, "quarter", 7, &error), error);
    assert_done(pm_queue_client_release(worker, id, 1, "half", 4, &error), error);
    assert_false(pm_queue_client_checkpoint(worker, id, 1, "late", 4, &error));
    assert_int_equal(error.code, PM_ERROR_REFUSED);
    pm_job_clear(&job);

    assert_true(client_lease(worker, 1000, &job));
    assert_int_equal(job.token, 2);
    assert_int_equal(job.attempt, 1);
    assert_int_equal(job.checkpoint_size, 4);
    assert_memory_equal(job.checkpoint, "half", 4);
    client_finish(worker, &job, "result", 6);
    client_finish(worker, &job, "result", 6);
    pm_job_clear(&job);

    struct pm_job_results results;
    assert_done(pm_queue_client_results(driver, "run", "lease-1/", 10, &results, &error), error);
    assert_int_equal(results.count, 1);
    assert_int_equal(results.items[0].job_id, id);
    assert_int_equal(results.items[0].state, PM_JOB_DONE);
    assert_string_equal(results.items[0].key, put.key);
    assert_string_equal(results.items[0].kind, "evaluate");
    assert_string_equal(results.items[0].reason, "");
    assert_string_equal(results.items[0].worker, "worker-1");
    assert_int_equal(results.items[0].attempts, 1);
    assert_int_equal(results.items[0].body_size, 6);
    assert_memory_equal(results.items[0].body, "result", 6);
    pm_job_results_clear(&results);
    assert_done(pm_queue_client_collect(driver, &id, 1, &error), error);
    assert_int_equal(status_number(driver, "jobs.collected"), 1);
    assert_int_equal(status_number(driver, "runs.run.done"), 0);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

static void failing_and_cancelling_reach_the_driver(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    struct pm_job job;
    size_t cancelled;
    client_put(driver, "a/1");
    int64_t second = client_put(driver, "b/1");
    client_put(driver, "b/2");
    assert_true(client_lease(worker, 1000, &job));
    assert_done(pm_queue_client_fail(worker, job.job_id, 1, "line 3: \xff bad", false, &error),
                error);
    pm_job_clear(&job);
    assert_true(client_lease(worker, 1000, &job));
    assert_int_equal(job.job_id, second);
    pm_job_clear(&job);
    assert_done(pm_queue_client_cancel(driver, "r", "b/", &cancelled, &error), error);
    assert_int_equal(cancelled, 2);
    assert_refused(pm_queue_client_progress(worker, second, 1, NULL, &error), error,
                   PM_ERROR_REFUSED, "cancelled");
    struct pm_job_results results;
    assert_done(pm_queue_client_results(driver, "r", "", 10, &results, &error), error);
    assert_int_equal(results.count, 3);
    assert_string_equal(results.items[0].reason, "line 3: ? bad");
    assert_string_equal(results.items[1].reason, "cancelled");
    assert_int_equal(results.items[2].state, PM_JOB_FAILED);
    pm_job_results_clear(&results);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

static void long_lists_come_in_pages(void **state)
{
    (void)state;
    enum { JOBS = 250, LARGE = 900 * 1024 };
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    char key[32];
    char *large = calloc(1, LARGE);
    int64_t ids[JOBS];
    assert_non_null(large);
    for (int i = 0; i < JOBS; i++) {
        struct pm_job job;
        snprintf(key, sizeof key, "k%d", i);
        ids[i] = client_put(driver, key);
        assert_true(client_lease(worker, 1000, &job));
        client_finish(worker, &job, large, i < 5 ? LARGE : 10);
        pm_job_clear(&job);
        client_put_record(driver, key, large, 10);
    }
    free(large);
    struct pm_job_results results;
    assert_done(pm_queue_client_results(driver, "r", "", 1000, &results, &error), error);
    assert_int_equal(results.count, JOBS);
    for (int i = 0; i < JOBS; i++) {
        assert_int_equal(results.items[i].job_id, ids[i]);
    }
    pm_job_results_clear(&results);
    assert_done(pm_queue_client_results(driver, "r", "", 120, &results, &error), error);
    assert_int_equal(results.count, 120);
    pm_job_results_clear(&results);
    struct pm_records records;
    assert_done(pm_queue_client_records(driver, "r", "k", "open", 230, &records, &error), error);
    assert_int_equal(records.count, 230);
    assert_string_equal(records.items[0].key, "k249");
    assert_string_equal(records.items[229].key, "k20");
    pm_records_clear(&records);
    assert_done(pm_queue_client_collect(driver, ids, JOBS, &error), error);
    assert_int_equal(status_number(driver, "jobs.done"), 0);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

/* ---- waiting ---- */

/* No assertion may fail in a child: it would go on with the tests, beside its parent. */
static pid_t start_child(void (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        body();
        for (;;) {
            pause();
        }
    }
    return child;
}

static struct pm_queue_client *open_in_child(const char *role, const char *name)
{
    const struct pm_queue_client_config config = {
        .url = sidecar_url, .role = role, .name = name, .timeout_ms = 60000};
    struct pm_queue_client *client;
    if (!pm_queue_client_create(&config, &client, NULL)) {
        _exit(1);
    }
    return client;
}

static void put_later(void)
{
    const struct pm_job_put put = {
        .run_id = "r", .key = "k", .kind = "evaluate", .body = "body", .body_size = 4};
    int64_t id;
    pm_clock_sleep_ms(300);
    pm_queue_client_put(open_in_child("driver", "d"), &put, &id, NULL, NULL);
}

static void park(void)
{
    struct pm_job job;
    bool found;
    pm_queue_client_lease(open_in_child("worker", "parked"), "", 60000, &job, &found, NULL);
}

static void a_waiting_worker_gets_work_at_once(void **state)
{
    (void)state;
    struct pm_queue_client *worker = client_open("worker", "w");
    struct pm_job job;
    int64_t begin_ms = pm_clock_monotonic_ms();
    assert_false(client_lease(worker, 300, &job));
    assert_in_range(pm_clock_monotonic_ms() - begin_ms, 290, 10000);

    begin_ms = pm_clock_monotonic_ms();
    pid_t child = start_child(put_later); /* while this process waits */
    assert_true(client_lease(worker, 30000, &job));
    assert_in_range(pm_clock_monotonic_ms() - begin_ms, 290, 10000);
    pm_job_clear(&job);
    child_end(child);
    pm_queue_client_destroy(worker);
}

static void wait_until_parked(struct pm_queue_client *driver)
{
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (status_number(driver, "parked") == 0) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
        pm_clock_sleep_ms(10);
    }
}

/* The child is made before there are threads here: a lock that one of them has would stay locked
 * in it. */
static void a_parked_client_that_died_swallows_no_job(void **state)
{
    (void)state;
    pid_t child = start_child(park);
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    struct pm_job job;
    wait_until_parked(driver);
    child_end(child);
    status_number(driver, "parked"); /* its connection's end came in before this, and is seen */
    client_put(driver, "k");
    assert_true(client_lease(worker, 1000, &job));
    assert_int_equal(job.attempt, 1);
    pm_job_clear(&job);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

/* ---- workers that are lost ---- */

static void lease_one(struct pm_queue_client *client)
{
    struct pm_job job;
    bool found;
    if (pm_queue_client_lease(client, "", 1000, &job, &found, NULL) && found) {
        pm_job_clear(&job);
    }
}

/* The time from `begin_ms` until the only job can be leased again. */
static int64_t until_back(struct pm_queue_client *worker, int64_t attempt, int64_t begin_ms)
{
    struct pm_job job;
    assert_true(client_lease(worker, 10000, &job));
    assert_int_equal(job.attempt, attempt);
    assert_done(pm_queue_client_release(worker, job.job_id, job.token, NULL, 0, &error), error);
    pm_job_clear(&job);
    return pm_clock_monotonic_ms() - begin_ms;
}

/* The time in which the only job is back after its worker got the signal. */
static int64_t time_loss(struct pm_queue_client *driver, struct pm_queue_client *worker, int signal)
{
    client_put(driver, "k");
    pid_t child = child_worker("victim", lease_one);
    const int64_t begin_ms = pm_clock_monotonic_ms();
    kill(child, signal);
    const int64_t took_ms = until_back(worker, 2, begin_ms);
    child_end(child);
    assert_done(pm_queue_client_cancel(driver, "r", "", &(size_t){0}, &error), error);
    struct pm_job_results results;
    assert_done(pm_queue_client_results(driver, "r", "", 10, &results, &error), error);
    assert_int_equal(results.count, 1);
    assert_done(pm_queue_client_collect(driver, &results.items[0].job_id, 1, &error), error);
    pm_job_results_clear(&results);
    return took_ms;
}

static void expect_back_within_two_heartbeats(int signal)
{
    const int64_t most_ms = 2 * PROGRAM_LONG_HEARTBEAT_MS + BUSY_MS;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    int64_t took_ms = INT64_MAX;
    for (int i = 0; i < TRIES && took_ms > most_ms; i++) {
        took_ms = time_loss(driver, worker, signal);
    }
    print_message("back after %lld ms\n", (long long)took_ms);
    assert_in_range(took_ms, 0, most_ms);
    char *log = sidecar_log();
    assert_non_null(strstr(log, "QUEUE-LEASE-LOST job=1"));
    free(log);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

static void a_killed_workers_job_is_back_within_two_heartbeats(void **state)
{
    (void)state;
    expect_back_within_two_heartbeats(SIGKILL);
}

static void a_stopped_workers_job_is_back_within_two_heartbeats(void **state)
{
    (void)state;
    expect_back_within_two_heartbeats(SIGSTOP);
}

static void a_worker_that_computes_in_silence_keeps_its_lease_for_its_time(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    client_put(driver, "k");
    int64_t begin_ms = pm_clock_monotonic_ms(); /* no later than the lease */
    pid_t child = child_worker("silent", lease_one);
    assert_in_range(until_back(worker, 2, begin_ms), PROGRAM_LEASE_MS - 10,
                    PROGRAM_LEASE_MS + 4 * BUSY_MS);
    child_end(child);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

static void a_poison_job_is_set_aside_after_three_workers(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    int64_t id = client_put(driver, "poison");
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "victim-%d", i);
        pid_t child = child_worker(name, lease_one);
        child_end(child);
        while (status_number(driver, "jobs.leased") == 1) {
            pm_clock_sleep_ms(20);
        }
    }
    assert_int_equal(status_number(driver, "jobs.set_aside"), 1);
    assert_int_equal(status_number(driver, "set_aside"), 1);
    struct pm_job_results results;
    assert_done(pm_queue_client_results(driver, "r", "", 10, &results, &error), error);
    assert_int_equal(results.count, 1);
    assert_int_equal(results.items[0].state, PM_JOB_SET_ASIDE);
    assert_int_equal(results.items[0].attempts, 3);
    assert_string_equal(results.items[0].reason, "lost by 3 workers");
    pm_job_results_clear(&results);
    assert_done(pm_queue_client_collect(driver, &id, 1, &error), error);
    assert_int_equal(status_number(driver, "set_aside"), 1); /* still shown */
    assert_done(pm_queue_client_retry(driver, id, &error), error);
    assert_int_equal(status_number(driver, "jobs.queued"), 1);
    assert_refused(pm_queue_client_discard(driver, id, &error), error, PM_ERROR_NOT_FOUND,
                   "no job 1 is set aside");
    pm_queue_client_destroy(driver);
}

/* ---- the sidecar dies, sleeps, stops ---- */

static void a_restart_forgets_nothing(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    struct pm_job leased;
    int64_t first = client_put(driver, "1"), second = client_put(driver, "2");
    client_put(driver, "3");
    assert_true(client_lease(worker, 1000, &leased));
    assert_int_equal(leased.job_id, first);
    client_finish(worker, &leased, "one", 3);
    pm_job_clear(&leased);
    assert_true(client_lease(worker, 1000, &leased));
    assert_int_equal(leased.job_id, second);
    const struct pm_record_put note = {.run_id = "r",
                                       .key = "note",
                                       .state = "open",
                                       .reason = "why",
                                       .body = "b",
                                       .body_size = 1};
    assert_done(pm_queue_client_record_put(driver, &note, &error), error);
    sidecar_kill();
    sidecar_start();
    assert_int_equal(status_number(driver, "jobs.queued"), 1);
    assert_int_equal(status_number(driver, "jobs.leased"), 1);
    assert_int_equal(status_number(driver, "jobs.done"), 1);
    assert_done(pm_queue_client_progress(worker, second, leased.token, NULL, &error), error);
    client_finish(worker, &leased, "two", 3);
    assert_int_equal(sidecar_stop(), 0);
    sidecar_start();
    struct pm_job_results results;
    assert_done(pm_queue_client_results(driver, "r", "", 10, &results, &error), error);
    assert_int_equal(results.count, 2);
    assert_memory_equal(results.items[1].body, "two", 3);
    pm_job_results_clear(&results);
    struct pm_records records;
    assert_done(pm_queue_client_records(driver, "r", "no", "", 10, &records, &error), error);
    assert_int_equal(records.count, 1);
    assert_string_equal(records.items[0].reason, "why");
    assert_in_range(records.items[0].updated_ms, pm_clock_unix_ms() - 60000, pm_clock_unix_ms());
    pm_records_clear(&records);
    char record_state[PM_RECORD_STATE_SIZE];
    assert_done(pm_queue_client_record_state(driver, "r", "note", record_state, &error), error);
    assert_string_equal(record_state, "open");
    assert_done(pm_queue_client_record_state(driver, "r", "none", record_state, &error), error);
    assert_string_equal(record_state, "");
    char paused[PM_QUEUE_PAUSED_SIZE];
    assert_done(pm_queue_client_room(driver, PM_JOB_BODY_MAX, paused, &error), error);
    assert_string_equal(paused, "");
    pm_job_clear(&leased);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

/* Waits for the sidecar to write these words; false when it does not in ten seconds. */
static bool log_comes_to_say(const char *words)
{
    int64_t end_ms = pm_clock_monotonic_ms() + 10000;
    bool said = false;
    while (!said && pm_clock_monotonic_ms() < end_ms) {
        char *log = sidecar_log();
        said = strstr(log, words) != NULL;
        free(log);
        pm_clock_sleep_ms(said ? 0 : 10);
    }
    return said;
}

static void a_sidecar_that_was_stopped_keeps_the_leases(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    struct pm_job job;
    client_put(driver, "k");
    assert_true(client_lease(worker, 1000, &job));
    kill(sidecar_pid, SIGSTOP);
    pm_clock_sleep_ms(PROGRAM_LEASE_MS + 500);
    kill(sidecar_pid, SIGCONT);
    assert_true(log_comes_to_say("SIDECAR-ASLEEP")); /* it has looked at the clock */
    assert_int_equal(status_number(driver, "jobs.leased"), 1);
    assert_done(pm_queue_client_progress(worker, job.job_id, job.token, NULL, &error), error);
    client_finish(worker, &job, "x", 1);
    pm_job_clear(&job);
    pm_queue_client_destroy(driver);
    pm_queue_client_destroy(worker);
}

static void calls_wait_for_a_sidecar_that_comes_back(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    client_put(driver, "1");
    sidecar_kill();
    const struct pm_queue_client_config impatient = {
        .url = sidecar_url, .role = "driver", .name = "i", .timeout_ms = 200};
    struct pm_queue_client *other;
    char *status;
    assert_done(pm_queue_client_create(&impatient, &other, &error), error);
    assert_refused(pm_queue_client_status(other, &status, &error), error, PM_ERROR_UNAVAILABLE,
                   "no answer from the sidecar at tcp://127.");
    pm_queue_client_destroy(other);
    sidecar_start();
    client_put(driver, "2");
    assert_int_equal(status_number(driver, "jobs.queued"), 2);
    pm_queue_client_destroy(driver);
}

static void a_store_that_cannot_grow_refuses_and_recovers(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    const struct rlimit small = {102400, RLIM_INFINITY};
    const struct rlimit free_again = {RLIM_INFINITY, RLIM_INFINITY};
    char body[64 * 1024] = {0};
    struct pm_job_put put = {
        .run_id = "r", .kind = "e", .body = body, .body_size = sizeof body, .key = "1"};
    int64_t id;
    assert_int_equal(prlimit(sidecar_pid, RLIMIT_FSIZE, &small, NULL), 0);
    bool refused = false;
    char key[16];
    for (int i = 0; i < 5 && !refused; i++) {
        snprintf(key, sizeof key, "%d", i);
        put.key = key;
        refused = !pm_queue_client_put(driver, &put, &id, NULL, &error);
    }
    assert_true(refused);
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    assert_non_null(strstr(error.message, "the store"));
    assert_true(status_number(driver, "counters.store_errors") > 0);
    int64_t queued = status_number(driver, "jobs.queued");
    assert_int_equal(prlimit(sidecar_pid, RLIMIT_FSIZE, &free_again, NULL), 0);
    bool existed = true;
    assert_done(pm_queue_client_put(driver, &put, &id, &existed, &error), error);
    assert_false(existed);
    sidecar_kill();
    sidecar_start();
    assert_int_equal(status_number(driver, "jobs.queued"), queued + 1);
    pm_queue_client_destroy(driver);
}

static void sigterm_ends_it_with_clients_waiting(void **state)
{
    (void)state;
    pid_t child = start_child(park);
    struct pm_queue_client *driver = client_open("driver", "d");
    wait_until_parked(driver);
    assert_int_equal(sidecar_stop(), 0);
    child_end(child);
    pm_queue_client_destroy(driver);
}

static int remove_directory(void **state)
{
    (void)state;
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SIDECAR(a_job_goes_the_whole_way),
        WITH_SIDECAR(failing_and_cancelling_reach_the_driver),
        WITH_SIDECAR(long_lists_come_in_pages),
        WITH_SIDECAR(a_waiting_worker_gets_work_at_once),
        WITH_SIDECAR(a_parked_client_that_died_swallows_no_job),
        WITH_LONG_SIDECAR(a_killed_workers_job_is_back_within_two_heartbeats),
        WITH_LONG_SIDECAR(a_stopped_workers_job_is_back_within_two_heartbeats),
        WITH_CALM_SIDECAR(a_worker_that_computes_in_silence_keeps_its_lease_for_its_time),
        WITH_SIDECAR(a_poison_job_is_set_aside_after_three_workers),
        WITH_SIDECAR(a_restart_forgets_nothing),
        WITH_CALM_SIDECAR(a_sidecar_that_was_stopped_keeps_the_leases),
        WITH_SIDECAR(calls_wait_for_a_sidecar_that_comes_back),
        WITH_SIDECAR(a_store_that_cannot_grow_refuses_and_recovers),
        WITH_SIDECAR(sigterm_ends_it_with_clients_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, remove_directory);
}
