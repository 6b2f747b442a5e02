/* The written form reads back to the same program, for any program. */
#include "tests/cmocka_include.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/random_program.h>

/* Builds that are not optimised look at every PM_TEST_STRIDE-th program. */
#ifndef PM_TEST_STRIDE
#define PM_TEST_STRIDE 1
#endif

enum { PROGRAMS = 100000 };

static struct pm_algorithm *any_program(uint64_t seed)
{
    int input_dim = 1 + (int)(seed * 37 % PM_DIM_MAX);
    struct pm_random_program shape =
        pm_random_program_shape(input_dim, seed % 4 != 0, UINT64_C(0x5eed) + seed);
    /* Most are short: what goes wrong goes wrong in one instruction. */
    for (int phase = 0; phase < PM_PHASE_COUNT && seed % 10 != 0; phase++) {
        shape.length[phase] /= 8;
    }
    struct pm_algorithm *algorithm = pm_random_program_create(&shape);
    assert_non_null(algorithm);
    return algorithm;
}

static void check_program(uint64_t seed, enum pm_parse_mode mode)
{
    struct pm_error error = {0};
    struct pm_algorithm *algorithm = any_program(seed);
    struct pm_algorithm *again = NULL;
    char *text = pm_algorithm_write(algorithm, &error);
    if (text == NULL) {
        fail_msg("program %lu: %s", (unsigned long)seed, error.message);
        return;
    }
    if (!pm_algorithm_parse(text, strlen(text), algorithm->input_dim, mode, NULL, NULL, &again,
                            &error)) {
        fail_msg("program %lu: %s\n%s", (unsigned long)seed, error.message, text);
    }
    if (!pm_algorithm_equal(algorithm, again)) {
        fail_msg("program %lu changed:\n%s", (unsigned long)seed, text);
    }
    pm_algorithm_destroy(again);
    pm_algorithm_destroy(algorithm);
    free(text);
}

static void any_program_reads_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < PROGRAMS; seed += PM_TEST_STRIDE) {
        check_program(seed, PM_PARSE_LENIENT);
    }
}

/* Every fourth program holds only instructions that can do something: strict reading takes them. */
static void sensible_programs_read_back_strictly(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < PROGRAMS; seed += 100) {
        check_program(seed, PM_PARSE_STRICT);
    }
}

/* Makes one where the decimal point is a comma, if the system can, and enters it. */
static bool enter_comma_locale(void)
{
    char directory[] = "/tmp/poolminer-locale-XXXXXX", command[256];
    if (mkdtemp(directory) == NULL) {
        return false;
    }
    snprintf(command, sizeof command,
             "localedef --no-archive -i de_DE -f UTF-8 %s/comma >/dev/null 2>&1", directory);
    bool made = system(command) == 0;
    setenv("LOCPATH", directory, 1);
    bool entered = made && setlocale(LC_ALL, "comma") != NULL;
    snprintf(command, sizeof command, "rm -r %s", directory);
    return system(command) == 0 && entered;
}

static void the_locale_does_not_matter(void **state)
{
    (void)state;
    if (!enter_comma_locale()) {
        skip();
    }
    char text[32];
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, "0,5"); /* here it would matter to the C library */
    for (uint64_t seed = 0; seed < 1000; seed++) {
        check_program(seed, PM_PARSE_LENIENT);
    }
    struct pm_algorithm *algorithm = NULL;
    assert_true(
        pm_algorithm_parse("s2 = 0.25", 9, 1, PM_PARSE_STRICT, NULL, NULL, &algorithm, NULL));
    assert_true(algorithm->phase[PM_PHASE_PREDICT][0].c0 == 0.25F);
    pm_algorithm_destroy(algorithm);
    setlocale(LC_ALL, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_program_reads_back),
        cmocka_unit_test(sensible_programs_read_back_strictly),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
