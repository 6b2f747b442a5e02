/* Sends a program's log lines, from level info on, to its sidecar, which shows them at /logs and on
 * the page. This happens on a thread and a connection of its own, so that the program never waits
 * for it. While the sidecar does not answer, or if it has no page, lines are dropped, the oldest
 * first; a line that is sent later says how many. */
#ifndef POOLMINER_LOG_FORWARD_H
#define POOLMINER_LOG_FORWARD_H

struct pm_log_forward;

struct pm_log_forward_config {
    /* One sidecar's URL, or those of several over the same store; the last is followed by NULL. */
    const char *const *sidecar_urls;
    const char *key_file; /* as in struct pm_queue_client_config */
    const char *program;  /* "driver", "worker" */
};

/* Observes the log (log.h) until it is destroyed. The configuration's texts must outlive it. NULL
 * when there is no memory or no thread for it: the program's log is then not forwarded. */
struct pm_log_forward *pm_log_forward_create(const struct pm_log_forward_config *config);
/* Sends the lines that are left, which takes at most a fifth of a second for each URL. NULL is
 * allowed. */
void pm_log_forward_destroy(struct pm_log_forward *forward);

#endif
