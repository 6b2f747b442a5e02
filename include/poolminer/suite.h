/* Suites: the fixed lists of tasks that scores are the median over. */
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
    enum pm_suite_edition edition;
    int input_dim;
    char fingerprint[PM_FINGERPRINT_HEX_SIZE]; /* of the records the edition uses */
    size_t count;
    struct pm_task *tasks;
    struct pm_lane_tasks *lanes;    /* the same tasks, laid out for the fast executor */
    enum pm_simd_level simd_level;  /* what scoring uses; the best there is, unless set otherwise */
    bool interpret;                 /* write no machine code; false unless set */
    bool reference;                 /* score with the reference executor; false unless set */
    bool slice;                     /* `tasks` belong to another suite */
    bool borrowed;                  /* the tasks' examples lie in memory that is not the suite's */
    struct pm_score_memory *memory; /* kept from one scoring to the next; NULL: nothing is */
    struct pm_score_trace *trace;   /* others': filled in by scoring; NULL unless set */
    void *mapping;                  /* private: the pages that they are in, or NULL */
    size_t mapping_bytes;
};

/* The evaluation suite of dimension n: default_rng(1337 + 7919 n).choice(4500, 128), in that order;
 * of scalar_linear its first 128 tasks. `task_limit` (0: all) keeps only the first tasks. Tasks are
 * built in parallel (OpenMP); `until` (may be NULL) is looked at between them, and
 * PM_ERROR_INTERRUPTED says that it was over. */
bool pm_suite_evaluation(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         int input_dim, size_t task_limit, const struct pm_until *until,
                         struct pm_suite **out, struct pm_error *error);
/* The search suite: 32 draws, repeats allowed, from default_rng(seed + 7919 n). */
bool pm_suite_search(const struct pm_dataset *dataset, enum pm_suite_edition edition, int input_dim,
                     uint64_t seed, size_t task_limit, const struct pm_until *until,
                     struct pm_suite **out, struct pm_error *error);

/* The same suites, kept below the user's cache directory once they have been built: then their file
 * is mapped into memory, read-only, which takes milliseconds, and processes share that memory; a
 * file that may be written to, or is another machine's, is copied. It is used only if its checksum
 * is right and it is what would be built, from this dataset by this version; otherwise it is built
 * and written anew. Where none can be written the suite is built as above. */
bool pm_suite_evaluation_kept(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                              int input_dim, size_t task_limit, const struct pm_until *until,
                              struct pm_suite **out, struct pm_error *error);
bool pm_suite_search_kept(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                          int input_dim, uint64_t seed, size_t task_limit,
                          const struct pm_until *until, struct pm_suite **out,
                          struct pm_error *error);

/* A suite of tasks first .. first + count - 1 of another one, which has to outlive it; count > 0.
 */
bool pm_suite_slice(const struct pm_suite *suite, size_t first, size_t count, struct pm_suite **out,
                    struct pm_error *error);
void pm_suite_destroy(struct pm_suite *suite);

/* Scores `count` algorithms, OpenMP over algorithms and groups of tasks. scores[i] = median of
 * algorithm i's task scores; task_scores (NULL if not wanted) is count x suite->count, row i in
 * suite order. An algorithm whose input_dim is not the suite's is an error. The fast executor and
 * the reference give the same scores.
 *
 * `until` (may be NULL) is looked at every few milliseconds, within tasks too. When it is over, the
 * error is PM_ERROR_INTERRUPTED and both tables hold what was finished, NaN for the rest; expensive
 * algorithms come last, one after another, so that they do not keep the others from being
 * finished. */
bool pm_suite_score(const struct pm_suite *suite, const struct pm_algorithm *const *algorithms,
                    size_t count, double *scores, double *task_scores, const struct pm_until *until,
                    struct pm_error *error);

/* Memory for pm_suite.memory: the suites made above have it already. NULL when memory is out, which
 * is as good as any other suite->memory. Scorings of one suite may run at the same time. */
struct pm_score_memory *pm_score_memory_create(void);
void pm_score_memory_destroy(struct pm_score_memory *memory);

/* Median; mean of the two middle values for an even count. Reorders `values`. */
double pm_median(double *values, size_t count);

#endif
