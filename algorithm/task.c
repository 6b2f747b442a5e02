#include "algorithm/features.h"
#include "algorithm/scalar_linear.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/numpy_random.h>
#include <poolminer/task.h>

enum {
    PROJECTIONS_PER_PAIR = 100,
    PROJECTION_SEED = 17345, /* of task 0 */
    SPLIT_SEED = 97531,      /* of task 0 */
    FIRST_RECORDS = 2000,    /* what edition first2000 looks at */
    RESAMPLED_EXAMPLES = 2000,
};

/* ---- editions ---- */

static const char *const EDITION_NAMES[] = {
    [PM_EDITION_FIRST2000] = "first2000",
    [PM_EDITION_RESAMPLED] = "resampled",
};

const char *pm_suite_edition_name(enum pm_suite_edition edition)
{
    return EDITION_NAMES[edition];
}

bool pm_suite_edition_parse(const char *text, enum pm_suite_edition *out, struct pm_error *error)
{
    for (size_t i = 0; i < sizeof EDITION_NAMES / sizeof *EDITION_NAMES; i++) {
        if (strcmp(text, EDITION_NAMES[i]) == 0) {
            *out = (enum pm_suite_edition)i;
            return true;
        }
    }
    return pm_fail(error, PM_ERROR_INVALID,
                   "suite edition \"%.64s\" is unknown; there are first2000 and resampled", text);
}

size_t pm_suite_edition_records(enum pm_suite_edition edition)
{
    return edition == PM_EDITION_FIRST2000 ? FIRST_RECORDS : 0;
}

/* ---- families ---- */

static const char *const FAMILY_NAMES[] = {
    [PM_FAMILY_CIFAR10_BINARY] = "cifar10_binary",
    [PM_FAMILY_MNIST_BINARY] = "mnist_binary",
    [PM_FAMILY_SCALAR_LINEAR] = "scalar_linear",
};

enum pm_task_family pm_task_family_of(const struct pm_dataset *dataset)
{
    if (dataset->pixel_count == 0) {
        return PM_FAMILY_SCALAR_LINEAR;
    }
    return dataset->pixel_count == PM_DATASET_MNIST_PIXELS ? PM_FAMILY_MNIST_BINARY
                                                           : PM_FAMILY_CIFAR10_BINARY;
}

const char *pm_task_family_name(enum pm_task_family family)
{
    return FAMILY_NAMES[family];
}

/* ---- what a task consists of before it has features ---- */

/* The records of the two classes in file order, and what the edition draws from them: example i is
 * record[drawn[i]]; `order` lists the examples, those for training first. */
struct selection {
    const uint8_t **record;
    size_t record_count;
    uint32_t *drawn, *order;
    uint32_t example_count, train_count;
};

static void find_pair(uint32_t id, struct pm_task *task)
{
    uint32_t pair = id / PROJECTIONS_PER_PAIR;
    uint32_t a = 0;
    for (uint32_t pairs; pair >= (pairs = PM_DATASET_CLASSES - 1 - a); a++) {
        pair -= pairs;
    }
    task->class_a = a;
    task->class_b = a + 1 + pair;
}

static bool has_either(const uint8_t *record, const struct pm_task *task)
{
    return record[0] == task->class_a || record[0] == task->class_b;
}

static bool find_records(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         const struct pm_task *task, struct selection *selection,
                         struct pm_error *error)
{
    size_t limit = pm_suite_edition_records(edition);
    size_t considered = limit > 0 && limit < dataset->count ? limit : dataset->count;
    size_t count = 0;
    for (size_t i = 0; i < considered; i++) {
        count += has_either(pm_dataset_record(dataset, i), task);
    }
    if (count < 2) {
        pm_fail(error, PM_ERROR_INVALID,
                "dataset %s: task %u needs two records of the classes %u and %u, but there "
                "are %zu among %zu; use a larger dataset",
                dataset->name, task->id, task->class_a, task->class_b, count, considered);
        return false;
    }
    selection->record_count = count;
    selection->record = malloc(count * sizeof *selection->record);
    if (selection->record == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for task %u", task->id);
    }
    for (size_t i = 0, found = 0; found < count; i++) {
        const uint8_t *record = pm_dataset_record(dataset, i);
        if (has_either(record, task)) {
            selection->record[found++] = record;
        }
    }
    return true;
}

static bool draw_all(struct selection *selection, uint64_t split_seed)
{
    struct pm_numpy_random random;
    for (uint32_t i = 0; i < selection->example_count; i++) {
        selection->drawn[i] = i;
    }
    pm_numpy_random_seed(&random, split_seed);
    pm_numpy_random_permutation(&random, selection->example_count, selection->order);
    return true;
}

static bool draw_resampled(struct selection *selection, uint64_t split_seed)
{
    struct pm_numpy_random random;
    uint32_t population = (uint32_t)selection->record_count;
    pm_numpy_random_seed(&random, split_seed);
    if (population >= RESAMPLED_EXAMPLES) {
        if (!pm_numpy_random_choice(&random, population, RESAMPLED_EXAMPLES, selection->drawn)) {
            return false;
        }
    } else {
        for (uint32_t i = 0; i < RESAMPLED_EXAMPLES; i++) {
            selection->drawn[i] = (uint32_t)pm_numpy_random_integer(&random, 0, population);
        }
    }
    pm_numpy_random_seed(&random, split_seed + 1);
    pm_numpy_random_permutation(&random, RESAMPLED_EXAMPLES, selection->order);
    return true;
}

