/* How much of a test is wanted, by whoever has the time for more. */
#ifndef TESTS_ASKED_NUMBER_H
#define TESTS_ASKED_NUMBER_H

/* What the environment's variable says, or `otherwise` when it is not set. A test that took zero
 * steps would pass: anything but a whole number from `minimum` to a thousand million fails it. */
long pm_test_asked_number(const char *variable, long minimum, long otherwise);

#endif
