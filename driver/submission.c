#include "driver/submission.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poolminer/json.h>

void pm_submission_init(struct pm_submission *submission, const struct pm_lease *lease)
{
    *submission = (struct pm_submission){.lease = lease};
}

static void clear_evolutions(struct pm_submitted_evolution *items, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        free(items[i].text);
    }
}

void pm_submission_clear(struct pm_submission *submission)
{
    clear_evolutions(submission->evolutions, 0, submission->evolution_count);
    free(submission->evolutions);
    free(submission->evaluations);
    *submission = (struct pm_submission){0};
}

static const struct pm_lease_algorithm *find(const struct pm_lease_algorithms *list, int64_t id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].id == id) {
            return &list->items[i];
        }
    }
    return NULL;
}

static const struct pm_lease_algorithm *find_number(const struct pm_lease_algorithms *list,
                                                    double id)
{
    for (size_t i = 0; i < list->count; i++) {
        if ((double)list->items[i].id == id) {
            return &list->items[i];
        }
    }
    return NULL;
}

/* Room for `more` beyond `count`; false when memory is out. */
static void *lengthen(void *items, size_t count, size_t more, size_t size, struct pm_error *error)
{
    /* One to spare, so that room for nothing is no failure. */
    void *longer = reallocarray(items, count + more + 1, size);
    if (longer == NULL) {
        pm_fail(error, PM_ERROR_MEMORY, "no memory for results");
    }
    return longer;
}

static bool read_score(const cJSON *item, double *score, struct pm_error *error)
{
    if (!pm_json_number(item, "score", score, error)) {
        return false;
    }
    if (*score < 0.0 || *score > 1.0) {
        return pm_fail(error, PM_ERROR_INVALID, "score: %g is not within 0 to 1", *score);
    }
    return true;
}

/* ---- evaluations ---- */

static bool has_evaluation(const struct pm_submission *submission, int64_t id)
{
    for (size_t i = 0; i < submission->evaluation_count; i++) {
        if (submission->evaluations[i].id == id) {
            return true;
        }
    }
    return false;
}

static bool read_evaluation(const struct pm_submission *submission, const cJSON *item,
                            struct pm_submitted_evaluation *out, struct pm_error *error)
{
    if (!pm_json_integer(item, "algorithm_id", &out->id, error) ||
        !read_score(item, &out->score, error)) {
        return false;
    }
    if (find(&submission->lease->evaluate, out->id) == NULL) {
        return pm_fail(error, PM_ERROR_INVALID, "algorithm_id: %" PRId64 " was not asked for",
                       out->id);
    }
    if (has_evaluation(submission, out->id)) {
        return pm_fail(error, PM_ERROR_INVALID, "algorithm_id: %" PRId64 " came twice", out->id);
    }
    return true;
}

static bool take_evaluations(struct pm_submission *submission, const cJSON *result,
                             struct pm_error *error)
{
    const cJSON *array = NULL;
    const cJSON *item = NULL;
    if (!pm_json_array(result, "evaluations", &array, error)) {
        return false;
    }
    size_t more = (size_t)cJSON_GetArraySize(array);
    size_t before = submission->evaluation_count;
    if (more > PM_LEASE_EVALUATE_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "evaluations: more than %d", PM_LEASE_EVALUATE_MAX);
    }
    struct pm_submitted_evaluation *evaluations =
        lengthen(submission->evaluations, before, more, sizeof *submission->evaluations, error);
    if (evaluations == NULL) {
        return false;
    }
    submission->evaluations = evaluations;
    cJSON_ArrayForEach(item, array)
    {
        struct pm_submitted_evaluation evaluation = {0};
        if (!read_evaluation(submission, item, &evaluation, error)) {
            submission->evaluation_count = before;
            return false;
        }
        submission->evaluations[submission->evaluation_count++] = evaluation;
    }
    return true;
}

/* ---- evolutions ---- */

