#include "algorithm/suite_file.h"

#include "algorithm/lane_tasks.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_VERSION = 1, ALIGNMENT = 64, CHECKSUM_SIZE = 32 };

static const char MAGIC[8] = "pmsuite";

struct file_header {
    uint8_t checksum[CHECKSUM_SIZE]; /* of all that follows */
    char magic[8];
    uint32_t version;
    uint32_t task_count;
    uint8_t identity[PM_SUITE_IDENTITY_SIZE];
    uint8_t zeros[48];
};
_Static_assert(sizeof(struct file_header) == PM_SUITE_FILE_HEADER_SIZE, "no padding");

struct file_task {
    uint32_t id;
    uint32_t regression;
    uint32_t class_a, class_b;
    uint32_t train_count, validation_count;
};

/* Where in the file what lies. */
struct layout {
    size_t lanes; /* the examples in lanes */
    size_t tasks; /* the examples task by task: features, then labels */
    size_t size;
};

static size_t task_floats(const struct pm_task *task)
{
    const size_t examples = (size_t)task->train_count + task->validation_count;
    return examples * ((size_t)task->input_dim + 1);
}

static struct layout layout_of(const struct pm_task *tasks, size_t count,
                               const struct pm_lane_tasks *lanes)
{
    const size_t records = sizeof(struct file_header) + count * sizeof(struct file_task);
    struct layout layout = {.lanes = (records + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT};
    layout.tasks = layout.lanes + pm_lane_tasks_floats(lanes) * sizeof(float);
    layout.size = layout.tasks;
    for (size_t i = 0; i < count; i++) {
        layout.size += task_floats(&tasks[i]) * sizeof(float);
    }
    return layout;
}

static void checksum(const void *bytes, size_t size, uint8_t out[CHECKSUM_SIZE])
{
    crypto_generichash_blake2b(out, CHECKSUM_SIZE, (const uint8_t *)bytes + CHECKSUM_SIZE,
                               size - CHECKSUM_SIZE, NULL, 0);
}

void pm_suite_file_seal(void *bytes, size_t size)
{
    checksum(bytes, size, bytes);
}

/* ---- writing ---- */

static struct file_task record_of(const struct pm_task *task)
{
    return (struct file_task){.id = task->id,
                              .regression = task->regression,
                              .class_a = task->class_a,
                              .class_b = task->class_b,
                              .train_count = task->train_count,
                              .validation_count = task->validation_count};
}

static void write_examples(const struct pm_task *task, float *out)
{
    const size_t examples = (size_t)task->train_count + task->validation_count;
    const size_t features = examples * (size_t)task->input_dim;
    memcpy(out, task->features, features * sizeof *out);
    memcpy(out + features, task->labels, examples * sizeof *out);
}

bool pm_suite_file_write(const struct pm_suite *suite,
                         const uint8_t identity[PM_SUITE_IDENTITY_SIZE], void **out, size_t *size,
                         struct pm_error *error)
{
    const struct layout layout = layout_of(suite->tasks, suite->count, suite->lanes);
    if (layout.size > PM_SUITE_FILE_MAX) {
        return pm_fail(error, PM_ERROR_LIMIT, "prepared tasks of %zu bytes are more than %d",
                       layout.size, PM_SUITE_FILE_MAX);
    }
    unsigned char *const bytes = calloc(1, layout.size);
    if (bytes == NULL) {
        return pm_fail(error, PM_ERROR_MEMORY, "out of memory for keeping prepared tasks");
    }
    struct file_header header = {.version = FILE_VERSION, .task_count = (uint32_t)suite->count};
    memcpy(header.magic, MAGIC, sizeof header.magic);
    memcpy(header.identity, identity, sizeof header.identity);
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + layout.lanes, suite->lanes->features,
           pm_lane_tasks_floats(suite->lanes) * sizeof(float));
    float *examples = (float *)(void *)(bytes + layout.tasks);
    for (size_t i = 0; i < suite->count; i++) {
        const struct file_task record = record_of(&suite->tasks[i]);
        memcpy(bytes + sizeof header + i * sizeof record, &record, sizeof record);
        write_examples(&suite->tasks[i], examples);
        examples += task_floats(&suite->tasks[i]);
    }
    pm_suite_file_seal(bytes, layout.size);
    *out = bytes;
    *size = layout.size;
    return true;
}

