/* The bodies and results of jobs: JSON <-> structs. The contract is docs/jobs.md. */
#ifndef WORKER_JOBS_H
#define WORKER_JOBS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>
#include <poolminer/evolution.h>
#include <poolminer/job.h>

enum pm_work_kind { PM_WORK_EVALUATE, PM_WORK_EVOLVE };
const char *pm_work_kind_name(enum pm_work_kind kind);

/* An algorithm as a job lists it. */
struct pm_listed {
    int64_t id;
    const char *text; /* belongs to the work */
    int input_dim;
};

struct pm_work {
    enum pm_work_kind kind;
    const char *task_type;        /* what its data must be: pm_compute checks */
    struct pm_listed *algorithms; /* to evaluate, or the seeds */
    size_t count;
    /* Of PM_WORK_EVOLVE: */
    int generations;
    size_t budget;
    uint64_t seed;
    const char *profile;
    int64_t deadline_ms; /* unix; 0: none */
    double max_seconds;  /* 0: no limit */

    cJSON *json; /* private: holds the texts */
};

/* Errors name the member: "algorithms[3].id: missing". */
bool pm_work_parse(const char *body, size_t size, struct pm_work *out, struct pm_error *error);
void pm_work_clear(struct pm_work *work);

struct pm_evaluation {
    int64_t algorithm_id;
    double score;
    bool done;     /* false: time was up before its turn; left out of the result */
    char *problem; /* why it could not be run, or NULL */
};

struct pm_evolution_item {
    int64_t parent_ids[2];
    size_t parent_count;
    char *text;
    double search_score, score;
    uint64_t behaviour; /* the same for two that score the same on every search task */
    const struct pm_lineage_step *lineage;
    size_t lineage_count;
};

/* What every result says about how it came about. */
struct pm_provenance {
    const char *dataset; /* fingerprint */
    const char *suite;   /* edition */
    double seconds;
};

/* Results as JSON text in malloc'd memory; NULL with the error set. */
char *pm_evaluations_write(const struct pm_provenance *provenance,
                           const struct pm_evaluation *evaluations, size_t count,
                           struct pm_error *error);
char *pm_evolutions_write(const struct pm_provenance *provenance, int generations,
                          uint64_t candidates, const struct pm_evolution_item *items, size_t count,
                          struct pm_error *error);

#endif
