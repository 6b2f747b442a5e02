/* The poolminer command as a user types it: what it prints and exits with. */
#include "cmocka_include.h"
#include "run_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/file.h>
#include <poolminer/json.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";

enum { TIMEOUT_MS = 60000 };

static const char LINEAR[] = "def Setup():\n"
                             "  s2 = 0.001\n"
                             "  s5 = 0.5\n"
                             "def Predict():\n"
                             "  s0 = dot(v0, v1)\n"
                             "  s0 = s0 + s5\n"
                             "def Learn():\n"
                             "  s3 = s1 - s0\n"
                             "  s4 = s2 * s3\n"
                             "  v2 = s4 * v0\n"
                             "  v1 = v1 + v2\n";
static const char CONSTANT[] = "def Predict():\n  s0 = 1\n";

#define RUN(...)                                                                                   \
    run_at_home(test_home, (const char *const[]){POOLMINER, __VA_ARGS__, NULL}, TIMEOUT_MS)

static cJSON *parse_line(const char **text)
{
    cJSON *value = NULL;
    struct pm_error error = {0};
    size_t length = strcspn(*text, "\n");
    if (!pm_json_parse(*text, length, 1000000, &value, &error)) {
        fail_msg("%s in: %s", error.message, *text);
    }
    *text += length + ((*text)[length] == '\n' ? 1 : 0);
    return value;
}

static double number(const cJSON *object, const char *name)
{
    double value = 0;
    struct pm_error error = {0};
    if (!pm_json_number(object, name, &value, &error)) {
        fail_msg("%s", error.message);
    }
    return value;
}

static const char *text(const cJSON *object, const char *name)
{
    const char *value = NULL;
    struct pm_error error = {0};
    if (!pm_json_string(object, name, &value, &error)) {
        fail_msg("%s", error.message);
    }
    return value;
}

static void help_is_given(void **state)
{
    (void)state;
    expect_output(RUN("help"), 0, "evaluate", "");
    expect_output(RUN("--help"), 0, "Verbs:", "");
    expect_output(RUN("help", "evaluate"), 0, "--per-task", "");
    expect_output(RUN("help", "help"), 0, "Verbs:", "");
    expect_output(RUN("help", "version"), 0, "Verbs:", "");
    expect_output(RUN("mine", "--help"), 0, "--pool-url", "");
    expect_output(RUN("version"), 0, "poolminer " PM_VERSION "\n", "");
    expect_output(RUN("evolve", "--version"), 0, "poolminer " PM_VERSION "\n", "");
}

static void mistakes_of_usage_exit_with_2(void **state)
{
    (void)state;
    expect_output(run_at_home(test_home, (const char *const[]){POOLMINER, NULL}, TIMEOUT_MS), 2, "",
                  "Usage: poolminer VERB");
    expect_output(RUN("evaluat"), 2, "", "unknown verb evaluat; did you mean evaluate?");
    expect_output(RUN("zzzzzzzz"), 2, "", "`poolminer help` lists them");
    expect_output(RUN("mine", "extra"), 2, "", "mine takes no argument \"extra\"");
    expect_output(RUN("help", "mine", "x"), 2, "", "help takes no argument \"x\"");
    expect_output(RUN("version", "x"), 2, "", "version takes no argument \"x\"");
    expect_output(RUN("evaluate"), 2, "", "no file given");
    expect_output(RUN("evaluate", "--input-dim", "0", "x"), 2, "",
                  "--input-dim: 0 is out of range");
    expect_output(RUN("evaluate", "--suite", "third", "x"), 2, "",
                  "--suite: expected first2000|resampled");
    expect_output(RUN("demo", "--duration-s", "long"), 2, "",
                  "expected a whole number, not \"long\"");
    expect_output(RUN("config", "--log-level", "loud"), 2, "", "--log-level");
}

/* Some prose that was meant to be an algorithm: one warning more than are shown. */
static void warnings_of_a_text_that_is_no_algorithm_come_to_an_end(void **state)
{
    (void)state;
    write_text(test_home, "prose", "1st\n2nd\n3rd\n4th\n5th\n6th\n7th\n8th\n9th\n10th\n11th\n");
    struct output run = RUN("evaluate", "prose");
    assert_non_null(strstr(run.err, "prose:10: skipped: "));
    assert_null(strstr(run.err, "prose:11: "));
    expect_output(run, 1, "", "prose: and 1 more; poolminer check shows all\n");
}

