/* A server that a benchmark starts for itself, with an empty store. */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <poolminer/error.h>

enum bench_server_kind {
    BENCH_SIDECAR,         /* every acknowledgement after a sync */
    BENCH_SIDECAR_NO_SYNC, /* --sync none */
    BENCH_BEANSTALKD,      /* binlog, -f0: synced at each write */
    BENCH_RELAY,           /* no queue at all; see bench_relay.h */
};

struct bench_server {
    pid_t pid;
    int port;
    char *directory;
};

/* Its store is made below $TMPDIR, or /tmp. PM_ERROR_NOT_FOUND: not installed. */
bool bench_server_start(enum bench_server_kind kind, struct bench_server *server,
                        struct pm_error *error);
/* A pool without limits on its callers; `store` is a file's name below its directory, or a URL. */
bool bench_server_start_pool(const char *store, struct bench_server *server,
                             struct pm_error *error);
void bench_server_stop(struct bench_server *server);

/* Resident memory, and processor time used so far; NAN when they cannot be read. */
double bench_server_resident_mib(const struct bench_server *server);
double bench_server_cpu_s(const struct bench_server *server);
/* Of any process; with `children`, of those that it has now and has had too. */
double bench_process_cpu_s(pid_t pid, bool children);

#endif
