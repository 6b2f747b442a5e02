/* How every program starts and ends: what it finds out before it does anything, and what it says
 * when its words could not be written. Each case is a process of its own. */
#include "cmocka_include.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/json.h>
#include <poolminer/program.h>

static const struct pm_option OPTIONS[] = {
    {.name = "port", .type = PM_OPTION_INTEGER, .default_value = "1", .minimum = 1, .maximum = 9},
    PM_PROGRAM_LOG_OPTIONS,
};

static const struct pm_program PROGRAM = {.name = "poolminer-test",
                                          .log_name = "test",
                                          .usage = "poolminer-test [OPTION]... [WORD]",
                                          .purpose = "Tests.",
                                          .positional_max = 1};

struct said {
    int status;
    char out[4096], err[4096];
};

static void read_to_end(int descriptor, char *out, size_t size)
{
    size_t used = 0;
    ssize_t count;
    while (used + 1 < size && (count = read(descriptor, out + used, size - 1 - used)) > 0) {
        used += (size_t)count;
    }
    out[used] = '\0';
    close(descriptor);
}

/* Runs `body` in a child and returns what it wrote and its exit status. */
static struct said in_child(int (*body)(void))
{
    struct said said = {0};
    int out[2], err[2], status = 0;
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        closefrom(STDERR_FILENO + 1);
        int result = body();
        fflush(stdout);
        _exit(result);
    }
    close(out[1]);
    close(err[1]);
    read_to_end(out[0], said.out, sizeof said.out);
    read_to_end(err[0], said.err, sizeof said.err);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    said.status = WEXITSTATUS(status);
    return said;
}

/* What a program's main does: 70 + the status it is to end with, or 0 when it may go on. */
static int start_with(int argc, char *const argv[])
{
    int status = 0;
    struct pm_options *options = pm_options_create(OPTIONS, sizeof OPTIONS / sizeof *OPTIONS);
    bool started = options != NULL && pm_program_start(&PROGRAM, options, argc, argv, &status);
    pm_options_destroy(options);
    return started ? 0 : 70 + status;
}

#define START_WITH(...)                                                                            \
    char *argv[] = {(char[]){"poolminer-test"}, __VA_ARGS__, NULL};                                \
    return start_with((int)(sizeof argv / sizeof *argv) - 1, argv)

static int ask_for_help(void)
{
    setenv("POOLMINER_LOG_LEVEL", "loud", 1); /* no mistake elsewhere hides the help */
    START_WITH((char[]){"--help"});
}

static int ask_for_the_version(void)
{
    START_WITH((char[]){"--version"});
}

static int start_well(void)
{
    START_WITH((char[]){"--port"}, (char[]){"3"}, (char[]){"word"});
}

static int give_a_bad_value(void)
{
    START_WITH((char[]){"--port"}, (char[]){"10"});
}

static int give_too_many_words(void)
{
    START_WITH((char[]){"one"}, (char[]){"two"});
}

static void a_start_goes_on_or_says_why_not(void **state)
{
    (void)state;
    struct said said = in_child(ask_for_help);
    assert_int_equal(said.status, 70 + EXIT_SUCCESS);
    assert_non_null(strstr(said.out, "Usage: poolminer-test [OPTION]... [WORD]"));
    said = in_child(ask_for_the_version);
    assert_int_equal(said.status, 70 + EXIT_SUCCESS);
    assert_string_equal(said.out, "poolminer-test " PM_VERSION "\n");
    said = in_child(start_well);
    assert_int_equal(said.status, 0);
    assert_string_equal(said.err, "");
    said = in_child(give_a_bad_value);
    assert_int_equal(said.status, 70 + PM_EXIT_USAGE);
    assert_non_null(strstr(said.err, "poolminer-test: command line: --port: 10 is out of range"));
    said = in_child(give_too_many_words);
    assert_int_equal(said.status, 70 + PM_EXIT_USAGE);
    assert_non_null(strstr(said.err, "unexpected argument \"two\""));
}

/* ---- descriptors ---- */

static int open_something_with_all_closed(void)
{
    int report = dup(STDERR_FILENO);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    bool entered = pm_program_enter("poolminer-test");
    int next = open("/dev/null", O_RDONLY);
    char byte = 0;
    bool still_fail = read(STDIN_FILENO, &byte, 1) < 0 && write(STDOUT_FILENO, "x", 1) < 0;
    dprintf(report, "%d\n", next);
    return entered && next > STDERR_FILENO && still_fail ? 0 : 1;
}

static void closed_standard_descriptors_are_not_given_away(void **state)
{
    (void)state;
    struct said said = in_child(open_something_with_all_closed);
    assert_int_equal(said.status, 0);
}

static int enter_with_five_files(void)
{
    const struct rlimit limit = {5, 5};
    setrlimit(RLIMIT_NOFILE, &limit);
    return pm_program_enter("poolminer-test") ? 0 : 1;
}

static int enter_with_a_low_soft_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 5;
    setrlimit(RLIMIT_NOFILE, &limit);
    bool entered = pm_program_enter("poolminer-test");
    getrlimit(RLIMIT_NOFILE, &limit);
    return entered && limit.rlim_cur >= 64 ? 0 : 1;
}

static void too_few_files_are_said_at_once(void **state)
{
    (void)state;
    struct said said = in_child(enter_with_five_files);
    assert_int_equal(said.status, 1);
    assert_string_equal(said.err, "poolminer-test: only 5 files may be open at once, 64 are "
                                  "needed; raise the limit (ulimit -n 1024)\n");
    said = in_child(enter_with_a_low_soft_limit);
    assert_int_equal(said.status, 0);
    assert_string_equal(said.err, "");
}

