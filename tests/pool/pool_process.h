/* The real poolminer-pool, started by a test on a free port with a store of its own. */
#ifndef TESTS_POOL_PROCESS_H
#define TESTS_POOL_PROCESS_H

#include "run_program.h"

#include <sys/types.h>

struct pool_process {
    char directory[64]; /* holds the store, the ready file and the log */
    pid_t pid;
    char url[64];  /* http://127.0.0.1:PORT */
    char name[16]; /* by which PostgreSQL knows its connections; "": by none */
};

/* Makes the directory. */
void pool_process_create(struct pool_process *process);

/* Starts the pool and waits until it listens; `options` (NULL-terminated, may be NULL) come after
 * those for store and port. Starting it again goes on with the same store. */
void pool_process_start(struct pool_process *process, const char *const *options);

/* The same for a pool that must not come to listen; returns the exit status. */
int pool_process_fail(struct pool_process *process, const char *const *options);

/* How often `part` stands in the log. */
int pool_process_logged(const struct pool_process *process, const char *part);

/* Runs `poolminer-pool admin WORDS` (NULL-terminated) on the pool's store, whether it runs or not.
 */
struct output pool_process_admin(const struct pool_process *process, const char *const *words);

/* SIGKILL. */
void pool_process_kill(struct pool_process *process);

/* SIGTERM; returns the exit status. */
int pool_process_stop(struct pool_process *process);

/* Stops the pool if it runs, which has to end well, and removes the directory. */
void pool_process_destroy(struct pool_process *process);

#endif
