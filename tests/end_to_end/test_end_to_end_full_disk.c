/* A pool and a sidecar whose stores are on one small disk of their own, with a worker and a driver.
 * Another program takes all the room there is, twice: at first everything waits until there is room
 * again, then everything is killed, and started while there is none. Work goes on each time, and
 * afterwards the books are whole. Needs the right to mount a tmpfs. */
#include "books.h"
#include "cmocka_include.h"
#include "mill.h"
#include "witness.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/clock.h>

enum {
    DISK_MIB = 64,  /* the sidecar keeps half of it for results */
    FULL_MS = 3500, /* longer than the sidecar's leases and than the pool's epochs */
    PATIENCE_MS = 60000,
    SKIPPED = 77,
};

struct full_disk {
    struct mill mill;
    struct witness *witness;
    int awaited;
};

/* ---- the disk ---- */

static const char *on_disk(const struct full_disk *test, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "disk/%s", name);
    return place_file(&test->mill.place, path);
}

/* In a mount namespace of this process and its children, so that nothing is left behind. */
static bool mount_disk(const struct full_disk *test)
{
    const char *disk = place_file(&test->mill.place, "disk");
    char options[32];
    snprintf(options, sizeof options, "size=%dm", DISK_MIB);
    return mkdir(disk, 0700) == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", disk, "tmpfs", 0, options) == 0;
}

/* They are on the disk, wherever their names are. */
static void link_stores(const struct full_disk *test)
{
    static const char *const STORES[] = {"pool.db", "sidecar.db"};
    for (size_t i = 0; i < sizeof STORES / sizeof *STORES; i++) {
        assert_int_equal(
            symlink(on_disk(test, STORES[i]), place_file(&test->mill.place, STORES[i])), 0);
    }
}

static void fill_disk(const struct full_disk *test)
{
    static char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    FILE *file = fopen(on_disk(test, "hog"), "ab");
    assert_non_null(file);
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes) {
    }
    assert_int_equal(errno, ENOSPC);
    fclose(file);
}

static void make_room(const struct full_disk *test)
{
    assert_int_equal(unlink(on_disk(test, "hog")), 0);
}

/* ---- the programs ---- */

static void start_sidecar(struct full_disk *test)
{
    struct mill *mill = &test->mill;
    mill_start_sidecar(mill);
    if (test->witness == NULL) {
        test->witness = witness_start((int)strtol(mill->sidecar_port, NULL, 10),
                                      place_file(&mill->place, "witness.db"));
    }
    snprintf(mill->sidecar_url, sizeof mill->sidecar_url, "tcp://127.0.0.1:%d",
             witness_port(test->witness));
}

static void start_driver(struct full_disk *test, const char *duration_s)
{
    static const char *const MORE[] = {"--evolve-max-seconds", "1", NULL};
    mill_start_driver(&test->mill, duration_s, MORE);
}

static void start_all(struct full_disk *test)
{
    mill_start_pool(&test->mill);
    start_sidecar(test);
    mill_start_worker(&test->mill);
    start_driver(test, "0");
}

static int set_up(void **state)
{
    struct full_disk *test = *state;
    link_stores(test);
    start_all(test);
    mill_connect(&test->mill);
    return 0;
}

static int tear_down(void **state)
{
    struct full_disk *test = *state;
    pm_queue_client_destroy(test->mill.client);
    umount2(place_file(&test->mill.place, "disk"), MNT_DETACH);
    place_destroy(&test->mill.place);
    if (test->witness != NULL) {
        witness_stop(test->witness);
    }
    return 0;
}

/* ---- what happens ---- */

static int submitted(const struct full_disk *test)
{
    return times_in_log(&test->mill.place, "driver.log", "DRIVER-SUBMITTED");
}

static bool enough_is_submitted(void *context)
{
    const struct full_disk *test = context;
    return submitted(test) >= test->awaited;
}

static void expect_work_to_go_on(struct full_disk *test)
{
    test->awaited = submitted(test) + 1;
    if (!wait_until(enough_is_submitted, test, PATIENCE_MS)) {
        show_logs(&test->mill.place);
        fail_msg("no lease was submitted");
    }
}

static bool nothing_more_is_taken(void *context)
{
    const struct full_disk *test = context;
    return log_says(&test->mill.place, "driver.log", "kept for results: free some room") ||
           log_says(&test->mill.place, "sidecar.log", "SIDECAR-STORE-FAILED");
}

static void kill_all(struct full_disk *test)
{
    kill_hard(test->mill.driver);
    kill_hard(test->mill.worker);
    kill_hard(test->mill.sidecar);
    kill_hard(test->mill.pool);
}

/* Whether they can is no matter: with no room at all they may end and say so. */
static void start_stores_without_room(struct full_disk *test)
{
    const struct place *place = &test->mill.place;
    test->mill.pool = START(place, "pool", "poolminer-pool", "--port", test->mill.pool_port,
                            "--store", place_file(place, "pool.db"));
    test->mill.sidecar = START(place, "sidecar", "poolminer-sidecar", "--port",
                               test->mill.sidecar_port, "--store", place_file(place, "sidecar.db"));
    pm_clock_sleep_ms(FULL_MS / 2);
    kill_hard(test->mill.sidecar);
    kill_hard(test->mill.pool);
}

static void let_it_end(struct full_disk *test)
{
    struct mill *mill = &test->mill;
    kill_hard(mill->driver);
    start_driver(test, "1");
    assert_int_equal(wait_end(&mill->place, "driver", mill->driver, 2 * PATIENCE_MS), 0);
    const pid_t rest[] = {mill->worker, mill->sidecar, mill->pool};
    static const char *const LABELS[] = {"worker", "sidecar", "pool"};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        kill(rest[i], SIGTERM);
        assert_int_equal(wait_end(&mill->place, LABELS[i], rest[i], PATIENCE_MS), 0);
    }
    witness_stop(test->witness);
    test->witness = NULL;
}

static void a_full_disk_loses_nothing(void **state)
{
    struct full_disk *test = *state;
    struct mill *mill = &test->mill;
    expect_work_to_go_on(test);
    mill_wait_for_work(mill);
    fill_disk(test);
    if (!wait_until(nothing_more_is_taken, test, PATIENCE_MS)) {
        show_logs(&mill->place);
        fail_msg("nobody minds a full disk");
    }
    pm_clock_sleep_ms(FULL_MS);
    make_room(test);
    expect_work_to_go_on(test);

    mill_wait_for_work(mill);
    fill_disk(test);
    kill_all(test);
    start_stores_without_room(test);
    make_room(test);
    start_all(test);
    expect_work_to_go_on(test);

    let_it_end(test);
    if (!books_balance(&mill->place)) {
        show_logs(&mill->place);
        fail_msg("a promise is broken");
    }
}

int main(void)
{
    static struct full_disk test = {.mill = {.pool_port = "0", .sidecar_port = "0"}};
    place_create(&test.mill.place);
    if (!mount_disk(&test)) {
        printf("skipped: no right to mount a small disk here (%s)\n", strerror(errno));
        place_destroy(&test.mill.place);
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(a_full_disk_loses_nothing, set_up, tear_down,
                                                 &test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
