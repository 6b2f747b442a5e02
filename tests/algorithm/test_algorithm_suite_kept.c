/* Prepared tasks in a file: the same as those built, and nothing but them. */
#include "algorithm/suite_cache.h"
#include "algorithm/suite_file.h"
#include "tests/cmocka_include.h"
#include "tests/run_program.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/suite.h>

enum { INPUT_DIM = 3, TASKS = 20, PATH_SIZE = 512, FILE_MAX = 1 << 20 };

static char directory[64];

static int set_up(void **state)
{
    struct pm_dataset *dataset = NULL;
    make_directory(directory, sizeof directory);
    if (setenv("XDG_CACHE_HOME", directory, 1) != 0 ||
        !pm_dataset_open("synthetic:400", &dataset, NULL)) {
        return -1;
    }
    *state = dataset;
    return 0;
}

static int tear_down(void **state)
{
    pm_dataset_destroy(*state);
    remove_directory(directory);
    return 0;
}

static struct pm_suite *built(const struct pm_dataset *dataset)
{
    struct pm_suite *suite = NULL;
    struct pm_error error = {0};
    if (!pm_suite_evaluation(dataset, PM_EDITION_FIRST2000, INPUT_DIM, TASKS, NULL, &suite,
                             &error)) {
        fail_msg("%s", error.message);
    }
    return suite;
}

static struct pm_suite *kept(const struct pm_dataset *dataset)
{
    struct pm_suite *suite = NULL;
    struct pm_error error = {0};
    if (!pm_suite_evaluation_kept(dataset, PM_EDITION_FIRST2000, INPUT_DIM, TASKS, NULL, &suite,
                                  &error)) {
        fail_msg("%s", error.message);
    }
    return suite;
}

static void assert_same_task(const struct pm_task *a, const struct pm_task *b)
{
    const size_t examples = (size_t)a->train_count + a->validation_count;
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->class_a, b->class_a);
    assert_int_equal(a->class_b, b->class_b);
    assert_int_equal(a->regression, b->regression);
    assert_int_equal(a->input_dim, b->input_dim);
    assert_int_equal(a->train_count, b->train_count);
    assert_int_equal(a->validation_count, b->validation_count);
    assert_memory_equal(a->features, b->features,
                        examples * (size_t)a->input_dim * sizeof *a->features);
    assert_memory_equal(a->labels, b->labels, examples * sizeof *a->labels);
}

static void assert_same(const struct pm_suite *a, const struct pm_suite *b)
{
    const struct pm_lane_tasks *x = a->lanes, *y = b->lanes;
    const size_t labels = ((size_t)x->train_capacity + x->validation_capacity) * x->group_count;
    assert_string_equal(a->fingerprint, b->fingerprint);
    assert_int_equal(a->edition, b->edition);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_same_task(&a->tasks[i], &b->tasks[i]);
    }
    assert_int_equal(x->group_count, y->group_count);
    assert_int_equal(x->train_capacity, y->train_capacity);
    assert_int_equal(x->validation_capacity, y->validation_capacity);
    assert_memory_equal(x->groups, y->groups, x->group_count * sizeof *x->groups);
    assert_memory_equal(x->labels, y->labels, labels * PM_LANES * sizeof(float));
    assert_memory_equal(x->features, y->features,
                        labels * PM_LANES * (size_t)INPUT_DIM * sizeof(float));
}

/* The only file in the cache. */
static void find_file(char path[PATH_SIZE])
{
    char place[PATH_SIZE / 2];
    int found = 0;
    snprintf(place, sizeof place, "%s/poolminer/suites", directory);
    DIR *stream = opendir(place);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] != '.') {
            snprintf(path, PATH_SIZE, "%s/%.200s", place, entry->d_name);
            found++;
        }
    }
    closedir(stream);
    assert_int_equal(found, 1);
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    unlink(path); /* what is there may be read-only */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Whether the suite's pages are those of the file, shared, which nobody can write to. */
static bool is_shared(const struct pm_suite *suite, const char *path)
{
    char line[PATH_SIZE * 2], begin[32];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    snprintf(begin, sizeof begin, "%llx-", (unsigned long long)(uintptr_t)suite->mapping);
    while (fgets(line, sizeof line, maps) != NULL) {
        found = found || (strncmp(line, begin, strlen(begin)) == 0 &&
                          strstr(line, " r--s ") != NULL && strstr(line, path) != NULL);
    }
    fclose(maps);
    return found;
}

