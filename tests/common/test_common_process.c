/* Child processes: started, redirected, waited for, stopped, gone with their parent. And the stop
 * flag, which needs a process of its own. */
#include "cmocka_include.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/process.h>
#include <poolminer/stop.h>

static char output[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(output, sizeof output, "/tmp/pm_test_process_XXXXXX");
    int fd = mkstemp(output);
    return fd >= 0 ? close(fd) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(output);
}

static pid_t start_shell(const char *script, const char *const *environment)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};
    const struct pm_process_config config = {.arguments = arguments,
                                             .environment = environment,
                                             .stdout_path = output,
                                             .stderr_path = output};
    pid_t pid = 0;
    struct pm_error error = {0};
    if (!pm_process_start(&config, &pid, &error)) {
        fail_msg("%s", error.message);
    }
    return pid;
}

static void assert_output(const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    assert_true(pm_file_read(output, 10000, &text, &length, NULL));
    assert_string_equal(text, expected);
    free(text);
}

static bool wait_for_output(const char *part)
{
    for (int i = 0; i < 400; i++) {
        char *text = NULL;
        size_t length = 0;
        bool found =
            pm_file_read(output, 10000, &text, &length, NULL) && strstr(text, part) != NULL;
        free(text);
        if (found) {
            return true;
        }
        pm_clock_sleep_ms(5);
    }
    return false;
}

static void output_and_status_come_back(void **state)
{
    (void)state;
    int status = 0;
    pid_t pid = start_shell("echo out; echo err >&2; exit 7", NULL);
    assert_true(pm_process_wait(pid, 5000, &status));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_output("out\nerr\n");
    pid = start_shell("echo more", NULL);
    assert_true(pm_process_wait(pid, 5000, &status));
    assert_output("out\nerr\nmore\n");
}

static void environment_is_added(void **state)
{
    (void)state;
    static const char *const extra[] = {"PM_TEST_NEW=fresh", "PM_TEST_OLD=over", NULL};
    int status = 0;
    setenv("PM_TEST_OLD", "under", 1);
    setenv("PM_TEST_KEPT", "kept", 1);
    pid_t pid = start_shell("echo $PM_TEST_NEW $PM_TEST_OLD $PM_TEST_KEPT", extra);
    assert_true(pm_process_wait(pid, 5000, &status));
    assert_output("fresh over kept\n");
}

/* What mine's user has set for another program is not for mine's children. */
static void settings_can_be_kept_back(void **state)
{
    (void)state;
    static const char *const extra[] = {"POOLMINER_NICE=3", NULL};
    const char *const arguments[] = {
        "/bin/sh", "-c",
        "echo [$POOLMINER_KEY_FILE][$BT_WALLET_NAME][$POOLMINER_SIMD][$POOLMINER_NICE][$POOL]",
        NULL};
    const struct pm_process_config config = {.arguments = arguments,
                                             .environment = extra,
                                             .no_settings = true,
                                             .stdout_path = output,
                                             .stderr_path = output};
    setenv("POOLMINER_KEY_FILE", "/key", 1);
    setenv("BT_WALLET_NAME", "cold", 1);
    setenv("POOLMINER_SIMD", "scalar", 1);
    setenv("POOL", "kept", 1);
    pid_t pid = 0;
    int status = 0;
    assert_true(pm_process_start(&config, &pid, NULL));
    assert_true(pm_process_wait(pid, 5000, &status));
    assert_output("[][][scalar][3][kept]\n");
}

static void descriptors_are_not_inherited(void **state)
{
    (void)state;
    int status = 0;
    int fd = open("/dev/null", O_RDONLY);
    assert_true(dup2(fd, 17) == 17);
    pid_t pid =
        start_shell("if [ -e /proc/self/fd/17 ]; then echo open; else echo closed; fi", NULL);
    assert_true(pm_process_wait(pid, 5000, &status));
    assert_output("closed\n");
    close(17);
    close(fd);
}

static void ignored_signals_are_not_inherited(void **state)
{
    (void)state;
    static const int numbers[] = {SIGPIPE, SIGXFSZ};
    static const char *const scripts[] = {"kill -PIPE $$; echo survived",
                                          "kill -XFSZ $$; echo survived"};
    for (size_t i = 0; i < 2; i++) {
        int status = 0;
        signal(numbers[i], SIG_IGN);
        pid_t pid = start_shell(scripts[i], NULL);
        assert_true(pm_process_wait(pid, 5000, &status));
        signal(numbers[i], SIG_DFL);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == numbers[i]);
    }
}