/* Each rule of pay is compared with others, and with none twice. */
static void the_payouts_of_a_simulation_differ(void **state)
{
    (void)state;
    struct output run = RUN("simulate", "--miners", "10", "--epochs", "1", "--json");
    const char *line = run.out;
    cJSON *root = parse_line(&line);
    const cJSON *payouts = cJSON_GetObjectItem(root, "payouts");
    int count = cJSON_GetArraySize(payouts);
    assert_int_equal(count, 7);
    for (int i = 0; i < count; i++) {
        for (int k = 0; k < i; k++) {
            const cJSON *one = cJSON_GetArrayItem(payouts, i),
                        *other = cJSON_GetArrayItem(payouts, k);
            assert_true(number(one, "cap") != number(other, "cap") ||
                        number(one, "fee") != number(other, "fee"));
        }
    }
    cJSON_Delete(root);
    output_clear(&run);
}

static cJSON *simulate(const char *colluders, const char *quorum)
{
    struct output run =
        RUN("simulate", "--miners", "60", "--epochs", "2", "--json", "--liars", "0.1",
            "--selective", "0.1", "--colluders", colluders, "--quorum", quorum);
    const char *line = run.out;
    assert_int_equal(run.status, 0);
    cJSON *root = parse_line(&line);
    assert_int_equal(*line, 0);
    output_clear(&run);
    return root;
}

static const cJSON *item(const cJSON *root, const char *list, int index)
{
    return cJSON_GetArrayItem(cJSON_GetObjectItem(root, list), index);
}

/* Of 60 miners, and their figures add up to the whole. */
static void the_strategies_of_a_simulation_add_up(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double miners;
    } strategies[] = {{"honest", 36}, {"liar", 6}, {"lazy", 0}, {"colluder", 12}, {"selective", 6}};
    enum { STRATEGIES = sizeof strategies / sizeof *strategies };
    cJSON *root = simulate("0.2", "3");
    double paid_rao = 0;
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "strategies")), STRATEGIES);
    for (int i = 0; i < STRATEGIES; i++) {
        const cJSON *group = item(root, "strategies", i);
        assert_string_equal(text(group, "strategy"), strategies[i].name);
        assert_true(number(group, "miners") == strategies[i].miners);
        assert_true(number(group, "accurate") <= number(group, "evaluations"));
        assert_true(number(group, "over_threshold") <= number(group, "evolutions"));
        assert_true(number(group, "evolutions") <= number(group, "leases"));
        assert_true((number(group, "leases") > 0) == (strategies[i].miners > 0));
        assert_true((number(group, "reputation") > 0) == (number(group, "paid_rao") > 0));
        assert_int_equal(cJSON_IsNull(cJSON_GetObjectItem(group, "to_honest")),
                         strategies[i].miners == 0);
        paid_rao += number(group, "paid_rao");
    }
    assert_true(number(item(root, "strategies", 0), "to_honest") == 1);
    assert_true(paid_rao == number(root, "paid_rao"));
    assert_true(paid_rao + number(root, "pool_rao") == number(root, "budget_rao"));
    assert_true(number(root, "budget_rao") == 2e9);
    /* by the pool's own rules, which are the first that are compared */
    assert_true(number(root, "gini") > 0 && number(root, "gini") < 1);
    assert_true(number(root, "gini") == number(item(root, "payouts", 0), "gini"));
    cJSON_Delete(root);
}

