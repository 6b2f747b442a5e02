/* Whole texts: lines, headers, the meta line, limits, what is warned of and what is refused. */
#include "tests/cmocka_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/algorithm.h>
#include <poolminer/text.h>

struct warnings {
    int count; /* of them, the first 16 are kept */
    int line[16];
    char reason[16][256];
};

static void collect(void *context, int line, const char *reason)
{
    struct warnings *warnings = context;
    if (warnings->count < 16) {
        warnings->line[warnings->count] = line;
        snprintf(warnings->reason[warnings->count], 256, "%s", reason);
    }
    warnings->count++;
}

static struct pm_algorithm *read_with(const char *text, enum pm_parse_mode mode,
                                      struct warnings *warnings)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    *warnings = (struct warnings){0};
    if (!pm_algorithm_parse(text, strlen(text), 16, mode, collect, warnings, &algorithm, &error)) {
        fail_msg("%s", error.message);
    }
    return algorithm;
}

static struct pm_algorithm *read(const char *text)
{
    struct warnings warnings;
    return read_with(text, PM_PARSE_LENIENT, &warnings);
}

static void check_error(const char *text, size_t length, int input_dim, enum pm_parse_mode mode,
                        enum pm_error_code code, const char *message)
{
    struct pm_algorithm *algorithm = NULL;
    struct pm_error error = {0};
    assert_false(pm_algorithm_parse(text, length, input_dim, mode, NULL, NULL, &algorithm, &error));
    assert_null(algorithm);
    assert_int_equal(error.code, code);
    if (strstr(error.message, message) == NULL) {
        fail_msg("'%s' does not say '%s'", error.message, message);
    }
}

static void check_refused(const char *text, const char *message)
{
    check_error(text, strlen(text), 16, PM_PARSE_STRICT, PM_ERROR_INVALID, message);
    pm_algorithm_destroy(read(text)); /* but lenient reading goes on */
}

/* The written form of what the text says, without its meta line. */
static void check_body(const char *text, const char *body)
{
    struct pm_algorithm *algorithm = read(text);
    char *written = pm_algorithm_write(algorithm, NULL);
    assert_non_null(written);
    assert_string_equal(strchr(written, '\n') + 1, body);
    free(written);
    pm_algorithm_destroy(algorithm);
}

static void written_form_is_exactly_this(void **state)
{
    (void)state;
    static const char text[] = "# meta: scalar_count=5 vector_count=9 matrix_count=2 vector_dim=20 "
                               "setup_max_ops=7 predict_max_ops=11 learn_max_ops=23\n"
                               "def Setup():\n"
                               "  NoOp()\n"
                               "def Predict():\n"
                               "  v1 = dot(m0, v0)\n"
                               "  v2 = heaviside(v1, 1.0)\n"
                               "def Learn():\n"
                               "  v1[3] = 0.1\n";
    struct warnings warnings;
    struct pm_algorithm *algorithm = read_with(text, PM_PARSE_STRICT, &warnings);
    assert_int_equal(warnings.count, 0);
    char *written = pm_algorithm_write(algorithm, NULL);
    assert_string_equal(written, text);
    free(written);
    pm_algorithm_destroy(algorithm);
}

static void headers_choose_the_phase(void **state)
{
    (void)state;
    static const char all[] =
        "def Setup():\n  s2 = 1.0\ndef Predict():\n  s2 = 2.0\ndef Learn():\n  s2 = 3.0\n";
    check_body("s2 = 2\n# setup\ns2 = 1\n#learn\ns2 = 3\n", all);
    check_body("setup:\ns2 = 1\nPREDICT:\ns2 = 2\ndef Learn():\ns2 = 3", all);
    check_body("# Setup:\ns2 = 1\n## the predict function ##\ns2 = 2\nlearning :\ns2 = 3", all);
    /* Looked for in the order setup, predict, learn. */
    check_body("# learn to predict the setup\ns2 = 1\n# learn to predict\ns2 = 2\nlearn:\ns2 = 3",
               all);
    /* Other headers change nothing; a comment behind a header does not hide it. */
    check_body("setup: # first\ns2 = 1\ndef Predict(): # then\n# so far, so good\nelse:\ns2 = 2\n"
               "learn:\ns2 = 3",
               all);
    /* Phases may come again, in any order. */
    check_body("# learn\ns2 = 3\n# setup\n# predict\ns2 = 2\n# setup\ns2 = 1", all);
}

