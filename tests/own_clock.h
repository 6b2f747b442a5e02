/* How long a program takes itself. On a busy machine it may have to wait for a processor or a disk,
 * and that is not counted: but of its own waiting alone, as Linux tells it of each process, so that
 * a program that sleeps, or waits for others, is found out whatever else the machine does. */
#ifndef TESTS_OWN_CLOCK_H
#define TESTS_OWN_CLOCK_H

#include <stdint.h>
#include <sys/types.h>

/* In ms, of the calling thread: stands while that is ready to run and does not. */
int64_t own_clock_ms(void);

/* Sends a signal to a child and waits for its end, of which `timeout_ms` at most. The ms that this
 * took, without those in which its first thread waited for a processor or any for a disk. The child
 * is still to be waited for. */
int64_t own_clock_end_ms(pid_t child, int signal_number, int64_t timeout_ms);

#endif
