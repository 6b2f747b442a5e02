#include "algorithm/kernels.h"
#include "algorithm/key.h"

#include <stdlib.h>
#include <string.h>

#include <poolminer/cost.h>
#include <poolminer/executor.h>

/* Multiply-adds between two looks at the time: some milliseconds. */
enum { POLL_COST = 4 << 20 };

/* Registers lie one after the other: scalars, vectors, matrices. */
struct pm_executor {
    float *memory;
    size_t capacity; /* floats that `memory` has room for */
    size_t register_floats;
    float *scalars, *vectors, *matrices;
    struct pm_run run;
    const struct pm_until *until;
    int64_t cost_left; /* to the next look at it */
    int step_count[PM_PHASE_COUNT];
    struct pm_step steps[PM_PHASE_COUNT][PM_PHASE_LENGTH_MAX];
};

struct pm_executor *pm_executor_create(void)
{
    return calloc(1, sizeof(struct pm_executor));
}

void pm_executor_destroy(struct pm_executor *executor)
{
    if (executor != NULL) {
        free(executor->memory);
    }
    free(executor);
}

void pm_executor_set_until(struct pm_executor *executor, const struct pm_until *until)
{
    executor->until = until;
}

static bool lay_out_memory(struct pm_executor *executor, const struct pm_algorithm_meta *meta,
                           struct pm_error *error)
{
    size_t dim = (size_t)meta->vector_dim;
    size_t scalars = (size_t)meta->scalar_count;
    size_t vectors = (size_t)meta->vector_count * dim;
    size_t matrices = (size_t)meta->matrix_count * dim * dim;
    size_t scratch = 2 * dim * dim; /* terms and product */
    executor->register_floats = scalars + vectors + matrices;
    size_t needed = executor->register_floats + scratch;
    if (needed > executor->capacity) {
        float *memory = realloc(executor->memory, needed * sizeof *memory);
        if (memory == NULL) {
            return pm_fail(error, PM_ERROR_MEMORY, "out of memory for an algorithm's registers");
        }
        executor->memory = memory;
        executor->capacity = needed;
    }
    executor->scalars = executor->memory;
    executor->vectors = executor->scalars + scalars;
    executor->matrices = executor->vectors + vectors;
    executor->run.dim = meta->vector_dim;
    executor->run.terms = executor->matrices + matrices;
    executor->run.product = executor->run.terms + dim * dim;
    return true;
}

static float *register_at(const struct pm_executor *executor, struct pm_operand operand)
{
    size_t dim = (size_t)executor->run.dim;
    switch (operand.kind) {
    case PM_KIND_SCALAR:
        return executor->scalars + operand.index;
    case PM_KIND_VECTOR:
        return executor->vectors + operand.index * dim;
    default:
        return executor->matrices + operand.index * dim * dim;
    }
}

static struct pm_step resolve(const struct pm_executor *executor,
                              const struct pm_instruction *instruction, int64_t cost)
{
    const struct pm_op_info *info = pm_op_info((enum pm_op)instruction->op);
    enum pm_kind a = info->arity > 0 ? (enum pm_kind)instruction->a.kind : PM_KIND_NONE;
    enum pm_kind b = info->arity > 1 ? (enum pm_kind)instruction->b.kind : PM_KIND_NONE;
    enum pm_kind out = (enum pm_kind)instruction->out.kind;
    return (struct pm_step){
        .kernel = pm_kernel_of(info->op, a, out),
        .out = register_at(executor, instruction->out),
        .a = info->arity > 0 ? register_at(executor, instruction->a) : NULL,
        .b = info->arity > 1 ? register_at(executor, instruction->b) : NULL,
        .out_kind = out,
        .result_kind = pm_op_result_kind(info->op, a, b, out),
        .a_kind = a,
        .b_kind = b,
        .c0 = instruction->c0,
        .c1 = instruction->c1,
        .element = instruction->element,
        .cost = cost,
    };
}

/* Instructions that can do nothing are left out; the others keep the number they have in the text,
 * which random draws depend on. */
static void resolve_phase(struct pm_executor *executor, const struct pm_algorithm *algorithm,
                          enum pm_phase phase)
{
    int count = 0;
    for (int i = 0; i < algorithm->length[phase]; i++) {
        const struct pm_instruction *instruction = &algorithm->phase[phase][i];
        if (pm_instruction_inertness(instruction, &algorithm->meta) != PM_ACTIVE) {
            continue;
        }
        struct pm_step step =
            resolve(executor, instruction, pm_instruction_cost(instruction, &algorithm->meta));
        step.phase = (uint32_t)phase;
        step.index = (uint32_t)i;
        executor->steps[phase][count++] = step;
    }
    executor->step_count[phase] = count;
}

