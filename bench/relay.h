/* What ZeroMQ alone costs on the way from a put to a worker that waits: a ROUTER in a process of
 * its own that keeps at most one job, decides nothing, and hands the body of a put to whoever asked
 * for a lease last. The sidecar can be no faster than this. */
#ifndef BENCH_RELAY_H
#define BENCH_RELAY_H

#include <stdbool.h>
#include <sys/types.h>

#include <poolminer/error.h>

/* To be stopped with pm_process_stop. The caller must have no threads. */
bool bench_relay_start(pid_t *pid, int *port, struct pm_error *error);

#endif
