/* A worker on another machine: a network namespace of its own, behind a cable that is pulled while
 * it computes, and over a line that loses packets or falls silent for good. Needs the right to make
 * network namespaces, and for the latter /dev/net/tun. */
#include "sidecar/lossy_link.h"
#include "sidecar/sidecar_program.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/curve_keys.h>

static const char NEAR[] = "10.77.0.1";
static struct pm_error error;

enum { PATIENCE_MS = 60000, JOBS = 20, LOST_PER_MILLE = 100, SEED = 20260731 };

/* The far machine: it says by a pipe what it has done, and goes on when it is told so. */
static pid_t far_pid;
static int from_far, to_far;

/* ---- commands ---- */

static bool run_command(const char *command)
{
    int status = system(command); // NOLINT(cert-env33-c): fixed words, in a namespace of our own
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void must_run(const char *command)
{
    if (!run_command(command)) {
        fail_msg("failed: %s", command);
    }
}

/* ---- the far machine ---- */

static bool far_says(char expected)
{
    char byte = 0;
    return read(from_far, &byte, 1) == 1 && byte == expected;
}

static void far_go(char what)
{
    assert_int_equal(write(to_far, &what, 1), 1);
}

static bool far_finish(struct pm_queue_client *client, const struct pm_job *job)
{
    struct pm_error why = {0};
    const struct pm_job_finish finish = {
        .job_id = job->job_id, .token = job->token, .body = "far", .body_size = 3};
    while (!pm_queue_client_finish(client, &finish, &why)) {
        if (why.code != PM_ERROR_UNAVAILABLE) {
            return false; /* the lease is lost */
        }
    }
    return true;
}

/* l: leases a job; f: finishes it ('F', or 'R' when it is refused); w: does all jobs there are. */
static void far_obey(struct pm_queue_client *client, struct pm_job *job, char order, int out)
{
    bool found = false;
    char answer = 'E';
    if (order == 'l' && pm_queue_client_lease(client, "", PATIENCE_MS, job, &found, NULL) &&
        found) {
        answer = 'L';
    } else if (order == 'f') {
        answer = far_finish(client, job) ? 'F' : 'R';
        pm_job_clear(job);
    } else if (order == 'w') {
        answer = 'W';
        while (pm_queue_client_lease(client, "", 0, job, &found, NULL) && found) {
            far_finish(client, job);
            pm_job_clear(job);
        }
    }
    if (write(out, &answer, 1) != 1) {
        _exit(1);
    }
}

static void far_main(int in, int out)
{
    char order;
    struct pm_job job = {0};
    struct pm_queue_client *client = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNET) != 0 || write(out, "N", 1) != 1) { /* the namespace is there */
        _exit(1);
    }
    while (read(in, &order, 1) == 1) {
        if (order != 'c') {
            far_obey(client, &job, order, out);
            continue;
        }
        const struct pm_queue_client_config config = {.url = sidecar_url,
                                                      .role = "worker",
                                                      .name = "far",
                                                      .timeout_ms = 5000,
                                                      .key_file = pm_test_path("w1.key")};
        bool good = run_command("ip address add 10.77.0.2/24 dev pmfar && ip link set pmfar up") &&
                    pm_queue_client_create(&config, &client, NULL);
        if (!good || write(out, "C", 1) != 1) {
            _exit(1);
        }
    }
    _exit(0);
}

