/* Threads are counted by starting them: under a limit there are fewer. */
#include "tests/cmocka_include.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_what_there_is),
        cmocka_unit_test(counts_under_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