static void lines_end_in_three_ways(void **state)
{
    (void)state;
    static const char all[] =
        "def Setup():\n  s2 = 1.0\ndef Predict():\n  s2 = 2.0\ndef Learn():\n  NoOp()\n";
    check_body("# setup\r\ns2 = 1\r\n\r\n# predict\r\ns2 = 2\r\n", all);
    check_body("# setup\rs2 = 1\r\r# predict\rs2 = 2", all);
    check_body("\n\n  # setup  \n\t\n  s2 = 1\n# predict\ns2 = 2\n\n", all);
}

static void skipped_lines_are_reported_with_their_number(void **state)
{
    (void)state;
    struct warnings warnings;
    struct pm_algorithm *algorithm =
        read_with("\n# setup\r\nbad\n\ns2 = 1\nworse\xff\x01 line\ns2 = s2+s2+s2", PM_PARSE_LENIENT,
                  &warnings);
    assert_int_equal(algorithm->length[PM_PHASE_SETUP], 2);
    assert_int_equal(warnings.count, 3);
    assert_int_equal(warnings.line[0], 3);
    assert_int_equal(warnings.line[1], 6);
    assert_int_equal(warnings.line[2], 7);
    pm_algorithm_destroy(algorithm);
    check_refused("# setup\ns2 = 1\nbad\n", "line 3: skipped: ");
}

static void a_comment_that_moves_instructions_is_pointed_out(void **state)
{
    (void)state;
    struct warnings warnings;
    struct pm_algorithm *algorithm = read_with(
        "def Predict():\n  s2 = 1\n  # learning rate\n  s3 = 1\n  s4 = 1\nlearn:\n  s5 = 1\n",
        PM_PARSE_STRICT, &warnings);
    assert_int_equal(algorithm->length[PM_PHASE_PREDICT], 1);
    assert_int_equal(algorithm->length[PM_PHASE_LEARN], 3);
    assert_int_equal(warnings.count, 1);
    assert_int_equal(warnings.line[0], 4);
    assert_string_equal(warnings.reason[0], "belongs to learn, which the comment in line 3 names");
    pm_algorithm_destroy(algorithm);

    /* The meta line names setup, if it says setup_max_ops. */
    algorithm = read_with("# meta: setup_max_ops=5\ns2 = 1\n", PM_PARSE_STRICT, &warnings);
    assert_int_equal(algorithm->length[PM_PHASE_SETUP], 1);
    assert_int_equal(warnings.count, 1);
    pm_algorithm_destroy(algorithm);

    algorithm = read_with("s0 = s1:\nNoOp()", PM_PARSE_STRICT, &warnings);
    assert_int_equal(algorithm->length[PM_PHASE_PREDICT], 0);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.reason[0], "names no phase"));
    pm_algorithm_destroy(algorithm);
}

static void check_meta(const char *text, struct pm_algorithm_meta expected)
{
    struct pm_algorithm *algorithm = read(text);
    if (memcmp(&algorithm->meta, &expected, sizeof expected) != 0) {
        char *written = pm_algorithm_write(algorithm, NULL);
        fail_msg("%s\nwas read as\n%s", text, written);
    }
    pm_algorithm_destroy(algorithm);
}

static void meta_line_sets_the_memory(void **state)
{
    (void)state;
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(16);
    check_meta("NoOp()", meta);
    check_meta("# meta:\nNoOp()", meta);
    check_meta("#meta: scalar_count=3\nNoOp()", meta); /* not a meta line */
    check_meta("# meta: colour=3, k scalar_count vector_count= =5\nNoOp()", meta);
    check_meta("# meta: scalar_count=3.5 vector_count=x matrix_count=0x2\nNoOp()", meta);

    meta.scalar_count = 3;
    check_meta("# meta: scalar_count=3\nNoOp()", meta);
    check_meta("NoOp()\n  # META: SCALAR_COUNT=+3", meta);
    check_meta("# meta: scalar_count=5,scalar_count=4\n# meta: scalar_count=3\nNoOp()", meta);
    meta.matrix_count = 0;
    meta.vector_count = 64;
    check_meta("# meta: scalar_count=3 ,, vector_count=64,matrix_count=0\nNoOp()", meta);

    meta = pm_algorithm_meta_default(16);
    meta.scalar_count = 20;
    check_meta("# meta: scalar_count=5 scalar_count=none\nNoOp()", meta); /* the last wins */
}

