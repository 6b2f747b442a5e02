/* Any bytes as a job's body. What is accepted must keep the contract's limits; what is not must say
 * why. */
#include "worker/jobs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/profile.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_work(const struct pm_work *work)
{
    const bool evolve = work->kind == PM_WORK_EVOLVE;
    check(work->count >= 1);
    check(work->count <= (evolve ? (size_t)PM_JOB_SEEDS_MAX : (size_t)PM_JOB_ALGORITHMS_MAX));
    for (size_t i = 0; i < work->count; i++) {
        const struct pm_listed *listed = &work->algorithms[i];
        check(listed->text != NULL && strlen(listed->text) < SIZE_MAX);
        check(listed->input_dim >= 1 && listed->input_dim <= 128);
        check(!evolve || listed->input_dim == work->algorithms[0].input_dim);
    }
    if (evolve) {
        check(work->generations >= 1 && work->generations <= PM_JOB_GENERATIONS_MAX);
        check(work->budget >= 1 && work->budget <= PM_JOB_BUDGET_MAX);
        check(work->seed < UINT64_C(1) << 53);
        check(work->deadline_ms >= 0 && work->max_seconds >= 0.0);
        check(pm_profile_find(work->profile, NULL) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_work work;
    struct pm_error error = {0};
    if (pm_work_parse((const char *)data, size, &work, &error)) {
        check_work(&work);
        pm_work_clear(&work);
    } else {
        check(error.message[0] != '\0');
    }
    return 0;
}
