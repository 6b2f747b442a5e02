/* Files: limits on reading, all or nothing on writing. */
#include "cmocka_include.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/file.h>

static char directory[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/pm_test_file_XXXXXX");
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command); /* NOLINT(cert-env33-c): the path is our own */
}

static const char *in(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int entries(void)
{
    DIR *open_directory = opendir(directory);
    assert_non_null(open_directory);
    int count = 0;
    while (readdir(open_directory) != NULL) {
        count++;
    }
    closedir(open_directory);
    return count - 2;
}

static void assert_content(const char *path, const char *expected)
{
    char *text = NULL;
    size_t length = 0;
    struct pm_error error = {0};
    if (!pm_file_read(path, 1000, &text, &length, &error)) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(length, strlen(expected));
    assert_string_equal(text, expected);
    free(text);
}

static void writes_and_reads(void **state)
{
    (void)state;
    const char *path = in("a");
    assert_true(pm_file_write_atomic(path, "hello", 5, 0600, false, NULL));
    assert_content(path, "hello");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(entries(), 1);
    assert_true(pm_file_write_atomic(path, "", 0, 0600, true, NULL));
    assert_content(path, "");
}

static void overwrites_only_when_told(void **state)
{
    (void)state;
    struct pm_error error = {0};
    const char *path = in("a");
    assert_true(pm_file_write_atomic(path, "one", 3, 0600, true, NULL));
    assert_false(pm_file_write_atomic(path, "two", 3, 0600, false, &error));
    assert_int_equal(error.code, PM_ERROR_REFUSED);
    assert_content(path, "one");
    assert_true(pm_file_write_atomic(path, "three", 5, 0600, true, NULL));
    assert_content(path, "three");
    assert_int_equal(entries(), 1);
}

static void what_is_no_file_stays_what_it_is(void **state)
{
    (void)state;
    struct pm_error error = {0};
    struct stat status;
    char target[128], link[128], byte = 0;
    snprintf(target, sizeof target, "%s", in("target"));
    snprintf(link, sizeof link, "%s", in("link"));
    assert_int_equal(symlink("target", link), 0);
    assert_false(pm_file_write_atomic(link, "x", 1, 0600, true, &error));
    assert_non_null(strstr(error.message, "a link that leads nowhere"));
    assert_true(pm_file_write_atomic(target, "old", 3, 0600, true, NULL));
    assert_true(pm_file_write_atomic(link, "new", 3, 0600, true, NULL));
    assert_content(target, "new");
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(entries(), 2);
    /* A link to a device: as root, the device itself would be replaced. */
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("/dev/full", link), 0);
    assert_false(pm_file_write_atomic(link, "x", 1, 0600, true, &error));
    assert_non_null(strstr(error.message, "cannot be written: No space left"));
    assert_int_equal(stat(link, &status), 0);
    assert_true(S_ISCHR(status.st_mode));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(mkfifo(link, 0600), 0);
    assert_false(pm_file_write_atomic(link, "x", 1, 0600, true, &error));
    assert_non_null(strstr(error.message, "nobody reads it"));
    int reader = open(link, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    assert_true(pm_file_write_atomic(link, "x", 1, 0600, true, NULL));
    assert_int_equal(read(reader, &byte, 1), 1);
    assert_int_equal(byte, 'x');
    static const char more_than_a_pipe_holds[1 << 20];
    assert_false(pm_file_write_atomic(link, more_than_a_pipe_holds, sizeof more_than_a_pipe_holds,
                                      0600, true, &error));
    assert_non_null(strstr(error.message, "timed out"));
    close(reader);
    assert_int_equal(stat(link, &status), 0);
    assert_true(S_ISFIFO(status.st_mode));
    /* A pipe whose only name is a link that cannot be resolved to a path. */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    snprintf(link, sizeof link, "/proc/self/fd/%d", ends[1]);
    assert_true(pm_file_write_atomic(link, "y", 1, 0600, true, NULL));
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ends[0]);
    close(ends[1]);
}

/* A disk that takes only so much: the old content stays, and no temporary file remains. */
static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    const char *path = in("a");
    assert_true(pm_file_write_atomic(path, "old", 3, 0600, true, NULL));
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {.rlim_cur = 1000, .rlim_max = 1000};
        static char big[5000];
        struct pm_error error = {0};
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
            _exit(2);
        }
        bool done = pm_file_write_atomic(path, big, sizeof big, 0600, true, &error);
        _exit(!done && error.code == PM_ERROR_IO && strstr(error.message, path) != NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_content(path, "old");
    assert_int_equal(entries(), 1);
}

static void reading_has_limits(void **state)
{
    (void)state;
    struct pm_error error = {0};
    char *text = NULL;
    size_t length = 0;
    const char *path = in("a");
    assert_true(pm_file_write_atomic(path, "12345", 5, 0600, true, NULL));
    assert_true(pm_file_read(path, 5, &text, &length, NULL));
    free(text);
    assert_false(pm_file_read(path, 4, &text, &length, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "5 bytes, at most 4 are allowed"));
}

static void odd_paths_are_refused(void **state)
{
    (void)state;
    struct pm_error error = {0};
    char *text = NULL;
    size_t length = 0;
    assert_false(pm_file_read(in("missing"), 10, &text, &length, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, in("missing")));
    assert_false(pm_file_read(directory, 10, &text, &length, &error));
    assert_non_null(strstr(error.message, "not a regular file"));
    assert_int_equal(mkfifo(in("pipe"), 0600), 0);
    assert_false(pm_file_read(in("pipe"), 10, &text, &length, &error));
    assert_non_null(strstr(error.message, "not a regular file"));
    assert_false(pm_file_write_atomic(in("no/such"), "x", 1, 0600, true, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
}

static void makes_directories(void **state)
{
    (void)state;
    struct pm_error error = {0};
    struct stat status;
    assert_true(pm_file_make_directories(in("x/y//z/"), 0700, NULL));
    assert_int_equal(stat(in("x/y/z"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_true(pm_file_make_directories(in("x/y/z"), 0700, NULL));
    assert_true(pm_file_write_atomic(in("file"), "x", 1, 0600, true, NULL));
    assert_false(pm_file_make_directories(in("file/below"), 0700, &error));
    assert_int_equal(error.code, PM_ERROR_IO);
    assert_non_null(strstr(error.message, "is not a directory"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(writes_and_reads),
        TEST(overwrites_only_when_told),
        TEST(what_is_no_file_stays_what_it_is),
        TEST(reading_has_limits),
        TEST(a_failed_write_leaves_the_old_file),
        TEST(odd_paths_are_refused),
        TEST(makes_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
