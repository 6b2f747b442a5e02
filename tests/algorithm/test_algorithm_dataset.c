/* The synthetic dataset against its published numbers; binary files; fingerprints. */
#include "tests/algorithm/numbers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <poolminer/dataset.h>

static int load(void **state)
{
    /* No dataset that the user imported gets in the way. */
    if (setenv("XDG_DATA_HOME", "/nonexistent", 1) != 0) {
        return -1;
    }
    *state = vectors_load("dataset.json");
    return 0;
}

static int unload(void **state)
{
    cJSON_Delete(*state);
    return 0;
}

static struct pm_dataset *open_dataset(const char *name)
{
    struct pm_dataset *dataset = NULL;
    struct pm_error error = {0};
    if (!pm_dataset_open(name, &dataset, &error)) {
        fail_msg("%s", error.message);
    }
    return dataset;
}

static void assert_fingerprint(const struct pm_dataset *dataset, size_t count, const char *expected)
{
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    assert_true(pm_dataset_fingerprint(dataset, count, fingerprint, NULL));
    assert_string_equal(fingerprint, expected);
}

static void test_synthetic_labels(void **state)
{
    struct pm_dataset *dataset = open_dataset("synthetic");
    int counts[PM_DATASET_CLASSES] = {0};
    assert_int_equal(dataset->count, 2000);
    for (size_t i = 0; i < dataset->count; i++) {
        counts[pm_dataset_record(dataset, i)[0]]++;
    }
    const cJSON *expected = vectors_at(*state, "class_counts");
    for (int class = 0; class < PM_DATASET_CLASSES; class ++) {
        assert_int_equal(counts[class], cJSON_GetArrayItem(expected, class)->valueint);
    }
    size_t record = 0;
    const cJSON *label;
    cJSON_ArrayForEach(label, vectors_at(*state, "labels_first_64"))
    {
        assert_int_equal(pm_dataset_record(dataset, record++)[0], label->valueint);
    }
    assert_int_equal(record, 64);
    pm_dataset_destroy(dataset);
}

static void test_synthetic_pixels(void **state)
{
    struct pm_dataset *dataset = open_dataset("synthetic");
    const cJSON *entry, *value;
    cJSON_ArrayForEach(entry, vectors_at(*state, "pixels"))
    {
        const uint8_t *pixel = pm_dataset_record(dataset, (size_t)numbers_at(entry, "record")) + 1 +
                               (size_t)numbers_at(entry, "offset");
        cJSON_ArrayForEach(value, vectors_at(entry, "values"))
        {
            assert_int_equal(*pixel++, value->valueint);
        }
    }
    cJSON_ArrayForEach(entry, vectors_at(*state, "record_blake2b_256"))
    {
        char hash[NUMBERS_HASH_SIZE];
        numbers_hash(pm_dataset_record(dataset, (size_t)atoi(entry->string)),
                     PM_DATASET_RECORD_SIZE, hash);
        assert_string_equal(hash, entry->valuestring);
    }
    pm_dataset_destroy(dataset);
}

static void test_synthetic_fingerprints(void **state)
{
    const char *published = vectors_text(*state, "blake2b_256");
    struct pm_dataset *small = open_dataset("synthetic");
    struct pm_dataset *large = open_dataset("synthetic:20000");
    assert_fingerprint(small, 0, published);
    assert_fingerprint(small, 2000, published);
    assert_fingerprint(small, 99999, published);
    assert_fingerprint(large, 2000, published);
    assert_fingerprint(large, 0,
                       "f2dd3684c577f822b808b53ef227782a5363904c7f12806c7599a0e0c42ab5ff");
    assert_string_equal(small->name, "synthetic");
    assert_string_equal(large->name, "synthetic:20000");
    pm_dataset_destroy(small);
    pm_dataset_destroy(large);
}

