/* cmocka wants these before it. */
#ifndef TESTS_CMOCKA_INCLUDE_H
#define TESTS_CMOCKA_INCLUDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* not before the above */
#include <cmocka.h>

#endif
