/* Two sidecars over one PostgreSQL database, killed in turn while jobs go through both: whoever
 * lives carries on, and every job has one outcome. The server's URL is in POOLMINER_TEST_STORE. */
#include "sidecar/sidecar_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/process.h>
#include <poolminer/queue_client.h>

enum { SIDECARS = 2, WORKERS = 4, JOBS = 300, KILLS = 6, CALL_MS = 700, PATIENCE_MS = 90000 };

static struct pm_error error;
static const char *store_url;
static int ports[SIDECARS];
static pid_t sidecars[SIDECARS], workers[WORKERS];

/* ---- sidecars ---- */

static void start_sidecar(int which)
{
    char port[16];
    snprintf(port, sizeof port, "%d", ports[which]);
    const char *const arguments[] = {
        PM_SIDECAR_PROGRAM, "--port", port, "--store", store_url, "--lease-ms", "3000",
        "--heartbeat-ms",   "800",    NULL};
    const struct pm_process_config config = {.arguments = arguments,
                                             .stderr_path = pm_test_path("log")};
    assert_done(pm_process_start(&config, &sidecars[which], &error), error);
}

static void kill_sidecar(int which)
{
    int status;
    kill(sidecars[which], SIGKILL);
    assert_int_equal(waitpid(sidecars[which], &status, 0), sidecars[which]);
    sidecars[which] = 0;
}

static bool connect_to(int which, const char *role, const char *name, struct pm_queue_client **out)
{
    char url[64];
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", ports[which]);
    const struct pm_queue_client_config config = {
        .url = url, .role = role, .name = name, .timeout_ms = CALL_MS};
    return pm_queue_client_create(&config, out, NULL);
}

/* ---- workers: they take what either sidecar has, and hand in at whichever answers ---- */

static void hand_in(struct pm_queue_client *const clients[SIDECARS], int *which,
                    const struct pm_job *job)
{
    struct pm_error why = {0};
    char result[64];
    snprintf(result, sizeof result, "of %s", job->key);
    const struct pm_job_finish finish = {
        .job_id = job->job_id, .token = job->token, .body = result, .body_size = strlen(result)};
    while (!pm_queue_client_finish(clients[*which], &finish, &why) &&
           why.code == PM_ERROR_UNAVAILABLE) {
        *which = 1 - *which;
    }
}

static void worker_main(int number)
{
    struct pm_queue_client *clients[SIDECARS];
    char name[16];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(name, sizeof name, "w%d", number);
    if (!connect_to(0, "worker", name, &clients[0]) ||
        !connect_to(1, "worker", name, &clients[1])) {
        _exit(1);
    }
    for (int which = number % SIDECARS;;) {
        struct pm_job job;
        bool found = false;
        if (!pm_queue_client_lease(clients[which], "r", 200, &job, &found, NULL)) {
            which = 1 - which;
        } else if (found) {
            hand_in(clients, &which, &job);
            pm_job_clear(&job);
        }
    }
}

static void start_workers(void)
{
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        assert_true(workers[i] >= 0);
        if (workers[i] == 0) {
            worker_main(i);
        }
    }
}

/* ---- the driver ---- */

struct driver {
    struct pm_queue_client *clients[SIDECARS];
    int which;
};

static void put(struct driver *driver, int number)
{
    char key[16];
    int64_t id;
    snprintf(key, sizeof key, "%d", number);
    const struct pm_job_put job = {
        .run_id = "r", .key = key, .kind = "evaluate", .body = "x", .body_size = 1};
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (!pm_queue_client_put(driver->clients[driver->which], &job, &id, NULL, &error)) {
        assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        assert_true(pm_clock_monotonic_ms() < end_ms);
        driver->which = 1 - driver->which;
    }
    driver->which = 1 - driver->which; /* half of the jobs here, half there */
}

/* Marks what has an outcome, and collects it; how many there were. */
static size_t collect(struct driver *driver, bool seen[JOBS])
{
    struct pm_job_results results;
    int64_t ids[JOBS];
    if (!pm_queue_client_results(driver->clients[driver->which], "r", "", JOBS, &results, &error)) {
        driver->which = 1 - driver->which;
        return 0;
    }
    size_t fresh = 0;
    for (size_t i = 0; i < results.count; i++) {
        const struct pm_job_result *item = &results.items[i];
        char expected[64];
        int number = (int)strtol(item->key, NULL, 10);
        snprintf(expected, sizeof expected, "of %s", item->key);
        assert_int_equal(item->state, PM_JOB_DONE);
        assert_int_equal(item->body_size, strlen(expected));
        assert_memory_equal(item->body, expected, strlen(expected));
        fresh += seen[number] ? 0 : 1; /* seen: its collecting was not answered */
        seen[number] = true;
        ids[i] = item->job_id;
    }
    pm_queue_client_collect(driver->clients[driver->which], ids, results.count, &error);
    pm_job_results_clear(&results);
    return fresh;
}

