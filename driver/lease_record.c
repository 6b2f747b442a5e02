#include "driver/lease_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/queue_client.h>

enum { VERSION = 1 };

void pm_lease_record_prefix(const char *account, char out[PM_JOB_KEY_SIZE])
{
    snprintf(out, PM_JOB_KEY_SIZE, "lease/%s/", account);
}

void pm_lease_record_key(const char *account, const char *lease_id, char out[PM_JOB_KEY_SIZE])
{
    snprintf(out, PM_JOB_KEY_SIZE, "lease/%s/%s", account, lease_id);
}

static char *print_and_delete(cJSON *object, bool complete, struct pm_error *error)
{
    char *text = NULL;
    if (complete) {
        text = pm_json_print(object, error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "no memory for a lease's record");
    }
    cJSON_Delete(object);
    return text;
}

char *pm_lease_record_encode(const struct pm_lease_record *record, struct pm_error *error)
{
    const struct pm_lease_job_settings *jobs = &record->jobs;
    cJSON *object = cJSON_CreateObject();
    bool complete = pm_json_add_number(object, "version", VERSION) &&
                    pm_json_add_string(object, "kind", pm_lease_kind_name(record->lease.kind)) &&
                    pm_json_add_integer(object, "deadline_ms", record->deadline_ms) &&
                    pm_json_add_integer(object, "algorithms_per_job", jobs->algorithms_per_job) &&
                    pm_json_add_integer(object, "evolve_jobs", jobs->evolve_jobs) &&
                    pm_json_add_integer(object, "generations", jobs->generations) &&
                    pm_json_add_integer(object, "evolve_max_seconds", jobs->evolve_max_seconds) &&
                    pm_json_add_string(object, "profile", jobs->profile) &&
                    pm_json_add_string(object, "granted_by", record->granted_by) &&
                    pm_json_add_bool(object, "maybe_submitted", record->maybe_submitted) &&
                    pm_json_add(object, "lease", pm_lease_write(&record->lease));
    return print_and_delete(object, complete, error);
}

static bool read_range(const cJSON *object, const char *name, int64_t minimum, int64_t maximum,
                       int64_t *out, struct pm_error *error)
{
    if (!pm_json_integer(object, name, out, error)) {
        return false;
    }
    if (*out < minimum || *out > maximum) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: not within %" PRId64 " to %" PRId64, name,
                       minimum, maximum);
    }
    return true;
}

static bool decode_members(const cJSON *object, struct pm_lease_record *out, struct pm_error *error)
{
    struct pm_lease_job_settings *jobs = &out->jobs;
    const cJSON *lease = NULL;
    const char *profile = NULL;
    const char *granted_by = "", *kind_name = "lease"; /* which older records do not have */
    enum pm_lease_kind kind = PM_LEASE_BOTH;
    int64_t version = 0;
    if (!read_range(object, "version", VERSION, VERSION, &version, error) ||
        !pm_json_integer(object, "deadline_ms", &out->deadline_ms, error) ||
        !read_range(object, "algorithms_per_job", 1, PM_LEASE_EVALUATE_MAX,
                    &jobs->algorithms_per_job, error) ||
        !read_range(object, "evolve_jobs", 0, PM_EVOLVE_JOBS_MAX, &jobs->evolve_jobs, error) ||
        !read_range(object, "generations", 1, PM_JOB_GENERATIONS_MAX, &jobs->generations, error) ||
        !read_range(object, "evolve_max_seconds", 0, INT32_MAX, &jobs->evolve_max_seconds, error) ||
        !pm_json_string(object, "profile", &profile, error) ||
        !pm_json_optional_string(object, "granted_by", &granted_by, error) ||
        !pm_json_optional_string(object, "kind", &kind_name, error) ||
        !pm_json_optional_bool(object, "maybe_submitted", &out->maybe_submitted, error) ||
        !pm_json_object(object, "lease", &lease, error)) {
        return false;
    }
    if (strlen(profile) >= sizeof out->profile) {
        return pm_fail(error, PM_ERROR_LIMIT, "profile: too long");
    }
    snprintf(out->granted_by, sizeof out->granted_by, "%s", granted_by);
    memcpy(out->profile, profile, strlen(profile) + 1);
    jobs->profile = out->profile;
    if (!pm_lease_kind_parse(kind_name, &kind)) {
        return pm_fail(error, PM_ERROR_INVALID, "kind: is none of lease, evaluate, evolve");
    }
    if (!pm_lease_parse(lease, &out->lease, error)) {
        return false;
    }
    out->lease.kind = kind;
    return true;
}