/* What is said of other shares is what a simulation with that share says. */
static void the_quorums_of_a_simulation_are_true(void **state)
{
    (void)state;
    static const char *const quorums[] = {"3", "5", "7"};
    cJSON *root = simulate("0.2", "3");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "quorums")), 3);
    for (int i = 0; i < 3; i++) {
        const cJSON *quorum = item(root, "quorums", i);
        char share[32];
        assert_true(number(quorum, "quorum") == 3 + 2 * i);
        assert_true(number(quorum, "majority") == 2 + i);
        snprintf(share, sizeof share, "%.6g", number(quorum, "share_that_wins_half"));
        struct output run = RUN("simulate", "--miners", "60", "--epochs", "2", "--json",
                                "--colluders", share, "--quorum", quorums[i]);
        const char *line = run.out;
        cJSON *at_it = parse_line(&line);
        assert_true(number(at_it, "captured") >= 0.5);
        output_clear(&run);
        cJSON_Delete(at_it);
        snprintf(share, sizeof share, "%.6g", number(quorum, "share_that_earns_more"));
        run = RUN("simulate", "--miners", "60", "--epochs", "2", "--json", "--colluders", share,
                  "--quorum", quorums[i]);
        line = run.out;
        at_it = parse_line(&line);
        assert_true(number(item(at_it, "strategies", 3), "to_honest") >= 1);
        output_clear(&run);
        cJSON_Delete(at_it);
    }
    cJSON_Delete(root);
}

static void mistakes_in_the_settings_file_are_named(void **state)
{
    (void)state;
    write_text(test_home, "gui_config.json", "{\"pool_endpont\": \"http://x\"}");
    expect_output(RUN("mine"), 2, "",
                  "gui_config.json: unknown setting pool_endpont; did you mean "
                  "pool_endpoint?");
    write_text(test_home, "gui_config.json", "{\"workers\": \"two\"}");
    expect_output(RUN("config"), 2, "", "gui_config.json: workers: expected a whole number");
    write_text(test_home, "gui_config.json", "{\"comment\": 1}");
    expect_output(RUN("config"), 2, "",
                  "unknown setting comment; `poolminer mine --help` lists them");
    write_text(test_home, "gui_config.json", "{\"pool_endpoint\": \"ftp://x\"}");
    expect_output(RUN("config"), 2, "",
                  "file gui_config.json: pool_endpoint (--pool-url): \"ftp://x\" is no http:// or "
                  "https:// address");
    write_text(test_home, "gui_config.json", "{\"pool_endpoint\": [\"http://a\", \"b\"]}");
    expect_output(RUN("config"), 2, "", "\"b\" is no http:// or https:// address");
    write_text(test_home, "gui_config.json", "{\"pool_endpoint\": [\"http://a\", \"http://b\"]}");
    expect_output(RUN("config"), 0, "[\"http://a\",\"http://b\"]", "");
    write_text(test_home, "gui_config.json", "{\"run_id\": \"a b\"}");
    expect_output(RUN("mine"), 2, "", "run_id (--run-id): run-id: must be 1 to 128");
    write_text(test_home, "gui_config.json", "{\"sidecar_port\": 70000}");
    expect_output(RUN("evaluate", "x"), 2, "", "sidecar_port: 70000 is out of range");
    write_text(test_home, "gui_config.json", "{");
    expect_output(RUN("config"), 2, "", "gui_config.json: JSON:");
}

static void config_shows_values_and_sources(void **state)
{
    (void)state;
    write_text(test_home, "gui_config.json", "{\"pool_endpoint\": \"http://p\", \"workers\": 3}");
    struct output output = RUN("config", "--json", "--threads", "2");
    const char *at = output.out;
    cJSON *root = parse_line(&at);
    const cJSON *row = NULL;
    assert_int_equal(output.status, 0);
    assert_true(pm_json_object(root, "pool_endpoint", &row, NULL));
    assert_string_equal(text(row, "value"), "http://p");
    assert_string_equal(text(row, "source"), "file gui_config.json");
    assert_true(pm_json_object(root, "workers", &row, NULL));
    assert_true(number(row, "value") == 3);
    assert_true(pm_json_object(root, "threads", &row, NULL));
    assert_string_equal(text(row, "source"), "command line");
    assert_true(pm_json_object(root, "hotkey_file", &row, NULL));
    assert_non_null(strstr(text(row, "value"), "/poolminer/hotkey"));
    assert_string_equal(text(row, "source"), "default");
    cJSON_Delete(root);
    output_clear(&output);
    expect_output(RUN("config"), 0, "file gui_config.json", "");
}

/* In a settings file no shell does it. */
static void a_tilde_stands_for_the_home(void **state)
{
    (void)state;
    char expected[96];
    write_text(test_home, "gui_config.json", "{\"hotkey_file\": \"~/keys/mine\"}");
    snprintf(expected, sizeof expected, "%s/keys/mine ", test_home);
    expect_output(RUN("config"), 0, expected, "");
    snprintf(expected, sizeof expected, "%s/data ", test_home);
    expect_output(RUN("config", "--data-dir", "~/data"), 0, expected, "");
}

