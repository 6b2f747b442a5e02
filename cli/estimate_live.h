/* What a miner on this machine has measured, and how its pool's pay is spread: for `poolminer
 * estimate pool`. */
#ifndef CLI_ESTIMATE_LIVE_H
#define CLI_ESTIMATE_LIVE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <poolminer/error.h>
#include <poolminer/options.h>
#include <poolminer/profit.h>

struct estimate_live {
    bool running; /* else: as it was when it ran last */
    double hours; /* that the rates are the mean of */
    /* accuracy is NAN as long as nothing was judged; rules that the pool does not tell are those
     * of docs/pool.md. */
    struct pm_pool_rates rates;
    bool has_field; /* the pool has a leaderboard, and somebody on it has earned something: */
    double gini;    /* of the reputation of this epoch, else of all time */
    double miners;  /* who have any */
};

/* Asks the miner's sidecar, or takes what it left behind, and then the pool. False: no miner has
 * measured anything, with the reason; a pool that does not answer is none. `options` has
 * SIDECAR_URL_OPTIONS and USE_QUEUE. */
bool estimate_live_find(const struct pm_options *options, struct estimate_live *out,
                        struct pm_error *error);

/* The two halves of it. `miner`: a driver's figures, docs/driver.md; `answer`: of
 * /miners/leaderboard. What is not as it should be is an error, or no field. */
bool estimate_live_measure(const cJSON *miner, struct estimate_live *out, struct pm_error *error);
void estimate_live_spread(const cJSON *answer, struct estimate_live *out);

#endif
