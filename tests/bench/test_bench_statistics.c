/* Statistics of benchmarks, against values worked out elsewhere. */
#include "bench/evolve_run.h"
#include "bench/pool_row.h"
#include "bench/queue_row.h"
#include "bench/statistics.h"
#include "cmocka_include.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) < 1e-9)) {
        fail_msg("%.12f, expected %.12f", value, expected);
    }
}

static void quartiles_lie_between_values(void **state)
{
    (void)state;
    static const double VALUES[] = {4, 1, 3, 2};
    struct bench_quartiles of;
    assert_true(bench_quartiles(VALUES, 4, &of, NULL));
    assert_near(of.least, 1);
    assert_near(of.lower, 1.75);
    assert_near(of.median, 2.5);
    assert_near(of.upper, 3.25);
    assert_near(of.most, 4);
    assert_true(bench_quartiles(VALUES, 1, &of, NULL));
    assert_near(of.lower, 4);
}

/* Three against three apart: 2 of the 20 ways to deal six ranks are as far from the middle. */
static void apart_is_as_rare_as_it_gets(void **state)
{
    (void)state;
    static const double LOW[] = {1, 2, 3}, HIGH[] = {4, 5, 6};
    struct bench_mann_whitney test;
    assert_true(bench_mann_whitney(HIGH, 3, LOW, 3, &test, NULL));
    assert_near(test.u, 9);
    assert_near(test.p, 0.1);
    assert_true(bench_mann_whitney(LOW, 3, HIGH, 3, &test, NULL));
    assert_near(test.u, 0);
    assert_near(test.p, 0.1);
}

/* The table of critical values: U = 2 of 5 against 5 has p = 0.032 (8 of 252). */
static void distribution_is_exact(void **state)
{
    (void)state;
    static const double A[] = {1, 2, 3, 4, 7}, B[] = {5, 6, 8, 9, 10};
    struct bench_mann_whitney test;
    assert_true(bench_mann_whitney(A, 5, B, 5, &test, NULL));
    assert_near(test.u, 2);
    assert_near(test.p, 8.0 / 252.0);
}

static void ties_count_half(void **state)
{
    (void)state;
    static const double A[] = {1, 1}, B[] = {1, 2};
    struct bench_mann_whitney test;
    assert_true(bench_mann_whitney(A, 2, B, 2, &test, NULL));
    assert_near(test.u, 1);
    assert_near(test.p, 1); /* of the 6 ways 3 give this sum, 3 one as far on the other side */
}

static void large_samples_do_not_overflow(void **state)
{
    (void)state;
    double a[PM_BENCH_SERIES_MAX], b[PM_BENCH_SERIES_MAX];
    struct bench_mann_whitney test;
    for (int i = 0; i < PM_BENCH_SERIES_MAX; i++) {
        a[i] = i;
        b[i] = i + 1000;
    }
    assert_true(bench_mann_whitney(a, PM_BENCH_SERIES_MAX, b, PM_BENCH_SERIES_MAX, &test, NULL));
    assert_true(test.p > 0 && test.p < 1e-25);
}

/* What a kill left of the last line is passed over, and does not spoil the next. */
static void log_survives_a_kill(void **state)
{
    (void)state;
    char path[] = "/tmp/poolminer-bench-XXXXXX";
    struct bench_evolve_run run = {.of = {.engine = "islands",
                                          .start = "nothing",
                                          .profile = "full",
                                          .dataset = "fe14",
                                          .seed = 3,
                                          .generations = 50,
                                          .idioms = -1},
                                   .score = 0.8125,
                                   .candidates = 30000};
    struct bench_evolve_log log;
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    assert_true(bench_evolve_log_append(path, &run, NULL));
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("{\"row\": \"run\", \"engi", file);
    fclose(file);
    run.of.seed = 4;
    assert_true(bench_evolve_log_append(path, &run, NULL));
    assert_true(bench_evolve_log_read(path, &log, NULL));
    unlink(path);
    assert_int_equal(log.count, 2);
    const struct bench_evolve_run *found = bench_evolve_log_find(&log, &run.of);
    assert_non_null(found);
    assert_true(found->score == 0.8125);
    assert_int_equal(found->candidates, 30000);
    run.of.cpu_seconds = 1;
    assert_null(bench_evolve_log_find(&log, &run.of));
    bench_evolve_log_clear(&log);
    assert_true(bench_evolve_log_read(path, &log, NULL)); /* the file is gone: an empty log */
    assert_int_equal(log.count, 0);
}

/* A figure that is shared out over no requests at all, as after a very short run. */
static void what_is_not_finite_is_not_shown(void **state)
{
    (void)state;
    char shown[4096] = "";
    struct pm_error error = {0};
    FILE *file = tmpfile();
    assert_non_null(file);
    fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    assert_true(kept >= 0 && dup2(fileno(file), STDOUT_FILENO) == STDOUT_FILENO);
    const struct bench_queue_row queue_row = {
        .server = "sidecar", .what = "cycle", .per_s = 0, .cpu_us = INFINITY, .ratio = -INFINITY};
    struct bench_pool_row pool_row = bench_pool_row_empty("sqlite", "all", 1);
    pool_row.ratio = INFINITY;
    bool good = true;
    for (int json = 0; json < 2; json++) {
        good = bench_queue_row_print(&queue_row, json != 0, &error) &&
               bench_pool_row_print(&pool_row, json != 0, &error) && good;
    }
    fflush(stdout);
    assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
    close(kept);
    assert_true(good);
    rewind(file);
    assert_true(fread(shown, 1, sizeof shown - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(shown, "cycle"));
    assert_non_null(strstr(shown, "\"what\":\"all\""));
    assert_null(strstr(shown, "inf"));
    assert_null(strstr(shown, "null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quartiles_lie_between_values),
        cmocka_unit_test(apart_is_as_rare_as_it_gets),
        cmocka_unit_test(distribution_is_exact),
        cmocka_unit_test(ties_count_half),
        cmocka_unit_test(large_samples_do_not_overflow),
        cmocka_unit_test(log_survives_a_kill),
        cmocka_unit_test(what_is_not_finite_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