static void what_was_built_is_kept(void **state)
{
    struct pm_suite *fresh = built(*state), *first = kept(*state), *second = kept(*state);
    char path[PATH_SIZE];
    find_file(path);
    assert_null(fresh->mapping);
    assert_null(first->mapping);
    assert_non_null(second->mapping);
    assert_true(is_shared(second, path));
    assert_same(fresh, first);
    assert_same(fresh, second);
    pm_suite_destroy(fresh);
    pm_suite_destroy(first);
    pm_suite_destroy(second);
}

/* By something that does not know of renaming, while the suite is in use. */
static void a_writable_file_may_be_cut_short_in_use(void **state)
{
    char path[PATH_SIZE];
    pm_suite_destroy(kept(*state));
    find_file(path);
    assert_int_equal(chmod(path, 0644), 0);
    struct pm_suite *fresh = built(*state), *suite = kept(*state);
    assert_non_null(suite->mapping);
    assert_false(is_shared(suite, path));
    assert_int_equal(truncate(path, 0), 0);
    assert_same(fresh, suite);
    pm_suite_destroy(fresh);
    pm_suite_destroy(suite);
}

static void nobody_writes_to_what_is_kept(void **state)
{
    char path[PATH_SIZE];
    struct stat status;
    pm_suite_destroy(kept(*state));
    find_file(path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0222, 0);
}

static bool is_there(const char *place, const char *name)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", place, name);
    return access(path, F_OK) == 0;
}

static void what_was_not_used_for_longest_goes_first(void **state)
{
    (void)state;
    static const char *const names[] = {"c", "a", "d", "b"}; /* in the order of their use */
    static const char bytes[100];
    char place[PATH_SIZE / 2], path[PATH_SIZE];
    snprintf(place, sizeof place, "%s/trimmed", directory);
    assert_int_equal(mkdir(place, 0755), 0);
    for (int i = 0; i < 4; i++) {
        const struct timespec times[2] = {{1000 + i, 0}, {1000 + i, 0}};
        snprintf(path, sizeof path, "%s/%s", place, names[i]);
        write_file(path, bytes, sizeof bytes);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    pm_suite_cache_trim(place, 400);
    assert_true(is_there(place, "c"));
    pm_suite_cache_trim(place, 299);
    assert_false(is_there(place, "c"));
    assert_false(is_there(place, "a"));
    assert_true(is_there(place, "d"));
    assert_true(is_there(place, "b"));
    pm_suite_cache_trim(place, 0);
    assert_false(is_there(place, "b"));
}

/* Else what every start needs would go before what nothing needs any more. */
static void use_is_noted(void **state)
{
    const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    char path[PATH_SIZE];
    struct stat status;
    pm_suite_destroy(kept(*state));
    find_file(path);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    pm_suite_destroy(kept(*state));
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_mtime > 1000);
}

/* A slice copies what it needs, and frees nothing of the suite's. */
static void slices_of_a_kept_suite(void **state)
{
    struct pm_suite *suite = kept(*state), *slice = NULL;
    assert_true(pm_suite_slice(suite, 5, 7, &slice, NULL));
    assert_same_task(&slice->tasks[0], &suite->tasks[5]);
    pm_suite_destroy(slice);
    struct pm_suite *fresh = built(*state);
    assert_same(fresh, suite);
    pm_suite_destroy(fresh);
    pm_suite_destroy(suite);
}

/* Whatever happened to the file: the tasks are right, and so is the file afterwards. */
static void check_repair(const struct pm_dataset *dataset, const char *path, const char *good,
                         size_t size)
{
    struct pm_suite *fresh = built(dataset), *mended = kept(dataset);
    char *now = NULL;
    size_t now_size = 0;
    assert_same(fresh, mended);
    pm_suite_destroy(fresh);
    pm_suite_destroy(mended);
    assert_true(pm_file_read(path, FILE_MAX, &now, &now_size, NULL));
    assert_int_equal(now_size, size);
    assert_memory_equal(now, good, size);
    free(now);
}

static void a_damaged_file_is_written_anew(void **state)
{
    char path[PATH_SIZE];
    char *good = NULL;
    size_t size = 0;
    pm_suite_destroy(kept(*state));
    find_file(path);
    assert_true(pm_file_read(path, FILE_MAX, &good, &size, NULL));
    char *bad = malloc(size + 1);
    assert_non_null(bad);
    const size_t places[] = {0, 32, 40, 44, 48, 80, 127, 128, 144, 148, size / 2, size - 1};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        memcpy(bad, good, size);
        bad[places[i]] = (char)(bad[places[i]] ^ 0x10);
        write_file(path, bad, size);
        assert_int_equal(chmod(path, i % 2 == 0 ? 0444 : 0644), 0); /* mapped, or copied */
        check_repair(*state, path, good, size);
    }
    const size_t lengths[] = {0, 1, 127, 128, 200, size / 2, size - 1, size + 1};
    memcpy(bad, good, size);
    bad[size] = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        write_file(path, bad, lengths[i]);
        assert_int_equal(chmod(path, i % 2 == 0 ? 0444 : 0644), 0);
        check_repair(*state, path, good, size);
    }
    free(bad);
    free(good);
}

