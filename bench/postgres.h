/* A PostgreSQL server of a benchmark's own, with its data below $TMPDIR and its socket there too.
 */
#ifndef BENCH_POSTGRES_H
#define BENCH_POSTGRES_H

#include <stdbool.h>
#include <sys/types.h>

#include <poolminer/error.h>

struct bench_postgres {
    pid_t pid;
    char *directory;
    char url[256];
};

/* Every commit is synced, as a server's is that somebody relies on. PM_ERROR_NOT_FOUND: not
 * installed. What root starts runs as the user postgres, for the server refuses root. */
bool bench_postgres_start(struct bench_postgres *out, struct pm_error *error);
void bench_postgres_stop(struct bench_postgres *postgres);

/* Processor time of the server and all its processes so far; NAN when it cannot be read. */
double bench_postgres_cpu_s(const struct bench_postgres *postgres);

#endif
