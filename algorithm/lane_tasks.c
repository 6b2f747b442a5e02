#include "algorithm/lane_tasks.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

struct by_length {
    uint32_t train_count, validation_count;
    uint32_t task;
};

static int compare_lengths(const void *left, const void *right)
{
    const struct by_length *a = left, *b = right;
    if (a->train_count != b->train_count) {
        return a->train_count < b->train_count ? -1 : 1;
    }
    if (a->validation_count != b->validation_count) {
        return a->validation_count < b->validation_count ? -1 : 1;
    }
    return a->task < b->task ? -1 : 1;
}

static uint32_t bigger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void describe_group(const struct pm_task *tasks, const struct by_length *order,
                           size_t task_count, struct pm_lane_group *group)
{
    *group = (struct pm_lane_group){.train_min = UINT32_MAX};
    for (size_t lane = 0; lane < PM_LANES; lane++) {
        if (lane >= task_count) {
            group->task[lane] = UINT32_MAX;
            continue;
        }
        const struct pm_task *task = &tasks[order[lane].task];
        group->task[lane] = order[lane].task;
        group->id[lane] = task->id;
        group->train_count[lane] = task->train_count;
        group->validation_count[lane] = task->validation_count;
        group->train_max = bigger(group->train_max, task->train_count);
        group->validation_max = bigger(group->validation_max, task->validation_count);
        if (task->train_count < group->train_min) {
            group->train_min = task->train_count;
        }
    }
}

/* Copies `count` examples of a task into one lane. */
static void fill_lane(const float *features, const float *labels, uint32_t count, size_t dim,
                      float *lane_features, float *lane_labels)
{
    for (size_t i = 0; i < count * dim; i++) {
        lane_features[i * PM_LANES] = features[i];
    }
    for (size_t i = 0; i < count; i++) {
        lane_labels[i * PM_LANES] = labels[i];
    }
}

static void fill_group(const struct pm_task *tasks, const struct pm_lane_tasks *layout,
                       const struct pm_lane_group *group, float *features, float *labels)
{
    const size_t dim = (size_t)layout->input_dim;
    const size_t examples = (size_t)layout->train_capacity + layout->validation_capacity;
    for (size_t i = 0; i < examples * PM_LANES; i++) {
        labels[i] = PM_LANE_NO_LABEL;
    }
    for (size_t lane = 0; lane < PM_LANES && group->task[lane] != UINT32_MAX; lane++) {
        const struct pm_task *task = &tasks[group->task[lane]];
        const size_t first = layout->train_capacity;
        fill_lane(task->features, task->labels, task->train_count, dim, features + lane,
                  labels + lane);
        fill_lane(task->features + task->train_count * dim, task->labels + task->train_count,
                  task->validation_count, dim, features + first * dim * PM_LANES + lane,
                  labels + first * PM_LANES + lane);
    }
}

/* Fills in `order`, and the layout's capacities. */
static void sort_by_length(const struct pm_task *tasks, size_t count, struct pm_lane_tasks *layout,
                           struct by_length *order)
{
    for (size_t i = 0; i < count; i++) {
        order[i] = (struct by_length){tasks[i].train_count, tasks[i].validation_count, (uint32_t)i};
        layout->train_capacity = bigger(layout->train_capacity, tasks[i].train_count);
        layout->validation_capacity =
            bigger(layout->validation_capacity, tasks[i].validation_count);
    }
    qsort(order, count, sizeof *order, compare_lengths);
}

/* Floats of all groups: features, then labels, then what native code may read behind them when it
 * looks at the example after the last one. */
static size_t feature_floats(const struct pm_lane_tasks *layout)
{
    return pm_lane_tasks_label_floats(layout) * (size_t)layout->input_dim;
}

size_t pm_lane_tasks_label_floats(const struct pm_lane_tasks *layout)
{
    return ((size_t)layout->train_capacity + layout->validation_capacity) * layout->group_count *
           PM_LANES;
}

size_t pm_lane_tasks_floats(const struct pm_lane_tasks *layout)
{
    return feature_floats(layout) + pm_lane_tasks_label_floats(layout) +
           PM_LANES * (size_t)layout->input_dim;
}

void pm_lane_tasks_attach(struct pm_lane_tasks *layout, const float *floats)
{
    layout->features = floats;
    layout->labels = floats + feature_floats(layout);
}

static bool check_tasks(const struct pm_task *tasks, size_t count, struct pm_error *error)
{
    if (count == 0 || count > UINT32_MAX - PM_LANES) {
        return pm_fail(error, PM_ERROR_LIMIT, "%zu tasks cannot be laid out in lanes", count);
    }
    for (size_t i = 1; i < count; i++) {
        if (tasks[i].input_dim != tasks[0].input_dim) {
            return pm_fail(error, PM_ERROR_INVALID,
                           "tasks of %d and %d features cannot be laid out together",
                           tasks[0].input_dim, tasks[i].input_dim);
        }
    }
    return true;
}

bool pm_lane_tasks_outline(const struct pm_task *tasks, size_t count, struct pm_lane_tasks **out,
                           struct pm_error *error)
{
    if (!check_tasks(tasks, count, error)) {
        return false;
    }
    const size_t group_count = 1 + (count - 1) / PM_LANES;
    struct pm_lane_tasks *layout = calloc(1, sizeof *layout);
    struct pm_lane_group *groups = calloc(group_count, sizeof *groups);
    struct by_length *order = malloc(count * sizeof *order);
    if (layout == NULL || groups == NULL || order == NULL) {
        free(layout);
        free(groups);
        free(order);
        pm_fail(error, PM_ERROR_MEMORY, "out of memory for %zu tasks in lanes", count);
        return false;
    }
    sort_by_length(tasks, count, layout, order);
    layout->input_dim = tasks[0].input_dim;
    layout->task_count = (uint32_t)count;
    layout->group_count = (uint32_t)group_count;
    layout->groups = groups;
    for (size_t g = 0; g < group_count; g++) {
        describe_group(tasks, order + g * PM_LANES, count - g * PM_LANES, &groups[g]);
    }
    free(order);
    *out = layout;
    return true;
}

bool pm_lane_tasks_create(const struct pm_task *tasks, size_t count, struct pm_lane_tasks **out,
                          struct pm_error *error)
{
    struct pm_lane_tasks *layout = NULL;
    if (!pm_lane_tasks_outline(tasks, count, &layout, error)) {
        return false;
    }
    const size_t bytes = pm_lane_tasks_floats(layout) * sizeof(float);
    layout->memory = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (layout->memory == NULL) {
        pm_lane_tasks_destroy(layout);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for %zu tasks in lanes", count);
    }
    memset(layout->memory, 0, bytes);
    pm_lane_tasks_attach(layout, layout->memory);
    float *features = layout->memory;
    float *labels = features + feature_floats(layout);
    const size_t group_labels = pm_lane_tasks_label_floats(layout) / layout->group_count;
    for (size_t g = 0; g < layout->group_count; g++) {
        fill_group(tasks, layout, &layout->groups[g],
                   features + g * group_labels * (size_t)layout->input_dim,
                   labels + g * group_labels);
    }
    *out = layout;
    return true;
}

void pm_lane_tasks_destroy(struct pm_lane_tasks *tasks)
{
    if (tasks == NULL) {
        return;
    }
    free(tasks->memory);
    free(tasks->groups);
    free(tasks);
}
