/* poolminer bench: its rows can be read, and what they say is possible. */
#include "cmocka_include.h"
#include "run_program.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <poolminer/json.h>

static const char POOLMINER[] = PM_BIN_DIR "/poolminer";

enum { TIMEOUT_MS = 120000 };

#define RUN(...)                                                                                   \
    run_at_home(test_home, (const char *const[]){POOLMINER, "bench", __VA_ARGS__, NULL}, TIMEOUT_MS)

static void check_row(const char *line, size_t length)
{
    cJSON *row = NULL;
    struct pm_error error = {0};
    const char *program = NULL, *executor = NULL;
    int64_t threads = 0;
    double us = 0, ns = 0, ratio = 0;
    if (!pm_json_parse(line, length, 10000, &row, &error) ||
        !pm_json_string(row, "program", &program, &error) ||
        !pm_json_string(row, "executor", &executor, &error) ||
        !pm_json_integer(row, "threads", &threads, &error) ||
        !pm_json_number(row, "us_per_algorithm", &us, &error) ||
        !pm_json_number(row, "ns_per_instruction_example", &ns, &error) ||
        !pm_json_number(row, "ratio_to_reference", &ratio, &error)) {
        fail_msg("%s in: %s", error.message, line);
    }
    assert_string_equal(program, "linear");
    assert_true(threads == 1 || threads == 2);
    assert_true(us > 1 && ns > 0);
    assert_true(strcmp(executor, "reference") == 0 ? ratio == 1 : ratio > 1);
    cJSON_Delete(row);
}

static void rows_are_json(void **state)
{
    (void)state;
    struct output run = RUN("evaluate", "--json", "--program", "linear", "--threads", "2");
    assert_int_equal(run.status, 0);
    int rows = 0;
    for (const char *line = run.out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        check_row(line, strcspn(line, "\n"));
        rows++;
    }
    assert_in_range(rows, 4, 5); /* machine code cannot be had everywhere */
    output_clear(&run);
}

/* The last row of each, which is that of the fast executor on one thread. `random` takes seconds on
 * the reference executor, and is measured as `net` is. */
