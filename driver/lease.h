/* Work from the pool: a lease, or a task, which is a lease of one kind of work only. Read from the
 * pool's answer with every bound checked. */
#ifndef DRIVER_LEASE_H
#define DRIVER_LEASE_H

#include "driver/limits.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

struct pm_lease_algorithm {
    int64_t id; /* the pool's number */
    int64_t input_dim;
    char *text;
};

struct pm_lease_algorithms {
    struct pm_lease_algorithm *items;
    size_t count;
};

enum pm_lease_kind {
    PM_LEASE_BOTH,     /* a lease: evaluations, and seeds to evolve from */
    PM_LEASE_EVALUATE, /* a task */
    PM_LEASE_EVOLVE,   /* a task, for one evolved algorithm */
};
const char *pm_lease_kind_name(enum pm_lease_kind kind); /* "lease", "evaluate", "evolve" */
bool pm_lease_kind_parse(const char *name, enum pm_lease_kind *out);

struct pm_lease {
    enum pm_lease_kind kind;
    char id[PM_LEASE_ID_MAX + 1]; /* of A-Z a-z 0-9 . _ : -, fit for a URL and a key */
    int64_t window_number;
    int64_t timeout_ms; /* unix, by the pool's clock */
    int64_t evolve_budget;
    struct pm_lease_algorithms evaluate, seeds;
    size_t skipped;              /* algorithms that break a rule: dropped, the rest is used */
    struct pm_error skip_reason; /* of the first one */
};

/* Reads the lease object. PM_ERROR_INVALID or _LIMIT name the member when the lease as a whole
 * cannot be used. An algorithm whose id, dimension or text breaks a rule, or that does not fit any
 * more, is skipped and counted: the others are still worth computing. `out` needs pm_lease_clear
 * after success only. */
bool pm_lease_parse(const cJSON *object, struct pm_lease *out, struct pm_error *error);

/* The same for a task. Its kind is what the answer says, or else what was asked for. One that does
 * not say when it runs out has PM_TASK_TIMEOUT_MS from `received_ms` (by the pool's clock), as the
 * network's rules have it. */
enum { PM_TASK_TIMEOUT_MS = 3 * 60 * 60 * 1000 };
bool pm_lease_parse_task(const cJSON *object, enum pm_lease_kind asked, int64_t received_ms,
                         struct pm_lease *out, struct pm_error *error);

void pm_lease_clear(struct pm_lease *lease);

/* The members of a lease again, for the record, which keeps the kind by itself; NULL when memory is
 * out. Reads back to an equal lease. */
cJSON *pm_lease_write(const struct pm_lease *lease);

/* {"id", "algorithm_dsl", "input_dim"}, as jobs and leases have it; NULL when memory is out. */
cJSON *pm_lease_algorithm_write(const struct pm_lease_algorithm *algorithm);

/* How many bytes an algorithm with this text takes in a job or a record, at most. */
size_t pm_lease_text_cost(const char *text);

#endif
