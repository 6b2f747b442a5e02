/* What the sidecar's tests share: cmocka, a scratch directory, and checks that print the error. */
#ifndef PM_TESTS_SIDECAR_TEST_H
#define PM_TESTS_SIDECAR_TEST_H

#include "cmocka_include.h"
#include "scratch.h"

#include <string.h>

#include <poolminer/error.h>

/* What main returns when the machine does not let the test do what it needs; CTest knows it. */
enum { PM_TEST_SKIPPED = 77 };

/* The call succeeds; else the test fails with the error's sentence. `error` is the variable that
 * the call fills. */
#define assert_done(call, error)                                                                   \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            fail_msg("%s: %s", #call, (error).message);                                            \
        }                                                                                          \
    } while (0)

/* The call fails with this code and a sentence that holds `words`. */
#define assert_refused(call, error, expected, words)                                               \
    do {                                                                                           \
        (error) = (struct pm_error){0};                                                            \
        assert_false(call);                                                                        \
        assert_int_equal((error).code, expected);                                                  \
        assert_non_null(strstr((error).message, words));                                           \
    } while (0)

#endif
