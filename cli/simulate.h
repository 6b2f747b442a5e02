/* poolminer simulate: what its options mean, and its two ways to answer. */
#ifndef CLI_SIMULATE_H
#define CLI_SIMULATE_H

#include "cli/simulation.h"

/* The quorums that are compared. */
enum { SIMULATE_QUORUMS = 3 };
extern const int simulate_quorums[SIMULATE_QUORUMS];

/* One simulation: who earned what, how many colluders break which quorum, and what other caps and
 * fees would have made of it. */
bool simulate_report(const struct simulation_config *config, bool json, struct pm_error *error);

/* Many, along one figure; `plot` (NULL: none) is a file to draw them into. PM_ERROR_INVALID: there
 * is no such figure. */
bool simulate_sweep(const struct simulation_config *config, const char *what, const char *plot,
                    bool json, struct pm_error *error);

#endif
