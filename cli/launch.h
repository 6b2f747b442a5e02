/* Starts each of the programs, for `mine`, `gui` and `demo`: makes its command line from the
 * members of a struct and hands it to the supervisor. Where texts may be NULL, that is said. */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include "cli/supervise.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/options.h>

/* What all programs of one miner share. */
struct launch {
    struct supervisor *supervisor;
    const char *log_level, *log_format;
    const struct pm_options *log_file; /* options that name a log file; NULL: standard error */
    bool restarts;                     /* start them again when they end by themselves */
};

/* Programs log to standard error, from the level that the settings give; from "warn" if the user
 * set none. */
struct launch launch_create(struct supervisor *supervisor, const struct pm_options *options);
/* The same, but if --log-file names a file, programs log to that; then from "info" by default. */
struct launch launch_create_logged(struct supervisor *supervisor, const struct pm_options *options);

struct pool_launch {
    const char *store, *ready_file, *suite;
    const char *dataset_fingerprint; /* NULL: not told */
    int port, quorum;
    double epoch_s, task_timeout_s;
};
bool launch_pool(const struct launch *launch, const struct pool_launch *pool, size_t *index,
                 struct pm_error *error);

struct sidecar_launch {
    const char *store, *ready_file, *history;
    int port;
    int http_port;                                 /* of the page; -1: no page */
    const char *http_token_file, *http_ready_file; /* unused without a page */
};
bool launch_sidecar(const struct launch *launch, const struct sidecar_launch *sidecar,
                    size_t *index, struct pm_error *error);

struct worker_launch {
    const char *sidecar_url, *run_id, *dataset, *suite;
    int64_t workers, threads;
    const struct pm_options *manners; /* has the options of poolminer/guest_options.h */
    /* Somebody waits for the end, as of a demo: unless the user has chosen otherwise, the worker is
     * less modest (it computes on a battery too), and it draws no progress bar. */
    bool is_short;
};
bool launch_worker(const struct launch *launch, const struct worker_launch *worker, size_t *index,
                   struct pm_error *error);

struct driver_launch {
    const char *name;             /* in logs: "driver", "driver-2" */
    const char *const *pool_urls; /* of one pool, preferred one first, NULL at the end */
    const char *sidecar_url, *run_id, *hotkey_file, *profile, *summary;
    const char *mode;     /* NULL: the driver's own */
    const char *password; /* of an encrypted hotkey, with a line's end; NULL: not encrypted */
    int64_t generations;
    int64_t evolve_jobs; /* of a lease; 0: the driver's own number */
    double duration_s, evolve_max_seconds;
    double no_work_wait_s, window_wait_min_s, grace_s; /* 0: the driver's own defaults */
    bool report_only; /* only ask the pool for the miner's figures and write the summary */
};
bool launch_driver(const struct launch *launch, const struct driver_launch *driver, size_t *index,
                   struct pm_error *error);

#endif
