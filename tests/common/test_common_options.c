/* Options: who beats whom, and that every mistake is named with its source. */
#include "cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/options.h>

static const struct pm_option TABLE[] = {
    {.name = "pool-url",
     .file_key = "pool_endpoint",
     .environment = "PM_TEST_POOL_ENDPOINT",
     .type = PM_OPTION_TEXT,
     .default_value = "http://127.0.0.1:8434",
     .argument = "URL",
     .help = "Where the pool is."},
    {.name = "workers",
     .file_key = "workers",
     .environment = "PM_TEST_WORKERS",
     .type = PM_OPTION_INTEGER,
     .default_value = "1",
     .minimum = 1,
     .maximum = 64,
     .help = "How many."},
    {.name = "fee", .file_key = "fee", .type = PM_OPTION_NUMBER, .minimum = 0, .maximum = 0.5},
    {.name = "json", .file_key = "json", .environment = "PM_TEST_JSON", .type = PM_OPTION_FLAG},
    {.name = "seed-algorithm",
     .file_key = "seed_algorithms",
     .environment = "PM_TEST_SEEDS",
     .type = PM_OPTION_TEXT,
     .repeats = true},
    {.name = "count", .file_key = "count", .type = PM_OPTION_INTEGER},
    {.name = "place", .file_key = "place", .type = PM_OPTION_TEXT, .is_path = true},
    {.name = "suite",
     .file_key = "suite",
     .type = PM_OPTION_TEXT,
     .default_value = "first",
     .choices = "first|second"},
    {.file_key = "file_only", .type = PM_OPTION_INTEGER, .default_value = "1"},
};

static char file_path[64];

static int set_up(void **state)
{
    struct pm_options *options = pm_options_create(TABLE, sizeof TABLE / sizeof *TABLE);
    *state = options;
    snprintf(file_path, sizeof file_path, "/tmp/pm_test_options_%d.json", (int)getpid());
    return options != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    pm_options_destroy(*state);
    unlink(file_path);
    unsetenv("PM_TEST_POOL_ENDPOINT");
    unsetenv("PM_TEST_WORKERS");
    unsetenv("PM_TEST_JSON");
    unsetenv("PM_TEST_SEEDS");
    return 0;
}

