#ifndef TESTS_UNPRESSED_CLOCK_H
#define TESTS_UNPRESSED_CLOCK_H

#include <stdint.h>

/* A clock, in ms, that stands still while programs of the machine wait for a processor or a disk
 * (Linux counts that; where it does not, the clock never stands): what must be done within two
 * seconds is, by this clock, on a busy machine as well. */
int64_t unpressed_clock_ms(void);

#endif
