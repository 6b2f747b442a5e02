/* Any bytes as the body of every call of the pool, and as the place from which a miner wants the
 * list of what was not paid: what the readers accept keeps their promises. */
#include "pool/api_call.h"
#include "pool/request_body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool kept)
{
    if (!kept) {
        abort();
    }
}

static void check_evaluations(const struct pm_pool_submission *submission)
{
    require(submission->evaluation_count <= PM_BATCH_MAX);
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        const struct pm_pool_submitted_evaluation *evaluation = &submission->evaluations[i];
        require(evaluation->score >= 0 && evaluation->score <= 1);
        for (size_t j = 0; j < i; j++) {
            require(submission->evaluations[j].algorithm_id != evaluation->algorithm_id);
        }
    }
}

static void check_evolutions(const struct pm_pool_submission *submission)
{
    require(submission->evolution_count <= PM_EVOLVE_BUDGET_MAX);
    for (size_t i = 0; i < submission->evolution_count; i++) {
        require(strlen(submission->evolutions[i].dsl) <= PM_POOL_BODY_MAX);
        require(submission->evolutions[i].parent_count <= PM_PARENTS_MAX);
    }
}

static void read_submissions(const cJSON *json)
{
    static struct pm_pool_submission submission;
    static const enum pm_pool_lease_kind kinds[] = {PM_POOL_LEASE_BOTH, PM_POOL_LEASE_EVALUATE,
                                                    PM_POOL_LEASE_EVOLVE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct pm_error error = {0};
        if (!pm_body_submission(json, kinds[i], &submission, &error)) {
            require(error.code != PM_ERROR_NONE && error.message[0] != '\0');
            continue;
        }
        require(submission.kind == kinds[i] && submission.iterations >= 0);
        check_evaluations(&submission);
        check_evolutions(&submission);
    }
}

static void read_the_rest(const cJSON *json)
{
    struct pm_body_lease lease;
    struct pm_body_proof proof;
    struct pm_body_task task;
    const char *coldkey;
    int64_t amount_rao;
    if (pm_body_lease(json, &lease, NULL)) {
        require(lease.evaluate_max >= 0 && lease.evaluate_max <= PM_BATCH_MAX);
        require(lease.seed_max >= 0 && lease.seed_max <= PM_BATCH_MAX);
    }
    if (pm_body_withdrawal(json, &amount_rao, NULL)) {
        require(amount_rao >= 0);
    }
    if (pm_body_recipient(json, &coldkey, NULL)) {
        require(coldkey != NULL);
    }
    pm_body_task(json, &task, NULL);
    pm_body_proof(json, &proof, NULL);
}

/* What is read is what would be written. */
static void read_place(const uint8_t *data, size_t size)
{
    struct pm_pool_unpaid_place place;
    char again[PM_API_PLACE_SIZE];
    char *text = calloc(1, size + 1);
    require(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    if (pm_api_place_read(text, &place)) {
        pm_api_place_write(&place, again);
        require(strcmp(text, again) == 0);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *json = NULL;
    read_place(data, size);
    if (!pm_body_parse((const char *)data, size, &json, NULL)) {
        return 0;
    }
    read_submissions(json);
    read_the_rest(json);
    cJSON_Delete(json);
    return 0;
}
