/* Evolution: from two seeds, by generations, to better algorithms. */
#ifndef POOLMINER_EVOLUTION_H
#define POOLMINER_EVOLUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/suite.h>

struct pm_evolution_config {
    const char *engine;     /* "regularized" */
    const char *profile;    /* "full" | "baseline": what may be written (docs/algorithm.md section 4) */
    int generations;        /* 50 by default; one generation is one population's worth of candidates */
    int population;         /* 100 */
    int tournament;         /* 10 */
    double mutation_probability; /* 0.9 */
    uint64_t seed;          /* same seed, seeds and suite: same result, whatever the threads */
    size_t budget;          /* how many algorithms to return at most, best first, all different */
    int64_t deadline_ms;    /* unix; 0: none. Reached: the best so far are returned */
};
struct pm_evolution_config pm_evolution_config_default(void);

struct pm_evolution_progress {
    int generation, generations;
    double best, mean;
    uint64_t candidates;
    double seconds;
};
/* Called once a generation from the calling thread; return false to stop (what is best so far is
 * returned). */
typedef bool pm_evolution_observer(void *context, const struct pm_evolution_progress *progress);

struct pm_evolved {
    struct pm_algorithm *algorithm;
    double fitness; /* on the search suite */
    size_t parents[2];
    size_t parent_count; /* indices into the seeds it descends from */
};
struct pm_evolution_result {
    struct pm_evolved *items;
    size_t count;
    int generations;      /* run */
    uint64_t candidates;  /* scored */
};

/* Seeds must share one input_dim, the suite's. */
bool pm_evolution_run(const struct pm_evolution_config *config,
                      const struct pm_algorithm *const *seeds, size_t seed_count,
                      const struct pm_suite *search_suite, pm_evolution_observer *observer,
                      void *context, struct pm_evolution_result *out, struct pm_error *error);
void pm_evolution_result_clear(struct pm_evolution_result *result);

#endif