static void vector_dim_is_never_less_than_the_input(void **state)
{
    (void)state;
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(16);
    check_meta("# meta: vector_dim=8\nNoOp()", meta);
    check_meta("# meta: vector_dim=-3\nNoOp()", meta);
    meta.vector_dim = 128;
    check_meta("# meta: vector_dim=128\nNoOp()", meta);
}

static void bounds_have_four_spellings(void **state)
{
    (void)state;
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(16);
    meta.max_ops[PM_PHASE_SETUP] = 7;
    check_meta("# meta: setup_max_ops=7\nNoOp()", meta);
    check_meta("# meta: setup_max=7\nNoOp()", meta);
    check_meta("# meta: setup_max_size=7\nNoOp()", meta);
    check_meta("# meta: setup_max_instructions=7\nNoOp()", meta);
    check_meta("# meta: setup_max=9 setup_max_ops=7 setup_max_size=8\nNoOp()", meta);
    check_meta("# meta: setup_max=7 setup_max_ops=many\nNoOp()", meta);
    meta.max_ops[PM_PHASE_SETUP] = 512;
    check_meta("# meta: setup_max_ops=100000\nNoOp()", meta);
    meta.max_ops[PM_PHASE_SETUP] = 0;
    check_meta("# meta: setup_max_ops=-1\nNoOp()", meta);
    /* A longer phase outgrows its bound. */
    meta.max_ops[PM_PHASE_SETUP] = 2;
    check_meta("# meta: setup_max_ops=1\nNoOp()\ns2 = 1\ns2 = 2\nnonsense\n", meta);
}

static void strict_reading_refuses_a_doubtful_meta_line(void **state)
{
    (void)state;
    check_refused("NoOp()\n# meta: scalar_count=many\n", "line 2: meta: scalar_count");
    check_refused("NoOp()\n# meta: scalar_count=\n", "line 2: meta: scalar_count");
    check_refused("NoOp()\n# meta: learn_max_ops=1000\n", "line 2: meta: a bound");
    struct warnings warnings;
    pm_algorithm_destroy(read_with("# meta: scalar_count=3 scalar_count=4 author=me hm\nNoOp()",
                                   PM_PARSE_STRICT, &warnings));
    assert_int_equal(warnings.count, 3);
}

static void limits_are_errors_in_both_modes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "# meta: scalar_count=0\nNoOp()",  "# meta: scalar_count=65\nNoOp()",
        "# meta: vector_count=0\nNoOp()",  "# meta: vector_count=65\nNoOp()",
        "# meta: matrix_count=-1\nNoOp()", "# meta: matrix_count=65\nNoOp()",
        "# meta: vector_dim=129\nNoOp()",  "# meta: scalar_count=99999999999999999999\nNoOp()",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_error(texts[i], strlen(texts[i]), 16, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "line 1: ");
        check_error(texts[i], strlen(texts[i]), 16, PM_PARSE_STRICT, PM_ERROR_LIMIT, "limits are");
    }
    static const char wide[] = "# meta: vector_dim=129\nNoOp()";
    check_error(wide, strlen(wide), 16, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "limits are 1 to 128");
    static const char huge[] = "# meta: vector_dim=99999999999\nNoOp()";
    check_error(huge, strlen(huge), 16, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "is 1000000 or more;");
    check_error("NoOp()", 6, 0, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "input_dim is 0");
    check_error("NoOp()", 6, 129, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "input_dim is 129");
    check_error("NoOp()", 6, -1, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "input_dim is -1");
}