static void missing_programs_are_named(void **state)
{
    (void)state;
    const char *const arguments[] = {"/no/such/program", NULL};
    const struct pm_process_config config = {.arguments = arguments};
    struct pm_error error = {0};
    pid_t pid = 0;
    assert_false(pm_process_start(&config, &pid, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
    assert_string_equal(error.message, "starting /no/such/program: No such file or directory");
    assert_null(pm_process_sibling("no-such-program", &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
}

static void waiting_has_a_limit(void **state)
{
    (void)state;
    int status = 0;
    pid_t pid = start_shell("exec sleep 30", NULL);
    int64_t before_ms = pm_clock_monotonic_ms();
    assert_false(pm_process_wait(pid, 50, &status));
    assert_false(pm_process_wait(pid, 0, &status));
    assert_in_range(pm_clock_monotonic_ms() - before_ms, 50, 5000);
    status = pm_process_stop(pid, 5000);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(kill(pid, 0), -1);
}

static void the_deaf_are_killed(void **state)
{
    (void)state;
    pid_t pid = start_shell("trap '' TERM; echo ready; while :; do sleep 0.01; done", NULL);
    assert_true(wait_for_output("ready"));
    int64_t before_ms = pm_clock_monotonic_ms();
    int status = pm_process_stop(pid, 100);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_in_range(pm_clock_monotonic_ms() - before_ms, 100, 5000);
}

/* A parent starts a child, writes its pid and is killed: the child must go too. */
static void children_die_with_their_parent(void **state)
{
    (void)state;
    pid_t parent = fork();
    if (parent == 0) {
        start_shell("echo pid $$.; exec sleep 60", NULL);
        pause();
        _exit(0);
    }
    assert_true(wait_for_output("."));
    char *text = NULL;
    size_t length = 0;
    assert_true(pm_file_read(output, 100, &text, &length, NULL));
    pid_t child = (pid_t)strtol(text + 4, NULL, 10);
    free(text);
    assert_int_equal(kill(child, 0), 0);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    bool gone = false;
    for (int i = 0; i < 400 && !gone; i++) {
        /* Nobody may reap the orphan in a bare container: a zombie is as dead. */
        char path[64], stat_line[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
        FILE *file = fopen(path, "r");
        gone = file == NULL || fgets(stat_line, sizeof stat_line, file) == NULL ||
               strstr(stat_line, ") Z ") != NULL;
        if (file != NULL) {
            fclose(file);
        }
        pm_clock_sleep_ms(5);
    }
    assert_true(gone);
}

static void free_ports_are_free(void **state)
{
    (void)state;
    int port = pm_process_free_port();
    assert_in_range(port, 1024, 65535);
}

static void the_first_signal_sets_the_flag(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        pm_stop_install();
        raise(SIGTERM);
        _exit(pm_stop_requested() && atomic_load(pm_stop_flag()) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* timeout(1) signals its child, and then the group that the child is in. */
static void two_signals_at_once_are_one(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        pm_stop_install();
        raise(SIGINT);
        raise(SIGINT);
        raise(SIGTERM);
        _exit(pm_stop_requested() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* Else one could look for the other's time before it is written. */
static void one_signal_waits_for_the_others_handler(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    enum { SIGNALS = sizeof signals / sizeof *signals };
    pid_t child = fork();
    if (child == 0) {
        int wrong = 0;
        pm_stop_install();
        for (size_t i = 0; i < SIGNALS * SIGNALS; i++) {
            struct sigaction action;
            sigaction(signals[i / SIGNALS], NULL, &action);
            wrong += sigismember(&action.sa_mask, signals[i % SIGNALS]) == 1 ? 0 : 1;
        }
        _exit(wrong);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* A terminal that is closed, and Ctrl-\, are wishes to stop in order, too. */
static void every_way_to_ask_sets_the_flag(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t child = fork();
        if (child == 0) {
            pm_stop_install();
            raise(signals[i]);
            _exit(pm_stop_requested() ? 0 : 1);
        }
        int status = 0;
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
    }
}

static void nohup_is_respected(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGHUP, SIG_IGN);
        pm_stop_install();
        raise(SIGHUP);
        _exit(pm_stop_requested() ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void a_later_second_signal_ends_at_once(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        pm_stop_install();
        raise(SIGINT);
        pm_clock_sleep_ms(300);
        raise(SIGTERM);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(output_and_status_come_back),
        TEST(environment_is_added),
        TEST(settings_can_be_kept_back),
        TEST(descriptors_are_not_inherited),
        TEST(ignored_signals_are_not_inherited),
        TEST(missing_programs_are_named),
        TEST(waiting_has_a_limit),
        TEST(the_deaf_are_killed),
        TEST(children_die_with_their_parent),
        TEST(free_ports_are_free),
        TEST(the_first_signal_sets_the_flag),
        TEST(two_signals_at_once_are_one),
        TEST(one_signal_waits_for_the_others_handler),
        TEST(every_way_to_ask_sets_the_flag),
        TEST(nohup_is_respected),
        TEST(a_later_second_signal_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
