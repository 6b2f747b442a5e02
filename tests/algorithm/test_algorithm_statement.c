/* Statements: every form, every lenient reading, every line that is none. */
#include "tests/cmocka_include.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>

/* A line and the statement it is read as; NULL: it is skipped. */
struct reading {
    const char *line, *read;
};

static void note_warning(void *context, int line, const char *reason)
{
    (void)line;
    snprintf(context, 256, "%s", reason);
}

/* The line alone in predict, behind a NoOp() so that the text has a statement in any case. */
static struct pm_algorithm *parse_line(const char *line, enum pm_parse_mode mode, char *warning,
                                       struct pm_error *error)
{
    char text[512];
    struct pm_algorithm *algorithm = NULL;
    snprintf(text, sizeof text, "def Predict():\n  NoOp()\n  %s\n", line);
    warning[0] = '\0';
    pm_algorithm_parse(text, strlen(text), 16, mode, note_warning, warning, &algorithm, error);
    return algorithm;
}

static void check_reading(const struct reading *expected)
{
    char warning[256], written[PM_STATEMENT_SIZE] = "";
    struct pm_error error = {0};
    struct pm_algorithm *algorithm = parse_line(expected->line, PM_PARSE_LENIENT, warning, &error);
    if (algorithm == NULL) {
        fail_msg("'%s': %s", expected->line, error.message);
        return;
    }
    int length = algorithm->length[PM_PHASE_PREDICT];
    if (length == 1) {
        pm_instruction_write(&algorithm->phase[PM_PHASE_PREDICT][0], written);
    }
    pm_algorithm_destroy(algorithm);
    if (expected->read == NULL) {
        if (length != 0) {
            fail_msg("'%s' was read as '%s'", expected->line, written);
        }
        if (strncmp(warning, "skipped: ", 9) != 0) {
            fail_msg("'%s' was skipped without a warning ('%s')", expected->line, warning);
        }
    } else if (strcmp(written, expected->read) != 0) {
        fail_msg("'%s' was read as '%s', not as '%s'", expected->line, written, expected->read);
    }
}

static void check_readings(const struct reading *readings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_reading(&readings[i]);
    }
}
#define CHECK_READINGS(table) check_readings(table, sizeof(table) / sizeof *(table))

/* Strict reading takes the line, or refuses it with a reason. */
static void check_strict(const char *line, const char *refusal)
{
    char warning[256];
    struct pm_error error = {0};
    struct pm_algorithm *algorithm = parse_line(line, PM_PARSE_STRICT, warning, &error);
    if (refusal == NULL && algorithm == NULL) {
        fail_msg("'%s' was refused: %s", line, error.message);
    }
    if (refusal != NULL && algorithm != NULL) {
        fail_msg("'%s' was not refused", line);
    }
    if (refusal != NULL) {
        assert_int_equal(error.code, PM_ERROR_INVALID);
        if (strncmp(error.message, "line 3: ", 8) != 0 || strstr(error.message, refusal) == NULL) {
            fail_msg("'%s' was refused with: %s", line, error.message);
        }
    }
    pm_algorithm_destroy(algorithm);
}

static void all_forms_are_read(void **state)
{
    (void)state;
    static const struct reading forms[] = {
        {"s2 = 0.5", "s2 = 0.5"},
        {"v3 = 1", "v3 = 1.0"},
        {"m1 = -2", "m1 = -2.0"},
        {"v3[7] = 0.25", "v3[7] = 0.25"},
        {"s2 = s3", "s2 = s3"},
        {"s2 = m1", "s2 = m1"},
        {"s2 = s3 + s4", "s2 = s3 + s4"},
        {"v2 = v3 - s4", "v2 = v3 - s4"},
        {"m2 = s3 * m4", "m2 = s3 * m4"},
        {"m2 = m3 / v4", "m2 = m3 / v4"},
        {"s2 = abs(s3)", "s2 = abs(s3)"},
        {"v2 = exp(v3)", "v2 = exp(v3)"},
        {"m2 = log(m3)", "m2 = log(m3)"},
        {"s2 = sin(s3)", "s2 = sin(s3)"},
        {"s2 = cos(s3)", "s2 = cos(s3)"},
        {"s2 = tan(s3)", "s2 = tan(s3)"},
        {"s2 = heaviside(s3)", "s2 = heaviside(s3, 1.0)"},
        {"s2 = heaviside(s3, 1.0)", "s2 = heaviside(s3, 1.0)"},
        {"s2 = norm(v3)", "s2 = norm(v3)"},
        {"s2 = mean(m3)", "s2 = mean(m3)"},
        {"v2 = std(v3)", "v2 = std(v3)"},
        {"s2 = dot(v3, v4)", "s2 = dot(v3, v4)"},
        {"v2 = dot(m3, v4)", "v2 = dot(m3, v4)"},
        {"v2 = matmul(m3, v4)", "v2 = dot(m3, v4)"},
        {"m2 = matmul(m3, m4)", "m2 = dot(m3, m4)"},
        {"m2 = outer(v3, v4)", "m2 = outer(v3, v4)"},
        {"s2 = minimum(s3, s4)", "s2 = minimum(s3, s4)"},
        {"s2 = maximum(s3, s4)", "s2 = maximum(s3, s4)"},
        {"m2 = gaussian(0.5, 2)", "m2 = gaussian(0.5, 2.0)"},
        {"v2 = uniform(-1, 1)", "v2 = uniform(-1.0, 1.0)"},
    };
    CHECK_READINGS(forms);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        check_strict(forms[i].line, NULL);
    }
}

