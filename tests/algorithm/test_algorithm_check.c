/* Explaining programs. */
#include "tests/cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/check.h>

static struct pm_check check(const char *text)
{
    struct pm_check result;
    struct pm_error error = {0};
    if (!pm_check_text(text, strlen(text), 16, &result, &error)) {
        fail_msg("%s", error.message);
    }
    return result;
}

/* One letter an instruction, in the order of run: l(ive), d(ead), i(nert). */
static void assert_uses(const char *text, const char *uses)
{
    struct pm_check result = check(text);
    assert_int_equal(result.instruction_count, strlen(uses));
    for (size_t i = 0; i < result.instruction_count; i++) {
        if (pm_check_use_name(result.instructions[i].use)[0] != uses[i]) {
            fail_msg("%s\ninstruction %zu is %s", text, i,
                     pm_check_use_name(result.instructions[i].use));
        }
    }
    pm_check_clear(&result);
}

static void live_is_what_can_reach_a_prediction(void **state)
{
    (void)state;
    assert_uses("predict:\n s0 = s2\n", "l");
    assert_uses("predict:\n s3 = s2\n", "d");
    assert_uses("predict:\n s0 = s2\n s0 = s3\n", "dl");
    assert_uses("predict:\n s0 = s20\n s2 = v1\n", "id");
    assert_uses("predict:\n s0 = v0\n v0 = v1\n", "ld"); /* the input replaces it */
    assert_uses("# meta: vector_dim=17\n#predict\n s0 = v0\n v0 = v1\n", "ll");
    assert_uses("setup:\n s2 = 1\n s3 = 1\nlearn:\n s0 = s2\npredict:\n NoOp()", "ldl");
    /* Feeding only itself is dead; feeding itself and s0 is not. */
    assert_uses("predict:\n s2 = s2 + s3\n s0 = s4\n", "dl");
    assert_uses("predict:\n s2 = s2 + s3\n s0 = s2\n", "ll");
    /* Carried from one example to the next. */
    assert_uses("predict:\n s0 = s2\nlearn:\n s2 = s1\n s3 = s1\n", "lld");
    assert_uses("setup:\n v2[1] = 1\n v2[2] = 1\n v2 = s3\npredict:\n s0 = v2\n", "ddll");
    assert_uses("setup:\n v2 = s3\n v2[1] = 1\n v2[2] = 1\npredict:\n s0 = v2\n", "llll");
    /* What learn leaves in s1 is zeroed. */
    assert_uses("predict:\n s0 = s1\nlearn:\n s1 = s2\n", "ld");
}

static void findings_carry_lines_and_are_sorted(void **state)
{
    (void)state;
    struct pm_check result = check("predict:\n"
                                   "bad\n"
                                   "# meta: colour=red\n"
                                   "s0 = s2 + s3 + s4\n"
                                   "s0 = s99\n");
    assert_int_equal(result.finding_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(result.findings[i].line, i + 2);
        assert_int_equal(result.findings[i].refused, i != 1);
    }
    assert_string_equal(result.findings[1].reason, "meta: 'colour' is no known key");
    assert_false(result.strict);
    pm_check_clear(&result);

    result = check("# meta: colour=red\npredict:\ns0 = s2\n");
    assert_int_equal(result.finding_count, 1);
    assert_true(result.strict);
    pm_check_clear(&result);
}

/* What it calls strict is what strict reading accepts. */
static void verdict_is_that_of_strict_reading(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "s0 = s2",
        "s0 = s2 + s3 + s4",
        "junk\ns0 = s2",
        "s0 = s20",
        "s0 = gaussian(1)",
        "s0 = 1 # remark",
        "# learning\ns0 = 1",
        "s0 = 1:\nNoOp()",
        "# meta: learn_max=1000\nNoOp()",
        "# meta: k=v\nNoOp()",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pm_algorithm *algorithm = NULL;
        struct pm_check result = check(texts[i]);
        bool strict = pm_algorithm_parse(texts[i], strlen(texts[i]), 16, PM_PARSE_STRICT, NULL,
                                         NULL, &algorithm, NULL);
        assert_int_equal(result.strict, strict);
        pm_algorithm_destroy(algorithm);
        pm_check_clear(&result);
    }
}

static void assert_unwritten(const char *text, const char *expected)
{
    char found[256] = "";
    struct pm_check result = check(text);
    for (size_t i = 0; i < result.unwritten_count; i++) {
        const struct pm_check_unwritten *at = &result.unwritten[i];
        size_t length = strlen(found);
        snprintf(found + length, sizeof found - length, "%c%u:%d%s ",
                 pm_kind_letter((enum pm_kind)at->reg.kind), (unsigned)at->reg.index, at->line,
                 at->always ? "!" : "");
    }
    assert_string_equal(found, expected);
    pm_check_clear(&result);
}

