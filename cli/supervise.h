/* The supervisor: starts the programs a miner consists of, looks after them, stops them. */
#ifndef CLI_SUPERVISE_H
#define CLI_SUPERVISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

/* Programs are stopped in this order: those that use others first, so that they can say goodbye. */
enum stop_stage { STOP_FIRST, STOP_SECOND, STOP_STAGES };

struct child_config {
    const char *name;             /* for logs: "driver", "driver 2" */
    const char *const *arguments; /* argv, NULL-terminated; copied */
    const char *log_path;         /* standard error goes here; NULL: inherited */
    const char *input; /* standard input at every start; NULL: empty; referred to, not copied */
    enum stop_stage stage;
    bool restarts; /* started again, after a pause, when it ends by itself */
    bool may_end;  /* ending with status 0 is fine */
};

enum {
    SUPERVISOR_CHILDREN_MAX = 16,
    SUPERVISOR_STOP_MS = 1800,       /* how long stopping may take when a person waits for it */
    SUPERVISOR_CALM_STOP_MS = 18000, /* when nobody does: a busy machine makes programs slow */
};

struct supervisor;

/* NULL when memory is out. */
struct supervisor *supervisor_create(void);
/* Stops what still runs, as supervisor_stop does within SUPERVISOR_CALM_STOP_MS. NULL is allowed.
 */
void supervisor_destroy(struct supervisor *supervisor);

/* Starts a child; *index names it from here on. Children die with this process. They have settings
 * from their arguments alone, none from the environment. */
bool supervisor_start(struct supervisor *supervisor, const struct child_config *config,
                      size_t *index, struct pm_error *error);

/* Looks at every child and restarts what is due. False, with the reason, when one ended that should
 * not have, or that another start would not help: it failed within ten seconds of its first start,
 * its status says that its options are wrong, or it ended five times in a row within ten seconds of
 * a start. */
bool supervisor_poll(struct supervisor *supervisor, struct pm_error *error);

/* True once the child has ended and is not going to be restarted. */
bool supervisor_ended(const struct supervisor *supervisor, size_t index);

/* One child after the other, by index; false behind the last one, and for no supervisor. */
struct child_state {
    const char *name;
    bool running;
    int ends; /* how often it ended that should not have */
};
bool supervisor_child(const struct supervisor *supervisor, size_t index, struct child_state *out);

/* Waits until the child has written `ready_path` ({"port": N, "pid": N}), at most `timeout_ms`.
 * False when it ended first, when time ran out, or when this process was asked to stop
 * (PM_ERROR_INTERRUPTED). */
bool supervisor_wait_ready(struct supervisor *supervisor, size_t index, const char *ready_path,
                           int64_t timeout_ms, int *port, struct pm_error *error);

/* Stops everything, stage by stage: asks each child of a stage to end (SIGTERM), waits, and kills
 * what is left. All that takes at most `within_ms`, and at most SUPERVISOR_STOP_MS once this
 * process itself has been asked to stop, not counting the moment that the kernel needs for a killed
 * child.
 */
void supervisor_stop(struct supervisor *supervisor, int64_t within_ms);

#endif
