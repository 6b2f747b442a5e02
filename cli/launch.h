/* How each program is started: its options from figures, the same for `mine` and `demo`. */
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
    const struct pm_options *log_file; /* has its options, which are handed on; NULL: none */
    bool restarts;
};

/* log_level from the settings; "warn" unless the user set one. */
struct launch launch_create(struct supervisor *supervisor, const struct pm_options *options);
/* And to the file of --log-file, if there is one, where "info" is no burden. */
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
    int http_port; /* -1: no page, and the next two count for nothing */
    const char *http_token_file, *http_ready_file;
};
bool launch_sidecar(const struct launch *launch, const struct sidecar_launch *sidecar,
                    size_t *index, struct pm_error *error);

struct worker_launch {
    const char *sidecar_url, *run_id, *dataset, *suite;
    int64_t workers, threads;
    const struct pm_options *manners; /* has pm_guest_option_names, which are handed on */
    bool is_short; /* somebody waits for its end: where they were not chosen, its manners are
                      less (it does not mind a battery), and it draws no bar of its own */
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
    double duration_s, evolve_max_seconds, no_work_wait_s, window_wait_min_s,
        grace_s;      /* the last three: 0 for the driver's own */
    bool report_only; /* asks the pool for the miner's figures, writes them down, and ends */
};
bool launch_driver(const struct launch *launch, const struct driver_launch *driver, size_t *index,
                   struct pm_error *error);

#endif
