/* The password of an encrypted hotkey, for as long as a program has it. */
#include "cli/key.h"
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The descriptor to read a line from; the writing end is closed. */
static int pipe_with(const char *line)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], line, strlen(line)), (ssize_t)strlen(line));
    close(ends[1]);
    return ends[0];
}

static void who_holds_a_password_leaves_no_core(void **state)
{
    (void)state;
    char directory[64], path[96], number[16], *password = NULL;
    struct pm_error error = {0};
    struct rlimit limit;
    static const struct pm_option rows[] = {KEY_PASSWORD_OPTION};
    make_directory(directory, sizeof directory);
    snprintf(path, sizeof path, "%s/key", directory);
    write_text(directory, "key", "$NACL and bytes that are not looked at");
    int fd = pipe_with("open sesame\n");
    snprintf(number, sizeof number, "%d", fd);
    struct pm_options *options = pm_options_create(rows, 1);
    char *const arguments[] = {"key", "--password-fd", number, NULL};
    assert_true(pm_options_load_arguments(options, 3, arguments, &error));

    assert_true(key_ask_password(options, path, &password, &error));
    assert_string_equal(password, "open sesame\n");
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    assert_true(limit.rlim_cur <= 1 && limit.rlim_max <= 1); /* 1: not even to a program */

    key_free_password(password);
    pm_options_destroy(options);
    close(fd);
    remove_directory(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_holds_a_password_leaves_no_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
