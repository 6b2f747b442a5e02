/* The real worker on another machine: in a network namespace of its own, let in by the keys that
 * `poolminer keys` makes, in the middle of an evolution when the cable is pulled and plugged in
 * again. Needs the right to make network namespaces, and ip. */
#include "cmocka_include.h"
#include "worker_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEAR "10.77.1.1"

enum { TEST_SKIPPED = 77, COMMAND_MS = 30000, LOST_MS = 60000 };

#ifdef __SANITIZE_ADDRESS__
enum { GENERATIONS = 20 };
#else
enum { GENERATIONS = 80 };
#endif

static int near_net, far_net;
static struct worker_bench bench;

/* ---- two machines ---- */

static bool run_command(const char *command)
{
    return system(command) == 0; // NOLINT(cert-env33-c): fixed words, in a namespace of our own
}

static void must_run(const char *command)
{
    if (!run_command(command)) {
        fail_msg("failed: %s", command);
    }
}

/* What this thread starts from now on is there. */
static void be_at(int net)
{
    assert_int_equal(setns(net, CLONE_NEWNET), 0);
}

static int own_net(void)
{
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* False: this user or machine does not let us. */
static bool make_machines(void)
{
    if (unshare(CLONE_NEWNET) != 0 || (far_net = own_net()) < 0 || unshare(CLONE_NEWNET) != 0 ||
        (near_net = own_net()) < 0) {
        return false;
    }
    char command[256];
    snprintf(command, sizeof command,
             "ip link set lo up && "
             "ip link add pmnear type veth peer name pmfar netns /proc/%ld/fd/%d && "
             "ip address add " NEAR "/24 dev pmnear && ip link set pmnear up",
             (long)getpid(), far_net);
    if (!run_command(command)) {
        return false;
    }
    be_at(far_net);
    const bool done = run_command("ip link set lo up && ip address add 10.77.1.2/24 dev pmfar && "
                                  "ip link set pmfar up");
    be_at(near_net);
    return done;
}

/* ---- the programs ---- */

/* What the command says is in LABEL.log. */
static void poolminer(const char *label, const char *const *arguments)
{
    const pid_t pid = start_program(&bench.place, label, "poolminer", arguments);
    if (wait_end(&bench.place, label, pid, COMMAND_MS) != 0) {
        show_logs(&bench.place);
        fail_msg("poolminer %s failed", label);
    }
}
#define POOLMINER(label, ...) poolminer(label, (const char *const[]){__VA_ARGS__, NULL})

/* Where its machine has it. */
static const char *key_file(const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s.client.key", name);
    return place_file(&bench.place, file);
}

static void authorize(const char *name)
{
    char made[64];
    snprintf(made, sizeof made, "keys/%s.client.key", name);
    POOLMINER("authorize", "keys", "authorize", name, "--keys", place_file(&bench.place, "keys"));
    assert_int_equal(rename(place_file(&bench.place, made), key_file(name)), 0);
}

/* A busy machine may keep a worker from its heartbeats for a while, but not for twenty seconds. */
static void start_sidecar(void)
{
    const struct place *place = &bench.place;
    bench.sidecar =
        START(place, "sidecar", "poolminer-sidecar", "--host", NEAR, "--port", "0", "--keys",
              place_file(place, "keys"), "--store", place_file(place, "sidecar.db"), "--ready-file",
              place_file(place, "sidecar.ready"), "--lease-ms", "20000", "--heartbeat-ms", "2000");
    snprintf(bench.url, sizeof bench.url, "tcp://" NEAR ":%d", wait_ready(place, "sidecar.ready"));
}

static int set_up(void **state)
{
    struct pm_error error = {0};
    *state = &bench;
    place_create(&bench.place);
    POOLMINER("create", "keys", "create", "--keys", place_file(&bench.place, "keys"));
    authorize("attic");
    authorize("near");
    start_sidecar();
    const struct pm_queue_client_config config = {.url = bench.url,
                                                  .key_file = key_file("near"),
                                                  .role = "driver",
                                                  .name = "test",
                                                  .timeout_ms = 20000};
    if (!pm_queue_client_create(&config, &bench.client, &error)) {
        fail_msg("%s", error.message);
    }
    return 0;
}

static pid_t start_far_worker(void)
{
    be_at(far_net);
    const pid_t pid =
        START(&bench.place, "far", "poolminer-worker", "--sidecar-url", bench.url, "--key-file",
              key_file("attic"), "--run-id", "run", "--threads", "1", "--dataset", "synthetic:400",
              "--checkpoint-ms", "50", "--log-level", "debug", "--name", "far", "--nice", "0");
    be_at(near_net);
    return pid;
}

static bool the_lease_is_lost(void *context)
{
    return worker_bench_count(context, "lost_leases") == 1;
}

/* ---- tests ---- */

static char *evolve(const char *key)
{
    worker_bench_put_evolution(&bench, key, GENERATIONS);
    return worker_bench_result(&bench, key);
}

static void the_result_arrives_once(void **state)
{
    (void)state;
    const pid_t worker = start_far_worker();
    char *expected = evolve("peace");
    const int checkpoints = times_in_log(&bench.place, "far.log", "WORKER-CHECKPOINT ");

    worker_bench_put_evolution(&bench, "war", GENERATIONS);
    worker_bench_wait_log(&bench, "far", "WORKER-CHECKPOINT ", checkpoints + 2);
    must_run("ip link set pmnear down && ip link set pmnear up"); /* not for long enough */
    worker_bench_wait_log(&bench, "far", "WORKER-CHECKPOINT ", checkpoints + 4);
    assert_int_equal(worker_bench_count(&bench, "completed"), 1);
    must_run("ip link set pmnear down");
    if (!wait_until(the_lease_is_lost, &bench, LOST_MS)) {
        show_logs(&bench.place);
        fail_msg("the job of a worker behind a pulled cable does not come back");
    }
    assert_int_equal(worker_bench_count(&bench, "queued"), 1);
    must_run("ip link set pmnear up");
    char *result = worker_bench_result(&bench, "war");
    assert_string_equal(result, expected);
    assert_true(log_says(&bench.place, "far.log", "WORKER-JOB-RESUMED"));
    assert_true(log_says(&bench.place, "far.log", "WORKER-LEASE-LOST") ||
                log_says(&bench.place, "far.log", "WORKER-RESULT-REFUSED"));
    assert_int_equal(worker_bench_count(&bench, "put"), 2);
    assert_int_equal(worker_bench_count(&bench, "completed"), 2);
    worker_bench_leave(&bench, "far", worker, SIGTERM);
    free(expected);
    free(result);
}

/* From the far machine, with its key; and once that is revoked, without success. */
static void the_queue_is_shown_to_who_has_a_key(void **state)
{
    (void)state;
    char file[128];
    snprintf(file, sizeof file, "%s", key_file("attic")); /* which others take the place of */
    const char *const words[] = {"queue",   "list",       "--json", "--sidecar-url",
                                 bench.url, "--key-file", file,     NULL};
    be_at(far_net);
    poolminer("list", words);
    POOLMINER("status", "status", "--json", "--sidecar-url", bench.url, "--key-file", file);
    be_at(near_net);
    assert_true(log_says(&bench.place, "status.log", "\"running\":true"));
    assert_false(log_says(&bench.place, "sidecar.log", "SIDECAR-KEY-REFUSED"));
    assert_true(log_says(&bench.place, "list.log", "\"status\":"));
    POOLMINER("revoke", "keys", "revoke", "attic", "--keys", place_file(&bench.place, "keys"));
    be_at(far_net);
    const pid_t pid = start_program(&bench.place, "refused", "poolminer", words);
    be_at(near_net);
    assert_int_not_equal(wait_end(&bench.place, "refused", pid, COMMAND_MS), 0);
    if (!log_says(&bench.place, "refused.log", "does not let this client in")) {
        show_logs(&bench.place);
        fail_msg("somebody whose key is revoked is not told so");
    }
}

#define FAR(test) cmocka_unit_test_setup_teardown(test, set_up, worker_bench_tear_down)

int main(void)
{
    if (!make_machines()) {
        printf("skipped: no right to make network namespaces here, or no ip (%s)\n",
               strerror(errno));
        return TEST_SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        FAR(the_result_arrives_once),
        FAR(the_queue_is_shown_to_who_has_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