static void old_arrow_form_is_read(void **state)
{
    (void)state;
    static const struct reading arrows[] = {
        {"CONST 0.5 -> s2", "s2 = 0.5"},
        {"const -1e-3 -> v2", "v2 = -0.001"},
        {"ADD s3 s4 -> s2", "s2 = s3 + s4"},
        {"copy s3->s2", "s2 = s3"},
        {"ABS v3 -> v2", "v2 = abs(v3)"},
        {"DOT v3 v4 -> s2", "s2 = dot(v3, v4)"},
        {"DOT m3 v4 -> v2", "v2 = dot(m3, v4)"},
        {"MATMUL m3 m4 -> m2", "m2 = dot(m3, m4)"},
        {"MAX s3 s4 -> s2", "s2 = maximum(s3, s4)"},
        {"CONST nan -> s2", NULL},
        {"CONST 0.5 s2", NULL},
        {"ADD s3 -> s2", NULL},
        {"ADD s3 s4 -> 5", NULL},
        {"FOO s3 s4 -> s2", NULL},
        {"GAUSSIAN 0 1 -> s2", NULL},
    };
    CHECK_READINGS(arrows);
}

static void names_and_registers_have_no_case(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"S2 = S3 + s4", "s2 = s3 + s4"},
        {"V2 = EXP(V3)", "v2 = exp(v3)"},
        {"v2 = Gaussian(0, 1)", "v2 = gaussian(0.0, 1.0)"},
        {"V3[07] = 1", "v3[7] = 1.0"},
        {"s002 = s3", "s2 = s3"},
    };
    CHECK_READINGS(readings);
}

static void operations_work_as_functions(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"s2 = add(s3, s4)", "s2 = s3 + s4"},
        {"s2 = SUB(s3, s4)", "s2 = s3 - s4"},
        {"v2 = mul(s3, v4)", "v2 = s3 * v4"},
        {"s2 = div(s3, s4)", "s2 = s3 / s4"},
        {"s2 = copy(v3)", "s2 = v3"},
        {"s2 = min(s3, s4)", "s2 = minimum(s3, s4)"},
        {"s2 = max(s3, s4)", "s2 = maximum(s3, s4)"},
    };
    CHECK_READINGS(readings);
}

static void text_after_a_statement_is_ignored(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"s2 = s2+s2+s2", "s2 = s2 + s2"},
        {"s2 = s3 + s4 and more", "s2 = s3 + s4"},
        {"s2 = dot(v3, v4) * s2", "s2 = dot(v3, v4)"},
        {"s2 = 0.5 # a comment", "s2 = 0.5"},
        {"s2 = 0.5 learning rate", "s2 = 0.5"},
        {"s2 = s3 ; s4 = s5", "s2 = s3"},
        {"v2[1] = 3 , 4", "v2[1] = 3.0"},
    };
    CHECK_READINGS(readings);
    check_strict("s2 = s2+s2+s2", "the text after the complete statement is ignored");
    check_strict("s2 = 0.5 learning rate", "the text after the complete statement is ignored");
    check_strict("s2 = 0.5 # a comment", NULL);
}

static void blanks_are_free(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"s2=s3*s4", "s2 = s3 * s4"},
        {"\t s2\t=\ts3\v+\fs4 \t", "s2 = s3 + s4"},
        {"s2 = dot( v3 ,v4 )", "s2 = dot(v3, v4)"},
        {"v2=gaussian( 0.5,2 )", "v2 = gaussian(0.5, 2.0)"},
        {"v2[3]=1", "v2[3] = 1.0"},
    };
    CHECK_READINGS(readings);
}

