/* poolminer doctor on machines that are well and on ones that are not. */
#include "cli/doctor.h"
#include "cmocka_include.h"
#include "end_to_end/programs.h"
#include "run_program.h"
#include "tests/driver/scripted_server.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/process.h>
#include <poolminer/processors.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";
/* Of the synthetic dataset, docs/tasks.md. */
static const char FINGERPRINT[] =
    "fe140bf34db622c8c4e421ebc1b49177e661e90e467098bcff613fadc4e339a0";

enum { TIMEOUT_MS = 120000 };

/* A pool, and a place with a fake /sys for the miner. */
struct fixture {
    struct place place;
    struct scripted_server *server;
    const char *fingerprint, *suite;
    int64_t clock_ahead_s;
    int status;
    bool babbles, tells_no_time;
};

static void handle(void *context, const struct scripted_request *request,
                   struct scripted_reply *reply)
{
    const struct fixture *fixture = context;
    time_t now = time(NULL) + fixture->clock_ahead_s;
    struct tm parts;
    assert_string_equal(request->path, "/health");
    gmtime_r(&now, &parts);
    if (!fixture->tells_no_time) {
        strftime(reply->headers, sizeof reply->headers, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
                 &parts);
    }
    reply->status = fixture->status;
    if (fixture->babbles) {
        snprintf(reply->body, sizeof reply->body, "[\"welcome\"]");
    } else {
        snprintf(reply->body, sizeof reply->body,
                 "{\"status\":\"healthy\",\"dataset_fingerprint\":\"%s\",\"suite\":\"%s\"}",
                 fixture->fingerprint, fixture->suite);
    }
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.fingerprint = FINGERPRINT, .suite = "first2000", .status = 200};
    place_create(&fixture.place);
    fixture.server = scripted_server_start(handle, &fixture);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    scripted_server_stop(fixture->server);
    place_destroy(&fixture->place);
    return 0;
}

static void write_below(const struct fixture *fixture, const char *name, const char *text)
{
    char directory[256];
    struct pm_error error = {0};
    snprintf(directory, sizeof directory, "%s/%s", fixture->place.path, name);
    *strrchr(directory, '/') = '\0';
    if (!pm_file_make_directories(directory, 0700, &error)) {
        fail_msg("%s", error.message);
    }
    write_text(fixture->place.path, name, text);
}

/* Runs it with the fixture's pool, ./data, ./sys, ./proc and a free port, and what else is given;
 * later options win. */
static struct output doctor(const struct fixture *fixture, const char *const *more)
{
    const char *arguments[24] = {
        POOLMINER,        "doctor", "--pool-url", scripted_server_url(fixture->server),
        "--data-dir",     "data",   "--root-dir", ".",
        "--sidecar-port", "0"};
    size_t count = 10;
    while (*more != NULL) {
        assert_true(count < sizeof arguments / sizeof *arguments - 1);
        arguments[count++] = *more++;
    }
    return run_at_home(fixture->place.path, arguments, TIMEOUT_MS);
}
#define DOCTOR(...) doctor(fixture, (const char *const[]){__VA_ARGS__, NULL})

static void a_well_machine_passes(void **state)
{
    struct fixture *fixture = *state;
    struct output output = DOCTOR("--threads", "1");
    static const char *const lines[] = {"pass  dns        127.0.0.1 is 127.0.0.1\n",
                                        "pass  tls        not needed",
                                        "pass  pool  ",
                                        "pass  clock  ",
                                        "pass  key        data/hotkey: none yet",
                                        "pass  memory  ",
                                        "pass  disk  ",
                                        "pass  queue  ",
                                        "pass  instance   no other miner",
                                        "pass  processor  computes with",
                                        "pass  affinity  ",
                                        "pass  cgroup  ",
                                        "-     power  ",
                                        "-     heat  ",
                                        "pass  dataset    synthetic",
                                        ": the hash is right, in ",
                                        " 0 failed, 2 not known here\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (strstr(output.out, lines[i]) == NULL) {
            fail_msg("\"%s\" is not in\n%s", lines[i], output.out);
        }
    }
    assert_int_equal(output.status, 0);
    assert_string_equal(output.err, "");
    output_clear(&output);
}

