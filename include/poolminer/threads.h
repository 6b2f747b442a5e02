/* Threads that a program may count on: OpenMP ends the process when it gets fewer than it asks for,
 * so what to ask for is found out before. */
#ifndef POOLMINER_THREADS_H
#define POOLMINER_THREADS_H

#include <stddef.h>

/* How many of `wanted` threads the system lets this process have beside those it has now; tried by
 * starting them. They are gone on return. */
size_t pm_threads_available(size_t wanted);

#endif
