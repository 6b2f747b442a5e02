/* Practice: a local pool, this miner with a key that is for practice only, and a partner, for
 * nobody is paid for what nobody else has judged. Everything stands in the data directory's
 * practice/. */
#include "cli/launch.h"
#include "cli/miner.h"
#include "cli/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <poolminer/file.h>
#include <poolminer/hotkey.h>
#include <poolminer/suite.h>

enum { QUORUM = 1, EPOCH_S = 60, TASK_TIMEOUT_S = 600, EVOLVE_S = 10, READY_MS = 15000 };

static char *practice_path(const struct miner *miner, const char *name, struct pm_error *error)
{
    char *directory = path_join(miner->data_directory, "practice", error);
    char *path = directory != NULL && pm_file_make_directories(directory, 0700, error)
                     ? path_join(directory, name, error)
                     : NULL;
    free(directory);
    return path;
}

static bool start_pool(struct miner *miner, const struct launch *launch, struct pm_error *error)
{
    char *store = practice_path(miner, "pool.db", error);
    char *ready_file = practice_path(miner, "pool.ready", error);
    const struct pool_launch config = {.store = store,
                                       .ready_file = ready_file,
                                       .suite = pm_options_text(miner_options(miner), "suite"),
                                       .quorum = QUORUM,
                                       .epoch_s = EPOCH_S,
                                       .task_timeout_s = TASK_TIMEOUT_S};
    size_t index = 0;
    int port = 0;
    bool done = store != NULL && ready_file != NULL;
    if (done) {
        unlink(ready_file);
        done = launch_pool(launch, &config, &index, error) &&
               supervisor_wait_ready(miner->work, index, ready_file, READY_MS, &port, error);
    }
    snprintf(miner->pool_url, sizeof miner->pool_url, "http://127.0.0.1:%d", port);
    free(store);
    free(ready_file);
    return done;
}

static bool start_driver(struct miner *miner, const struct launch *launch, const char *name,
                         const char *key, const char *summary, size_t *index,
                         struct pm_error *error)
{
    const struct pm_options *options = miner_options(miner);
    char *hotkey_file = practice_path(miner, key, error);
    char *summary_file = practice_path(miner, summary, error);
    const char *const urls[] = {miner->pool_url, NULL};
    const struct driver_launch config = {.name = name,
                                         .pool_urls = urls,
                                         .sidecar_url = miner->sidecar_url,
                                         .run_id = PRACTICE_RUN,
                                         .hotkey_file = hotkey_file,
                                         .profile = pm_options_text(options, "profile"),
                                         .summary = summary_file,
                                         .generations = pm_options_integer(options, "generations"),
                                         .evolve_max_seconds = EVOLVE_S,
                                         .no_work_wait_s = 2,
                                         .window_wait_min_s = 1};
    bool done =
        hotkey_file != NULL && summary_file != NULL && launch_driver(launch, &config, index, error);
    free(hotkey_file);
    free(summary_file);
    return done;
}

bool practice_start(struct miner *miner, struct pm_error *error)
{
    struct launch launch = launch_create_logged(miner->work, miner->session->options);
    size_t partner = 0;
    launch.restarts = true;
    return start_pool(miner, &launch, error) &&
           start_driver(miner, &launch, "driver", "hotkey", "summary.json", &miner->driver,
                        error) &&
           start_driver(miner, &launch, "partner", "partner", "partner.json", &partner, error);
}

void practice_find_address(struct miner *miner)
{
    struct pm_hotkey *hotkey = NULL;
    char *path = practice_path(miner, "hotkey", NULL);
    if (path != NULL && pm_hotkey_load(path, NULL, &hotkey, NULL)) {
        snprintf(miner->address, sizeof miner->address, "%s", pm_hotkey_address(hotkey));
        pm_hotkey_destroy(hotkey);
    }
    free(path);
}
