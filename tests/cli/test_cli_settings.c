/* Which settings file is read, and that each verb takes what it uses. */
#include "cli/paths.h"
#include "cli/settings.h"
#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], home[64];

/* Nothing of the user's own settings may be seen. */
static int set_up(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/pm_test_settings_XXXXXX");
    snprintf(home, sizeof home, "/tmp/pm_test_settings_home_XXXXXX");
    if (mkdtemp(directory) == NULL || mkdtemp(home) == NULL) {
        return -1;
    }
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_DATA_HOME");
    unsetenv("POOLMINER_CONFIG");
    unsetenv("POOLMINER_POOL_ENDPOINT");
    setenv("HOME", home, 1);
    return chdir(directory);
}

static int tear_down(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s %s", directory, home);
    return chdir("/") || system(command); /* NOLINT(cert-env33-c): paths of our own */
}

static void write_settings(const char *path, const char *pool)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "{\"pool_endpoint\":\"%s\"}", pool);
    fclose(file);
}

/* `words` is the command line with the verb's name first, NULL-terminated. The words must outlive
 * `settings`: they are literals here. */
static bool load(const struct verb *verb, const char *const *words, struct settings *settings,
                 struct pm_error *error)
{
    static char storage[8][128];
    char *argv[8];
    int argc = 0;
    for (; words[argc] != NULL; argc++) {
        snprintf(storage[argc], sizeof storage[argc], "%s", words[argc]);
        argv[argc] = storage[argc];
    }
    return settings_load(verb, argc, argv, settings, error);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_pool(const char *const *words, const char *pool, const char *source)
{
    struct settings settings;
    struct pm_error error = {0};
    if (!load(&verb_config, words, &settings, &error)) {
        fail_msg("%s", error.message);
    }
    assert_string_equal(pm_options_text(settings.options, "pool-url"), pool);
    assert_string_equal(pm_options_source(settings.options, "pool-url"), source);
    settings_clear(&settings);
}

static void without_a_file_there_are_defaults(void **state)
{
    (void)state;
    expect_pool(WORDS("config"), "http://127.0.0.1:8434", "default");
}

static void files_are_found_in_order(void **state)
{
    (void)state;
    char path[128], source[160];
    snprintf(path, sizeof path, "%s/.config", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/poolminer", home);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/.config/poolminer/gui_config.json", home);
    write_settings(path, "http://user");
    snprintf(source, sizeof source, "file %s", path);
    expect_pool(WORDS("config"), "http://user", source);
    write_settings("gui_config.json", "http://here");
    expect_pool(WORDS("config"), "http://here", "file gui_config.json");
    write_settings("other.json", "http://other");
    setenv("POOLMINER_CONFIG", "other.json", 1);
    expect_pool(WORDS("config"), "http://other", "file other.json");
    write_settings("third.json", "http://third");
    expect_pool(WORDS("config", "--config", "third.json"), "http://third", "file third.json");
    unsetenv("POOLMINER_CONFIG");
}

static void flags_beat_environment_beats_file(void **state)
{
    (void)state;
    write_settings("gui_config.json", "http://file");
    setenv("POOLMINER_POOL_ENDPOINT", "http://environment", 1);
    expect_pool(WORDS("config"), "http://environment", "environment POOLMINER_POOL_ENDPOINT");
    expect_pool(WORDS("config", "--pool-url", "http://flag"), "http://flag", "command line");
    unsetenv("POOLMINER_POOL_ENDPOINT");
}

static void a_named_file_must_exist(void **state)
{
    (void)state;
    struct settings settings;
    struct pm_error error = {0};
    assert_false(load(&verb_mine, WORDS("mine", "--config", "no.json"), &settings, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no.json"));
}

static void help_needs_no_good_file(void **state)
{
    (void)state;
    struct settings settings;
    write_settings("gui_config.json", "\"broken");
    assert_false(load(&verb_mine, WORDS("mine"), &settings, NULL));
    assert_true(load(&verb_mine, WORDS("mine", "--help"), &settings, NULL));
    assert_true(pm_options_help(settings.options));
    settings_clear(&settings);
}

/* The file is for all verbs; a command line takes only what its verb uses. */
static void verbs_take_what_they_use(void **state)
{
    (void)state;
    struct settings settings;
    struct pm_error error = {0};
    write_settings("gui_config.json", "http://file");
    assert_true(load(&verb_evaluate, WORDS("evaluate", "--dataset", "d", "f"), &settings, NULL));
    settings_clear(&settings);
    assert_false(load(&verb_evaluate, WORDS("evaluate", "--pool-url", "u"), &settings, &error));
    assert_non_null(strstr(error.message, "unknown option --pool-url"));
}

static void every_setting_is_in_all_three_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < settings_count(); i++) {
        const struct pm_option *option = settings_option(i);
        /* Wallets are spelt as the network's tools spell them. */
        bool is_wallets = strncmp(option->file_key, "wallet_", 7) == 0;
        char variable[64] = "";
        snprintf(variable, sizeof variable, "%s", is_wallets ? "BT_" : "POOLMINER_");
        assert_non_null(option->name);
        assert_non_null(option->file_key);
        assert_non_null(option->environment);
        size_t used = strlen(variable);
        for (const char *c = option->file_key; *c; c++) {
            variable[used++] = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
        }
        variable[used] = '\0';
        assert_string_equal(option->environment, variable);
    }
}

static void paths_follow_the_environment(void **state)
{
    (void)state;
    struct settings settings;
    char *path = NULL, expected[128];
    bool may_make = false;
    assert_true(load(&verb_mine, WORDS("mine"), &settings, NULL));
    assert_true(path_hotkey_file(settings.options, &path, &may_make, NULL));
    snprintf(expected, sizeof expected, "%s/.local/share/poolminer/hotkey", home);
    assert_string_equal(path, expected);
    free(path);
    setenv("XDG_DATA_HOME", "/xdg", 1);
    assert_true(path_data_directory(settings.options, &path, NULL));
    assert_string_equal(path, "/xdg/poolminer");
    free(path);
    setenv("XDG_DATA_HOME", "relative", 1);
    assert_true(path_data_directory(settings.options, &path, NULL));
    assert_non_null(strstr(path, home));
    free(path);
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    struct pm_error error = {0};
    assert_false(path_data_directory(settings.options, &path, &error));
    assert_non_null(strstr(error.message, "--data-dir"));
    settings_clear(&settings);
    assert_true(load(&verb_mine, WORDS("mine", "--data-dir", "/d"), &settings, NULL));
    assert_true(path_hotkey_file(settings.options, &path, &may_make, NULL));
    assert_string_equal(path, "/d/hotkey");
    free(path);
    settings_clear(&settings);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_a_file_there_are_defaults),
        TEST(files_are_found_in_order),
        TEST(flags_beat_environment_beats_file),
        TEST(a_named_file_must_exist),
        TEST(help_needs_no_good_file),
        TEST(verbs_take_what_they_use),
        TEST(every_setting_is_in_all_three_places),
        TEST(paths_follow_the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
