/* The supervisor over shell scripts: starting again, giving up, readiness, stopping in order. */
#include "cli/supervise.h"
#include "cmocka_include.h"
#include "own_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/log.h>

static char directory[64], log_path[128];

static int set_up(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/pm_test_supervise_XXXXXX");
    if (mkdtemp(directory) == NULL) {
        return -1;
    }
    snprintf(log_path, sizeof log_path, "%s/log", directory);
    pm_log_init("test", PM_LOG_ERROR, PM_LOG_TEXT);
    *state = supervisor_create();
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[128];
    supervisor_destroy(*state);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command); /* NOLINT(cert-env33-c): the path is our own */
}

static size_t start(struct supervisor *supervisor, const char *script, struct child_config config)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};
    struct pm_error error = {0};
    size_t index = 0;
    config.name = config.name != NULL ? config.name : "child";
    config.arguments = arguments;
    config.log_path = log_path;
    if (!supervisor_start(supervisor, &config, &index, &error)) {
        fail_msg("%s", error.message);
    }
    return index;
}

static char *said(void)
{
    char *text = NULL;
    size_t length = 0;
    assert_true(pm_file_read(log_path, 10000, &text, &length, NULL));
    return text;
}

static void assert_said(const char *expected)
{
    char *text = said();
    assert_string_equal(text, expected);
    free(text);
}

/* Polls until `supervisor_poll` fails, the child is over, or time is up. */
static bool poll_until_over(struct supervisor *supervisor, size_t index, int64_t limit_ms,
                            struct pm_error *error)
{
    int64_t until_ms = pm_clock_monotonic_ms() + limit_ms;
    while (pm_clock_monotonic_ms() < until_ms && !supervisor_ended(supervisor, index)) {
        if (!supervisor_poll(supervisor, error)) {
            return false;
        }
        pm_clock_sleep_ms(5);
    }
    return true;
}

static void a_child_may_end(void **state)
{
    struct supervisor *supervisor = *state;
    size_t index = start(supervisor, "echo done", (struct child_config){.may_end = true});
    assert_true(poll_until_over(supervisor, index, 5000, NULL));
    assert_true(supervisor_ended(supervisor, index));
    assert_said("done\n");
}

static void an_unexpected_end_is_named(void **state)
{
    struct pm_error error = {0};
    size_t index = start(*state, "exit 3", (struct child_config){.may_end = true, .name = "pool"});
    assert_false(poll_until_over(*state, index, 5000, &error));
    assert_string_equal(error.message, "the pool ended with status 3; its own message says why");
    index = start(*state, "kill -9 $$", (struct child_config){.may_end = true, .name = "driver"});
    assert_false(poll_until_over(*state, index, 5000, &error));
    assert_string_equal(error.message,
                        "the driver was killed by signal 9; its own message says why");
}

static void a_child_is_started_again(void **state)
{
    struct supervisor *supervisor = *state;
    char script[256];
    /* The first run fails, the second stays. */
    snprintf(script, sizeof script,
             "if [ -e %s/been ]; then echo second; exec sleep 30; fi; touch %s/been; kill -9 $$",
             directory, directory);
    size_t index = start(supervisor, script, (struct child_config){.restarts = true});
    assert_true(poll_until_over(supervisor, index, 1500, NULL));
    assert_false(supervisor_ended(supervisor, index));
    assert_said("second\n");
}

/* 0.25 + 0.5 + 1 + 2 seconds of pauses: the longest test here. */
static void a_crash_loop_ends(void **state)
{
    struct pm_error error = {0};
    int64_t start_ms = pm_clock_monotonic_ms();
    size_t index =
        start(*state, "echo try; kill -9 $$", (struct child_config){.restarts = true, .name = "x"});
    assert_false(poll_until_over(*state, index, 20000, &error));
    assert_string_equal(error.message, "the x was killed by signal 9 five times in a row soon "
                                       "after its start; its own message says why");
    assert_said("try\ntry\ntry\ntry\ntry\n");
    assert_in_range(pm_clock_monotonic_ms() - start_ms, 3750, 15000);
}

