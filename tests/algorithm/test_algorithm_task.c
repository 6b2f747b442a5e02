/* Whole tasks against those that the network's construction gives on the synthetic dataset. */
#include "algorithm/features.h"
#include "tests/algorithm/numbers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/dataset.h>
#include <poolminer/lanes.h>
#include <poolminer/numpy_random.h>
#include <poolminer/task.h>

struct fixture {
    cJSON *vectors;
    struct pm_dataset *dataset;
};

static int load(void **state)
{
    static struct fixture fixture;
    fixture.vectors = vectors_load("tasks.json");
    assert_true(pm_dataset_open("synthetic", &fixture.dataset, NULL));
    *state = &fixture;
    return 0;
}

static int unload(void **state)
{
    struct fixture *fixture = *state;
    cJSON_Delete(fixture->vectors);
    pm_dataset_destroy(fixture->dataset);
    return 0;
}

static struct pm_task build(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                            uint32_t id, int input_dim)
{
    struct pm_task task = {0};
    struct pm_error error = {0};
    if (!pm_task_build(dataset, edition, id, input_dim, &task, &error)) {
        fail_msg("%s", error.message);
    }
    return task;
}

static void assert_labels(const cJSON *expected, const float *labels)
{
    const cJSON *label;
    cJSON_ArrayForEach(label, expected)
    {
        assert_true(*labels++ == (float)label->valuedouble);
    }
}

static void assert_features(const cJSON *expected, const float *features, double tolerance)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, expected)
    {
        assert_true(fabs((double)*features++ - value->valuedouble) <= tolerance);
    }
}

static void check_task(const cJSON *entry, const struct pm_task *task)
{
    const cJSON *pair = vectors_at(entry, "pair");
    double tolerance = numbers_at(entry, "tolerance");
    size_t last = task->train_count + task->validation_count - 1;
    size_t columns = (size_t)task->input_dim;
    assert_int_equal(task->class_a, cJSON_GetArrayItem(pair, 0)->valueint);
    assert_int_equal(task->class_b, cJSON_GetArrayItem(pair, 1)->valueint);
    assert_int_equal(task->train_count, (int)numbers_at(entry, "train"));
    assert_int_equal(task->validation_count, (int)numbers_at(entry, "valid"));
    assert_labels(vectors_at(entry, "y_train_first_16"), task->labels);
    assert_labels(vectors_at(entry, "y_valid_first_16"), task->labels + task->train_count);
    assert_features(vectors_at(entry, "x_train_0"), task->features, tolerance);
    assert_features(vectors_at(entry, "x_valid_last"), task->features + last * columns, tolerance);
}

static void test_tasks(void **state)
{
    const struct fixture *fixture = *state;
    int columns = (int)numbers_at(fixture->vectors, "n_components");
    const cJSON *entry;
    cJSON_ArrayForEach(entry, vectors_at(fixture->vectors, "tasks"))
    {
        uint32_t id = (uint32_t)numbers_at(entry, "task_id");
        struct pm_task task = build(fixture->dataset, PM_EDITION_FIRST2000, id, columns);
        check_task(entry, &task);
        pm_task_clear(&task);
    }
}

static void test_projections(void **state)
{
    const struct fixture *fixture = *state;
    static float projection[PM_DATASET_PIXELS * 16];
    const cJSON *entry, *value;
    cJSON_ArrayForEach(entry, vectors_at(fixture->vectors, "tasks"))
    {
        int column = 0;
        pm_projection_draw(17345 + (uint64_t)numbers_at(entry, "task_id"), PM_DATASET_PIXELS, 16,
                           projection);
        cJSON_ArrayForEach(value, vectors_at(entry, "projection_first_row"))
        {
            /* The network sums squares in float32, which shows in the seventh digit. */
            double ours = (double)projection[column++];
            assert_true(fabs(ours - value->valuedouble) <= 1.2e-6 * fabs(value->valuedouble));
        }
    }
}

/* The definition, as slow and plain as it reads. */
static double project_plainly(const uint8_t *pixels, const float *projection, size_t columns,
                              size_t column)
{
    double sum = 0.0;
    for (size_t j = 0; j < PM_DATASET_PIXELS; j++) {
        sum += (double)((float)pixels[j] / 255.0F) * (double)projection[j * columns + column];
    }
    return sum;
}

static void check_projecting(const struct pm_dataset *dataset, size_t images, size_t columns)
{
    const uint8_t *pixels[16];
    float *projection = malloc(PM_DATASET_PIXELS * columns * sizeof *projection);
    double *projected = malloc(images * columns * sizeof *projected);
    assert_true(projection && projected);
    for (size_t i = 0; i < images; i++) {
        pixels[i] = pm_dataset_record(dataset, 3 * i) + 1;
    }
    pm_projection_draw(columns, PM_DATASET_PIXELS, columns, projection);
    pm_features_project(pixels, images, PM_DATASET_PIXELS, projection, columns, projected);
    for (size_t i = 0; i < images; i++) {
        for (size_t c = 0; c < columns; c++) {
            assert_true(projected[i * columns + c] ==
                        project_plainly(pixels[i], projection, columns, c));
        }
    }
    free(projection);
    free(projected);
}

