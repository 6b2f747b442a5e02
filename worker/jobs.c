#include "worker/jobs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>
#include <poolminer/profile.h>
#include <poolminer/queue_client.h>

static const int64_t SEED_MAX = (INT64_C(1) << 53) - 1;

const char *pm_work_kind_name(enum pm_work_kind kind)
{
    return kind == PM_WORK_EVALUATE ? PM_JOB_KIND_EVALUATE : PM_JOB_KIND_EVOLVE;
}

static bool check_range(const char *key, int64_t value, int64_t low, int64_t high,
                        struct pm_error *error)
{
    if (value >= low && value <= high) {
        return true;
    }
    return pm_fail(error, PM_ERROR_INVALID, "%s: %lld is not within %lld to %lld", key,
                   (long long)value, (long long)low, (long long)high);
}

static bool read_range(const cJSON *json, const char *key, int64_t low, int64_t high, int64_t *out,
                       struct pm_error *error)
{
    return pm_json_integer(json, key, out, error) && check_range(key, *out, low, high, error);
}

static bool read_listed(const cJSON *json, struct pm_listed *out, struct pm_error *error)
{
    int64_t input_dim = PM_JOB_INPUT_DIM_DEFAULT;
    if (!cJSON_IsObject(json)) {
        return pm_fail(error, PM_ERROR_INVALID, "expected an object");
    }
    if (!pm_json_integer(json, "id", &out->id, error) ||
        !pm_json_string(json, "algorithm_dsl", &out->text, error) ||
        !pm_json_optional_integer(json, "input_dim", &input_dim, error) ||
        !check_range("input_dim", input_dim, 1, PM_JOB_INPUT_DIM_MAX, error)) {
        return false;
    }
    out->input_dim = (int)input_dim;
    return true;
}

static bool read_list(struct pm_work *work, const char *key, int maximum, struct pm_error *error)
{
    const cJSON *list;
    if (!pm_json_array(work->json, key, &list, error)) {
        return false;
    }
    const int count = cJSON_GetArraySize(list);
    if (count < 1 || count > maximum) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: has %d elements, must have 1 to %d", key,
                       count, maximum);
    }
    work->algorithms = calloc((size_t)count, sizeof *work->algorithms);
    if (work->algorithms == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "%s: out of memory", key);
    }
    const cJSON *element;
    cJSON_ArrayForEach(element, list)
    {
        if (!read_listed(element, &work->algorithms[work->count], error)) {
            return pm_fail_context(error, "%s[%zu]", key, work->count);
        }
        work->count++;
    }
    return true;
}

static bool read_evolve_limits(struct pm_work *work, struct pm_error *error)
{
    const cJSON *json = work->json;
    int64_t generations, budget, seed;
    if (!read_range(json, "generations", 1, PM_JOB_GENERATIONS_MAX, &generations, error) ||
        !read_range(json, "budget", 1, PM_JOB_BUDGET_MAX, &budget, error) ||
        !read_range(json, "seed", 0, SEED_MAX, &seed, error) ||
        !pm_json_integer(json, "deadline_ms", &work->deadline_ms, error) ||
        !pm_json_number(json, "max_seconds", &work->max_seconds, error) ||
        !pm_json_string(json, "profile", &work->profile, error)) {
        return false;
    }
    if (work->deadline_ms < 0 || work->max_seconds < 0.0) {
        return pm_fail(error, PM_ERROR_INVALID, "%s: must not be negative",
                       work->deadline_ms < 0 ? "deadline_ms" : "max_seconds");
    }
    work->generations = (int)generations;
    work->budget = (size_t)budget;
    work->seed = (uint64_t)seed;
    return pm_profile_find(work->profile, error) != NULL;
}

static bool read_evolve(struct pm_work *work, struct pm_error *error)
{
    if (!read_list(work, "seeds", PM_JOB_SEEDS_MAX, error) || !read_evolve_limits(work, error)) {
        return false;
    }
    for (size_t i = 1; i < work->count; i++) {
        if (work->algorithms[i].input_dim != work->algorithms[0].input_dim) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "seeds[%zu].input_dim: %d differs from the first seed's %d", i,
                           work->algorithms[i].input_dim, work->algorithms[0].input_dim);
        }
    }
    return true;
}

static bool read_work(struct pm_work *work, struct pm_error *error)
{
    const char *kind;
    if (!cJSON_IsObject(work->json)) {
        return pm_fail(error, PM_ERROR_INVALID, "expected a JSON object");
    }
    if (!pm_json_string(work->json, "kind", &kind, error) ||
        !pm_json_string(work->json, "task_type", &work->task_type, error)) {
        return false;
    }
    if (strcmp(kind, PM_JOB_KIND_EVALUATE) == 0) {
        work->kind = PM_WORK_EVALUATE;
        return read_list(work, "algorithms", PM_JOB_ALGORITHMS_MAX, error);
    }
    if (strcmp(kind, PM_JOB_KIND_EVOLVE) == 0) {
        work->kind = PM_WORK_EVOLVE;
        return read_evolve(work, error);
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "kind: \"%.32s\" is not known, only evaluate and evolve", kind);
}