/* One message and no second try. */
static void mine_ends_at_a_mistake(void **state)
{
    (void)state;
    write_text(test_home, "gui_config.json", "{\"data_dir\": \"~/miner\", \"sidecar_port\": 0}");
    expect_output(RUN("mine", "--dataset", "nope"), 1, "", "poolminer: dataset \"nope\"");
    write_text(test_home, "key", "no key");
    struct output output = RUN("mine", "--hotkey-file", "key");
    assert_int_equal(output.status, 1);
    assert_non_null(strstr(output.err, "key file key: mnemonic"));
    assert_non_null(strstr(output.err, "the driver ended with status "));
    assert_null(strstr(output.err, "CHILD-RESTART"));
    output_clear(&output);
}

/* As `evaluate` says it, and before a program is started. */
static void a_dataset_that_is_too_small_is_refused(void **state)
{
    (void)state;
    char record[3073] = {0};
    struct pm_error error = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/one.bin", test_home);
    record[0] = 3;
    assert_true(pm_file_write_atomic(path, record, sizeof record, 0600, true, &error));
    static const char *const verbs[] = {"demo", "mine"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct output output = RUN(verbs[i], "--dataset", "one.bin");
        assert_int_equal(output.status, 1);
        assert_non_null(strstr(output.err, "poolminer: "));
        assert_string_equal(output.out, ""); /* nothing was started */
        output_clear(&output);
    }
}

static void evaluate_prints_a_line_a_file(void **state)
{
    (void)state;
    write_text(test_home, "linear.txt", LINEAR);
    write_text(test_home, "constant.txt", CONSTANT);
    struct output output = RUN("evaluate", "linear.txt", "constant.txt", "--json", "--per-task");
    const char *at = output.out;
    cJSON *linear = parse_line(&at), *constant = parse_line(&at);
    assert_int_equal(output.status, 0);
    assert_string_equal(at, "");
    assert_string_equal(text(linear, "file"), "linear.txt");
    assert_string_equal(text(linear, "suite"), "first2000");
    assert_int_equal(strlen(text(linear, "dataset")), 64);
    assert_true(number(linear, "tasks") == 128);
    assert_true(number(linear, "score") > 0.7);
    assert_true(number(constant, "score") < 0.6);
    const cJSON *scores = NULL;
    assert_true(pm_json_array(linear, "task_scores", &scores, NULL));
    assert_int_equal(cJSON_GetArraySize(scores), 128);
    double values[128];
    int below = 0, above = 0;
    for (int i = 0; i < 128; i++) {
        values[i] = cJSON_GetArrayItem(scores, i)->valuedouble;
        below += values[i] <= number(linear, "score") ? 1 : 0;
        above += values[i] >= number(linear, "score") ? 1 : 0;
    }
    assert_in_range(below, 64, 128);
    assert_in_range(above, 64, 128);
    cJSON_Delete(linear);
    cJSON_Delete(constant);
    output_clear(&output);
}

static void evaluate_goes_on_after_a_bad_file(void **state)
{
    (void)state;
    write_text(test_home, "bad.txt", "# meta: scalar_count=1000\ns0 = 1\n");
    write_text(test_home, "constant.txt", CONSTANT);
    struct output output =
        RUN("evaluate", "missing.txt", "bad.txt", "constant.txt", "--json", "--tasks", "4");
    const char *at = output.out;
    cJSON *missing = parse_line(&at), *bad = parse_line(&at), *good = parse_line(&at);
    assert_int_equal(output.status, 1);
    assert_non_null(strstr(text(missing, "error"), "missing.txt"));
    assert_non_null(strstr(text(bad, "error"), "bad.txt"));
    assert_true(number(good, "tasks") == 4);
    assert_null(cJSON_GetObjectItemCaseSensitive(bad, "score"));
    cJSON_Delete(missing);
    cJSON_Delete(bad);
    cJSON_Delete(good);
    output_clear(&output);
}

