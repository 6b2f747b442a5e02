#include <stdlib.h>
#include <string.h>

#include <poolminer/lanes.h>

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

static struct by_length *sort_by_length(const struct pm_task *tasks, size_t count,
                                        struct pm_lane_tasks *layout)
{
    struct by_length *order = malloc(count * sizeof *order);
    if (order == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = (struct by_length){tasks[i].train_count, tasks[i].validation_count, (uint32_t)i};
        layout->train_capacity = bigger(layout->train_capacity, tasks[i].train_count);
        layout->validation_capacity =
            bigger(layout->validation_capacity, tasks[i].validation_count);
    }
    qsort(order, count, sizeof *order, compare_lengths);
    return order;
}

static bool allocate(struct pm_lane_tasks *layout)
{
    const size_t examples = ((size_t)layout->train_capacity + layout->validation_capacity) *
                            layout->group_count * PM_LANES;
    const size_t label_bytes = examples * sizeof(float);
    const size_t feature_bytes = label_bytes * (size_t)layout->input_dim;
    const size_t group_bytes = layout->group_count * sizeof(struct pm_lane_group);
    /* Native code looks at the example after the last one. */
    const size_t spare_bytes = PM_LANES * sizeof(float) * (size_t)layout->input_dim;
    const size_t size = feature_bytes + label_bytes + group_bytes + spare_bytes;
    unsigned char *memory =
        aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (memory == NULL) {
        return false;
    }
    memset(memory, 0, feature_bytes);
    layout->memory = memory;
    layout->features = (const float *)(void *)memory;
    layout->labels = (const float *)(void *)(memory + feature_bytes);
    layout->groups = (const struct pm_lane_group *)(void *)(memory + feature_bytes + label_bytes);
    return true;
}

bool pm_lane_tasks_create(const struct pm_task *tasks, size_t count, struct pm_lane_tasks **out,
                          struct pm_error *error)
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

    struct pm_lane_tasks *layout = calloc(1, sizeof *layout);
    struct by_length *order = layout == NULL ? NULL : sort_by_length(tasks, count, layout);
    if (order == NULL) {
        free(layout);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for %zu tasks in lanes", count);
    }
    layout->input_dim = tasks[0].input_dim;
    layout->task_count = (uint32_t)count;
    layout->group_count = (uint32_t)((count + PM_LANES - 1) / PM_LANES);
    if (!allocate(layout)) {
        free(order);
        free(layout);
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for %zu tasks in lanes", count);
    }

    const size_t examples = (size_t)layout->train_capacity + layout->validation_capacity;
    const size_t label_floats = examples * PM_LANES;
    float *features = layout->memory;
    float *labels = features + layout->group_count * label_floats * (size_t)layout->input_dim;
    struct pm_lane_group *groups = (void *)(labels + layout->group_count * label_floats);
    for (size_t g = 0; g < layout->group_count; g++) {
        describe_group(tasks, order + g * PM_LANES, count - g * PM_LANES, &groups[g]);
        fill_group(tasks, layout, &groups[g],
                   features + g * label_floats * (size_t)layout->input_dim,
                   labels + g * label_floats);
    }
    free(order);
    *out = layout;
    return true;
}

void pm_lane_tasks_destroy(struct pm_lane_tasks *tasks)
{
    if (tasks == NULL) {
        return;
    }
    free(tasks->memory);
    free(tasks);
}