static void each_row_has_its_figures(void **state)
{
    (void)state;
    enum { FIGURES = 7 };
    static const struct {
        const char *program, *figures[FIGURES];
    } rows[] = {
        {"machine",
         {"arithmetic_gflops", "l1_read_gb_per_s", "l1_write_gb_per_s", "l2_read_gb_per_s",
          "input_read_gb_per_s"}},
        {"net",
         {"us_per_algorithm", "ns_per_instruction_example", "ratio_to_reference", "machine_share",
          "scaling", "idle_of_8"}},
        {"job_of_8",
         {"us_per_algorithm", "ns_per_instruction_example", "ratio_to_reference", "machine_share",
          "scaling", "least_idle_of_64"}},
        {"random_mean",
         {"us_per_algorithm", "ns_per_instruction_example", "ratio_to_reference", "machine_share",
          "scaling", "idle_of_2"}},
        {"search",
         {"us_per_algorithm", "ratio_to_reference", "scaling", "individuals_per_s",
          "per_cpu_second", "known", "alive"}},
        {"evolution",
         {"us_per_algorithm", "known", "hopeless", "quick", "complete", "alive", "without_cache"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct output run = RUN("evaluate", "--json", "--threads", "1", "--algorithms", "1",
                                "--program", rows[i].program);
        assert_int_equal(run.status, 0);
        run.out[strlen(run.out) - 1] = '\0';
        const char *line = strrchr(run.out, '\n');
        line = line != NULL ? line + 1 : run.out;
        cJSON *row = cJSON_Parse(line);
        for (int k = 0; k < FIGURES && rows[i].figures[k] != NULL; k++) {
            double value = -1;
            struct pm_error error = {0};
            if (!pm_json_number(row, rows[i].figures[k], &value, &error)) {
                fail_msg("%s in: %s", error.message, line);
            }
            assert_true(value >= 0);
        }
        assert_int_equal(cJSON_IsString(cJSON_GetObjectItem(row, "limit")),
                         strcmp(rows[i].program, "machine") != 0 &&
                             strcmp(rows[i].program, "search") != 0 &&
                             strcmp(rows[i].program, "evolution") != 0);
        cJSON_Delete(row);
        output_clear(&run);
    }
}

struct seen {
    int put, cycle, busy, idle, relay_busy, relay_idle, backlog, disk;
};

static void check_queue_row(const char *line, size_t length, struct seen *seen)
{
    cJSON *row = NULL;
    struct pm_error error = {0};
    const char *server = NULL, *what = NULL;
    double rate = 1, p50 = 0, p99 = 0;
    if (!pm_json_parse(line, length, 10000, &row, &error) ||
        !pm_json_string(row, "server", &server, &error) ||
        !pm_json_string(row, "what", &what, &error) ||
        !pm_json_optional_number(row, "per_s", &rate, &error) ||
        !pm_json_number(row, "p50_us", &p50, &error) ||
        !pm_json_number(row, "p99_us", &p99, &error)) {
        fail_msg("%s in: %s", error.message, line);
    }
    assert_true(rate > 0 && p50 > 0 && p99 >= p50);
    if (strcmp(server, "sidecar") == 0) {
        seen->put += strcmp(what, "put") == 0;
        seen->cycle += strcmp(what, "cycle") == 0;
        seen->busy += strcmp(what, "handover-busy") == 0;
        seen->idle += strcmp(what, "handover-idle") == 0;
        seen->backlog += strcmp(what, "backlog") == 0;
    }
    if (strcmp(server, "relay") == 0) {
        seen->relay_busy += strcmp(what, "handover-busy") == 0;
        seen->relay_idle += strcmp(what, "handover-idle") == 0;
    }
    seen->disk += strcmp(server, "disk") == 0;
    cJSON_Delete(row);
}

/* Jobs go all the way through a real sidecar; beanstalkd's rows are there when it is installed. */
static void queue_rows_are_json(void **state)
{
    (void)state;
    struct output run = RUN("queue", "--json", "--clients", "3", "--payload", "100", "--seconds",
                            "0.3", "--backlog", "200");
    if (run.status != 0) {
        fail_msg("%s", run.err);
    }
    struct seen seen = {0};
    for (const char *line = run.out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        check_queue_row(line, strcspn(line, "\n"), &seen);
    }
    assert_int_equal(seen.put, 4); /* synced, and not; one request under way, and several */
    assert_int_equal(seen.cycle, 4);
    assert_int_equal(seen.busy, 2);
    assert_int_equal(seen.idle, 2);
    assert_int_equal(seen.relay_busy, 1);
    assert_int_equal(seen.relay_idle, 1);
    assert_int_equal(seen.backlog, 1);
    assert_int_equal(seen.disk, 1);
    output_clear(&run);
}

static double pool_number(const cJSON *row, const char *name)
{
    struct pm_error error = {0};
    double value = -1;
    if (!pm_json_number(row, name, &value, &error)) {
        fail_msg("%s", error.message);
    }
    return value;
}

static void check_pool_row(const char *line, size_t length, int *alone, int *calls, int *all)
{
    cJSON *row = NULL;
    struct pm_error error = {0};
    const char *what = NULL;
    if (!pm_json_parse(line, length, 10000, &row, &error) ||
        !pm_json_string(row, "what", &what, &error)) {
        fail_msg("%s in: %s", error.message, line);
    }
    assert_true(pool_number(row, "miners") == 7);
    assert_true(pool_number(row, "per_s") > 0);
    if (strcmp(what, "all") == 0) {
        const double floor = pool_number(row, "verify_cpu_us"),
                     cpu = pool_number(row, "pool_cpu_us");
        assert_true(floor > 0 && cpu > 0 && pool_number(row, "load_cpu_us") > 0);
        assert_true(fabs(pool_number(row, "ratio") - floor / cpu) < 1e-6);
        const double sign = pool_number(row, "sign_cpu_us");
        assert_true(sign > 0);
        assert_true(fabs(pool_number(row, "shared_ratio") -
                         (sign + floor) / (sign + pool_number(row, "load_cpu_us") + cpu)) < 1e-6);
        const double wall = pool_number(row, "per_s") / pool_number(row, "verify_per_s");
        assert_true(fabs(pool_number(row, "wall_ratio") - wall) < 1e-6);
        assert_true(pool_number(row, "lost") == 0);
        ++*all;
    } else if (strcmp(what, "http") == 0 || strcmp(what, "later") == 0) {
        assert_true(pool_number(row, "pool_cpu_us") > 0 && pool_number(row, "load_cpu_us") > 0);
        assert_true(pool_number(row, "hung_up") == 0);
        ++*alone;
    } else {
        assert_true(pool_number(row, "p50_ms") > 0);
        assert_true(pool_number(row, "p99_ms") >= pool_number(row, "p50_ms"));
        ++*calls;
    }
    cJSON_Delete(row);
}

/* Miners that sign for real take leases from a real pool and submit; what the pool said it had is
 * in its store afterwards. */
static void pool_rows_are_json(void **state)
{
    (void)state;
    struct output run =
        RUN("pool", "--json", "--store", "sqlite", "--miners", "7", "--seconds", "1");
    if (run.status != 0) {
        fail_msg("%s", run.err);
    }
    int alone = 0, calls = 0, all = 0;
    for (const char *line = run.out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        check_pool_row(line, strcspn(line, "\n"), &alone, &calls, &all);
    }
    assert_int_equal(alone, 2); /* answered at once, and later */
    assert_int_equal(calls, 2); /* lease and submit */
    assert_int_equal(all, 1);
    output_clear(&run);
    run = RUN("pool", "--store", "drawer");
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "expected sqlite, postgresql or"));
    output_clear(&run);
}

