/* Every program is killed without warning while work is under way, and started again: the work
 * still gets to the pool, once. */
#include "cmocka_include.h"
#include "programs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/json.h>
#include <poolminer/process.h>
#include <poolminer/queue_client.h>

struct mill {
    struct place place;
    char pool_port[16], sidecar_port[16], pool_url[64], sidecar_url[64];
    pid_t pool, sidecar, worker, driver;
    struct pm_queue_client *client;
};

static void start_pool(struct mill *mill)
{
    const struct place *place = &mill->place;
    mill->pool = START(place, "pool", "poolminer-pool", "--port", mill->pool_port, "--store",
                       place_file(place, "pool.db"), "--ready-file",
                       place_file(place, "pool.ready"), "--epoch-s", "3", "--task-timeout-s", "60");
    snprintf(mill->pool_port, sizeof mill->pool_port, "%d", wait_ready(place, "pool.ready"));
    snprintf(mill->pool_url, sizeof mill->pool_url, "http://127.0.0.1:%s", mill->pool_port);
}

static void start_sidecar(struct mill *mill)
{
    const struct place *place = &mill->place;
    mill->sidecar =
        START(place, "sidecar", "poolminer-sidecar", "--port", mill->sidecar_port, "--store",
              place_file(place, "sidecar.db"), "--ready-file", place_file(place, "sidecar.ready"),
              "--lease-ms", "2000", "--heartbeat-ms", "500");
    snprintf(mill->sidecar_port, sizeof mill->sidecar_port, "%d",
             wait_ready(place, "sidecar.ready"));
    snprintf(mill->sidecar_url, sizeof mill->sidecar_url, "tcp://127.0.0.1:%s", mill->sidecar_port);
}

static void start_worker(struct mill *mill)
{
    mill->worker = START(&mill->place, "worker", "poolminer-worker", "--sidecar-url",
                         mill->sidecar_url, "--run-id", "mill", "--workers", "1");
}

static void start_driver(struct mill *mill, const char *duration_s)
{
    const struct place *place = &mill->place;
    mill->driver =
        START(place, "driver", "poolminer-driver", "--pool-url", mill->pool_url, "--sidecar-url",
              mill->sidecar_url, "--run-id", "mill", "--hotkey-file", place_file(place, "hotkey"),
              "--summary", place_file(place, "summary.json"), "--generations", "100000",
              "--evolve-max-seconds", "3", "--no-work-wait-s", "0.5", "--window-wait-min-s", "0.5",
              "--grace-s", "60", "--duration-s", duration_s);
}

static int set_up(void **state)
{
    static struct mill mill;
    mill = (struct mill){.pool_port = "0", .sidecar_port = "0"};
    place_create(&mill.place);
    start_pool(&mill);
    start_sidecar(&mill);
    start_worker(&mill);
    const struct pm_queue_client_config config = {
        .url = mill.sidecar_url, .role = "admin", .name = "test", .timeout_ms = 3000};
    assert_true(pm_queue_client_create(&config, &mill.client, NULL));
    *state = &mill;
    return 0;
}

static int tear_down(void **state)
{
    struct mill *mill = *state;
    pm_queue_client_destroy(mill->client);
    place_destroy(&mill->place);
    return 0;
}

/* A count below "jobs" or "records" of the sidecar's status; 0 when it is not there. */
static int64_t count_of(struct mill *mill, const char *group, const char *name)
{
    char *text = NULL;
    cJSON *root = NULL;
    int64_t count = 0;
    if (pm_queue_client_status(mill->client, &text, NULL) &&
        pm_json_parse(text, strlen(text), 1 << 20, &root, NULL)) {
        pm_json_optional_integer(cJSON_GetObjectItemCaseSensitive(root, group), name, &count, NULL);
    }
    cJSON_Delete(root);
    cJSON_free(text);
    return count;
}

static bool a_job_is_leased(void *context)
{
    return count_of(context, "jobs", "leased") > 0;
}

static void wait_for_work(struct mill *mill)
{
    if (!wait_until(a_job_is_leased, mill, 30000)) {
        show_logs(&mill->place);
        fail_msg("no job was leased");
    }
}