static void evaluate_warns_of_what_it_skips(void **state)
{
    (void)state;
    write_text(test_home, "odd.txt", "def Predict():\n  s0 = 1\n  this is nothing\n");
    expect_output(RUN("evaluate", "odd.txt", "--tasks", "2"), 0, "odd.txt", "odd.txt:3: ");
    expect_output(RUN("evaluate", "-", "--tasks", "2"), 1, "", "-");
}

static void a_missing_dataset_is_named(void **state)
{
    (void)state;
    write_text(test_home, "constant.txt", CONSTANT);
    expect_output(RUN("evaluate", "constant.txt", "--dataset", "no.bin"), 1, "", "no.bin");
    expect_output(RUN("demo", "--dataset", "no.bin"), 1, "", "no.bin");
}

static void evolve_is_reproducible(void **state)
{
    (void)state;
    write_text(test_home, "linear.txt", LINEAR);
    write_text(test_home, "constant.txt", CONSTANT);
    char *first = NULL;
    for (int i = 0; i < 2; i++) {
        struct output output =
            RUN("evolve", "--seed-algorithm", "linear.txt", "--seed-algorithm", "constant.txt",
                "--generations", "3", "--seed", "11", "--threads", i == 0 ? "1" : "3", "--json");
        const char *at = output.out;
        cJSON *result = parse_line(&at);
        assert_int_equal(output.status, 0);
        assert_non_null(strstr(output.err, "generation 3 of 3"));
        assert_true(number(result, "seed") == 11);
        assert_true(number(result, "generations") == 3);
        assert_in_range((uintmax_t)(number(result, "score") * 1000), 400, 1000);
        if (i == 0) {
            first = strdup(text(result, "algorithm_dsl"));
            /* What was printed reads back, to the same score. */
            double score = number(result, "score");
            write_text(test_home, "best.txt", first);
            struct output again = RUN("evaluate", "best.txt", "--json");
            at = again.out;
            cJSON *line = parse_line(&at);
            assert_true(number(line, "score") == score);
            cJSON_Delete(line);
            output_clear(&again);
        } else {
            assert_string_equal(text(result, "algorithm_dsl"), first);
        }
        cJSON_Delete(result);
        output_clear(&output);
    }
    free(first);
}

/* How often OpenMP said that it starts. */
static int count_starts(struct output output)
{
    int starts = 0;
    for (const char *at = output.err; (at = strstr(at, "ENVIRONMENT BEGIN")) != NULL; at++) {
        starts++;
    }
    assert_int_equal(output.status, 0);
    output_clear(&output);
    return starts;
}

/* A verb that computes starts once more, so that OpenMP's threads sleep while they wait, unless the
 * user has said how they are to; one that does not compute is content as it is. */
static void threads_that_wait_sleep(void **state)
{
    (void)state;
    char *kept = getenv("OMP_WAIT_POLICY");
    kept = kept != NULL ? strdup(kept) : NULL;
    setenv("OMP_DISPLAY_ENV", "true", 1);
    unsetenv("OMP_WAIT_POLICY");
    assert_int_equal(count_starts(RUN("evaluate", "--help")), 2);
    assert_int_equal(count_starts(RUN("wallet", "--help")), 1);
    setenv("OMP_WAIT_POLICY", "active", 1);
    assert_int_equal(count_starts(RUN("evaluate", "--help")), 1);
    expect_output(RUN("evaluate", "--help"), 0, "Usage", "'ACTIVE'");
    unsetenv("OMP_DISPLAY_ENV");
    unsetenv("OMP_WAIT_POLICY");
    if (kept != NULL) {
        setenv("OMP_WAIT_POLICY", kept, 1);
    }
    free(kept);
}

/* Products of matrices of 128 x 128, as many as the language allows: hours. */
static void write_slow(const char *name)
{
    enum { PRODUCTS = 510, LINE = 64 };
    char *slow = calloc(PRODUCTS + 8, 2 * LINE);
    assert_non_null(slow);
    char *end = stpcpy(slow, "# meta: matrix_count=2 vector_dim=128 predict_max_ops=512\n"
                             "def Setup():\n  s2 = 1\ndef Predict():\n");
    for (int i = 0; i < PRODUCTS; i++) {
        end = stpcpy(end, "  m1 = matmul(m1, m0)\n");
    }
    stpcpy(end, "  s0 = mean(m1)\ndef Learn():\n  m0 = outer(v0, v0)\n");
    write_text(test_home, name, slow);
    free(slow);
}