static void missing_second_number_is_one(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"s2 = gaussian(0.5)", "s2 = gaussian(0.5, 1.0)"},
        {"s2 = uniform(0.5)", "s2 = uniform(0.5, 1.0)"},
    };
    CHECK_READINGS(readings);
    check_strict("s2 = gaussian(0.5)", "the missing second number is taken as 1");
}

static void second_argument_of_heaviside_is_ignored(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"v2 = heaviside(v3, 0.0)", "v2 = heaviside(v3, 1.0)"},
        {"v2 = heaviside(v3, s4)", "v2 = heaviside(v3, 1.0)"},
        {"v2 = heaviside(v3, )", NULL},
    };
    CHECK_READINGS(readings);
}

static void numbers_have_these_forms(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"s2 = .5", "s2 = 0.5"},
        {"s2 = 1.", "s2 = 1.0"},
        {"s2 = +2.5", "s2 = 2.5"},
        {"s2 = -0", "s2 = -0.0"},
        {"s2 = 1e3", "s2 = 1000.0"},
        {"s2 = 1.5E-2", "s2 = 0.015"},
        {"s2 = 5.e+1", "s2 = 50.0"},
        {"s2 = 1e39", "s2 = 1e39"},
        {"s2 = -1e39", "s2 = -1e39"},
        {"s2 = 1e400", "s2 = 1e39"},
        {"s2 = 1e-50", "s2 = 0.0"},
        {"s2 = -1e-400", "s2 = -0.0"},
        {"s2 = 1e", NULL},
        {"s2 = .", NULL},
        {"s2 = 0x10", NULL},
        {"s2 = 1_0", NULL},
        {"s2 = nan", NULL},
        {"s2 = inf", NULL},
        {"s2 = infinity", NULL},
        {"s2 = -inf", NULL},
        {"s2 = 1.5.2", NULL},
        {"s2 = 1,5", "s2 = 1.0"},
        {"s2 = - 1", NULL},
        {"s2 = --1", NULL},
        {"s2 = 1f", NULL},
        {"s2 = gaussian(nan, 1)", NULL},
        {"s2 = gaussian(0x1, 1)", NULL},
        {"s2 = uniform(0, inf)", NULL},
    };
    CHECK_READINGS(readings);
}

static void these_are_no_statements(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {"hello", NULL},
        {"s2", NULL},
        {"s2 =", NULL},
        {"= s2", NULL},
        {"s2 == s3", NULL},
        {"x2 = s3", NULL},
        {"s = s3", NULL},
        {"s2 = -s3", NULL},
        {"s2 = s3 + -s4", NULL},
        {"s2 = s3 + 1.0", NULL},
        {"s2 = 1.0 + s3", NULL},
        {"s2 = 2 * 3", NULL},
        {"s2 = s3 +", NULL},
        {"s2 = s3 ** s4", NULL},
        {"s2 = s3x", NULL},
        {"s2 = v3[1]", NULL},
        {"s2 = s3(s4)", NULL},
        {"s2[0] = 1", NULL},
        {"m2[0] = 1", NULL},
        {"v2[] = 1", NULL},
        {"v2[-1] = 1", NULL},
        {"v2[1.5] = 1", NULL},
        {"v2[1 = 1", NULL},
        {"v2[1] = s3", NULL},
        {"v2[1] = 2 * s3", NULL},
        {"v2[1] 2", NULL},
        {"s2 = foo(s3)", NULL},
        {"s2 = noop()", NULL},
        {"s2 = const(1)", NULL},
        {"s2 = sin()", NULL},
        {"s2 = sin(s3", NULL},
        {"s2 = sin (s3)", NULL},
        {"s2 = sin(1.0)", NULL},
        {"s2 = sin(s3, s4)", NULL},
        {"s2 = dot(v3)", NULL},
        {"s2 = dot(v3, 1.0)", NULL},
        {"s2 = dot(v3, v4, v5)", NULL},
        {"s2 = dot(v3 v4)", NULL},
        {"s2 = gaussian()", NULL},
        {"s2 = gaussian(s3, s4)", NULL},
        {"s2 = gaussian(1, )", NULL},
        {"s2 = gaussian(1, 2, 3)", NULL},
        {"s2 = gaussian(1, 2", NULL},
        {"s2 = dotty(v3, v4)", NULL},
        {"s2 = do(v3, v4)", NULL},
        {"NoOp", NULL},
        {"def foo()", NULL},
    };
    CHECK_READINGS(readings);
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        check_strict(readings[i].line, "skipped: ");
    }
}

static void noop_is_a_statement_but_no_instruction(void **state)
{
    (void)state;
    static const char *const lines[] = {"NoOp()", "noop()", "NOOP() "};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char warning[256];
        struct pm_error error = {0};
        struct pm_algorithm *algorithm = parse_line(lines[i], PM_PARSE_STRICT, warning, &error);
        assert_non_null(algorithm);
        assert_int_equal(algorithm->length[PM_PHASE_PREDICT], 0);
        assert_string_equal(warning, "");
        pm_algorithm_destroy(algorithm);
    }
}