static void far_start(void)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    far_pid = fork();
    assert_true(far_pid >= 0);
    if (far_pid == 0) {
        close(in[1]);
        close(out[0]);
        far_main(in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    to_far = in[1];
    from_far = out[0];
    assert_true(far_says('N'));
}

static void join_by_veth(void)
{
    char command[192];
    snprintf(command, sizeof command,
             "ip link add pmnear type veth peer name pmfar netns %ld && "
             "ip address add 10.77.0.1/24 dev pmnear && ip link set pmnear up",
             (long)far_pid);
    must_run(command);
}

/* ---- set up ---- */

static void make_keys(void)
{
    struct pm_curve_keys own, client;
    struct pm_curve_list list = {0};
    assert_done(pm_curve_keys_generate(NULL, &own, &error), error);
    assert_done(pm_curve_keys_generate(own.public_key, &client, &error), error);
    assert_done(pm_curve_keys_write(pm_test_path("sidecar.key"), &own, &error), error);
    assert_done(pm_curve_keys_write(pm_test_path("w1.key"), &client, &error), error);
    assert_done(pm_curve_list_add(&list, client.public_key, "w1", &error), error);
    assert_done(pm_curve_list_write(pm_test_path("authorized"), &list, &error), error);
    pm_curve_list_clear(&list);
}

static void begin(void)
{
    sidecar_keys_directory = pm_test_directory();
    sidecar_host = NEAR;
    sidecar_start();
    /* The far machine was forked before the sidecar's port was known: it is always this one. */
    far_go('c');
    assert_true(far_says('C'));
}

static int set_up(void **state)
{
    (void)state;
    pm_test_clean();
    make_keys();
    far_start();
    join_by_veth();
    begin();
    return 0;
}

static int set_up_lossy(void **state)
{
    static bool joined;
    pm_test_clean();
    make_keys();
    far_start();
    joined = lossy_link_start("pmnear", "pmfar", far_pid, SEED);
    *state = &joined;
    if (joined) {
        must_run("ip address add 10.77.0.1/24 dev pmnear && ip link set pmnear up");
        begin();
    }
    return 0;
}

/* No lease runs out while the test waits: what comes back does so because its worker is missed. */
static int set_up_patient(void **state)
{
    sidecar_lease_ms = PROGRAM_LONG_LEASE_MS;
    return set_up_lossy(state);
}

static void far_end(void)
{
    if (far_pid > 0) {
        child_end(far_pid);
    }
    far_pid = 0;
    close(to_far);
    close(from_far);
}

static int tear_down(void **state)
{
    must_run("ip link delete pmnear"); /* before its other end goes with the far machine */
    far_end();
    return sidecar_tear_down(state);
}

static int tear_down_lossy(void **state)
{
    const bool joined = *(bool *)*state;
    sidecar_lease_ms = PROGRAM_LEASE_MS;
    far_end();
    if (joined) {
        lossy_link_stop();
        return sidecar_tear_down(state);
    }
    return 0;
}

static struct pm_queue_client *near_client(const char *role)
{
    const struct pm_queue_client_config config = {.url = sidecar_url,
                                                  .role = role,
                                                  .name = "near",
                                                  .timeout_ms = 10000,
                                                  .key_file = pm_test_path("w1.key")};
    struct pm_queue_client *client;
    assert_done(pm_queue_client_create(&config, &client, &error), error);
    return client;
}

static void wait_for(struct pm_queue_client *client, const char *path, int64_t number)
{
    int64_t end_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    while (status_number(client, path) != number) {
        assert_true(pm_clock_monotonic_ms() < end_ms);
        pm_clock_sleep_ms(20);
    }
}

static void put_all(struct pm_queue_client *driver)
{
    for (int i = 0; i < JOBS; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        client_put(driver, key);
    }
}

/* ---- tests ---- */

static void a_worker_on_another_machine_works(void **state)
{
    (void)state;
    struct pm_queue_client *driver = near_client("driver");
    put_all(driver);
    far_go('w');
    assert_true(far_says('W'));
    assert_int_equal(status_number(driver, "jobs.done"), JOBS);
    pm_queue_client_destroy(driver);
}

/* The job is back and done by another; the far result comes too late and has no effect; and the far
 * worker goes on once the cable is in again. */
static void a_pulled_cable_loses_nothing(void **state)
{
    (void)state;
    struct pm_queue_client *driver = near_client("driver"), *worker = near_client("worker");
    struct pm_job job;
    client_put(driver, "a");
    far_go('l');
    assert_true(far_says('L'));
    must_run("ip link set pmnear down");
    wait_for(driver, "jobs.queued", 1);
    assert_int_equal(status_number(driver, "jobs.lost_leases"), 1);
    assert_true(client_lease(worker, PATIENCE_MS, &job));
    assert_int_equal(job.attempt, 2);
    far_go('f');
    client_finish(worker, &job, "near", 4);
    pm_job_clear(&job);
    must_run("ip link set pmnear up");
    assert_true(far_says('R'));
    assert_int_equal(status_number(driver, "jobs.completed"), 1);
    put_all(driver);
    far_go('w');
    assert_true(far_says('W'));
    wait_for(driver, "jobs.done", 1 + JOBS);
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(driver);
}

/* A cable that is in again before the lease is lost: the worker keeps its job. */
static void a_short_cut_is_survived(void **state)
{
    (void)state;
    struct pm_queue_client *driver = near_client("driver");
    client_put(driver, "a");
    far_go('l');
    assert_true(far_says('L'));
    must_run("ip link set pmnear down && ip link set pmnear up");
    far_go('f');
    assert_true(far_says('F'));
    assert_int_equal(status_number(driver, "jobs.completed"), 1);
    pm_queue_client_destroy(driver);
}

static void need_link(void *const *state)
{
    if (!*(const bool *)*state) {
        skip();
    }
}

/* One frame in ten, each way: all jobs are done, each once, by the far worker. */
static void lost_packets_lose_nothing(void **state)
{
    need_link(state);
    struct pm_queue_client *driver = near_client("driver");
    put_all(driver);
    lossy_link_lose(LOST_PER_MILLE);
    far_go('w');
    assert_true(far_says('W'));
    wait_for(driver, "jobs.done", JOBS);
    assert_int_equal(status_number(driver, "jobs.completed"), JOBS);
    assert_in_range(lossy_link_dropped(), 1, lossy_link_carried());
    print_message("%lld frames carried, %lld dropped\n", (long long)lossy_link_carried(),
                  (long long)lossy_link_dropped());
    pm_queue_client_destroy(driver);
}

/* The far machine is gone without a word, and its connection half open: no FIN and no reset ever
 * comes, and what is sent to it is not answered. Its job is back long before the lease runs out, in
 * two heartbeats where nothing else keeps the machine busy, and its connection is closed. */
static void a_peer_that_vanishes_is_noticed(void **state)
{
    need_link(state);
    struct pm_queue_client *driver = near_client("driver"), *worker = near_client("worker");
    struct pm_job job;
    client_put(driver, "a");
    far_go('l');
    assert_true(far_says('L'));
    lossy_link_lose(1000);
    const int64_t gone_ms = pm_clock_monotonic_ms();
    child_end(far_pid);
    far_pid = 0;
    assert_true(client_lease(worker, PATIENCE_MS, &job));
    print_message("back after %lld ms of silence\n",
                  (long long)(pm_clock_monotonic_ms() - gone_ms));
    assert_int_equal(job.attempt, 2);
    char *log = sidecar_log();
    assert_non_null(strstr(log, "the worker is gone"));
    free(log);
    client_finish(worker, &job, "near", 4);
    pm_job_clear(&job);
    assert_int_equal(status_number(driver, "jobs.completed"), 1);
    assert_int_equal(status_number(driver, "jobs.lost_leases"), 1);
    must_run(
        "command -v ss >/dev/null && test -z \"$(ss -Htn state established '( dst 10.77.0.2 )')\"");
    pm_queue_client_destroy(worker);
    pm_queue_client_destroy(driver);
}

/* A line that is silent for a while, both ends living on: the far worker's result comes in as soon
 * as it is heard again, and nothing is done twice with effect. */
static void a_silent_line_is_outlived(void **state)
{
    need_link(state);
    struct pm_queue_client *driver = near_client("driver");
    client_put(driver, "a");
    far_go('l');
    assert_true(far_says('L'));
    lossy_link_lose(1000);
    far_go('f');
    wait_for(driver, "jobs.queued", 1); /* the lease is lost */
    lossy_link_lose(0);
    assert_true(far_says('R'));
    far_go('w');
    assert_true(far_says('W'));
    wait_for(driver, "jobs.done", 1);
    assert_int_equal(status_number(driver, "jobs.completed"), 1);
    pm_queue_client_destroy(driver);
}

static int end(void **state)
{
    (void)state;
    pm_test_remove_directory();
    return 0;
}

#define WITH_NETWORK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define WITH_LOSSY_LINK(test) cmocka_unit_test_setup_teardown(test, set_up_lossy, tear_down_lossy)

int main(void)
{
    if (unshare(CLONE_NEWNET) != 0 || !run_command("ip link set lo up")) {
        printf("skipped: no right to make a network namespace here, or no ip (%s)\n",
               strerror(errno));
        return PM_TEST_SKIPPED;
    }
    sidecar_port = 8123; /* nobody else is here */
    snprintf(sidecar_url, sizeof sidecar_url, "tcp://%s:%d", NEAR, sidecar_port);
    const struct CMUnitTest tests[] = {
        WITH_NETWORK(a_worker_on_another_machine_works),
        WITH_NETWORK(a_pulled_cable_loses_nothing),
        WITH_NETWORK(a_short_cut_is_survived),
        WITH_LOSSY_LINK(lost_packets_lose_nothing),
        cmocka_unit_test_setup_teardown(a_peer_that_vanishes_is_noticed, set_up_patient,
                                        tear_down_lossy),
        WITH_LOSSY_LINK(a_silent_line_is_outlived),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