/* ---- reading ---- */

static bool check_header(const void *bytes, size_t size, const struct pm_suite_plan *plan,
                         const uint8_t identity[PM_SUITE_IDENTITY_SIZE], struct pm_error *error)
{
    struct file_header header;
    uint8_t found[CHECKSUM_SIZE];
    if (size < sizeof header + plan->count * sizeof(struct file_task)) {
        return pm_fail(error, PM_ERROR_INVALID, "it has only %zu bytes", size);
    }
    memcpy(&header, bytes, sizeof header);
    if (memcmp(header.magic, MAGIC, sizeof MAGIC) != 0 || header.version != FILE_VERSION) {
        return pm_fail(error, PM_ERROR_INVALID, "it is no file of this version");
    }
    if (memcmp(header.identity, identity, sizeof header.identity) != 0 ||
        header.task_count != plan->count) {
        return pm_fail(error, PM_ERROR_INVALID, "it holds other tasks");
    }
    checksum(bytes, size, found);
    if (memcmp(header.checksum, found, sizeof found) != 0) {
        return pm_fail(error, PM_ERROR_INVALID, "its checksum is wrong");
    }
    return true;
}

/* The tasks without their examples. A count that is more than the file has bytes is refused here,
 * so that sums of counts are small. */
static bool read_records(const unsigned char *bytes, size_t size, const struct pm_suite_plan *plan,
                         struct pm_task *tasks, struct pm_error *error)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct file_task record;
        memcpy(&record, bytes + sizeof(struct file_header) + i * sizeof record, sizeof record);
        if (record.id != plan->ids[i] || record.regression > 1 || record.train_count > size ||
            record.validation_count > size) {
            return pm_fail(error, PM_ERROR_INVALID, "its task %zu is impossible", i);
        }
        tasks[i] = (struct pm_task){.id = record.id,
                                    .regression = record.regression != 0,
                                    .class_a = record.class_a,
                                    .class_b = record.class_b,
                                    .input_dim = plan->input_dim,
                                    .train_count = record.train_count,
                                    .validation_count = record.validation_count};
    }
    return true;
}

/* What lies in a mapping is only read. */
static float *read_only(const unsigned char *bytes)
{
    return (float *)(uintptr_t)bytes;
}

static bool attach_examples(const unsigned char *bytes, size_t size, struct pm_suite *suite,
                            struct pm_error *error)
{
    const struct layout layout = layout_of(suite->tasks, suite->count, suite->lanes);
    if (layout.size != size) {
        return pm_fail(error, PM_ERROR_INVALID, "it has %zu bytes instead of %zu", size,
                       layout.size);
    }
    pm_lane_tasks_attach(suite->lanes, read_only(bytes + layout.lanes));
    float *examples = read_only(bytes + layout.tasks);
    for (size_t i = 0; i < suite->count; i++) {
        struct pm_task *task = &suite->tasks[i];
        const size_t count = (size_t)task->train_count + task->validation_count;
        task->features = examples;
        task->labels = examples + count * (size_t)task->input_dim;
        examples += task_floats(task);
    }
    return true;
}

bool pm_suite_file_read(const void *bytes, size_t size, const struct pm_suite_plan *plan,
                        const uint8_t identity[PM_SUITE_IDENTITY_SIZE], struct pm_suite **out,
                        struct pm_error *error)
{
    if (!check_header(bytes, size, plan, identity, error)) {
        return false;
    }
    struct pm_suite *suite;
    if (!pm_suite_plan_allocate(plan, &suite, error)) {
        return false;
    }
    suite->borrowed = true;
    if (read_records(bytes, size, plan, suite->tasks, error) &&
        pm_lane_tasks_outline(suite->tasks, plan->count, &suite->lanes, error) &&
        attach_examples(bytes, size, suite, error)) {
        suite->memory = pm_score_memory_create();
        *out = suite;
        return true;
    }
    pm_lane_tasks_destroy(suite->lanes);
    free(suite->tasks);
    free(suite);
    return false;
}