/* Neither the search nor the scores at its end take longer than is asked for, and what was scored
 * is said. The time grows until it is enough for the quick seed, on whatever machine this is. */
static void evolve_keeps_to_its_time(void **state)
{
    (void)state;
    write_text(test_home, "linear.txt", LINEAR);
    write_slow("slow.txt");
    int status = -1;
    for (int seconds = 1; status != 0 && seconds < TIMEOUT_MS / 2000; seconds *= 2) {
        char limit[16];
        snprintf(limit, sizeof limit, "%d", seconds);
        struct output output =
            RUN("evolve", "--seed-algorithm", "slow.txt", "--seed-algorithm", "linear.txt",
                "--generations", "100000", "--max-seconds", limit, "--json");
        status = output.status;
        if (status == 0) {
            assert_non_null(strstr(output.out, "\"file\":\"slow.txt\",\"score\":null"));
        } else {
            assert_non_null(strstr(output.err, "poolminer: "));
        }
        output_clear(&output);
    }
    assert_int_equal(status, 0);
}

static void evolve_names_its_mistakes(void **state)
{
    (void)state;
    write_text(test_home, "linear.txt", LINEAR);
    expect_output(RUN("evolve"), 2, "", "no seed given");
    expect_output(RUN("evolve", "--seed", "-1"), 2, "", "0 to 9007199254740991 is allowed");
    expect_output(RUN("evolve", "--seed-algorithm", "no.txt"), 1, "", "no.txt");
    expect_output(RUN("evolve", "--seed-algorithm", "linear.txt", "--engine", "steam"), 2, "",
                  "steam");
    expect_output(RUN("evolve", "--seed-algorithm", "linear.txt", "--profile", "x"), 2, "",
                  "--profile");
}

static void evolve_keeps_its_course(void **state)
{
    (void)state;
    char log[128], plot[128];
    snprintf(log, sizeof log, "%s/course.jsonl", test_home);
    snprintf(plot, sizeof plot, "%s/course.svg", test_home);
    write_text(test_home, "linear.txt", LINEAR);
    struct output run =
        RUN("evolve", "--seed-algorithm", "linear.txt", "--seed", "1", "--json", "--generations",
            "3", "--population", "20", "--log-evolution", log, "--plot", plot);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "\"lineage\":[{\"generation\":"));
    static const char *const shown[] = {"generation 3 of 3, best 0.", " mean 0.",
                                        " 60 candidates, ", " a second, ", " % cached"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        assert_non_null(strstr(run.err, shown[i]));
    }
    output_clear(&run);
    expect_output(RUN("evolve", "--seed-algorithm", "linear.txt", "--seed", "1", "--generations",
                      "3", "--population", "20"),
                  0, "  by mutation\n", "");
    char *text = NULL;
    size_t length = 0;
    assert_true(pm_file_read(log, 1 << 20, &text, &length, NULL));
    int lines = 0;
    for (const char *at = text; *at != '\0'; lines++) {
        cJSON *line = parse_line(&at);
        assert_true(number(line, "generation") == lines + 1);
        assert_true(number(line, "generations") == 3);
        assert_true(number(line, "candidates") == 20 * (lines + 1));
        assert_true(number(line, "cache_hits") + number(line, "hopeless") <=
                    number(line, "candidates"));
        assert_true(number(line, "best") >= number(line, "mean"));
        assert_true(number(line, "candidates_per_second") > 0);
        cJSON_Delete(line);
    }
    assert_int_equal(lines, 3);
    free(text);
    assert_true(pm_file_read(plot, 1 << 20, &text, &length, NULL));
    assert_int_equal(strncmp(text, "<svg ", 5), 0);
    assert_non_null(strstr(text, "<polyline "));
    assert_non_null(strstr(text, "</svg>"));
    free(text);
    expect_output(RUN("evolve", "--seed-algorithm", "linear.txt", "--log-evolution", "no/such"), 1,
                  "", "no/such: cannot be written");
}

static struct output run_shell(const char *line)
{
    return run_at_home(test_home, (const char *const[]){"/bin/sh", "-c", line, NULL}, TIMEOUT_MS);
}

