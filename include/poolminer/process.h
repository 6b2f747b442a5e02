/* Child processes: for the supervisor and for tests that start the real programs. */
#ifndef POOLMINER_PROCESS_H
#define POOLMINER_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <poolminer/error.h>

enum { PM_PROCESS_INPUT_MAX = 4096 }; /* a pipe takes as much without a reader */

struct pm_process_config {
    const char *const *arguments;   /* argv, NULL-terminated; [0] is the path */
    const char *const *environment; /* additional "NAME=value"s, NULL-terminated; may be NULL */
    const char *stdout_path;        /* appended to; NULL: inherited */
    const char *stderr_path;        /* appended to; NULL: inherited; may equal stdout_path */
    const char *input; /* what standard input has, at most PM_PROCESS_INPUT_MAX; NULL: nothing */
    /* POOLMINER_... and BT_WALLET_... are not inherited: the arguments say it all, and what was
     * meant for another program changes nothing. POOLMINER_SIMD, which no argument says, stays. */
    bool no_settings;
};

/* Starts a child that dies with its parent (PR_SET_PDEATHSIG); descriptors above 2 are closed. */
bool pm_process_start(const struct pm_process_config *config, pid_t *pid, struct pm_error *error);

/* True when the child has ended; *status as waitpid gives it. Waits at most timeout_ms. */
bool pm_process_wait(pid_t pid, int64_t timeout_ms, int *status);

/* SIGTERM, then SIGKILL after grace_ms; reaps the child. Returns its status. */
int pm_process_stop(pid_t pid, int64_t grace_ms);

/* The path of a sibling program of the running one ("poolminer-sidecar"): the directory of
 * /proc/self/exe plus `name`. The caller frees. NULL with the error set when it is not there. */
char *pm_process_sibling(const char *name, struct pm_error *error);

/* A TCP port on 127.0.0.1 that is free now. 0 when none. */
int pm_process_free_port(void);

#endif
