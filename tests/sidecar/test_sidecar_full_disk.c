/* The store on a disk of its own that gets full: work that is in can always be finished, collected
 * and cancelled, and then there is room again. Needs the right to mount a tmpfs. */
#include "sidecar/sidecar_program.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static struct pm_error error;
static char body[64 * 1024];

enum { DISK_MIB = 96, ROUNDS = 3 };

/* In a mount namespace of this process, so that nothing is left behind whatever happens. */
static bool mount_small_disk(void)
{
    char options[32];
    snprintf(options, sizeof options, "size=%dm", DISK_MIB);
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", pm_test_directory(), "tmpfs", 0, options) == 0;
}

static bool put(struct pm_queue_client *client, int number)
{
    char key[32];
    snprintf(key, sizeof key, "job/%d", number);
    const struct pm_job_put job = {
        .run_id = "r", .key = key, .kind = "evaluate", .body = body, .body_size = sizeof body};
    int64_t id;
    bool existed;
    return pm_queue_client_put(client, &job, &id, &existed, &error);
}

static int put_until_refused(struct pm_queue_client *client)
{
    int count = 0;
    while (put(client, count)) {
        count++;
        assert_true(count < DISK_MIB * 16 * 2);
    }
    return count;
}

static void finish_one(struct pm_queue_client *worker)
{
    struct pm_job job;
    assert_true(client_lease(worker, 5000, &job));
    client_finish(worker, &job, body, sizeof body);
    pm_job_clear(&job);
}

static void cancel_and_collect_all(struct pm_queue_client *client)
{
    struct pm_job_results results;
    size_t count;
    assert_done(pm_queue_client_cancel(client, "r", "", &count, &error), error);
    assert_done(pm_queue_client_results(client, "r", "", 100000, &results, &error), error);
    assert_true(results.count > 0);
    int64_t *ids = calloc(results.count + 1, sizeof *ids);
    assert_non_null(ids);
    for (size_t i = 0; i < results.count; i++) {
        ids[i] = results.items[i].job_id;
    }
    assert_done(pm_queue_client_collect(client, ids, results.count, &error), error);
    free(ids);
    pm_job_results_clear(&results);
}

static void work_goes_through_a_full_disk(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    char paused[PM_QUEUE_PAUSED_SIZE];
    int first = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int count = put_until_refused(driver);
        assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        assert_non_null(strstr(error.message, "are kept for results: free some room"));
        assert_false(pm_queue_client_room(driver, PM_JOB_BODY_MAX, paused, &error));
        assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
        assert_true(count > 100);
        first = round == 0 ? count : first;
        assert_true(count >= first * 3 / 4); /* what was collected has made room */
        for (int i = 0; i < 50; i++) {
            finish_one(worker);
        }
        cancel_and_collect_all(driver);
    }
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(driver);
}

static void fill_disk(const char *name)
{
    FILE *file = fopen(pm_test_path(name), "wb");
    assert_non_null(file);
    while (fwrite(body, 1, sizeof body, file) == sizeof body && fflush(file) == 0) {
    }
    fclose(file);
}

/* Somebody else takes all the rest. Nothing that was acknowledged is lost, the log does not grow
 * without bound, and everything goes on when the room is there again, without a restart. */
static void another_program_takes_the_rest(void **state)
{
    (void)state;
    struct pm_queue_client *driver = client_open("driver", "d");
    struct pm_queue_client *worker = client_open("worker", "w");
    for (int i = 0; i < 200; i++) {
        assert_done(put(driver, i), error);
    }
    fill_disk("hog");
    assert_false(put(driver, 200));
    struct pm_job job;
    bool found = false;
    int finished = 0;
    while (pm_queue_client_lease(worker, "", 0, &job, &found, &error) && found) {
        const struct pm_job_finish finish = {
            .job_id = job.job_id, .token = job.token, .body = body, .body_size = sizeof body};
        bool done = pm_queue_client_finish(worker, &finish, &error);
        finished += done ? 1 : 0;
        pm_job_clear(&job);
        if (!done) {
            break;
        }
        assert_true(finished < 200);
    }
    assert_int_equal(error.code, PM_ERROR_UNAVAILABLE);
    assert_int_equal(unlink(pm_test_path("hog")), 0);
    assert_done(put(driver, 200), error);
    sidecar_kill();
    sidecar_start();
    assert_int_equal(status_number(driver, "jobs.put"), 201);
    assert_in_range(status_number(driver, "jobs.done"), finished, finished + 1);
    cancel_and_collect_all(driver);
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(driver);
}

static int end(void **state)
{
    (void)state;
    pm_test_clean();
    umount2(pm_test_directory(), MNT_DETACH);
    pm_test_remove_directory();
    return 0;
}

int main(void)
{
    memset(body, 'x', sizeof body);
    if (!mount_small_disk()) {
        printf("skipped: no right to mount a small disk here (%s)\n", strerror(errno));
        pm_test_remove_directory();
        return PM_TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        WITH_SIDECAR(work_goes_through_a_full_disk),
        WITH_SIDECAR(another_program_takes_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
