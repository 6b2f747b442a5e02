/* The self test: does this machine, this compiler, this build give the scores that everyone gets?
 *
 * 500 programs, made from fixed seeds, run on a few tasks of the synthetic dataset and on one of
 * infinities, NaNs and denormals; every prediction and every accuracy goes, bit by bit, into one
 * hash. What it has to be: PM_SELFTEST_HASH, also in docs/selftest.md, which says what exactly is
 * hashed. */
#ifndef POOLMINER_SELFTEST_H
#define POOLMINER_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/algorithm.h>
#include <poolminer/error.h>
#include <poolminer/lanes.h>
#include <poolminer/task.h>

#define PM_SELFTEST_HASH "f1806c485c4548660f3c95d1a11de2516b2860ae3c879051946284d5e9498db1"

enum { PM_SELFTEST_PROGRAMS = 500, PM_SELFTEST_TASKS = 4, PM_SELFTEST_HEX_SIZE = 65 };

/* Program `index` (0..499) of the self test; NULL when memory is out. */
struct pm_algorithm *pm_selftest_program(size_t index);

/* The tasks; the caller clears each with pm_task_clear. */
bool pm_selftest_tasks(struct pm_task tasks[PM_SELFTEST_TASKS], struct pm_error *error);

/* Runs one program on tasks; predictions[i] has room for the validation examples of task i. Called
 * from several threads at once. */
typedef bool pm_selftest_runner(void *context, const struct pm_algorithm *algorithm,
                                const struct pm_task *tasks, size_t count,
                                float *const *predictions, struct pm_error *error);

/* The reference executor; `context` is not used. */
pm_selftest_runner pm_selftest_reference;

/* A way in which the fast executor runs here: interpreted, or as machine code it wrote itself. */
struct pm_selftest_way {
    enum pm_simd_level level;
    bool machine_code;
};
enum { PM_SELFTEST_WAYS_MAX = 2 * PM_SIMD_LEVEL_COUNT };

/* Every way there is on this machine; returns their number. */
size_t pm_selftest_ways(struct pm_selftest_way ways[PM_SELFTEST_WAYS_MAX]);

/* The fast executor; `context` points to one of those ways. */
pm_selftest_runner pm_selftest_lanes;

/* The hash (BLAKE2b-256, lower-case hex) of what `runner` predicts. OpenMP over programs; some
 * seconds. */
bool pm_selftest_hash(pm_selftest_runner *runner, void *context, char out[PM_SELFTEST_HEX_SIZE],
                      struct pm_error *error);

#endif
