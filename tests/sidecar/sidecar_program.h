/* The real sidecar program, started, killed and started again by tests; and clients of it. */
#ifndef PM_TESTS_SIDECAR_PROGRAM_H
#define PM_TESTS_SIDECAR_PROGRAM_H

#include "sidecar/sidecar_test.h"

#include <sys/types.h>

#include <poolminer/queue_client.h>

/* Times short enough for tests; a heartbeat is about a quarter, as by default. */
enum { PROGRAM_LEASE_MS = 3000, PROGRAM_HEARTBEAT_MS = 800 };

/* For tests where a connection must not be given up: a busy machine may let a process wait for
 * longer than a third of PROGRAM_HEARTBEAT_MS. As by default. */
enum { PROGRAM_CALM_HEARTBEAT_MS = 5000 };

/* For tests of what is lost after heartbeats: they are long against what a busy machine adds, and
 * no lease runs out. */
enum { PROGRAM_LONG_LEASE_MS = 120000, PROGRAM_LONG_HEARTBEAT_MS = 3000 };

extern pid_t sidecar_pid;
extern char sidecar_url[64];
/* NULL (as at first): without keys. */
extern const char *sidecar_keys_directory;
/* A loopback address of this process alone, from the first start on. */
extern const char *sidecar_host;
extern int sidecar_port; /* 0 until the first start, which takes a free one */
/* PROGRAM_LEASE_MS and PROGRAM_HEARTBEAT_MS, and again from each set_up on. */
extern int sidecar_lease_ms, sidecar_heartbeat_ms;
extern int sidecar_max_connections; /* 0 (as at first): as many as by default */
/* True: with a page, its token SIDECAR_TOKEN, and a history. */
extern bool sidecar_has_page;
extern int sidecar_page_port_asked; /* 0 (as at first): a free one */
#define SIDECAR_TOKEN "an-open-secret-of-the-tests"
int sidecar_page_port(void); /* where it is */

/* Starts it over the store store.db in the test directory; the same port again after the first
 * time, as a supervisor would. Fails the test when it does not come up. */
void sidecar_start(void);
void sidecar_kill(void); /* SIGKILL */
/* SIGTERM; its exit status. Fails the test when it takes two seconds. */
int sidecar_stop(void);
/* For set_up and tear_down: nothing in the store; everything gone. */
int sidecar_set_up(void **state);
int sidecar_set_up_calm(void **state); /* with PROGRAM_CALM_HEARTBEAT_MS */
int sidecar_set_up_long(void **state); /* with PROGRAM_LONG_LEASE_MS and _HEARTBEAT_MS */
int sidecar_tear_down(void **state);
#define WITH_CALM_SIDECAR(test)                                                                    \
    cmocka_unit_test_setup_teardown(test, sidecar_set_up_calm, sidecar_tear_down)
#define WITH_LONG_SIDECAR(test)                                                                    \
    cmocka_unit_test_setup_teardown(test, sidecar_set_up_long, sidecar_tear_down)
#define WITH_SIDECAR(test) cmocka_unit_test_setup_teardown(test, sidecar_set_up, sidecar_tear_down)

/* Starts it with these arguments only (NULL-terminated, without the path) and waits for its end;
 * the exit status. What it says goes to `output`. */
int sidecar_run(const char *const *arguments, char *output, size_t size);
/* What the sidecar has written to standard error since set_up; the caller frees. */
char *sidecar_log(void);
/* Its resident memory. */
void sidecar_expect_resident_below(long mib);
void sidecar_expect_peak_below(long mib); /* ever since its start */

struct pm_queue_client *client_open(const char *role, const char *name);
int64_t client_put(struct pm_queue_client *client, const char *key);
/* Leases within wait_ms; false when there was nothing. */
bool client_lease(struct pm_queue_client *client, int64_t wait_ms, struct pm_job *job);
/* Finishes a leased job with this result; fails the test when the sidecar does not take it. */
void client_finish(struct pm_queue_client *client, const struct pm_job *job, const void *result,
                   size_t size);
/* Puts an open record of run "r"; fails the test when the sidecar does not take it. */
void client_put_record(struct pm_queue_client *client, const char *key, const void *body,
                       size_t size);

/* All that the only client has sent is known to be read. Takes three seconds. */
void sidecar_expect_all_read(struct pm_queue_client *client);

/* A number in the status, by path: "jobs.queued". */
int64_t status_number(struct pm_queue_client *client, const char *path);

/* A child process that runs `body` with a worker's client of its own and then sleeps; killed with
 * SIGKILL by child_end. It tells by a pipe when body has returned. */
pid_t child_worker(const char *name, void (*body)(struct pm_queue_client *client));
void child_end(pid_t pid);

#endif
