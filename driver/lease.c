#include "driver/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/clock.h>
#include <poolminer/json.h>

enum { ALGORITHM_OVERHEAD_BYTES = 96 }; /* member names and numbers around a text */

size_t pm_lease_text_cost(const char *text)
{
    return ALGORITHM_OVERHEAD_BYTES + pm_json_string_bytes(text);
}

static const char *const kind_names[] = {
    [PM_LEASE_BOTH] = "lease",
    [PM_LEASE_EVALUATE] = PM_JOB_KIND_EVALUATE,
    [PM_LEASE_EVOLVE] = PM_JOB_KIND_EVOLVE,
};

const char *pm_lease_kind_name(enum pm_lease_kind kind)
{
    return kind_names[kind];
}

bool pm_lease_kind_parse(const char *name, enum pm_lease_kind *out)
{
    for (enum pm_lease_kind kind = PM_LEASE_BOTH; kind <= PM_LEASE_EVOLVE; kind++) {
        if (strcmp(name, kind_names[kind]) == 0) {
            *out = kind;
            return true;
        }
    }
    return false;
}

static bool take_id(const char *member, const char *id, char out[PM_LEASE_ID_MAX + 1],
                    struct pm_error *error)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._:-";
    size_t length = strnlen(id, PM_LEASE_ID_MAX + 1);
    if (length == 0 || length > PM_LEASE_ID_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "%s: must have 1 to %d characters", member,
                       PM_LEASE_ID_MAX);
    }
    if (strspn(id, allowed) != length || strspn(id, ".") == length) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: only letters, digits and . _ : - are accepted",
                       member);
    }
    memcpy(out, id, length + 1);
    return true;
}

static bool read_id(const cJSON *object, char out[PM_LEASE_ID_MAX + 1], struct pm_error *error)
{
    const char *id = NULL;
    return pm_json_string(object, "lease_id", &id, error) && take_id("lease_id", id, out, error);
}

/* The guide does not say whether a batch's id is a text or a number: both are taken. */
static bool read_batch_id(const cJSON *object, char out[PM_LEASE_ID_MAX + 1],
                          struct pm_error *error)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, "batch_id");
    const char *id = NULL;
    char digits[24];
    int64_t number = 0;
    if (cJSON_IsNumber(member)) {
        if (!pm_json_integer(object, "batch_id", &number, error)) {
            return false;
        }
        snprintf(digits, sizeof digits, "%" PRId64, number);
        return take_id("batch_id", digits, out, error);
    }
    return pm_json_string(object, "batch_id", &id, error) && take_id("batch_id", id, out, error);
}

static bool has_id(const struct pm_lease_algorithms *list, int64_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].id == id) {
            return true;
        }
    }
    return false;
}

/* Reads one algorithm; *text points into the JSON. */
static bool read_algorithm(const cJSON *object, const struct pm_lease_algorithms *list,
                           size_t *room_bytes, struct pm_lease_algorithm *out, const char **text,
                           struct pm_error *error)
{
    out->input_dim = PM_JOB_INPUT_DIM_DEFAULT;
    if (!pm_json_integer(object, "id", &out->id, error) ||
        !pm_json_string(object, "algorithm_dsl", text, error) ||
        !pm_json_optional_integer(object, "input_dim", &out->input_dim, error)) {
        return false;
    }
    if (out->input_dim < 1 || out->input_dim > PM_JOB_INPUT_DIM_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "input_dim: %" PRId64 " is not within 1 to %d",
                       out->input_dim, PM_JOB_INPUT_DIM_MAX);
    }
    if (strnlen(*text, PM_ALGORITHM_TEXT_MAX_BYTES + 1) > PM_ALGORITHM_TEXT_MAX_BYTES) {
        return pm_fail(error, PM_ERROR_LIMIT, "algorithm_dsl: longer than %d bytes",
                       PM_ALGORITHM_TEXT_MAX_BYTES);
    }
    if (has_id(list, out->id)) {
        return pm_fail(error, PM_ERROR_INVALID, "id: %" PRId64 " came twice", out->id);
    }
    size_t cost = pm_lease_text_cost(*text);
    if (cost > *room_bytes) {
        return pm_fail(error, PM_ERROR_LIMIT, "algorithm_dsl: all texts together exceed %d bytes",
                       PM_LEASE_TEXT_MAX_BYTES);
    }
    *room_bytes -= cost;
    return true;
}

static void note_skip(struct pm_lease *lease, const char *member, int index, const char *reason)
{
    if (lease->skipped == 0) {
        pm_fail(&lease->skip_reason, PM_ERROR_INVALID, "%s[%d].%s", member, index, reason);
    }
    lease->skipped++;
}

static bool read_algorithms(const cJSON *object, const char *member, size_t limit,
                            size_t *room_bytes, struct pm_lease *lease,
                            struct pm_lease_algorithms *out, struct pm_error *error)
{
    const cJSON *array = pm_json_optional(object, member);
    const cJSON *item = NULL;
    if (array == NULL) {
        return true; /* none of this kind */
    }
    if (!pm_json_array(object, member, &array, error)) {
        return false;
    }
    int index = 0;
    out->items = calloc(limit, sizeof *out->items);
    if (out->items == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for a lease");
    }
    cJSON_ArrayForEach(item, array)
    {
        struct pm_lease_algorithm *algorithm = &out->items[out->count];
        struct pm_error reason = {0};
        const char *text = NULL;
        if (out->count == limit) {
            note_skip(lease, member, index, "id: more algorithms than a lease may have");
        } else if (!read_algorithm(item, out, room_bytes, algorithm, &text, &reason)) {
            note_skip(lease, member, index, reason.message);
        } else {
            algorithm->text = strdup(text);
            if (algorithm->text == NULL) {
                return pm_fail(error, PM_ERROR_MEMORY, "no memory for a lease");
            }
            out->count++;
        }
        index++;
    }
    return true;
}