static cJSON *end_and_check(struct mill *mill)
{
    int status = wait_end(&mill->place, "driver", mill->driver, 90000);
    cJSON *summary = read_json(&mill->place, "summary.json");
    if (status != 0 || summary == NULL ||
        number_in(summary, "driver", "submissions_accepted") < 1 ||
        number_in(summary, "driver", "submissions_refused") > 0) {
        show_logs(&mill->place);
        fail_msg("status %d, or no submission was accepted, or one was refused", status);
    }
    return summary;
}

/* The pool's count of what came in, against the driver's: nothing lost, nothing twice. */
static void check_counts(const cJSON *summary)
{
    assert_true(number_in(summary, "stats", "evaluations_submitted") ==
                number_in(summary, "driver", "evaluations_submitted"));
    assert_true(number_in(summary, "stats", "evolutions_submitted") ==
                number_in(summary, "driver", "evolutions_submitted"));
}

/* The driver says once that it misses the sidecar, and once that it has it back. */
static bool the_sidecar_is_missed(void *context)
{
    const struct place *place = &((const struct mill *)context)->place;
    return times_in_log(place, "driver.log", "DRIVER-SIDECAR-AWAY") >
           times_in_log(place, "driver.log", "DRIVER-SIDECAR-BACK");
}

static bool the_sidecar_is_back(void *context)
{
    return !the_sidecar_is_missed(context);
}

static void expect_soon(bool (*condition)(void *context), struct mill *mill, const char *otherwise)
{
    if (!wait_until(condition, mill, 30000)) {
        show_logs(&mill->place);
        fail_msg("%s", otherwise);
    }
}

static void a_killed_sidecar_forgets_nothing(void **state)
{
    struct mill *mill = *state;
    start_driver(mill, "8");
    for (int i = 0; i < 2; i++) {
        wait_for_work(mill);
        kill_hard(mill->sidecar);
        expect_soon(the_sidecar_is_missed, mill, "the driver did not miss the sidecar");
        start_sidecar(mill);
        expect_soon(the_sidecar_is_back, mill, "the driver did not find the sidecar again");
    }
    cJSON *summary = end_and_check(mill);
    check_counts(summary);
    cJSON_Delete(summary);
    assert_int_equal(count_of(mill, "jobs", "queued") + count_of(mill, "jobs", "leased"), 0);
}

static void a_killed_worker_is_replaced(void **state)
{
    struct mill *mill = *state;
    start_driver(mill, "8");
    wait_for_work(mill);
    kill_hard(mill->worker);
    start_worker(mill);
    cJSON *summary = end_and_check(mill);
    check_counts(summary);
    cJSON_Delete(summary);
    assert_true(count_of(mill, "jobs", "lost_leases") >= 1);
    assert_int_equal(count_of(mill, "jobs", "set_aside"), 0);
}

static void a_killed_driver_resumes_its_lease(void **state)
{
    struct mill *mill = *state;
    start_driver(mill, "60");
    wait_for_work(mill);
    kill_hard(mill->driver);
    /* It may take no new lease: what it submits is the lease of its earlier life. */
    start_driver(mill, "1");
    cJSON *summary = end_and_check(mill);
    assert_true(number_in(summary, "stats", "evaluations_submitted") > 0);
    cJSON_Delete(summary);
}

static bool the_pool_is_missed(void *context)
{
    const struct mill *mill = context;
    return log_says(&mill->place, "driver.log", "DRIVER-POOL-AWAY");
}

static void a_killed_pool_keeps_its_leases(void **state)
{
    struct mill *mill = *state;
    start_driver(mill, "8");
    wait_for_work(mill);
    kill_hard(mill->pool);
    expect_soon(the_pool_is_missed, mill, "the driver did not notice that the pool is away");
    start_pool(mill);
    cJSON *summary = end_and_check(mill);
    check_counts(summary);
    cJSON_Delete(summary);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_sidecar_forgets_nothing),
        TEST(a_killed_worker_is_replaced),
        TEST(a_killed_driver_resumes_its_lease),
        TEST(a_killed_pool_keeps_its_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
