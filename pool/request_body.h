/* Bodies of requests: JSON from strangers, read into structs. Pure; every error names the member.
 */
#ifndef POOL_REQUEST_BODY_H
#define POOL_REQUEST_BODY_H

#include "pool/lease.h"
#include "pool/submission.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <poolminer/error.h>

enum {
    PM_POOL_BODY_MAX = 1024 * 1024, /* bytes */
    PM_EVALUATE_DEFAULT = 8,        /* eval_batch_size, seed_batch_size when not said */
    PM_SEED_DEFAULT = 8,
};

/* An empty body is an empty object: *out is NULL then. The caller frees with cJSON_Delete. Anything
 * but an object is an error. Texts that the readers below hand out belong to it. */
bool pm_body_parse(const char *body, size_t length, cJSON **out, struct pm_error *error);

/* The proof that submissions repeat in the body; NULL where it is not said. */
struct pm_body_proof {
    const char *public_address, *signature, *message;
};
bool pm_body_proof(const cJSON *json, struct pm_body_proof *out, struct pm_error *error);

/* The one kind of tasks there is. */
#define PM_TASK_TYPE "cifar10_binary"

struct pm_body_lease {
    int64_t evaluate_max, seed_max; /* 0..PM_BATCH_MAX: asking for more gets that many */
    bool resume;                    /* wants its open lease again, if it has one */
};
bool pm_body_lease(const cJSON *json, struct pm_body_lease *out, struct pm_error *error);

struct pm_body_task {
    enum pm_pool_lease_kind kind; /* PM_POOL_LEASE_BOTH: the miner did not say what it wants */
    bool resume;                  /* wants its open task again, if it has one */
};
bool pm_body_task(const cJSON *json, struct pm_body_task *out, struct pm_error *error);

/* The three submissions, by kind. *out is large: not for small stacks. */
bool pm_body_submission(const cJSON *json, enum pm_pool_lease_kind kind,
                        struct pm_pool_submission *out, struct pm_error *error);

bool pm_body_recipient(const cJSON *json, const char **coldkey, struct pm_error *error);

/* 0 when the miner did not say how much. */
bool pm_body_withdrawal(const cJSON *json, int64_t *amount_rao, struct pm_error *error);

#endif
