/* A server of a benchmark's own, in a process that it forks: what there is no program for. */
#ifndef BENCH_FORK_H
#define BENCH_FORK_H

#include <stdbool.h>
#include <sys/types.h>

#include <poolminer/error.h>

/* Serves until SIGTERM ends the process, once it has told its port by bench_fork_tell; returns only
 * when it cannot. */
typedef void bench_fork_serve(const void *context, int told);
bool bench_fork_tell(int told, int port);

/* To be stopped with pm_process_stop; ends with the caller, too, who must have no threads. `name`
 * is for what there is to complain of. */
bool bench_fork(bench_fork_serve *serve, const void *context, const char *name, pid_t *pid,
                int *port, struct pm_error *error);

#endif
