/* What all jobs of a worker share: the dataset and the suites built from it. Suites take a while to
 * build and are kept, as many as fit the bound. */
#ifndef WORKER_WORKBENCH_H
#define WORKER_WORKBENCH_H

#include <stdbool.h>
#include <stddef.h>

#include <poolminer/dataset.h>
#include <poolminer/error.h>
#include <poolminer/suite.h>

enum pm_bench_suite { PM_BENCH_EVALUATION, PM_BENCH_SEARCH };

struct pm_workbench_config {
    enum pm_suite_edition edition;
    size_t task_limit;       /* first tasks of each suite only; 0: all, as scores are defined */
    size_t kept_bytes_limit; /* suites that nobody uses are dropped beyond this; 0: 256 MiB */
};

struct pm_workbench;

/* `dataset` must outlive the bench. */
bool pm_workbench_create(const struct pm_dataset *dataset, const struct pm_workbench_config *config,
                         struct pm_workbench **out, struct pm_error *error);
/* No suite may be in use. */
void pm_workbench_destroy(struct pm_workbench *bench);

enum pm_suite_edition pm_workbench_edition(const struct pm_workbench *bench);
/* What the dataset makes tasks of, as jobs name it: "cifar10_binary". */
const char *pm_workbench_task_type(const struct pm_workbench *bench);
/* Of the records that the edition uses. */
const char *pm_workbench_fingerprint(const struct pm_workbench *bench);

/* A suite to use until it is put back. Thread safe; a thread that asks for one to be built while
 * another builds waits. PM_ERROR_INTERRUPTED: `until` (may be NULL) was over while it waited, or
 * while the suite was built. */
bool pm_workbench_get(struct pm_workbench *bench, enum pm_bench_suite which, int input_dim,
                      const struct pm_until *until, const struct pm_suite **out,
                      struct pm_error *error);
void pm_workbench_put(struct pm_workbench *bench, const struct pm_suite *suite);

/* Suites held now; for tests. */
size_t pm_workbench_kept(struct pm_workbench *bench);

#endif