static bool draw_examples(enum pm_suite_edition edition, uint32_t id, struct selection *selection)
{
    bool resampled = edition == PM_EDITION_RESAMPLED;
    selection->example_count = resampled ? RESAMPLED_EXAMPLES : (uint32_t)selection->record_count;
    selection->train_count = selection->example_count / 2;
    selection->drawn = malloc(selection->example_count * sizeof *selection->drawn);
    selection->order = malloc(selection->example_count * sizeof *selection->order);
    if (selection->drawn == NULL || selection->order == NULL) {
        return false;
    }
    return resampled ? draw_resampled(selection, SPLIT_SEED + (uint64_t)id)
                     : draw_all(selection, SPLIT_SEED + (uint64_t)id);
}

static void clear_selection(struct selection *selection)
{
    free(selection->record);
    free(selection->drawn);
    free(selection->order);
}

/* ---- features ---- */

/* What building needs room for, for the time of building. */
struct workspace {
    const uint8_t **pixels;
    float *projection;
    double *projected;
    float *standardised;
};

static bool create_workspace(const struct selection *selection, size_t pixel_count, size_t columns,
                             struct workspace *workspace)
{
    size_t examples = selection->example_count;
    workspace->pixels = malloc(examples * sizeof *workspace->pixels);
    workspace->projection = malloc(pixel_count * columns * sizeof *workspace->projection);
    workspace->projected = malloc(examples * columns * sizeof *workspace->projected);
    workspace->standardised = malloc(examples * columns * sizeof *workspace->standardised);
    return workspace->pixels != NULL && workspace->projection != NULL &&
           workspace->projected != NULL && workspace->standardised != NULL;
}

static void clear_workspace(struct workspace *workspace)
{
    free(workspace->pixels);
    free(workspace->projection);
    free(workspace->projected);
    free(workspace->standardised);
}

static bool create_examples(const struct selection *selection, struct pm_task *task)
{
    size_t columns = (size_t)task->input_dim;
    task->train_count = selection->train_count;
    task->validation_count = selection->example_count - selection->train_count;
    task->features = malloc(selection->example_count * (columns + 1) * sizeof *task->features);
    if (task->features == NULL) {
        return false;
    }
    task->labels = task->features + selection->example_count * columns;
    return true;
}

static void fill_examples(const struct selection *selection, size_t pixel_count,
                          struct workspace *workspace, struct pm_task *task)
{
    size_t columns = (size_t)task->input_dim;
    for (uint32_t i = 0; i < selection->example_count; i++) {
        workspace->pixels[i] = selection->record[selection->drawn[i]] + 1;
    }
    pm_projection_draw(PROJECTION_SEED + (uint64_t)task->id, pixel_count, columns,
                       workspace->projection);
    pm_features_project(workspace->pixels, selection->example_count, pixel_count,
                        workspace->projection, columns, workspace->projected);
    pm_features_standardise(workspace->projected, selection->example_count, columns,
                            workspace->standardised);
    for (uint32_t i = 0; i < selection->example_count; i++) {
        uint32_t example = selection->order[i];
        uint8_t label = workspace->pixels[example][-1];
        memcpy(task->features + i * columns, workspace->standardised + example * columns,
               columns * sizeof *task->features);
        task->labels[i] = label == task->class_b ? 1.0F : 0.0F;
    }
}

static bool build_examples(const struct selection *selection, size_t pixel_count,
                           struct pm_task *task)
{
    struct workspace workspace = {0};
    bool built = create_workspace(selection, pixel_count, (size_t)task->input_dim, &workspace) &&
                 create_examples(selection, task);
    if (built) {
        fill_examples(selection, pixel_count, &workspace, task);
    }
    clear_workspace(&workspace);
    return built;
}

static bool build_binary(const struct pm_dataset *dataset, enum pm_suite_edition edition,
                         struct pm_task *task, struct pm_error *error)
{
    struct selection selection = {0};
    find_pair(task->id, task);
    bool built = find_records(dataset, edition, task, &selection, error);
    if (built && !(draw_examples(edition, task->id, &selection) &&
                   build_examples(&selection, dataset->pixel_count, task))) {
        built = pm_fail(error, PM_ERROR_MEMORY, "out of memory for task %u", task->id);
    }
    clear_selection(&selection);
    return built;
}

/* ---- what the header promises ---- */

bool pm_task_build(const struct pm_dataset *dataset, enum pm_suite_edition edition, uint32_t id,
                   int input_dim, struct pm_task *out, struct pm_error *error)
{
    enum pm_task_family family = pm_task_family_of(dataset);
    if (id >= PM_TASK_CIFAR10_BINARY_COUNT) {
        return pm_fail(error, PM_ERROR_LIMIT, "task %u does not exist; %s has 0 to %d", id,
                       pm_task_family_name(family), PM_TASK_CIFAR10_BINARY_COUNT - 1);
    }
    if (input_dim < 1 || input_dim > PM_TASK_INPUT_DIM_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "input_dim %d is not within 1 to %d", input_dim,
                       PM_TASK_INPUT_DIM_MAX);
    }
    struct pm_task task = {.id = id, .input_dim = input_dim};
    bool built = family == PM_FAMILY_SCALAR_LINEAR ? pm_scalar_linear_build(&task, error)
                                                   : build_binary(dataset, edition, &task, error);
    if (built) {
        *out = task;
    }
    return built;
}

void pm_task_clear(struct pm_task *task)
{
    free(task->features);
    *task = (struct pm_task){0};
}