static bool read_timeout(const cJSON *object, struct pm_lease *lease, struct pm_error *error)
{
    const char *timeout = NULL;
    if (!pm_json_string(object, "timeout_at", &timeout, error)) {
        return false;
    }
    if (!pm_clock_parse_iso(timeout, &lease->timeout_ms)) {
        return pm_fail(error, PM_ERROR_INVALID, "timeout_at: \"%.40s\" is no ISO 8601 time",
                       timeout);
    }
    return true;
}

static bool read_lease(const cJSON *object, struct pm_lease *lease, struct pm_error *error)
{
    size_t room_bytes = PM_LEASE_TEXT_MAX_BYTES;
    if (!read_id(object, lease->id, error) || !read_timeout(object, lease, error) ||
        !pm_json_optional_integer(object, "window_number", &lease->window_number, error) ||
        !pm_json_optional_integer(object, "evolve_budget", &lease->evolve_budget, error)) {
        return false;
    }
    if (lease->evolve_budget < 0) {
        return pm_fail(error, PM_ERROR_INVALID, "evolve_budget: is negative");
    }
    if (lease->evolve_budget > PM_LEASE_EVOLVE_BUDGET_MAX) {
        lease->evolve_budget = PM_LEASE_EVOLVE_BUDGET_MAX; /* "at most": fewer is fine */
    }
    return read_algorithms(object, "seed_algorithms", PM_LEASE_SEEDS_MAX, &room_bytes, lease,
                           &lease->seeds, error) &&
           read_algorithms(object, "evaluate_algorithms", PM_LEASE_EVALUATE_MAX, &room_bytes, lease,
                           &lease->evaluate, error);
}

bool pm_lease_parse(const cJSON *object, struct pm_lease *out, struct pm_error *error)
{
    *out = (struct pm_lease){0};
    if (!read_lease(object, out, error)) {
        pm_lease_clear(out);
        return pm_fail_context(error, "lease");
    }
    return true;
}

static bool read_task(const cJSON *object, enum pm_lease_kind asked, int64_t received_ms,
                      struct pm_lease *task, struct pm_error *error)
{
    size_t room_bytes = PM_LEASE_TEXT_MAX_BYTES;
    const char *kind = "";
    task->timeout_ms = received_ms + PM_TASK_TIMEOUT_MS;
    if (!read_batch_id(object, task->id, error) ||
        !pm_json_optional_string(object, "task_type", &kind, error) ||
        (pm_json_optional(object, "timeout_at") != NULL && !read_timeout(object, task, error)) ||
        !pm_json_optional_integer(object, "window_number", &task->window_number, error)) {
        return false;
    }
    if (!pm_lease_kind_parse(kind, &task->kind) || task->kind == PM_LEASE_BOTH) {
        task->kind = asked;
    }
    if (task->kind == PM_LEASE_EVALUATE) {
        return read_algorithms(object, "algorithms", PM_LEASE_EVALUATE_MAX, &room_bytes, task,
                               &task->evaluate, error);
    }
    task->evolve_budget = 1; /* the call that takes it has room for one */
    return read_algorithms(object, "algorithms", PM_LEASE_SEEDS_MAX, &room_bytes, task,
                           &task->seeds, error);
}

bool pm_lease_parse_task(const cJSON *object, enum pm_lease_kind asked, int64_t received_ms,
                         struct pm_lease *out, struct pm_error *error)
{
    *out = (struct pm_lease){0};
    if (!read_task(object, asked, received_ms, out, error)) {
        pm_lease_clear(out);
        return pm_fail_context(error, "task");
    }
    return true;
}

static void clear_algorithms(struct pm_lease_algorithms *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].text);
    }
    free(list->items);
}

void pm_lease_clear(struct pm_lease *lease)
{
    clear_algorithms(&lease->evaluate);
    clear_algorithms(&lease->seeds);
    *lease = (struct pm_lease){0};
}

cJSON *pm_lease_algorithm_write(const struct pm_lease_algorithm *algorithm)
{
    cJSON *object = cJSON_CreateObject();
    if (pm_json_add_integer(object, "id", algorithm->id) &&
        pm_json_add_string(object, "algorithm_dsl", algorithm->text) &&
        pm_json_add_integer(object, "input_dim", algorithm->input_dim)) {
        return object;
    }
    cJSON_Delete(object);
    return NULL;
}

static bool write_algorithms(cJSON *object, const char *member,
                             const struct pm_lease_algorithms *list)
{
    cJSON *array = cJSON_AddArrayToObject(object, member);
    for (size_t i = 0; array != NULL && i < list->count; i++) {
        if (!pm_json_append(array, pm_lease_algorithm_write(&list->items[i]))) {
            return false;
        }
    }
    return array != NULL;
}

cJSON *pm_lease_write(const struct pm_lease *lease)
{
    char timeout[PM_CLOCK_ISO_SIZE];
    cJSON *object = cJSON_CreateObject();
    pm_clock_format_iso(lease->timeout_ms, timeout);
    if (pm_json_add_string(object, "lease_id", lease->id) &&
        pm_json_add_integer(object, "window_number", lease->window_number) &&
        pm_json_add_string(object, "timeout_at", timeout) &&
        pm_json_add_integer(object, "evolve_budget", lease->evolve_budget) &&
        write_algorithms(object, "evaluate_algorithms", &lease->evaluate) &&
        write_algorithms(object, "seed_algorithms", &lease->seeds)) {
        return object;
    }
    cJSON_Delete(object);
    return NULL;
}
