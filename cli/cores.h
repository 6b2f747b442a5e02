/* With how many threads a verb computes. */
#ifndef CLI_CORES_H
#define CLI_CORES_H

#include <stdint.h>

/* Lets OpenMP compute with `asked` threads, 0: with one for each processor; with fewer, which is
 * said, when the system has no more for this process. Returns how many. */
int cores_use(int64_t asked);

#endif