/* A file that says of itself that it is whole, and is not. */
static void a_sealed_lie_is_found(void **state)
{
    static const uint8_t identity[PM_SUITE_IDENTITY_SIZE] = {7};
    enum { FIRST_TASK = PM_SUITE_FILE_HEADER_SIZE, FIELDS = 6 };
    struct pm_suite *suite = built(*state), *read = NULL;
    struct pm_suite_plan plan = {
        .edition = suite->edition, .input_dim = suite->input_dim, .count = suite->count};
    void *bytes = NULL;
    size_t size;
    for (size_t i = 0; i < suite->count; i++) {
        plan.ids[i] = suite->tasks[i].id;
    }
    assert_true(pm_suite_file_write(suite, identity, &bytes, &size, NULL));
    void *copy = aligned_alloc(64, (size + 63) / 64 * 64);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    assert_true(pm_suite_file_read(copy, size, &plan, identity, &read, NULL));
    assert_same_task(&read->tasks[3], &suite->tasks[3]);
    pm_suite_destroy(read);
    const int lies[] = {0, 1, 4, 5}; /* id, regression, train_count, validation_count */
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct pm_error error = {0};
        uint32_t *field = (uint32_t *)((char *)copy + FIRST_TASK) + lies[i];
        const uint32_t truth = *field;
        *field += UINT32_C(0x40000002);
        pm_suite_file_seal(copy, size);
        assert_false(pm_suite_file_read(copy, size, &plan, identity, &read, &error));
        assert_int_equal(error.code, PM_ERROR_INVALID);
        *field = truth + 2;
        pm_suite_file_seal(copy, size);
        assert_false(pm_suite_file_read(copy, size, &plan, identity, &read, &error));
        *field = truth;
    }
    free(copy);
    free(bytes);
    pm_suite_destroy(suite);
}

static void each_suite_has_a_file_of_its_own(void **state)
{
    struct pm_suite *other = NULL, *search = NULL;
    pm_suite_destroy(kept(*state));
    assert_true(
        pm_suite_evaluation_kept(*state, PM_EDITION_RESAMPLED, INPUT_DIM, 2, NULL, &other, NULL));
    assert_int_equal(other->tasks[0].train_count, 1000);
    assert_true(pm_suite_search_kept(*state, PM_EDITION_FIRST2000, INPUT_DIM, 9, TASKS, NULL,
                                     &search, NULL));
    struct pm_suite *wanted = NULL, *evaluation = kept(*state);
    assert_true(
        pm_suite_search(*state, PM_EDITION_FIRST2000, INPUT_DIM, 9, TASKS, NULL, &wanted, NULL));
    assert_same(search, wanted);
    struct pm_suite *fresh = built(*state);
    assert_same(evaluation, fresh);
    pm_suite_destroy(other);
    pm_suite_destroy(search);
    pm_suite_destroy(wanted);
    pm_suite_destroy(evaluation);
    pm_suite_destroy(fresh);
}

static void without_a_place_suites_are_built(void **state)
{
    char place[PATH_SIZE];
    snprintf(place, sizeof place, "%s/file", directory);
    write_file(place, "x", 1);
    assert_int_equal(setenv("XDG_CACHE_HOME", place, 1), 0);
    struct pm_suite *fresh = built(*state), *suite = kept(*state);
    assert_null(suite->mapping);
    assert_same(fresh, suite);
    pm_suite_destroy(fresh);
    pm_suite_destroy(suite);
    assert_int_equal(setenv("XDG_CACHE_HOME", directory, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_built_is_kept),
        cmocka_unit_test(a_writable_file_may_be_cut_short_in_use),
        cmocka_unit_test(nobody_writes_to_what_is_kept),
        cmocka_unit_test(use_is_noted),
        cmocka_unit_test(what_was_not_used_for_longest_goes_first),
        cmocka_unit_test(slices_of_a_kept_suite),
        cmocka_unit_test(a_damaged_file_is_written_anew),
        cmocka_unit_test(a_sealed_lie_is_found),
        cmocka_unit_test(each_suite_has_a_file_of_its_own),
        cmocka_unit_test(without_a_place_suites_are_built),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