/* Two runs of each engine in small: every row there is, and the same runs again from the log. */
static void evolve_measures_and_resumes(void **state)
{
    (void)state;
    char log[128];
    snprintf(log, sizeof log, "%s/runs.jsonl", test_home);
    const char *rows[] = {
        "\"row\":\"reference\"",        "\"row\":\"run\"",     "\"row\":\"summary\"",
        "\"row\":\"comparison\"",       "\"share_from_0.7\":", "\"p\":",
        "\"lower_quartile\":",          "\"median\":",         "\"upper_quartile\":",
        "\"search_minus_evaluation\":", "\"candidates\":",     "\"seconds\":",
        "\"name\":\"linear_sgd\""};
    struct output first = RUN("evolve", "--json", "--runs", "2", "--generations", "1",
                              "--population", "20", "--starts", "mediocre", "--log", log);
    assert_int_equal(first.status, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strstr(first.out, rows[i]) == NULL) {
            fail_msg("no %s in: %s", rows[i], first.out);
        }
    }
    struct output second = RUN("evolve", "--json", "--runs", "2", "--generations", "1",
                               "--population", "20", "--starts", "mediocre", "--log", log);
    assert_int_equal(second.status, 0);
    assert_string_equal(first.out, second.out); /* seconds included: nothing was run again */
    output_clear(&first);
    output_clear(&second);
}

static void evolve_names_its_mistakes(void **state)
{
    (void)state;
    struct output run = RUN("evolve", "--engines", "islands,steam");
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "no engine \"steam\""));
    output_clear(&run);
    run = RUN("evolve", "--starts", "");
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "no start \"\""));
    output_clear(&run);
}

static double number_in(const char *line, const char *name)
{
    cJSON *row = NULL;
    struct pm_error error = {0};
    double value = 0;
    if (!pm_json_parse(line, strcspn(line, "\n"), 10000, &row, &error) ||
        !pm_json_number(row, name, &value, &error)) {
        fail_msg("%s in: %s", error.message, line);
    }
    cJSON_Delete(row);
    return value;
}

static void kept_tasks_are_opened_sooner(void **state)
{
    (void)state;
    struct output run = RUN("evaluate", "--json", "--program", "tasks");
    assert_int_equal(run.status, 0);
    assert_true(number_in(run.out, "open_ms") > 0);
    assert_true(number_in(run.out, "open_ms") < number_in(run.out, "build_ms"));
    output_clear(&run);
}

static void what_is_measured_must_be_said(void **state)
{
    (void)state;
    struct output run = RUN("everything");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "say what to measure"));
    output_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_json),
        cmocka_unit_test(each_row_has_its_figures),
        cmocka_unit_test(kept_tasks_are_opened_sooner),
        cmocka_unit_test(queue_rows_are_json),
        cmocka_unit_test(pool_rows_are_json),
        cmocka_unit_test(evolve_measures_and_resumes),
        cmocka_unit_test(evolve_names_its_mistakes),
        cmocka_unit_test(what_is_measured_must_be_said),
    };
    return cmocka_run_group_tests(tests, test_home_set_up, test_home_tear_down);
}
