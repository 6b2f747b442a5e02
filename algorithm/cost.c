#include <poolminer/cost.h>

enum { ELEMENTARY_WEIGHT = 16, RANDOM_WEIGHT = 32 };

static int64_t elements(enum pm_kind kind, int64_t dim)
{
    switch (kind) {
    case PM_KIND_SCALAR:
        return 1;
    case PM_KIND_VECTOR:
        return dim;
    case PM_KIND_MATRIX:
        return dim * dim;
    case PM_KIND_NONE:
        break;
    }
    return 0;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Multiply-adds for each element that the operation touches. */
static int64_t weight(enum pm_op op)
{
    switch (op) {
    case PM_OP_EXP:
    case PM_OP_LOG:
    case PM_OP_SIN:
    case PM_OP_COS:
    case PM_OP_TAN:
        return ELEMENTARY_WEIGHT;
    case PM_OP_GAUSSIAN:
    case PM_OP_UNIFORM:
        return RANDOM_WEIGHT;
    default:
        return 1;
    }
}

/* The most elements that are read or written, times the weight; but a product of matrices takes
 * each element of its right side once for every row. */
int64_t pm_instruction_cost(const struct pm_instruction *instruction,
                            const struct pm_algorithm_meta *meta)
{
    if (pm_instruction_inertness(instruction, meta) != PM_ACTIVE) {
        return 0;
    }
    const struct pm_op_info *info = pm_op_info((enum pm_op)instruction->op);
    int64_t dim = meta->vector_dim;
    int64_t most = info->signature == PM_SIGNATURE_ELEMENT
                       ? 1
                       : elements((enum pm_kind)instruction->out.kind, dim);
    if (info->arity > 0) {
        most = larger(most, elements((enum pm_kind)instruction->a.kind, dim));
    }
    if (info->arity > 1) {
        enum pm_kind b = (enum pm_kind)instruction->b.kind;
        int64_t rows = info->signature == PM_SIGNATURE_MATMUL ? dim : 1;
        most = larger(most, elements(b, dim) * rows);
    }
    return most * weight(info->op);
}

struct pm_cost pm_algorithm_cost(const struct pm_algorithm *algorithm)
{
    struct pm_cost cost = {{0}};
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        for (int i = 0; i < algorithm->length[phase]; i++) {
            cost.phase[phase] += pm_instruction_cost(&algorithm->phase[phase][i], &algorithm->meta);
        }
    }
    return cost;
}

int64_t pm_cost_example(const struct pm_cost *cost)
{
    return cost->phase[PM_PHASE_PREDICT] + cost->phase[PM_PHASE_LEARN];
}

int64_t pm_cost_total(const struct pm_cost *cost)
{
    int64_t total = 0;
    for (int phase = 0; phase < PM_PHASE_COUNT; phase++) {
        total += cost->phase[phase];
    }
    return total;
}