/* Every line an object, with a remedy wherever something failed. */
static void json_says_the_same(void **state)
{
    struct fixture *fixture = *state;
    fixture->clock_ahead_s = 1000;
    struct output output = DOCTOR("--json");
    int lines = 0, failed = 0;
    for (char *line = strtok(output.out, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        cJSON *object = NULL;
        const char *check, *result, *found, *remedy = NULL;
        assert_true(pm_json_parse(line, strlen(line), 10000, &object, NULL));
        assert_true(pm_json_string(object, "check", &check, NULL));
        assert_true(pm_json_string(object, "result", &result, NULL));
        assert_true(pm_json_string(object, "found", &found, NULL));
        assert_true(pm_json_optional_string(object, "remedy", &remedy, NULL));
        if (strcmp(result, "fail") == 0) {
            assert_string_equal(check, "clock");
            assert_non_null(remedy);
            failed++;
        }
        cJSON_Delete(object);
        lines++;
    }
    assert_int_equal(failed, 1);
    assert_int_equal(lines, 16);
    assert_int_equal(output.status, 1);
    output_clear(&output);
}

static void a_pools_troubles_are_told(void **state)
{
    struct fixture *fixture = *state;
    char dead[64], dead_encrypted[64], encrypted[64];
    int port = pm_process_free_port();
    snprintf(dead, sizeof dead, "--pool-url=http://127.0.0.1:%d", port);
    snprintf(dead_encrypted, sizeof dead_encrypted, "--pool-url=https://127.0.0.1:%d", port);
    snprintf(encrypted, sizeof encrypted, "--pool-url=https%s",
             scripted_server_url(fixture->server) + 4);
    /* One of two addresses is enough. */
    expect_output(DOCTOR(dead), 0, "warn  pool       http://127.0.0.1:", "");
    fixture->status = 503;
    expect_output(DOCTOR("--threads=1"), 1, "/health answers with status 503; check", "");
    expect_output(DOCTOR(encrypted), 1, "FAIL  tls  ", "");
    expect_output(DOCTOR(dead_encrypted), 1, "-     tls        no connection to 127.0.0.1", "");
    expect_output(DOCTOR("--pool-url=http://no.such.invalid"), 1,
                  "FAIL  dns        no.such.invalid", "");
    fixture->status = 200;
    fixture->babbles = true;
    expect_output(DOCTOR("--threads=1"), 1, "/health answers with no JSON object", "");
}

static void a_clock_that_is_off_is_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->clock_ahead_s = 60;
    expect_output(DOCTOR("--threads=1"), 0, "warn  clock  ", "");
    fixture->clock_ahead_s = -1000;
    expect_output(DOCTOR("--threads=1"), 1, "s ahead of the pool's", "");
    expect_output(DOCTOR("--threads=1"), 1, "FAIL  clock  ", "");
    fixture->tells_no_time = true;
    expect_output(DOCTOR("--threads=1"), 0, "-     clock      http://127.0.0.1:", "");
}

static void other_data_is_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->fingerprint = "0123456789abcdef0123456789abcdef";
    expect_output(DOCTOR("--threads=1"), 1, "the pool's is 0123456789abcdef...: scores would", "");
    fixture->fingerprint = FINGERPRINT;
    fixture->suite = "resampled";
    expect_output(DOCTOR("--threads=1"), 1, "FAIL  dataset    suite first2000, the pool's is resam",
                  "");
    fixture->fingerprint = fixture->suite = "";
    expect_output(DOCTOR("--threads=1"), 0, "the pool does not tell its own", "");
    expect_output(DOCTOR("--dataset=nope"), 1, "FAIL  dataset    dataset \"nope\"", "");
}

static void a_key_that_others_can_read_fails(void **state)
{
    struct fixture *fixture = *state;
    char seed[67] = "0x";
    memset(seed + 2, '7', 64);
    seed[66] = '\0';
    write_below(fixture, "data/hotkey", seed);
    expect_output(DOCTOR("--threads=1"), 0, "pass  key        data/hotkey: yours alone, address 5",
                  "");
    assert_int_equal(chmod(place_file(&fixture->place, "data/hotkey"), 0644), 0);
    expect_output(DOCTOR("--threads=1"), 1, "make it private: chmod 600 data/hotkey\n", "");
    write_below(fixture, "data/hotkey", "no key");
    expect_output(DOCTOR("--threads=1"), 1, "FAIL  key        ", "");
}

