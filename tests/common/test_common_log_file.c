/* The log in a file: rotated by size, by several processes at a time, without losing a line; moved
 * away by others; and colours, which are for terminals. */
#include "cmocka_include.h"
#include "tests/fake_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/clock.h>
#include <poolminer/file.h>
#include <poolminer/log.h>
#include <poolminer/log_file.h>
#include <poolminer/program.h>
#include <poolminer/stop.h>

enum { PATIENCE_MS = 30000, FILE_MAX = 1 << 20 };

static struct fake_tree tree;
static char path[128];

static int set_up(void **state)
{
    (void)state;
    fake_tree_create(&tree);
    snprintf(path, sizeof path, "%s/logs/deep/mine.log", tree.root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_tree_destroy(&tree);
    return 0;
}

static const char *name_of(int age)
{
    static char name[160];
    snprintf(name, sizeof name, age == 0 ? "%s" : "%s.%d", path, age);
    return name;
}

/* All of the file, to be freed; NULL: there is none. */
static char *read_age(int age)
{
    char *text = NULL;
    size_t length;
    return pm_file_read(name_of(age), FILE_MAX, &text, &length, NULL) ? text : NULL;
}

static struct pm_log_file *open_file(int64_t size_bytes, int files)
{
    struct pm_error error = {0};
    const struct pm_log_file_config config = {
        .path = path, .size_bytes = size_bytes, .files = files};
    struct pm_log_file *file = pm_log_file_open(&config, &error);
    if (file == NULL) {
        fail_msg("%s", error.message);
    }
    return file;
}

static void assert_age(int age, const char *expected)
{
    char *text = read_age(age);
    if (expected == NULL) {
        assert_null(text);
        return;
    }
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void a_full_file_becomes_an_older_one(void **state)
{
    (void)state;
    struct pm_log_file *file = open_file(10, 3);
    static const char *const lines[] = {"one 1\n", "two\n", "three\n", "four\n", "five\n", "six\n"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(pm_log_file_write(file, lines[i], strlen(lines[i])));
    }
    assert_age(0, "four\n");
    assert_age(1, "three\n");
    assert_age(2, "one 1\ntwo\n");
    assert_true(pm_log_file_write(file, "five\n", 5)); /* fits to the byte */
    assert_age(0, "four\nfive\n");
    assert_true(pm_log_file_write(file, "a line of its own\n", 18)); /* longer than a file */
    assert_true(pm_log_file_write(file, "six\n", 4));
    assert_age(0, "six\n");
    assert_age(1, "a line of its own\n");
    assert_age(2, "four\nfive\n");
    assert_age(3, NULL);
    pm_log_file_close(file);

    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    file = open_file(10, 1); /* goes on where it was; and without older ones */
    assert_true(pm_log_file_write(file, "more\n", 5));
    assert_age(0, "six\nmore\n");
    assert_true(pm_log_file_write(file, "last\n", 5));
    assert_age(0, "last\n");
    pm_log_file_close(file);
}

static void a_file_that_others_move_is_begun_anew(void **state)
{
    (void)state;
    char away[160];
    struct pm_log_file *file = open_file(1000, 5);
    assert_true(pm_log_file_write(file, "before\n", 7));
    snprintf(away, sizeof away, "%s-20261130", path);
    assert_int_equal(rename(path, away), 0);
    assert_true(pm_log_file_write(file, "after\n", 6));
    assert_age(0, "after\n");
    assert_int_equal(unlink(path), 0);
    assert_true(pm_log_file_write(file, "and on\n", 7));
    assert_age(0, "and on\n");
    pm_log_file_close(file);
}

/* ---- several processes ---- */

enum { WRITERS = 4, LINES = 1500, FILES = 400 };

static void write_lines(int writer)
{
    struct pm_log_file *file = open_file(1000, FILES);
    for (int i = 0; i < LINES; i++) {
        char text[64];
        const int length = snprintf(text, sizeof text, "writer %d line %d of many\n", writer, i);
        if (!pm_log_file_write(file, text, (size_t)length)) {
            _exit(1);
        }
    }
    _exit(0);
}

/* From the oldest file to the newest, each writer's lines come in order and none is missing. */
static void writers_do_not_lose_each_others_lines(void **state)
{
    (void)state;
    pid_t writers[WRITERS];
    int next[WRITERS] = {0}, files = 0, strays = 0;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            write_lines(i);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status;
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_int_equal(status, 0);
    }
    for (int age = FILES; age >= 0; age--) {
        char *text = read_age(age);
        if (text == NULL) {
            continue;
        }
        files++;
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            int writer = -1, number = -1;
            char end = '\0';
            assert_int_equal(sscanf(line, "writer %d line %d of man%c", &writer, &number, &end), 3);
            assert_true(writer >= 0 && writer < WRITERS && end == 'y');
            strays += number == next[writer] ? 0 : 1;
            next[writer] = number + 1;
        }
        free(text);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(next[i], LINES);
    }
    assert_int_equal(strays, 0);
    assert_true(files > 100 && files < FILES);
}

/* ---- the log in it ---- */

/* All up to the end of the last line, "loud"; a terminal may hand it over in pieces. */
static const char *said_to(int descriptor)
{
    static char text[4096];
    size_t length = 0;
    do {
        struct pollfd awaited = {.fd = descriptor, .events = POLLIN};
        assert_int_equal(poll(&awaited, 1, PATIENCE_MS), 1);
        const ssize_t count = read(descriptor, text + length, sizeof text - 1 - length);
        assert_true(count > 0);
        length += (size_t)count;
        text[length] = '\0';
    } while (strstr(text, "loud") == NULL || text[length - 1] != '\n');
    return text;
}