bool pm_work_parse(const char *body, size_t size, struct pm_work *out, struct pm_error *error)
{
    *out = (struct pm_work){0};
    if (pm_json_parse(body, size, PM_JOB_BODY_MAX, &out->json, error) && read_work(out, error)) {
        return true;
    }
    pm_work_clear(out);
    return pm_fail_context(error, "job");
}

void pm_work_clear(struct pm_work *work)
{
    free(work->algorithms);
    cJSON_Delete(work->json);
    *work = (struct pm_work){0};
}

/* cJSON's adders return NULL when memory is out: one such failure spoils the whole. */
static cJSON *start_result(const char *kind, const struct pm_provenance *provenance)
{
    cJSON *json = cJSON_CreateObject();
    if (json != NULL && pm_json_add_string(json, "kind", kind) &&
        pm_json_add_string(json, "dataset", provenance->dataset) &&
        pm_json_add_string(json, "suite", provenance->suite) &&
        pm_json_add_number(json, "seconds", provenance->seconds)) {
        return json;
    }
    cJSON_Delete(json);
    return NULL;
}

static bool append_evaluation(cJSON *list, const struct pm_evaluation *evaluation)
{
    cJSON *json = pm_json_append_object(list);
    return json != NULL && pm_json_add_integer(json, "algorithm_id", evaluation->algorithm_id) &&
           pm_json_add_number(json, "score", evaluation->score) &&
           (evaluation->problem == NULL || pm_json_add_string(json, "error", evaluation->problem));
}

static bool append_parents(cJSON *json, const struct pm_evolution_item *item)
{
    cJSON *parents = cJSON_AddArrayToObject(json, "parent_algorithm_ids");
    for (size_t i = 0; parents != NULL && i < item->parent_count; i++) {
        if (!pm_json_append(parents, cJSON_CreateNumber((double)item->parent_ids[i]))) {
            return false;
        }
    }
    return parents != NULL;
}

static bool append_lineage(cJSON *json, const struct pm_evolution_item *item)
{
    cJSON *lineage = cJSON_AddArrayToObject(json, "lineage");
    bool ok = lineage != NULL;
    for (size_t i = 0; ok && i < item->lineage_count; i++) {
        const struct pm_lineage_step *step = &item->lineage[i];
        cJSON *object = pm_json_append_object(lineage);
        ok = object != NULL && pm_json_add_number(object, "generation", step->generation) &&
             pm_json_add_string(object, "change", pm_change_name(step->change)) &&
             pm_json_add_number(object, "search_score", step->fitness);
    }
    return ok;
}

static bool append_evolution(cJSON *list, const struct pm_evolution_item *item)
{
    cJSON *json = pm_json_append_object(list);
    char behaviour[17]; /* beyond what a JSON number holds exactly */
    snprintf(behaviour, sizeof behaviour, "%016" PRIx64, item->behaviour);
    return json != NULL && append_parents(json, item) && append_lineage(json, item) &&
           pm_json_add_string(json, "algorithm_dsl", item->text) &&
           pm_json_add_number(json, "search_score", item->search_score) &&
           pm_json_add_number(json, "score", item->score) &&
           pm_json_add_string(json, "behaviour", behaviour);
}

static char *finish_result(cJSON *json, bool ok, struct pm_error *error)
{
    char *text = NULL;
    if (ok) {
        text = pm_json_print(json, error);
    } else {
        pm_fail(error, PM_ERROR_MEMORY, "writing a result: out of memory");
    }
    cJSON_Delete(json);
    return text;
}

char *pm_evaluations_write(const struct pm_provenance *provenance,
                           const struct pm_evaluation *evaluations, size_t count,
                           struct pm_error *error)
{
    cJSON *json = start_result(PM_JOB_KIND_EVALUATE, provenance);
    cJSON *list = json != NULL ? cJSON_AddArrayToObject(json, "evaluations") : NULL;
    bool ok = list != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        if (evaluations[i].done) {
            ok = append_evaluation(list, &evaluations[i]);
        }
    }
    return finish_result(json, ok, error);
}

char *pm_evolutions_write(const struct pm_provenance *provenance, int generations,
                          uint64_t candidates, const struct pm_evolution_item *items, size_t count,
                          struct pm_error *error)
{
    cJSON *json = start_result(PM_JOB_KIND_EVOLVE, provenance);
    bool ok = json != NULL && pm_json_add_number(json, "generations", generations) &&
              pm_json_add_integer(json, "candidates", (int64_t)candidates);
    cJSON *list = ok ? cJSON_AddArrayToObject(json, "evolutions") : NULL;
    ok = list != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        ok = append_evolution(list, &items[i]);
    }
    return finish_result(json, ok, error);
}
