/* Where a user's files are. */
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <poolminer/user_path.h>

static char directory[64];

static int set_up(void **state)
{
    (void)state;
    make_directory(directory, sizeof directory);
    setenv("HOME", directory, 1);
    unsetenv("XDG_STATE_HOME");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_directory(directory);
    return 0;
}

/* "path below `directory`". */
static void expect_path(const char *name, const char *expected)
{
    char *path = NULL, whole[256];
    assert_true(pm_user_path("XDG_STATE_HOME", ".local/state", name, &path, NULL));
    snprintf(whole, sizeof whole, "%s/%s", directory, expected);
    assert_string_equal(path, whole);
    free(path);
}

static void the_variable_beats_the_home(void **state)
{
    (void)state;
    char base[128];
    expect_path("pool.db", ".local/state/poolminer/pool.db");
    expect_path("", ".local/state/poolminer");
    snprintf(base, sizeof base, "%s/state", directory);
    setenv("XDG_STATE_HOME", base, 1);
    expect_path("pool.db", "state/poolminer/pool.db");
    expect_path("", "state/poolminer");
    /* As the specification wants it. */
    setenv("XDG_STATE_HOME", "relative", 1);
    expect_path("pool.db", ".local/state/poolminer/pool.db");
}

static void no_home_is_an_error(void **state)
{
    (void)state;
    char *path = NULL;
    struct pm_error error = {0};
    static const char *const homes[] = {NULL, "", "relative"};
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++) {
        if (homes[i] == NULL) {
            unsetenv("HOME");
        } else {
            setenv("HOME", homes[i], 1);
        }
        assert_false(pm_user_path("XDG_STATE_HOME", ".local/state", "x", &path, &error));
        assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
        assert_non_null(strstr(error.message, "XDG_STATE_HOME"));
        assert_null(pm_user_store(NULL, "x", &error));
    }
}

static void a_store_gets_its_directories(void **state)
{
    (void)state;
    char given[128], expected[160];
    struct stat status;
    char *path = pm_user_store(NULL, "pool.db", NULL);
    snprintf(expected, sizeof expected, "%s/.local/state/poolminer/pool.db", directory);
    assert_string_equal(path, expected);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    free(path);
    snprintf(given, sizeof given, "%s/a/b/own.db", directory);
    path = pm_user_store(given, "pool.db", NULL);
    assert_string_equal(path, given);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &status), 0);
    free(path);
    path = pm_user_store("plain.db", "pool.db", NULL);
    assert_string_equal(path, "plain.db");
    free(path);
}

static void a_file_in_the_way_is_named(void **state)
{
    (void)state;
    char given[128];
    struct pm_error error = {0};
    write_text(directory, "file", "");
    snprintf(given, sizeof given, "%s/file/own.db", directory);
    assert_null(pm_user_store(given, "pool.db", &error));
    assert_non_null(strstr(error.message, "/file"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_variable_beats_the_home),
        TEST(no_home_is_an_error),
        TEST(a_store_gets_its_directories),
        TEST(a_file_in_the_way_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
