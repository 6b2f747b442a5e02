/* How many threads a program can have, and what they cost. OpenMP ends the process when the system
 * gives it fewer threads than it asks for, and ZeroMQ ends it when it gets none; so programs find
 * out how many they can ask for before they do. */
#ifndef POOLMINER_THREADS_H
#define POOLMINER_THREADS_H

#include <pthread.h>
#include <stddef.h>

/* How many threads, at most `wanted`, the system lets this process start now. Finds out by starting
 * them; they have ended when it returns. */
size_t pm_threads_available(size_t wanted);

/* How many threads, at most `wanted`, a program should ask for: no more than a third of those that
 * are available, because the memory that the threads compute with falls under the same limits, and
 * other programs need threads too. */
size_t pm_threads_affordable(size_t wanted);

/* As pthread_create, whose result it returns: a thread that takes no signals, so that they wake the
 * thread that waits for them. */
int pm_threads_create_without_signals(pthread_t *thread, void *(*run)(void *), void *argument);

/* Limits the memory of every thread that is started from now on, including those of OpenMP and of
 * libraries. Stacks get 2 MiB, whatever `ulimit -s` says about the first thread's. If the address
 * space is limited (`ulimit -v`), all threads allocate from one heap, since glibc would otherwise
 * reserve 64 MiB of addresses for the heap of each. */
void pm_threads_bound_memory(void);

/* For servers: makes malloc keep the memory that one round of requests has freed, instead of giving
 * it back to the system and fetching it again, page by page, for the next round. This also makes
 * blocks of up to 1 MiB, the size of the largest bodies, come from the heap: by default glibc maps
 * each block of 128 KiB or more separately, and it stops adapting that size by itself as soon as
 * one of its parameters has been set. */
void pm_threads_keep_heap(void);

/* Makes OpenMP's threads sleep while they wait for each other. By default they spin, which on a
 * machine that other programs use too takes several times as long as the computation. OpenMP reads
 * this setting when the program is loaded, too early for main to change it. So this function, which
 * is to be the first that main calls, sets OMP_WAIT_POLICY=passive in the environment and executes
 * the program again with the same arguments. If the variable is already set, by the user or by the
 * first execution, it returns at once; if executing fails, it returns too and OpenMP's threads
 * spin. Programs that are started later inherit the variable. */
void pm_threads_wait_asleep(char *const argv[]);

#endif