static void assert_refused(const char *name, enum pm_error_code code, const char *part)
{
    struct pm_dataset *dataset = NULL;
    struct pm_error error = {0};
    assert_false(pm_dataset_open(name, &dataset, &error));
    assert_null(dataset);
    assert_int_equal(error.code, code);
    if (strstr(error.message, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", error.message, part);
    }
}

static void test_names_that_are_refused(void **state)
{
    (void)state;
    assert_refused("synthetic:", PM_ERROR_INVALID, "number of records");
    assert_refused("synthetic:-1", PM_ERROR_INVALID, "number of records");
    assert_refused("synthetic: 50", PM_ERROR_INVALID, "number of records");
    assert_refused("synthetic:2000x", PM_ERROR_INVALID, "number of records");
    assert_refused("synthetic:99999999999999999999999", PM_ERROR_INVALID, "number of records");
    assert_refused("synthetic:9", PM_ERROR_LIMIT, "10 to 698823 records");
    assert_refused("synthetic:698824", PM_ERROR_LIMIT, "10 to 698823 records");
    assert_refused("/nonexistent/data.bin", PM_ERROR_NOT_FOUND, "/nonexistent/data.bin");
    assert_refused("/dev/null", PM_ERROR_INVALID, "not a regular file");
    assert_refused("/dev", PM_ERROR_NOT_FOUND, "no known dataset in this directory");
    assert_refused("no-such-dataset", PM_ERROR_NOT_FOUND, "neither imported");
}

/* A temporary file of `size` bytes from `bytes`; the path stays until the next call. */
static const char *temporary_file(const void *bytes, size_t size)
{
    static char path[64];
    strcpy(path, "/tmp/test_dataset_XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    return path;
}

static void test_binary_file(void **state)
{
    (void)state;
    struct pm_dataset *synthetic = open_dataset("synthetic:20");
    const char *path = temporary_file(synthetic->records, (size_t)20 * PM_DATASET_RECORD_SIZE);
    struct pm_dataset *read = open_dataset(path);
    unlink(path);
    assert_int_equal(read->count, 20);
    assert_string_equal(read->name, path);
    assert_memory_equal(read->records, synthetic->records, (size_t)20 * PM_DATASET_RECORD_SIZE);
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    assert_true(pm_dataset_fingerprint(synthetic, 0, fingerprint, NULL));
    assert_fingerprint(read, 0, fingerprint);
    pm_dataset_destroy(read);
    pm_dataset_destroy(synthetic);
}

static void test_binary_files_that_are_refused(void **state)
{
    (void)state;
    struct pm_dataset *dataset = open_dataset("synthetic:10");
    size_t size = (size_t)10 * PM_DATASET_RECORD_SIZE;
    const char *path = temporary_file(dataset->records, size - 1);
    assert_refused(path, PM_ERROR_INVALID,
                   "the record at byte 27657 has 3072 bytes instead of 3073");
    unlink(path);
    path = temporary_file(dataset->records, 0);
    assert_refused(path, PM_ERROR_INVALID, "the file is empty");
    unlink(path);
    dataset->records[(size_t)7 * PM_DATASET_RECORD_SIZE] = 10;
    path = temporary_file(dataset->records, size);
    assert_refused(path, PM_ERROR_INVALID, "the record at byte 21511 has label 10");
    unlink(path);
    /* Sparse: nothing is written, but the size is one record beyond the limit. */
    path = temporary_file("", 0);
    assert_int_equal(
        truncate(path, (off_t)PM_DATASET_RECORD_SIZE * (PM_DATASET_RECORDS_MAX + (off_t)1)), 0);
    assert_refused(path, PM_ERROR_LIMIT, "2147486152 bytes, at most 2147483647");
    unlink(path);
    pm_dataset_destroy(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_synthetic_labels),
        cmocka_unit_test(test_synthetic_pixels),
        cmocka_unit_test(test_synthetic_fingerprints),
        cmocka_unit_test(test_names_that_are_refused),
        cmocka_unit_test(test_binary_file),
        cmocka_unit_test(test_binary_files_that_are_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