static void a_text_may_be_64_kib(void **state)
{
    (void)state;
    struct pm_text padded = {0};
    pm_text_append(&padded, "%-*s", PM_ALGORITHM_TEXT_MAX + 1, "NoOp()");
    const char *text = padded.data;
    struct pm_algorithm *algorithm = NULL;
    assert_true(pm_algorithm_parse(text, PM_ALGORITHM_TEXT_MAX, 16, PM_PARSE_STRICT, NULL, NULL,
                                   &algorithm, NULL));
    pm_algorithm_destroy(algorithm);
    check_error(text, PM_ALGORITHM_TEXT_MAX + 1, 16, PM_PARSE_LENIENT, PM_ERROR_LIMIT, "65537");
    free(padded.data);
}

static void a_phase_may_have_512_instructions(void **state)
{
    (void)state;
    struct pm_text text = {0};
    pm_text_append(&text, "learn:\n");
    for (int i = 0; i < PM_PHASE_LENGTH_MAX; i++) {
        pm_text_append(&text, "s2 = 1\nNoOp()\njunk\n");
    }
    assert_false(text.failed);
    pm_algorithm_destroy(read(text.data));
    pm_text_append(&text, "s2 = 1\n");
    check_error(text.data, text.length, 16, PM_PARSE_LENIENT, PM_ERROR_LIMIT,
                "line 1538: more than 512 instructions in one phase (learn)");
    free(text.data);
}

static void a_text_without_statements_is_an_error(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n\n", "hello, world", "# meta: scalar_count=3\n",
                                        "def Setup():\ndef Predict():\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_error(texts[i], strlen(texts[i]), 16, PM_PARSE_LENIENT, PM_ERROR_INVALID,
                    "no line of the text is a statement");
    }
}

/* Bytes that are no text, a NUL among them, are just no statements. */
static void any_bytes_can_be_read(void **state)
{
    (void)state;
    static const char text[] = "s2 = 1\0 2\n\xc3\xa9\xff = s3\nv1[1\0] = 2\nNoOp()\n";
    struct pm_algorithm *algorithm = NULL;
    assert_true(pm_algorithm_parse(text, sizeof text - 1, 16, PM_PARSE_LENIENT, NULL, NULL,
                                   &algorithm, NULL));
    assert_int_equal(algorithm->length[PM_PHASE_PREDICT], 1);
    pm_algorithm_destroy(algorithm);
}

/* What has no text is not written as something else. */
static void programs_out_of_normal_form_are_not_written(void **state)
{
    (void)state;
    const struct pm_operand s = {.kind = PM_KIND_SCALAR}, v = {.kind = PM_KIND_VECTOR},
                            m = {.kind = PM_KIND_MATRIX}, none = {.kind = PM_KIND_NONE};
    const float not_a_number = strtof("nan", NULL);
    const struct pm_instruction bad[] = {
        {.op = PM_OP_NOOP, .out = s, .a = none, .b = none},
        {.op = PM_OP_CONST, .out = s, .c0 = not_a_number},
        {.op = PM_OP_CONST_VEC, .out = v, .c0 = not_a_number},
        {.op = PM_OP_CONST_VEC, .out = s},
        {.op = PM_OP_GAUSSIAN, .out = s, .c1 = not_a_number},
        {.op = PM_OP_UNIFORM, .out = s, .c0 = not_a_number},
        {.op = PM_OP_DOT, .out = v, .a = m, .b = v},
        {.op = PM_OP_ABS, .out = none, .a = s},
        {.op = PM_OP_ABS, .out = s, .a = none},
        {.op = PM_OP_ADD, .out = s, .a = s, .b = none},
    };
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(16);
    struct pm_algorithm *algorithm = pm_algorithm_create(16, &meta, 1);
    algorithm->length[PM_PHASE_LEARN] = 1;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pm_error error = {0};
        uint64_t hash;
        algorithm->phase[PM_PHASE_LEARN][0] = bad[i];
        assert_null(pm_algorithm_write(algorithm, &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
        assert_false(pm_algorithm_hash(algorithm, &hash, &error));
    }
    algorithm->phase[PM_PHASE_LEARN][0] =
        (struct pm_instruction){.op = PM_OP_ABS, .out = s, .a = s, .b = none};
    algorithm->meta.max_ops[PM_PHASE_LEARN] = 0;
    assert_null(pm_algorithm_write(algorithm, NULL));
    pm_algorithm_destroy(algorithm);
}

/* 1536 of the longest instructions: more text than may be read, so it is not handed out; but it can
 * still be hashed, and so be run. */
static void a_written_form_too_long_to_read_is_an_error(void **state)
{
    (void)state;
    struct pm_algorithm_meta meta = pm_algorithm_meta_default(16);
    struct pm_algorithm *algorithm = pm_algorithm_create(16, &meta, PM_PHASE_LENGTH_MAX);
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        algorithm->meta.max_ops[phase] = PM_PHASE_LENGTH_MAX;
        algorithm->length[phase] = PM_PHASE_LENGTH_MAX;
        for (int i = 0; i < PM_PHASE_LENGTH_MAX; i++) {
            algorithm->phase[phase][i] =
                (struct pm_instruction){.op = PM_OP_GAUSSIAN,
                                        .out = {.kind = PM_KIND_MATRIX, .index = 65535},
                                        .c0 = -1.17549435e-38F,
                                        .c1 = -1.17549435e-38F};
        }
    }
    struct pm_error error = {0};
    uint64_t hash;
    assert_null(pm_algorithm_write(algorithm, &error));
    assert_int_equal(error.code, PM_ERROR_LIMIT);
    assert_true(pm_algorithm_hash(algorithm, &hash, &error));
    pm_algorithm_destroy(algorithm);
}