static void test_projecting_is_the_plain_sum_bit_for_bit(void **state)
{
    const struct fixture *fixture = *state;
    const size_t columns[] = {1, 2, 7, 8, 9, 16, 17, 128};
    for (int level = 0; level < PM_SIMD_LEVEL_COUNT; level++) {
        /* A level that this machine has not is ignored: the best one is checked again. */
        const char *name = pm_simd_level_name((enum pm_simd_level)level);
        assert_int_equal(setenv("POOLMINER_SIMD", name, 1), 0);
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
            check_projecting(fixture->dataset, 1 + 2 * i, columns[i]);
        }
    }
    assert_int_equal(unsetenv("POOLMINER_SIMD"), 0);
}

static void check_standardised(const struct pm_task *task)
{
    size_t columns = (size_t)task->input_dim;
    size_t rows = task->train_count + task->validation_count;
    for (size_t c = 0; c < columns; c++) {
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < rows; i++) {
            double value = (double)task->features[i * columns + c];
            sum += value;
            squares += value * value;
        }
        assert_true(fabs(sum / (double)rows) < 1e-6);
        assert_true(fabs(squares / (double)rows - 1.0) < 1e-4);
    }
}

static void test_every_dimension(void **state)
{
    const struct fixture *fixture = *state;
    for (int columns = 1; columns <= PM_TASK_INPUT_DIM_MAX; columns += 31) {
        struct pm_task task = build(fixture->dataset, PM_EDITION_FIRST2000, 77, columns);
        assert_int_equal(task.input_dim, columns);
        check_standardised(&task);
        pm_task_clear(&task);
    }
}

static void test_resampled(void **state)
{
    (void)state;
    struct pm_dataset *dataset = NULL;
    assert_true(pm_dataset_open("synthetic:20000", &dataset, NULL));
    struct pm_task task = build(dataset, PM_EDITION_RESAMPLED, 4499, 16);
    assert_int_equal(task.train_count, 1000);
    assert_int_equal(task.validation_count, 1000);
    check_standardised(&task);
    pm_task_clear(&task);
    pm_dataset_destroy(dataset);
}

static bool same_row(const float *a, const float *b, size_t columns)
{
    for (size_t c = 0; c < columns; c++) {
        if (a[c] != b[c]) {
            return false;
        }
    }
    return true;
}

/* With fewer than 2000 records of its classes a task repeats some: equal rows, equal labels. */
static void test_resampled_with_replacement(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_task task = build(fixture->dataset, PM_EDITION_RESAMPLED, 0, 4);
    assert_int_equal(task.train_count, 1000);
    assert_int_equal(task.validation_count, 1000);
    int repeats = 0;
    for (size_t i = 1; i < 2000; i++) {
        if (same_row(task.features, task.features + 4 * i, 4)) {
            assert_true(task.labels[i] == task.labels[0]);
            repeats++;
        }
    }
    assert_in_range(repeats, 1, 30); /* 398 records: 5 of each on average */
    check_standardised(&task);
    pm_task_clear(&task);
}

