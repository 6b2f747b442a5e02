/* Suites: fixed lists of tasks. An algorithm's score is the median of its scores on the tasks of a
 * suite. */
#ifndef POOLMINER_SUITE_H
#define POOLMINER_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/algorithm.h>
#include <poolminer/dataset.h>
#include <poolminer/error.h>
#include <poolminer/lanes.h>
#include <poolminer/task.h>
#include <poolminer/until.h>

enum { PM_SUITE_EVALUATION_TASKS = 128, PM_SUITE_SEARCH_TASKS = 32 };

struct pm_score_memory;
struct pm_score_trace;

struct pm_suite {
    /* What the suite consists of; not to be changed. */
    enum pm_suite_edition edition;
    int input_dim;
    char fingerprint[PM_FINGERPRINT_HEX_SIZE]; /* of the records that the edition uses */
    size_t count;                              /* of tasks */
    struct pm_task *tasks;                     /* [count] */
    struct pm_lane_tasks *lanes;               /* the same tasks, laid out for the fast executor */

    /* How pm_suite_score works; may be changed while nobody scores. */
    enum pm_simd_level simd_level;  /* of the fast executor; at first the best that there is */
    bool interpret;                 /* let it write no machine code */
    bool reference;                 /* use the reference executor instead */
    struct pm_score_memory *memory; /* buffers kept from one scoring to the next, or NULL */
    struct pm_score_trace *trace;   /* belongs to the caller; filled in by scoring; or NULL */

    /* Private: what pm_suite_destroy has to free. */
    bool slice;    /* the tasks belong to another suite */
    bool borrowed; /* the tasks' examples lie in `mapping` */
    void *mapping; /* pages of a file that was mapped or copied, or NULL */
    size_t mapping_bytes;
};

/* Makes the evaluation suite of an edition, for algorithms of dimension n = `input_dim`. Its tasks
 * are those with the numbers that NumPy's default_rng(1337 + 7919 n).choice(4500, 128) draws, in
 * that order; the edition scalar_linear has its first 128 tasks instead. If `task_limit` is not 0,
 * the suite has only the first `task_limit` of them. Tasks are built in parallel (OpenMP). `until`
 * (may be NULL) is checked after each; when it is over, the error is PM_ERROR_INTERRUPTED. The
 * caller destroys *out. */
bool pm_suite_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         int input_dim, size_t task_limit, const struct pm_until *until,
                         struct pm_suite **out, struct pm_error *error);
/* Makes a search suite in the same way: 32 tasks drawn by default_rng(seed + 7919 n); the same task
 * may be drawn more than once. */
bool pm_suite_search(const struct pm_dataset *dataset, enum pm_suite_edition edition, int input_dim,
                     uint64_t seed, size_t task_limit, const struct pm_until *until,
                     struct pm_suite **out, struct pm_error *error);

/* The same suites, kept in a file in the user's cache directory. The first call builds the suite
 * and writes the file; later calls, of other processes too, map the file into memory read-only,
 * which takes milliseconds, and processes share that memory. (Their contents are copied instead if
 * the file is writable, or was written on another kind of machine.) A file is used only if its
 * checksum is right and it was built from this dataset by this version of the program; otherwise
 * the suite is built and the file replaced. If no file can be written, the suite is just built. */
bool pm_suite_evaluation_kept(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                              int input_dim, size_t task_limit, const struct pm_until *until,
                              struct pm_suite **out, struct pm_error *error);
bool pm_suite_search_kept(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                          int input_dim, uint64_t seed, size_t task_limit,
                          const struct pm_until *until, struct pm_suite **out,
                          struct pm_error *error);

/* Makes a suite of the tasks `first` to `first + count - 1` of another suite, which has to outlive
 * it. `count` is at least 1. */
bool pm_suite_slice(const struct pm_suite *suite, size_t first, size_t count, struct pm_suite **out,
                    struct pm_error *error);
void pm_suite_destroy(struct pm_suite *suite);

/* Scores `count` algorithms, in parallel over algorithms and groups of tasks (OpenMP). scores[i] is
 * the median of algorithm i's scores on the tasks. task_scores (NULL if not wanted) has `count`
 * rows of suite->count numbers: row i has algorithm i's score on each task, in the order of the
 * suite. Every algorithm's input_dim must be the suite's: PM_ERROR_INVALID otherwise. The fast
 * executor and the reference give the same scores, to the bit.
 *
 * `until` (may be NULL) is checked every few milliseconds, also while a task is running. When it is
 * over, the error is PM_ERROR_INTERRUPTED, and both tables have the scores that were finished and
 * NaN for the others. Expensive algorithms are then left to the end and run one after another, so
 * that they do not keep the others from being finished. */
bool pm_suite_score(const struct pm_suite *suite, const struct pm_algorithm *const *algorithms,
                    size_t count, double *scores, double *task_scores, const struct pm_until *until,
                    struct pm_error *error);

/* Buffers that scoring keeps for the next time, for pm_suite.memory; the suites made above have
 * them already. NULL when memory is out: scoring works without, and allocates its buffers each
 * time. One suite may be scored by several threads at the same time. */
struct pm_score_memory *pm_score_memory_create(void);
void pm_score_memory_destroy(struct pm_score_memory *memory);

/* The median of `values`, which is the mean of the two middle ones if `count` is even. `count` is
 * at least 1. Changes the order of `values`. */
double pm_median(double *values, size_t count);

#endif
