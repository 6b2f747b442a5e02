#include "run_program.h"

#include "cmocka_include.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/process.h>

enum { OUTPUT_MAX = 16 * 1024 * 1024, PATH_SIZE = 512 };

void make_directory(char *path, size_t size)
{
    snprintf(path, size, "/tmp/pm_test_XXXXXX");
    assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void remove_directory(const char *path)
{
    assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

char test_home[64];

int test_home_set_up(void **state)
{
    (void)state;
    make_directory(test_home, sizeof test_home);
    return 0;
}

int test_home_tear_down(void **state)
{
    (void)state;
    remove_directory(test_home);
    return 0;
}

const char *write_text(const char *directory, const char *name, const char *text)
{
    static char path[PATH_SIZE];
    struct pm_error error = {0};
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (!pm_file_write_atomic(path, text, strlen(text), 0600, true, &error)) {
        fail_msg("%s", error.message);
    }
    return path;
}

static char *read_output(const char *path)
{
    char *text = NULL;
    size_t length = 0;
    struct pm_error error = {0};
    if (!pm_file_read(path, OUTPUT_MAX, &text, &length, &error)) {
        fail_msg("%s", error.message);
    }
    unlink(path);
    return text;
}

/* The children's directory is this process's while they start: tests run one program at a time. */
static void start_in(const char *directory, const struct pm_process_config *config, pid_t *pid)
{
    struct pm_error error = {0};
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(here >= 0);
    assert_int_equal(chdir(directory), 0);
    bool started = pm_process_start(config, pid, &error);
    assert_int_equal(fchdir(here), 0);
    close(here);
    if (!started) {
        fail_msg("%s", error.message);
    }
}

struct output run_program(const char *directory, const char *const *arguments,
                          const char *const *environment, int64_t timeout_ms)
{
    char out_path[PATH_SIZE], err_path[PATH_SIZE];
    struct output output = {0};
    int status = 0;
    pid_t pid = 0;
    snprintf(out_path, sizeof out_path, "%s/.stdout", directory);
    snprintf(err_path, sizeof err_path, "%s/.stderr", directory);
    const struct pm_process_config config = {.arguments = arguments,
                                             .environment = environment,
                                             .stdout_path = out_path,
                                             .stderr_path = err_path};
    int64_t start_ms = pm_clock_monotonic_ms();
    start_in(directory, &config, &pid);
    if (!pm_process_wait(pid, timeout_ms, &status)) {
        status = pm_process_stop(pid, 3000);
        output.status = -1;
    } else {
        output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    output.took_ms = pm_clock_monotonic_ms() - start_ms;
    output.out = read_output(out_path);
    output.err = read_output(err_path);
    return output;
}

void output_clear(struct output *output)
{
    free(output->out);
    free(output->err);
    *output = (struct output){0};
}

struct output run_at_home(const char *directory, const char *const *arguments, int64_t timeout_ms)
{
    char home[PATH_SIZE], data[PATH_SIZE], state[PATH_SIZE], configuration[PATH_SIZE];
    snprintf(home, sizeof home, "HOME=%s", directory);
    snprintf(data, sizeof data, "XDG_DATA_HOME=%s/data", directory);
    snprintf(state, sizeof state, "XDG_STATE_HOME=%s/state", directory);
    snprintf(configuration, sizeof configuration, "XDG_CONFIG_HOME=%s", directory);
    const char *const environment[] = {
        home, data, state, configuration, "POOLMINER_CONFIG=", "SCIKIT_LEARN_DATA=", NULL};
    return run_program(directory, arguments, environment, timeout_ms);
}

void expect_output(struct output output, int status, const char *out_part, const char *err_part)
{
    if (output.status != status || strstr(output.out, out_part) == NULL ||
        strstr(output.err, err_part) == NULL) {
        fail_msg("status %d\nstandard output: %s\nstandard error: %s", output.status, output.out,
                 output.err);
    }
    output_clear(&output);
}