static int64_t count_of(struct driver *driver, const char *name)
{
    char *text = NULL, wanted[64];
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (!pm_queue_client_status(driver->clients[driver->which], &text, &error)) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
        driver->which = 1 - driver->which;
    }
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(text, wanted); /* the first: of all runs */
    assert_non_null(at);
    int64_t count = strtoll(at + strlen(wanted), NULL, 10);
    free(text);
    return count;
}

static void either_sidecar_may_die(void **state)
{
    (void)state;
    struct driver driver = {0};
    bool seen[JOBS] = {false};
    size_t done = 0;
    for (int i = 0; i < SIDECARS; i++) {
        ports[i] = pm_process_free_port();
        start_sidecar(i);
        assert_true(connect_to(i, "driver", "d", &driver.clients[i]));
    }
    start_workers();
    for (int i = 0; i < JOBS; i++) {
        put(&driver, i);
        if (i % (JOBS / KILLS) == JOBS / KILLS / 2) {
            int which = i / (JOBS / KILLS) % SIDECARS;
            kill_sidecar(which);
            done += collect(&driver, seen);
            start_sidecar(which);
        }
    }
    for (int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
         done < JOBS && pm_clock_monotonic_ms() < end_ms;) {
        done += collect(&driver, seen);
    }
    assert_int_equal(done, JOBS);
    for (int i = 0; i < 100 && count_of(&driver, "done") > 0; i++) {
        collect(&driver, seen); /* what was shown, and its collecting not answered */
    }
    assert_int_equal(count_of(&driver, "put"), JOBS);
    assert_int_equal(count_of(&driver, "completed"), JOBS);
    assert_int_equal(count_of(&driver, "collected"), JOBS);
    assert_int_equal(count_of(&driver, "queued"), 0);
    assert_int_equal(count_of(&driver, "leased"), 0);
    assert_int_equal(count_of(&driver, "done"), 0);
    for (int i = 0; i < SIDECARS; i++) {
        pm_queue_client_destroy(driver.clients[i]);
    }
}

/* ---- what workers say of themselves ---- */

static struct {
    struct pm_queue_client *driver, *worker;
    const char *says; /* the worker, again and again; NULL: nothing */
} sides[SIDECARS];

/* A call that a busy machine did not carry out in time is made again. */
static void all_report(void)
{
    for (int i = 0; i < SIDECARS; i++) {
        enum pm_wish wish;
        if (sides[i].says != NULL &&
            !pm_queue_client_report(sides[i].worker, sides[i].says, NULL, &wish, &error)) {
            assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        }
    }
}

/* Until a driver hears that by way of this sidecar. */
static void expect_paused(int which, const char *expected)
{
    char paused[PM_QUEUE_PAUSED_SIZE] = "never asked";
    const int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (strcmp(paused, expected) != 0 && pm_clock_monotonic_ms() < end_ms) {
        all_report();
        if (!pm_queue_client_room(sides[which].driver, 1000, paused, &error)) {
            assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        }
    }
    assert_string_equal(paused, expected);
}

/* A driver need not ask the sidecar that the workers are with. */
static void all_sidecars_know_why_workers_rest(void **state)
{
    (void)state;
    for (int i = 0; i < SIDECARS; i++) {
        ports[i] = pm_process_free_port();
        start_sidecar(i);
        assert_true(connect_to(i, "driver", "d", &sides[i].driver));
        assert_true(connect_to(i, "worker", i == 0 ? "w0" : "w1", &sides[i].worker));
    }
    expect_paused(0, "");
    sides[1].says = "on battery";
    expect_paused(0, "on battery");
    expect_paused(1, "on battery");
    sides[0].says = ""; /* one that computes is enough, wherever it is */
    expect_paused(1, "");
    expect_paused(0, "");
    sides[0].says = "too warm";
    expect_paused(0, "too warm");
    expect_paused(1, "on battery");
    for (int i = 0; i < SIDECARS; i++) {
        pm_queue_client_destroy(sides[i].driver);
        pm_queue_client_destroy(sides[i].worker);
    }
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        if (workers[i] > 0) {
            kill(workers[i], SIGKILL);
            waitpid(workers[i], NULL, 0);
        }
    }
    for (int i = 0; i < SIDECARS; i++) {
        if (sidecars[i] > 0) {
            kill_sidecar(i);
        }
    }
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    store_url = getenv("POOLMINER_TEST_STORE");
    if (store_url == NULL) {
        printf("skipped: POOLMINER_TEST_STORE names no PostgreSQL server\n");
        return PM_TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(all_sidecars_know_why_workers_rest, tear_down),
        cmocka_unit_test_teardown(either_sidecar_may_die, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
