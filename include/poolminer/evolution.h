/* Evolution: from seeds, by generations, to better algorithms. */
#ifndef POOLMINER_EVOLUTION_H
#define POOLMINER_EVOLUTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/gate.h>
#include <poolminer/suite.h>

/* Receives a checkpoint: the whole state of a search between two batches of candidates. The bytes
 * are valid only during the call. A search with the same seeds, suite and settings that resumes
 * from it, on any machine and with any number of threads, gives the result that it would have given
 * without the interruption. Called from the thread that called pm_evolution_run. */
typedef void pm_evolution_checkpoint_sink(void *context, const void *bytes, size_t size);

struct pm_evolution_config {
    const char *engine;       /* see pm_evolution_engine_name */
    const char *profile;      /* "full" | "baseline": what may be written (profile.h) */
    int generations;          /* 50 by default; one generation is one population's worth of
                                 candidates */
    int population;           /* 0: the engine's own */
    double idiom_probability; /* that a mutation inserts an idiom (mutator.h); below 0: the
                                 engine's own */
    uint64_t seed;            /* same seed, seeds and suite: same result, whatever the threads */
    bool forgetful;           /* do not use the functional cache: the same result, only slower */
    size_t budget;            /* how many algorithms to return at most, best first */
    int64_t deadline_ms;      /* unix; 0: none */
    const atomic_bool *stop;  /* may be NULL; polled, like the deadline, every few milliseconds */
    pm_evolution_checkpoint_sink *keep; /* gets the observer's context; NULL: no checkpoints */
    int64_t keep_interval_ms; /* between checkpoints; one more is made when it is cut short */
    const void *resume;       /* a checkpoint to go on from; NULL: from the seeds */
    size_t resume_size;
    struct pm_gate *gate; /* while it is shut the search waits; may be NULL */
};
struct pm_evolution_config pm_evolution_config_default(void);

/* The engines, the default one first; NULL at the end. What each does: docs/evolution.md. */
const char *pm_evolution_engine_name(size_t index);

enum {
    PM_EVOLUTION_GENERATIONS_MAX = 100000,
    PM_EVOLUTION_POPULATION_MAX = 10000,
    PM_EVOLUTION_BUDGET_MAX = 64,
    PM_EVOLUTION_SEEDS_MAX = 64,
};

struct pm_evolution_progress {
    int generation, generations;
    double best;         /* search score of the best so far, seeds included */
    double mean;         /* mean search score of the members that were scored on all tasks */
    uint64_t candidates; /* how many were tried */
    uint64_t cache_hits; /* of these, not run because an equivalent one had been scored before */
    uint64_t hopeless;   /* of these, not run because they cannot learn or cost too much */
    double seconds;      /* time spent, including that before a resumed checkpoint */
};
/* Called once a generation from the calling thread; return false to stop (what is best so far is
 * returned). */
typedef bool pm_evolution_observer(void *context, const struct pm_evolution_progress *progress);

/* How much work was saved. The first four count programs and add up to all candidates and seeds. */
struct pm_evolution_savings {
    uint64_t known;        /* not run: the functional cache had the score of an equivalent one */
    uint64_t hopeless;     /* not run: they cannot learn, or cost too much */
    uint64_t quick;        /* run on the first tasks only */
    uint64_t complete;     /* run on all tasks */
    uint64_t instructions; /* of all programs, as bred */
    uint64_t alive;        /* of these, not dead code; dead code is not run */
};

/* How a candidate differs from its parent. */
enum pm_change {
    PM_CHANGE_NONE,     /* it does not */
    PM_CHANGE_MUTATION, /* in its instructions */
    PM_CHANGE_TUNING,   /* only in its constants */
    PM_CHANGE_CROSSING, /* it has parts of another candidate */
};
/* "none", "mutation", "tuning", "crossing". */
const char *pm_change_name(enum pm_change change);

/* A step on the way from a seed to a result. */
struct pm_lineage_step {
    int generation;
    enum pm_change change;
    double fitness; /* that it led to */
};
enum { PM_LINEAGE_STEPS_MAX = 32 };

struct pm_evolved {
    struct pm_algorithm *algorithm; /* without dead instructions; fitness is this very text's */
    double fitness;                 /* score on the search suite */
    uint64_t behaviour;             /* the same for two that score the same task by task there */
    double choice;                  /* score on the suite of pm_evolution_choose; until then 0 */
    size_t parents[2];              /* indices into the seeds it descends from, two at most */
    size_t parent_count;
    struct pm_lineage_step *lineage; /* the steps that led further than all before them; the last
                                        PM_LINEAGE_STEPS_MAX where there are more */
    size_t lineage_count;
};
struct pm_evolution_result {
    struct pm_evolved *items; /* best first by mean accuracy on the search tasks; all different, in
                                 meaning and in what they score task by task, from each other, from
                                 the seeds and from constant predictors; may be fewer than the
                                 budget, or none */
    size_t count;
    int generations;     /* run to their end; these three from the first on, resumed or not */
    uint64_t candidates; /* drawn, whether or not they had to be scored */
    struct pm_evolution_savings savings;
};

/* Seeds must share one input_dim, the suite's. Cut short by the deadline, the stop flag or the
 * observer, it returns what is best so far, and true; such a result depends on the machine's speed.
 * Candidates are scored by as many threads as OpenMP gives the calling thread. PM_ERROR_REFUSED:
 * the checkpoint to go on from is damaged, or another search's. Where a search was resumed, the
 * savings are less than without the pause: the functional cache begins with the living only. */
bool pm_evolution_run(const struct pm_evolution_config *config,
                      const struct pm_algorithm *const *seeds, size_t seed_count,
                      const struct pm_suite *search_suite, pm_evolution_observer *observer,
                      void *context, struct pm_evolution_result *out, struct pm_error *error);
void pm_evolution_result_clear(struct pm_evolution_result *result);

enum { PM_EVOLUTION_CHECKPOINT_MAX = 64 * 1024 * 1024 }; /* bytes */

/* What a checkpoint says of itself. */
struct pm_evolution_checkpoint {
    char engine[16];
    uint64_t seed;
    int generations; /* run to their end */
    uint64_t spent_ms;
};
/* PM_ERROR_REFUSED: it is none, of another version, or damaged. */
bool pm_evolution_checkpoint_read(const void *bytes, size_t size,
                                  struct pm_evolution_checkpoint *out, struct pm_error *error);

/* The final choice: orders the items by their score on `suite`, best first (equal ones by fitness),
 * and keeps `budget` of them. Its tasks should not be those of the search, which the items may fit
 * better by chance. PM_ERROR_INTERRUPTED when the time is over (`until` may be NULL). */
bool pm_evolution_choose(struct pm_evolution_result *result, const struct pm_suite *suite,
                         size_t budget, const struct pm_until *until, struct pm_error *error);

#endif
