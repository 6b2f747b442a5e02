/* Threads are counted by starting them: under a limit there are fewer. */
#include "tests/cmocka_include.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poolminer/threads.h>

/* Address sanitizer needs more addresses than any limit would leave. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { LIMITS = 0 };
#else
enum { LIMITS = 1 };
#endif

static void gives_what_there_is(void **state)
{
    (void)state;
    assert_int_equal(pm_threads_available(0), 0);
    assert_int_equal(pm_threads_available(5), 5);
    assert_int_equal(pm_threads_available(5), 5);
}

/* Addresses for a few dozen stacks only. */
static void counts_under_a_limit(void **state)
{
    (void)state;
    if (LIMITS == 0) {
        skip();
    }
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit stack = {8 << 20, 8 << 20}, addresses = {512 << 20, 512 << 20};
        if (setrlimit(RLIMIT_STACK, &stack) != 0 || setrlimit(RLIMIT_AS, &addresses) != 0) {
            _exit(1);
        }
        const size_t count = pm_threads_available(100000);
        _exit(count >= 1 && count < 100000 ? 0 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* What is to be had is there three times: nobody ends over the last of it. */
static void leaves_a_margin(void **state)
{
    (void)state;
    assert_int_equal(pm_threads_affordable(0), 0);
    assert_int_equal(pm_threads_affordable(5), 5);
    if (LIMITS == 0) {
        skip();
    }
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit addresses = {512 << 20, 512 << 20};
        if (setrlimit(RLIMIT_AS, &addresses) != 0) {
            _exit(1);
        }
        const size_t count = pm_threads_affordable(100000);
        _exit(count >= 1 && pm_threads_available(3 * count) == 3 * count ? 0 : 2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *measure_stack(void *bytes)
{
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, bytes);
        pthread_attr_destroy(&attributes);
    }
    return NULL;
}

static void stacks_are_bounded(void **state)
{
    (void)state;
    pthread_attr_t attributes;
    pthread_t thread;
    size_t bytes = 0;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 64 << 20), 0);
    assert_int_equal(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
    pm_threads_bound_memory();
    assert_int_equal(pthread_create(&thread, NULL, measure_stack, &bytes), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(bytes, 1 << 20, 3 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_are_bounded), /* first: a stack that is left is used again */
        cmocka_unit_test(gives_what_there_is),
        cmocka_unit_test(counts_under_a_limit),
        cmocka_unit_test(leaves_a_margin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