bool pm_lease_record_decode(const void *body, size_t size, struct pm_lease_record *out,
                            struct pm_error *error)
{
    cJSON *object = NULL;
    *out = (struct pm_lease_record){0};
    if (!pm_json_parse(body, size, PM_JOB_BODY_MAX, &object, error)) {
        return pm_fail_context(error, "lease record");
    }
    bool done = decode_members(object, out, error);
    cJSON_Delete(object);
    return done || pm_fail_context(error, "lease record");
}

void pm_lease_record_clear(struct pm_lease_record *record)
{
    pm_lease_clear(&record->lease);
}

/* What the pool is not told, and who looks at it wants to know: the score that was found here, and
 * the parents. */
static bool write_parents(cJSON *array, const struct pm_lease *lease,
                          const struct pm_submitted_evolution *evolution)
{
    for (size_t i = 0; i < lease->seeds.count; i++) {
        const struct pm_lease_algorithm *seed = &lease->seeds.items[i];
        bool is_parent = false;
        for (size_t k = 0; k < evolution->parent_count; k++) {
            is_parent = is_parent || evolution->parents[k] == seed->id;
        }
        cJSON *item = is_parent ? pm_json_append_object(array) : NULL;
        if (is_parent && (!pm_json_add_integer(item, "id", seed->id) ||
                          !pm_json_add_string(item, "algorithm_dsl", seed->text))) {
            return false;
        }
    }
    return true;
}

static bool write_evolved(cJSON *object, const struct pm_lease *lease,
                          const struct pm_submission *submission)
{
    cJSON *list = cJSON_AddArrayToObject(object, "evolved");
    for (size_t i = 0; list != NULL && i < submission->evolution_count; i++) {
        const struct pm_submitted_evolution *evolution = &submission->evolutions[i];
        cJSON *item = pm_json_append_object(list);
        if (!pm_json_add_number(item, "score", evolution->score) ||
            !pm_json_add_string(item, "algorithm_dsl", evolution->text) ||
            !write_parents(cJSON_AddArrayToObject(item, "parents"), lease, evolution)) {
            return false;
        }
    }
    return list != NULL;
}

static char *encode_closed(const struct pm_lease_record *record,
                           const struct pm_submission *submission, const struct pm_lease_end *end,
                           bool whole, struct pm_error *error)
{
    const struct pm_lease *lease = &record->lease;
    cJSON *object = cJSON_CreateObject();
    bool complete =
        pm_json_add_number(object, "version", VERSION) &&
        pm_json_add_string(object, "lease_id", lease->id) &&
        pm_json_add_string(object, "kind", pm_lease_kind_name(lease->kind)) &&
        pm_json_add_integer(object, "deadline_ms", record->deadline_ms) &&
        pm_json_add_integer(object, "window_number", lease->window_number) &&
        pm_json_add_integer(object, "evaluations", (int64_t)submission->evaluation_count) &&
        pm_json_add_integer(object, "evolutions", (int64_t)submission->evolution_count) &&
        pm_lease_end_write(end, object) &&
        (!whole || (pm_json_add(object, "submission", pm_submission_write(submission)) &&
                    write_evolved(object, lease, submission)));
    return print_and_delete(object, complete, error);
}

char *pm_lease_record_encode_closed(const struct pm_lease_record *record,
                                    const struct pm_submission *submission,
                                    const struct pm_lease_end *end, struct pm_error *error)
{
    char *text = encode_closed(record, submission, end, true, error);
    if (text != NULL && strlen(text) > PM_JOB_BODY_MAX) {
        free(text);
        text = encode_closed(record, submission, end, false, error);
    }
    return text;
}
