/* A program's log lines, from info on, sent to its sidecar for /logs and the page. A thread and a
 * connection of its own: the program never waits for it. What the sidecar cannot take, for being
 * away or for keeping no view, is dropped, the oldest first, and counted in a line. */
#ifndef POOLMINER_LOG_FORWARD_H
#define POOLMINER_LOG_FORWARD_H

struct pm_log_forward;

struct pm_log_forward_config {
    const char *const *sidecar_urls; /* one, or several over the same store; NULL behind the last */
    const char *key_file;            /* as pm_queue_client_config's */
    const char *program;             /* "driver", "worker" */
};

/* Observes the log (log.h) until destroyed. The texts must outlive it. NULL where the system gives
 * no memory or thread: the log is then where it always is, and nowhere else. */
struct pm_log_forward *pm_log_forward_create(const struct pm_log_forward_config *config);
/* Sends what is left, for a fifth of a second at most an address. NULL: nothing to do. */
void pm_log_forward_destroy(struct pm_log_forward *forward);

#endif