/* Not even root writes to /proc, and there is no room in it. */
static void a_place_that_takes_no_file_fails(void **state)
{
    struct fixture *fixture = *state;
    expect_output(DOCTOR("--data-dir=/proc/miner"), 1, "FAIL  disk       0 MiB free", "");
    expect_output(DOCTOR("--data-dir=/proc/miner"), 1, "FAIL  queue      /proc: no file can be",
                  "");
}

/* Root may open whatever can be opened: here nothing can. */
static void a_store_that_cannot_be_written_fails(void **state)
{
    struct fixture *fixture = *state;
    write_below(fixture, "data/sidecar.db", "");
    expect_output(DOCTOR("--threads=1"), 0, "pass  queue      data can be written to\n", "");
    assert_int_equal(unlink(place_file(&fixture->place, "data/sidecar.db")), 0);
    write_below(fixture, "data/sidecar.db/file", "");
    expect_output(DOCTOR("--threads=1"), 1,
                  "FAIL  queue      data/sidecar.db: Is a directory; make it yours", "");
    write_below(fixture, "file", "");
    expect_output(DOCTOR("--data-dir=file"), 1,
                  "FAIL  queue      file is no directory; move it away", "");
}

static void another_miner_is_told(void **state)
{
    struct fixture *fixture = *state;
    char port[16], ready[32];
    write_below(fixture, "data/mine.lock", "");
    int lock = open(place_file(&fixture->place, "data/mine.lock"), O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    expect_output(DOCTOR("--threads=1"), 1, "but its sidecar does not answer", "");
    pid_t sidecar = START(&fixture->place, "sidecar", "poolminer-sidecar", "--port", "0", "--store",
                          place_file(&fixture->place, "data/sidecar.db"), "--ready-file",
                          place_file(&fixture->place, "data/sidecar.ready"));
    snprintf(port, sizeof port, "%d", wait_ready(&fixture->place, "data/sidecar.ready"));
    snprintf(ready, sizeof ready, "{\"port\":%s}", port); /* wait_ready took it away */
    write_below(fixture, "data/sidecar.ready", ready);
    expect_output(DOCTOR("--threads=1"), 0, "its sidecar answers: 0 jobs computing, 0 waiting", "");
    close(lock);
    expect_output(DOCTOR("--sidecar-port", port), 1, "FAIL  instance   the sidecar cannot listen",
                  "");
    kill_hard(sidecar);
}

static void batteries_are_looked_at(void **state)
{
    struct fixture *fixture = *state;
    write_below(fixture, "sys/class/power_supply/AC/type", "Mains\n");
    write_below(fixture, "sys/class/power_supply/AC/online", "1\n");
    write_below(fixture, "sys/class/power_supply/mouse/type", "Battery\n");
    write_below(fixture, "sys/class/power_supply/mouse/scope", "Device\n");
    write_below(fixture, "sys/class/power_supply/mouse/status", "Discharging\n");
    expect_output(DOCTOR("--threads=1"), 0, "pass  power      mains, no battery\n", "");
    write_below(fixture, "sys/class/power_supply/BAT0/type", "Battery\n");
    write_below(fixture, "sys/class/power_supply/BAT0/status", "Charging\n");
    write_below(fixture, "sys/class/power_supply/BAT0/capacity", "81\n");
    expect_output(DOCTOR("--threads=1"), 0, "pass  power      mains; battery at 81 % (Charging)\n",
                  "");
    /* A weak charger is one all the same. */
    write_below(fixture, "sys/class/power_supply/BAT0/status", "Discharging\n");
    expect_output(DOCTOR("--threads=1"), 0, "pass  power      mains; battery at 81 % (Discharging)",
                  "");
    write_below(fixture, "sys/class/power_supply/AC/online", "0\n");
    write_below(fixture, "sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
    write_below(fixture, "sys/class/thermal/thermal_zone0/temp", "61500\n");
    expect_output(DOCTOR("--threads=1"), 0, "pass  heat       62 C (x86_pkg_temp)\n", "");
    expect_output(DOCTOR("--threads=1"), 0, "warn  power      on battery, 81 % left; plug it in",
                  "");
}

static void limits_of_cgroups_are_looked_at(void **state)
{
    struct fixture *fixture = *state;
    char sys[128];
    snprintf(sys, sizeof sys, "%s/sys", fixture->place.path);
    write_below(fixture, "sys/fs/cgroup/cpu.max", "max 100000\n");
    assert_true(pm_processors_cgroup(sys, "0::/a/b\n") == 0);
    write_below(fixture, "sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    write_below(fixture, "sys/fs/cgroup/a/b/cpu.max", "800000 100000\n");
    assert_true(pm_processors_cgroup(sys, "0::/a/b\n") == 1.5);
    assert_true(pm_processors_cgroup(sys, "0::/\n") == 0);
    write_below(fixture, "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "50000\n");
    write_below(fixture, "sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
    assert_true(pm_processors_cgroup(sys, "5:memory:/c\n3:cpu,cpuacct:/c\n0::/a/b\n") == 0.5);
    assert_true(pm_processors_cgroup(sys, "5:memory:/c\nnonsense\n3:cpuset:/c") == 0);
    write_below(fixture, "proc/self/cgroup", "0::/a/b\n");
    write_below(fixture, "sys/fs/cgroup/cpu.max", "100000 100000\n");
    expect_output(DOCTOR("--threads=2"), 0, "1.00 processors' time for 2 threads; use --threads 1",
                  "");
    expect_output(DOCTOR("--threads=1"), 0, "pass  cgroup     1.00 processors' time\n", "");
}

static void an_affinity_that_is_too_narrow_is_told(void **state)
{
    struct fixture *fixture = *state;
    cpu_set_t all, one;
    CPU_ZERO(&one);
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    for (size_t i = 0; CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &one);
        }
    }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    struct output output = DOCTOR("--threads=2");
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_non_null(strstr(output.out, "warn  affinity   2 threads are to share 1 of "));
    assert_non_null(strstr(output.out, "; lower --threads, or widen it with taskset\n"));
    output_clear(&output);
}

/* Root may lock whatever the limit: the capability has to go, too. AddressSanitizer locks nothing
 * and says that it did. */
static void memory_that_cannot_be_locked_is_told(void **state)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    struct fixture *fixture = *state;
    char command[256];
    snprintf(command, sizeof command,
             "ulimit -l 0; exec %s %s doctor --pool-url http://127.0.0.1:1 --data-dir data",
             getuid() == 0 ? "setpriv --bounding-set -ipc_lock" : "", POOLMINER);
    expect_output(run_at_home(fixture->place.path,
                              (const char *const[]){"/bin/sh", "-c", command, NULL}, TIMEOUT_MS),
                  1, "warn  memory     memory cannot be locked", "");
}

static void a_lowered_processor_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct output full = DOCTOR("--threads=1");
    bool only_baseline = strstr(full.out, "computes with baseline") != NULL;
    output_clear(&full);
    if (only_baseline) {
        skip(); /* there is nothing to lower */
    }
    assert_int_equal(setenv("POOLMINER_SIMD", "baseline", 1), 0);
    struct output output = DOCTOR("--threads=1");
    unsetenv("POOLMINER_SIMD");
    assert_non_null(strstr(output.out, "warn  processor  computes with baseline, though it has"));
    assert_non_null(strstr(output.out, "selftest   baseline: the hash is right"));
    output_clear(&output);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_well_machine_passes),
        TEST(json_says_the_same),
        TEST(a_pools_troubles_are_told),
        TEST(a_clock_that_is_off_is_told),
        TEST(other_data_is_told),
        TEST(a_key_that_others_can_read_fails),
        TEST(a_place_that_takes_no_file_fails),
        TEST(a_store_that_cannot_be_written_fails),
        TEST(another_miner_is_told),
        TEST(batteries_are_looked_at),
        TEST(limits_of_cgroups_are_looked_at),
        TEST(an_affinity_that_is_too_narrow_is_told),
        TEST(memory_that_cannot_be_locked_is_told),
        TEST(a_lowered_processor_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
