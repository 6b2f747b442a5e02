/* Passwords from descriptors, and from a terminal that must not show them. */
#include "cmocka_include.h"

#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/password.h>

static int pipe_with(const void *bytes, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes, size), size);
    close(ends[1]);
    return ends[0];
}

static void a_line_is_read_and_no_more(void **state)
{
    (void)state;
    char password[PM_PASSWORD_SIZE];
    int fd = pipe_with("first one\nsecond", 16);
    assert_true(pm_password_read(fd, password, NULL));
    assert_string_equal(password, "first one");
    assert_true(pm_password_read(fd, password, NULL)); /* the end of the input ends a line too */
    assert_string_equal(password, "second");
    close(fd);
}

static void assert_refused(const void *bytes, size_t size, enum pm_error_code code)
{
    char password[PM_PASSWORD_SIZE];
    struct pm_error error = {0};
    int fd = pipe_with(bytes, size);
    assert_false(pm_password_read(fd, password, &error));
    assert_int_equal(error.code, code);
    assert_int_equal(password[0], '\0');
    close(fd);
}

static void odd_ones_are_refused(void **state)
{
    (void)state;
    char longest[PM_PASSWORD_SIZE + 1], password[PM_PASSWORD_SIZE];
    memset(longest, 'x', sizeof longest);
    assert_refused("", 0, PM_ERROR_INVALID);
    assert_refused("\n", 1, PM_ERROR_INVALID);
    assert_refused("a\0b\n", 4, PM_ERROR_INVALID);
    assert_refused(longest, PM_PASSWORD_SIZE, PM_ERROR_LIMIT);
    int fd = pipe_with(longest, PM_PASSWORD_SIZE - 1);
    assert_true(pm_password_read(fd, password, NULL));
    assert_int_equal(strlen(password), PM_PASSWORD_SIZE - 1);
    close(fd);
    assert_false(pm_password_read(fd, password, NULL)); /* closed */
}

/* Reads what the terminal shows until `text` is in it. */
static void await_text(int terminal, const char *text, char *shown, size_t size)
{
    size_t length = strlen(shown);
    while (strstr(shown, text) == NULL) {
        ssize_t count = read(terminal, shown + length, size - 1 - length);
        if (count <= 0) {
            fail_msg("the terminal shows only: %s", shown);
        }
        length += (size_t)count;
        shown[length] = '\0';
    }
}

static void a_terminal_does_not_show_it(void **state)
{
    (void)state;
    int terminal = -1, status = 0;
    char shown[1024] = "";
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        char password[PM_PASSWORD_SIZE] = "";
        struct termios settings;
        bool good = pm_password_ask("Password, please: ", password, NULL) &&
                    strcmp(password, "tell nobody") == 0;
        tcgetattr(STDIN_FILENO, &settings);
        puts((settings.c_lflag & ECHO) != 0 ? "echo is on again" : "echo stays off");
        fflush(stdout);
        _exit(good ? 0 : 1);
    }
    await_text(terminal, "Password, please: ", shown, sizeof shown);
    assert_int_equal(write(terminal, "tell nobody\n", 12), 12);
    await_text(terminal, "echo is on again", shown, sizeof shown);
    assert_null(strstr(shown, "tell"));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(terminal);
}

static void without_a_terminal_the_way_out_is_told(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char password[PM_PASSWORD_SIZE];
        struct pm_error error = {0};
        setsid(); /* which leaves the terminal */
        bool asked = pm_password_ask("", password, &error);
        _exit(!asked && error.code == PM_ERROR_REFUSED &&
                      strstr(error.message, "--password-fd") != NULL
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_and_no_more),
        cmocka_unit_test(odd_ones_are_refused),
        cmocka_unit_test(a_terminal_does_not_show_it),
        cmocka_unit_test(without_a_terminal_the_way_out_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