/* Said before the search: here it would go on for a thousand years. */
static void evolve_looks_where_it_writes_first(void **state)
{
    (void)state;
    expect_output(RUN("evolve", "--seed-algorithm", "linear.txt", "--generations", "100000",
                      "--plot", "no/such.svg"),
                  1, "", "no/such.svg cannot be written");
    expect_output(
        RUN("evolve", "--seed-algorithm", "linear.txt", "--generations", "100000", "--plot", "."),
        2, "", "is a directory");
    char line[256];
    snprintf(line, sizeof line,
             "%s evolve --seed-algorithm linear.txt --generations 100000 --plot /dev/stdout > own",
             POOLMINER);
    expect_output(run_shell(line), 2, "", "the file that the result goes to");
}

static void explain_simplifies_and_comments(void **state)
{
    (void)state;
    write_text(test_home, "long.txt",
               "def Setup():\n  s2 = 0.5\n  s3 = s2 * s2\ndef Predict():\n  s0 = dot(v0, v1)\n"
               "def Learn():\n  v1 = s3 * v0\n  v7 = v1 + v1\n");
    expect_output(RUN("explain", "long.txt"), 0, "s3 = 0.25                     # a constant", "");
    expect_output(RUN("explain", "long.txt"), 0, "# 3 of 5 instructions are left", "");
    expect_output(RUN("explain"), 2, "", "no file given");
    expect_output(RUN("explain", "no.txt"), 1, "", "no.txt");
}

/* What a shell makes of <(command). */
static void a_pipe_is_read_as_a_file(void **state)
{
    (void)state;
    char line[256];
    write_text(test_home, "linear.txt", LINEAR);
    snprintf(line, sizeof line, "cat linear.txt | %s evaluate --tasks 1 /dev/stdin", POOLMINER);
    expect_output(run_shell(line), 0, "  /dev/stdin\n", "");
    snprintf(line, sizeof line, "cat linear.txt | %s check /dev/stdin", POOLMINER);
    expect_output(run_shell(line), 0, "/dev/stdin\n", "");
    expect_output(RUN("evaluate", "/dev/zero", "--tasks", "1"), 1, "", "/dev/zero: more than the");
    expect_output(RUN("evaluate", ".", "--tasks", "1"), 1, "", "not a regular file");
}

/* A line a file is promised, whatever the file is called. */
static void odd_file_names_are_shown_harmlessly(void **state)
{
    (void)state;
    static const char name[] = "a\xff\x1b[31mb.txt";
    write_text(test_home, name, LINEAR);
    expect_output(RUN("evaluate", name, "--tasks", "1", "--json"), 0,
                  "{\"file\":\"a?\\u001b[31mb.txt\",\"score\":", "");
    expect_output(RUN("evaluate", name, "--tasks", "1"), 0, "  a??[31mb.txt\n", "");
    expect_output(RUN("check", name, "--json"), 0, "{\"file\":\"a?\\u001b[31mb.txt\",", "");
    expect_output(RUN("check", name), 0, "a??[31mb.txt\n", "");
    expect_output(RUN("evaluate", "no\x1b[2J", "--tasks", "1"), 1, "", "poolminer: no?[2J: ");
    expect_output(RUN("x\x1b[2J"), 2, "", "unknown verb x?[2J;");
}

static void settings_are_shown_harmlessly(void **state)
{
    (void)state;
    write_text(test_home, "gui_config.json", "{\"data_dir\": \"a\\u001b[2Jb\"}");
    expect_output(RUN("config"), 0, " a?[2Jb ", "");
    write_text(test_home, "gui_config.json", "{\"data_dir\": \"\"}");
    expect_output(RUN("config"), 2, "", "data_dir: expected a path, not \"\"");
    write_text(test_home, "gui_config.json", "{}");
}

/* Before anything else is said or done. */
static void a_workers_names_are_looked_at_first(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"--name 'a b'", "a client's name is 1 to"},
                                          {"--run-id 'a b'", "run-id: must be 1 to 128"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[256];
        snprintf(line, sizeof line, "%s-worker %s", POOLMINER, rows[i][0]);
        struct output output = run_shell(line);
        assert_int_equal(output.status, 2);
        assert_non_null(strstr(output.err, rows[i][1]));
        assert_null(strstr(output.err, "WORKER-START"));
        output_clear(&output);
    }
}