/* Another try would only say the same again. */
static void a_mistake_is_not_repeated(void **state)
{
    struct pm_error error = {0};
    char script[256];
    size_t index =
        start(*state, "echo bad; exit 1", (struct child_config){.restarts = true, .name = "x"});
    assert_false(poll_until_over(*state, index, 5000, &error));
    assert_string_equal(error.message, "the x ended with status 1; its own message says why");
    snprintf(script, sizeof script,
             "if [ -e %s/been ]; then echo usage; exit 2; fi; touch %s/been; kill -9 $$", directory,
             directory);
    index = start(*state, script, (struct child_config){.restarts = true, .name = "y"});
    assert_false(poll_until_over(*state, index, 5000, &error));
    assert_string_equal(error.message, "the y ended with status 2; its own message says why");
    assert_said("bad\nusage\n");
}

static void readiness_is_waited_for(void **state)
{
    struct pm_error error = {0};
    char script[512], ready[128];
    int port = 0;
    snprintf(ready, sizeof ready, "%s/ready", directory);
    snprintf(script, sizeof script,
             "sleep 0.1; echo '{\"port\":4711,\"pid\":1}' > %s.new; mv %s.new %s; exec sleep 30",
             ready, ready, ready);
    size_t index = start(*state, script, (struct child_config){.name = "pool"});
    assert_true(supervisor_wait_ready(*state, index, ready, 5000, &port, &error));
    assert_int_equal(port, 4711);
    assert_false(supervisor_wait_ready(*state, index, "/no/such", 100, &port, &error));
    assert_string_equal(error.message, "the pool was not ready after 0 s");
    index = start(*state, "exit 2", (struct child_config){.name = "sidecar"});
    assert_false(supervisor_wait_ready(*state, index, "/no/such", 5000, &port, &error));
    assert_string_equal(error.message, "the sidecar ended with status 2; its own message says why");
}

static void stages_stop_in_order(void **state)
{
    static const char *const script = "trap 'sleep 0.1; echo $0 $NAME; exit' TERM; echo up >&2; "
                                      "while :; do sleep 0.01; done";
    struct supervisor *supervisor = *state;
    setenv("NAME", "sidecar", 1);
    start(supervisor, script, (struct child_config){.stage = STOP_SECOND});
    setenv("NAME", "driver", 1);
    start(supervisor, script, (struct child_config){.stage = STOP_FIRST});
    for (int i = 0; i < 400; i++) {
        char *text = access(log_path, R_OK) == 0 ? said() : NULL;
        bool both = text != NULL && strcmp(text, "up\nup\n") == 0;
        free(text);
        if (both) {
            break;
        }
        pm_clock_sleep_ms(5);
    }
    supervisor_stop(supervisor, SUPERVISOR_STOP_MS);
    assert_said("up\nup\n/bin/sh driver\n/bin/sh sidecar\n");
}

static void the_deaf_do_not_delay_the_end(void **state)
{
    static const char *const deaf = "trap '' TERM INT; while :; do sleep 0.05; done";
    struct supervisor *supervisor = *state;
    for (int i = 0; i < 3; i++) {
        start(supervisor, deaf, (struct child_config){.stage = STOP_FIRST, .restarts = true});
        start(supervisor, deaf, (struct child_config){.stage = STOP_SECOND, .restarts = true});
    }
    pm_clock_sleep_ms(200);
    const int64_t start_ms = pm_clock_monotonic_ms(), own_ms = own_clock_ms();
    supervisor_stop(supervisor, SUPERVISOR_STOP_MS);
    assert_true(pm_clock_monotonic_ms() - start_ms >= 500);
    assert_true(own_clock_ms() - own_ms < 2000);
    assert_true(supervisor_poll(supervisor, NULL));
    for (size_t i = 0; i < 6; i++) {
        assert_true(supervisor_ended(supervisor, i));
    }
}

static void a_missing_program_is_named(void **state)
{
    const char *const arguments[] = {"/no/such/poolminer-pool", NULL};
    const struct child_config config = {.name = "pool", .arguments = arguments};
    struct pm_error error = {0};
    assert_false(supervisor_start(*state, &config, NULL, &error));
    assert_non_null(strstr(error.message, "/no/such/poolminer-pool"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_child_may_end),
        TEST(an_unexpected_end_is_named),
        TEST(a_child_is_started_again),
        TEST(a_crash_loop_ends),
        TEST(a_mistake_is_not_repeated),
        TEST(readiness_is_waited_for),
        TEST(stages_stop_in_order),
        TEST(a_missing_program_is_named),
        TEST(the_deaf_do_not_delay_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