/* Against BLAKE2b with an 8-byte digest from another implementation (Python's hashlib). */
static void hash_is_blake2b_64_of_the_written_form(void **state)
{
    (void)state;
    struct pm_algorithm *algorithm = read("NoOp()");
    uint64_t hash = 0;
    assert_true(pm_algorithm_hash(algorithm, &hash, NULL));
    assert_int_equal(hash, UINT64_C(0xe0d8792e6f4e3c40));
    pm_algorithm_destroy(algorithm);
}

static void equality_is_bit_for_bit(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "s2 = 0.0",         "s2 = -0.0",
        "v2[1] = 0.0",      "v2[2] = 0.0",
        "s2 = s3 + s4",     "s2 = s3 + s5",
        "s2 = s3 - s4",     "s3 = s3 + s4",
        "s2 = uniform(0)",  "s2 = uniform(0,2)",
        "s2 = s3",          "s2 = v3",
        "setup:\ns2 = 0.0", "NoOp()",
        "s2 = 0\ns2 = 0",   "# meta: scalar_count=3\n#predict\ns2 = 0.0",
    };
    enum { COUNT = sizeof texts / sizeof *texts };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            struct pm_algorithm *a = read(texts[i]), *b = read(texts[j]);
            assert_int_equal(pm_algorithm_equal(a, b), i == j);
            struct pm_algorithm *copy = pm_algorithm_clone(a);
            assert_true(pm_algorithm_equal(a, copy));
            pm_algorithm_destroy(copy);
            pm_algorithm_destroy(a);
            pm_algorithm_destroy(b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_form_is_exactly_this),
        cmocka_unit_test(headers_choose_the_phase),
        cmocka_unit_test(lines_end_in_three_ways),
        cmocka_unit_test(skipped_lines_are_reported_with_their_number),
        cmocka_unit_test(a_comment_that_moves_instructions_is_pointed_out),
        cmocka_unit_test(meta_line_sets_the_memory),
        cmocka_unit_test(vector_dim_is_never_less_than_the_input),
        cmocka_unit_test(bounds_have_four_spellings),
        cmocka_unit_test(strict_reading_refuses_a_doubtful_meta_line),
        cmocka_unit_test(limits_are_errors_in_both_modes),
        cmocka_unit_test(a_text_may_be_64_kib),
        cmocka_unit_test(a_phase_may_have_512_instructions),
        cmocka_unit_test(a_text_without_statements_is_an_error),
        cmocka_unit_test(any_bytes_can_be_read),
        cmocka_unit_test(programs_out_of_normal_form_are_not_written),
        cmocka_unit_test(a_written_form_too_long_to_read_is_an_error),
        cmocka_unit_test(hash_is_blake2b_64_of_the_written_form),
        cmocka_unit_test(equality_is_bit_for_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