static bool draws(const struct pm_algorithm *algorithm)
{
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            if (pm_op_info((enum pm_op)algorithm->phase[phase][i].op)->form == PM_FORM_RANDOM) {
                return true;
            }
        }
    }
    return false;
}

static bool make_key(struct pm_executor *executor, const struct pm_algorithm *algorithm,
                     uint32_t task_id, struct pm_error *error)
{
    unsigned char id[8] = {0};
    for (int i = 0; i < 4; i++) {
        id[i] = (unsigned char)(task_id >> (8 * i));
    }
    uint64_t key;
    if (!pm_algorithm_key(algorithm, id, sizeof id, &key, error)) {
        return false;
    }
    executor->run.key = pm_philox_key(key);
    return true;
}

static bool prepare(struct pm_executor *executor, const struct pm_algorithm *algorithm,
                    const struct pm_task *task, struct pm_error *error)
{
    if (algorithm->input_dim != task->input_dim) {
        return pm_fail(error, PM_ERROR_INVALID, "the algorithm takes %d inputs but the task has %d",
                       algorithm->input_dim, task->input_dim);
    }
    if (!lay_out_memory(executor, &algorithm->meta, error)) {
        return false;
    }
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        resolve_phase(executor, algorithm, (enum pm_phase)phase);
    }
    return !draws(algorithm) || make_key(executor, algorithm, task->id, error);
}

/* False when the time is over. */
static bool run_phase(struct pm_executor *executor, enum pm_phase phase)
{
    for (int i = 0; i < executor->step_count[phase]; i++) {
        pm_step_run(&executor->steps[phase][i], &executor->run);
        executor->cost_left -= executor->steps[phase][i].cost;
        if (executor->cost_left < 0) {
            executor->cost_left = POLL_COST;
            if (pm_until_over(executor->until)) {
                return false;
            }
        }
    }
    return true;
}

/* Elements of v0 beyond the input keep what they hold. */
static bool predict(struct pm_executor *executor, const struct pm_task *task, uint32_t example)
{
    executor->run.example = example;
    size_t dim = (size_t)task->input_dim;
    memcpy(executor->vectors, task->features + example * dim, dim * sizeof *executor->vectors);
    return run_phase(executor, PM_PHASE_PREDICT);
}

static bool learn(struct pm_executor *executor, bool has_label, float label)
{
    if (has_label) {
        executor->scalars[1] = label;
    }
    const bool in_time = run_phase(executor, PM_PHASE_LEARN);
    if (has_label) {
        executor->scalars[1] = 0.0F;
    }
    return in_time;
}

static bool run_examples(struct pm_executor *executor, bool has_label, const struct pm_task *task,
                         float *predictions)
{
    executor->run.example = 0;
    if (!run_phase(executor, PM_PHASE_SETUP)) {
        return false;
    }
    for (uint32_t i = 0; i < task->train_count; i++) {
        if (!predict(executor, task, i) || !learn(executor, has_label, task->labels[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < task->validation_count; i++) {
        if (!predict(executor, task, task->train_count + i)) {
            return false;
        }
        predictions[i] = executor->scalars[0];
    }
    return true;
}

bool pm_executor_run(struct pm_executor *executor, const struct pm_algorithm *algorithm,
                     const struct pm_task *task, float *predictions, struct pm_error *error)
{
    if (!prepare(executor, algorithm, task, error)) {
        return false;
    }
    memset(executor->memory, 0, executor->register_floats * sizeof *executor->memory);
    executor->cost_left = POLL_COST;
    if (!run_examples(executor, algorithm->meta.scalar_count > 1, task, predictions)) {
        return pm_fail(error, PM_ERROR_INTERRUPTED, "running an algorithm was interrupted");
    }
    return true;
}

double pm_task_accuracy(const struct pm_task *task, const float *predictions)
{
    const float *labels = task->labels + task->train_count;
    uint32_t right = 0;
    for (uint32_t i = 0; i < task->validation_count; i++) {
        right += (predictions[i] > 0.5F) == (labels[i] == 1.0F);
    }
    return task->validation_count > 0 ? right / (double)task->validation_count : 0.0;
}
