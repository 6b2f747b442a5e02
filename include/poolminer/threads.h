/* Threads that a program may count on: OpenMP ends the process when it gets fewer than it asks for,
 * and ZeroMQ when it gets none, so what to ask for is found out before. */
#ifndef POOLMINER_THREADS_H
#define POOLMINER_THREADS_H

#include <stddef.h>

/* How many of `wanted` threads the system lets this process have beside those it has now; tried by
 * starting them. They are gone on return. */
size_t pm_threads_available(size_t wanted);

/* How many of `wanted` threads to ask for: at most half of what there is, for what the threads
 * compute with comes out of the same limits, and others have theirs. */
size_t pm_threads_affordable(size_t wanted);

/* What a thread costs is bounded from here on, for OpenMP's and the libraries' too: its stack to
 * 2 MiB, whatever the limit for the first one's (ulimit -s) is; and where addresses are limited
 * (ulimit -v) all share one heap, for each of their own would reserve 64 MiB. */
void pm_threads_bound_memory(void);

/* For a server: what a round of requests has taken from the heap is not given back to the system at
 * its end and taken anew, page by page, in the next one. Once any of glibc's bounds is set, it
 * leaves the size from which memory is mapped apart at 128 KiB: bodies of up to 1 MiB are to come
 * from the heap, and do. */
void pm_threads_keep_heap(void);

/* The first thing in main of a program that computes: OpenMP's threads spin while they wait for
 * each other, unless told not to before the program's libraries start, and on a machine that others
 * use too that takes several times the computation. So this tells them (OMP_WAIT_POLICY=passive,
 * which programs started from here on see as well) and starts the program once more with the same
 * arguments. It returns where the variable is set already, by the user or by the start before this
 * one, and where starting once more fails: then the program goes on as it is. */
void pm_threads_wait_asleep(char *const argv[]);

#endif
