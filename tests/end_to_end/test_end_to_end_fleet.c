/* A fleet: two sidecars over one PostgreSQL database, with the keys that `poolminer keys` makes, a
 * worker and a driver that know both, a pool. Each sidecar is killed while a job is computed, the
 * second when the first is back; worker and driver are never restarted, and no lease of the pool is
 * lost. The database's URL is in POOLMINER_TEST_STORE. */
#include "cmocka_include.h"
#include "mill.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDECARS = 2, MOVED_MS = 60000, TEST_SKIPPED = 77 };

static struct fleet {
    struct mill mill;
    const char *store;
    pid_t sidecars[SIDECARS];
    char ports[SIDECARS][16], urls[SIDECARS][64];
    int64_t completed; /* when a sidecar was killed */
    int moves;         /* sidecars killed so far */
} fleet;

/* ---- the programs ---- */

static void start_sidecar(int which)
{
    struct mill *mill = &fleet.mill;
    char label[16], ready[32];
    snprintf(label, sizeof label, "sidecar-%d", which);
    snprintf(ready, sizeof ready, "%s.ready", label);
    fleet.sidecars[which] =
        START(&mill->place, label, "poolminer-sidecar", "--port", fleet.ports[which], "--store",
              fleet.store, "--keys", place_file(&mill->place, "keys"), "--ready-file",
              place_file(&mill->place, ready), "--lease-ms", "2000", "--heartbeat-ms", "500");
    const int port = wait_ready(&mill->place, ready);
    snprintf(fleet.ports[which], sizeof fleet.ports[which], "%d", port);
    snprintf(fleet.urls[which], sizeof fleet.urls[which], "tcp://127.0.0.1:%d", port);
}

/* One for all clients, and for all sidecars, which read the same keys. */
static const char *key_file(void)
{
    return place_file(&fleet.mill.place, "keys/mill.client.key");
}

static void make_keys(void)
{
    const struct place *place = &fleet.mill.place;
    const char *keys = place_file(place, "keys");
    const pid_t create = START(place, "create", "poolminer", "keys", "create", "--keys", keys);
    assert_int_equal(wait_end(place, "create", create, MOVED_MS), 0);
    const pid_t authorize =
        START(place, "authorize", "poolminer", "keys", "authorize", "mill", "--keys", keys);
    assert_int_equal(wait_end(place, "authorize", authorize, MOVED_MS), 0);
}

static void start_driver(const char *duration_s)
{
    mill_start_driver(
        &fleet.mill, duration_s,
        (const char *const[]){"--sidecar-url", fleet.urls[1], "--key-file", key_file(), NULL});
}

static int set_up(void **state)
{
    struct mill *mill = &fleet.mill;
    mill->pool_port[0] = '0';
    place_create(&mill->place);
    mill_start_pool(mill);
    make_keys();
    for (int i = 0; i < SIDECARS; i++) {
        fleet.ports[i][0] = '0';
        start_sidecar(i);
    }
    snprintf(mill->sidecar_url, sizeof mill->sidecar_url, "%s", fleet.urls[0]);
    mill->worker =
        START(&mill->place, "worker", "poolminer-worker", "--sidecar-url", fleet.urls[0],
              "--sidecar-url", fleet.urls[1], "--key-file", key_file(), "--run-id", "mill");
    const char *const more[] = {fleet.urls[1], NULL};
    const struct pm_queue_client_config config = {.url = fleet.urls[0],
                                                  .more_urls = more,
                                                  .key_file = key_file(),
                                                  .role = "admin",
                                                  .name = "test",
                                                  .timeout_ms = 3000};
    assert_true(pm_queue_client_create(&config, &mill->client, NULL));
    *state = mill;
    return 0;
}

/* ---- what is waited for ---- */

static int moves_of(const char *log)
{
    return times_in_log(&fleet.mill.place, log, "SIDECAR-NEXT");
}

/* Of both, that is: neither waits for the one that is gone. */
static bool both_have_moved(void *context)
{
    (void)context;
    return moves_of("driver.log") >= fleet.moves && moves_of("worker.log") >= fleet.moves;
}

static bool work_goes_on(void *context)
{
    return mill_count(context, "jobs", "completed") > fleet.completed + 1;
}

static void kill_sidecar_at_work(int which)
{
    struct mill *mill = &fleet.mill;
    mill_wait_for_work(mill);
    fleet.completed = mill_count(mill, "jobs", "completed");
    kill_hard(fleet.sidecars[which]);
    fleet.moves++;
    mill_expect_soon(both_have_moved, mill,
                     "worker or driver did not go on with the other sidecar");
    mill_expect_soon(work_goes_on, mill, "no more work was done after a sidecar was killed");
}

/* The driver is asked to stop with a lease in hand; another life of it brings that to the pool. */
static void finish_what_was_begun(void)
{
    struct mill *mill = &fleet.mill;
    kill(mill->driver, SIGTERM);
    assert_int_equal(wait_end(&mill->place, "driver", mill->driver, MOVED_MS), 0);
    start_driver("1");
    cJSON_Delete(mill_end_driver(mill));
}

static void any_of_them_may_be_lost(void **state)
{
    struct mill *mill = *state;
    start_driver("0");
    kill_sidecar_at_work(0);
    start_sidecar(0);
    kill_sidecar_at_work(1);
    finish_what_was_begun();
    const int64_t put = mill_count(mill, "jobs", "put");
    assert_in_range(put, 4, INT64_MAX);
    assert_int_equal(mill_count(mill, "jobs", "completed"), put);
    assert_int_equal(mill_count(mill, "jobs", "collected"), put);
    assert_int_equal(mill_count(mill, "records", "open"), 0);
    assert_in_range(mill_count(mill, "records", "submitted"), 1, INT64_MAX);
    assert_int_equal(mill_count(mill, "records", "expired"), 0);
    assert_int_equal(mill_count(mill, "records", "refused"), 0);
}

int main(void)
{
    fleet.store = getenv("POOLMINER_TEST_STORE");
    if (fleet.store == NULL) {
        printf("skipped: POOLMINER_TEST_STORE names no PostgreSQL server\n");
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_of_them_may_be_lost, set_up, mill_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
