/* The command where something is short, full or named twice: one sentence, and no result lost. */
#include "cmocka_include.h"
#include "run_program.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/process.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LIMITS = 0 }; /* a sanitizer needs more addresses than any limit would leave */
#else
enum { LIMITS = 1 };
#endif

enum { TIMEOUT_MS = 120000, LINE_SIZE = 1024 };

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";
static const char CONSTANT[] = "def Predict():\n  s0 = 1\n";

static int set_up(void **state)
{
    test_home_set_up(state);
    write_text(test_home, "seed", CONSTANT);
    return 0;
}

static struct output shell(const char *line)
{
    const char *const arguments[] = {"/bin/bash", "-c", line, NULL};
    return run_at_home(test_home, arguments, TIMEOUT_MS);
}

/* OpenMP ends a process that gets one thread less than it asks for. */
static void few_threads_are_enough(void **state)
{
    (void)state;
    static const char *const commands[] = {
        "evaluate --tasks 8 --threads 1024 seed",
        "selftest --threads 1024",
        "evolve --seed-algorithm seed --generations 1 --threads 1024",
        "bench evaluate --program tasks --threads 1024",
    };
    if (LIMITS == 0) {
        skip();
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char line[LINE_SIZE];
        snprintf(line, sizeof line, "ulimit -v 400000; exec %s %s", POOLMINER, commands[i]);
        expect_output(shell(line), 0, "", "the system cannot spare 1024 threads");
    }
}

/* The shell expands ~/ only where a word begins with it. */
static void a_path_may_begin_at_home(void **state)
{
    (void)state;
    static const char *const commands[] = {
        "poolminer evolve --seed-algorithm=~/none/x",
        "poolminer queue --key-file=~/none/x",
        "poolminer-worker --key-file=~/none/x --sidecar-url tcp://192.0.2.1:1",
        "poolminer-driver --key-file=~/none/x --hotkey-file=~/hotkey",
        "poolminer-sidecar --port 0 --store=~/store --ready-file=~/none/x",
        "poolminer-sidecar --port 0 --store=~/store --keys=~/none/x",
        "poolminer-pool --port 0 --store=~/store2 --ready-file=~/none/x",
        "poolminer-pool --port 0 --store=~/store2 --monitor-token-file=~/none/x",
    };
    char line[LINE_SIZE], path[128];
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        snprintf(line, sizeof line, "exec %s/%s", PM_BIN_DIR, commands[i]);
        snprintf(path, sizeof path, "%s/none/x", test_home);
        expect_output(shell(line), 1, "", path);
    }
    snprintf(line, sizeof line, "exec %s keys create --keys=~/keys", POOLMINER);
    snprintf(path, sizeof path, "%s/keys", test_home);
    expect_output(shell(line), 0, "", "");
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/store2", test_home);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/store", test_home);
    assert_int_equal(access(path, F_OK), 0);
}

#define EVOLVE(...)                                                                                \
    run_at_home(test_home,                                                                         \
                (const char *const[]){POOLMINER, "evolve", "--seed-algorithm", "seed",             \
                                      "--generations", "1", __VA_ARGS__, NULL},                    \
                TIMEOUT_MS)

static void a_result_is_printed_though_its_course_is_lost(void **state)
{
    (void)state;
    expect_output(EVOLVE("--log-evolution", "/dev/full"), 1,
                  "def Predict():", "/dev/full: cannot be written: No space left on device");
    expect_output(EVOLVE("--plot", "/dev/full"), 1,
                  "def Predict():", "/dev/full: cannot be written: No space left on device");
    struct stat status;
    assert_int_equal(stat("/dev/full", &status), 0);
    assert_true(S_ISCHR(status.st_mode));
}

static void two_outputs_are_two_files(void **state)
{
    (void)state;
    expect_output(EVOLVE("--log-evolution", "out", "--plot", "out"), 2, "", "the same file, out");
    write_text(test_home, "there", "x");
    expect_output(EVOLVE("--log-evolution", "there", "--plot", "./there"), 2, "",
                  "the same file, ./there");
}

static bool is_empty(const char *path)
{
    DIR *stream = opendir(path);
    bool empty = stream != NULL;
    for (const struct dirent *entry; empty && (entry = readdir(stream)) != NULL;) {
        empty = entry->d_name[0] == '.';
    }
    if (stream != NULL) {
        closedir(stream);
    }
    return empty;
}

/* Else every Ctrl-C would leave a queue of some megabytes behind. */
static void a_stopped_benchmark_leaves_nothing(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    char place[128], variable[160], log[128];
    snprintf(place, sizeof place, "%s/temporary", test_home);
    snprintf(variable, sizeof variable, "TMPDIR=%s", place);
    snprintf(log, sizeof log, "%s/log", test_home);
    assert_int_equal(mkdir(place, 0700), 0);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        const char *const arguments[] = {POOLMINER, "bench", "queue", "--seconds", "600", NULL};
        const char *const environment[] = {variable, NULL};
        const struct pm_process_config config = {.arguments = arguments,
                                                 .environment = environment,
                                                 .stdout_path = log,
                                                 .stderr_path = log};
        pid_t pid = 0;
        int status = 0;
        assert_true(pm_process_start(&config, &pid, NULL));
        const int64_t until_ms = pm_clock_monotonic_ms() + TIMEOUT_MS;
        while (is_empty(place) && pm_clock_monotonic_ms() < until_ms) {
            pm_clock_sleep_ms(5);
        }
        assert_false(is_empty(place));
        kill(pid, signals[i]);
        assert_true(pm_process_wait(pid, TIMEOUT_MS, &status));
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
        assert_true(is_empty(place));
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, test_home_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(few_threads_are_enough),
        TEST(a_path_may_begin_at_home),
        TEST(a_result_is_printed_though_its_course_is_lost),
        TEST(two_outputs_are_two_files),
        TEST(a_stopped_benchmark_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