static void a_byte_order_mark_is_no_content(void **state)
{
    (void)state;
    char marked[sizeof LINEAR + 3];
    snprintf(marked, sizeof marked, "\xef\xbb\xbf%s", LINEAR);
    write_text(test_home, "marked.txt", marked);
    struct output output = RUN("check", "marked.txt", "--strict");
    assert_int_equal(output.status, 0);
    assert_string_equal(output.err, "");
    output_clear(&output);
    write_text(test_home, "gui_config.json", "\xef\xbb\xbf{\"workers\": 7}");
    expect_output(RUN("config"), 0, "file gui_config.json", "");
}

/* A script that goes on with half a result must not be told that all went well. */
static void lost_output_is_a_failure(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "help",
        "version",
        "config",
        "config --json",
        "config --help",
        "check linear.txt",
        "dataset info",
        "dataset info --json",
        "evaluate linear.txt --tasks 1",
        "evaluate linear.txt --tasks 1 --json",
        "evolve --seed-algorithm linear.txt --generations 1 --json",
    };
    write_text(test_home, "linear.txt", LINEAR);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[256];
        snprintf(line, sizeof line, "%s %s >/dev/full", POOLMINER, lines[i]);
        expect_output(run_shell(line), 1, "", "poolminer: standard output: ");
        snprintf(line, sizeof line, "%s %s >&-", POOLMINER, lines[i]);
        expect_output(run_shell(line), 1, "", "poolminer: standard output: ");
    }
}

static void a_damaged_store_is_told_with_a_next_step(void **state)
{
    (void)state;
    static const char *const programs[] = {"pool", "sidecar"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        char line[256];
        write_text(test_home, "bad.db", "this has never been a store of anything\n");
        snprintf(line, sizeof line, "%s-%s --port 0 --store bad.db", POOLMINER, programs[i]);
        expect_output(run_shell(line), 1, "", "to begin with an empty ");
    }
}

static void too_few_files_are_said(void **state)
{
    (void)state;
    static const char *const programs[] = {"poolminer", "poolminer-pool", "poolminer-sidecar",
                                           "poolminer-worker", "poolminer-driver"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        char line[256];
        snprintf(line, sizeof line, "ulimit -n 5; exec %s/%s config", PM_BIN_DIR, programs[i]);
        expect_output(run_shell(line), 1, "", ": only 5 files may be open at once, 64 are needed");
    }
}

int main(void)
{
#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, test_home_set_up, test_home_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(help_is_given),
        TEST(mistakes_of_usage_exit_with_2),
        TEST(warnings_of_a_text_that_is_no_algorithm_come_to_an_end),
        TEST(the_payouts_of_a_simulation_differ),
        TEST(the_strategies_of_a_simulation_add_up),
        TEST(the_quorums_of_a_simulation_are_true),
        TEST(mistakes_in_the_settings_file_are_named),
        TEST(config_shows_values_and_sources),
        TEST(a_tilde_stands_for_the_home),
        TEST(mine_ends_at_a_mistake),
        TEST(a_dataset_that_is_too_small_is_refused),
        TEST(evaluate_prints_a_line_a_file),
        TEST(evaluate_goes_on_after_a_bad_file),
        TEST(evaluate_warns_of_what_it_skips),
        TEST(a_missing_dataset_is_named),
        TEST(evolve_is_reproducible),
        TEST(threads_that_wait_sleep),
        TEST(evolve_keeps_to_its_time),
        TEST(evolve_keeps_its_course),
        TEST(evolve_looks_where_it_writes_first),
        TEST(explain_simplifies_and_comments),
        TEST(evolve_names_its_mistakes),
        TEST(a_pipe_is_read_as_a_file),
        TEST(odd_file_names_are_shown_harmlessly),
        TEST(a_byte_order_mark_is_no_content),
        TEST(settings_are_shown_harmlessly),
        TEST(a_workers_names_are_looked_at_first),
        TEST(lost_output_is_a_failure),
        TEST(a_damaged_store_is_told_with_a_next_step),
        TEST(too_few_files_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
