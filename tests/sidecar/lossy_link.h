/* A cable between two network namespaces that loses frames: two TAP devices, and a process that
 * carries what one sends to the other, or drops it, at random from a seed. */
#ifndef PM_TESTS_LOSSY_LINK_H
#define PM_TESTS_LOSSY_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes `near` in this process's namespace and `far` in that of `far_pid`; both are down, and have
 * no address. False: there is no TUN device, or no right to it (a sentence on standard output). */
bool lossy_link_start(const char *near, const char *far, pid_t far_pid, uint32_t seed);
/* The devices go with it. */
void lossy_link_stop(void);

/* How many of a thousand frames are lost from now on, each way; at first none. */
void lossy_link_lose(int per_mille);
/* Frames so far, both ways. */
int64_t lossy_link_carried(void);
int64_t lossy_link_dropped(void);

#endif
