/* A miner's figures: what the pool says of it, as its driver wrote them down (--summary). */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/error.h>

struct figures {
    char hotkey[64];
    int64_t evaluations, evaluations_finalised, evaluations_accurate;
    int64_t evolutions, evolutions_finalised, evolutions_over_threshold;
    double best_score;    /* of its own evolutions at consensus; 0: none yet */
    double reputation;    /* of all epochs */
    int64_t paid_rao;     /* of all epochs */
    int64_t pool_waiting; /* algorithms of all miners that wait for consensus */
    double pool_best_score;
};

/* PM_ERROR_NOT_FOUND: no summary yet, or one without the pool's answer. */
bool figures_read(const char *path, struct figures *out, struct pm_error *error);

#endif