static void write_file(const char *text)
{
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool load_line(struct pm_options *options, const char *const *words, struct pm_error *error)
{
    char *argv[16] = {0};
    char storage[16][128];
    int argc = 0;
    snprintf(storage[0], sizeof storage[0], "program");
    argv[argc++] = storage[0];
    for (; words[argc - 1] != NULL; argc++) {
        snprintf(storage[argc], sizeof storage[argc], "%s", words[argc - 1]);
        argv[argc] = storage[argc];
    }
    bool done = pm_options_load_arguments(options, argc, argv, error);
    /* Positional arguments stay in argv, which ends here: nothing may look at them later. */
    return done;
}

#define LINE(...) ((const char *const[]){__VA_ARGS__, NULL})

static void refuses_line(struct pm_options *options, const char *const *words, const char *message)
{
    struct pm_error error = {0};
    assert_false(load_line(options, words, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_string_equal(error.message, message);
}

/* The message starts with "file PATH: "; `rest` is what follows. */
static void refuses_file(struct pm_options *options, const char *text, const char *rest)
{
    char expected[256];
    struct pm_error error = {0};
    write_file(text);
    assert_false(pm_options_load_file(options, file_path, &error));
    snprintf(expected, sizeof expected, "file %s: %s", file_path, rest);
    assert_string_equal(error.message, expected);
}

static void later_sources_beat_earlier_ones(void **state)
{
    struct pm_options *options = *state;
    assert_string_equal(pm_options_text(options, "pool-url"), "http://127.0.0.1:8434");
    assert_string_equal(pm_options_source(options, "pool-url"), "default");
    assert_int_equal(pm_options_integer(options, "workers"), 1);
    assert_string_equal(pm_options_source(options, "fee"), "unset");

    write_file("{\"pool_endpoint\":\"http://file\",\"workers\":2,\"json\":true,\"fee\":0.25}");
    assert_true(pm_options_load_file(options, file_path, NULL));
    assert_string_equal(pm_options_text(options, "pool-url"), "http://file");
    assert_non_null(strstr(pm_options_source(options, "workers"), file_path));
    assert_true(pm_options_number(options, "fee") == 0.25);
    assert_true(pm_options_flag(options, "json"));

    setenv("PM_TEST_POOL_ENDPOINT", "http://environment", 1);
    setenv("PM_TEST_WORKERS", "3", 1);
    setenv("PM_TEST_JSON", "0", 1);
    assert_true(pm_options_load_environment(options, NULL));
    assert_string_equal(pm_options_text(options, "pool-url"), "http://environment");
    assert_string_equal(pm_options_source(options, "workers"), "environment PM_TEST_WORKERS");
    assert_int_equal(pm_options_integer(options, "workers"), 3);
    assert_false(pm_options_flag(options, "json"));

    assert_true(
        load_line(options, LINE("--pool-url", "http://flag", "--workers=4", "--json"), NULL));
    assert_string_equal(pm_options_text(options, "pool-url"), "http://flag");
    assert_string_equal(pm_options_source(options, "pool-url"), "command line");
    assert_int_equal(pm_options_integer(options, "workers"), 4);
    assert_true(pm_options_flag(options, "json"));
    assert_true(pm_options_number(options, "fee") == 0.25);
}

static void empty_environment_counts_as_unset(void **state)
{
    setenv("PM_TEST_WORKERS", "", 1);
    assert_true(pm_options_load_environment(*state, NULL));
    assert_int_equal(pm_options_integer(*state, "workers"), 1);
}

static void flags_have_three_forms(void **state)
{
    assert_true(load_line(*state, LINE("--json"), NULL));
    assert_true(pm_options_flag(*state, "json"));
    assert_true(load_line(*state, LINE("--no-json"), NULL));
    assert_false(pm_options_flag(*state, "json"));
    assert_true(load_line(*state, LINE("--json=true"), NULL));
    assert_true(pm_options_flag(*state, "json"));
    refuses_line(*state, LINE("--json=maybe"),
                 "command line: --json: expected true or false, not \"maybe\"");
    refuses_line(*state, LINE("--no-json=true"), "command line: --no-json takes no value");
    refuses_line(*state, LINE("--no-workers"),
                 "command line: unknown option --no-workers; did you mean --workers?");
}

static void positional_arguments_are_kept(void **state)
{
    char program[] = "p", file[] = "a.txt", dash[] = "-", end[] = "--", odd[] = "--json";
    char *argv[] = {program, file, dash, end, odd};
    assert_true(pm_options_load_arguments(*state, 5, argv, NULL));
    assert_int_equal(pm_options_positional_count(*state), 3);
    assert_string_equal(pm_options_positional(*state, 0), "a.txt");
    assert_string_equal(pm_options_positional(*state, 1), "-");
    assert_string_equal(pm_options_positional(*state, 2), "--json");
    assert_null(pm_options_positional(*state, 3));
    assert_false(pm_options_flag(*state, "json"));
}

static void repeats_gather_and_the_later_source_replaces(void **state)
{
    assert_null(pm_options_list(*state, "seed-algorithm")[0]);
    write_file("{\"seed_algorithms\":[\"x\",\"y\",\"z\"]}");
    assert_true(pm_options_load_file(*state, file_path, NULL));
    assert_int_equal(pm_options_repeat_count(*state, "seed-algorithm"), 3);
    assert_string_equal(pm_options_repeat(*state, "seed-algorithm", 2), "z");
    setenv("PM_TEST_SEEDS", "1  2 ", 1);
    assert_true(pm_options_load_environment(*state, NULL));
    const char *const *list = pm_options_list(*state, "seed-algorithm");
    assert_string_equal(list[0], "1");
    assert_string_equal(list[1], "2");
    assert_null(list[2]);
    assert_true(load_line(*state, LINE("--seed-algorithm", "a", "--seed-algorithm=b"), NULL));
    assert_int_equal(pm_options_repeat_count(*state, "seed-algorithm"), 2);
    assert_string_equal(pm_options_repeat(*state, "seed-algorithm", 0), "a");
    assert_string_equal(pm_options_repeat(*state, "seed-algorithm", 1), "b");
    assert_null(pm_options_repeat(*state, "seed-algorithm", 2));
}

static void the_last_of_a_plain_option_wins(void **state)
{
    assert_true(load_line(*state, LINE("--workers", "2", "--workers", "5"), NULL));
    assert_int_equal(pm_options_integer(*state, "workers"), 5);
}

static void help_and_version_are_known(void **state)
{
    assert_true(load_line(*state, LINE("--json", "--help", "--no-such-thing"), NULL));
    assert_true(pm_options_help(*state));
    assert_false(pm_options_version(*state));
    assert_true(load_line(*state, LINE("--version"), NULL));
    assert_true(pm_options_version(*state));
}

static bool finds_help(struct pm_options *options, const char *const *words)
{
    char *argv[16] = {"program"};
    int argc = 1;
    for (; *words != NULL; words++) {
        argv[argc++] = (char *)*words;
    }
    pm_options_look_for_help(options, argc, argv);
    return pm_options_help(options) || pm_options_version(options);
}

static void help_is_found_among_mistakes(void **state)
{
    assert_false(finds_help(*state, LINE("--json", "--", "--help")));
    assert_false(finds_help(*state, LINE("--pool-url", "-h")));
    assert_true(finds_help(*state, LINE("--pool-ulr", "x", "--workers", "none", "--version")));
    assert_true(pm_options_version(*state));
    assert_true(finds_help(*state, LINE("--json", "-h")));
    assert_true(pm_options_help(*state));
}

static void command_line_mistakes_are_named(void **state)
{
    refuses_line(*state, LINE("--pool-ulr", "x"),
                 "command line: unknown option --pool-ulr; did you mean --pool-url?");
    refuses_line(*state, LINE("--frobnicate"),
                 "command line: unknown option --frobnicate; --help lists them");
    refuses_line(*state, LINE("-x"), "command line: unknown option -x; --help lists them");
    refuses_line(*state, LINE("--workers"), "command line: --workers needs a value");
    refuses_line(*state, LINE("--pool-url", "--json"), "command line: --pool-url needs a value");
    refuses_line(*state, LINE("--workers", "two"),
                 "command line: --workers: expected a whole number, not \"two\"");
    refuses_line(*state, LINE("--workers", "1.5"),
                 "command line: --workers: expected a whole number, not \"1.5\"");
    refuses_line(*state, LINE("--workers", " 1"),
                 "command line: --workers: expected a whole number, not \" 1\"");
    refuses_line(*state, LINE("--workers="),
                 "command line: --workers: expected a whole number, not \"\"");
    refuses_line(*state, LINE("--workers", "65"),
                 "command line: --workers: 65 is out of range, 1 to 64 is allowed");
    refuses_line(*state, LINE("--place="), "command line: --place: expected a path, not \"\"");
    refuses_line(*state, LINE("--count", "9007199254740993"),
                 "command line: --count: expected a whole number, not \"9007199254740993\"");
    refuses_line(*state, LINE("--fee", "nan"),
                 "command line: --fee: expected a number, not \"nan\"");
    refuses_line(*state, LINE("--fee", "1e999"),
                 "command line: --fee: expected a number, not \"1e999\"");
    refuses_line(*state, LINE("--fee", "0.6"),
                 "command line: --fee: 0.6 is out of range, 0 to 0.5 is allowed");
    assert_int_equal(pm_options_integer(*state, "workers"), 1);
}

static void text_may_have_choices(void **state)
{
    assert_true(load_line(*state, LINE("--suite", "second"), NULL));
    assert_string_equal(pm_options_text(*state, "suite"), "second");
    refuses_line(*state, LINE("--suite", "sec"),
                 "command line: --suite: expected first|second, not \"sec\"");
    refuses_line(*state, LINE("--suite", "first|second"),
                 "command line: --suite: expected first|second, not \"first|second\"");
    refuses_line(*state, LINE("--suite="),
                 "command line: --suite: expected first|second, not \"\"");
    refuses_file(*state, "{\"suite\":\"third\"}", "suite: expected first|second, not \"third\"");
}

static void environment_mistakes_are_named(void **state)
{
    struct pm_error error = {0};
    setenv("PM_TEST_WORKERS", "many", 1);
    assert_false(pm_options_load_environment(*state, &error));
    assert_string_equal(error.message, "environment PM_TEST_WORKERS: workers: expected a whole "
                                       "number, not \"many\"");
}

static void file_mistakes_are_named(void **state)
{
    refuses_file(*state, "{\"pool_endpont\":\"x\"}",
                 "unknown setting pool_endpont; did you mean pool_endpoint?");
    refuses_file(*state, "{\"zzz\":\"x\"}",
                 "unknown setting zzz; `poolminer mine --help` lists them");
    refuses_file(*state, "{\"pool_endpoint\":5}", "pool_endpoint: expected a string");
    refuses_file(*state, "{\"pool_endpoint\":null}", "pool_endpoint: expected a string");
    refuses_file(*state, "{\"workers\":\"2\"}", "workers: expected a whole number");
    refuses_file(*state, "{\"workers\":1.5}", "workers: expected a whole number");
    refuses_file(*state, "{\"workers\":0}", "workers: 0 is out of range, 1 to 64 is allowed");
    refuses_file(*state, "{\"fee\":true}", "fee: expected a number");
    refuses_file(*state, "{\"json\":1}", "json: expected true or false");
    refuses_file(*state, "{\"workers\":1,\"workers\":2}", "workers: given twice");
    refuses_file(*state, "{\"seed_algorithms\":[\"x\",5]}", "seed_algorithms: expected a string");
}

static void a_setting_without_a_name_is_for_the_file_only(void **state)
{
    refuses_file(*state, "{\"file_only\":\"5\"}", "file_only: expected a whole number");
    write_file("{\"file_only\":5}");
    assert_true(pm_options_load_file(*state, file_path, NULL));
    refuses_line(*state, LINE("--file_only", "5"),
                 "command line: unknown option --file_only; --help lists them");
}

static void refuses_files_that_are_no_settings(void **state)
{
    struct pm_error error = {0};
    char expected[256];
    write_file("[1]");
    assert_false(pm_options_load_file(*state, file_path, &error));
    snprintf(expected, sizeof expected, "%s: expected a JSON object of settings", file_path);
    assert_string_equal(error.message, expected);
    write_file("{\"workers\": }");
    assert_false(pm_options_load_file(*state, file_path, &error));
    snprintf(expected, sizeof expected, "%s: JSON: syntax error at byte 12", file_path);
    assert_string_equal(error.message, expected);
    unlink(file_path);
    assert_false(pm_options_load_file(*state, file_path, &error));
    assert_int_equal(error.code, PM_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, file_path));
}

static void refuses_a_file_beyond_64_kib(void **state)
{
    struct pm_error error = {0};
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    fprintf(file, "{%65535s}", "");
    fclose(file);
    assert_false(pm_options_load_file(*state, file_path, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(later_sources_beat_earlier_ones),
        TEST(empty_environment_counts_as_unset),
        TEST(flags_have_three_forms),
        TEST(positional_arguments_are_kept),
        TEST(repeats_gather_and_the_later_source_replaces),
        TEST(the_last_of_a_plain_option_wins),
        TEST(help_and_version_are_known),
        TEST(help_is_found_among_mistakes),
        TEST(command_line_mistakes_are_named),
        TEST(text_may_have_choices),
        TEST(environment_mistakes_are_named),
        TEST(file_mistakes_are_named),
        TEST(a_setting_without_a_name_is_for_the_file_only),
        TEST(refuses_files_that_are_no_settings),
        TEST(refuses_a_file_beyond_64_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
