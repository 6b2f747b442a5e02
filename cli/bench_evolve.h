/* poolminer bench evolve: how good what evolution finds is, by engine. */
#ifndef CLI_BENCH_EVOLVE_H
#define CLI_BENCH_EVOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include <poolminer/dataset.h>
#include <poolminer/error.h>
#include <poolminer/suite.h>

struct bench_evolve_config {
    bool json;                       /* one object a row, else a table */
    const char *engines;             /* names, separated by commas */
    const char *starts;              /* "nothing", "mediocre" or both, separated by a comma */
    const char *profile;             /* what may be written */
    int64_t runs, first_seed;        /* of each engine and start: seeds first_seed, first_seed + 1,
                                        ...; at most BENCH_SERIES_MAX runs */
    int64_t generations, population; /* of each run; population 0: the engine's own */
    double cpu_seconds;              /* of processor time for each run; 0: no limit */
    double idioms;                   /* probability of an idiom; below 0: as usual */
    const char *log;                 /* file of finished runs, which are not done again; or NULL */
    const struct pm_dataset *dataset;
    const struct pm_suite *evaluation;
};

/* Prints a row for each run, for each engine and start a summary, the hand-written references, and
 * for each two engines how likely their difference is chance. Ctrl-C ends it between two runs. */
bool bench_evolve(const struct bench_evolve_config *config, struct pm_error *error);

#endif