static void unwritten_registers_are_found(void **state)
{
    (void)state;
    assert_unwritten("setup:\n s2 = 1\npredict:\n s0 = s2\n", "");
    assert_unwritten("predict:\n s0 = s2\n", "s2:2! ");
    assert_unwritten("predict:\n s0 = s2\nlearn:\n s2 = s1\n", "s2:2 ");
    assert_unwritten("setup:\n s2 = s3\n s3 = 1\n", "s3:2! ");
    assert_unwritten("predict:\n s0 = dot(v0, v1)\nlearn:\n v1 = v1 + v0\n", "v1:2 ");
    assert_unwritten("setup:\n s2 = norm(v0)\n", "v0:2! ");
    assert_unwritten("predict:\n s0 = s1\nlearn:\n s1 = s2\n", "s1:2! s2:4! ");
    assert_unwritten("predict:\n s0 = s1\n s1 = s0\n", "s1:2 ");
    assert_unwritten("predict:\n s0 = s2 + s2\n s0 = s2\n s0 = s99\n", "s2:2! ");
    assert_unwritten("learn:\n s0 = s1\n", "");
}

static void programs_are_summed_up(void **state)
{
    (void)state;
    struct pm_check result = check("predict:\n s2 = mean(v0)\n");
    assert_false(result.writes_prediction);
    assert_false(result.reads_input);
    assert_false(result.learns);
    assert_false(result.draws);
    pm_check_clear(&result);

    result = check("setup:\n v1 = gaussian(0, 1)\npredict:\n s0 = dot(v0, v1)\nlearn:\n v2 = v0\n");
    assert_true(result.writes_prediction);
    assert_true(result.reads_input);
    assert_false(result.learns);
    assert_true(result.draws);
    assert_int_equal(pm_check_count(&result, PM_PHASE_COUNT, PM_USE_LIVE), 2);
    assert_int_equal(pm_check_count(&result, PM_PHASE_LEARN, PM_USE_DEAD), 1);
    pm_check_clear(&result);

    result = check("predict:\n NoOp()\nlearn:\n s0 = s1\n");
    assert_true(result.writes_prediction);
    assert_false(result.reads_input);
    assert_true(result.learns);
    pm_check_clear(&result);
}

static void explanation_reads_like_this(void **state)
{
    (void)state;
    struct pm_check result = check("def Predict():\n"
                                   "  s0 = dot(v0, v1)\n"
                                   "  s2 = s0 * s0 squared\n"
                                   "  s3 = v0 + v9\n"
                                   "# the learning rate\n"
                                   "  v1 = v1 + v0\n");
    struct pm_text text = {0};
    pm_check_explain(&result, &text);
    assert_false(text.failed);
    assert_string_equal(
        text.data,
        "memory: 20 scalars, 10 vectors of 16, 5 matrices of 16 x 16; 16 inputs\n"
        "\n"
        "setup: 0 live, 0 dead, 0 inert\n"
        "\n"
        "predict: 1 live, 1 dead, 1 inert\n"
        "  line    2  s0 = dot(v0, v1)\n"
        "  line    3  s2 = s0 * s0                   dead: nothing needs what it writes\n"
        "  line    4  s3 = v0 + v9                   inert: the result does not fit into the "
        "destination\n"
        "\n"
        "learn: 1 live, 0 dead, 0 inert\n"
        "  line    6  v1 = v1 + v0\n"
        "\n"
        "read before they are written, so 0 for the first example:\n"
        "  line    2  v1 in predict\n"
        "\n"
        "strange, but accepted:\n"
        "  line    6  belongs to learn, which the comment in line 5 names\n"
        "strict reading refuses:\n"
        "  line    3  the text after the complete statement is ignored\n"
        "  line    4  does nothing: the result does not fit into the destination\n");
    free(text.data);
    pm_check_clear(&result);
}

static void unreadable_text_is_an_error(void **state)
{
    (void)state;
    struct pm_check result;
    struct pm_error error = {0};
    assert_false(pm_check_text("junk\nmore\n", 10, 16, &result, &error));
    assert_int_equal(error.code, PM_ERROR_INVALID);
    assert_null(result.findings);
    assert_false(pm_check_text("NoOp()", 6, 0, &result, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    pm_check_clear(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_is_what_can_reach_a_prediction),
        cmocka_unit_test(findings_carry_lines_and_are_sorted),
        cmocka_unit_test(verdict_is_that_of_strict_reading),
        cmocka_unit_test(unwritten_registers_are_found),
        cmocka_unit_test(programs_are_summed_up),
        cmocka_unit_test(explanation_reads_like_this),
        cmocka_unit_test(unreadable_text_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
