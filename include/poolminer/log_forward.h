/* A program's log lines, from info on, sent to its sidecar for /logs and the page. A thread and a
 * connection of its own: the program never waits for it. What the sidecar cannot take, for being
 * away or for keeping no view, is dropped, the oldest first, and counted in a line. */
#ifndef POOLMINER_LOG_FORWARD_H
#define POOLMINER_LOG_FORWARD_H

#include <stdbool.h>

#include <poolminer/error.h>

struct pm_log_forward;

struct pm_log_forward_config {
    const char *sidecar_url;
    const char *key_file; /* as pm_queue_client_config's */
    const char *program;  /* "driver", "worker" */
    const char *name;     /* the client's, unique among the sidecar's clients */
};

/* Observes the log (log.h) until destroyed. The texts must outlive it. */
bool pm_log_forward_create(const struct pm_log_forward_config *config, struct pm_log_forward **out,
                           struct pm_error *error);
/* Sends what is left, for a fifth of a second at most. NULL: nothing to do. */
void pm_log_forward_destroy(struct pm_log_forward *forward);

#endif
