/* poolminer check and poolminer selftest, as a user types them. */
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/selftest.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";

enum { TIMEOUT_MS = 110000 }; /* the self test of a build with sanitizers */

static int set_up(void **state)
{
    test_home_set_up(state);
    write_text(test_home, "good.txt", "def Predict():\n  s0 = dot(v0, v1)\n  s2 = s3\n");
    write_text(test_home, "odd.txt", "def Predict():\n  s0 = s2 + s3 + s4\n  s0 = nothing\n");
    write_text(test_home, "bad.txt", "nothing\n");
    return 0;
}

#define RUN(...)                                                                                   \
    run_at_home(test_home, (const char *const[]){POOLMINER, __VA_ARGS__, NULL}, TIMEOUT_MS)

static void a_file_is_explained(void **state)
{
    (void)state;
    expect_output(RUN("check", "good.txt"), 0, "predict: 1 live, 1 dead, 0 inert\n", "");
    expect_output(RUN("check", "good.txt", "--strict"), 0, "strict reading accepts it\n", "");
    expect_output(RUN("check", "odd.txt"), 0, "line    2  the text after the complete statement",
                  "");
    expect_output(RUN("check", "good.txt", "--input-dim", "4"), 0, "10 vectors of 4", "");
}

static void status_tells_what_is_wrong(void **state)
{
    (void)state;
    expect_output(RUN("check", "odd.txt", "--strict"), 1, "strict reading refuses:\n", "");
    expect_output(RUN("check", "bad.txt"), 1, "", "bad.txt: no line of the text is a statement");
    expect_output(RUN("check", "missing.txt"), 1, "", "missing.txt");
    /* One bad file does not keep the others from being explained. */
    expect_output(RUN("check", "bad.txt", "good.txt"), 1, "good.txt\nmemory: ", "bad.txt");
    expect_output(RUN("check"), 2, "", "no file given");
}

static void json_says_the_same(void **state)
{
    (void)state;
    struct output output = RUN("check", "--json", "odd.txt");
    struct pm_error error = {0};
    cJSON *line = NULL;
    const cJSON *instructions = NULL, *findings = NULL;
    bool strict = true;
    int64_t number = 0;
    assert_int_equal(output.status, 0);
    if (!pm_json_parse(output.out, strcspn(output.out, "\n"), 1000000, &line, &error) ||
        !pm_json_bool(line, "strict", &strict, &error) ||
        !pm_json_array(line, "instructions", &instructions, &error) ||
        !pm_json_array(line, "findings", &findings, &error) ||
        !pm_json_integer(cJSON_GetArrayItem(findings, 1), "line", &number, &error)) {
        fail_msg("%s in %s", error.message, output.out);
    }
    assert_false(strict);
    assert_int_equal(cJSON_GetArraySize(instructions), 1);
    assert_int_equal(cJSON_GetArraySize(findings), 2);
    assert_int_equal(number, 3);
    cJSON_Delete(line);
    output_clear(&output);
}

static void this_machine_agrees(void **state)
{
    (void)state;
    expect_output(RUN("selftest"), 0, "this machine agrees\n", "");
    expect_output(RUN("selftest", "--json", "--threads", "2"), 0,
                  "{\"executor\":\"reference\",\"simd\":\"none\",\"hash\":\"" PM_SELFTEST_HASH
                  "\",\"agrees\":true}\n",
                  "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_explained),
        cmocka_unit_test(status_tells_what_is_wrong),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(this_machine_agrees),
    };
    return cmocka_run_group_tests(tests, set_up, test_home_tear_down);
}