/* ---- threads ---- */

static int enter_without_room_for_a_stack(void)
{
    const struct rlimit limit = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_AS, &limit);
    return pm_program_enter("poolminer-test") ? 0 : 1;
}

static void too_few_threads_are_said_at_once(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its shadow needs more addresses than the limit leaves */
#endif
    struct said said = in_child(enter_without_room_for_a_stack);
    assert_int_equal(said.status, 1);
    assert_string_equal(said.err,
                        "poolminer-test: only 0 more threads may be started, 8 are needed; raise "
                        "the limit (ulimit -u, ulimit -v, pids.max)\n");
}

/* ---- standard output ---- */

static int leave_with(int status, const char *path)
{
    int descriptor = open(path, O_WRONLY);
    dup2(descriptor, STDOUT_FILENO);
    puts("the result");
    return pm_program_leave("poolminer-test", status);
}

static int leave_a_full_disk(void)
{
    return leave_with(EXIT_SUCCESS, "/dev/full");
}

static int leave_a_full_disk_with_2(void)
{
    return leave_with(PM_EXIT_USAGE, "/dev/full");
}

static int leave_after_an_earlier_failure(void)
{
    int descriptor = open("/dev/full", O_WRONLY);
    dup2(descriptor, STDOUT_FILENO);
    puts("a line");
    fflush(stdout);
    descriptor = open("/dev/null", O_WRONLY);
    dup2(descriptor, STDOUT_FILENO);
    return pm_program_leave("poolminer-test", EXIT_SUCCESS);
}

static int leave_well(void)
{
    puts("the result");
    return pm_program_leave("poolminer-test", EXIT_SUCCESS);
}

static int leave_with_output_closed(bool optional)
{
    close(STDOUT_FILENO);
    if (!pm_program_enter("poolminer-test")) {
        return EXIT_FAILURE;
    }
    if (optional) {
        pm_program_output_is_optional();
    }
    puts("a line");
    return pm_program_leave("poolminer-test", EXIT_SUCCESS);
}

static int leave_unwatched(void)
{
    return leave_with_output_closed(true);
}

static int leave_without_the_product(void)
{
    return leave_with_output_closed(false);
}

static int leave_optional_output_well(void)
{
    pm_program_output_is_optional();
    return leave_well();
}

static void closed_output_is_a_choice_where_nobody_needs_it(void **state)
{
    (void)state;
    struct said said = in_child(leave_unwatched);
    assert_int_equal(said.status, EXIT_SUCCESS);
    assert_string_equal(said.err, "");
    assert_int_equal(in_child(leave_without_the_product).status, EXIT_FAILURE);
    assert_string_equal(in_child(leave_optional_output_well).out, "the result\n");
}

static void lost_output_is_a_failure(void **state)
{
    (void)state;
    struct said said = in_child(leave_well);
    assert_int_equal(said.status, EXIT_SUCCESS);
    assert_string_equal(said.out, "the result\n");
    said = in_child(leave_a_full_disk);
    assert_int_equal(said.status, EXIT_FAILURE);
    assert_non_null(strstr(said.err, "poolminer-test: standard output: No space left on device"));
    assert_int_equal(in_child(leave_a_full_disk_with_2).status, PM_EXIT_USAGE);
    assert_int_equal(in_child(leave_after_an_earlier_failure).status, EXIT_FAILURE);
}

/* ---- being ready, being somebody ---- */

static void readiness_is_written_whole(void **state)
{
    (void)state;
    char path[] = "/tmp/pm_test_ready_XXXXXX", *text = NULL;
    size_t length = 0;
    cJSON *root = NULL;
    int64_t port = 0, pid = 0;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_true(pm_program_ready(NULL, 8123, NULL));
    assert_true(pm_program_ready(path, 8123, NULL));
    assert_true(pm_file_read(path, 4096, &text, &length, NULL));
    assert_true(pm_json_parse(text, length, 4096, &root, NULL));
    assert_true(pm_json_integer(root, "port", &port, NULL));
    assert_true(pm_json_integer(root, "pid", &pid, NULL));
    assert_int_equal(port, 8123);
    assert_int_equal(pid, getpid());
    cJSON_Delete(root);
    free(text);
    unlink(path);
    struct pm_error error = {0};
    assert_false(pm_program_ready("/nonexistent/ready", 1, &error));
    assert_non_null(strstr(error.message, "/nonexistent/ready"));
}

static void a_client_is_named_by_role_host_and_process(void **state)
{
    (void)state;
    char name[PM_PROGRAM_CLIENT_NAME_SIZE], end[32];
    pm_program_client_name("worker", name);
    snprintf(end, sizeof end, "-%ld", (long)getpid());
    assert_int_equal(strncmp(name, "worker-", 7), 0);
    assert_string_equal(name + strlen(name) - strlen(end), end);
    for (const char *c = name; *c != '\0'; c++) {
        assert_true(*c > ' ' && *c <= '~');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_goes_on_or_says_why_not),
        cmocka_unit_test(closed_standard_descriptors_are_not_given_away),
        cmocka_unit_test(too_few_files_are_said_at_once),
        cmocka_unit_test(too_few_threads_are_said_at_once),
        cmocka_unit_test(lost_output_is_a_failure),
        cmocka_unit_test(closed_output_is_a_choice_where_nobody_needs_it),
        cmocka_unit_test(readiness_is_written_whole),
        cmocka_unit_test(a_client_is_named_by_role_host_and_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