/* What `body` writes to standard error while that is `descriptor`. */
static void with_standard_error(int descriptor, void (*body)(void))
{
    const int saved = dup(STDERR_FILENO);
    dup2(descriptor, STDERR_FILENO);
    body();
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void log_two_lines(void)
{
    pm_log_init("p", PM_LOG_INFO, PM_LOG_TEXT);
    pm_log(PM_LOG_INFO, "LOW", "quiet");
    pm_log(PM_LOG_WARN, "HIGH", "loud");
}

static void standard_error_keeps_what_is_wrong(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct pm_log_file *file = open_file(100000, 2);
    pm_log_set_file(file);
    assert_true(pm_log_has_file());
    with_standard_error(ends[1], log_two_lines);
    const char *said = said_to(ends[0]);
    assert_null(strstr(said, "quiet"));
    assert_non_null(strstr(said, "WARN  p HIGH loud\n"));
    char *text = read_age(0);
    assert_non_null(strstr(text, "INFO  p LOW quiet\n"));
    assert_non_null(strstr(text, "WARN  p HIGH loud\n"));
    free(text);

    /* What the file does not take is said where it still can be. */
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const struct rlimit small = {1, limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    with_standard_error(ends[1], log_two_lines);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_non_null(strstr(said_to(ends[0]), "INFO  p LOW quiet\n"));
    pm_log_set_file(NULL);
    pm_log_file_close(file);
    close(ends[0]);
    close(ends[1]);
}

static void log_into_json(void)
{
    pm_log_init("p", PM_LOG_INFO, PM_LOG_JSON);
    pm_log(PM_LOG_WARN, "HIGH", "loud");
}

static void colours_are_for_terminals(void **state)
{
    (void)state;
    int master, terminal, ends[2];
    assert_int_equal(openpty(&master, &terminal, NULL, NULL, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    with_standard_error(ends[1], log_two_lines);
    assert_null(strchr(said_to(ends[0]), '\x1b'));
    with_standard_error(terminal, log_two_lines);
    assert_non_null(strstr(said_to(master), " \x1b[33mWARN \x1b[0m p HIGH loud"));
    with_standard_error(terminal, log_into_json);
    assert_null(strchr(said_to(master), '\x1b'));
    setenv("NO_COLOR", "1", 1);
    with_standard_error(terminal, log_two_lines);
    assert_null(strchr(said_to(master), '\x1b'));
    setenv("NO_COLOR", "", 1); /* which means nothing */
    setenv("TERM", "dumb", 1);
    with_standard_error(terminal, log_two_lines);
    assert_null(strchr(said_to(master), '\x1b'));
    close(master);
    close(terminal);
    close(ends[0]);
    close(ends[1]);
}

/* ---- a service ---- */

/* A program that belongs to no terminal, until it is asked to stop. */
static int serve(void)
{
    static const struct pm_option table[] = {PM_PROGRAM_LOG_OPTIONS};
    static const struct pm_program program = {
        .name = "poolminer-test", .log_name = "test", .usage = "", .purpose = ""};
    char name[] = "poolminer-test", option[] = "--log-file";
    char *const arguments[] = {name, option, path, NULL};
    struct pm_options *options = pm_options_create(table, sizeof table / sizeof *table);
    int status = 0;
    setsid();
    if (options == NULL || !pm_program_start(&program, options, 3, arguments, &status)) {
        return 70;
    }
    while (!pm_stop_requested()) {
        pm_log(PM_LOG_INFO, "TEST-TICK", "on");
        pm_clock_sleep_ms(20);
    }
    pm_options_destroy(options);
    return 0;
}

static void await_file(void)
{
    const int64_t until_ms = pm_clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        char *text = read_age(0);
        const bool there = text != NULL && strstr(text, "TEST-TICK on\n") != NULL;
        free(text);
        if (there) {
            return;
        }
        assert_true(pm_clock_monotonic_ms() < until_ms);
        pm_clock_sleep_ms(10);
    }
}

static void a_service_outlives_a_rotator(void **state)
{
    (void)state;
    char away[160];
    int status = -1;
    const pid_t child = fork();
    if (child == 0) {
        _exit(serve());
    }
    await_file();
    snprintf(away, sizeof away, "%s.old", path);
    assert_int_equal(rename(path, away), 0);
    assert_int_equal(kill(child, SIGHUP), 0);
    await_file();
    assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_place_that_takes_no_log_is_told(void **state)
{
    (void)state;
    struct pm_error error = {0};
    fake_tree_write(&tree, "plain", "");
    snprintf(path, sizeof path, "%s/plain/mine.log", tree.root);
    const struct pm_log_file_config config = {.path = path, .size_bytes = 1, .files = 1};
    assert_null(pm_log_file_open(&config, &error));
    assert_non_null(strstr(error.message, "/plain"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_file_becomes_an_older_one),
        TEST(a_file_that_others_move_is_begun_anew),
        TEST(writers_do_not_lose_each_others_lines),
        TEST(standard_error_keeps_what_is_wrong),
        TEST(colours_are_for_terminals),
        TEST(a_service_outlives_a_rotator),
        TEST(a_place_that_takes_no_log_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