static bool is_known_text(const struct pm_submission *submission, const char *text)
{
    for (size_t i = 0; i < submission->lease->seeds.count; i++) {
        if (strcmp(submission->lease->seeds.items[i].text, text) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < submission->evolution_count; i++) {
        if (strcmp(submission->evolutions[i].text, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_parents(const struct pm_submission *submission, const cJSON *item,
                         struct pm_submitted_evolution *out, struct pm_error *error)
{
    const cJSON *array = NULL;
    const cJSON *parent = NULL;
    if (!pm_json_array(item, "parent_algorithm_ids", &array, error)) {
        return false;
    }
    if (cJSON_GetArraySize(array) > PM_LEASE_SEEDS_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "parent_algorithm_ids: more than %d",
                       PM_LEASE_SEEDS_MAX);
    }
    cJSON_ArrayForEach(parent, array)
    {
        const struct pm_lease_algorithm *seed =
            cJSON_IsNumber(parent) ? find_number(&submission->lease->seeds, parent->valuedouble)
                                   : NULL;
        if (seed == NULL) {
            return pm_fail(error, PM_ERROR_INVALID, "parent_algorithm_ids: has what is no seed");
        }
        out->parents[out->parent_count++] = seed->id;
    }
    return true;
}

static bool read_evolution(const struct pm_submission *submission, const cJSON *item,
                           struct pm_submitted_evolution *out, const char **text,
                           struct pm_error *error)
{
    const char *behaviour = "";
    if (!pm_json_string(item, "algorithm_dsl", text, error) ||
        !pm_json_optional_string(item, "behaviour", &behaviour, error) ||
        !read_score(item, &out->score, error) || !read_parents(submission, item, out, error)) {
        return false;
    }
    size_t length = strnlen(*text, PM_ALGORITHM_TEXT_MAX_BYTES + 1);
    if (length == 0 || length > PM_ALGORITHM_TEXT_MAX_BYTES) {
        return pm_fail(error, PM_ERROR_LIMIT, "algorithm_dsl: must have 1 to %d bytes",
                       PM_ALGORITHM_TEXT_MAX_BYTES);
    }
    const size_t size = strnlen(behaviour, sizeof out->behaviour) + 1;
    if (size > sizeof out->behaviour) {
        return pm_fail(error, PM_ERROR_LIMIT, "behaviour: longer than %zu characters",
                       sizeof out->behaviour - 1);
    }
    memcpy(out->behaviour, behaviour, size);
    return true;
}

static bool add_evolution(struct pm_submission *submission, const cJSON *item,
                          struct pm_error *error)
{
    struct pm_submitted_evolution evolution = {0};
    const char *text = NULL;
    if (!read_evolution(submission, item, &evolution, &text, error)) {
        return false;
    }
    if (is_known_text(submission, text)) {
        return true;
    }
    evolution.text = strdup(text);
    if (evolution.text == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "no memory for results");
    }
    submission->evolutions[submission->evolution_count++] = evolution;
    return true;
}

static bool take_evolutions(struct pm_submission *submission, const cJSON *result,
                            struct pm_error *error)
{
    const cJSON *array = NULL;
    const cJSON *item = NULL;
    int64_t generations = 0;
    if (!pm_json_array(result, "evolutions", &array, error) ||
        !pm_json_integer(result, "generations", &generations, error)) {
        return false;
    }
    size_t more = (size_t)cJSON_GetArraySize(array);
    size_t before = submission->evolution_count;
    if (more > PM_LEASE_EVOLVE_BUDGET_MAX || generations < 0 ||
        generations > PM_JOB_GENERATIONS_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT,
                       "evolutions: more than %d, or generations not within "
                       "0 to %d",
                       PM_LEASE_EVOLVE_BUDGET_MAX, PM_JOB_GENERATIONS_MAX);
    }
    struct pm_submitted_evolution *evolutions =
        lengthen(submission->evolutions, before, more, sizeof *submission->evolutions, error);
    if (evolutions == NULL) {
        return false;
    }
    submission->evolutions = evolutions;
    cJSON_ArrayForEach(item, array)
    {
        if (!add_evolution(submission, item, error)) {
            clear_evolutions(submission->evolutions, before, submission->evolution_count);
            submission->evolution_count = before;
            return false;
        }
    }
    submission->generations += generations;
    return true;
}

/* ---- the whole ---- */

bool pm_submission_take(struct pm_submission *submission, enum pm_lease_job_kind kind,
                        const void *body, size_t body_size, struct pm_error *error)
{
    cJSON *result = NULL;
    if (!pm_json_parse(body, body_size, PM_JOB_RESULT_MAX_BYTES, &result, error)) {
        return pm_fail_context(error, "result");
    }
    bool done = kind == PM_LEASE_JOB_EVALUATE ? take_evaluations(submission, result, error)
                                              : take_evolutions(submission, result, error);
    cJSON_Delete(result);
    return done || pm_fail_context(error, "result");
}

static int by_score(const void *a, const void *b)
{
    const struct pm_submitted_evolution *left = a;
    const struct pm_submitted_evolution *right = b;
    if (left->score != right->score) {
        return left->score > right->score ? -1 : 1;
    }
    return strcmp(left->text, right->text); /* the same order whoever finished first */
}

static bool is_alike_before(const struct pm_submission *submission, size_t count,
                            const struct pm_submitted_evolution *evolution)
{
    for (size_t i = 0; evolution->behaviour[0] != '\0' && i < count; i++) {
        if (strcmp(submission->evolutions[i].behaviour, evolution->behaviour) == 0) {
            return true;
        }
    }
    return false;
}

/* Several searches may come to the same in other words; each has made sure of its own only. */
static void drop_alike(struct pm_submission *submission)
{
    size_t kept = 0;
    for (size_t i = 0; i < submission->evolution_count; i++) {
        struct pm_submitted_evolution *evolution = &submission->evolutions[i];
        if (is_alike_before(submission, kept, evolution)) {
            free(evolution->text);
        } else {
            submission->evolutions[kept++] = *evolution;
        }
    }
    submission->evolution_count = kept;
}

void pm_submission_finish(struct pm_submission *submission)
{
    size_t budget = (size_t)submission->lease->evolve_budget;
    if (submission->evolution_count > 1) {
        qsort(submission->evolutions, submission->evolution_count, sizeof *submission->evolutions,
              by_score);
    }
    drop_alike(submission);
    if (submission->evolution_count > budget) {
        clear_evolutions(submission->evolutions, budget, submission->evolution_count);
        submission->evolution_count = budget;
    }
}

int64_t pm_submission_iterations(const struct pm_submission *submission)
{
    return (int64_t)submission->evaluation_count + submission->generations;
}

bool pm_submission_is_empty_evolution(const struct pm_submission *submission)
{
    return submission->lease->kind == PM_LEASE_EVOLVE && submission->evolution_count == 0;
}