static void assert_refused(const struct pm_dataset *dataset, uint32_t id, int input_dim,
                           const char *part)
{
    struct pm_task task = {0};
    struct pm_error error = {0};
    assert_false(pm_task_build(dataset, PM_EDITION_FIRST2000, id, input_dim, &task, &error));
    assert_null(task.features);
    if (strstr(error.message, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
    }
}

static void test_refusals(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_dataset *tiny = NULL;
    assert_true(pm_dataset_open("synthetic:10", &tiny, NULL));
    assert_refused(fixture->dataset, 4500, 16, "task 4500 does not exist");
    assert_refused(fixture->dataset, 0, 0, "input_dim 0");
    assert_refused(fixture->dataset, 0, 129, "input_dim 129");
    assert_refused(tiny, 0, 16, "needs two records of the classes 0 and 1");
    pm_dataset_destroy(tiny);
}

/* ---- scalar_linear ---- */

static struct pm_task build_scalar_linear(uint32_t id, int input_dim)
{
    struct pm_dataset *dataset = NULL;
    assert_true(pm_dataset_open("scalar_linear", &dataset, NULL));
    struct pm_task task = build(dataset, PM_EDITION_FIRST2000, id, input_dim);
    assert_true(task.regression);
    assert_int_equal(task.train_count, 1000);
    assert_int_equal(task.validation_count, 1000);
    pm_dataset_destroy(dataset);
    return task;
}

static void check_scalar_linear(uint32_t id, uint64_t parameter_seed, uint64_t data_seed)
{
    enum { COLUMNS = 5 };
    double weights[COLUMNS];
    struct pm_numpy_random random;
    struct pm_task task = build_scalar_linear(id, COLUMNS);
    pm_numpy_random_seed(&random, parameter_seed);
    pm_numpy_random_normals(&random, COLUMNS, weights);
    pm_numpy_random_seed(&random, data_seed);
    for (size_t i = 0; i < 2000; i++) {
        double sum = 0.0;
        for (size_t c = 0; c < COLUMNS; c++) {
            double value = pm_numpy_random_normal(&random);
            assert_true(task.features[i * COLUMNS + c] == (float)value);
            sum += value * weights[c];
        }
        assert_true(fabs((double)task.labels[i] - sum) < 1e-6);
    }
    pm_task_clear(&task);
}

static void test_scalar_linear(void **state)
{
    (void)state;
    check_scalar_linear(0, 1001, 11001);
    check_scalar_linear(3, 1000, 11000);
    check_scalar_linear(7, 1003, 11003);
    check_scalar_linear(8, 1004, 11004);
    check_scalar_linear(4499, 5495, 15495);
}

static void test_regression_score(void **state)
{
    (void)state;
    struct pm_task task = build_scalar_linear(1, 2);
    float predictions[1000];
    memcpy(predictions, task.labels + 1000, sizeof predictions);
    assert_true(pm_task_score(&task, predictions) == 1.0);
    for (int i = 0; i < 1000; i++) {
        predictions[i] = task.labels[1000 + i] + (i % 2 == 0 ? 1.0F : -1.0F);
    }
    assert_true(fabs(pm_task_score(&task, predictions) - 0.5) < 1e-6); /* atan(1) = pi / 4 */
    predictions[999] = INFINITY;
    assert_true(pm_task_score(&task, predictions) == -INFINITY);
    predictions[999] = NAN;
    assert_true(pm_task_score(&task, predictions) == -INFINITY);
    pm_task_clear(&task);
}

static void test_classification_score(void **state)
{
    const struct fixture *fixture = *state;
    struct pm_task task = build(fixture->dataset, PM_EDITION_FIRST2000, 0, 1);
    float predictions[199];
    assert_int_equal(task.validation_count, 199);
    assert_false(task.regression);
    memcpy(predictions, task.labels + task.train_count, sizeof predictions);
    assert_true(pm_task_score(&task, predictions) == 1.0);
    predictions[0] = NAN; /* not above a half: right for label 0 */
    bool right = task.labels[task.train_count] == 0.0F;
    assert_true(pm_task_score(&task, predictions) == (right ? 1.0 : 198.0 / 199.0));
    pm_task_clear(&task);
}

static void test_families(void **state)
{
    const struct fixture *fixture = *state;
    assert_int_equal(pm_task_family_of(fixture->dataset), PM_FAMILY_CIFAR10_BINARY);
    assert_string_equal(pm_task_family_name(PM_FAMILY_CIFAR10_BINARY), "cifar10_binary");
    assert_string_equal(pm_task_family_name(PM_FAMILY_MNIST_BINARY), "mnist_binary");
    assert_string_equal(pm_task_family_name(PM_FAMILY_SCALAR_LINEAR), "scalar_linear");
}

static void test_editions(void **state)
{
    (void)state;
    enum pm_suite_edition edition = PM_EDITION_FIRST2000;
    struct pm_error error = {0};
    assert_true(pm_suite_edition_parse("resampled", &edition, &error));
    assert_int_equal(edition, PM_EDITION_RESAMPLED);
    assert_true(pm_suite_edition_parse("first2000", &edition, &error));
    assert_int_equal(edition, PM_EDITION_FIRST2000);
    assert_string_equal(pm_suite_edition_name(PM_EDITION_RESAMPLED), "resampled");
    assert_false(pm_suite_edition_parse("First2000", &edition, &error));
    assert_non_null(strstr(error.message, "First2000"));
    assert_int_equal(pm_suite_edition_records(PM_EDITION_FIRST2000), 2000);
    assert_int_equal(pm_suite_edition_records(PM_EDITION_RESAMPLED), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_projections),
        cmocka_unit_test(test_projecting_is_the_plain_sum_bit_for_bit),
        cmocka_unit_test(test_every_dimension),
        cmocka_unit_test(test_resampled),
        cmocka_unit_test(test_resampled_with_replacement),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_scalar_linear),
        cmocka_unit_test(test_regression_score),
        cmocka_unit_test(test_classification_score),
        cmocka_unit_test(test_families),
        cmocka_unit_test(test_editions),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
