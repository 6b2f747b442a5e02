/* Any bytes as a pool's answer to a request for work, a lease or a task. What is accepted must keep
 * the promises that the rest of the driver builds on: it fits a record and reads back from it, and
 * every job fits the queue. */
#include "driver/lease_jobs.h"
#include "driver/lease_record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/queue_client.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char address[] = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_record(const struct pm_lease_record *record)
{
    struct pm_lease_record back;
    char *text = pm_lease_record_encode(record, NULL);
    check(text != NULL && strlen(text) <= PM_JOB_BODY_MAX);
    check(pm_lease_record_decode(text, strlen(text), &back, NULL));
    check(strcmp(back.lease.id, record->lease.id) == 0 && back.lease.skipped == 0 &&
          back.lease.kind == record->lease.kind &&
          back.lease.evaluate.count == record->lease.evaluate.count &&
          back.lease.seeds.count == record->lease.seeds.count);
    pm_lease_record_clear(&back);
    free(text);
}

static void check_jobs(const struct pm_lease_record *record)
{
    const struct pm_lease_plan plan = pm_lease_plan(0, record->lease.timeout_ms, 0);
    struct pm_lease_jobs jobs;
    check(pm_lease_jobs_build(&record->lease, address, &record->jobs, &plan, &jobs, NULL));
    for (size_t i = 0; i < jobs.count; i++) {
        check(strlen(jobs.items[i].body) <= PM_JOB_BODY_MAX);
        check(strlen(jobs.items[i].key) < 256);
    }
    pm_lease_jobs_clear(&jobs);
}

static void check_lease(struct pm_lease_record *record)
{
    check_record(record);
    check_jobs(record);
    pm_lease_record_clear(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pm_lease_record record = {
        .jobs = {.algorithms_per_job = 4, .evolve_jobs = 1, .generations = 50, .profile = "full"}};
    struct pm_error error = {0};
    cJSON *json = NULL;
    if (!pm_json_parse((const char *)data, size, PM_LEASE_ANSWER_MAX_BYTES, &json, &error)) {
        return 0;
    }
    if (pm_lease_parse(json, &record.lease, &error)) {
        check_lease(&record);
    } else {
        check(error.message[0] != '\0');
    }
    for (enum pm_lease_kind asked = PM_LEASE_EVALUATE; asked <= PM_LEASE_EVOLVE; asked++) {
        if (pm_lease_parse_task(json, asked, 0, &record.lease, &error)) {
            check(record.lease.kind != PM_LEASE_BOTH);
            check_lease(&record);
        }
    }
    cJSON_Delete(json);
    return 0;
}
