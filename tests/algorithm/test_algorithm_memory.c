/* Out of memory: the N-th allocation fails, for N = 1, 2, ... until there is none to fail. Every
 * time an error says so, nothing is leaked (a build with AddressSanitizer looks), and the next try
 * works. */
#include "tests/algorithm/run.h"
#include "tests/cmocka_include.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/check.h>

/* The linker puts these in front of the C library's (--wrap), and chose the names.
 * NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
/* NOLINTEND(bugprone-reserved-identifier) */

static long allocations_left = -1; /* before one fails; negative: none does */

static bool fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static const char text[] = "# meta: colour=red\n"
                           "setup:\n m1 = gaussian(0, 1)\n junk\n"
                           "predict:\n s0 = dot(v0, v1)\n s2 = s3 + s4 + s5\n";

/* Does one thing that allocates; false with the error set when it failed. */
typedef bool action(struct pm_error *error);

static bool read_text(struct pm_error *error)
{
    struct pm_algorithm *algorithm = NULL;
    bool done = pm_algorithm_parse(text, sizeof text - 1, 4, PM_PARSE_LENIENT, NULL, NULL,
                                   &algorithm, error);
    pm_algorithm_destroy(algorithm);
    return done;
}

static bool check_text(struct pm_error *error)
{
    struct pm_check check;
    bool done = pm_check_text(text, sizeof text - 1, 4, &check, error);
    if (done) {
        pm_check_clear(&check);
    }
    return done;
}

static struct pm_algorithm *program;

static bool write_text(struct pm_error *error)
{
    char *written = pm_algorithm_write(program, error);
    bool done = written != NULL;
    free(written);
    return done;
}

static bool hash_text(struct pm_error *error)
{
    uint64_t hash;
    return pm_algorithm_hash(program, &hash, error);
}

static bool copy_program(struct pm_error *error)
{
    struct pm_algorithm *copy = pm_algorithm_clone(program);
    bool done = copy != NULL || pm_fail(error, PM_ERROR_MEMORY, "no memory");
    pm_algorithm_destroy(copy);
    return done;
}

static bool run_program(struct pm_error *error)
{
    float features[8] = {0}, labels[2] = {0}, prediction;
    const struct pm_task task = {.input_dim = 4,
                                 .train_count = 1,
                                 .validation_count = 1,
                                 .features = features,
                                 .labels = labels};
    struct pm_executor *executor = pm_executor_create();
    if (executor == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory");
    }
    bool done = pm_executor_run(executor, program, &task, &prediction, error);
    pm_executor_destroy(executor);
    return done;
}

/* Returns how many allocations could fail. */
static long fail_each_allocation(action *act)
{
    for (long n = 0;; n++) {
        struct pm_error error = {0};
        allocations_left = n;
        bool done = act(&error);
        allocations_left = -1;
        if (done) {
            return n;
        }
        assert_int_equal(error.code, PM_ERROR_MEMORY);
        assert_true(error.message[0] != '\0');
        assert_true(act(&error));
        assert_in_range(n, 0, 1000);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static action *const actions[] = {read_text, check_text,   write_text,
                                      hash_text, copy_program, run_program};
    program = read_program(text, 4);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        assert_true(fail_each_allocation(actions[i]) > 0);
    }
    pm_algorithm_destroy(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
