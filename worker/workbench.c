#include "worker/workbench.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/condition.h>
#include <poolminer/task.h>

enum { DEFAULT_KEPT_BYTES = 256 * 1024 * 1024, LOOK_NS = 20000000 };

struct kept_suite {
    struct kept_suite *next; /* most recently used first */
    enum pm_bench_suite which;
    struct pm_suite *suite;
    size_t bytes;
    unsigned users;
};

struct pm_workbench {
    const struct pm_dataset *dataset;
    struct pm_workbench_config config;
    char fingerprint[PM_FINGERPRINT_HEX_SIZE];
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t built;
    bool building; /* by one thread at a time: a build takes all the threads there are */
    struct kept_suite *first;
};

bool pm_workbench_create(const struct pm_dataset *dataset, const struct pm_workbench_config *config,
                         struct pm_workbench **out, struct pm_error *error)
{
    struct pm_workbench *bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "preparing for work: out of memory");
    }
    bench->dataset = dataset;
    bench->config = *config;
    if (bench->config.kept_bytes_limit == 0) {
        bench->config.kept_bytes_limit = DEFAULT_KEPT_BYTES;
    }
    if (!pm_dataset_fingerprint(dataset, pm_suite_edition_records(config->edition),
                                bench->fingerprint, error)) {
        free(bench);
        return false;
    }
    pthread_mutex_init(&bench->mutex, NULL);
    pm_condition_init(&bench->built);
    *out = bench;
    return true;
}

static void drop(struct kept_suite *kept)
{
    pm_suite_destroy(kept->suite);
    free(kept);
}

void pm_workbench_destroy(struct pm_workbench *bench)
{
    if (bench == NULL) {
        return;
    }
    while (bench->first != NULL) {
        struct kept_suite *kept = bench->first;
        bench->first = kept->next;
        drop(kept);
    }
    pthread_cond_destroy(&bench->built);
    pthread_mutex_destroy(&bench->mutex);
    free(bench);
}

enum pm_suite_edition pm_workbench_edition(const struct pm_workbench *bench)
{
    return bench->config.edition;
}

const char *pm_workbench_task_type(const struct pm_workbench *bench)
{
    return pm_task_family_name(pm_task_family_of(bench->dataset));
}

const char *pm_workbench_fingerprint(const struct pm_workbench *bench)
{
    return bench->fingerprint;
}

static size_t suite_bytes(const struct pm_suite *suite)
{
    size_t bytes = sizeof *suite;
    for (size_t i = 0; i < suite->count; i++) {
        const struct pm_task *task = &suite->tasks[i];
        const size_t examples = (size_t)task->train_count + task->validation_count;
        bytes += sizeof *task + examples * ((size_t)task->input_dim + 1) * sizeof(float);
    }
    return bytes;
}

static bool build(const struct pm_workbench *bench, enum pm_bench_suite which, int input_dim,
                  const struct pm_until *until, struct pm_suite **out, struct pm_error *error)
{
    const size_t limit = bench->config.task_limit;
    if (which == PM_BENCH_EVALUATION) {
        return pm_suite_evaluation_kept(bench->dataset, bench->config.edition, input_dim, limit,
                                        until, out, error);
    }
    return pm_suite_search_kept(bench->dataset, bench->config.edition, input_dim, 0, limit, until,
                                out, error);
}

/* Unlinks the suite from the list if it is there. */
static struct kept_suite *take_out(struct pm_workbench *bench, enum pm_bench_suite which,
                                   int input_dim)
{
    for (struct kept_suite **link = &bench->first; *link != NULL; link = &(*link)->next) {
        struct kept_suite *kept = *link;
        if (kept->which == which && kept->suite->input_dim == input_dim) {
            *link = kept->next;
            return kept;
        }
    }
    return NULL;
}

static struct kept_suite *build_kept(const struct pm_workbench *bench, enum pm_bench_suite which,
                                     int input_dim, const struct pm_until *until,
                                     struct pm_error *error)
{
    struct kept_suite *kept = calloc(1, sizeof *kept);
    if (kept == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "building a task suite: out of memory");
        return NULL;
    }
    kept->which = which;
    if (!build(bench, which, input_dim, until, &kept->suite, error)) {
        free(kept);
        return NULL;
    }
    kept->bytes = suite_bytes(kept->suite);
    return kept;
}

/* Drops the suites longest unused until the rest fits. */
static void drop_excess(struct pm_workbench *bench)
{
    size_t bytes = 0;
    struct kept_suite **link = &bench->first;
    while (*link != NULL) {
        struct kept_suite *kept = *link;
        bytes += kept->bytes;
        if (bytes > bench->config.kept_bytes_limit && kept->users == 0) {
            bytes -= kept->bytes;
            *link = kept->next;
            drop(kept);
        } else {
            link = &kept->next;
        }
    }
}

/* The kept suite, unlinked, or NULL: it is this thread's turn to build it, or *over. */
static struct kept_suite *find_or_await_turn(struct pm_workbench *bench, enum pm_bench_suite which,
                                             int input_dim, const struct pm_until *until,
                                             bool *over)
{
    struct kept_suite *kept;
    *over = false;
    while ((kept = take_out(bench, which, input_dim)) == NULL && bench->building && !*over) {
        pm_condition_wait(&bench->built, &bench->mutex, pm_clock_monotonic_ns() + LOOK_NS);
        *over = until != NULL && pm_until_is_past(until);
    }
    return kept;
}

bool pm_workbench_get(struct pm_workbench *bench, enum pm_bench_suite which, int input_dim,
                      const struct pm_until *until, const struct pm_suite **out,
                      struct pm_error *error)
{
    bool over;
    pthread_mutex_lock(&bench->mutex);
    struct kept_suite *kept = find_or_await_turn(bench, which, input_dim, until, &over);
    if (kept == NULL && over) {
        pm_fail(error, PM_ERROR_INTERRUPTED, "waiting for a task suite: stopped");
    } else if (kept == NULL) {
        bench->building = true;
        pthread_mutex_unlock(&bench->mutex);
        kept = build_kept(bench, which, input_dim, until, error);
        pthread_mutex_lock(&bench->mutex);
        bench->building = false;
        pthread_cond_broadcast(&bench->built);
    }
    if (kept != NULL) {
        kept->users++;
        kept->next = bench->first;
        bench->first = kept;
        *out = kept->suite;
        drop_excess(bench);
    }
    pthread_mutex_unlock(&bench->mutex);
    return kept != NULL;
}

void pm_workbench_put(struct pm_workbench *bench, const struct pm_suite *suite)
{
    pthread_mutex_lock(&bench->mutex);
    for (struct kept_suite *kept = bench->first; kept != NULL; kept = kept->next) {
        if (kept->suite == suite) {
            kept->users--;
        }
    }
    drop_excess(bench);
    pthread_mutex_unlock(&bench->mutex);
}

size_t pm_workbench_kept(struct pm_workbench *bench)
{
    size_t count = 0;
    pthread_mutex_lock(&bench->mutex);
    for (const struct kept_suite *kept = bench->first; kept != NULL; kept = kept->next) {
        count++;
    }
    pthread_mutex_unlock(&bench->mutex);
    return count;
}