/* What can do nothing stays in the program, with a warning; strict reading refuses it. */
static void inert_instructions_are_kept_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } inert[] = {
        {"s20 = s1", "count"},
        {"s2 = s20", "count"},
        {"s2 = s3 + s20", "count"},
        {"v10 = v1", "count"},
        {"m5 = m1", "count"},
        {"s70000 = s1", "count"},
        {"v2[16] = 1", "outside"},
        {"v2[99999] = 1", "outside"},
        {"s2 = v3 + s4", "not fit"},
        {"v2 = m3", "not fit"},
        {"s2 = outer(v3, v4)", "fit"},
        {"s2 = dot(m3, v4)", "fit"},
        {"s2 = dot(s3, s4)", "kinds"},
        {"m2 = matmul(v3, m4)", "kinds"},
        {"s2 = norm(s3)", "kinds"},
        {"m2 = outer(m3, v4)", "kinds"},
        {"s2 = matmul(v3, v4)", "kinds"},
    };
    for (size_t i = 0; i < sizeof inert / sizeof *inert; i++) {
        char warning[256];
        struct pm_error error = {0};
        struct pm_algorithm *algorithm =
            parse_line(inert[i].line, PM_PARSE_LENIENT, warning, &error);
        assert_non_null(algorithm);
        assert_int_equal(algorithm->length[PM_PHASE_PREDICT], 1);
        if (strncmp(warning, "does nothing: ", 14) != 0 ||
            strstr(warning, inert[i].reason) == NULL) {
            fail_msg("'%s': %s", inert[i].line, warning);
        }
        pm_algorithm_destroy(algorithm);
        check_strict(inert[i].line, inert[i].reason);
    }
}

/* Text becomes the nearest double and that the nearest float, as in NumPy: for this number, which
 * lies a hair above the middle between 1 and the next float, that is 1, and not the next float. */
static void numbers_are_rounded_twice(void **state)
{
    (void)state;
    char warning[256];
    struct pm_error error = {0};
    struct pm_algorithm *algorithm =
        parse_line("s2 = 1.00000005960464477540000000000000001", PM_PARSE_STRICT, warning, &error);
    assert_non_null(algorithm);
    float value = algorithm->phase[PM_PHASE_PREDICT][0].c0;
    assert_true((double)value == 1.0);
    assert_true(strtof("1.00000005960464477540000000000000001", NULL) > 1.0F);
    pm_algorithm_destroy(algorithm);
}

static void check_written(float value, const char *expected)
{
    char written[PM_STATEMENT_SIZE];
    const struct pm_instruction instruction = {
        .op = PM_OP_CONST, .out = {.kind = PM_KIND_SCALAR, .index = 2}, .c0 = value};
    pm_instruction_write(&instruction, written);
    assert_string_equal(written + strlen("s2 = "), expected);
}

static void numbers_are_written_short(void **state)
{
    (void)state;
    check_written(0.0F, "0.0");
    check_written(-0.0F, "-0.0");
    check_written(0.01F, "0.01");
    check_written(0.1F, "0.1");
    check_written(1.0F / 3.0F, "0.33333334");
    check_written(16777216.0F, "16777216.0");
    check_written(123456789.0F, "123456790.0");
    check_written(1e9F, "1e+09");
    check_written(0.00012345F, "0.00012345");
    check_written(0.000012345F, "1.2345e-05");
    check_written(1.17549435e-38F, "1.1754944e-38");
    check_written(1e-45F, "1e-45");
    check_written(3.40282347e38F, "3.4028235e+38");
    check_written(-INFINITY, "-1e39");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_are_read),
        cmocka_unit_test(old_arrow_form_is_read),
        cmocka_unit_test(names_and_registers_have_no_case),
        cmocka_unit_test(operations_work_as_functions),
        cmocka_unit_test(text_after_a_statement_is_ignored),
        cmocka_unit_test(blanks_are_free),
        cmocka_unit_test(missing_second_number_is_one),
        cmocka_unit_test(second_argument_of_heaviside_is_ignored),
        cmocka_unit_test(numbers_have_these_forms),
        cmocka_unit_test(these_are_no_statements),
        cmocka_unit_test(noop_is_a_statement_but_no_instruction),
        cmocka_unit_test(inert_instructions_are_kept_or_refused),
        cmocka_unit_test(numbers_are_rounded_twice),
        cmocka_unit_test(numbers_are_written_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
